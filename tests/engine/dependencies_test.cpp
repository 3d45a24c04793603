// depends_on with Compose's conditions, the dependant of a sick dependency, and `restart: true`.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;
constexpr auto healthy = DependencyCondition::service_healthy;
constexpr auto started = DependencyCondition::service_started;
constexpr auto completed = DependencyCondition::service_completed_successfully;

TEST(Dependencies, service_started_orders_and_waits_for_nothing_else) {
    World world{policy_of({Service{"db"}, Service{"api"}.after(0, started)})};
    world.of("db").start_takes = 2s;
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start db", "2s start api"}));
    EXPECT_EQ(world.lines("waiting -> waiting"),
              (Lines{"0s api target.phase waiting -> waiting: dependency_wait (db: service_started)"}));
}

TEST(Dependencies, service_healthy_waits_for_every_replica) {
    World world{policy_of({Service{"db"}.probed(1s, 3).replicas(2), Service{"api"}.after(0, healthy)})};
    world.answers("db.2", std::vector{fail(), fail(), pass()});
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start db.1", "0s start db.2", "3s start api"}));
}

TEST(Dependencies, service_healthy_goes_on_waiting_when_it_is_unhealthy_for_it_may_recover) {
    World world{policy_of({Service{"db"}.probed(1s, 1).ladder({}), Service{"api"}.after(0, healthy)})};
    world.answers("db", std::vector{fail(), fail(), fail(), pass()});
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start db", "4s start api"}));
}

TEST(Dependencies, what_could_not_be_executed_has_not_started) {
    for (const bool required : {true, false}) {
        World world{policy_of(
            {Service{"db"}.restart(RestartCondition::none, 0s), Service{"api"}.after(0, started, false, required)})};
        world.of("db").start_failure = "no such file";
        world.begin();
        world.run_until(5s);
        EXPECT_EQ(world.target("api").phase, required ? Phase::waiting : Phase::running);
    }
}

TEST(Dependencies, what_is_not_required_is_waited_for_until_it_is_unhealthy) {
    World world{policy_of(
        {Service{"db"}.probed(1s, 3).ladder({NotifyRung{}}), Service{"api"}.after(0, healthy, false, false)})};
    world.answers("db", fail());
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start db", "3s start api"}));
}

TEST(Dependencies, what_is_not_required_holds_no_remedy) {
    World world{policy_of({Service{"db"}.probed(1s, 1).ladder({NotifyRung{}}),
                           Service{"api"}.probed(1s, 2).after(0, started, false, false)})};
    world.answers("db", fail());
    world.answers("api", fail());
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(world.lines("api remedy.started"), Lines{"2s api remedy.started restart: unhealthy"});
}

TEST(Dependencies, service_completed_successfully_waits_for_exit_code_0) {
    World world{
        policy_of({Service{"migrate"}.restart(RestartCondition::none, 0s), Service{"api"}.after(0, completed)})};
    world.of("migrate").lives = 3s;
    world.of("migrate").exit = {ExitStatus::Kind::code, 0, {}};
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start migrate", "3s start api"}));
}

TEST(Dependencies, what_can_not_complete_any_more_is_said_and_a_person_can_mend_it) {
    World world{
        policy_of({Service{"migrate"}.restart(RestartCondition::none, 0s), Service{"api"}.after(0, completed)})};
    world.of("migrate").lives = 3s;
    world.of("migrate").exit = {ExitStatus::Kind::code, 2, {}};
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(
        world.lines("dependency_failed"),
        (Lines{"3s api target.phase waiting -> waiting: dependency_failed (migrate: service_completed_successfully)"}));
    world.of("migrate").exit = {ExitStatus::Kind::code, 0, {}};
    world.operate(event::Verb::start, "migrate");
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"0s start migrate", "10s start migrate", "13s start api"}));
}

TEST(Dependencies, what_is_not_required_and_can_not_be_had_is_no_hindrance) {
    World world{policy_of(
        {Service{"migrate"}.restart(RestartCondition::none, 0s), Service{"api"}.after(0, completed, false, false)})};
    world.of("migrate").lives = 3s;
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start migrate", "3s start api"}));
}

