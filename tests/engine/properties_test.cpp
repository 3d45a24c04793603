// What holds for every policy and every timeline: random worlds are played against random policies.
// RC_PARAMS sets the number of cases and the seed (./dev properties).
#include <gtest/gtest.h>
#include <rapidcheck.h>

// rapidcheck's own header needs both before it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "support/random_world.hpp"

namespace keepwell::testing {
namespace {

/// Other rules for a service, or its instances made of something else.
void vary(ServiceSpec& service, TargetSpec& target, Dice& dice) {
    service.version += "+";
    if (dice.one_in(2)) target.version += "+";
    if (target.kind == TargetKind::container && dice.one_in(2)) service.container_version += "+";
    if (dice.one_in(4)) target.question += "+";
    if (service.healthcheck && !service.verify && dice.one_in(2)) service.healthcheck->interval = dice.seconds(1, 10);
    if (dice.one_in(4)) service.on_unhealthy.resize(std::min<std::size_t>(service.on_unhealthy.size(), 1));
}

/// The same services with other entries and other numbers of slots. The guard and what may restart how often stay.
Policy varied(Policy policy, Dice& dice) {
    policy.version += "+";
    std::deque<TargetSpec> targets;
    for (ServiceIndex service = 0; service < policy.services.size(); ++service) {
        ServiceSpec& spec = policy.services[service];
        const auto is_its = [service](const TargetSpec& one) { return one.service == service; };
        TargetSpec target = *std::find_if(policy.targets.begin(), policy.targets.end(), is_its);
        auto slots = static_cast<std::uint32_t>(std::count_if(policy.targets.begin(), policy.targets.end(), is_its));
        if (dice.one_in(3)) slots = 1 + dice.below(3);
        if (dice.one_in(2)) vary(spec, target, dice);
        target.hooks.resize(spec.on_unhealthy.size());
        for (target.slot = 1; target.slot <= slots; ++target.slot) {
            target.name = slots == 1 ? spec.name : spec.name + "." + std::to_string(target.slot);
            targets.push_back(target);
        }
    }
    policy.targets = std::move(targets);
    return policy;
}

/// Now and then a person has another policy followed.
void random_reloads(World& world, Dice& dice) {
    Policy next = world.engine.policy();
    for (std::uint32_t i = dice.below(4); i > 0; --i) {
        next = varied(std::move(next), dice);
        world.at(dice.seconds(0, 600), [next](World& now) {
            if (!now.engine.shutting_down()) now.reload(next);
        });
    }
}

void fate_with_reloads(World& world, Dice& dice) {
    world.tells = false;
    random_fate(world, dice);
    random_reloads(world, dice);
}

/// Everything is well from now on.
void healed(World& world) {
    for (const TargetSpec& target : world.engine.policy().targets) {
        if (!world.engine.find(target.name)) continue;
        World::Behaviour& behaviour = world.of(target.name);
        const auto check = behaviour.engines_check;
        behaviour = World::Behaviour{};
        behaviour.engines_check = check;
        behaviour.engine_asks = true;
        const engine::Target& now = world.target(target.name);
        if (now.container.frozen) world.freezes(target.name, false);
    }
    world.backend_found();
    for (const TargetSpec& target : world.engine.policy().targets) {
        if (!world.engine.find(target.name)) continue;
        if (world.target(target.name).phase == Phase::running) world.asks_anew(target.name);
    }
    for (ServiceIndex service = 0; service < world.engine.policy().services.size(); ++service) {
        world.give(event::Maintenance{service, false, never});
    }
    world.operate_all(event::Verb::resume);
}

/// A target and the last that was said of it, for a failing case.
std::string story_of(const World& world, TargetIndex index) {
    const std::string name = world.engine.policy().targets[index].name;
    std::vector<std::string> lines;
    for (const auto& [at, fact] : world.facts) {
        if (fact.target == index) lines.push_back(trace_line(world.engine.policy(), fact, at));
    }
    std::string text = name + "\n";
    for (std::size_t i = lines.size() > 15 ? lines.size() - 15 : 0; i < lines.size(); ++i) text += lines[i] + "\n";
    return text;
}

std::uint32_t active_ladders(const World& world) {
    std::uint32_t active = 0;
    for (const engine::Target& target : world.engine.targets()) {
        const bool busy = target.remediation == Remediation::acting || target.remediation == Remediation::verifying;
        if (target.by_ladder && busy) ++active;
    }
    return active;
}

/// Nothing waits without something that will end the waiting: a timer, an answer, or a gate that is named.
std::string stuck(const World& world, TargetIndex index) {
    const engine::Target& target = world.engine.target(index);
    const bool probed = world.engine.service_of(index).healthcheck.has_value();
    const bool ending = target.stop_id != 0 || !target.strays.empty();
    const engine::ContainerState& container = target.container;
    const bool replaced = container.replace_id != 0 || container.settle_id != 0;
    const bool awaited = ending || replaced || target.start_id != 0 || target.hook_id != 0;
    const bool on_its_way = awaited || target.start_at != never;
    const engine::HoldState& hold = target.hold;
    if (awaited && target.command_overdue == never) return "a command without a guard";
    if (!awaited && target.command_overdue != never) return "a guard without a command";
    if (target.phase == Phase::starting && !target.start_id && !replaced) return "starting, and no start";
    if (target.phase == Phase::stopping && !target.stop_id && !target.start_id && !replaced)
        return "stopping, and no stop";
    const bool out_of_reach = !world.backend_is_there() || container.frozen;
    if (is_container(world.engine.policy().targets[index]) && out_of_reach) return "";
    if (target.leaving) return "";  // it is not asked any more, and waits for those that depend on it
    if (probed && target.phase == Phase::running && !target.probe_id && target.probe_at == never) return "not probed";
    if (target.probe_id && target.probe_overdue == never) return "a probe without a guard";
    const bool unproven = target.incident != 0 && target.phase == Phase::running && target.instance.exists();
    const bool engines = world.engine.service_of(index).engine_health && container.healthcheck;
    if (!probed && !engines && unproven && target.proven_at == never) return "an incident without an end";
    if (hold.active && hold.until != never && hold.until > world.now && hold.reason != Hold::maintenance &&
        target.start_at == never && target.hold_until == never)
        return "a hold without its end";
    switch (target.remediation) {
        case Remediation::idle:
            return target.phase != Phase::backoff || on_its_way || hold.active || container.engine_is_restarting
                       ? ""
                       : "dead and idle";
        case Remediation::due: return ending || replaced ? "" : "due, and neither held nor done";
        case Remediation::held: return hold.active ? "" : "held without a reason";
        case Remediation::acting: return on_its_way ? "" : "acting, and nothing is under way";
        case Remediation::verifying:
            return !target.by_ladder || target.verify_until != never || target.proven_at != never || replaced
                       ? ""
                       : "verified for ever";
        case Remediation::quarantined: return target.retry_at != never ? "" : "quarantined for ever";
    }
    return "";
}

/// The timer that is armed is that of the target which comes first.
bool timer_is_right(const World& world) {
    Instant first = never;
    for (const engine::Target& one : world.engine.targets()) {
        first = std::min({first, one.probe_at, one.probe_overdue, one.command_overdue, one.start_at, one.verify_until,
                          one.retry_at, one.proven_at, one.hold_until});
    }
    return first == world.engine.next_deadline();
}

void check_rest(const World& world) {
    for (TargetIndex index = 0; index < world.engine.targets().size(); ++index) {
        const engine::Target& target = world.engine.target(index);
        const bool waits_for_a_person = target.phase == Phase::backoff && (target.hold.reason == Hold::dependency ||
                                                                           target.container.engine_is_restarting);
        const bool at_rest = target.phase == Phase::running || target.phase == Phase::stopped ||
                             target.phase == Phase::completed || target.phase == Phase::waiting || waits_for_a_person;
        if (!at_rest) RC_LOG() << story_of(world, index);
        RC_ASSERT(at_rest);
        const bool held_back = target.hold.active && target.hold.reason == Hold::dependency;
        if (target.phase != Phase::running || held_back) continue;
        const ServiceSpec& service = world.engine.service_of(index);
        const bool asked = service.healthcheck || (service.engine_health && target.container.healthcheck);
        const bool well = target.incident == 0u && target.remediation == Remediation::idle &&
                          target.shown_health == (asked ? Health::healthy : Health::none);
        if (!well) RC_LOG() << story_of(world, index);
        RC_ASSERT(well);
    }
    RC_ASSERT(!world.engine.storm());
}

std::vector<std::string> play(const Case& one, Duration length) {
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    world.tells = true;
    begin(world, dice);
    world.run_until(length);
    return world.trace;
}

/// KEEPWELL_CASE=SEED in the environment plays that one alone.
rc::Gen<Case> any_case() {
    if (const char* seed = std::getenv("KEEPWELL_CASE")) {
        return rc::gen::just(Case{static_cast<std::uint32_t>(std::stoul(seed))});
    }
    return rc::gen::map(rc::gen::arbitrary<std::uint32_t>(), [](std::uint32_t seed) { return Case{seed}; });
}

RC_GTEST_PROP(Always, no_second_instance_no_id_twice_nothing_impossible, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    RC_ASSERT(world.violations.empty());
}

RC_GTEST_PROP(Always, a_remedy_starts_only_after_it_was_due_with_a_reason, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    std::map<TargetIndex, fact::RemedyDue> due;
    for (const auto& [at, fact] : world.facts) {
        if (const auto* one_due = std::get_if<fact::RemedyDue>(&fact.body)) due[fact.target] = *one_due;
        const auto* started = std::get_if<fact::RemedyStarted>(&fact.body);
        if (!started) continue;
        RC_ASSERT(due.count(fact.target) == 1u);
        RC_ASSERT(due[fact.target].remedy == started->remedy);
        RC_ASSERT(due[fact.target].reason == started->reason);
        RC_ASSERT(started->reason != Reason::none);
    }
}

/// A rung of a ladder, which asks the guard. The others follow an exit, a person, a dependency or a changed entry.
bool is_of_ladder(const fact::RemedyStarted& started) {
    constexpr Reason others[] = {Reason::exited,    Reason::start_failed, Reason::overdue, Reason::dependency_healed,
                                 Reason::half_open, Reason::operated,     Reason::changed, Reason::update_failed};
    return std::find(std::begin(others), std::end(others), started.reason) == std::end(others);
}

bool starts_of_ladder(const std::pair<Instant, Fact>& noted) {
    const auto* started = std::get_if<fact::RemedyStarted>(&noted.second.body);
    return started && is_of_ladder(*started);
}

bool ends_a_storm(const std::pair<Instant, Fact>& noted) {
    const auto* resolved = std::get_if<fact::AlertResolved>(&noted.second.body);
    return resolved && resolved->alert == "storm";
}

RC_GTEST_PROP(Always, no_gate_of_the_guard_is_exceeded, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    const Guard guard = world.engine.policy().guard;
    bool parallel_kept = true;
    bool storm_kept = true, was_storm = false;
    std::size_t seen = 0;
    world.after_each_event = [&](World& now) {
        if (guard.max_parallel) parallel_kept = parallel_kept && active_ladders(now) <= *guard.max_parallel;
        const auto news = now.facts.begin() + static_cast<std::ptrdiff_t>(std::exchange(seen, now.facts.size()));
        const bool lasts = std::exchange(was_storm, now.engine.storm()) && now.engine.storm() &&
                           std::none_of(news, now.facts.end(), ends_a_storm);
        storm_kept = storm_kept && !(lasts && std::any_of(news, now.facts.end(), starts_of_ladder));
    };
    begin(world, dice);
    world.run_until(20min);
    RC_ASSERT(parallel_kept);
    RC_ASSERT(storm_kept);
    if (!guard.max_actions) return;
    std::vector<Instant> actions;
    for (const auto& [at, fact] : world.facts) {
        const auto* started = std::get_if<fact::RemedyStarted>(&fact.body);
        if (started && started->remedy != Remedy::notify && is_of_ladder(*started)) actions.push_back(at);
    }
    for (std::size_t i = guard.max_actions->count; i < actions.size(); ++i) {
        RC_ASSERT(actions[i] - actions[i - guard.max_actions->count] >= guard.max_actions->per);
    }
}

RC_GTEST_PROP(Always, state_stays_bounded, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    bool bounded = true;
    world.after_each_event = [&](World& now) {
        for (TargetIndex index = 0; index < now.engine.targets().size(); ++index) {
            const engine::Target& target = now.engine.target(index);
            bounded = bounded && target.history.size() <= now.engine.service_of(index).restart.max_attempts;
            bounded = bounded && target.health.log.size() <= kept_results && target.strays.size() <= 2;
        }
    };
    begin(world, dice);
    world.run_until(20min);
    RC_ASSERT(bounded);
}

RC_GTEST_PROP(Always, the_same_input_gives_the_same_output, ()) {
    const Case one = *any_case();
    RC_ASSERT(play(one, 10min) == play(one, 10min));
}

RC_GTEST_PROP(Always, a_healed_world_comes_to_rest, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    healed(world);
    world.run_until(20min + 2h);
    const std::size_t said = world.facts.size();
    world.run_until(20min + 4h);
    RC_ASSERT(world.facts.size() == said);
    check_rest(world);
}

RC_GTEST_PROP(Always, nothing_waits_for_what_does_not_come, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    std::string found;
    world.after_each_event = [&](World& now) {
        for (TargetIndex index = 0; index < now.engine.targets().size() && found.empty(); ++index) {
            const std::string what = stuck(now, index);
            if (!what.empty()) found = what + " at " + moment(now.now) + ": " + story_of(now, index);
        }
        if (found.empty() && !timer_is_right(now)) found = "a timer is not armed at " + moment(now.now);
    };
    begin(world, dice);
    world.run_until(20min);
    RC_LOG() << found;
    RC_ASSERT(found.empty());
}

RC_GTEST_PROP(Always, incidents_alternate_and_count_up, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    std::map<TargetIndex, IncidentId> open;
    IncidentId last = 0;
    for (const auto& [at, fact] : world.facts) {
        if (const auto* opened = std::get_if<fact::IncidentOpened>(&fact.body)) {
            RC_ASSERT(open[fact.target] == 0u);
            RC_ASSERT(opened->incident == ++last);
            RC_ASSERT(opened->reason != Reason::none);
            open[fact.target] = opened->incident;
        }
        if (fact.target != no_target) RC_ASSERT(fact.incident == open[fact.target]);
        if (const auto* closed = std::get_if<fact::IncidentClosed>(&fact.body)) {
            RC_ASSERT(closed->incident == open[fact.target]);
            RC_ASSERT(closed->reason != Reason::none);
            open[fact.target] = 0;
        }
    }
}

RC_GTEST_PROP(Always, a_hold_is_recorded_once_for_each_reason, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    std::map<TargetIndex, std::optional<fact::RemedyHeld>> last;
    for (const auto& [at, fact] : world.facts) {
        const auto* held = std::get_if<fact::RemedyHeld>(&fact.body);
        if (!held) {
            if (std::holds_alternative<fact::PolicyReloaded>(fact.body)) last.clear();
            const bool new_cause = std::holds_alternative<fact::RemedyDue>(fact.body) ||
                                   std::holds_alternative<fact::OperatorActed>(fact.body) ||
                                   std::holds_alternative<fact::PhaseChanged>(fact.body);
            if (new_cause) last[fact.target].reset();
            continue;
        }
        const auto& before = last[fact.target];
        if (held->attempt == 0) continue;  // an update, which waits again after whatever else was done to the target
        const bool twice = before && before->reason == held->reason && before->would == held->would;
        if (twice) RC_LOG() << moment(at) << " " << story_of(world, fact.target);
        RC_ASSERT(!twice);
        last[fact.target] = *held;
    }
}

RC_GTEST_PROP(Always, a_remedy_that_was_started_is_finished_or_overtaken_before_the_next_one, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    std::map<TargetIndex, bool> open;
    for (const auto& [at, fact] : world.facts) {
        if (std::holds_alternative<fact::PolicyReloaded>(fact.body)) open.clear();
        const bool overtaken = std::holds_alternative<fact::IncidentClosed>(fact.body) ||
                               std::holds_alternative<fact::OperatorActed>(fact.body) ||
                               std::holds_alternative<fact::PhaseChanged>(fact.body);
        if (overtaken || std::holds_alternative<fact::RemedyFinished>(fact.body)) {
            const auto* phase = std::get_if<fact::PhaseChanged>(&fact.body);
            const bool part_of_it = phase && (phase->to == Phase::stopping || phase->to == Phase::starting ||
                                              phase->to == Phase::running || phase->reason == Reason::remedy);
            if (!part_of_it) open[fact.target] = false;
        }
        if (!std::holds_alternative<fact::RemedyStarted>(fact.body)) continue;
        if (open[fact.target]) RC_LOG() << story_of(world, fact.target);
        RC_ASSERT(!open[fact.target]);
        open[fact.target] = true;
    }
}

RC_GTEST_PROP(Always, restarts_never_exceed_the_attempts_of_the_policy, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(20min);
    Instant reloaded = Instant::min();
    std::map<TargetIndex, std::vector<Instant>> counted;
    std::map<TargetIndex, Instant> due;
    for (const auto& [at, fact] : world.facts) {
        if (std::holds_alternative<fact::PolicyReloaded>(fact.body)) {  // what changed has no history
            counted.clear();
            reloaded = at;
        }
        const auto* alert = std::get_if<fact::AlertResolved>(&fact.body);
        const bool fresh =
            std::holds_alternative<fact::OperatorActed>(fact.body) || (alert && alert->alert == "quarantined");
        if (fresh) counted[fact.target].clear();
        if (std::holds_alternative<fact::RemedyDue>(fact.body)) due[fact.target] = at;
        const auto* started = std::get_if<fact::RemedyStarted>(&fact.body);
        const bool counts = started && started->remedy == Remedy::restart && started->reason != Reason::half_open &&
                            started->reason != Reason::dependency_healed && started->reason != Reason::changed;
        if (!counts) continue;
        const RestartPolicy& policy = world.engine.service_of(fact.target).restart;
        if (policy.max_attempts == 0) continue;
        const bool after_exit = started->reason == Reason::exited || started->reason == Reason::start_failed ||
                                started->reason == Reason::overdue;
        const Instant when = after_exit ? due[fact.target] : at;
        const auto inside = [&](Instant one_at) {
            return one_at < when && (policy.window == 0s || when - one_at < policy.window);
        };
        if (when <= reloaded) continue;
        auto& earlier = counted[fact.target];
        const auto used = std::count_if(earlier.begin(), earlier.end(), inside);
        if (used >= policy.max_attempts) RC_LOG() << story_of(world, fact.target);
        RC_ASSERT(used < policy.max_attempts);
        earlier.push_back(when);
    }
}

RC_GTEST_PROP(Always, containers_outlive_keepwell_untouched, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    fate_with_reloads(world, dice);
    world.tells = true;
    begin(world, dice);
    world.run_until(5min);
    const auto for_containers = [&world] {
        const auto& targets = world.engine.policy().targets;
        return std::count_if(world.commands.begin(), world.commands.end(), [&targets](const std::string& line) {
            return std::any_of(targets.begin(), targets.end(), [&line](const TargetSpec& target) {
                return is_container(target) && line.ends_with(" " + target.name);
            });
        });
    };
    const auto before = for_containers();
    world.shutdown();
    world.run_until(30min);
    RC_ASSERT(world.engine.finished());
    RC_ASSERT(for_containers() == before);
}

RC_GTEST_PROP(Always, keepwells_end_completes_every_command_and_leaves_no_process_alive, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice, false)};
    fate_with_reloads(world, dice);
    begin(world, dice);
    world.run_until(5min);
    world.shutdown();
    world.run_until(30min);
    RC_ASSERT(world.engine.finished());
    RC_ASSERT(world.open_commands() == 0u);
    for (TargetIndex index = 0; index < world.engine.targets().size(); ++index) RC_ASSERT(world.living(index) == 0u);
    RC_ASSERT(world.engine.next_deadline() == never);
}

