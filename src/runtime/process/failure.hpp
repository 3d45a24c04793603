// Why a process could not be started. May know: errors.
#pragma once

#include <string>
#include <system_error>

#include "runtime/errors.hpp"

namespace keepwell::runtime {

struct LaunchFailure {
    std::string text;  ///< for people: "cannot execute `foo`: No such file or directory"
    /// We lack something (pids, memory, descriptors): says nothing about the command.
    bool our_lack = false;
};

inline LaunchFailure launch_failure(const std::string& what, int error) {
    return {what + ": " + std::generic_category().message(error), is_our_lack(error)};
}

}  // namespace keepwell::runtime
