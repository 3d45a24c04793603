// What one probe costs the prober: CPU microseconds per http and tcp probe on the one loop, saturated and paced, beside
// a `curl -f` process per probe. The server is another process, so that only the asking is counted.
#include <netinet/in.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"

extern char** environ;

namespace keepwell::runtime {
namespace {

/// Answers 200 to whatever comes, one connection at a time, until its parent is gone.
[[noreturn]] void serve(int listener) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"status\":\"UP\"}";
    for (;;) {
        const int peer = ::accept(listener, nullptr, nullptr);
        char request[2048];
        if (::read(peer, request, sizeof request) > 0) {
            static_cast<void>(!::write(peer, reply.data(), reply.size()));
        }
        ::close(peer);
    }
}

std::uint16_t start_server() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&place));
    if (::bind(listener, address, size) != 0 || ::listen(listener, 1024) != 0) std::abort();
    ::getsockname(listener, address, &size);
    for (int i = 0; i < 2; ++i) {
        if (::fork() == 0) serve(listener);
    }
    ::close(listener);
    return ntohs(place.sin_port);
}

double cpu_us(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

/// Runs `count` probes; `tick` 0: always `at_once` of them under way, otherwise `at_once` begun each tick.
class Run {
  public:
    Run(const Probe& probe, int count, int at_once, Duration tick) : count_(count), at_once_(at_once), tick_(tick) {
        target_.probe = probe;
    }

    double cpu_per_probe() {
        loop_.post([this] { begin_some(); });
        const double before = cpu_us(RUSAGE_SELF);
        loop_.run();
        if (failed_ > 0) std::printf("(%d of %d failed) ", failed_, count_);
        return (cpu_us(RUSAGE_SELF) - before) / count_;
    }

  private:
    void begin_some() {
        for (int i = 0; i < at_once_; ++i) begin();
        if (tick_ == Duration{0}) return;
        next_ = next_ == Instant{} ? loop_.now() + tick_ : next_ + tick_;
        if (begun_ < count_) timer_.arm(next_, [this] { begin_some(); });
    }
    void begin() {
        if (begun_ == count_) return;
        probes_.run(static_cast<CommandId>(++begun_), 0, target_, std::chrono::seconds{3});
    }
    void ended(const Event& event) {
        failed_ += std::get<event::ProbeFinished>(event).outcome != Outcome::passed;
        if (++ended_ == count_) return loop_.stop();
        if (tick_ == Duration{0}) begin();
    }

    Loop loop_;
    Children children_{loop_};
    CommandRunner runner_{loop_, children_};
    Probes probes_{loop_, runner_, [this](const Event& event) { ended(event); }};
    Timer timer_{loop_};
    TargetSpec target_;
    int count_;
    int at_once_;
    Duration tick_;
    Instant next_{};
    int begun_ = 0;
    int ended_ = 0;
    int failed_ = 0;
};

/// One `curl -f` process after another.
double curl_processes(const std::string& url, int count) {
    std::string words[] = {"curl", "-fsS", "-o", "/dev/null", url};
    char* arguments[6] = {};
    for (int i = 0; i < 5; ++i) arguments[i] = words[i].data();
    const double before = cpu_us(RUSAGE_CHILDREN);
    for (int i = 0; i < count; ++i) {
        pid_t pid = 0;
        int status = 0;
        if (::posix_spawnp(&pid, "curl", nullptr, nullptr, arguments, environ) != 0) return -1;
        ::waitpid(pid, &status, 0);
        if (status != 0) return -1;
    }
    return (cpu_us(RUSAGE_CHILDREN) - before) / count;
}

void print(const char* kind, const Probe& probe) {
    using namespace std::chrono_literals;
    const double saturated = Run{probe, 20000, 32, 0ms}.cpu_per_probe();
    const double paced = Run{probe, 3000, 1, 1ms}.cpu_per_probe();
    const double together = Run{probe, 3000, 50, 50ms}.cpu_per_probe();
    std::printf("%-28s %10.1f %14.1f %22.1f\n", kind, saturated, paced, together);
    std::fflush(stdout);
}

int run() {
    const std::uint16_t port = start_server();
    HttpProbe http;
    http.url = "http://127.0.0.1:" + std::to_string(port) + "/health";
    HttpProbe named = http;
    named.url = "http://localhost:" + std::to_string(port) + "/health";
    std::printf("CPU microseconds of the prober for one probe, each on a fresh connection\n");
    std::printf("%-28s %10s %14s %22s\n", "", "saturated", "1,000 a second", "the same, 50 ms ticks");
    print("http", http);
    print("http, by name", named);
    print("tcp", TcpProbe{"127.0.0.1", port});
    const double curl = curl_processes(http.url, 200);
    if (curl > 0) std::printf("%-28s %10.1f\n", "a `curl -f` process each", curl);
    return 0;
}

}  // namespace
}  // namespace keepwell::runtime

int main() { return keepwell::runtime::run(); }
