// A ProcessPort with behaviour and without a world: instances live, exit, resist and die by a script, on virtual time.
// It passes the same contract suite as the real end (tests/runtime/process/contract_test.cpp).
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/ports.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::testing {

/// How one life of a target goes. By default: it starts at once, runs for ever, and ends at once when asked to.
struct ProcessLife {
    std::string failure{};                           ///< not empty: it can not be executed, and this is why
    Duration starts_in{0};                           ///< from start() to StartFinished
    std::optional<Duration> exits_after{};           ///< by itself, counted from its start
    ExitStatus exit{ExitStatus::Kind::code, 0, {}};  ///< of that exit
    bool leaves_member = false;                      ///< a member of its group outlives it, and ends by SIGKILL only
    std::optional<Duration> stops_in{Duration{0}};   ///< after the stop signal; nullopt: it ignores that
    std::string survives{};                          ///< not empty: outlives SIGKILL, and is called so

    static ProcessLife runs() { return {}; }
    static ProcessLife exits(int code, Duration after = Duration{0}) {
        ProcessLife life;
        life.exits_after = after;
        life.exit.value = code;
        return life;
    }
    static ProcessLife killed(int signal, Duration after = Duration{0}) {
        ProcessLife life = exits(signal, after);
        life.exit.kind = ExitStatus::Kind::signal;
        return life;
    }
    static ProcessLife fails(std::string why) {
        ProcessLife life;
        life.failure = std::move(why);
        return life;
    }
    static ProcessLife ignores_stop() {
        ProcessLife life;
        life.stops_in = std::nullopt;
        return life;
    }
};

/// How the command of a `run` rung goes.
struct HookLife {
    ExitStatus status{ExitStatus::Kind::code, 0, {}};
    Duration takes{0};
    std::string output{};
};

class FakeProcesses final : public supervisor::ProcessPort {
  public:
    FakeProcesses(VirtualLoop& loop, supervisor::EventSink sink) : loop_(loop), sink_(std::move(sink)) {}

    /// The next lives of the target with this name, in order; the last one stays.
    void lives(const std::string& target, std::deque<ProcessLife> all) { scripts_[target] = std::move(all); }
    /// The next runs of hooks for this target, in order; the last one stays.
    void hooks(const std::string& target, std::deque<HookLife> all) { hook_scripts_[target] = std::move(all); }

    /// The living instance of a target ends now, by nobody's doing here.
    void end(const std::string& target, const ExitStatus& status) {
        if (Process* process = living(target)) leader_ends(*process, status);
    }

    /// Keepwell dies and begins anew: what lives goes on living, unwatched, until it is adopted.
    void forget() {
        for (auto& [id, process] : processes_) {
            process.watched = false;
            process.stops.clear();
        }
        ++generation_;
    }

    /// The living instance of a target; an empty one when there is none.
    Instance instance(const std::string& target) const {
        for (const auto& [id, process] : processes_) {
            if (process.name == target && process.leader_alive) return process.instance;
        }
        return {};
    }
    /// How many instances of a target live; more than one is what must never be.
    std::size_t alive(const std::string& target) const {
        return static_cast<std::size_t>(std::ranges::count_if(processes_, [&](const auto& entry) {
            return entry.second.name == target && (entry.second.leader_alive || entry.second.member_alive);
        }));
    }
    std::uint32_t started(const std::string& target) const {
        const auto found = started_.find(target);
        return found == started_.end() ? 0 : found->second;
    }
    /// The signals that instances of this target were sent, in order.
    const std::vector<int>& signals(const std::string& target) { return signals_[target]; }
    /// The commands of the hooks that were run for this target, in order.
    const std::vector<std::vector<std::string>>& hooks_run(const std::string& target) { return hooks_run_[target]; }

    void start(CommandId id, TargetIndex index, const TargetSpec& target) override {
        const ProcessLife life = next(scripts_, target.name);
        deliver_in(life.starts_in, [this, id, index, name = target.name, life] {
            if (!life.failure.empty()) return sink_(event::StartFinished{id, index, {}, life.failure});
            begin(id, index, name, life);
        });
    }

    void stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) override {
        const auto found = processes_.find(instance.id);
        if (found == processes_.end()) {
            return deliver_in(Duration{0}, [this, id, index] { sink_(event::StopFinished{id, index, {}}); });
        }
        Process& process = found->second;
        const bool first = process.stops.empty();
        process.stops.push_back(id);
        if (first && grace > Duration{0}) ask_to_end(process, signal);
        deliver_in(grace, [this, key = instance.id] { kill(key); });
    }

    void run_hook(CommandId id, TargetIndex index, const TargetSpec& target, const std::vector<std::string>& command,
                  Duration timeout) override {
        hooks_run_[target.name].push_back(command);
        HookLife hook = next(hook_scripts_, target.name);
        if (hook.takes >= timeout) {
            hook = {{ExitStatus::Kind::signal, SIGKILL, {}}, timeout, "did not end within its timeout\n" + hook.output};
        }
        deliver_in(hook.takes, [this, id, index, hook] {
            sink_(event::HookFinished{id, index, hook.status, hook.output});
        });
    }

    bool adopt(TargetIndex index, const TargetSpec&, const Instance& instance) override {
        const auto found = processes_.find(instance.id);
        if (found == processes_.end()) return false;
        Process& process = found->second;
        process.index = index;
        process.watched = true;
        process.adopted = true;
        if (!process.leader_alive) {
            deliver_in(Duration{0}, [this, index, instance] { sink_(event::Exited{index, instance, {}, true}); });
        }
        return true;
    }

  private:
    struct Process {
        TargetIndex index = no_target;
        std::string name;
        Instance instance;
        ProcessLife life;
        bool leader_alive = true;
        bool member_alive = false;
        bool watched = true;
        bool adopted = false;
        std::vector<CommandId> stops;
    };

    template <typename Life>
    static Life next(std::map<std::string, std::deque<Life>>& scripts, const std::string& target) {
        auto& script = scripts[target];
        if (script.empty()) return {};
        Life life = script.front();
        if (script.size() > 1) script.pop_front();
        return life;
    }

    // What an earlier keepwell was waiting for is not delivered to the next one.
    void deliver_in(Duration wait, std::function<void()> work) {
        loop_.at(later(loop_.now(), wait), [this, work = std::move(work), generation = generation_] {
            if (generation == generation_) work();
        });
    }

    Process* living(const std::string& target) {
        const auto found = processes_.find(instance(target).id);
        return found == processes_.end() ? nullptr : &found->second;
    }

    void begin(CommandId id, TargetIndex index, const std::string& name, const ProcessLife& life) {
        const std::int64_t pid = next_pid_++;
        const Instance instance{std::to_string(pid) + "@" + std::to_string(pid * 10), pid};
        processes_[instance.id] = Process{index, name, instance, life, true, life.leaves_member, true, false, {}};
        ++started_[name];
        sink_(event::StartFinished{id, index, instance, {}});
        if (!life.exits_after) return;
        loop_.at(later(loop_.now(), *life.exits_after), [this, key = instance.id, status = life.exit] {
            const auto found = processes_.find(key);
            if (found != processes_.end() && found->second.leader_alive) leader_ends(found->second, status);
        });
    }

    void ask_to_end(Process& process, int signal) {
        signals_[process.name].push_back(signal);
        if (!process.leader_alive || !process.life.stops_in) return;
        deliver_in(*process.life.stops_in, [this, key = process.instance.id, signal] {
            const auto found = processes_.find(key);
            if (found == processes_.end() || !found->second.leader_alive) return;
            leader_ends(found->second, {ExitStatus::Kind::signal, signal, {}});
        });
    }

    void kill(const std::string& key) {
        const auto found = processes_.find(key);
        if (found == processes_.end() || found->second.stops.empty()) return;
        Process& process = found->second;
        signals_[process.name].push_back(SIGKILL);
        if (!process.life.survives.empty()) {
            return loop_.at(later(loop_.now(), Duration{std::chrono::seconds(5)}), [this, key] { give_up(key); });
        }
        process.member_alive = false;
        if (process.leader_alive) return leader_ends(process, {ExitStatus::Kind::signal, SIGKILL, {}});
        finish(process);
    }

    void give_up(const std::string& key) {
        Process& process = processes_.at(key);
        for (const CommandId id : std::exchange(process.stops, {})) {
            sink_(event::StopFinished{id, process.index, process.life.survives});
        }
    }

    void leader_ends(Process& process, const ExitStatus& status) {
        process.leader_alive = false;
        const event::Exited exited{process.index, process.instance, process.adopted ? ExitStatus{} : status,
                                   process.member_alive};
        const bool watched = process.watched;
        finish(process);
        if (watched) sink_(exited);
        answer_stops();
    }

    // Forgets a process of which nothing lives, and keeps its stops to be answered.
    void finish(Process& process) {
        if (process.leader_alive || process.member_alive) return;
        for (const CommandId id : process.stops) answers_.push_back({id, process.index, {}});
        processes_.erase(std::string(process.instance.id));
        if (!answers_.empty()) loop_.post([this] { answer_stops(); });
    }

    void answer_stops() {
        for (const auto& answer : std::exchange(answers_, {})) sink_(answer);
    }

    VirtualLoop& loop_;
    supervisor::EventSink sink_;
    std::map<std::string, std::deque<ProcessLife>> scripts_;
    std::map<std::string, std::deque<HookLife>> hook_scripts_;
    std::map<std::string, Process> processes_;  // by Instance::id
    std::map<std::string, std::uint32_t> started_;
    std::map<std::string, std::vector<int>> signals_;
    std::map<std::string, std::vector<std::vector<std::string>>> hooks_run_;
    std::vector<event::StopFinished> answers_;
    std::int64_t next_pid_ = 1000;
    std::uint64_t generation_ = 0;
};

}  // namespace keepwell::testing
