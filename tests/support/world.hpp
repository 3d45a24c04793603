// A made-up world around one engine: it starts and ends instances, answers probes and runs hooks as a test says, on a
// virtual clock. It also watches the engine: two instances of one target, a command completed twice, or an impossible
// transition are failures of any test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "keepwell/engine/engine.hpp"
#include "support/policies.hpp"
#include "support/trace.hpp"

namespace keepwell::testing {

/// How a probe is answered.
struct Answer {
    Outcome outcome = Outcome::passed;
    Duration after{0};
    std::string output{};
    int exit_code = 1;
};

inline Answer pass() { return {Outcome::passed, 0s, {}, 0}; }
inline Answer fail(std::string output = "no") { return {Outcome::failed, 0s, std::move(output), 1}; }
inline Answer hang(Duration timeout) {
    return {Outcome::failed, timeout, "Health check exceeded timeout (" + to_string(timeout) + ")", -1};
}
inline Answer cannot_ask() { return {Outcome::error, 0s, "no descriptors", -1}; }

class World {
  public:
    explicit World(Policy policy) : engine{std::move(policy)} { behaviours_.resize(engine.targets().size()); }

    // ---- what a test says of a target ----
    struct Behaviour {
        std::function<Answer(World&)> answer = [](World&) { return pass(); };
        std::string start_failure;  ///< not empty: starts fail with it
        Duration start_takes{0};
        bool never_answers_starts = false;
        Duration stop_takes{0};  ///< at most the grace: then SIGKILL has ended it
        std::string survivors;
        int hook_exit = 0;
        Duration hook_takes = 1s;
        Duration lives = Duration::max();  ///< an instance ends by itself after so long
        ExitStatus exit{ExitStatus::Kind::code, 1, {}};
        bool leaves_something = false;  ///< its exits leave processes behind
    };
    Behaviour& of(const std::string& name) { return behaviours_[index(name)]; }

    void answers(const std::string& name, Answer answer) {
        of(name).answer = [answer](World&) { return answer; };
    }
    /// The n-th probe gets the n-th answer, the last one repeats.
    void answers(const std::string& name, std::vector<Answer> script) {
        of(name).answer = [script = std::move(script), next = std::size_t{0}](World&) mutable {
            return script[std::min(next++, script.size() - 1)];
        };
    }

    // ---- what happens ----
    void begin() { give(event::Begin{}); }
    void restore(const std::string& name, TargetMemory memory) {
        if (memory.instance.exists()) live_[index(name)].insert(memory.instance.id);
        give(event::Restored{index(name), std::move(memory)});
    }
    void run_until(Duration at) {
        const Instant end{at};
        while (true) {
            const Instant next = std::min(engine.next_deadline(), due_.empty() ? never : due_.begin()->first);
            if (next > end) break;
            now = std::max(now, next);
            if (!due_.empty() && due_.begin()->first <= now) {
                auto what = std::move(due_.begin()->second);
                due_.erase(due_.begin());
                what();
            } else {
                give(event::Tick{});
            }
        }
        now = std::max(now, end);
    }
    void at(Duration when, std::function<void(World&)> what) {
        due_.emplace(Instant{when}, [this, what = std::move(what)] { what(*this); });
    }
    void exit(const std::string& name, ExitStatus status = {ExitStatus::Kind::code, 1, {}}) {
        const Instance instance = engine.target(index(name)).instance;
        ASSERT_TRUE(instance.exists()) << name << " does not live";
        end_by_itself(index(name), instance, status);
    }
    void operate(event::Verb verb, const std::string& name) { give(event::Operated{verb, index(name), "ann"}); }
    void operate_all(event::Verb verb) { give(event::Operated{verb, no_target, "ann"}); }
    void shutdown(bool at_once = false) { give(event::Shutdown{at_once}); }

    void give(const Event& event) {
        const engine::Decisions& decisions = engine.handle(event, now);
        for (const Fact& fact : decisions.facts) {
            trace.push_back(trace_line(engine.policy(), fact, now));
            facts.emplace_back(now, fact);
            if (std::holds_alternative<fact::Unexpected>(fact.body)) violation(trace.back());
        }
        changed.insert(changed.end(), decisions.changed.begin(), decisions.changed.end());
        const std::vector<Command> asked_for = decisions.commands;
        after_each_event(*this);
        for (const Command& command : asked_for) std::visit([this](const auto& one) { execute(one); }, command);
    }

    // ---- what a test asks ----
    TargetIndex index(const std::string& name) const {
        const auto found = engine.find(name);
        if (!found) throw std::runtime_error("no target " + name);
        return *found;
    }
    const engine::Target& target(const std::string& name) const { return engine.target(index(name)); }
    /// The trace lines that contain `part`.
    std::vector<std::string> lines(std::string_view part) const {
        std::vector<std::string> found;
        for (const std::string& line : trace) {
            if (line.find(part) != std::string::npos) found.push_back(line);
        }
        return found;
    }
    std::size_t living(const std::string& name) const {
        const auto found = live_.find(index(name));
        return found == live_.end() ? 0 : found->second.size();
    }