TEST(Dependencies, the_dependant_of_a_sick_dependency_is_held_and_recovers_untouched) {
    // Flask and redis: redis dies, flask's checks fail, redis is healed, flask recovers.
    World world{policy_of({Service{"redis"}.probed(1s, 2).restart(RestartCondition::any, 10s),
                           Service{"flask"}.probed(1s, 3).after(0, healthy)})};
    world.of("flask").answer = [](World& now) {
        return now.target("redis").phase == Phase::running ? pass() : fail("redis is away");
    };
    world.begin();
    world.at(5s, [](World& now) { now.exit("redis"); });
    world.run_until(1min);
    EXPECT_EQ(world.lines("flask remedy."),
              (Lines{"7s flask remedy.due restart: unhealthy", "7s flask remedy.held restart: dependency (redis)"}));
    EXPECT_EQ(world.lines("flask incident.closed"), (Lines{"16s flask incident.closed 2: recovered after 9s"}));
    EXPECT_EQ(world.target("flask").restarts, 0u);
    EXPECT_EQ(world.commands, (Lines{"0s start redis", "1s start flask", "15s start redis"}));
}

TEST(Dependencies, who_fails_of_the_same_cause_and_is_judged_first_is_held_too) {
    // Both fail from 4 s on; api, which is listed first, is called unhealthy while db has failed but twice.
    World world{policy_of({Service{"api"}.probed(1s, 3).after(1, healthy), Service{"db"}.probed(1s, 3)})};
    world.of("db").answer = [](World& now) {
        return now.now > Instant{4s} && now.target("db").instance.pid == 101 ? fail() : pass();
    };
    world.of("api").answer = [](World& now) {
        const bool db_is_well = now.now <= Instant{3s} || now.target("db").instance.pid != 101;
        return db_is_well ? pass() : fail("no db");
    };
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("api remedy."),
              (Lines{"6s api remedy.due restart: unhealthy", "6s api remedy.held restart: dependency (db)"}));
    EXPECT_EQ(world.lines("db remedy.started"), (Lines{"7s db remedy.started restart: unhealthy"}));
    EXPECT_EQ(world.target("api").restarts, 0u);
}

TEST(Dependencies, a_single_failure_of_a_dependency_only_has_its_sick_dependant_wait_for_its_next_success) {
    World world{policy_of({Service{"api"}.probed(1s, 3).after(1, healthy), Service{"db"}.probed(2s, 3)})};
    world.answers("db", std::vector{pass(), pass(), fail(), pass()});  // the third one at 6 s
    world.of("api").answer = [](World& now) {
        return now.now >= Instant{5s} && now.target("api").instance.pid == 102 ? fail() : pass();
    };
    world.begin();
    world.run_until(1min);
    // Three new failures, at 9, 10 and 11 s.
    EXPECT_EQ(world.lines("api remedy.held"), (Lines{"7s api remedy.held restart: dependency (db)"}));
    EXPECT_EQ(world.lines("api remedy.started"), (Lines{"11s api remedy.started restart: unhealthy"}));
}

TEST(Dependencies, what_ended_starts_again_beside_a_dependency_that_has_failed_once) {
    World world{policy_of({Service{"api"}.probed(1s, 3).after(1, healthy), Service{"db"}.probed(10s, 3)})};
    world.answers("db", std::vector{pass(), fail(), pass()});  // at 20 s
    world.begin();
    world.at(21s, [](World& now) { now.exit("api"); });
    world.run_until(25s);
    EXPECT_TRUE(world.lines("api remedy.held").empty());
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Dependencies, a_dependant_that_stays_sick_after_its_dependency_was_healed_is_healed_too) {
    World world{policy_of({Service{"redis"}.probed(1s, 2).restart(RestartCondition::any, 4s),
                           Service{"flask"}.probed(1s, 3).after(0, healthy)})};
    world.of("flask").answer = [](World& now) {
        const bool wedged = now.now > Instant{5s} && now.target("flask").instance.pid == 102;
        return wedged ? fail() : pass();
    };
    world.begin();
    world.at(5s, [](World& now) { now.exit("redis"); });
    world.run_until(30s);
    // redis is healthy again at 10 s; three new failures of flask follow at 10, 11 and 12 s.
    EXPECT_EQ(world.lines("flask remedy."),
              (Lines{"8s flask remedy.due restart: unhealthy", "8s flask remedy.held restart: dependency (redis)",
                     "12s flask remedy.due restart: unhealthy", "12s flask remedy.started restart: unhealthy",
                     "12s flask remedy.finished restart", "13s flask remedy.verified restart"}));
}

