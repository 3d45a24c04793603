// explain: why a target is as it is, in sentences.
#include <gtest/gtest.h>

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

bool says(const World& world, const std::string& name, const std::string& line) {
    const Lines lines = explained(world, name);
    const bool said = std::ranges::find(lines, line) != lines.end();
    for (const std::string& other : said ? Lines{} : lines) ADD_FAILURE() << other;
    return said;
}

TEST(Explain, a_healthy_target) {
    World world{policy_of({Service{"api"}.probed(10s, 3)})};
    world.begin();
    world.run_until(14s);
    EXPECT_EQ(explained(world, "api"), (Lines{"state: It runs as pid 101 and is healthy.",
                                              "seen: Its last probe passed.", "next: Next: probe in 6s."}));
}

TEST(Explain, a_target_that_waits_for_its_dependency) {
    World world{policy_of({Service{"redis"}, Service{"flask"}.probed(1s, 2).after(0)})};
    world.of("redis").start_takes = 5s;
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(explained(world, "flask"),
              (Lines{"state: It waits until redis is started.", "seen: It was not probed yet.",
                     "next: Next: start when redis is started."}));
}

TEST(Explain, a_quarantined_target) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 1s, 1)})};
    world.of("api").lives = 1s;
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(
        explained(world, "api"),
        (Lines{"state: It does not run (backoff): it ended by itself (exit code 1).",
               "seen: Its last instance ended: exit code 1.", "seen: It has no healthcheck: only its exit is seen.",
               "done: Incident 1 is open: it ended by itself.",
               "done: It was restarted 1 time; 1 of 1 attempts are used.",
               "done: It is quarantined: nothing is done about it until the next try, or `keepwell reset api`.",
               "next: Next: one try out of quarantine in 29m53s."}));
}

TEST(Explain, a_held_remedy_names_its_gate) {
    World world{policy_of({Service{"api"}.probed(1s, 1)})};
    world.answers("api", fail("HTTP 503"));
    world.begin();
    world.operate(event::Verb::pause, "api");
    world.run_until(Duration{1500ms});
    EXPECT_EQ(explained(world, "api"),
              (Lines{"state: It runs as pid 101 and is unhealthy.",
                     "state: It is paused: it is watched, and nothing is done about it until `keepwell resume api`.",
                     "seen: Its last probe failed: HTTP 503.", "seen: 1 probe failed in a row; 1 makes it unhealthy.",
                     "done: Incident 1 is open: its probes failed too often in a row.",
                     "held: Its restart is held (paused): a person has paused it, until `keepwell resume`.",
                     "next: Next: restart when it is resumed."}));
}

TEST(Explain, in_a_storm_it_says_how_to_heal_all_the_same) {
    Policy policy = policy_of({Service{"a"}.probed(1s, 1), Service{"b"}.probed(1s, 1), Service{"c"}.probed(1s, 1)});
    policy.guard.max_unhealthy = MaxUnhealthy{true, 40};
    World world{std::move(policy)};
    for (const char* name : {"a", "b", "c"}) world.answers(name, fail());
    world.begin();
    world.run_until(Duration{1500ms});
    EXPECT_TRUE(
        says(world, "c", "next: Next: restart when fewer targets are unhealthy, or at `keepwell resume --all`."));
}

TEST(Explain, a_container_whose_engine_is_lost_says_so) {
    World world{policy_of({Service{"web"}.adopted(), Service{"api"}.probed(1s, 1).adopted()})};
    world.begin_with_containers();
    world.run_until(Duration{1500ms});
    EXPECT_TRUE(says(world, "web", "next: Nothing is due."));
    world.backend_lost();
    world.run_until(5s);
    for (const char* name : {"web", "api"}) {
        EXPECT_TRUE(says(world, name,
                         "state: The container engine does not answer: nothing is known of it, and nothing is done "
                         "about it."));
        EXPECT_TRUE(says(world, name, "next: Next: seen again when the container engine answers."));
    }
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

TEST(Explain, after_a_crash_the_delay_is_what_holds_and_the_restart_is_still_to_come) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 6s, 4)})};
    world.begin();
    world.at(1s, [](World& now) { now.exit("api"); });
    world.run_until(Duration{2100ms});
    EXPECT_EQ(
        explained(world, "api"),
        (Lines{"state: It does not run (backoff): it ended by itself (exit code 1).",
               "seen: Its last instance ended: exit code 1.", "seen: It has no healthcheck: only its exit is seen.",
               "done: Incident 1 is open: it ended by itself.", "done: Restart 1 is to come; 1 of 4 attempts are used.",
               "held: Its restart is held (backoff): its delay of 6s has not passed.", "next: Next: restart in 5s."}));
    world.run_until(8s);
    EXPECT_TRUE(says(world, "api", "done: It was restarted 1 time; 1 of 4 attempts are used."));
}

TEST(Explain, a_delay_that_has_grown_says_so) {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 6s).backoff(2, 1min)})};
    world.of("api").lives = 1s;
    world.begin();
    world.run_until(9s);
    EXPECT_TRUE(says(world, "api", "held: Its restart is held (backoff): its delay, grown to 12s, has not passed."));
}

