// Which processes belong to one life of a target, and which lives there are. May know: /proc.
// A process belongs to it by its group, its session, or the mark that it was given in its environment. One that has
// left the session and overwritten its environment too is not found; only a cgroup would hold it.
#pragma once

#include <sys/types.h>

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
};

/// What the marks of one state folder begin with: it is the same for each keepwell of that folder, and for no other.
/// Empty: there is no such folder.
std::string owner_of(const std::string& state_folder);

/// The leader of each life whose mark begins with `owner`, but for what is `known` and what descends from that. Reads
/// all of /proc: milliseconds.
std::vector<ProcessStat> leaders_of(const std::string& owner, const std::vector<Instance>& known);

/// All living members but the leader. Reads all of /proc: milliseconds.
std::vector<ProcessStat> leftovers_of(const Family& family);

/// Whether there are any, once the leader is reaped: microseconds where there are none, as is usual.
bool has_leftovers(const Family& family, Children& children);

/// Sends a signal to the group. Only while the leader is not reaped or a member is known to live: then the number can
/// not have become another's.
void signal_group(pid_t leader, int signal);

/// A descriptor for exactly this process; invalid when it is gone, or when we lack descriptors (errno EMFILE, ENFILE).
Descriptor open_process(const ProcessStat& process);

/// Sends a signal to exactly that process. False: it is gone, or it may not be signalled.
bool signal_process(int pidfd, int signal);

}  // namespace keepwell::runtime
