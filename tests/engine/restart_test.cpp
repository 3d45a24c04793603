// Swarm's restart policy, by its own vectors (swarmkit manager/orchestrator/restart/restart.go), and the backoff on
// top. Instances fail one second after their start, so with a delay of 5 s starts are 6 s apart.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

constexpr auto any = RestartCondition::any;
constexpr auto on_failure = RestartCondition::on_failure;
constexpr auto none = RestartCondition::none;

World crashing(Service service, ExitStatus exit = {ExitStatus::Kind::code, 1, {}}) {
    World world{policy_of({std::move(service)})};
    world.of("api").lives = 1s;
    world.of("api").exit = exit;
    return world;
}

TEST(SwarmVectors, three_attempts_without_window_are_one_run_and_three_more) {
    World world = crashing(Service{"api"}.restart(any, 5s, 3));
    world.begin();
    world.run_until(10min);
    EXPECT_EQ(world.starts, seconds({0, 6, 12, 18}));
    EXPECT_EQ(world.lines("target.quarantined"),
              (std::vector<std::string>{"19s api target.quarantined attempts_used_up until 30m19s"}));
}

TEST(SwarmVectors, restarts_inside_the_window_count) {
    World world = crashing(Service{"api"}.restart(any, 5s, 3, 60s));
    world.begin();
    world.run_until(10min);
    EXPECT_EQ(world.starts, seconds({0, 6, 12, 18}));
}

TEST(SwarmVectors, restarts_before_the_window_do_not_count) {
    World world = crashing(Service{"api"}.restart(any, 5s, 3, 10s));
    world.begin();
    world.run_until(59s);
    EXPECT_EQ(world.starts, seconds({0, 6, 12, 18, 24, 30, 36, 42, 48, 54}));
}

TEST(SwarmVectors, a_success_is_not_restarted_on_failure) {
    World world = crashing(Service{"api"}.restart(on_failure, 5s), {ExitStatus::Kind::code, 0, {}});
    world.begin();
    world.run_until(10min);
    EXPECT_EQ(world.starts, seconds({0}));
    EXPECT_EQ(world.target("api").phase, Phase::completed);
    EXPECT_TRUE(world.lines("incident").empty());
    EXPECT_TRUE(world.lines("alert").empty());
}

TEST(SwarmVectors, without_max_attempts_it_goes_on_at_the_same_pace) {
    World world = crashing(Service{"api"}.restart(any, 5s));
    world.begin();
    world.run_until(1h);
    EXPECT_EQ(world.starts.size(), 601u);
    EXPECT_TRUE(world.lines("quarantined").empty());
}

TEST(SwarmVectors, one_attempt_is_one_replacement) {
    World world = crashing(Service{"api"}.restart(any, 5s, 1));
    world.begin();
    world.run_until(10min);
    EXPECT_EQ(world.starts, seconds({0, 6}));
}

TEST(Restarts, condition_none_leaves_a_crash_alone_and_says_so) {
    World world = crashing(Service{"api"}.restart(none, 5s), {ExitStatus::Kind::signal, 11, {}});
    world.begin();
    world.run_until(10min);
    EXPECT_EQ(world.starts, seconds({0}));
    EXPECT_EQ(world.target("api").phase, Phase::completed);
    EXPECT_EQ(world.lines("alert"),
              (std::vector<std::string>{"1s api alert.raised not_restarted (signal 11 (SIGSEGV))"}));
    EXPECT_EQ(world.lines("incident"), (std::vector<std::string>{"1s api incident.opened 1: exited",
                                                                 "1s api incident.closed 1: condition after 0s"}));
}

TEST(Restarts, condition_any_restarts_a_success_too) {
    World world = crashing(Service{"api"}.restart(any, 5s), {ExitStatus::Kind::code, 0, {}});
    world.begin();
    world.run_until(13s);
    EXPECT_EQ(world.starts, seconds({0, 6, 12}));
}

TEST(Restarts, on_failure_takes_a_signal_and_an_unseen_end_for_a_failure) {
    for (const ExitStatus& exit :
         {ExitStatus{ExitStatus::Kind::signal, 9, {}}, ExitStatus{ExitStatus::Kind::unknown, 0, {}}}) {
        World world = crashing(Service{"api"}.restart(on_failure, 5s), exit);
        world.begin();
        world.run_until(7s);
        EXPECT_EQ(world.starts, seconds({0, 6}));
    }
}

