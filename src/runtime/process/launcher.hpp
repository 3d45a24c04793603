// Starts one process: clone, set-up, exec. Knows nothing of what it is for and does not wait for its end.
//
// Why not Boost.Process v2's launchers: its default one forks, which costs 17 ms once keepwell holds 500 MB, and
// in 1.81 leaves a zombie for each failed exec; its vfork launcher of 1.81 aborts. Ours costs the same whatever
// keepwell holds: clone(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD), and the child unshares descriptors 0 to a
// few only.
//
// Needs Linux 5.9 (close_range). The caller's thread waits until the exec; user names are resolved before, and may
// block where the user database is on a network.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"
#include "runtime/process/descriptor.hpp"
#include "runtime/process/failure.hpp"

namespace keepwell::runtime {

inline constexpr std::size_t pid_digits = 10;

/// What to start. The references must live as long as the call.
struct Launch {
    /// What to execute. The first word is looked up in the PATH that the process will have, unless it has a slash.
    const std::vector<std::string>& command;
    /// Folder, environment and user; its own command is not read. Without a folder: keepwell's own.
    const ProcessSpec& as;
    /// Added to the environment last.
    std::vector<std::pair<std::string, std::string>> marks;
    /// Where stdout and stderr go; -1: nowhere.
    int output = -1;
    /// The value of the last mark ends with the pid of the process then, in `pid_digits`.
    bool mark_pid = false;
};

struct Launched {
    pid_t pid = 0;     ///< also its process group and session
    Descriptor pidfd;  ///< close-on-exec
};

class Launcher {
  public:
    /// Make it early: it reserves two low descriptors, and what it keeps below them is copied at each start. Keepwell
    /// itself may have as many descriptors as its hard limit allows from then on, as each instance needs one.
    Launcher();
    ~Launcher();
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;

    /// Returns when the program has been executed, or could not be; a failed exec leaves no zombie. The process has
    /// stdin from /dev/null, no other descriptors, an empty signal mask, default signal dispositions (SIGPIPE too), the
    /// limit of descriptors that keepwell was given, and umask 022. With a user, HOME, USER and LOGNAME are set unless
    /// the environment gives them. Variables that systemd meant for keepwell itself are not passed on.
    tl::expected<Launched, LaunchFailure> launch(const Launch& launch);

  private:
    Descriptor null_;
    Descriptor output_slot_;
    void* stack_ = nullptr;
    int setup_error_ = 0;
    /// struct rlimit64, of descriptors, as keepwell was given it.
    struct Limit {
        std::uint64_t soft = 0;
        std::uint64_t hard = 0;
    } descriptors_;
};

}  // namespace keepwell::runtime
