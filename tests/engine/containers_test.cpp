// What the container engine tells, and what follows: adopted containers, two masters, people, a lost engine, and the
// engine's own health check.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Healthcheck check_of(Duration interval, std::uint32_t retries) {
    Healthcheck check;
    check.interval = interval;
    check.timeout = 1s;
    check.retries = retries;
    return check;
}

/// An adopted container with a health check of its own.
World adopted_web(Service service = Service{"web"}.adopted()) {
    World world{policy_of({std::move(service)})};
    world.of("web").engines_check = check_of(1s, 3);
    return world;
}

// ---- adopting ---------------------------------------------------------------------------------------------------

TEST(Containers, nothing_is_done_before_the_container_engine_has_told_what_there_is) {
    World world{policy_of({Service{"web"}.adopted(), Service{"cache"}.owned()})};
    world.begin();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("cache").phase, Phase::waiting);
}

TEST(Containers, a_running_one_is_adopted_and_not_started) {
    World world = adopted_web();
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.trace, (Lines{
                               "0s web target.phase waiting -> running: adopted",
                               "0s web target.health none -> starting: started",
                               "0s host backend.found Docker",
                           }));
}

TEST(Containers, an_adopted_one_that_is_found_dead_is_not_started) {
    World world = adopted_web();
    world.begin();
    world.absent("web", true, "exited (0)");
    world.backend_found();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase, Phase::stopped);
    EXPECT_EQ(world.target("web").phase_reason, Reason::not_running);
}

TEST(Containers, a_person_starts_an_adopted_one_that_was_found_dead) {
    World world = adopted_web();
    world.begin();
    world.absent("web", true);
    world.backend_found();
    world.operate(event::Verb::start, "web");
    world.run_until(1s);
    EXPECT_EQ(world.commands, Lines{"0s start web"});
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Containers, one_that_does_not_exist_is_waited_for_and_adopted_when_it_comes) {
    World world = adopted_web();
    world.begin();
    world.absent("web", false, "no such container");
    world.backend_found();
    world.operate(event::Verb::start, "web");  // there is nothing to start
    world.run_until(5s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase_reason, Reason::no_container);
    world.found("web", world.container("web"));
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_EQ(world.target("web").incident, 0u);
}

TEST(Containers, an_owned_one_that_is_not_there_is_created) {
    World world{policy_of({Service{"cache"}.owned()})};
    world.begin();
    world.absent("cache", false);
    world.backend_found();
    world.run_until(1s);
    EXPECT_EQ(world.commands, Lines{"0s start cache"});
    EXPECT_EQ(world.target("cache").phase, Phase::running);
}

TEST(Containers, an_owned_one_that_lives_is_not_started_a_second_time) {
    World world{policy_of({Service{"cache"}.owned()})};
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
}

// ---- exits ------------------------------------------------------------------------------------------------------

TEST(Containers, a_crash_is_followed_by_a_start_after_the_delay) {
    World world = adopted_web(Service{"web"}.adopted().restart(RestartCondition::any, 5s));
    world.begin_with_containers();
    world.run_until(10s);
    world.container_exits("web");
    world.run_until(20s);
    EXPECT_EQ(world.commands, Lines{"15s start web"});
}

TEST(Containers, what_a_person_stopped_stays_stopped) {
    World world = adopted_web();
    world.begin_with_containers();
    world.run_until(10s);
    world.container_exits("web", event::Successor::nobody);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_TRUE(world.target("web").operator_stopped);
    EXPECT_EQ(world.lines("operator."), Lines{"10s web operator.stop"});
    EXPECT_EQ(world.target("web").incident, 0u);
}

TEST(Containers, what_a_person_stopped_and_started_again_is_watched_again) {
    World world = adopted_web();
    world.begin_with_containers();
    world.container_exits("web", event::Successor::nobody);
    world.run_until(10s);
    world.found("web", world.container("web", 1, 2));
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_FALSE(world.target("web").operator_stopped);
    EXPECT_EQ(world.lines("operator.start").size(), 1u);
    world.container_exits("web");
    world.run_until(20s);
    EXPECT_EQ(world.starts.size(), 1u);
}

