// Which processes belong to one life of a target. May know: /proc, Linux.
#include "runtime/process/leftovers.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <sstream>

namespace keepwell::runtime {
namespace {

bool has_mark(pid_t pid, const Family& family) {
    return !family.mark.empty() && environment_of(pid, mark_variable) == family.mark;
}

bool group_is_empty(pid_t group) { return kill(-group, 0) != 0 && errno == ESRCH; }

}  // namespace

std::string owner_of(const std::string& state_folder) {
    struct stat folder {};
    if (stat(state_folder.c_str(), &folder) != 0) return {};
    std::ostringstream text;
    text << std::hex << folder.st_dev << '-' << folder.st_ino << '-';
    return text.str();
}

std::vector<ProcessStat> leaders_of(const std::string& owner) {
    std::map<std::string, ProcessStat> first;  // by mark: one that led a session of its own has come later
    if (owner.empty()) return {};
    for (ProcessStat& process : all_processes()) {
        if (process.dead() || process.session != process.pid) continue;
        const std::string mark = environment_of(process.pid, mark_variable);
        if (!mark.starts_with(owner)) continue;
        const auto [known, is_new] = first.try_emplace(mark, process);
        if (!is_new && process.start_ticks < known->second.start_ticks) known->second = std::move(process);
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
