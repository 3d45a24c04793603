// From the engine's event `health_status: unhealthy` to the call that restarts the container, as the engine's socket
// sees it; beside a loop that asks every 5 s, as autoheal's does. keepwell gathers its evidence beside that.
//
//     bench_container_restart [ROUNDS]      10 of each unless given
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/engine.hpp"
#include "support/http.hpp"

namespace keepwell::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto image = "keepwell-bench/quick";
constexpr std::uint16_t port = 6767;

// ---- the socket ---------------------------------------------------------------------------------------------------

/// Stands in front of the engine's socket, hands everything on, and notes when a restart is asked for.
class Gate {
  public:
    Gate(std::string engine, std::string place) : engine_(std::move(engine)), place_(std::move(place)) {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto at = address(place_);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 64) != 0)
            throw std::runtime_error("no socket at " + place_);
        if (::pipe(stop_) != 0) throw std::runtime_error("no pipe");
        thread_ = std::thread([this] { serve(); });
    }
    ~Gate() {
        ::close(stop_[1]);
        thread_.join();
        ::close(listener_);
        ::close(stop_[0]);
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    std::string host() const { return "unix://" + place_; }
    const std::string& place() const { return place_; }

    /// When the first restart since the last call was asked for, in seconds on the wall clock.
    std::optional<double> restart() {
        const std::lock_guard lock(guard_);
        return std::exchange(restart_, std::nullopt);
    }

  private:
    struct Pair {
        int client;
        int engine;
    };

    static sockaddr_un address(const std::string& path) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
        return at;
    }

    void serve() {
        std::vector<Pair> pairs;
        while (true) {
            std::vector<pollfd> sources = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
            for (const auto& pair : pairs) {
                sources.push_back({pair.client, POLLIN, 0});
                sources.push_back({pair.engine, POLLIN, 0});
            }
            ::poll(sources.data(), sources.size(), -1);
            if (sources[0].revents != 0) break;
            std::vector<Pair> open;
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                const auto [client, engine] = pairs[i];
                bool lives = true;
                if (sources[2 + 2 * i].revents != 0) lives = hand_on(client, engine, true);
                if (lives && sources[3 + 2 * i].revents != 0) lives = hand_on(engine, client, false);
                if (lives) {
                    open.push_back(pairs[i]);
                } else {
                    close_both(pairs[i]);
                }
            }
            pairs = std::move(open);
            if (sources[1].revents != 0) pairs.push_back(accept_one());
        }
        std::for_each(pairs.begin(), pairs.end(), close_both);
    }

    Pair accept_one() const {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int engine = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto at = address(engine_);
        ::connect(engine, reinterpret_cast<const sockaddr*>(&at), sizeof at);
        return {client, engine};
    }

    bool hand_on(int from, int to, bool is_request) {
        char buffer[16384];
        const auto got = ::recv(from, buffer, sizeof buffer, 0);
        if (got <= 0) return false;
        const std::string_view text(buffer, static_cast<std::size_t>(got));
        if (is_request && text.starts_with("POST ") && text.substr(0, text.find('\r')).find("/restart") != text.npos) {
            const std::lock_guard lock(guard_);
            if (!restart_) restart_ = wall_seconds();
        }
        for (std::string_view left = text; !left.empty();) {
            const auto sent = ::send(to, left.data(), left.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            left.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    static void close_both(const Pair& pair) {
        ::close(pair.client);
        ::close(pair.engine);
    }

    const std::string engine_;
    const std::string place_;
    int listener_;
    int stop_[2];
    std::thread thread_;
    std::mutex guard_;
    std::optional<double> restart_;
};

// ---- the peers ----------------------------------------------------------------------------------------------------

// What autoheal does (its docker-entrypoint), with its default interval.
std::string autoheal(const std::string& socket) {
    return "ask='curl --silent --unix-socket " + socket +
           "'; while :; do for id in $($ask --get http://engine/containers/json --data-urlencode "
           "'filters={\"label\":[\"autoheal=true\"],\"health\":[\"unhealthy\"]}' | grep -o '\"Id\":\"[0-9a-f]*' | "
           "cut -c7-); do $ask --request POST \"http://engine/containers/$id/restart?t=10\"; done; sleep 5; done";
}

const std::string policy = R"(
name: restart
services:
  sick:
    container: sick
    on_unhealthy: [restart]
    deploy: {restart_policy: {delay: 0s}}
)";

class HealthEvents {
  public:
    /// Seconds on the engine's clock, which is the wall clock.
    double await(const std::string& status) {
        while (true) {
            const auto line = events_.next_line();
            if (line.ends_with("health_status: " + status)) return std::stod(line) / 1e9;
        }
    }

  private:
    Child events_{{"docker", "events", "--filter", "event=health_status", "--format", "{{.TimeNano}} {{.Status}}"}};
};

/// A container that is judged once a second, and unhealthy at the first failure.
class Sick {
  public:
    Sick() {
        events_ = std::make_unique<HealthEvents>();
        sleep_for(500ms);
        output_of(std::string{"docker run --detach --name sick --label autoheal=true "} + image + " >/dev/null");
        events_->await("healthy");
    }
    ~Sick() { static_cast<void>(std::system("docker rm --force sick >/dev/null")); }
    Sick(const Sick&) = delete;
    Sick& operator=(const Sick&) = delete;

    /// Milliseconds from the event to the call.
    double heal(Gate& gate, std::minstd_rand& random) {
        sleep_for(std::chrono::milliseconds(1000 + random() % 5000));
        const auto address = output_of("docker inspect -f '{{.NetworkSettings.IPAddress}}' sick");
        must_answer(address, port, "PUT", "/testability/healthy/false");
        const double told = events_->await("unhealthy");
        events_->await("healthy");
        const auto asked = gate.restart();
        if (!asked) throw std::runtime_error("no restart was asked for");
        return (*asked - told) * 1e3;
    }

  private:
    std::unique_ptr<HealthEvents> events_;
};

std::vector<double> measure(long rounds, Sick& sick, Gate& gate) {
    std::minstd_rand random(1);
    std::vector<double> taken;
    for (long i = 0; i < rounds; ++i) taken.push_back(sick.heal(gate, random));
    return taken;
}

void run(long rounds) {
    const Engine engine;
    make_accountservice(image, "--interval=1s --timeout=1s --retries=1");
    Gate gate(engine.socket(), engine.folder() + "/gate.sock");
    Sick sick;
    std::vector<double> ours, theirs;
    {
        Keepwell keepwell(policy, gate.host());
        keepwell.await_healthy("sick");
        ours = measure(rounds, sick, gate);
    }
    {
        const Child loop({"sh", "-c", "exec 2>/dev/null >/dev/null; " + autoheal(gate.place())});
        theirs = measure(rounds, sick, gate);
    }
    std::printf("milliseconds from the engine's event `unhealthy` to the restart call, %ld of each\n", rounds);
    std::printf("%-34s %s\n", "keepwell", spread(ours, 1).c_str());
    std::printf("%-34s %s\n", "autoheal's loop (2,500 expected)", spread(theirs, 0).c_str());
}

}  // namespace
}  // namespace keepwell::bench

int main(int count, char** arguments) {
    return keepwell::bench::bench_main(count, arguments, 10, keepwell::bench::run);
}