TEST(Containers, what_a_person_starts_has_all_of_its_attempts_again) {
    World world{policy_of({Service{"web"}.owned().restart(RestartCondition::any, 1s, 1)})};
    world.begin_with_containers();
    for (const Duration moment : {1s, 10s}) {
        world.run_until(moment);
        world.container_exits("web");
    }
    ASSERT_EQ(world.target("web").remediation, Remediation::quarantined);
    world.run_until(20s);
    world.found("web", world.container("web", 1, 9));
    world.run_until(30s);
    world.container_exits("web");
    world.run_until(40s);
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Containers, with_a_restart_policy_of_its_own_a_crash_gives_one_start_and_that_is_the_engines) {
    World world = adopted_web();
    world.of("web").engine_restarts = true;
    world.begin_with_containers();
    world.run_until(10s);
    world.container_exits("web", event::Successor::engine);
    EXPECT_EQ(world.target("web").phase_reason, Reason::engine_restarts);
    world.run_until(70s);  // its backoff may be long
    world.found("web", world.container("web", 1, 2));
    world.run_until(80s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_EQ(world.target("web").restarts, 1u);
    world.reports("web", Health::healthy);
    EXPECT_EQ(world.lines("incident."),
              (Lines{"10s web incident.opened 1: exited", "1m20s web incident.closed 1: recovered after 1m10s"}));
}

TEST(Containers, when_its_own_restart_policy_gives_up_keepwell_says_so_and_does_not_fight_it) {
    World world = adopted_web();
    world.of("web").engine_restarts = true;
    world.begin_with_containers();
    world.container_exits("web", event::Successor::engine);
    world.container_exits("web", event::Successor::keepwell);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase, Phase::completed);
    EXPECT_EQ(world.lines("alert.raised"), Lines{"0s web alert.raised not_restarted (exit code 1)"});
}

TEST(Containers, when_its_own_restart_policy_gives_up_and_the_policy_has_one_that_one_goes_on) {
    Service service = Service{"web"}.adopted().restart(RestartCondition::any, 5s);
    service.spec.restart.origin = {0, 7};
    World world = adopted_web(service);
    world.of("web").engine_restarts = true;
    world.begin_with_containers();
    world.container_exits("web", event::Successor::engine);
    world.container_exits("web", event::Successor::keepwell);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{"5s start web"});
}

TEST(Containers, a_life_that_was_missed_is_taken_over) {
    World world = adopted_web();
    world.begin_with_containers();
    world.reports("web", Health::healthy);
    world.run_until(10s);
    world.found("web", world.container("web", 1, 2));
    world.run_until(11s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").instance.id, "web1@2");
    EXPECT_EQ(world.target("web").shown_health, Health::starting);
}

TEST(Containers, one_that_is_removed_is_no_crash) {
    World world = adopted_web();
    world.begin_with_containers();
    world.container_exits("web", event::Successor::nobody);
    world.absent("web", false, "no such container");
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase, Phase::waiting);
}

// ---- paused -----------------------------------------------------------------------------------------------------

TEST(Containers, a_paused_one_is_asked_nothing_and_left_alone) {
    World world{policy_of({Service{"web"}.probed(1s, 2).adopted()})};
    world.begin_with_containers();
    world.run_until(Duration{1500ms});
    world.give(event::Frozen{0, world.container("web"), true});
    const std::size_t asked = world.probes.size();
    world.answers("web", fail());
    world.run_until(60s);
    EXPECT_EQ(world.probes.size(), asked);
    EXPECT_EQ(world.commands, Lines{});
    world.give(event::Frozen{0, world.container("web"), false});
    world.run_until(65s);
    EXPECT_EQ(world.commands, (Lines{"1m2s keep evidence of web", "1m2s restart web", "1m4s keep evidence of web",
                                     "1m4s restart web"}));
}

TEST(Containers, the_silent_unhealthy_of_a_paused_one_is_no_verdict) {
    World world = adopted_web();
    world.begin_with_containers();
    world.reports("web", Health::healthy);
    world.give(event::Frozen{0, world.container("web"), true});
    world.reports("web", Health::unhealthy, 3);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
}

TEST(Containers, a_paused_one_that_is_seen_again_is_not_asked_either) {
    World world{policy_of({Service{"web"}.probed(1s, 2).adopted()})};
    world.begin_with_containers();
    world.run_until(Duration{1500ms});
    world.give(event::Frozen{0, world.container("web"), true});
    const std::size_t asked = world.probes.size();
    world.found("web", world.container("web"), true);
    world.run_until(60s);
    EXPECT_EQ(world.probes.size(), asked);
    EXPECT_EQ(world.target("web").shown_health, Health::none);
}

// ---- the engine's own health check --------------------------------------------------------------------------------

