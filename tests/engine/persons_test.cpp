// Humans win: what people ask for is done, and what they stopped stays stopped.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

TEST(Persons, what_was_stopped_by_hand_stays_stopped) {
    World world{policy_of({Service{"api"}})};
    world.begin();
    world.run_until(1s);
    world.operate(event::Verb::stop, "api");
    world.run_until(1h);
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s stop api"}));
    world.operate(event::Verb::start, "api");
    world.run_until(2h);
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Persons, a_stop_while_starting_takes_effect_as_soon_as_it_runs) {
    World world{policy_of({Service{"api"}})};
    world.of("api").start_takes = 3s;
    world.begin();
    world.run_until(1s);
    world.operate(event::Verb::stop, "api");
    world.run_until(10s);
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.living("api"), 0u);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "3s stop api"}));
}

TEST(Persons, a_stop_in_the_middle_of_a_remedy_wins) {
    World world{policy_of({Service{"api"}.probed(1s, 1)})};
    world.answers("api", fail());
    world.of("api").stop_takes = 5s;
    world.begin();
    world.run_until(3s);
    ASSERT_EQ(world.target("api").phase, Phase::stopping);
    world.operate(event::Verb::stop, "api");
    world.run_until(1min);
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_EQ(world.starts.size(), 1u);
    EXPECT_EQ(world.lines("incident.closed"), (Lines{"6s api incident.closed 1: operated after 5s"}));
}

TEST(Persons, a_start_in_the_middle_of_a_stop_wins) {
    World world{policy_of({Service{"api"}})};
    world.of("api").stop_takes = 5s;
    world.begin();
    world.run_until(1s);
    world.operate(event::Verb::stop, "api");
    world.run_until(2s);
    world.operate(event::Verb::start, "api");
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s stop api", "6s start api"}));
}

TEST(Persons, what_is_dead_is_stopped_when_what_its_exit_left_running_is_gone_too) {
    World world{policy_of({Service{"api"}, Service{"job"}.restart(RestartCondition::none, 0s)})};
    for (const char* name : {"api", "job"}) {
        world.of(name).leaves_something = true;
        world.of(name).stop_takes = 4s;
    }
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.exit("job");
    world.run_until(2s);
    for (const char* name : {"api", "job"}) {
        world.operate(event::Verb::stop, name);
        EXPECT_EQ(world.target(name).phase, Phase::stopping);
        EXPECT_EQ(world.living(name), 1u);
    }
    world.run_until(1h);
    for (const char* name : {"api", "job"}) {
        EXPECT_EQ(world.target(name).phase, Phase::stopped);
        EXPECT_EQ(world.target(name).remediation, Remediation::idle);
        EXPECT_EQ(world.living(name), 0u);
    }
    EXPECT_EQ(world.starts.size(), 2u);
}

TEST(Persons, a_start_wins_over_a_stop_that_waits_for_what_an_exit_left_running) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 1h)})};
    world.of("api").leaves_something = true;
    world.of("api").stop_takes = 4s;
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(2s);
    world.operate(event::Verb::stop, "api");
    world.operate(event::Verb::start, "api");
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s stop api", "5s start api"}));
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Persons, a_start_skips_the_delay_of_a_restart) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 1h)})};
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(2s);
    world.operate(event::Verb::start, "api");
    EXPECT_EQ(world.commands.back(), "2s start api");
}

TEST(Persons, a_restart_is_immediate_and_clears_the_counters) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 5s, 2)})};
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(10s);
    ASSERT_EQ(world.target("api").history.size(), 1u);
    world.operate(event::Verb::restart, "api");
    world.run_until(10s);
    EXPECT_EQ(world.commands.back(), "10s start api");
    EXPECT_TRUE(world.target("api").history.empty());
    EXPECT_EQ(world.target("api").restarts, 2u);
}