/// What a keepwell that starts now would read.
Policy without_those_that_left(const World& world) {
    Policy policy = world.engine.policy();
    std::erase_if(policy.targets, [&world](const TargetSpec& target) {
        const auto index = world.engine.find(target.name);
        return !index || world.engine.target(*index).leaving;
    });
    return policy;
}

/// The keepwell that starts when this one has been killed.
std::unique_ptr<World> next_keepwell(World& world) {
    auto next = std::make_unique<World>(without_those_that_left(world));
    next->now = world.now;
    for (const TargetSpec& target : next->engine.policy().targets) {
        TargetMemory memory = world.engine.memory(world.index(target.name));
        if (world.living(target.name) == 0) memory.instance = {};
        next->restore(target.name, memory);
    }
    next->begin();
    return next;
}

void expect_the_same_lives(const World& one, const World& other) {
    for (const TargetSpec& target : other.engine.policy().targets) {
        const engine::Target& before = one.target(target.name);
        const engine::Target& after = other.target(target.name);
        if (before.phase != Phase::running || after.phase != Phase::running || before.final_stop) continue;
        RC_ASSERT(before.instance == after.instance);
        RC_ASSERT(before.health.answered == after.health.answered);
        RC_ASSERT(before.incident == after.incident);
        RC_ASSERT(before.restarts == after.restarts);
    }
}

