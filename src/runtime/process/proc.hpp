// What /proc says of processes. May know: Linux.
// A pid alone proves nothing, as it is used again; a pid with its start time does, for one boot.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/names.hpp"

namespace keepwell::runtime {

struct ProcessStat {
    pid_t pid = 0;
    std::string name;  ///< the kernel's, at most 15 bytes
    char state = '?';
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    std::uint64_t start_ticks = 0;  ///< since boot

    bool dead() const { return state == 'Z' || state == 'X'; }
};

/// nullopt: there is no such process.
std::optional<ProcessStat> read_stat(pid_t pid);

/// Every process there is.
std::vector<ProcessStat> all_processes();

/// What a process was given as this environment variable at its exec; empty when it had none, has overwritten it, or
/// may not be read.
std::string environment_of(pid_t pid, const std::string& name);

/// "PID@STARTTICKS"; an empty instance when there is no such process.
Instance instance_of(pid_t pid);

/// The same from what was read.
Instance instance_of(const ProcessStat& process);

}  // namespace keepwell::runtime
