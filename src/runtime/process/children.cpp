// All children of this process. May know: Linux.
#include "runtime/process/children.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <array>
#include <charconv>
#include <csignal>
#include <string>

namespace keepwell::runtime {
namespace {

ExitStatus status_of(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED) return {ExitStatus::Kind::code, info.si_status, {}};
    return {ExitStatus::Kind::signal, info.si_status, {}};
}

Descriptor child_signal_descriptor() {
    std::signal(SIGCHLD, SIG_DFL);  // while it is ignored, as whoever started us may have had it, no end can be seen
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    return Descriptor(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

void reap_quietly(pid_t pid) {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
}

}  // namespace

Children::Children(Loop& loop) : child_signals_(std::make_unique<Readable>(loop, child_signal_descriptor())) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    // The kernel gives orphans to the first thread of the subreaper.
    const auto path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
    list_ = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    wait();
}

Children::~Children() = default;

tl::expected<Launched, LaunchFailure> Children::start(const Launch& launch) {
    auto launched = launcher_.launch(launch);
    if (launched) waited_for_.insert(launched->pid);
    return launched;
}

std::optional<ExitStatus> Children::reap(pid_t pid, int pidfd) {
    siginfo_t info{};
    const bool ours = waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) == 0;
    if (ours && info.si_pid == 0) return std::nullopt;
    waited_for_.erase(pid);
    return ours ? status_of(info) : ExitStatus{};
}

void Children::expect(pid_t pid) { waited_for_.insert(pid); }

void Children::forget(pid_t pid) {
    waited_for_.erase(pid);
    reap_quietly(pid);
}

void Children::wait() {
    child_signals_->wait([this] {
        std::array<signalfd_siginfo, 8> signals;
        while (read(child_signals_->fd(), signals.data(), sizeof signals) > 0) {
        }
        reap_orphans();
        wait();
    });
}

void Children::reap_orphans() {
    for (;;) {
        siginfo_t info{};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
        // The kernel shows the same dead child until it is reaped, and this one is somebody's to reap.
        if (waited_for_.contains(info.si_pid)) return reap_listed_orphans();
        reap_quietly(info.si_pid);
    }
}

void Children::reap_listed_orphans() {
    for (const pid_t pid : orphans()) reap_quietly(pid);
}

std::vector<pid_t> Children::orphans() const {
    std::string text;
    std::array<char, 4096> page;
    ssize_t count = 0;
    while ((count = pread(list_.get(), page.data(), page.size(), static_cast<off_t>(text.size()))) > 0) {
        text.append(page.data(), static_cast<std::size_t>(count));
    }
    std::vector<pid_t> found;
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end; ++at) {  // "12 345 6 "
        pid_t pid = 0;
        at = std::from_chars(at, end, pid).ptr;
        if (pid > 0 && !waited_for_.contains(pid)) found.push_back(pid);
    }
    return found;
}

}  // namespace keepwell::runtime
