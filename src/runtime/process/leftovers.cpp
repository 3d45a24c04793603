// Which processes belong to one life of a target. May know: /proc, Linux.
#include "runtime/process/leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <map>
#include <sstream>

#include "runtime/process/launcher.hpp"

namespace keepwell::runtime {
namespace {

bool is_marked(const ProcessStat& process, const Family& family) {
    if (process.group == family.leader || process.session == family.leader) return true;
    return !family.mark.empty() && environment_of(process.pid, mark_variable) == family.mark;
}

bool is_seen(const ProcessStat& process, const Family& family) {
    const auto seen = family.seen.find(process.pid);
    return seen != family.seen.end() && seen->second == process.start_ticks;
}

void see(const ProcessStat& process, Family& family) { family.seen[process.pid] = process.start_ticks; }

void see_descendants(Family& family, const std::vector<ProcessStat>& processes) {
    std::multimap<pid_t, const ProcessStat*> children;
    std::vector<pid_t> parents;
    for (const ProcessStat& process : processes) {
        children.emplace(process.parent, &process);
        if (is_seen(process, family)) parents.push_back(process.pid);
    }
    while (!parents.empty()) {
        const auto [first, last] = children.equal_range(parents.back());
        parents.pop_back();
        for (auto child = first; child != last; ++child) {
            if (is_seen(*child->second, family)) continue;
            see(*child->second, family);
            parents.push_back(child->second->pid);
        }
    }
}

pid_t leader_in(const std::string& mark) {
    pid_t pid = 0;
    std::from_chars(mark.data() + mark.size() - std::min(mark.size(), pid_digits), mark.data() + mark.size(), pid);
    return pid;
}

Instance gone(pid_t leader) { return {std::to_string(leader) + "@0", leader}; }

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

std::string mark_of(const std::string& beginning, pid_t leader) {
    const auto digits = std::to_string(leader);
    return beginning + std::string(pid_digits - digits.size(), '0') + digits;
}

std::vector<MarkedLife> lives_of(const std::string& owner) {
    if (owner.empty()) return {};
    std::map<std::string, MarkedLife> lives;
    for (const ProcessStat& process : all_processes()) {
        if (process.dead() || process.pid == getpid()) continue;
        const std::string mark = environment_of(process.pid, mark_variable);
        if (!mark.starts_with(owner)) continue;
        const pid_t leader = leader_in(mark);
        MarkedLife& life = lives[mark];
        if (!life.led) life = {environment_of(process.pid, target_variable), mark, gone(leader), false};
        if (process.pid == leader) life = {life.target, mark, instance_of(process), true};
    }
    std::vector<MarkedLife> all;
    for (auto& [mark, life] : lives) all.push_back(std::move(life));
    return all;
}

void see_descendants(Family& family) { see_descendants(family, all_processes()); }

std::vector<ProcessStat> leftovers_of(Family& family) {
    auto processes = all_processes();
    // The leader is seen where it is known; once it is reaped, another process may have its number.
    const auto may_be_left = [&](const ProcessStat& process) {
        return !process.dead() && process.pid != family.leader && process.pid != getpid();
    };
    for (const ProcessStat& process : processes) {
        if (may_be_left(process) && is_marked(process, family)) see(process, family);
    }
    see_descendants(family, processes);
    std::erase_if(processes,
                  [&](const ProcessStat& process) { return !may_be_left(process) || !is_seen(process, family); });
    return processes;
}

bool has_leftovers(Family& family, Children& children) {
    // Dead orphans still count as members of the group until they are reaped.
    if (!group_is_empty(family.leader)) children.reap_orphans();
    if (!group_is_empty(family.leader) || !family.started_here) return !leftovers_of(family).empty();
    // Whoever left the group lost its parent with the leader, or before: it, or its ancestor, is an orphan of ours.
    bool found = false;
    for (const pid_t pid : children.orphans()) {
        const auto orphan = read_stat(pid);
        if (!orphan || orphan->dead() || !(is_seen(*orphan, family) || is_marked(*orphan, family))) continue;
        see(*orphan, family);
        found = true;
    }
    return found;
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