/// Some of what runs ends by itself, and time goes on.
void some_end(World& world, Dice& dice) {
    for (const TargetSpec& target : world.engine.policy().targets) {
        const bool runs = world.target(target.name).phase == Phase::running && world.living(target.name) > 0;
        if (runs && !is_container(target) && dice.one_in(2)) world.exit(target.name);
    }
    world.run_until(world.now.time_since_epoch() + dice.seconds(0, 100));
}

RC_GTEST_PROP(Always, restarts_of_keepwell_at_any_moment_double_nothing, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    auto world = std::make_unique<World>(random_policy(dice));
    fate_with_reloads(*world, dice);
    begin(*world, dice);
    world->run_until(dice.seconds(0, 600));
    for (int kills = 0; kills < 3; ++kills) {
        auto next = next_keepwell(*world);
        expect_the_same_lives(*world, *next);
        world = std::move(next);
        some_end(*world, dice);
    }
    world->operate_all(event::Verb::resume);
    world->run_until(3h);
    if (!world->violations.empty()) RC_LOG() << world->violations.front();
    RC_ASSERT(world->violations.empty());
    check_rest(*world);
}

RC_GTEST_PROP(Always, dry_run_decides_the_same_up_to_each_targets_first_held_remedy, ()) {
    // Each target alone: what is held for one changes what the others see.
    const Case one = *any_case();
    Dice dice{one.seed};
    const Policy policy = policy_of({random_service(dice, 0).replicas(1)});
    const std::uint32_t sick = dice.below(8), fate = dice.below(1u << 31);
    const auto play_in = [&](Mode mode) {
        Policy mine = policy;
        mine.mode = mode;
        World world{mine};
        world.of("s0").answer = [own = Dice{fate}, sick](World&) mutable {
            return own.below(10) < sick ? fail() : pass();
        };
        Dice same = dice;
        begin(world, same);
        world.run_until(10min);
        std::vector<std::string> decided;
        for (const auto& [at, fact] : world.facts) {
            const auto* held = std::get_if<fact::RemedyHeld>(&fact.body);
            const bool remedy =
                std::holds_alternative<fact::RemedyStarted>(fact.body) || (held && held->would != Remedy::start);
            if (remedy) break;
            const bool of_host = fact.target == no_target;
            const bool start = of_host || held || std::holds_alternative<fact::PhaseChanged>(fact.body);
            if (!start) decided.push_back(trace_line(mine, fact, at));
        }
        return decided;
    };
    RC_ASSERT(play_in(Mode::enforce) == play_in(Mode::dry_run));
}