    engine::Engine engine;
    Instant now{};
    std::vector<std::string> trace;
    std::vector<std::pair<Instant, Fact>> facts;
    std::vector<TargetIndex> changed;
    std::vector<Duration> starts, probes;  ///< when any was asked for
    std::vector<std::string> commands;     ///< "0s start api"
    std::size_t open_commands() const { return open_.size(); }
    bool tolerant = false;                ///< the test does what can not be
    std::vector<std::string> violations;  ///< of what always holds
    std::function<void(World&)> after_each_event = [](World&) {};

    void violation(const std::string& what) {
        if (tolerant) return;
        violations.push_back(moment(now) + " " + what);
        ADD_FAILURE() << violations.back();
    }

  private:
    using Due = std::multimap<Instant, std::function<void()>>;

    void after(Duration wait, std::function<void()> what) { due_.emplace(later(now, wait), std::move(what)); }
    void say(std::string_view what, TargetIndex target) {
        commands.push_back(moment(now) + " " + std::string{what} + " " + engine.policy().targets[target].name);
    }
    void asked(CommandId id) {
        if (!open_.insert(id).second) violation("command id " + std::to_string(id) + " was used twice");
    }
    bool answered(CommandId id) { return open_.erase(id) == 1; }

    void execute(const command::Start& start) {
        asked(start.id);
        say("start", start.target);
        starts.push_back(now.time_since_epoch());
        if (!live_[start.target].empty())
            violation("a second instance of " + engine.policy().targets[start.target].name);
        const Behaviour& behaviour = behaviours_[start.target];
        if (behaviour.never_answers_starts) return;
        after(behaviour.start_takes, [this, start] { finish(start); });
    }
    void finish(const command::Start& start) {
        if (!answered(start.id)) return;
        const Behaviour& behaviour = behaviours_[start.target];
        event::StartFinished finished{start.id, start.target, {}, behaviour.start_failure};
        if (behaviour.start_failure.empty()) {
            const std::int64_t pid = ++last_pid_;
            finished.instance = {std::to_string(pid) + "@1", pid};
            live_[start.target].insert(finished.instance.id);
            if (behaviour.lives != Duration::max()) {
                after(behaviour.lives, [this, start, instance = finished.instance] {
                    if (live_[start.target].count(instance.id))
                        end_by_itself(start.target, instance, behaviours_[start.target].exit);
                });
            }
        }
        give(finished);
    }
    void end_by_itself(TargetIndex target, const Instance& instance, const ExitStatus& status) {
        const bool remains = behaviours_[target].leaves_something;
        ended_.insert(instance.id);
        if (!remains) live_[target].erase(instance.id);
        give(event::Exited{target, instance, status, remains});
    }
    void execute(const command::Stop& stop) {
        asked(stop.id);
        say("stop", stop.target);
        after(std::min(behaviours_[stop.target].stop_takes, stop.grace), [this, stop] {
            if (!answered(stop.id)) return;
            const Behaviour& behaviour = behaviours_[stop.target];
            const bool was_alive = ended_.count(stop.instance.id) == 0;
            if (behaviour.survivors.empty()) live_[stop.target].erase(stop.instance.id);
            if (was_alive && behaviour.survivors.empty()) {
                ended_.insert(stop.instance.id);
                give(event::Exited{stop.target, stop.instance, {ExitStatus::Kind::signal, 15, {}}, false});
            }
            give(event::StopFinished{stop.id, stop.target, behaviour.survivors});
        });
    }
    void execute(const command::RunProbe& probe) {
        asked(probe.id);
        probes.push_back(now.time_since_epoch());
        const Answer answer = behaviours_[probe.target].answer(*this);
        after(answer.after, [this, probe, answer] {
            if (answered(probe.id))
                give(event::ProbeFinished{probe.id, probe.target, answer.outcome, answer.exit_code, answer.output});
        });
    }
    void execute(const command::CancelProbe& cancel) {
        after(0s, [this, cancel] {
            if (answered(cancel.id))
                give(event::ProbeFinished{cancel.id, cancel.target, Outcome::error, -1, "cancelled"});
        });
    }
    void execute(const command::RunHook& hook) {
        asked(hook.id);
        say("run hook of", hook.target);
        after(behaviours_[hook.target].hook_takes, [this, hook] {
            if (answered(hook.id))
                give(event::HookFinished{
                    hook.id, hook.target, {ExitStatus::Kind::code, behaviours_[hook.target].hook_exit, {}}, {}});
        });
    }
    void execute(const command::KeepEvidence& keep) { say("keep evidence of", keep.target); }

    std::vector<Behaviour> behaviours_;
    std::map<TargetIndex, std::set<std::string>> live_;
    std::set<std::string> ended_;  ///< instances whose exit was told
    std::set<CommandId> open_;
    Due due_;
    std::int64_t last_pid_ = 100;
};

}  // namespace keepwell::testing
