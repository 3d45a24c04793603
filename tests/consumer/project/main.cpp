// Embeds the engine in a world of its own: a virtual clock, and one service that is sick in its first life.
// Prints what the engine asks for and what it notices. May know: keepwell's installed headers only.
#include <chrono>
#include <deque>
#include <iostream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <keepwell/engine/engine.hpp>

namespace {

using namespace std::chrono_literals;
namespace command = keepwell::command;
namespace event = keepwell::event;

keepwell::Policy policy() {
    keepwell::ServiceSpec api;
    api.name = "api";
    api.healthcheck.emplace();
    api.healthcheck->interval = 2s;
    api.healthcheck->timeout = 1s;
    api.healthcheck->retries = 3;
    api.restart.delay = 1s;
    api.on_unhealthy = {keepwell::Rung{keepwell::RestartRung{}, {}}};

    keepwell::TargetSpec target;
    target.name = "api";
    target.probe = keepwell::HttpProbe{};
    target.hooks.resize(1);

    keepwell::Policy policy;
    policy.services = {api};
    policy.targets = {target};
    policy.maintenance.resize(1);
    return policy;
}

/// Does what it is told at once: the first life answers every probe with a failure, the later ones are well.
class World {
  public:
    explicit World(std::deque<keepwell::Event>& events) : events_(events) {}

    void operator()(const command::Start& start) {
        std::cout << "start\n";
        const auto life = std::to_string(++lives_);
        events_.push_back(event::StartFinished{start.id, start.target, {"life-" + life, lives_}, {}});
    }
    void operator()(const command::Stop& stop) {
        std::cout << "stop " << stop.instance.id << '\n';
        events_.push_back(
            event::Exited{stop.target, stop.instance, {keepwell::ExitStatus::Kind::signal, 15, {}}, false});
        events_.push_back(event::StopFinished{stop.id, stop.target, {}});
    }
    void operator()(const command::RunProbe& probe) {
        const bool well = lives_ > 1;
        std::cout << "probe: " << (well ? "passed" : "failed") << '\n';
        const auto outcome = well ? keepwell::Outcome::passed : keepwell::Outcome::failed;
        events_.push_back(event::ProbeFinished{probe.id, probe.target, outcome, well ? 0 : 1, {}});
    }
    void operator()(const command::CancelProbe&) {}
    void operator()(const command::RunHook&) {}
    // Of containers, which this policy has none of:
    void operator()(const command::Restart&) {}
    void operator()(const command::Replace&) {}
    void operator()(const command::Settle&) {}
    void operator()(const command::Discard&) {}
    void operator()(const command::Look&) {}
    void operator()(const command::Release&) {}
    void operator()(const command::KeepEvidence&) { std::cout << "keep evidence\n"; }

  private:
    std::deque<keepwell::Event>& events_;
    int lives_ = 0;
};

void tell(const keepwell::Fact& fact) {
    const auto print = [](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, keepwell::fact::HealthChanged>) {
            std::cout << "health: " << to_string(body.from) << " -> " << to_string(body.to) << '\n';
        }
    };
    std::visit(print, fact.body);
}

}  // namespace

int main() {
    keepwell::engine::Engine engine(policy());
    std::deque<keepwell::Event> events{event::Begin{}};
    World world(events);
    keepwell::Instant now{};
    while (now < keepwell::Instant{12s}) {
        if (events.empty()) {
            now = engine.next_deadline();
            events.push_back(event::Tick{});
            continue;
        }
        const auto event = std::move(events.front());
        events.pop_front();
        const auto& decisions = engine.handle(event, now);
        for (const auto& fact : decisions.facts) tell(fact);
        for (const auto& command : decisions.commands) {
            std::cout << std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() << "s ";
            std::visit(world, command);
        }
    }
}
