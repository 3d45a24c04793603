// Replacing a container: proven and committed, or rolled back; over crashes of keepwell; and a changed entry that
// reaches its containers one by one.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

/// Unhealthy at 3 s: probes each second, the first one passes; a new container is well if it is told to be.
World sick_web(Service service, bool heals, Guard guard = {}) {
    World world{policy_of({std::move(service)}, guard)};
    world.of("web").answer = [heals](World& now) {
        const bool first = now.target("web").instance.subject() == "web1";
        return first ? (now.now > Instant{1s} ? fail() : pass()) : (heals ? pass() : fail());
    };
    return world;
}

Service web() { return Service{"web"}.probed(1s, 2).adopted().ladder({ReplaceRung{}}); }

TEST(Replacing, a_sick_container_is_replaced_and_the_old_one_is_removed_once_the_new_one_is_well) {
    World world = sick_web(web(), true);
    world.begin_with_containers();
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"3s keep evidence of web", "3s replace web", "4s commit web"}));
    EXPECT_EQ(world.trace, (Lines{
                               "0s web target.phase waiting -> running: adopted",
                               "0s web target.health none -> starting: started",
                               "0s host backend.found Docker",
                               "1s web target.health starting -> healthy: probe_passed",
                               "2s web probe.failed failed 1/2",
                               "3s web probe.failed failed 2/2",
                               "3s web target.health healthy -> unhealthy: unhealthy",
                               "3s web incident.opened 1: unhealthy",
                               "3s web remedy.due replace: unhealthy",
                               "3s web remedy.started replace: unhealthy",
                               "3s web target.health unhealthy -> none: none",
                               "3s web target.phase running -> starting: remedy",
                               "3s web target.phase starting -> running: started",
                               "3s web target.health none -> starting: started",
                               "3s web remedy.finished replace",
                               "4s web target.health starting -> healthy: probe_passed",
                               "4s web remedy.verified replace",
                               "4s web incident.closed 1: recovered after 1s",
                           }));
    EXPECT_EQ(world.engine.memory(0).replacing, Replacing::none);
}

TEST(Replacing, a_new_one_that_is_not_well_in_its_time_is_rolled_back) {
    World world = sick_web(web().ladder({ReplaceRung{}, NotifyRung{}}), false);
    world.begin_with_containers();
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"3s keep evidence of web", "3s replace web", "5s roll back web"}));
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_EQ(world.lines("rolled_back"), Lines{"5s web target.phase stopping -> running: rolled_back"});
    EXPECT_EQ(world.lines("alert.raised"), Lines{"5s web alert.raised notify (unhealthy)"});
}

TEST(Replacing, the_old_one_that_is_started_again_has_all_of_its_start_period) {
    World world = sick_web(web().start_period(10s, 1s).verify(3s).ladder({ReplaceRung{}, NotifyRung{}}), false);
    world.begin_with_containers();
    world.run_until(30s);
    EXPECT_EQ(world.lines("rolled_back"), Lines{"6s web target.phase stopping -> running: rolled_back"});
    EXPECT_EQ(world.lines("-> unhealthy"), (Lines{"3s web target.health healthy -> unhealthy: unhealthy",
                                                  "17s web target.health starting -> unhealthy: unhealthy"}));
}

TEST(Replacing, one_after_the_other_they_are_a_delay_apart) {
    World world = sick_web(web().restart(RestartCondition::any, 10s, 0), false);
    world.begin_with_containers();
    world.run_until(30s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s web remedy.started replace: unhealthy", "13s web remedy.started replace: unhealthy",
                     "23s web remedy.started replace: unhealthy"}));
}

TEST(Replacing, a_replacement_that_cannot_be_made_changes_nothing_and_the_next_rung_follows) {
    World world = sick_web(web().ladder({ReplaceRung{}, RestartRung{}}), false);
    world.of("web").replace_failure = "no such image";
    world.begin_with_containers();
    world.run_until(Duration{3500ms});
    EXPECT_EQ(world.commands,
              (Lines{"3s keep evidence of web", "3s replace web", "3s keep evidence of web", "3s restart web"}));
    EXPECT_EQ(world.lines("remedy.finished").front(), "3s web remedy.finished replace failed (no such image)");
}

