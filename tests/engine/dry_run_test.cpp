// Dry-run: probes are real, everything is decided, nothing is done.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Policy dry(std::vector<Service> services) {
    Policy policy = policy_of(services);
    policy.mode = Mode::dry_run;
    return policy;
}

TEST(DryRun, starts_are_held_and_count_as_started_for_the_probes) {
    World world{dry({Service{"api"}.probed(10s, 2)})};
    world.answers("api", std::vector{pass(), fail()});
    world.begin();
    world.run_until(1h);
    EXPECT_TRUE(world.commands.empty());
    EXPECT_EQ(world.trace, (Lines{
                               "0s api remedy.held start: dry_run",
                               "0s api target.phase waiting -> running: dry_run",
                               "0s api target.health none -> starting: started",
                               "10s api target.health starting -> healthy: probe_passed",
                               "20s api probe.failed failed 1/2",
                               "30s api probe.failed failed 2/2",
                               "30s api target.health healthy -> unhealthy: unhealthy",
                               "30s api incident.opened 1: unhealthy",
                               "30s api remedy.due restart: unhealthy",
                               "30s api remedy.held restart: dry_run",
                           }));
}

TEST(DryRun, it_goes_on_from_what_it_sees) {
    World world{dry({Service{"api"}.probed(10s, 1)})};
    world.answers("api", std::vector{fail(), pass(), fail(), pass()});
    world.begin();
    world.run_until(45s);
    EXPECT_EQ(world.lines("remedy.held"),
              (Lines{"0s api remedy.held start: dry_run", "10s api remedy.held restart: dry_run",
                     "30s api remedy.held restart: dry_run again"}));
    EXPECT_EQ(world.lines("incident.closed").size(), 2u);
}

TEST(DryRun, what_is_held_for_another_instance_is_not_held_again) {
    World world{dry({Service{"api"}.adopted().probed(10s, 1)})};
    world.answers("api", std::vector{fail(), pass(), fail(), fail()});
    world.begin_with_containers();
    world.run_until(35s);
    world.exit("api");
    world.found("api", world.container("api"));
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.held restart"),
              (Lines{"10s api remedy.held restart: dry_run", "30s api remedy.held restart: dry_run again",
                     "35s api remedy.held restart: dry_run again", "45s api remedy.held restart: dry_run"}));
}

TEST(DryRun, dependants_wait_for_real_health) {
    World world{dry({Service{"db"}.probed(10s, 1), Service{"api"}.after(0, DependencyCondition::service_healthy)})};
    world.begin();
    world.run_until(11s);
    EXPECT_EQ(world.lines("held start"),
              (Lines{"0s db remedy.held start: dry_run", "10s api remedy.held start: dry_run"}));
}

TEST(DryRun, one_service_alone_can_be_dry) {
    World world{policy_of({Service{"api"}.dry(), Service{"db"}})};
    world.begin();
    world.run_until(1s);
    EXPECT_EQ(world.commands, (Lines{"0s start db"}));
}

TEST(DryRun, people_are_shown_what_they_would_have_done) {
    World world{dry({Service{"api"}})};
    world.begin();
    world.operate(event::Verb::stop, "api");
    world.operate(event::Verb::restart, "api");
    EXPECT_TRUE(world.commands.empty());
    EXPECT_EQ(world.lines("remedy.held"),
              (Lines{"0s api remedy.held start: dry_run", "0s api remedy.held stop: dry_run",
                     "0s api remedy.held restart: dry_run"}));
}

TEST(DryRun, it_ends_without_touching_anything) {
    World world{dry({Service{"api"}.probed(1s, 1)})};
    world.begin();
    world.run_until(10s);
    world.shutdown();
    world.run_until(20s);
    EXPECT_TRUE(world.engine.finished());
    EXPECT_TRUE(world.commands.empty());
}

TEST(DryRun, every_other_gate_is_asked_before_it) {
    World world{dry({Service{"db"}.probed(1s, 1).ladder({}), Service{"api"}.probed(1s, 1).after(0)})};
    world.answers("db", fail());
    world.answers("api", fail());
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(world.lines("api remedy.held").back(), "1s api remedy.held restart: dependency (db)");
}

TEST(DryRun, a_stop_that_an_enforcing_keepwell_had_begun_is_not_finished) {
    World world{dry({Service{"api"}})};
    TargetMemory memory;
    memory.target = "api";
    memory.version = "v1";
    memory.instance = {"50@1", 50};
    memory.phase = Phase::stopping;
    memory.operator_stopped = true;
    world.restore("api", memory);
    world.begin();
    world.run_until(1min);
    EXPECT_TRUE(world.commands.empty());
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"0s api remedy.held stop: dry_run"}));
    world.exit("api");
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_TRUE(world.engine.memory(0).operator_stopped);
}

TEST(DryRun, what_an_adopted_instance_leaves_behind_is_not_ended) {
    World world{dry({Service{"api"}})};
    TargetMemory memory;
    memory.target = "api";
    memory.version = "v1";
    memory.instance = {"50@1", 50};
    memory.phase = Phase::running;
    world.restore("api", memory);
    world.of("api").leaves_something = true;
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(1min);
    EXPECT_TRUE(world.commands.empty());
}

TEST(DryRun, an_adopted_instance_is_still_known_when_it_has_ended_so_that_none_is_started_beside_it) {
    World world{dry({Service{"api"}})};
    TargetMemory memory;
    memory.target = "api";
    memory.version = "v1";
    memory.instance = {"50@1", 50};
    memory.phase = Phase::running;
    world.restore("api", memory);
    world.begin();
    world.run_until(1s);
    world.shutdown();
    ASSERT_TRUE(world.engine.finished());
    EXPECT_EQ(world.engine.memory(0).instance.id, "50@1");

    World next{policy_of({Service{"api"}})};
    next.restore("api", world.engine.memory(0));
    next.begin();
    EXPECT_EQ(next.target("api").phase, Phase::running);
    EXPECT_TRUE(next.commands.empty());
}

TEST(DryRun, what_is_only_taken_as_started_has_no_instance) {
    const auto policy = [](Mode mode) {
        Policy one = policy_of({Service{"web"}.probed(1s, 1).adopted()});
        one.mode = mode;
        one.version = mode == Mode::dry_run ? "dry" : "earnest";
        return one;
    };
    World world{policy(Mode::enforce)};
    world.answers("web", fail());
    world.of("web").start_failure = "no such network";  // a restart in one request, of which the old life is known
    world.begin_with_containers();
    world.run_until(2s);
    ASSERT_EQ(world.target("web").phase, Phase::backoff);
    world.reload(policy(Mode::dry_run));
    world.run_until(20s);
    EXPECT_TRUE(world.target("web").taken_as_started);
    EXPECT_FALSE(world.target("web").instance.exists());
}

}  // namespace
}  // namespace keepwell::testing
