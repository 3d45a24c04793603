// Which processes belong to one life of a target, and which lives there are. May know: /proc.
// A process belongs to it by its group, its session, the mark that it was given in its environment, or its descent from
// one that was seen. One that has left the session, overwritten its environment and lost its parent before anybody saw
// it is not found; only a cgroup would hold it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/process/children.hpp"
#include "runtime/process/descriptor.hpp"
#include "runtime/process/proc.hpp"

namespace keepwell::runtime {

inline constexpr const char* mark_variable = "KEEPWELL_INSTANCE";
inline constexpr const char* target_variable = "KEEPWELL_TARGET";

struct Family {
    pid_t leader = 0;          ///< its pid is the number of the group and the session as well
    std::string mark;          ///< value of mark_variable; empty: not known
    bool started_here = true;  ///< else orphans of it did not come to us
    /// Members that were seen, by pid, and the ticks of their start: they belong to it whatever they do then.
    std::map<pid_t, std::uint64_t> seen = {};
};

/// What the marks of one state folder begin with: it is the same for each keepwell of that folder, and for no other.
/// Empty: there is no such folder.
std::string owner_of(const std::string& state_folder);

/// A mark: its `beginning`, unlike that of any other, and the pid of the leader as the launcher writes it.
std::string mark_of(const std::string& beginning, pid_t leader);

/// What its processes tell of a life.
struct MarkedLife {
    std::string target;
    std::string mark;
    Instance leader;
    bool led = false;  ///< the leader lives; else it is known by its pid only ("PID@0")
};

/// Each life whose mark begins with `owner` and of which a process lives, once. Reads all of /proc: milliseconds.
std::vector<MarkedLife> lives_of(const std::string& owner);

/// Sees who descends from the members that were seen and live, the leader among them. Reads a file of each process of
/// the host: a millisecond or two.
void see_descendants(Family& family);

/// All living members but the leader, who are seen by that. Reads all of /proc: milliseconds.
std::vector<ProcessStat> leftovers_of(Family& family);

/// Whether there are any, once the leader is reaped: microseconds where there are none, as is usual.
bool has_leftovers(Family& family, Children& children);

/// Sends a signal to the group. Only while the leader is not reaped or a member is known to live: then the number can
/// not have become another's.
void signal_group(pid_t leader, int signal);

/// A descriptor for exactly this process; invalid when it is gone, or when we lack descriptors (errno EMFILE, ENFILE).
Descriptor open_process(const ProcessStat& process);

/// Sends a signal to exactly that process. False: it is gone, or it may not be signalled.
bool signal_process(int pidfd, int signal);

}  // namespace keepwell::runtime