TEST(Replacing, one_that_cannot_be_made_is_not_tried_again_without_a_pause) {
    World world = sick_web(web(), false);
    world.of("web").replace_failure = "no such image";
    world.begin_with_containers();
    world.run_until(20s);
    EXPECT_LE(world.lines("remedy.started").size(), 10u);
    EXPECT_GE(world.lines("remedy.started").size(), 2u);
}

TEST(Replacing, a_new_one_that_ends_before_it_is_well_is_rolled_back) {
    World world = sick_web(web(), false);
    world.begin_with_containers();
    world.run_until(Duration{3500ms});
    world.container_exits("web");
    world.run_until(Duration{3600ms});
    EXPECT_EQ(world.commands.back(), "3.5s roll back web");
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
}

TEST(Replacing, what_was_held_for_a_new_one_that_has_ended_is_held_no_more) {
    Guard guard;
    guard.max_actions = MaxActions{1, 60s};
    World world = sick_web(web().verify(20s), false, guard);
    world.begin_with_containers();
    world.run_until(10s);
    world.operate(event::Verb::reset, "web");
    world.run_until(Duration{10100ms});
    ASSERT_EQ(world.lines("remedy.held"), Lines{"10s web remedy.held replace: budget until 1m3s"});
    world.container_exits("web");
    EXPECT_FALSE(world.target("web").hold.active);
    EXPECT_EQ(world.target("web").remediation, Remediation::idle);
}

TEST(Replacing, a_restart_of_the_new_one_that_fails_is_told_before_the_old_one_comes_back) {
    World world = sick_web(web().ladder({RestartRung{}, NotifyRung{}}).verify(60s), false);
    world.begin_with_containers();
    world.run_until(Duration{1500ms});
    world.operate(event::Verb::replace, "web");
    world.run_until(5s);
    world.of("web").start_failure = "no such network";
    world.operate(event::Verb::reset, "web");
    world.run_until(6s);
    EXPECT_EQ(world.lines("remedy.finished").back(),
              "6s web remedy.finished restart failed (could not be executed: no such network)");
    EXPECT_EQ(world.lines("rolled_back").size(), 1u);
}

TEST(Replacing, no_remedy_begins_while_the_old_one_is_being_removed) {
    World world = sick_web(web(), true);
    world.of("web").settle_takes = 20s;
    world.begin_with_containers();
    world.run_until(5s);
    world.answers("web", fail());
    world.run_until(23s);
    EXPECT_EQ(world.commands, (Lines{"3s keep evidence of web", "3s replace web", "4s commit web"}));
    world.run_until(25s);
    EXPECT_EQ(world.commands.back(), "24s replace web");
}

TEST(Replacing, a_replacement_that_gives_no_answer_is_undone) {
    World world = sick_web(web(), true);
    world.of("web").never_answers_replacements = true;
    world.begin_with_containers();
    world.run_until(614s);
    EXPECT_EQ(world.commands[2], "10m13s roll back web");
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Replacing, a_person_stops_a_container_whose_replacement_is_not_proven_yet) {
    World world = sick_web(web(), false);
    world.begin_with_containers();
    world.run_until(Duration{3500ms});
    world.operate(event::Verb::stop, "web");
    world.run_until(60s);
    EXPECT_EQ(world.commands, (Lines{"3s keep evidence of web", "3s replace web", "3.5s stop web", "3.5s commit web"}));
    EXPECT_EQ(world.target("web").phase, Phase::stopped);
}

TEST(Replacing, a_person_asks_for_it) {
    World world{policy_of({web()})};
    world.begin_with_containers();
    world.run_until(10s);
    world.operate(event::Verb::replace, "web");
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"10s keep evidence of web", "10s replace web", "11s commit web"}));
}

