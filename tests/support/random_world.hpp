// Random policies and random fates of a World, drawn from one number: what property tests play.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "support/world.hpp"

namespace keepwell::testing {

/// A policy and a fate, drawn from one number, so that a failing case is named by it.
struct Case {
    std::uint32_t seed = 0;
};

inline void showValue(const Case& one, std::ostream& out) { out << "seed " << one.seed; }

class Dice {
  public:
    explicit Dice(std::uint32_t seed) : engine_{seed} {}
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    Duration seconds(std::uint32_t from, std::uint32_t to) { return std::chrono::seconds{from + below(to - from + 1)}; }
    template <typename T>
    T pick(std::initializer_list<T> list) {
        return *(list.begin() + below(static_cast<std::uint32_t>(list.size())));
    }

  private:
    std::mt19937 engine_;
};

inline RungAction random_rung(Dice& dice, TargetKind kind) {
    if (kind != TargetKind::process && dice.one_in(2)) return ReplaceRung{};
    switch (dice.below(6)) {
        case 0: return RunRung{5s};
        case 1: return NotifyRung{};
        case 2: return dice.one_in(4) ? RungAction{StopRung{}} : RungAction{RestartRung{}};
        default: return RestartRung{};
    }
}

inline Service random_service(Dice& dice, std::uint32_t index, bool containers = true) {
    Service service{"s" + std::to_string(index)};
    service.restart(
        dice.pick({RestartCondition::any, RestartCondition::any, RestartCondition::on_failure, RestartCondition::none}),
        dice.seconds(0, 5), dice.below(4), dice.one_in(2) ? 0s : dice.seconds(1, 100));
    if (dice.one_in(2)) service.backoff(1.0 + dice.below(3), dice.seconds(1, 60), dice.seconds(1, 20));
    service.quarantine(dice.seconds(10, 60), dice.seconds(60, 600))
        .grace(dice.seconds(0, 5))
        .replicas(1 + dice.below(3));
    if (containers) service.kind = dice.pick({TargetKind::process, TargetKind::container, TargetKind::adopted});
    service.spec.engine_health = service.kind != TargetKind::process;
    if (!dice.one_in(4)) {
        service.spec.engine_health = false;
        service.probed(dice.seconds(1, 10), 1 + dice.below(3), dice.seconds(1, 5));
        if (dice.one_in(2)) service.start_period(dice.seconds(1, 20), dice.seconds(1, 5));
        if (dice.one_in(3)) {  // shorter than the first probe would never be proven
            const Healthcheck& check = *service.spec.healthcheck;
            service.verify(std::max(check.interval, check.start_interval) + dice.seconds(1, 60));
        }
    }
    if (service.spec.healthcheck || service.spec.engine_health) {
        std::vector<RungAction> ladder;
        for (std::uint32_t rung = dice.below(4); rung > 0; --rung) ladder.push_back(random_rung(dice, service.kind));
        service.ladder(ladder);
    }
    if (service.kind == TargetKind::container) {
        UpdateConfig config;
        config.parallelism = dice.below(3);
        config.delay = dice.seconds(0, 20);
        config.monitor = dice.seconds(0, 10);
        config.failure_action = dice.pick({UpdateConfig::FailureAction::pause, UpdateConfig::FailureAction::go_on,
                                           UpdateConfig::FailureAction::rollback});
        service.update(config);
    }
    for (std::uint32_t other = 0; other < index; ++other) {
        if (!dice.one_in(3)) continue;
        const auto condition = dice.pick({DependencyCondition::service_started, DependencyCondition::service_healthy});
        service.after(other, condition, dice.one_in(2), !dice.one_in(4));
    }
    return service;
}

inline Policy random_policy(Dice& dice, bool containers = true) {
    std::vector<Service> services;
    const std::uint32_t count = 1 + dice.below(6);
    for (std::uint32_t i = 0; i < count; ++i) services.push_back(random_service(dice, i, containers));
    for (Service& service : services) {  // service_healthy needs somebody to ask
        for (Dependency& dependency : service.spec.depends_on) {
            const ServiceSpec& other = services[dependency.service].spec;
            if (!other.healthcheck && !other.engine_health) dependency.condition = DependencyCondition::service_started;
        }
    }
    Guard guard;
    if (dice.one_in(2)) guard.max_unhealthy = MaxUnhealthy{dice.one_in(2), dice.below(60)};
    if (dice.one_in(2)) guard.max_parallel = 1 + dice.below(3);
    if (dice.one_in(2)) guard.max_actions = MaxActions{1 + dice.below(4), dice.seconds(10, 100)};
    Policy policy = policy_of(services, guard);
    for (TargetSpec& target : policy.targets) {
        target.version = "1";
        if (target.kind == TargetKind::container) policy.services[target.service].container_version = "1";
    }
    return policy;
}

inline Healthcheck engines_check(Dice& dice) {
    Healthcheck check;
    check.interval = dice.seconds(1, 10);
    check.timeout = 1s;
    check.retries = 1 + dice.below(3);
    return check;
}

inline void random_container(World::Behaviour& behaviour, Dice& dice) {
    behaviour.leaves_something = false;
    if (!dice.one_in(4)) behaviour.engines_check = engines_check(dice);
    behaviour.engine_asks = true;
    behaviour.engine_restarts = dice.one_in(4);
    behaviour.stop_removes = dice.one_in(6);
    behaviour.outdated = dice.one_in(3);
    behaviour.shares_namespace = dice.one_in(4);
    if (dice.one_in(5)) behaviour.replace_failure = "no such image";
    behaviour.never_answers_replacements = dice.one_in(20);
    behaviour.replace_takes = dice.seconds(0, 20);
    behaviour.settle_takes = dice.seconds(0, 20);
}

/// What the container engine may tell at any time. What it told last is true: no target has two lives.
inline void container_happens(World& world, const std::string& name, std::uint32_t kind) {
    const engine::Target& target = world.target(name);
    const bool in_command =
        target.start_id || target.stop_id || target.container.replace_id || target.container.settle_id;
    if (in_command || !target.container.seen) return;
    if (target.phase == Phase::running && target.instance.exists()) {
        const Instance instance = target.instance;
        switch (kind % 5) {
            case 0: return world.container_exits(name, event::Successor::nobody);
            case 1: return world.container_exits(name, event::Successor::engine);
            case 2: return world.freezes(name, !target.container.frozen);
            case 3: return world.reports(name, Health::unknown);
            default: return world.container_exits(name);
        }
    }
    if (kind % 3 == 0) return world.absent(name, kind % 2 == 0);
    if (target.container.engine_is_restarting && kind % 3 == 1) {
        return world.give(event::Exited{
            world.index(name), target.instance, {ExitStatus::Kind::code, 1, {}}, false, event::Successor::keepwell});
    }
    if (target.phase != Phase::starting && target.phase != Phase::stopping) {
        world.found(name, world.container(name, 1, static_cast<int>(world.now.time_since_epoch() / 1ms) + 1000));
    }
}

/// Containers run, are dead or do not exist as keepwell begins.
inline void begin(World& world, Dice& dice) {
    world.begin();
    for (const TargetSpec& target : world.engine.policy().targets) {
        if (!is_container(target)) continue;
        if (dice.one_in(3)) {
            world.absent(target.name, dice.one_in(2));
        } else {
            world.found(target.name, world.container(target.name));
        }
    }
    world.backend_found();
}

/// Everything goes wrong now and then.
inline void random_fate(World& world, Dice& dice) {
    const auto& targets = world.engine.policy().targets;
    for (const TargetSpec& target : targets) {
        World::Behaviour& behaviour = world.of(target.name);
        behaviour.answer = [own = Dice{dice.below(1u << 31)}, sick = dice.below(10)](World&) mutable {
            const std::uint32_t roll = own.below(10);
            if (roll >= sick) return pass();
            return roll == 0 ? cannot_ask() : roll == 1 ? hang(2s) : fail();
        };
        if (dice.one_in(3)) behaviour.lives = dice.seconds(1, 60);
        behaviour.exit.value = static_cast<int>(dice.below(3));
        behaviour.stop_takes = dice.seconds(0, 6);
        behaviour.start_takes = dice.one_in(4) ? dice.seconds(0, 70) : Duration{0};
        behaviour.leaves_something = dice.one_in(4);
        behaviour.hook_exit = static_cast<int>(dice.below(2));
        behaviour.hook_takes = dice.seconds(0, 20);
        if (dice.one_in(6)) behaviour.start_failure = "no such file";
        if (is_container(target)) random_container(behaviour, dice);
    }
    const auto count = static_cast<std::uint32_t>(targets.size());
    for (std::uint32_t i = dice.below(30); i > 0; --i) {
        const std::string name = targets[dice.below(count)].name;
        const auto verb = dice.pick({event::Verb::start, event::Verb::stop, event::Verb::restart, event::Verb::pause,
                                     event::Verb::resume, event::Verb::reset, event::Verb::replace});
        const ServiceIndex service = world.engine.policy().targets[dice.below(count)].service;
        const bool open = dice.one_in(2);
        const std::uint32_t kind = dice.below(4);
        const std::uint32_t what = dice.below(60);
        world.at(dice.seconds(0, 600), [=](World& now) {
            if (!now.engine.find(name)) return;  // a reload has removed it
            if (kind == 3 && what == 0) return now.backend_lost();
            if (kind == 3 && what < 5) return now.backend_found();
            if (is_container(now.engine.policy().targets[now.index(name)]) && kind >= 2) {
                return container_happens(now, name, what);
            }
            if (kind == 0) return now.operate(verb, name);
            if (kind == 1) return now.give(event::Maintenance{service, open, open ? never : never});
            if (now.target(name).phase == Phase::running && now.target(name).instance.exists()) now.exit(name);
        });
    }
}

}  // namespace keepwell::testing
