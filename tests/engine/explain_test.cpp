// explain: why a target is as it is, in sentences.
#include "keepwell/engine/explain.hpp"

#include <algorithm>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Lines explained(const World& world, const std::string& name) {
    Lines lines;
    for (const engine::Sentence& sentence : engine::explain(world.engine, world.index(name), world.now)) {
        lines.push_back(sentence.topic + ": " + sentence.text);
    }
    return lines;
}

TEST(Explain, a_healthy_target) {
    World world{policy_of({Service{"api"}.probed(10s, 3)})};
    world.begin();
    world.run_until(14s);
    EXPECT_EQ(explained(world, "api"), (Lines{"state: It is running as pid 101 and healthy: it was started.",
                                              "seen: Its last probe passed.", "next: Next: probe in 6s."}));
}

TEST(Explain, a_target_that_waits_for_its_dependency) {
    World world{policy_of({Service{"redis"}, Service{"flask"}.probed(1s, 2).after(0)})};
    world.of("redis").start_takes = 5s;
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(explained(world, "flask"),
              (Lines{"state: It is waiting: it waits for what it depends on (redis: service_started).",
                     "seen: It was not probed yet.", "next: Next: start when redis: service_started."}));
}

TEST(Explain, a_quarantined_target) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 1s, 1)})};
    world.of("api").lives = 1s;
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(
        explained(world, "api"),
        (Lines{"state: It is backoff: it ended by itself (exit code 1).", "seen: Its last instance ended: exit code 1.",
               "seen: It has no healthcheck: only its exit is seen.", "done: Incident 1 is open: it ended by itself.",
               "done: It was restarted 1 time; 1 of 1 attempts are used.",
               "done: It is quarantined: nothing is done about it until the next try, or `keepwell reset`.",
               "next: Next: one try out of quarantine in 29m53s."}));
}

TEST(Explain, a_held_remedy_names_its_gate) {
    World world{policy_of({Service{"api"}.probed(1s, 1)})};
    world.answers("api", fail("HTTP 503"));
    world.begin();
    world.operate(event::Verb::pause, "api");
    world.run_until(Duration{1500ms});
    EXPECT_EQ(explained(world, "api"),
              (Lines{"state: It is running as pid 101 and unhealthy: it was started.",
                     "state: It is paused: it is watched, and nothing is done about it.",
                     "seen: Its last probe failed: HTTP 503.", "seen: 1 probe failed in a row; 1 make it unhealthy.",
                     "done: Incident 1 is open: its probes failed too often in a row.",
                     "held: restart is held (paused): it is paused: `keepwell resume` ends that.",
                     "next: Next: restart when it is resumed."}));
}

TEST(Explain, attempts_outside_the_window_are_not_used) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 0s, 3, 10s)})};
    world.begin();
    world.at(1s, [](World& now) { now.exit("api"); });
    world.at(20s, [](World& now) { now.exit("api"); });
    world.run_until(21s);
    const Lines lines = explained(world, "api");
    EXPECT_NE(std::find(lines.begin(), lines.end(), "done: It was restarted 2 times; 1 of 3 attempts are used."),
              lines.end());
}

}  // namespace
}  // namespace keepwell::testing