TEST(Persons, a_restart_of_a_dependency_restarts_its_dependants_that_ask_for_it) {
    World world{
        policy_of({Service{"db"}.probed(1s, 2), Service{"api"}.after(0, DependencyCondition::service_healthy, true)})};
    world.begin();
    world.run_until(5s);
    world.operate(event::Verb::restart, "db");
    world.run_until(10s);
    EXPECT_EQ(world.commands,
              (Lines{"0s start db", "1s start api", "5s stop db", "5s start db", "6s stop api", "6s start api"}));
}

TEST(Persons, a_stop_of_everything_ends_dependants_before_what_they_depend_on) {
    World world{policy_of({Service{"db"}, Service{"api"}.after(0, DependencyCondition::service_started),
                           Service{"web"}.after(1, DependencyCondition::service_started), Service{"other"}})};
    for (const char* name : {"db", "api", "web", "other"}) world.of(name).stop_takes = 2s;
    world.begin();
    world.run_until(5s);
    world.commands.clear();
    world.operate_all(event::Verb::stop);
    world.run_until(6s);
    EXPECT_EQ(world.target("db").phase, Phase::running);
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"5s stop web", "5s stop other", "7s stop api", "9s stop db"}));
    EXPECT_EQ(world.target("db").phase, Phase::stopped);
}

TEST(Persons, a_start_or_a_stop_of_its_own_ends_the_wait_for_dependants_at_a_stop_of_everything) {
    for (const auto verb : {event::Verb::start, event::Verb::stop}) {
        World world{policy_of({Service{"db"}, Service{"api"}.after(0, DependencyCondition::service_started)})};
        world.of("api").stop_takes = 5s;
        world.begin();
        world.run_until(1s);
        world.operate_all(event::Verb::stop);
        world.run_until(2s);
        world.operate(verb, "db");
        world.run_until(10s);
        const bool started = verb == event::Verb::start;
        EXPECT_EQ(world.target("db").phase, started ? Phase::running : Phase::stopped);
        EXPECT_EQ(world.commands.back(), started ? "1s stop api" : "2s stop db");
    }
}

TEST(Persons, a_restart_of_what_is_stopped_starts_it) {
    World world{policy_of({Service{"job"}.restart(RestartCondition::none, 0s)})};
    world.of("job").lives = 1s;
    world.of("job").exit = {ExitStatus::Kind::code, 0, {}};
    world.begin();
    world.run_until(5s);
    world.operate(event::Verb::restart, "job");
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start job", "5s start job"}));
}

TEST(Persons, a_paused_target_is_not_started_by_keepwell_but_by_a_person) {
    World world{policy_of({Service{"api"}})};
    TargetMemory memory;
    memory.target = "api";
    memory.paused = true;
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"0s api remedy.held start: paused"}));
    world.operate(event::Verb::start, "api");
    world.run_until(1s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Persons, everything_said_by_a_person_is_recorded_with_the_name) {
    World world{policy_of({Service{"api"}})};
    world.begin();
    for (const auto verb : {event::Verb::pause, event::Verb::resume, event::Verb::reset, event::Verb::restart,
                            event::Verb::stop, event::Verb::start}) {
        world.operate(verb, "api");
        world.run_until(world.now.time_since_epoch() + 1s);
    }
    EXPECT_EQ(world.lines("operator."),
              (Lines{"0s api operator.pause", "1s api operator.resume", "2s api operator.reset",
                     "3s api operator.restart", "4s api operator.stop", "5s api operator.start"}));
    EXPECT_EQ(std::get<fact::OperatorActed>(world.facts.back().second.body.index() == 13
                                                ? world.facts.back().second.body
                                                : fact::Body{fact::OperatorActed{{}, "ann"}})
                  .by,
              "ann");
}

TEST(Persons, a_reset_of_a_sick_target_tries_the_ladder_again_at_once) {
    World world{policy_of({Service{"api"}.probed(1s, 2).ladder({NotifyRung{}})})};
    world.answers("api", fail());
    world.begin();
    world.run_until(10s);
    world.operate(event::Verb::reset, "api");
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"2s api remedy.started notify: unhealthy", "10s api remedy.started notify: operated"}));
}

}  // namespace
}  // namespace keepwell::testing