TEST(Dependencies, failures_while_the_dependency_was_away_are_not_held_against_the_dependant) {
    // Two of the three failures fall into redis's absence; the third comes just after it.
    World world{
        policy_of({Service{"redis"}.restart(RestartCondition::any, 2s), Service{"flask"}.probed(2s, 3).after(0)})};
    world.answers("flask", std::vector{pass(), fail(), fail(), fail(), pass()});
    world.begin();
    world.at(3s, [](World& now) { now.exit("redis"); });
    world.of("redis").stop_takes = 0s;
    world.run_until(1min);
    EXPECT_EQ(world.lines("flask target.health").back(), "10s flask target.health unhealthy -> healthy: probe_passed");
    EXPECT_TRUE(world.lines("flask remedy.started").empty());
}

TEST(Dependencies, a_dependant_that_died_with_its_dependency_starts_when_that_is_well) {
    World world{policy_of(
        {Service{"redis"}.probed(1s, 2).restart(RestartCondition::any, 10s), Service{"flask"}.after(0, healthy)})};
    world.begin();
    world.at(5s, [](World& now) {
        now.exit("redis");
        now.exit("flask");
    });
    world.run_until(1min);
    EXPECT_EQ(world.lines("flask remedy.held"), (Lines{"5s flask remedy.held restart: dependency (redis)"}));
    EXPECT_EQ(world.commands, (Lines{"0s start redis", "1s start flask", "15s start redis", "16s start flask"}));
}

TEST(Dependencies, restart_true_restarts_dependants_after_a_crash_was_healed) {
    World world{policy_of({Service{"vpn"}.probed(1s, 2).restart(RestartCondition::any, 3s),
                           Service{"app"}.after(0, healthy, true), Service{"log"}.after(0, healthy)})};
    world.begin();
    world.at(5s, [](World& now) { now.exit("vpn"); });
    world.run_until(1min);
    EXPECT_EQ(world.commands,
              (Lines{"0s start vpn", "1s start app", "1s start log", "8s start vpn", "9s stop app", "9s start app"}));
    EXPECT_EQ(world.lines("app remedy."),
              (Lines{"9s app remedy.due restart: dependency_healed", "9s app remedy.started restart: dependency_healed",
                     "9s app remedy.finished restart", "19s app remedy.verified restart"}));
}

TEST(Dependencies, restart_true_goes_down_a_chain) {
    World world{policy_of({Service{"a"}.probed(1s, 2), Service{"b"}.probed(1s, 2).after(0, healthy, true),
                           Service{"c"}.after(1, healthy, true)})};
    world.begin();
    world.run_until(5s);
    world.exit("a");
    world.run_until(1min);
    EXPECT_EQ(world.commands, (Lines{"0s start a", "1s start b", "2s start c", "5s start a", "6s stop b", "6s start b",
                                     "7s stop c", "7s start c"}));
}

TEST(Dependencies, restart_true_waits_for_a_paused_dependant_to_be_resumed) {
    World world{policy_of({Service{"vpn"}.probed(1s, 2), Service{"app"}.after(0, healthy, true)})};
    world.begin();
    world.run_until(2s);
    world.operate(event::Verb::pause, "app");
    world.exit("vpn");
    world.run_until(10s);
    EXPECT_EQ(world.lines("app remedy."),
              (Lines{"3s app remedy.due restart: dependency_healed", "3s app remedy.held restart: paused"}));
    world.operate(event::Verb::resume, "app");
    world.run_until(10s);
    EXPECT_EQ(world.commands.back(), "10s start app");
}

