// Events are sorted: completions, lives, answers, and what came from outside.
#include "simulation/replay/recorded_world.hpp"

#include <utility>

namespace keepwell::simulation {

CommandId id_of(const Command& command) {
    return std::visit(
        [](const auto& one) -> CommandId {
            if constexpr (requires { one.id; }) return one.id;
            return 0;
        },
        command);
}

RecordedTarget& WorldRecorder::of(TargetIndex target, const engine::Engine& engine) {
    return world_.targets[engine.policy().targets[target].name];
}

/// The number of the life that this is, the last one of the instance; a new one when it is not known.
std::size_t WorldRecorder::life_of(RecordedTarget& target, const Instance& instance, Instant at) {
    for (std::size_t life = target.lives.size(); life-- > 0;) {
        if (target.lives[life].instance == instance) return life;
    }
    return begin_life(target, instance, at);
}

/// The number of the life that the target lives from now on; a new one but for the instance that it has already.
std::size_t WorldRecorder::begin_life(RecordedTarget& target, const Instance& instance, Instant at) {
    if (!(target.lives.back().instance == instance)) target.lives.push_back({instance, at, {}, {}, {}, false});
    return target.lives.size() - 1;
}

template <typename Finished>
std::optional<Duration> WorldRecorder::took(const Finished& finished, Instant at) {
    const auto asked = asked_.find(finished.id);
    if (asked == asked_.end()) return std::nullopt;
    const Duration length = at - asked->second;
    asked_.erase(asked);
    return length;
}

/// Where each event belongs.
struct WorldRecorder::Sort {
    WorldRecorder& self;
    const Event& event;
    Instant at;
    const engine::Engine& engine;

    std::string name(TargetIndex target) const {
        return target == no_target ? std::string{} : engine.policy().targets[target].name;
    }

    void outside(TargetIndex target, std::size_t life = 0) const {
        std::string service;
        if (const auto* maintenance = std::get_if<event::Maintenance>(&event)) {
            service = engine.policy().services[maintenance->service].name;
        } else if (target < engine.policy().targets.size()) {
            service = engine.service_of(target).name;
        }
        self.world_.outside.push_back({at, name(target), std::move(service), event, life});
    }

    bool lives_now(TargetIndex target, const Instance& instance) const {
        const Instance& now = self.of(target, engine).lives.back().instance;
        return now.exists() && now == instance;
    }

    std::size_t begin_life(TargetIndex target, const Instance& instance) const {
        return instance.exists() ? self.begin_life(self.of(target, engine), instance, at) : std::size_t{0};
    }

    /// Told of the life that it lives belongs to that; of another one it comes from outside.
    template <typename Told>
    void of_life(const Told& told) const {
        if (!lives_now(told.target, told.instance)) return outside(told.target);
        self.of(told.target, engine).lives.back().happened.emplace_back(at, event);
    }

    void operator()(const event::Restored& restored) const {
        outside(restored.target, begin_life(restored.target, restored.memory.instance));
    }
    void operator()(const event::Begin&) const { outside(no_target); }
    void operator()(const event::Tick&) const {}
    void operator()(const event::StartFinished& finished) const {
        const auto took = self.took(finished, at);
        if (!took) return;
        const std::size_t life = begin_life(finished.target, finished.instance);
        self.of(finished.target, engine).starts.push_back({*took, finished, life});
    }
    void operator()(const event::StopFinished& finished) const {
        self.stopping_.erase(name(finished.target));
        const auto took = self.took(finished, at);
        if (took) self.of(finished.target, engine).stops.push_back({*took, finished, 0});
    }
    void operator()(const event::Exited& exited) const {
        RecordedTarget& target = self.of(exited.target, engine);
        const std::size_t number = self.life_of(target, exited.instance, at);
        RecordedLife& life = target.lives[number];
        life.exit = {at, exited};
        life.ended_by_keepwell = self.stopping_.count(name(exited.target)) > 0;
    }
    void operator()(const event::ProbeFinished& answer) const {
        const engine::Target& target = engine.target(answer.target);
        if (target.probe_id != answer.id) return;  // too late
        self.of(answer.target, engine)
            .lives.back()
            .answers.push_back({target.probe_started, at, answer.outcome, answer.exit_code, answer.output});
    }
    void operator()(const event::HookFinished& finished) const {
        const auto took = self.took(finished, at);
        if (took) self.of(finished.target, engine).hooks.push_back({*took, finished, 0});
    }
    void operator()(const event::BackendLost&) const { outside(no_target); }
    void operator()(const event::BackendFound&) const { outside(no_target); }
    void operator()(const event::TargetJoined& joined) const {
        self.world_.outside.push_back(
            {at, joined.spec->name,
             joined.service ? joined.service->name : engine.policy().services[joined.spec->service].name, event, 0});
    }
    void operator()(const event::TargetLeft& left) const { outside(left.target); }
    void operator()(const event::Found& found) const {
        if (lives_now(found.target, found.instance)) return of_life(found);
        outside(found.target, begin_life(found.target, found.instance));
    }
    void operator()(const event::Absent& absent) const { outside(absent.target); }
    void operator()(const event::Frozen& frozen) const { of_life(frozen); }
    void operator()(const event::HealthReported& reported) const { of_life(reported); }
    void operator()(const event::ReplaceFinished& finished) const {
        const auto took = self.took(finished, at);
        if (!took) return;
        const std::size_t life = begin_life(finished.target, finished.instance);
        self.of(finished.target, engine).replaces.push_back({*took, finished, life});
    }
    void operator()(const event::SettleFinished& finished) const {
        const auto took = self.took(finished, at);
        const bool stays = lives_now(finished.target, finished.instance);
        const std::size_t life = stays ? std::size_t{0} : begin_life(finished.target, finished.instance);
        if (took) self.of(finished.target, engine).settles.push_back({*took, finished, life});
    }
    void operator()(const event::StepTaken&) const {}
    void operator()(const event::OrphanSeen&) const { outside(no_target); }
    void operator()(const event::DiscardFinished&) const {}
    void operator()(const event::PolicyChanged& changed) const {
        if (changed.policy) self.know(*changed.policy, at);
        outside(no_target);
    }
    void operator()(const event::Maintenance&) const { outside(no_target); }
    void operator()(const event::Operated& operated) const { outside(operated.target); }
    void operator()(const event::Shutdown&) const { outside(no_target); }
};

void WorldRecorder::happens(const Event& event, Instant at, const engine::Engine& engine) {
    auto& moments = world_.moments;
    if (moments.empty()) know(engine.policy(), Instant::min());
    if (moments.empty() || moments.back() < at) moments.push_back(at);
    world_.end = at;
    std::visit(Sort{*this, event, at, engine}, event);
}

void WorldRecorder::asked(const Command& command, Instant at, const engine::Engine& engine) {
    const bool of_probes =
        std::holds_alternative<command::RunProbe>(command) || std::holds_alternative<command::CancelProbe>(command);
    if (!of_probes) asked_[id_of(command)] = at;
    if (const auto* stop = std::get_if<command::Stop>(&command)) {
        stopping_[engine.policy().targets[stop->target].name] = true;
    }
}

/// Those of its targets that were not there before have come now.
void WorldRecorder::know(const Policy& policy, Instant since) {
    for (const TargetSpec& target : policy.targets) {
        const auto [place, is_new] = world_.targets.try_emplace(target.name);
        if (is_new) place->second.since = since;
    }
}

RecordedWorld WorldRecorder::take(const Policy& policy) {
    know(policy, Instant::min());
    return std::move(world_);
}

}  // namespace keepwell::simulation