TEST(Replacing, dry_run_says_what_it_would_do) {
    World world = sick_web(web().dry(), true);
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("remedy.held"), Lines{"3s web remedy.held replace: dry_run"});
}

TEST(Replacing, attempts_are_counted_as_restarts_are) {
    World world = sick_web(web().restart(RestartCondition::any, 0s, 2), false);
    world.begin_with_containers();
    world.run_until(120s);
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
    EXPECT_EQ(world.target("web").remediation, Remediation::quarantined);
}

TEST(Replacing, what_lives_in_its_network_is_made_anew_and_the_rest_is_restarted) {
    World world{policy_of({web(), Service{"sidecar"}.adopted().after(0, DependencyCondition::service_started, true),
                           Service{"worker"}.adopted().after(0, DependencyCondition::service_started, true)})};
    world.of("web").answer = [](World& now) {
        const bool first = now.target("web").instance.subject() == "web1";
        return first && now.now > Instant{1s} ? fail() : pass();
    };
    world.of("sidecar").shares_namespace = true;
    world.begin_with_containers();
    world.run_until(30s);
    EXPECT_EQ(world.commands,
              (Lines{"3s keep evidence of web", "3s replace web", "4s commit web", "4s keep evidence of sidecar",
                     "4s replace sidecar", "4s restart worker", "14s commit sidecar"}));
}

// ---- keepwell is killed in the middle ---------------------------------------------------------------------------

TargetMemory left_in(Replacing replacing, const Instance& instance) {
    TargetMemory memory;
    memory.target = "web";
    memory.version = "v1";
    memory.phase = replacing == Replacing::proving ? Phase::running : Phase::starting;
    memory.health = Health::starting;
    memory.instance = instance;
    memory.replacing = replacing;
    memory.previous = {"web1@1", 0};
    return memory;
}

TEST(Replacing, killed_while_the_new_one_was_being_made_the_next_keepwell_undoes_it) {
    World world{policy_of({web()})};
    world.give(event::Restored{0, left_in(Replacing::swapping, {"web1@1", 0})});
    world.begin_with_containers();
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{"0s roll back web"});
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
}

TEST(Replacing, killed_while_the_new_one_was_proving_itself_the_next_keepwell_lets_it_go_on) {
    World world{policy_of({web()})};
    world.give(event::Restored{0, left_in(Replacing::proving, {"web2@1", 0})});
    world.begin();
    world.found("web", {"web2@1", 0});
    world.backend_found();
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{"1s commit web"});
}

TEST(Replacing, a_new_one_that_ended_while_keepwell_was_away_is_rolled_back) {
    World world{policy_of({web()})};
    world.give(event::Restored{0, left_in(Replacing::proving, {"web2@1", 0})});
    world.begin();
    world.absent("web", true, "exited (1)");
    world.backend_found();
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{"0s roll back web"});
}

TEST(Replacing, killed_while_the_old_one_was_being_removed_the_next_keepwell_finishes_it) {
    World world{policy_of({web()})};
    world.give(event::Restored{0, left_in(Replacing::committing, {"web2@1", 0})});
    world.begin();
    world.found("web", {"web2@1", 0});
    world.backend_found();
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{"0s commit web"});
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Replacing, killed_while_rolling_back_the_next_keepwell_finishes_it) {
    World world{policy_of({web()})};
    world.give(event::Restored{0, left_in(Replacing::rolling_back, {"web2@1", 0})});
    world.begin();
    world.absent("web", false);
    world.backend_found();
    world.run_until(10s);
    EXPECT_EQ(world.commands, Lines{"0s roll back web"});
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
}

