// What outlives keepwell: instances are adopted, and states, counters, stops and quarantines go on.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Policy web() { return policy_of({Service{"api"}.probed(10s, 3).restart(RestartCondition::any, 5s, 3)}); }

/// The memory of a target after `what`, as the journal would hand it to the next keepwell.
TargetMemory memory_after(Policy policy, const std::function<void(World&)>& what) {
    World before{std::move(policy)};
    before.begin();
    what(before);
    return before.engine.memory(before.index("api"));
}

TEST(Restoring, a_living_healthy_target_is_adopted_and_does_not_flap) {
    const TargetMemory memory = memory_after(web(), [](World& world) { world.run_until(25s); });
    World world{web()};
    world.now = Instant{30s};
    world.restore("api", memory);
    world.begin();
    world.run_until(100s);
    EXPECT_EQ(world.trace, (Lines{"30s api target.phase waiting -> running: adopted",
                                  "30s api target.health none -> healthy: adopted"}));
    EXPECT_TRUE(world.starts.empty());
    EXPECT_EQ(world.probes.front(), 40s);
}

TEST(Restoring, the_instance_after_an_adopted_one_is_what_the_next_keepwell_is_told_of) {
    const TargetMemory memory = memory_after(web(), [](World& world) { world.run_until(25s); });
    World world{web()};
    world.now = Instant{30s};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.engine.memory(0).instance, memory.instance);
    world.run_until(40s);
    world.exit("api");
    world.run_until(50s);
    ASSERT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.engine.memory(0).restarts, 1u);
    EXPECT_EQ(world.engine.memory(0).started_at, world.target("api").health.started_at);
    world.operate(event::Verb::stop, "api");
    world.run_until(60s);
    EXPECT_TRUE(world.engine.memory(0).operator_stopped);
    EXPECT_FALSE(world.engine.memory(0).instance.exists());
}

TEST(Restoring, counters_go_on_where_they_were) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.run_until(1s);
        world.exit("api");
        world.run_until(10s);
        world.exit("api");
        world.run_until(20s);
        world.answers("api", fail());
        world.run_until(40s);
    });
    ASSERT_EQ(memory.failing_streak, 2u);
    World world{web()};
    world.now = Instant{45s};
    world.answers("api", fail());
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.target("api").restarts, 2u);
    EXPECT_EQ(world.target("api").history.size(), 2u);
    world.run_until(56s);
    EXPECT_EQ(world.lines("probe.failed"), (Lines{"55s api probe.failed failed 3/3"}));
    EXPECT_EQ(world.lines("remedy.started"), (Lines{"55s api remedy.started restart: unhealthy"}));
}

TEST(Restoring, a_changed_entry_starts_with_no_history) {
    TargetMemory memory = memory_after(web(), [](World& world) {
        world.run_until(1s);
        world.exit("api");
        world.run_until(10s);
    });
    memory.version = "v0";
    World world{web()};
    world.now = Instant{10s};
    world.restore("api", memory);
    world.begin();
    EXPECT_TRUE(world.target("api").history.empty());
    EXPECT_EQ(world.target("api").restarts, 1u) << "for people it goes on";
}

TEST(Restoring, what_a_person_stopped_stays_stopped) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.run_until(1s);
        world.operate(event::Verb::stop, "api");
        world.run_until(2s);
    });
    World world{web()};
    world.restore("api", memory);
    world.begin();
    world.run_until(1h);
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_TRUE(world.starts.empty());
}

TEST(Restoring, a_stop_that_was_under_way_is_finished) {
    TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").stop_takes = 5s;
        world.run_until(1s);
        world.operate(event::Verb::stop, "api");
        world.run_until(2s);
    });
    ASSERT_TRUE(memory.instance.exists());
    World world{web()};
    world.restore("api", memory);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.commands, (Lines{"0s stop api"}));
}

TEST(Restoring, a_quarantine_goes_on_and_its_try_comes_when_it_was_due) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").lives = 1s;
        world.run_until(20s);
    });
    ASSERT_EQ(memory.remediation, Remediation::quarantined);
    World world{web()};
    world.now = Instant{5min};
    world.restore("api", memory);
    world.begin();
    world.run_until(29min);
    EXPECT_TRUE(world.starts.empty());
    world.run_until(31min);
    EXPECT_EQ(world.starts, (std::vector<Duration>{30min + 19s}));
}

