// Docker's HEALTHCHECK semantics, by its own vectors: moby daemon/health.go. Times are seconds after the start.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

/// Everything that happens to health, without what heals it.
Service watched(Duration interval, std::uint32_t retries, Duration timeout = 30s) {
    return Service{"api"}.probed(interval, retries, timeout).ladder({});
}

TEST(DockerVectors, v1_without_start_period_the_third_failure_is_unhealthy_and_later_ones_only_count) {
    World world{policy_of({watched(10s, 3)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(41s);
    EXPECT_EQ(world.probes, seconds({10, 20, 30, 40}));
    EXPECT_EQ(world.lines("target.health"),
              (std::vector<std::string>{"0s api target.health none -> starting: started",
                                        "30s api target.health starting -> unhealthy: unhealthy"}));
    EXPECT_EQ(world.target("api").health.failing_streak, 4u);
}

TEST(DockerVectors, v2_failures_inside_the_start_period_do_not_count_and_the_boundary_does) {
    World world{policy_of({watched(10s, 2).start_period(25s, 5s)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(36s);
    EXPECT_EQ(world.probes, seconds({5, 10, 15, 20, 25, 35}));
    EXPECT_EQ(world.lines("unhealthy: unhealthy"),
              (std::vector<std::string>{"35s api target.health starting -> unhealthy: unhealthy"}));
}

TEST(DockerVectors, v3_the_first_success_ends_the_start_period) {
    World world{policy_of({watched(10s, 2).start_period(25s, 5s)})};
    world.answers("api", std::vector{fail(), pass(), fail()});
    world.begin();
    world.run_until(31s);
    EXPECT_EQ(world.probes, seconds({5, 10, 20, 30}));
    EXPECT_EQ(world.lines("target.health"),
              (std::vector<std::string>{"0s api target.health none -> starting: started",
                                        "10s api target.health starting -> healthy: probe_passed",
                                        "30s api target.health healthy -> unhealthy: unhealthy"}));
}

TEST(DockerVectors, v4_a_start_interval_beyond_the_start_period_is_waited_out) {
    World world{policy_of({watched(2s, 1).start_period(2s, 30s)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(31s);
    EXPECT_EQ(world.probes, seconds({30}));
    EXPECT_EQ(world.target("api").shown_health, Health::unhealthy);
}

TEST(DockerVectors, v5_without_start_period_the_start_interval_is_not_used) {
    World world{policy_of({watched(30s, 3).start_period(0s, 1s)})};
    world.begin();
    world.run_until(31s);
    EXPECT_EQ(world.probes, seconds({30}));
}

TEST(Probing, an_answer_to_an_earlier_question_is_none_to_this_one) {
    World world{policy_of({Service{"api"}.probed(1s, 1)})};
    world.answers("api", Answer{Outcome::passed, 500ms, {}, 0});
    world.begin();
    world.run_until(Duration{1100ms});
    const CommandId first = world.target("api").probe_id;
    world.run_until(Duration{2600ms});
    ASSERT_NE(world.target("api").probe_id, 0u);
    world.give(event::ProbeFinished{first, 0, Outcome::failed, 1, "late"});
    EXPECT_NE(world.target("api").probe_id, 0u);
    EXPECT_TRUE(world.lines("probe.failed").empty());
}

TEST(DockerVectors, v6_a_pause_of_keepwell_goes_on_watching) {
    World world{policy_of({watched(10s, 3)})};
    world.begin();
    world.run_until(12s);
    world.operate(event::Verb::pause, "api");
    world.run_until(40s);
    EXPECT_EQ(world.probes, seconds({10, 20, 30, 40}));
    EXPECT_EQ(world.target("api").shown_health, Health::healthy);
}

TEST(DockerVectors, v7_one_success_after_any_number_of_failures_is_healthy) {
    World world{policy_of({watched(10s, 3)})};
    world.answers("api", std::vector{fail(), fail(), fail(), fail(), pass()});
    world.begin();
    world.run_until(50s);
    EXPECT_EQ(world.lines("healthy: probe_passed"),
              (std::vector<std::string>{"50s api target.health unhealthy -> healthy: probe_passed"}));
    EXPECT_EQ(world.target("api").health.failing_streak, 0u);
}

TEST(DockerVectors, v8_the_wait_runs_from_the_end_of_a_hanging_probe) {
    World world{policy_of({watched(10s, 3, 3s)})};
    world.answers("api", hang(3s));
    world.begin();
    world.run_until(39s);
    EXPECT_EQ(world.probes, seconds({10, 23, 36}));
    EXPECT_EQ(world.lines("unhealthy: unhealthy"),
              (std::vector<std::string>{"39s api target.health starting -> unhealthy: unhealthy"}));
    EXPECT_EQ(world.target("api").health.log.last()->exit_code, -1);
}

TEST(DockerVectors, v9_the_start_of_a_probe_decides_whether_the_start_period_covers_it) {
    World world{policy_of({watched(10s, 1).start_period(25s, Duration{24900ms})})};
    world.answers("api", Answer{Outcome::failed, Duration{2100ms}, "no", 1});
    world.begin();
    world.run_until(27s);
    EXPECT_EQ(world.target("api").health.failing_streak, 0u);
    EXPECT_EQ(world.lines("probe.failed"), (std::vector<std::string>{"27s api probe.failed failed 0/1 not counted"}));
}

TEST(DockerVectors, v11_a_new_instance_starts_anew_and_the_log_stays) {
    World world{policy_of({watched(10s, 3)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(65s);
    EXPECT_EQ(world.target("api").health.log.size(), kept_results);
    world.operate(event::Verb::restart, "api");
    world.run_until(66s);
    EXPECT_EQ(world.target("api").shown_health, Health::starting);
    EXPECT_EQ(world.target("api").health.failing_streak, 0u);
    EXPECT_EQ(world.target("api").health.log.size(), kept_results);
    EXPECT_LT(world.target("api").health.log.last()->started, world.target("api").health.started_at);
}

TEST(Probing, only_five_results_are_kept_newest_last) {
    World world{policy_of({watched(1s, 3)})};
    world.of("api").answer = [n = 0](World&) mutable { return fail("no " + std::to_string(++n)); };
    world.begin();
    world.run_until(7s);
    const engine::ResultLog& log = world.target("api").health.log;
    ASSERT_EQ(log.size(), 5u);
    EXPECT_EQ(log[0].output, "no 3");
    EXPECT_EQ(log[4].output, "no 7");
}

TEST(Probing, never_two_probes_of_one_target_at_once) {
    World world{policy_of({watched(1s, 3, 10s)})};
    world.answers("api", hang(10s));
    world.begin();
    world.run_until(60s);
    EXPECT_EQ(world.probes, seconds({1, 12, 23, 34, 45, 56}));
}

TEST(Probing, what_can_not_be_asked_never_counts_and_makes_health_unknown_after_retries) {
    World world{policy_of({Service{"api"}.probed(10s, 3)})};
    world.answers("api", std::vector{pass(), cannot_ask(), cannot_ask(), cannot_ask(), cannot_ask(), pass()});
    world.begin();
    world.run_until(60s);
    EXPECT_EQ(world.lines("target.health"),
              (std::vector<std::string>{"0s api target.health none -> starting: started",
                                        "10s api target.health starting -> healthy: probe_passed",
                                        "40s api target.health healthy -> unknown: probe_errors",
                                        "1m0s api target.health unknown -> healthy: probe_passed"}));
    EXPECT_EQ(world.lines("alert."),
              (std::vector<std::string>{"40s api alert.raised probe_errors (no descriptors)",
                                        "1m0s api alert.resolved probe_errors (the probes can be asked again)"}));
    EXPECT_TRUE(world.lines("remedy.").empty());
}

TEST(Probing, errors_between_failures_do_not_reset_the_streak) {
    World world{policy_of({watched(10s, 3)})};
    world.answers("api", std::vector{pass(), fail(), cannot_ask(), fail(), cannot_ask(), fail()});
    world.begin();
    world.run_until(60s);
    EXPECT_EQ(world.lines("unhealthy: unhealthy"),
              (std::vector<std::string>{"1m0s api target.health healthy -> unhealthy: unhealthy"}));
}

TEST(Probing, a_result_that_comes_after_the_instance_ended_touches_nothing) {
    World world{policy_of({watched(10s, 1, 30s)})};
    world.answers("api", Answer{Outcome::failed, 20s, "late", 1});
    world.begin();
    world.at(15s, [](World& now) { now.exit("api"); });
    world.run_until(24s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.target("api").health.log.size(), 0u);
    EXPECT_EQ(world.target("api").shown_health, Health::starting);
}

TEST(Probing, a_steady_pass_says_nothing_and_changes_no_memory) {
    World world{policy_of({watched(10s, 3)})};
    world.begin();
    world.run_until(11s);
    const std::size_t said = world.trace.size();
    world.changed.clear();
    world.run_until(1000s);
    EXPECT_EQ(world.trace.size(), said);
    EXPECT_TRUE(world.changed.empty());
}

TEST(Probing, a_long_failure_is_said_retries_times_and_then_only_when_it_fails_differently) {
    World world{policy_of({watched(1s, 2)})};
    world.answers("api", std::vector{fail("a"), fail("a"), fail("a"), fail("a"), fail("b"), fail("b")});
    world.begin();
    world.run_until(20s);
    EXPECT_EQ(world.lines("probe.failed"),
              (std::vector<std::string>{"1s api probe.failed failed 1/2", "2s api probe.failed failed 2/2",
                                        "5s api probe.failed failed 5/2"}));
}

}  // namespace
}  // namespace keepwell::testing
