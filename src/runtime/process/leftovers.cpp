// Which processes belong to one life of a target. May know: /proc, Linux.
#include "runtime/process/leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <set>
#include <sstream>

namespace keepwell::runtime {
namespace {

bool has_mark(pid_t pid, const Family& family) {
    return !family.mark.empty() && environment_of(pid, mark_variable) == family.mark;
}

bool group_is_empty(pid_t group) { return kill(-group, 0) != 0 && errno == ESRCH; }

}  // namespace

std::string owner_of(const std::string& state_folder) {
    struct statx folder {};
    if (statx(AT_FDCWD, state_folder.c_str(), 0, STATX_INO | STATX_BTIME, &folder) != 0) return {};
    std::ostringstream text;
    text << std::hex << folder.stx_dev_major << ':' << folder.stx_dev_minor << '-' << folder.stx_ino << '-'
         << folder.stx_btime.tv_sec << '-';  // a number is used again, and not at the same time
    return text.str();
}

std::vector<ProcessStat> leaders_of(const std::string& owner, const std::vector<Instance>& known) {
    if (owner.empty()) return {};
    std::map<pid_t, ProcessStat> all;
    for (ProcessStat& process : all_processes()) all.emplace(process.pid, std::move(process));
    std::set<std::string> names;
    for (const Instance& instance : known) names.insert(instance.id);
    // A known one may have overwritten its environment: then only its descendants still show the mark.
    const auto is_of_known = [&](pid_t pid) {
        for (std::size_t steps = all.size(); steps > 0; --steps) {  // /proc has changed while it was read
            const auto one = all.find(pid);
            if (one == all.end()) return false;
            if (names.contains(instance_of(one->second).id)) return true;
            pid = one->second.parent;
        }
        return false;
    };
    std::map<std::string, ProcessStat> first;  // by mark: one that led a session of its own has come later
    for (const auto& [pid, process] : all) {
        if (process.dead() || process.session != pid || pid == getpid()) continue;
        const std::string mark = environment_of(pid, mark_variable);
        if (!mark.starts_with(owner) || is_of_known(pid)) continue;
        const auto [earlier, is_new] = first.try_emplace(mark, process);
        if (!is_new && process.start_ticks < earlier->second.start_ticks) earlier->second = process;
    }
    std::vector<ProcessStat> leaders;
    for (auto& [mark, leader] : first) leaders.push_back(std::move(leader));
    return leaders;
}

std::vector<ProcessStat> leftovers_of(const Family& family) {
    auto processes = all_processes();
    std::erase_if(processes, [&](const ProcessStat& process) {
        if (process.dead() || process.pid == family.leader || process.pid == getpid()) return true;
        if (process.group == family.leader || process.session == family.leader) return false;
        return !has_mark(process.pid, family);
    });
    return processes;
}

bool has_leftovers(const Family& family, Children& children) {
    // Dead orphans still count as members of the group until they are reaped.
    if (!group_is_empty(family.leader)) children.reap_orphans();
    if (!group_is_empty(family.leader) || !family.started_here) return !leftovers_of(family).empty();
    // Whoever left the group lost its parent with the leader, or before: it, or its ancestor, is an orphan of ours.
    return std::ranges::any_of(children.orphans(), [&](pid_t orphan) {
        const auto stat = read_stat(orphan);
        return stat && !stat->dead() && (stat->session == family.leader || has_mark(orphan, family));
    });
}

void signal_group(pid_t leader, int signal) {
    kill(-leader, signal);
    // A stopped process would not notice until its grace is over.
    if (signal != SIGKILL) kill(-leader, SIGCONT);
}

Descriptor open_process(const ProcessStat& process) {
    Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
    if (!pidfd.valid()) return pidfd;
    const auto now = read_stat(process.pid);
    const bool same = now && now->start_ticks == process.start_ticks && !now->dead();
    errno = ESRCH;
    return same ? std::move(pidfd) : Descriptor();
}

bool signal_process(int pidfd, int signal) { return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0; }

}  // namespace keepwell::runtime