TEST(Restoring, a_try_that_came_due_while_keepwell_was_away_comes_at_once) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").lives = 1s;
        world.run_until(20s);
    });
    World world{web()};
    world.now = Instant{5h};
    world.restore("api", memory);
    world.begin();
    world.run_until(5h);
    EXPECT_EQ(world.starts, (std::vector<Duration>{5h}));
}

TEST(Restoring, what_died_while_keepwell_was_away_is_started_again) {
    TargetMemory memory = memory_after(web(), [](World& world) { world.run_until(25s); });
    memory.instance = {};
    World world{web()};
    world.now = Instant{30s};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.starts, (std::vector<Duration>{30s}));
}

TEST(Restoring, what_its_ladder_has_stopped_stays_so_and_is_told_from_what_a_person_stopped) {
    const Policy policy = policy_of({Service{"api"}.probed(10s, 1).ladder({StopRung{}})});
    for (const Duration killed : {12s, 20s}) {  // in the midst of the stop, and after it
        TargetMemory memory = memory_after(policy, [&](World& world) {
            world.of("api").stop_takes = 5s;
            world.answers("api", fail());
            world.run_until(killed);
        });
        for (int times = 0; times < 2; ++times) {
            World world{policy};
            world.now = Instant{30s};
            world.restore("api", memory);
            world.begin();
            world.run_until(60s);
            EXPECT_EQ(world.target("api").phase, Phase::stopped);
            EXPECT_EQ(world.target("api").phase_reason, Reason::ladder_stop);
            EXPECT_FALSE(world.target("api").operator_stopped);
            EXPECT_TRUE(world.starts.empty());
            memory = world.engine.memory(0);
        }
    }
}

TEST(Restoring, an_end_that_nobody_saw_is_counted_and_judged_by_the_condition) {
    for (const auto condition : {RestartCondition::any, RestartCondition::on_failure, RestartCondition::none}) {
        const Policy policy = policy_of({Service{"api"}.restart(condition, 5s, 3, 60s)});
        TargetMemory memory = memory_after(policy, [](World& world) { world.run_until(25s); });
        memory.instance = {};
        World world{policy};
        world.now = Instant{30s};
        world.restore("api", memory);
        world.begin();
        world.run_until(31s);
        const bool again = condition != RestartCondition::none;
        EXPECT_EQ(world.starts.size(), again ? 1u : 0u);
        EXPECT_EQ(world.target("api").phase, again ? Phase::running : Phase::completed);
        EXPECT_EQ(world.target("api").history.size(), again ? 1u : 0u);
        EXPECT_EQ(to_string(world.target("api").last_exit), "ended unseen");
        EXPECT_EQ(world.lines("alert.raised not_restarted").size(), again ? 0u : 1u);
    }
}

TEST(Restoring, an_end_that_nobody_saw_after_the_last_attempt_is_followed_by_quarantine) {
    const Policy policy = policy_of({Service{"api"}.restart(RestartCondition::any, 1s, 1)});
    TargetMemory memory = memory_after(policy, [](World& world) {
        world.run_until(1s);
        world.exit("api");
        world.run_until(5s);
    });
    memory.instance = {};
    World world{policy};
    world.now = Instant{6s};
    world.restore("api", memory);
    world.begin();
    world.run_until(1min);
    EXPECT_TRUE(world.starts.empty());
    EXPECT_EQ(world.target("api").remediation, Remediation::quarantined);
}

TEST(Restoring, a_changed_job_that_ended_unseen_runs_again) {
    const auto job = [](const std::string& made_of) {
        Policy policy = policy_of({Service{"api"}.restart(RestartCondition::none, 0s)});
        policy.targets[0].version = made_of;
        return policy;
    };
    TargetMemory memory = memory_after(job("a"), [](World& world) { world.run_until(5s); });
    memory.instance = {};
    World world{job("b")};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.starts.size(), 1u);
}

TEST(Restoring, a_restart_that_was_waiting_for_its_delay_waits_on) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.run_until(1s);
        world.exit("api");
        world.run_until(2s);
    });
    World world{web()};
    world.now = Instant{3s};
    world.restore("api", memory);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.starts, (std::vector<Duration>{6s}));
}

