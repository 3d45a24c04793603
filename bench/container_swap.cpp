// What clients notice of a start-first replacement: one asks the service's alias 200 times a second, each time by
// Docker's DNS and over a fresh connection, while keepwell replaces the container. As real clients do, it tries the
// addresses that it is told one after the other; how often the first one was no good is counted, too.
//
//     bench_container_swap [SWAPS]       10 unless given
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/engine.hpp"
#include "support/http.hpp"

namespace keepwell::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto between_requests = 5ms;
constexpr unsigned workers = 64;  // so that one who waits keeps nobody waiting
constexpr std::uint16_t port = 6767;
constexpr auto connect_patience = 1s;

const std::string policy = R"(
name: swap
services:
  shop:
    image: keepwell-test/accountservice
    networks: {back: {aliases: [store]}}
    healthcheck: {http: "http://{{.Container.IP}}:6767/health", interval: 1s, start_period: 10s, start_interval: 100ms}
    deploy: {restart_policy: {delay: 0s}, update_config: {order: start-first}}
networks: {back: {}}
)";

// ---- the client ---------------------------------------------------------------------------------------------------

struct Asked {
    bool answered = false;
    std::string first_failure;  ///< of the first address, or why there was none
    double milliseconds = 0;
    double at = 0;  ///< seconds since the beginning
};

std::vector<in_addr> resolve(const char* name, std::string& failure) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(name, nullptr, &wanted, &found);
    if (error != 0) failure = std::string{"resolve: "} + ::gai_strerror(error);
    std::vector<in_addr> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        addresses.push_back(reinterpret_cast<const sockaddr_in*>(one->ai_addr)->sin_addr);
    }
    if (found != nullptr) ::freeaddrinfo(found);
    return addresses;
}

Asked ask(const char* name, std::minstd_rand& random) {
    Asked asked;
    auto addresses = resolve(name, asked.first_failure);
    std::shuffle(addresses.begin(), addresses.end(), random);  // Docker's DNS does so, and getaddrinfo sorts again
    for (const auto& address : addresses) {
        const auto reply = request(address, port, "GET", "/accounts/10000", connect_patience);
        asked.answered = reply.status == 200;
        if (&address == &addresses.front() && !asked.answered) asked.first_failure = reply.failure;
        if (asked.answered || reply.connected) break;  // what was connected to is not asked again elsewhere
    }
    return asked;
}