TEST(Replacing, a_person_restarts_the_new_one_while_it_proves_itself_and_it_ends_the_old_one_is_judged_anew) {
    Guard guard;
    guard.max_actions = MaxActions{1, 1h};
    World world = sick_web(web(), false, guard);
    world.begin_with_containers();
    world.run_until(Duration{3500ms});
    world.operate(event::Verb::restart, "web");
    world.run_until(Duration{5600ms});
    EXPECT_EQ(world.lines("remedy.held").size(), 1u);  // due again, for the new one
    world.container_exits("web");
    world.run_until(Duration{5900ms});
    EXPECT_EQ(world.commands.back(), "5.6s roll back web");
    EXPECT_EQ(world.target("web").instance.subject(), "web1");
    EXPECT_EQ(world.target("web").remediation, Remediation::idle);
}

TEST(Replacing, a_keepwell_that_ends_in_order_leaves_it_to_the_next_one) {
    World world = sick_web(web(), true);
    world.of("web").replace_takes = 1h;
    world.begin_with_containers();
    world.run_until(4s);
    world.shutdown();
    EXPECT_TRUE(world.engine.finished());
    EXPECT_EQ(world.engine.memory(0).replacing, Replacing::swapping);
    EXPECT_EQ(world.engine.memory(0).previous.id, "web1@1");
}

// ---- a changed entry ----------------------------------------------------------------------------------------------

World outdated(UpdateConfig config, std::uint32_t slots = 3) {
    World world{policy_of({Service{"api"}.probed(1s, 2).owned().update(config).replicas(slots)})};
    for (const TargetSpec& target : world.engine.policy().targets) world.of(target.name).outdated = true;
    return world;
}

TEST(Updating, a_changed_entry_reaches_one_slot_after_the_other_each_watched_for_monitor) {
    UpdateConfig config;
    config.delay = 10s;
    World world = outdated(config);
    world.begin_with_containers();
    world.run_until(120s);
    EXPECT_EQ(world.commands, (Lines{
                                  "0s keep evidence of api.1",
                                  "0s replace from the entry api.1",
                                  "6s commit api.1",
                                  "16s keep evidence of api.2",
                                  "16s replace from the entry api.2",
                                  "22s commit api.2",
                                  "32s keep evidence of api.3",
                                  "32s replace from the entry api.3",
                                  "38s commit api.3",
                              }));
    EXPECT_EQ(world.lines("update."), (Lines{"0s host update.started api", "38s host update.completed api"}));
}

TEST(Updating, one_that_does_not_become_healthy_is_rolled_back_and_the_rest_keeps_the_old_entry) {
    World world = outdated({});
    world.of("api.1").answer = [](World& now) {
        return now.target("api.1").instance.subject() == "api.11" ? pass() : fail();
    };
    world.begin_with_containers();
    world.run_until(10s);
    EXPECT_EQ(world.commands,
              (Lines{"0s keep evidence of api.1", "0s replace from the entry api.1", "2s roll back api.1"}));
    EXPECT_EQ(world.lines("update.paused"), Lines{"2s host update.paused api (api.1 did not become healthy)"});
    EXPECT_EQ(world.target("api.2").instance.subject(), "api.21");
}

TEST(Updating, one_that_ends_within_monitor_is_a_failure) {
    World world = outdated({}, 1);
    world.begin_with_containers();
    world.run_until(3s);
    world.container_exits("api");
    world.run_until(4s);
    EXPECT_EQ(world.commands.back(), "3s roll back api");
    EXPECT_EQ(world.lines("update.paused"), Lines{"3s host update.paused api (api: exit code 1)"});
}

TEST(Updating, parallelism_takes_so_many_slots_at_a_time) {
    UpdateConfig config;
    config.parallelism = 2;
    World world = outdated(config, 4);
    world.begin_with_containers();
    world.run_until(Duration{500ms});
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
    world.run_until(60s);
    EXPECT_EQ(world.lines("remedy.started").size(), 4u);
}

TEST(Updating, go_on_does_not_stop_at_a_failure) {
    UpdateConfig config;
    config.failure_action = UpdateConfig::FailureAction::go_on;
    World world = outdated(config);
    world.answers("api.1", fail());
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.lines("update.paused").size(), 0u);
    EXPECT_EQ(world.lines("update.completed").size(), 1u);
    EXPECT_FALSE(world.target("api.2").container.outdated);
    EXPECT_FALSE(world.target("api.3").container.outdated);
}

