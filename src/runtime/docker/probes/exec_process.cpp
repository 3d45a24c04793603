// The process of an exec in a container as this host sees it.
#include "runtime/docker/probes/exec_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "runtime/process/leftovers.hpp"

namespace keepwell::runtime::docker {
namespace {

std::uint64_t ticks_per_second() {
    static const auto ticks = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    return ticks;
}

std::string control_groups(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/cgroup";
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> buffer;
    ssize_t count = 0;
    while (file.valid() && (count = read(file.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

/// Everything that lives of an exec, as far as /proc tells; `known` are pids of it that may be dead by now.
std::vector<ProcessStat> members(pid_t session, const std::set<pid_t>& known, const std::string& container_id) {
    auto all = all_processes();
    std::map<pid_t, pid_t> parents;
    for (const auto& process : all) parents[process.pid] = process.parent;
    const auto descends = [&](pid_t pid) {
        for (std::size_t steps = 0; steps < all.size(); ++steps) {
            if (known.contains(pid)) return true;
            const auto parent = parents.find(pid);
            if (parent == parents.end()) return false;
            pid = parent->second;
        }
        return false;
    };
    std::erase_if(all, [&](const ProcessStat& process) {
        if (process.dead() || (process.session != session && !descends(process.pid))) return true;
        return !is_in_container(process.pid, container_id);
    });
    return all;
}

}  // namespace

bool is_in_container(std::int64_t pid, std::string_view container_id) {
    if (pid <= 0 || container_id.empty()) return false;
    return control_groups(static_cast<pid_t>(pid)).find(container_id) != std::string::npos;
}

std::uint64_t boot_ticks() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    const auto seconds = static_cast<std::uint64_t>(now.tv_sec) * ticks_per_second();
    return seconds + static_cast<std::uint64_t>(now.tv_nsec) * ticks_per_second() / 1'000'000'000;
}

ExecProcess::ExecProcess(ProcessStat leader, Descriptor pidfd, std::string container_id)
    : leader_(std::move(leader)), pidfd_(std::move(pidfd)), container_id_(std::move(container_id)) {}

std::optional<ExecProcess> ExecProcess::find(std::int64_t pid, const std::string& container_id,
                                             std::uint64_t asked_ticks) {
    const auto leader = pid > 0 ? read_stat(static_cast<pid_t>(pid)) : std::nullopt;
    if (!leader || leader->session != leader->pid || leader->start_ticks < asked_ticks) return std::nullopt;
    auto pidfd = open_process(*leader);  // from here on the number can not become another's unnoticed
    if (!pidfd.valid() || !is_in_container(pid, container_id)) return std::nullopt;
    return ExecProcess{*leader, std::move(pidfd), container_id};
}

Duration ExecProcess::age() const {
    const std::uint64_t started = leader_.start_ticks + 1;  // the kernel rounded it down
    const std::uint64_t now = boot_ticks();
    const auto ticks = static_cast<std::int64_t>(now > started ? now - started : 0);
    return std::chrono::nanoseconds{std::chrono::seconds{1}} / static_cast<std::int64_t>(ticks_per_second()) * ticks;
}

void ExecProcess::kill() const {
    // What has been forked between two looks is found by the next one; who is killed may take a moment to die.
    constexpr int looks = 8;
    std::set<pid_t> known{leader_.pid};
    std::set<std::pair<pid_t, std::uint64_t>> signalled;
    bool found = true;
    for (int look = 0; found && look < looks; ++look) {
        found = false;
        for (const auto& process : members(leader_.pid, known, container_id_)) {
            known.insert(process.pid);
            if (!signalled.emplace(process.pid, process.start_ticks).second) continue;
            found = true;
            const auto pidfd = open_process(process);
            if (pidfd.valid()) signal_process(pidfd.get(), SIGKILL);
        }
    }
}

}  // namespace keepwell::runtime::docker