/// The same names with other entries: some are gone, some are new, some are something else.
Policy version_of_policy(Dice& dice, std::uint32_t number) {
    Policy policy = random_policy(dice);
    policy.version = "p" + std::to_string(number);
    if (dice.one_in(4)) policy.mode = Mode::dry_run;
    for (ServiceSpec& service : policy.services) service.version = policy.version;
    for (TargetSpec& target : policy.targets) target.version = dice.pick({"a", "b"});
    return policy;
}

RC_GTEST_PROP(Always, a_reload_at_any_moment_doubles_nothing_and_comes_to_rest, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{version_of_policy(dice, 1)};
    random_fate(world, dice);
    world.tells = false;
    for (std::uint32_t number = 2; number < 5; ++number) {
        const Policy next = version_of_policy(dice, number);
        world.at(dice.seconds(0, 600), [next](World& now) { now.reload(next); });
    }
    std::string found;
    world.after_each_event = [&](World& now) {
        for (TargetIndex index = 0; index < now.engine.targets().size() && found.empty(); ++index) {
            const std::string what = stuck(now, index);
            if (!what.empty()) found = what + " at " + moment(now.now) + ": " + story_of(now, index);
        }
        if (found.empty() && !timer_is_right(now)) found = "a timer is not armed at " + moment(now.now);
    };
    begin(world, dice);
    world.run_until(15min);
    Policy last = version_of_policy(dice, 5);
    last.mode = Mode::enforce;
    world.reload(last);
    healed(world);
    world.run_until(15min + 2h);
    RC_LOG() << found;
    RC_ASSERT(found.empty());
    RC_ASSERT(world.violations.empty());
    check_rest(world);
    for (TargetIndex index = 0; index < world.engine.targets().size(); ++index) {
        const engine::Target& target = world.engine.target(index);
        RC_ASSERT(!target.leaving);
        const bool process = !is_container(world.engine.policy().targets[index]);
        if (process) RC_ASSERT(world.living(index) == (target.instance.exists() ? 1u : 0u));
    }
}

RC_GTEST_PROP(Always, a_reload_of_the_same_policy_changes_nothing_at_all, ()) {
    const Case one = *any_case();
    const auto play_it = [&one](bool reloads) {
        Dice dice{one.seed};
        World world{version_of_policy(dice, 1)};
        random_fate(world, dice);
        const Duration when = dice.seconds(0, 600) + 137us;  // beside whatever else is due
        if (reloads) {
            const Policy same = world.engine.policy();
            world.at(when, [same](World& now) { now.reload(same); });
        }
        begin(world, dice);
        world.run_until(15min);
        std::erase_if(world.trace, [](const std::string& line) { return line.find("policy.reloaded") != line.npos; });
        return world.trace;
    };
    RC_ASSERT(play_it(true) == play_it(false));
}

}  // namespace
}  // namespace keepwell::testing
