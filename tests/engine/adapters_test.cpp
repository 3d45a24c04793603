// Adapters that are late, silent or wrong: nothing is doubled, nothing hangs, and the impossible is recorded.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

TEST(Adapters, a_start_that_is_never_answered_is_given_up_and_tried_again) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 5s)})};
    world.of("api").never_answers_starts = true;
    world.begin();
    world.run_until(64s);
    EXPECT_EQ(world.lines("alert"),
              (Lines{"1m0s api alert.raised overdue (no answer from what was asked to start, stop or run something)"}));
    world.of("api").never_answers_starts = false;
    world.run_until(66s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.starts, (std::vector<Duration>{0s, 65s}));
}

TEST(Adapters, a_late_instance_is_ended_and_nothing_starts_before_that_is_confirmed) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 5s)})};
    world.of("api").start_takes = 62s;
    world.begin();
    world.run_until(61s);
    world.of("api").start_takes = 0s;
    world.of("api").stop_takes = 9s;
    world.run_until(80s);
    // Given up at 60 s, to be tried again at 65 s; the late one appears at 62 s and is dead at 71 s.
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1m2s stop api", "1m11s start api"}));
    EXPECT_EQ(world.living("api"), 1u);
}

TEST(Adapters, a_stop_that_is_never_confirmed_is_asked_for_again_without_grace) {
    World world{policy_of({Service{"api"}.grace(10s)})};
    world.begin();
    world.run_until(1s);
    world.of("api").survivors = "pid 4711 (stuck)";
    world.operate(event::Verb::restart, "api");
    world.run_until(2s);
    EXPECT_EQ(world.lines("survivors").size(), 1u);
    world.run_until(30s);
    EXPECT_EQ(world.starts.size(), 1u) << "nothing may start beside what is still alive";
    world.of("api").survivors = "";
    world.run_until(32s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s stop api", "31s stop api", "31s start api"}));
}

TEST(Adapters, a_probe_that_is_never_answered_is_an_error_and_the_next_one_comes) {
    World world{policy_of({Service{"api"}.probed(10s, 3, 5s)})};
    world.answers("api", std::vector{Answer{Outcome::passed, 24h, {}, 0}, pass()});
    world.begin();
    world.run_until(66s);
    EXPECT_EQ(world.probes, (std::vector<Duration>{10s, 65s}));
    EXPECT_EQ(world.lines("probe.failed"), (Lines{"55s api probe.failed error 0/3 not counted"}));
}

TEST(Adapters, the_impossible_is_recorded_and_changes_nothing) {
    World world{policy_of({Service{"api"}})};
    world.tolerant = true;
    world.give(event::Exited{0, {"1@1", 1}, {}, false});
    world.begin();
    world.run_until(1s);
    const std::vector<std::string> before = world.commands;
    world.give(event::Begin{});
    world.give(event::StartFinished{999, 0, {"7@7", 7}, {}});
    world.give(event::StopFinished{999, 0, {}});
    world.give(event::ProbeFinished{999, 0, Outcome::failed, 1, {}});
    world.give(event::HookFinished{999, 0, {}, {}});
    world.give(event::Exited{77, {"1@1", 1}, {}, false});
    world.give(event::Maintenance{9, true, never});
    world.give(event::Restored{0, {}});
    world.give(event::Operated{event::Verb::stop, 12, {}});
    world.give(event::StartFinished{1, 0, world.target("api").instance, {}});
    EXPECT_EQ(world.engine.unexpected(), 11u);
    EXPECT_EQ(world.lines("engine.unexpected").size(), 11u);
    EXPECT_EQ(world.commands, before);
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Adapters, an_exit_of_an_old_life_touches_nothing) {
    World world{policy_of({Service{"api"}})};
    world.begin();
    world.run_until(1s);
    world.give(event::Exited{0, {"1@1", 1}, {ExitStatus::Kind::code, 1, {}}, false});
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Adapters, time_that_goes_back_is_taken_as_no_time) {
    World world{policy_of({Service{"api"}.probed(10s, 3)})};
    world.begin();
    world.run_until(20s);
    world.now = Instant{5s};
    world.give(event::Tick{});
    world.now = Instant{30s};
    world.give(event::Tick{});
    EXPECT_EQ(world.probes.back(), 30s);
}

TEST(Adapters, nothing_happens_before_begin) {
    World world{policy_of({Service{"api"}})};
    world.tolerant = true;
    world.give(event::Operated{event::Verb::pause, no_target, "ann"});
    world.give(event::Shutdown{});
    world.give(event::Maintenance{0, true, never});
    world.give(event::Tick{});
    EXPECT_TRUE(world.commands.empty());
    EXPECT_EQ(world.target("api").phase, Phase::waiting);
    EXPECT_FALSE(world.engine.shutting_down());
    EXPECT_EQ(world.engine.unexpected(), 2u) << "windows may be told before";
    world.begin();
    EXPECT_EQ(world.commands, (Lines{"0s start api"}));
}

TEST(Adapters, the_end_of_a_late_instance_is_guarded_also_while_the_next_start_is_answered) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 0s)})};
    world.of("api").start_takes = 65s;
    world.tolerant = true;  // the late one and its successor live side by side for a while
    world.begin();
    world.run_until(59s);
    world.of("api").never_answers_starts = true;
    world.run_until(61s);  // given up at 60 s; the second start is under way
    ASSERT_EQ(world.commands, (Lines{"0s start api", "1m0s start api"}));
    world.of("api").survivors = "pid 101 (stuck)";
    world.run_until(66s);  // the late one is to end, and survives
    world.run_until(94s);
    world.give(event::StartFinished{2, 0, {"7@7", 7}, {}});
    world.of("api").survivors = "";
    world.run_until(5min);
    EXPECT_TRUE(world.target("api").strays.empty());
}

TEST(Adapters, errors_of_the_probes_are_over_with_the_instance) {
    World world{policy_of({Service{"api"}.probed(1s, 2)})};
    world.answers("api", cannot_ask());
    world.begin();
    world.run_until(3s);
    world.operate(event::Verb::stop, "api");
    EXPECT_EQ(world.lines("alert"), (Lines{"2s api alert.raised probe_errors (no descriptors)",
                                           "3s api alert.resolved probe_errors (nobody is asked any more)"}));
}

}  // namespace
}  // namespace keepwell::testing