TEST(Restarts, a_failed_exec_is_a_failure_and_is_tried_again_after_the_delay) {
    World world{policy_of({Service{"api"}.restart(on_failure, 5s, 2)})};
    world.of("api").start_failure = "cannot execute `/bin/api`: No such file or directory";
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.starts, seconds({0, 5, 10}));
    EXPECT_EQ(
        world.lines("target.phase").at(1),
        "0s api target.phase starting -> backoff: start_failed (could not be executed: cannot execute `/bin/api`: "
        "No such file or directory) until 5s");
}

TEST(Restarts, delay_zero_restarts_at_once) {
    World world = crashing(Service{"api"}.restart(any, 0s));
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(world.starts, seconds({0, 1, 2, 3}));
}

TEST(Restarts, backoff_grows_by_its_factor_up_to_its_maximum) {
    World world = crashing(Service{"api"}.restart(any, 1s).backoff(2, 10s));
    world.begin();
    world.run_until(70s);  // waits 1, 2, 4, 8, 10, 10 … after each second of life
    EXPECT_EQ(world.starts, seconds({0, 2, 5, 10, 19, 30, 41, 52, 63}));
}

TEST(Restarts, backoff_from_a_delay_of_zero_grows_from_100ms_as_dockerd_does) {
    World world = crashing(Service{"api"}.restart(any, 0s).backoff(2, 1min));
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.starts, (std::vector<Duration>{0s, 1s, 2200ms, 3600ms}));
}

TEST(Restarts, without_a_probe_being_up_for_reset_after_resets_the_backoff) {
    World world{policy_of({Service{"api"}.restart(any, 1s).backoff(2, 1min, 10s)})};
    world.begin();
    world.at(1s, [](World& now) { now.exit("api"); });   // waits 1 s: up at 2 s
    world.at(3s, [](World& now) { now.exit("api"); });   // waits 2 s: up at 5 s
    world.at(20s, [](World& now) { now.exit("api"); });  // proven at 15 s: waits 1 s again
    world.run_until(30s);
    EXPECT_EQ(world.starts, seconds({0, 2, 5, 21}));
    EXPECT_EQ(world.lines("incident.closed"),
              (std::vector<std::string>{"15s api incident.closed 1: recovered after 14s"}));
}

TEST(Restarts, with_a_probe_only_healthy_resets_the_backoff) {
    World world{policy_of({Service{"api"}.probed(5s, 3).restart(any, 1s).backoff(2, 1min)})};
    world.answers("api", std::vector{fail(), pass()});
    world.begin();
    world.at(1s, [](World& now) { now.exit("api"); });   // up at 2 s, probed at 7 s: fails
    world.at(8s, [](World& now) { now.exit("api"); });   // second in a row: waits 2 s, up at 10 s, healthy at 15 s
    world.at(16s, [](World& now) { now.exit("api"); });  // waits 1 s again
    world.run_until(20s);
    EXPECT_EQ(world.starts, seconds({0, 2, 10, 17}));
}

TEST(Restarts, the_successor_waits_until_nothing_of_the_old_one_is_alive) {
    World world{policy_of({Service{"api"}.restart(any, 1s)})};
    world.of("api").leaves_something = true;
    world.of("api").stop_takes = 4s;
    world.begin();
    world.at(10s, [](World& now) { now.exit("api"); });
    world.run_until(20s);
    EXPECT_EQ(world.starts, seconds({0, 14}));
    EXPECT_EQ(world.living("api"), 1u);
}

TEST(Restarts, the_history_stays_bounded) {
    World world = crashing(Service{"api"}.restart(any, 0s, 5, 2s));
    world.begin();
    world.run_until(1h);
    EXPECT_LE(world.target("api").history.size(), 5u);
    EXPECT_GT(world.starts.size(), 1000u);
}

TEST(Restarts, every_restart_names_its_cause_before_it_happens) {
    World world = crashing(Service{"api"}.restart(any, 5s, 1));
    world.begin();
    world.run_until(7s);
    EXPECT_EQ(world.trace, (std::vector<std::string>{
                               "0s api target.phase waiting -> starting: policy",
                               "0s api target.phase starting -> running: started",
                               "1s api incident.opened 1: exited",
                               "1s api remedy.due restart: exited",
                               "1s api target.phase running -> backoff: exited (exit code 1) until 6s",
                               "1s api remedy.held restart: backoff until 6s",
                               "6s api remedy.started restart: exited",
                               "6s api target.phase backoff -> starting: remedy",
                               "6s api target.phase starting -> running: started",
                               "6s api remedy.finished restart",
                               "7s api remedy.verified restart did not help",
                               "7s api remedy.due restart: exited",
                               "7s api target.phase running -> backoff: exited (exit code 1)",
                               "7s api target.quarantined attempts_used_up until 30m7s",
                               "7s api alert.raised quarantined (its restart attempts are used up)",
                           }));
}

}  // namespace
}  // namespace keepwell::testing
