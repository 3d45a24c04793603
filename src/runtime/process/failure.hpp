// Why a process could not be started. May know: errno.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace keepwell::runtime {

struct LaunchFailure {
    std::string text;  ///< for people: "cannot execute `foo`: No such file or directory"
    /// We lack something (pids, memory, descriptors): says nothing about the command.
    bool our_lack = false;
};

inline LaunchFailure launch_failure(const std::string& what, int error) {
    const bool lack = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    return {what + ": " + std::generic_category().message(error), lack};
}

}  // namespace keepwell::runtime