TEST(Updating, go_on_tries_a_slot_that_can_not_be_made_once) {
    UpdateConfig config;
    config.failure_action = UpdateConfig::FailureAction::go_on;
    World world = outdated(config);
    world.of("api.1").replace_failure = "no such image";
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.lines("api.1 remedy.finished"), Lines{"0s api.1 remedy.finished replace failed (no such image)"});
    EXPECT_EQ(world.target("api.1").instance.subject(), "api.11");
    EXPECT_EQ(world.lines("update.completed").size(), 1u);
}

// Swarm: Spec := PreviousSpec, for the whole service (updater.go).
World failing_third(UpdateConfig config = {}) {
    config.failure_action = UpdateConfig::FailureAction::rollback;
    config.monitor = 0s;
    World world = outdated(config);
    world.of("api.3").answer = [](World& now) {
        return now.target("api.3").instance.subject() == "api.31" ? pass() : fail();
    };
    return world;
}

TEST(Updating, a_rollback_takes_back_what_was_updated_before_another_slot_failed) {
    World world = failing_third();
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, (Lines{
                                  "0s keep evidence of api.1",
                                  "0s replace from the entry api.1",
                                  "1s commit api.1",
                                  "1s keep evidence of api.2",
                                  "1s replace from the entry api.2",
                                  "2s commit api.2",
                                  "2s keep evidence of api.3",
                                  "2s replace from the entry api.3",
                                  "4s roll back api.3",
                                  "4s keep evidence of api.1",
                                  "4s replace from the previous api.1",
                                  "5s commit api.1",
                                  "5s keep evidence of api.2",
                                  "5s replace from the previous api.2",
                                  "6s commit api.2",
                              }));
    EXPECT_EQ(world.lines("update."),
              (Lines{"0s host update.started api", "4s host update.rollback_started api (api.3 did not become healthy)",
                     "6s host update.rollback_completed api"}));
    for (const TargetIndex slot : {0u, 1u, 2u}) EXPECT_EQ(world.engine.memory(slot).gave_up, "2");
}

TEST(Updating, a_rollback_is_never_rolled_back_it_pauses) {
    World world = failing_third();
    world.begin_with_containers();
    world.run_until(3s);
    world.of("api.1").replace_failure = "its image is gone";
    world.run_until(60s);
    EXPECT_EQ(world.lines("update.").back(),
              "4s host update.paused api (the rollback failed: api.1: its image is gone)");
    EXPECT_EQ(world.commands.back(), "4s replace from the previous api.1");
    EXPECT_EQ(world.target("api.2").phase, Phase::running);
}

TEST(Updating, a_failed_one_is_not_tried_again_by_the_next_keepwell_but_at_a_persons_reset) {
    World world = outdated({});
    world.answers("api.1", fail());
    TargetMemory memory;
    memory.target = "api.1";
    memory.version = world.engine.policy().services.front().version;
    memory.gave_up = "2";
    world.restore("api.1", memory);
    world.begin_with_containers();
    world.run_until(10s);
    EXPECT_EQ(world.lines("update."), Lines{});
    world.operate(event::Verb::reset, "api.2");
    world.run_until(11s);
    EXPECT_EQ(world.lines("update."), Lines{"10s host update.started api"});
    EXPECT_EQ(world.lines("alert.resolved").size(), 1u);
}

TEST(Updating, in_dry_run_it_is_said_once_and_not_done) {
    Policy policy = policy_of({Service{"api"}.probed(1s, 2).owned()});
    policy.mode = Mode::dry_run;
    World world{policy};
    world.of("api").outdated = true;
    world.begin_with_containers();
    world.run_until(60s);
    EXPECT_EQ(world.commands, Lines{});
    EXPECT_EQ(world.lines("remedy.held"), Lines{"0s api remedy.held replace: dry_run"});
}

}  // namespace
}  // namespace keepwell::testing