TEST(Containers, the_engines_unhealthy_is_answered_by_a_restart_at_once) {
    World world = adopted_web();
    world.begin_with_containers();
    world.reports("web", Health::healthy);
    world.run_until(10s);
    world.reports("web", Health::unhealthy, 3);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"10s keep evidence of web", "10s restart web"}));
    world.run_until(11s);
    world.reports("web", Health::healthy);
    EXPECT_EQ(world.lines("remedy.verified"), Lines{"11s web remedy.verified restart"});
    EXPECT_EQ(world.target("web").incident, 0u);
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
}

TEST(Containers, with_a_delay_the_restart_is_a_stop_and_a_start_with_the_delay_between) {
    World world = adopted_web(Service{"web"}.adopted().restart(RestartCondition::any, 5s));
    world.begin_with_containers();
    world.reports("web", Health::unhealthy, 3);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s keep evidence of web", "0s stop web", "5s start web"}));
}

TEST(Containers, one_that_its_stop_would_remove_is_restarted_in_place_whatever_the_delay) {
    World world = adopted_web(Service{"web"}.adopted().restart(RestartCondition::any, 5s));
    world.of("web").stop_removes = true;
    world.begin_with_containers();
    world.reports("web", Health::unhealthy, 3);
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s keep evidence of web", "0s restart web"}));
}

TEST(Containers, the_engines_word_that_is_not_renewed_is_unknown_and_no_ground_for_a_remedy) {
    World world = adopted_web();
    world.begin_with_containers();
    world.reports("web", Health::healthy);
    world.reports("web", Health::unknown);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").shown_health, Health::unknown);
    world.reports("web", Health::healthy);
    EXPECT_EQ(world.target("web").shown_health, Health::healthy);
}

TEST(Containers, without_any_check_being_up_for_a_while_is_the_proof) {
    World world = adopted_web();
    world.of("web").engines_check.reset();
    world.begin_with_containers();
    world.container_exits("web");
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{"0s start web"});
    EXPECT_EQ(world.target("web").incident, 0u);
    EXPECT_EQ(world.target("web").shown_health, Health::none);
}

TEST(Containers, keepwells_own_probe_goes_before_the_engines_word) {
    World world{policy_of({Service{"web"}.probed(1s, 2).adopted()})};
    world.of("web").engines_check = check_of(1s, 3);
    world.begin_with_containers();
    world.reports("web", Health::unhealthy, 3);
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").shown_health, Health::healthy);
}

// ---- the engine is lost -------------------------------------------------------------------------------------------

TEST(Containers, while_the_engine_is_lost_all_are_unknown_and_nothing_is_done) {
    World world{policy_of({Service{"web"}.probed(1s, 2).adopted(), Service{"db"}.adopted(), Service{"job"}})};
    world.of("db").engines_check = check_of(1s, 3);
    world.begin_with_containers();
    world.reports("db", Health::healthy);
    world.run_until(Duration{2500ms});
    world.answers("web", fail());
    world.backend_lost();
    world.backend_lost();
    const std::size_t asked = world.probes.size();
    world.run_until(600s);
    EXPECT_EQ(world.probes.size(), asked);
    EXPECT_EQ(world.lines("backend.lost"), Lines{"2.5s host backend.lost no answer"});
    EXPECT_EQ(world.target("web").shown_health, Health::unknown);
    EXPECT_EQ(world.target("db").shown_health, Health::unknown);
    EXPECT_EQ(world.target("job").shown_health, Health::none);
    EXPECT_EQ(world.commands, Lines{"0s start job"});
}

TEST(Containers, when_the_engine_is_back_they_are_what_they_were_and_nothing_flaps) {
    World world{policy_of({Service{"web"}.probed(1s, 2).adopted()})};
    world.begin_with_containers();
    world.run_until(Duration{2500ms});
    world.backend_lost();
    world.run_until(60s);
    world.backend_found();
    world.run_until(70s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("target.health"), (Lines{
                                                "0s web target.health none -> starting: started",
                                                "1s web target.health starting -> healthy: probe_passed",
                                                "2.5s web target.health healthy -> unknown: backend_lost",
                                                "1m0s web target.health unknown -> healthy: backend_found",
                                            }));
}