/// In the client's container: its network, and its /etc/resolv.conf.
void enter(const std::string& container) {
    const auto process = output_of("docker inspect -f '{{.State.Pid}}' " + container);
    if (::unshare(CLONE_FS | CLONE_NEWNS) != 0) throw std::runtime_error("no namespace of its own");
    for (const char* kind : {"net", "mnt"}) {
        const int place = ::open(("/proc/" + process + "/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC);
        if (::setns(place, 0) != 0) throw std::runtime_error("the client's container can not be entered");
        ::close(place);
    }
}

/// Until `stop` is closed; then writes a line for each request.
void be_client(const std::string& container, const char* name, int stop, FILE* report) {
    enter(container);
    std::atomic<bool> ends{false};
    std::atomic<unsigned> next{0};
    std::vector<Asked> all;
    std::mutex guard;
    const auto begun = Clock::now();
    std::vector<std::thread> crew;
    for (unsigned i = 0; i < workers; ++i) {
        crew.emplace_back([&, i] {
            std::minstd_rand random(i + 1);
            while (!ends) {
                const auto due = begun + next++ * between_requests;
                std::this_thread::sleep_until(due);
                const auto asked_at = Clock::now();
                auto asked = ask(name, random);
                asked.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - asked_at).count();
                asked.at = std::chrono::duration<double>(asked_at - begun).count();
                const std::lock_guard lock(guard);
                all.push_back(std::move(asked));
            }
        });
    }
    char nothing;
    while (::read(stop, &nothing, 1) > 0) continue;
    ends = true;
    for (auto& one : crew) one.join();
    for (const auto& one : all) {
        std::fprintf(report, "%d %.1f %.3f %s\n", one.answered ? 1 : 0, one.milliseconds, one.at,
                     one.first_failure.c_str());
    }
}

/// What the client saw, all in all.
struct Seen {
    unsigned requests = 0;
    unsigned failed = 0;
    std::map<std::string, unsigned> first_failures;
    double slowest = 0;  ///< milliseconds

    void add(std::string line) {
        int answered = 0, used = 0;
        double milliseconds = 0, at = 0;
        std::sscanf(line.c_str(), "%d %lf %lf %n", &answered, &milliseconds, &at, &used);
        const auto failure = line.substr(static_cast<std::size_t>(used));
        ++requests;
        if (answered == 0) ++failed;
        if (!failure.empty()) ++first_failures[(answered == 1 ? "answered by the next: " : "FAILED: ") + failure];
        slowest = std::max(slowest, milliseconds);
        if (std::getenv("BENCH_VERBOSE") != nullptr && (!failure.empty() || milliseconds > 200)) {
            std::printf("    at %.3f s, %.1f ms: %s\n", at, milliseconds, failure.c_str());
        }
    }
};

/// A process of its own, in the client's container.
class Client {
  public:
    Client(const std::string& container, const char* name) {
        int stop[2], report[2];
        if (::pipe2(stop, O_CLOEXEC) != 0 || ::pipe2(report, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(stop[1]);
            FILE* const to = ::fdopen(report[1], "w");
            try {
                be_client(container, name, stop[0], to);
            } catch (const std::exception& trouble) {
                std::fprintf(stderr, "%s\n", trouble.what());
            }
            std::fclose(to);
            ::_exit(0);
        }
        ::close(stop[0]);
        ::close(report[1]);
        stop_ = stop[1];
        report_ = ::fdopen(report[0], "r");
    }
    ~Client() {
        std::fclose(report_);
        ::waitpid(pid_, nullptr, 0);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Ends it.
    void report(Seen& seen) {
        ::close(stop_);
        char line[512];
        while (std::fgets(line, sizeof line, report_) != nullptr) {
            std::string text = line;
            text.erase(text.find_last_not_of('\n') + 1);
            seen.add(text);
        }
    }

  private:
    pid_t pid_;
    int stop_;
    FILE* report_;
};

// ---- the swaps ----------------------------------------------------------------------------------------------------

void swap(Keepwell& keepwell, const std::string& client, const char* name, Seen& seen) {
    const auto before = output_of("docker ps --quiet --filter label=io.keepwell.service=shop");
    Client asking(client, name);
    sleep_for(1s);
    keepwell.operate("replace shop");
    keepwell.await("remedy.verified", "shop");
    while (output_of("docker ps --all --quiet --filter label=io.keepwell.service=shop").find(before) !=
           std::string::npos) {
        sleep_for(50ms);
    }
    sleep_for(1s);
    asking.report(seen);
}

void print(const char* name, const Seen& seen) {
    std::printf("%-34s %8u %8u %12.1f\n", name, seen.requests, seen.failed, seen.slowest);
    for (const auto& [failure, count] : seen.first_failures) std::printf("    %u %s\n", count, failure.c_str());
}

void run(long swaps) {
    const Engine engine;
    Keepwell keepwell(policy);
    keepwell.await_healthy("shop");
    output_of(std::string{"docker run --detach --name client --network swap_back "} + busybox_image +
              " sleep 86400 >/dev/null");
    std::printf("requests at 200 a second through %ld start-first replacements\n", swaps);
    std::printf("%-34s %8s %8s %12s\n", "asked for by", "requests", "failed", "slowest (ms)");
    for (const auto& [what, name] : {std::pair{"its alias", "store"}, {"the container's name", "swap-shop-1"}}) {
        Seen seen;
        for (long i = 0; i < swaps; ++i) swap(keepwell, "client", name, seen);
        print(what, seen);
    }
}

}  // namespace
}  // namespace keepwell::bench

int main(int count, char** arguments) {
    return keepwell::bench::bench_main(count, arguments, 10, keepwell::bench::run);
}