TEST(Explain, in_dry_run_nothing_was_restarted_and_nothing_will_be) {
    Policy policy = policy_of({Service{"api"}.restart(RestartCondition::any, 6s, 4)});
    policy.mode = Mode::dry_run;
    World world{policy};
    TargetMemory memory;
    memory.target = "api";
    memory.version = "v1";
    memory.instance = {"50@1", 50};
    memory.phase = Phase::running;
    world.restore("api", memory);
    world.begin();
    EXPECT_TRUE(says(world, "api", "state: It runs as pid 50; it was found alive."));
    world.at(1s, [](World& now) { now.exit("api"); });
    world.run_until(2s);
    EXPECT_TRUE(says(world, "api", "next: Next: would restart in 5s."));
    world.run_until(8s);
    EXPECT_TRUE(says(world, "api", "state: It is taken as started (dry-run: keepwell has not started it)."));
    EXPECT_TRUE(says(world, "api",
                     "done: It was restarted, or would have been but for dry-run, 1 time; 1 of 4 attempts are used."));
    EXPECT_TRUE(world.commands.empty());
}

TEST(Explain, a_ladder_that_has_ended_with_notify_says_that_nothing_more_is_done) {
    World world{policy_of({Service{"api"}.probed(10s, 1).ladder({NotifyRung{}})})};
    world.answers("api", fail());
    world.begin();
    world.run_until(12s);
    EXPECT_EQ(explained(world, "api"),
              (Lines{"state: It runs as pid 101 and is unhealthy.", "seen: Its last probe failed: no.",
                     "seen: 1 probe failed in a row; 1 makes it unhealthy.",
                     "done: Incident 1 is open: its probes failed too often in a row.",
                     "done: Its on_unhealthy has ended with `notify`: the alert is raised, and nothing more is done "
                     "until it recovers or a person acts.",
                     "next: Next: probe in 8s."}));
}

TEST(Explain, an_empty_ladder_says_that_nothing_is_done) {
    World world{policy_of({Service{"api"}.probed(10s, 1).ladder({})})};
    world.answers("api", fail());
    world.begin();
    world.run_until(12s);
    EXPECT_TRUE(says(world, "api",
                     "done: Its on_unhealthy has no remedy: that is reported, and nothing more is done until it "
                     "recovers or a person acts."));
}

TEST(Explain, a_stop_is_told_with_who_wants_it_and_what_ends_it) {
    World world{policy_of({Service{"api"}.probed(10s, 1), Service{"db"}})};
    world.of("api").stop_takes = 5s;
    world.answers("api", fail());
    world.begin();
    world.operate(event::Verb::stop, "db");
    world.run_until(12s);
    EXPECT_TRUE(says(world, "api", "state: It is being stopped (pid 101) to heal it."));
    EXPECT_TRUE(says(world, "api", "done: Restart 1 is to come."));
    EXPECT_TRUE(says(world, "api", "done: Its restart is under way, because its probes failed too often in a row."));
    EXPECT_TRUE(says(world, "db", "state: It is stopped: a person asked for it."));
    EXPECT_TRUE(says(world, "db", "next: Nothing is due until `keepwell start db`."));
}

TEST(Explain, the_line_end_of_a_probes_output_is_no_part_of_its_sentence) {
    World world{policy_of({Service{"api"}.probed(10s, 3)})};
    world.answers("api", fail("not yet\n"));
    world.begin();
    world.run_until(12s);
    EXPECT_TRUE(says(world, "api", "seen: Its last probe failed: not yet."));
}

TEST(Explain, an_instance_that_was_not_seen_to_end_or_never_ran_is_said_so) {
    World world{policy_of({Service{"api"}})};
    world.begin();
    world.run_until(1s);
    world.exit("api", {});
    EXPECT_TRUE(says(world, "api", "seen: Its last instance ended unseen."));
    world.of("api").start_failure = "no such file";
    world.run_until(10s);
    EXPECT_TRUE(says(world, "api", "seen: Its last instance could not be executed: no such file."));
}

TEST(Explain, what_rests_on_a_default_says_so) {
    Policy policy = policy_of({Service{"api"}.restart(RestartCondition::any, 5s)});
    const auto rule_of_hold = [](const Policy& of) {
        World world{of};
        world.begin();
        world.at(1s, [](World& now) { now.exit("api"); });
        world.run_until(2s);
        for (const engine::Sentence& sentence : engine::explain(world.engine, world.index("api"), world.now)) {
            if (sentence.topic == "held") return std::pair{sentence.by_default, sentence.rule.line};
        }
        return std::pair{false, std::uint32_t{99}};
    };
    EXPECT_EQ(rule_of_hold(policy), (std::pair{true, std::uint32_t{0}}));
    policy.services[0].restart.origin = {0, 7};
    EXPECT_EQ(rule_of_hold(policy), (std::pair{false, std::uint32_t{7}}));
}

TEST(Explain, a_restart_after_a_dependency_rests_on_the_line_that_asks_for_it) {
    Policy policy = policy_of(
        {Service{"db"}.restart(RestartCondition::any, 1s),
         Service{"api"}.restart(RestartCondition::any, 5s).after(0, DependencyCondition::service_started, true)});
    policy.services[1].origin = {0, 5};
    policy.services[1].depends_on[0].origin = {0, 7};
    World world{policy};
    world.of("api").stop_takes = 5s;
    world.begin();
    world.at(1s, [](World& now) { now.exit("db"); });
    world.run_until(14s);
    std::uint32_t line = 0;
    for (const engine::Sentence& sentence : engine::explain(world.engine, world.index("api"), world.now)) {
        if (sentence.text == "Its restart is under way, because something it depends on was healed.")
            line = sentence.rule.line;
    }
    EXPECT_EQ(line, 7u);
    for (const auto& [at, fact] : world.facts) {
        const bool is_its_restart =
            std::holds_alternative<fact::RemedyStarted>(fact.body) && fact.target == world.index("api");
        EXPECT_TRUE(!is_its_restart || fact.rule.line == 7);
    }
}

}  // namespace
}  // namespace keepwell::testing
