// Keepwell ends: everything stops in reverse dependency order within the grace periods, or at once.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Policy chain() {
    return policy_of({Service{"db"}, Service{"api"}.after(0), Service{"web"}.after(1), Service{"other"}});
}

TEST(Shutdown, dependants_stop_before_what_they_depend_on) {
    World world{chain()};
    world.begin();
    world.run_until(1s);
    for (const char* name : {"db", "api", "web", "other"}) world.of(name).stop_takes = 2s;
    world.shutdown();
    world.run_until(10s);
    EXPECT_EQ(world.lines("running -> stopping"), (Lines{"1s web target.phase running -> stopping: shutdown",
                                                         "1s other target.phase running -> stopping: shutdown",
                                                         "3s api target.phase running -> stopping: shutdown",
                                                         "5s db target.phase running -> stopping: shutdown"}));
    EXPECT_TRUE(world.engine.finished());
}

TEST(Shutdown, a_second_request_stops_everything_at_once) {
    World world{chain()};
    world.begin();
    world.run_until(1s);
    for (const char* name : {"db", "api", "web", "other"}) world.of(name).stop_takes = 9s;
    world.shutdown();
    world.run_until(2s);
    world.shutdown(true);
    world.run_until(2s);
    EXPECT_TRUE(world.engine.finished());
    for (const char* name : {"db", "api", "web", "other"}) EXPECT_EQ(world.living(name), 0u) << name;
}

TEST(Shutdown, nothing_is_started_or_healed_any_more) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 5s), Service{"db"}.probed(1s, 1)})};
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.of("db").stop_takes = 3s;
    world.answers("db", fail());
    world.shutdown();
    world.run_until(1h);
    EXPECT_EQ(world.starts.size(), 2u);
    EXPECT_TRUE(world.engine.finished());
    EXPECT_EQ(world.engine.next_deadline(), never);
}

TEST(Shutdown, a_start_that_is_under_way_is_awaited_and_ended) {
    World world{policy_of({Service{"api"}})};
    world.of("api").start_takes = 3s;
    world.begin();
    world.run_until(1s);
    world.shutdown();
    world.run_until(2s);
    EXPECT_FALSE(world.engine.finished());
    world.run_until(4s);
    EXPECT_TRUE(world.engine.finished());
    EXPECT_EQ(world.living("api"), 0u);
}

TEST(Shutdown, what_can_not_be_ended_is_named_and_does_not_keep_keepwell) {
    World world{policy_of({Service{"api"}})};
    world.begin();
    world.run_until(1s);
    world.of("api").survivors = "pid 4711 (stuck)";
    world.shutdown();
    world.run_until(2s);
    EXPECT_EQ(world.lines("alert"), (Lines{"1s api alert.raised survivors (pid 4711 (stuck))"}));
    EXPECT_TRUE(world.engine.finished());
}

TEST(Shutdown, a_quarantine_and_an_operators_stop_are_remembered_beyond_it) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 0s, 1), Service{"db"}})};
    world.of("api").lives = 1s;
    world.begin();
    world.run_until(5s);
    world.operate(event::Verb::stop, "db");
    world.run_until(6s);
    world.shutdown();
    world.run_until(7s);
    EXPECT_EQ(world.engine.memory(0).remediation, Remediation::quarantined);
    EXPECT_EQ(world.engine.memory(0).retry_at, Instant{30min + 2s});
    EXPECT_FALSE(world.engine.memory(0).operator_stopped);
    EXPECT_TRUE(world.engine.memory(1).operator_stopped);
}

TEST(Shutdown, a_dependency_ends_after_what_the_exit_of_its_dependant_left_running) {
    World world{policy_of({Service{"db"}, Service{"api"}.after(0)})};
    world.of("api").leaves_something = true;
    world.of("api").stop_takes = 4s;
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(2s);
    world.shutdown();
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start db", "0s start api", "1s stop api", "5s stop db"}));
    EXPECT_TRUE(world.engine.finished());
}

TEST(Shutdown, a_second_request_hurries_what_an_exit_left_behind_too) {
    World world{policy_of({Service{"api"}.grace(1h)})};
    world.of("api").leaves_something = true;
    world.of("api").stop_takes = 1h;
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.shutdown();
    world.run_until(2s);
    EXPECT_FALSE(world.engine.finished());
    world.shutdown(true);
    world.run_until(2s);
    EXPECT_TRUE(world.engine.finished());
    EXPECT_EQ(world.living("api"), 0u);
}

}  // namespace
}  // namespace keepwell::testing