TEST(Dependencies, a_person_who_stops_a_dependency_is_not_answered_by_healing_its_dependants) {
    World world{policy_of({Service{"redis"}.probed(1s, 2), Service{"flask"}.probed(1s, 2).after(0, healthy)})};
    world.of("flask").answer = [](World& now) { return now.target("redis").phase == Phase::running ? pass() : fail(); };
    world.begin();
    world.run_until(5s);
    world.operate(event::Verb::stop, "redis");
    world.run_until(1min);
    EXPECT_EQ(world.lines("flask remedy.held"), (Lines{"7s flask remedy.held restart: dependency (redis)"}));
    EXPECT_EQ(world.target("flask").phase, Phase::running);
}

TEST(Dependencies, restart_true_reaches_a_target_that_recovers_while_its_command_runs) {
    World world{policy_of({Service{"db"}.probed(100ms, 1).ladder({}),
                           Service{"api"}.probed(500ms, 1).ladder({RunRung{}}).after(0, started, true)})};
    world.answers("api", std::vector{fail(), pass()});
    world.begin();
    world.run_until(Duration{600ms});  // api's command runs until 1.5 s
    ASSERT_EQ(world.target("api").remediation, Remediation::acting);
    world.operate(event::Verb::restart, "db");
    world.run_until(1min);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_EQ(world.target("api").incident, 0u);
    EXPECT_EQ(world.commands.back(), "1s start api");
}

TEST(Dependencies, restart_true_during_a_command_leaves_no_remedy_under_way_for_ever) {
    Guard guard;
    guard.max_parallel = 1;
    World world{policy_of({Service{"db"}.probed(100ms, 1).ladder({}),
                           Service{"api"}.probed(1s, 1).ladder({RunRung{}}).after(0, started, true)},
                          guard)};
    world.answers("api", std::vector{fail(), pass()});
    world.begin();
    world.run_until(Duration{1050ms});  // api's command runs from 1 s to 2 s, its next probe comes at 2 s
    ASSERT_EQ(world.target("api").remediation, Remediation::acting);
    world.operate(event::Verb::restart, "db");  // healthy again, with a new instance, at 1.15 s
    world.run_until(1min);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_EQ(world.lines("api remedy.started"),
              (Lines{"1s api remedy.started run: unhealthy", "2s api remedy.started restart: dependency_healed"}));
    EXPECT_TRUE(world.lines("api remedy.verified run did not help").empty());
}

TEST(Dependencies, restart_true_does_not_keep_a_recovered_target_in_quarantine) {
    World world{
        policy_of({Service{"db"}.probed(1s, 2),
                   Service{"api"}.probed(1s, 1).restart(RestartCondition::any, 0s, 1).after(0, started, true)})};
    world.of("api").answer = [](World& now) { return now.now > Instant{1min} ? pass() : fail(); };
    world.begin();
    world.run_until(30s);
    ASSERT_EQ(world.target("api").remediation, Remediation::quarantined);
    world.operate(event::Verb::restart, "db");
    world.run_until(2min);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_EQ(world.lines("alert.resolved").size(), 1u);
    EXPECT_EQ(world.lines("api remedy.started").back(), "1m1s api remedy.started restart: dependency_healed");
}

TEST(Dependencies, a_restart_for_a_healed_dependency_ends_the_wait_for_the_proof_of_an_earlier_remedy) {
    World world{
        policy_of({Service{"db"}.probed(1s, 2), Service{"api"}.probed(10s, 1).verify(20s).after(0, started, true)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(11s);
    ASSERT_EQ(world.target("api").remediation, Remediation::verifying);
    world.operate(event::Verb::pause, "api");
    world.operate(event::Verb::restart, "db");
    world.run_until(1min);
    EXPECT_EQ(world.lines("api remedy.held"), (Lines{"12s api remedy.held restart: paused"}));
    EXPECT_TRUE(world.lines("api remedy.verified").empty());
}

TEST(Dependencies, what_is_not_required_and_was_stopped_by_its_ladder_is_no_hindrance) {
    World world{policy_of(
        {Service{"cache"}.probed(1s, 1).ladder({StopRung{}}), Service{"api"}.after(0, healthy, false, false)})};
    world.answers("cache", fail());
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start cache", "1s start api", "1s keep evidence of cache", "1s stop cache"}));
}

}  // namespace
}  // namespace keepwell::testing