TEST(Restoring, what_had_completed_is_not_run_again) {
    const Policy policy = policy_of({Service{"api"}.restart(RestartCondition::on_failure, 0s)});
    const TargetMemory memory = memory_after(policy, [](World& world) {
        world.of("api").lives = 1s;
        world.of("api").exit = {ExitStatus::Kind::code, 0, {}};
        world.run_until(5s);
    });
    World world{policy};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.target("api").phase, Phase::completed);
    EXPECT_TRUE(world.starts.empty());
}

TEST(Restoring, incidents_count_on) {
    Policy policy = web();
    World world{policy};
    world.engine = engine::Engine{policy, {41}};
    world.begin();
    world.run_until(1s);
    world.exit("api");
    EXPECT_EQ(world.lines("incident"), (Lines{"1s api incident.opened 42: exited"}));
}

TEST(Restoring, a_changed_entry_ends_a_quarantine_and_is_started_at_once) {
    TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").lives = 1s;
        world.run_until(20s);
    });
    ASSERT_EQ(memory.remediation, Remediation::quarantined);
    memory.version = "v0";
    World world{web()};
    world.now = Instant{30s};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.starts, (std::vector<Duration>{30s}));
}

TEST(Restoring, a_try_whose_time_passed_while_keepwell_was_ending_is_not_lost) {
    TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").lives = 1s;
        world.run_until(20s);
        world.shutdown();
        world.run_until(31min);
        world.give(event::Tick{});
    });
    ASSERT_EQ(memory.remediation, Remediation::quarantined);
    World world{web()};
    world.now = Instant{32min};
    world.restore("api", memory);
    world.begin();
    world.run_until(33min);
    EXPECT_EQ(world.starts.size(), 1u);
}

TEST(Restoring, a_try_out_of_quarantine_that_is_proven_by_the_next_keepwell_gives_fresh_attempts) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.of("api").lives = 1s;
        world.run_until(20s);
        world.of("api").lives = Duration::max();
        world.run_until(30min + 20s);
    });
    ASSERT_EQ(memory.remediation, Remediation::verifying);
    World world{web()};
    world.now = Instant{30min + 21s};
    world.restore("api", memory);
    world.begin();
    world.run_until(31min);
    EXPECT_TRUE(world.target("api").history.empty());
    EXPECT_EQ(world.lines("alert"),
              (Lines{"30m31s api alert.resolved quarantined (the target is looked after again)"}));
}

TEST(Restoring, an_open_incident_keeps_its_reason) {
    const TargetMemory memory = memory_after(web(), [](World& world) {
        world.run_until(1s);
        world.exit("api");
        world.run_until(7s);
    });
    ASSERT_EQ(memory.incident_reason, "exited");
    World world{web()};
    world.now = Instant{8s};
    world.restore("api", memory);
    world.begin();
    EXPECT_EQ(world.target("api").incident_reason, Reason::exited);
    EXPECT_EQ(world.engine.memory(0).incident_reason, "exited");
}

TEST(Restoring, the_backoff_between_remedies_goes_on) {
    const Policy policy =
        policy_of({Service{"api"}.probed(1s, 1).restart(RestartCondition::any, 10s).backoff(2, 5min)});
    const TargetMemory memory = memory_after(policy, [](World& world) {
        world.answers("api", fail());
        world.run_until(Duration{11500ms});  // restarted at 1 s, up again at 11 s
    });
    ASSERT_EQ(memory.in_a_row, 1u);
    World world{policy};
    world.now = Instant{11600ms};
    world.answers("api", fail());
    world.restore("api", memory);
    world.begin();
    world.run_until(20s);
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"12.6s api remedy.held restart: backoff until 31s"}));
}

TEST(Restoring, a_remedy_whose_stop_was_under_way_is_finished_whatever_the_condition_says) {
    const Policy policy = policy_of({Service{"api"}.probed(1s, 1).restart(RestartCondition::none, 0s)});
    const TargetMemory memory = memory_after(policy, [](World& world) {
        world.of("api").stop_takes = 8s;
        world.answers("api", fail());
        world.run_until(2s);
    });
    ASSERT_EQ(memory.phase, Phase::stopping);
    World world{policy};
    world.now = Instant{3s};
    world.restore("api", memory);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.commands, (Lines{"3s stop api", "3s start api"}));
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.target("api").incident, 0u);
}

}  // namespace
}  // namespace keepwell::testing