TEST(Containers, what_died_with_its_engine_is_started_when_the_engine_is_back) {
    World world = adopted_web();
    world.begin_with_containers();
    world.reports("web", Health::healthy);
    world.backend_lost();
    world.run_until(60s);
    world.container_exits("web");  // told just before it is found
    world.run_until(61s);
    EXPECT_EQ(world.commands, Lines{});
    world.backend_found();
    world.run_until(62s);
    EXPECT_EQ(world.commands, Lines{"1m1s start web"});
}

TEST(Containers, a_remedy_that_came_due_while_the_engine_was_lost_waits_for_it) {
    World world = adopted_web(Service{"web"}.adopted().restart(RestartCondition::any, 5s));
    world.begin_with_containers();
    world.container_exits("web");
    world.run_until(1s);
    world.backend_lost();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("remedy.held"),
              (Lines{"0s web remedy.held restart: backoff until 5s", "1s web remedy.held restart: backend"}));
    world.backend_found();
    world.run_until(61s);
    EXPECT_EQ(world.commands, Lines{"1m0s start web"});
}

TEST(Containers, a_command_that_is_not_answered_while_the_engine_is_lost_is_not_overdue) {
    World world = adopted_web();
    world.of("web").stop_takes = 1h;
    world.begin_with_containers();
    world.reports("web", Health::unhealthy, 3);
    world.backend_lost();
    world.run_until(600s);
    EXPECT_EQ(world.lines("overdue"), Lines{});
}

// ---- keepwell ends and comes back ---------------------------------------------------------------------------------

TEST(Containers, they_outlive_keepwell) {
    World world{policy_of({Service{"web"}.adopted(), Service{"cache"}.owned()})};
    world.begin_with_containers();
    world.shutdown();
    world.run_until(1s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_TRUE(world.engine.finished());
    EXPECT_EQ(world.engine.memory(0).instance.id, "web1@1");
    EXPECT_EQ(world.engine.memory(0).phase, Phase::running);
}

TargetMemory remembered(const Instance& instance, Phase phase) {
    TargetMemory memory;
    memory.target = "web";
    memory.version = "v1";
    memory.instance = instance;
    memory.phase = phase;
    memory.health = Health::healthy;
    return memory;
}

TEST(Containers, a_healthy_one_does_not_flap_over_a_restart_of_keepwell) {
    World world = adopted_web();
    world.give(event::Restored{0, remembered(world.container("web"), Phase::running)});
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("target.health"), Lines{"0s web target.health none -> healthy: adopted"});
}

TEST(Containers, what_a_person_stopped_stays_stopped_over_a_restart_of_keepwell) {
    World world{policy_of({Service{"web"}.owned()})};
    TargetMemory memory = remembered({}, Phase::stopped);
    memory.operator_stopped = true;
    world.give(event::Restored{0, memory});
    world.begin();
    world.absent("web", true);
    world.backend_found();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
}

TEST(Containers, an_adopted_one_that_ended_while_keepwell_was_away_is_not_started) {
    World world = adopted_web();
    world.give(event::Restored{0, remembered(world.container("web"), Phase::running)});
    world.begin();
    world.absent("web", true, "exited (1)");
    world.backend_found();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.target("web").phase, Phase::stopped);
}

TEST(Containers, an_adopted_one_that_keepwell_had_ended_for_a_restart_is_started) {
    World world = adopted_web();
    TargetMemory memory = remembered(world.container("web"), Phase::stopping);
    memory.owes_start = true;
    world.give(event::Restored{0, memory});
    world.begin();
    world.absent("web", true);
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{});  // not before its engine is known to be there
    world.backend_found();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{"10s start web"});
}

TEST(Containers, an_owned_one_that_is_found_dead_is_started) {
    World world{policy_of({Service{"web"}.owned()})};
    world.give(event::Restored{0, remembered(world.container("web"), Phase::running)});
    world.begin();
    world.absent("web", true);
    world.backend_found();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{"0s start web"});
}

TEST(Containers, what_looked_like_a_persons_stop_was_the_end_of_the_engine) {
    World world = adopted_web();
    world.begin_with_containers();
    const Instance instance = world.target("web").instance;
    world.container_exits("web", event::Successor::nobody);
    world.backend_lost();
    world.run_until(10s);
    world.give(event::Exited{0, instance, {ExitStatus::Kind::code, 1, {}}, false, event::Successor::keepwell});
    world.backend_found();
    world.run_until(20s);
    EXPECT_EQ(world.commands, Lines{"10s start web"});
    EXPECT_FALSE(world.target("web").operator_stopped);
}

TEST(Containers, a_stop_that_is_told_late_is_a_persons_all_the_same) {
    World world = adopted_web(Service{"web"}.adopted().restart(RestartCondition::any, 5s));
    world.begin_with_containers();
    const Instance instance = world.target("web").instance;
    world.container_exits("web");
    world.give(event::Exited{0, instance, {ExitStatus::Kind::code, 1, {}}, false, event::Successor::nobody});
    world.run_until(20s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_TRUE(world.target("web").operator_stopped);
    EXPECT_EQ(world.target("web").incident, 0u);
}

// ---- those that come and go ---------------------------------------------------------------------------------------

TargetSpec labelled(const std::string& name) {
    TargetSpec target;
    target.name = name;
    target.kind = TargetKind::adopted;
    return target;
}

TargetIndex join(World& world, const std::string& name, std::shared_ptr<const ServiceSpec> service = {}) {
    event::TargetJoined joined;
    joined.target = world.engine.next_index(service != nullptr);
    joined.spec = std::make_shared<TargetSpec>(labelled(name));
    joined.service = std::move(service);
    world.join(joined);
    return joined.target;
}

Policy with_a_template() {
    Policy policy = policy_of({Service{"labelled"}.adopted()});
    policy.templates.push_back(policy.targets.front());
    policy.targets.clear();
    return policy;
}

TEST(Containers, one_that_a_label_asks_for_becomes_a_target_and_goes_with_its_container) {
    World world{with_a_template()};
    world.begin();
    world.backend_found();
    EXPECT_EQ(join(world, "labelled.a"), 0u);
    EXPECT_EQ(join(world, "labelled.b"), 1u);
    world.found("labelled.a", world.container("a"));
    world.found("labelled.b", world.container("b"));
    EXPECT_EQ(world.target("labelled.b").phase, Phase::running);
    world.container_exits("labelled.a", event::Successor::nobody);
    world.give(event::TargetLeft{0});
    EXPECT_FALSE(world.engine.find("labelled.a").has_value());
    EXPECT_EQ(join(world, "labelled.c"), 0u);  // the place of the one that is gone
    world.found("labelled.c", world.container("c"));
    EXPECT_EQ(world.target("labelled.c").phase, Phase::running);
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
}

TEST(Containers, ten_thousand_that_come_and_go_leave_nothing_behind) {
    World world{with_a_template()};
    world.begin();
    world.backend_found();
    for (int i = 0; i < 10'000; ++i) {
        const TargetIndex index = join(world, "labelled.x");
        world.found("labelled.x", world.container("x", i + 1));
        world.container_exits("labelled.x", event::Successor::nobody);
        world.give(event::TargetLeft{index});
    }
    EXPECT_EQ(world.engine.targets().size(), 1u);
    EXPECT_EQ(world.engine.policy().services.size(), 1u);
}

TEST(Containers, labels_may_bring_a_service_of_their_own) {
    World world{with_a_template()};
    world.begin();
    world.backend_found();
    auto service = std::make_shared<ServiceSpec>(Service{"shop"}.adopted().spec);
    const TargetIndex first = join(world, "shop", service);
    EXPECT_EQ(world.engine.service_of(first).name, "shop");
    world.give(event::TargetLeft{first});
    auto other = std::make_shared<ServiceSpec>(Service{"mail"}.adopted().spec);
    EXPECT_EQ(join(world, "mail", other), first);
    EXPECT_EQ(world.engine.service_of(first).name, "mail");
    EXPECT_EQ(world.engine.policy().services.size(), 2u);
}

// ---- dependencies that labels name --------------------------------------------------------------------------------

struct LabelWorld : World {
    LabelWorld() : World{Policy{}} {
        begin();
        backend_found();
    }
    TargetIndex join(const std::string& name, const std::vector<std::string>& also,
                     const std::vector<std::vector<std::string>>& depends_on) {
        event::TargetJoined joined;
        joined.target = engine.next_index(true);
        joined.spec = std::make_shared<TargetSpec>(labelled(name));
        joined.service = std::make_shared<ServiceSpec>(Service{name}.adopted().spec);
        event::LabelledService said{also, {}, {}};
        said.names.push_back(name);
        for (const auto& names : depends_on) said.depends_on.push_back({names, Dependency{}});
        joined.labelled = std::make_shared<const event::LabelledService>(std::move(said));
        World::join(joined);
        return joined.target;
    }
    /// "db cache"
    std::string depends_on(const std::string& name) const {
        std::string all;
        for (const auto& one : engine.service_of(*engine.find(name)).depends_on) {
            all += (all.empty() ? "" : " ") + engine.policy().services[one.service].name;
        }
        return all;
    }
};

TEST(LabelDependencies, one_that_joins_later_is_found_and_one_that_leaves_is_forgotten) {
    LabelWorld world;
    world.join("web", {}, {{"db", "shop/db"}, {"cache"}});
    EXPECT_EQ(world.depends_on("web"), "");
    const TargetIndex db = world.join("shop_db_1", {"shop/db"}, {});
    EXPECT_EQ(world.depends_on("web"), "shop_db_1");
    world.join("cache", {}, {});
    EXPECT_EQ(world.depends_on("web"), "shop_db_1 cache");
    world.give(event::TargetLeft{db});
    EXPECT_EQ(world.depends_on("web"), "cache");
    world.join("stranger", {}, {});  // at the place of the one that is gone
    EXPECT_EQ(world.depends_on("web"), "cache");
    world.join("db", {}, {});
    EXPECT_EQ(world.depends_on("web"), "db cache");
}

TEST(LabelDependencies, one_that_would_close_a_circle_is_left_out) {
    LabelWorld world;
    world.join("a", {}, {{"b"}});
    world.join("b", {}, {{"c"}});
    world.join("c", {}, {{"a"}, {"c"}});
    EXPECT_EQ(world.depends_on("a"), "b");
    EXPECT_EQ(world.depends_on("b"), "c");
    EXPECT_EQ(world.depends_on("c"), "");
}

TEST(LabelDependencies, a_sick_one_holds_who_depends_on_it) {
    LabelWorld world;
    world.join("web", {}, {{"shop/db"}});
    world.join("db", {"shop/db"}, {});
    world.of("db").engines_check = world.of("web").engines_check =
        Healthcheck{.interval = 1s, .timeout = 1s, .retries = 2, .origin = {}};
    for (const std::string name : {"db", "web"}) world.found(name, world.container(name));
    world.reports("db", Health::unhealthy, 2);
    world.reports("web", Health::unhealthy, 2);
    world.run_until(1s);
    EXPECT_EQ(world.lines("remedy.held"), Lines{"0s web remedy.held restart: dependency (db)"});
}

TEST(Containers, labels_alone_make_targets_of_a_policy_without_a_service) {
    World world{Policy{}};
    world.begin();
    world.backend_found();
    auto service = std::make_shared<ServiceSpec>(Service{"shop"}.adopted().spec);
    EXPECT_EQ(join(world, "shop", service), 0u);
    EXPECT_EQ(world.engine.service_of(0).name, "shop");
}

TEST(Containers, those_that_are_gone_do_not_count_in_a_storm) {
    Guard guard;
    guard.max_unhealthy = MaxUnhealthy{true, 50};
    Policy policy = with_a_template();
    policy.guard = guard;
    policy.services.front().on_unhealthy.clear();
    World world{policy};
    world.begin();
    world.backend_found();
    for (const char* name : {"labelled.a", "labelled.b", "labelled.c", "labelled.d"}) {
        join(world, name);
        world.of(name).engines_check = check_of(1s, 3);
        world.found(name, world.container(name));
    }
    world.give(event::TargetLeft{3});
    for (const char* name : {"labelled.a", "labelled.b"}) world.reports(name, Health::unhealthy, 3);
    EXPECT_TRUE(world.engine.storm());  // two of three, not two of four
}

// ---- what nobody wants any more -----------------------------------------------------------------------------------

TEST(Containers, one_of_ours_that_no_entry_wants_is_removed) {
    World world{policy_of({Service{"cache"}.owned()})};
    world.begin_with_containers();
    world.give(event::OrphanSeen{"shop-old-1", {"old1@1", 0}});
    world.run_until(1s);
    EXPECT_EQ(world.commands, Lines{"0s discard old1@1"});
    EXPECT_EQ(world.lines("orphan."), Lines{"0s host orphan.removed shop-old-1"});
}

TEST(Containers, in_dry_run_an_orphan_is_named_and_left) {
    Policy policy = policy_of({Service{"cache"}.owned()});
    policy.mode = Mode::dry_run;
    World world{policy};
    world.begin_with_containers();
    world.give(event::OrphanSeen{"shop-old-1", {"old1@1", 0}});
    world.run_until(1s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("orphan.").size(), 1u);
}

}  // namespace
}  // namespace keepwell::testing
