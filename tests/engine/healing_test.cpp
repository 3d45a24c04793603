// The on_unhealthy ladder: one rung for each attempt that did not help, and the proof of each remedy.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

/// Unhealthy at 3 s: probes each second, the first one passes.
Service sick(std::vector<RungAction> ladder) { return Service{"api"}.probed(1s, 2).ladder(std::move(ladder)); }

void falls_sick(World& world) { world.answers("api", std::vector{pass(), fail()}); }

/// Answers by the number of the instance: sick in the first `lives`, well from then on.
void well_after(World& world, std::int64_t lives) {
    world.of("api").answer = [lives](World& now) {
        return now.target("api").instance.pid - 100 > lives ? pass() : fail();
    };
}

TEST(Healing, an_unhealthy_target_is_restarted_and_the_restart_is_proven) {
    World world{policy_of({sick({RestartRung{}})})};
    world.of("api").answer = [](World& now) {
        const bool first_life = now.target("api").instance.pid == 101;
        return first_life && now.now > Instant{1s} ? fail() : pass();
    };
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(world.trace, (Lines{
                               "0s api target.phase waiting -> starting: policy",
                               "0s api target.phase starting -> running: started",
                               "0s api target.health none -> starting: started",
                               "1s api target.health starting -> healthy: probe_passed",
                               "2s api probe.failed failed 1/2",
                               "3s api probe.failed failed 2/2",
                               "3s api target.health healthy -> unhealthy: unhealthy",
                               "3s api incident.opened 1: unhealthy",
                               "3s api remedy.due restart: unhealthy",
                               "3s api remedy.started restart: unhealthy",
                               "3s api target.health unhealthy -> none: none",
                               "3s api target.phase running -> stopping: remedy",
                               "3s api target.phase stopping -> backoff: remedy",
                               "3s api target.phase backoff -> starting: remedy",
                               "3s api target.phase starting -> running: started",
                               "3s api target.health none -> starting: started",
                               "3s api remedy.finished restart",
                               "4s api target.health starting -> healthy: probe_passed",
                               "4s api remedy.verified restart",
                               "4s api incident.closed 1: recovered after 1s",
                           }));
    EXPECT_EQ(world.commands, (Lines{"0s start api", "3s keep evidence of api", "3s stop api", "3s start api"}));
}

TEST(Healing, between_the_end_of_the_old_one_and_the_start_of_the_new_one_lies_the_delay) {
    World world{policy_of({sick({RestartRung{}}).restart(RestartCondition::any, 5s)})};
    falls_sick(world);
    world.of("api").stop_takes = 2s;
    world.begin();
    world.run_until(11s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "3s keep evidence of api", "3s stop api", "10s start api"}));
}

TEST(Healing, a_restart_that_did_not_help_is_followed_by_the_next_rung) {
    World world{policy_of({sick({RestartRung{}, RunRung{}, StopRung{}})})};
    falls_sick(world);
    world.of("api").hook_exit = 1;
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started restart: unhealthy", "5s api remedy.started run: unhealthy",
                     "6s api remedy.started stop: remedy_failed"}));
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.lines("incident.closed"), (Lines{"6s api incident.closed 1: ladder_stop after 3s"}));
}

TEST(Healing, the_last_of_several_rungs_repeats) {
    World world{policy_of({sick({RunRung{}, RestartRung{}})})};
    falls_sick(world);
    world.of("api").hook_exit = 1;
    world.begin();
    world.run_until(8s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started run: unhealthy", "4s api remedy.started restart: remedy_failed",
                     "6s api remedy.started restart: unhealthy", "8s api remedy.started restart: unhealthy"}));
}

TEST(Healing, without_verify_the_first_verdict_on_the_new_instance_decides) {
    World world{policy_of({sick({RestartRung{}})})};
    falls_sick(world);
    world.begin();
    world.run_until(8s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started restart: unhealthy", "5s api remedy.started restart: unhealthy",
                     "7s api remedy.started restart: unhealthy"}));
}

TEST(Healing, with_verify_a_remedy_has_all_of_that_time) {
    World world{policy_of({sick({RestartRung{}}).verify(10s)})};
    falls_sick(world);
    world.begin();
    world.run_until(14s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started restart: unhealthy", "13s api remedy.started restart: remedy_failed"}));
}

TEST(Healing, a_target_that_recovers_late_but_within_verify_is_left_alone) {
    World world{policy_of({sick({RestartRung{}}).verify(10s)})};
    world.of("api").answer = [](World& now) {
        return now.now > Instant{11s} || now.now < Instant{2s} ? pass() : fail();
    };
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.started").size(), 1u);
    EXPECT_EQ(world.lines("remedy.verified"), (Lines{"12s api remedy.verified restart"}));
}

TEST(Healing, verify_ends_even_when_the_start_period_hides_the_failures) {
    World world{policy_of({Service{"api"}.probed(1s, 2).start_period(1h, 1s).verify(10s)})};
    world.of("api").answer = [](World& now) { return now.now < Instant{2s} ? pass() : fail(); };
    world.begin();
    world.run_until(14s);
    EXPECT_EQ(world.lines("remedy.verified"), (Lines{"13s api remedy.verified restart did not help"}));
}

TEST(Healing, a_first_probe_that_comes_after_the_start_period_is_waited_for) {
    World world{policy_of({Service{"api"}.probed(2s, 1).start_period(1s, 4s)})};
    world.of("api").answer = [](World& now) { return now.now < Instant{6s} ? fail() : pass(); };
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy."),
              (Lines{"4s api remedy.due restart: unhealthy", "4s api remedy.started restart: unhealthy",
                     "4s api remedy.finished restart", "8s api remedy.verified restart"}));
}

TEST(Healing, the_last_rung_repeats_until_the_attempts_are_used_up_and_then_it_is_quarantined) {
    World world{policy_of({sick({RestartRung{}}).restart(RestartCondition::any, 0s, 3)})};
    falls_sick(world);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.started").size(), 3u);
    EXPECT_EQ(world.lines("target.quarantined"), (Lines{"9s api target.quarantined attempts_used_up until 30m9s"}));
    EXPECT_EQ(world.target("api").phase, Phase::running) << "a quarantined target may go on running";
}

TEST(Healing, a_command_that_helps_is_all_that_is_done) {
    World world{policy_of({sick({RunRung{}, RestartRung{}})})};
    world.of("api").answer = [](World& now) {
        return now.now < Instant{2s} || now.now > Instant{4s} ? pass() : fail();
    };
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "3s run hook of api"}));
    EXPECT_EQ(world.lines("remedy.verified"), (Lines{"5s api remedy.verified run"}));
}

TEST(Healing, a_command_that_fails_goes_to_the_next_rung_at_once) {
    World world{policy_of({sick({RunRung{}, RestartRung{}})})};
    falls_sick(world);
    world.of("api").hook_exit = 3;
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.lines("remedy.finished"),
              (Lines{"4s api remedy.finished run failed (exit code 3)", "4s api remedy.finished restart"}));
}

TEST(Healing, a_failing_command_on_the_last_rung_is_repeated_only_after_verify) {
    World world{policy_of({sick({RunRung{}}).verify(10s)})};
    falls_sick(world);
    world.of("api").hook_exit = 1;
    world.begin();
    world.run_until(27s);
    EXPECT_EQ(world.commands,
              (Lines{"0s start api", "3s run hook of api", "14s run hook of api", "25s run hook of api"}));
}

TEST(Healing, notify_tells_and_goes_on_at_once) {
    World world{policy_of({sick({NotifyRung{}, RestartRung{}})})};
    falls_sick(world);
    world.begin();
    world.run_until(4s);
    EXPECT_EQ(world.lines("alert.raised"), (Lines{"3s api alert.raised notify (unhealthy)"}));
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started notify: unhealthy", "3s api remedy.started restart: unhealthy"}));
}

TEST(Healing, a_ladder_that_ends_with_notify_tells_once_and_rests) {
    World world{policy_of({sick({NotifyRung{}})})};
    falls_sick(world);
    world.begin();
    world.run_until(1h);
    EXPECT_EQ(world.lines("remedy.started").size(), 1u);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_NE(world.target("api").incident, 0u);
}

TEST(Healing, after_recovery_the_ladder_begins_at_its_first_rung_again) {
    World world{policy_of({sick({NotifyRung{}, RestartRung{}})})};
    well_after(world, 1);
    world.begin();
    world.run_until(5s);
    world.answers("api", fail());
    world.run_until(10s);
    EXPECT_EQ(world.lines("remedy.started").at(2), "7s api remedy.started notify: unhealthy");
}

TEST(Healing, an_empty_ladder_reports_and_does_nothing) {
    World world{policy_of({sick({})})};
    falls_sick(world);
    world.begin();
    world.run_until(1h);
    EXPECT_TRUE(world.lines("remedy.").empty());
    EXPECT_EQ(world.lines("incident.opened"), (Lines{"3s api incident.opened 1: unhealthy"}));
}

TEST(Healing, a_remedy_counts_in_the_restart_history_whatever_the_exit_code) {
    World world{policy_of({sick({RestartRung{}}).restart(RestartCondition::on_failure, 0s, 2)})};
    falls_sick(world);
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.target("api").history.size(), 2u);
    world.exit("api", {ExitStatus::Kind::code, 1, {}});
    EXPECT_EQ(world.target("api").remediation, Remediation::quarantined);
}

TEST(Healing, a_remedy_in_backoff_is_held_while_the_sick_instance_runs_on_and_may_recover) {
    World world{policy_of({sick({RestartRung{}}).restart(RestartCondition::any, 1s).backoff(10, 5min)})};
    world.of("api").answer = [](World& now) {
        return now.now < Instant{2s} || now.now > Instant{9s} ? pass() : fail();
    };
    world.begin();
    world.run_until(5min);
    // First restart at 3 s; the second may come 10 s after it, but the target has recovered by then.
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"6s api remedy.held restart: backoff until 13s"}));
    EXPECT_EQ(world.starts.size(), 2u);
    EXPECT_EQ(world.target("api").shown_health, Health::healthy);
}

TEST(Healing, a_crash_while_a_remedy_is_verified_is_answered_by_the_restart_policy) {
    World world{policy_of({sick({RestartRung{}, StopRung{}}).restart(RestartCondition::any, 1s)})};
    falls_sick(world);
    world.begin();
    world.run_until(4s);  // restarted at 3 s + 1 s delay
    world.run_until(Duration{4500ms});
    world.exit("api");
    world.run_until(6s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.lines("remedy.verified"), (Lines{"4.5s api remedy.verified restart did not help"}));
}

TEST(Healing, a_remedy_that_can_not_be_proven_gives_its_place_back_and_is_followed_when_it_can_be_asked) {
    World world{policy_of({sick({RunRung{}, RestartRung{}}).verify(10s)})};
    world.of("api").answer = [](World& now) {
        if (now.now > Instant{4s} && now.now < Instant{30s}) return cannot_ask();
        return now.now < Instant{2s} ? pass() : fail();
    };
    world.begin();
    world.run_until(20s);
    EXPECT_EQ(world.target("api").shown_health, Health::unknown);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    world.run_until(31s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s api remedy.started run: unhealthy", "30s api remedy.started restart: unhealthy"}));
}

TEST(Healing, one_incident_lasts_from_the_first_unhealthy_moment_to_the_proof) {
    World world{policy_of({sick({RestartRung{}})})};
    well_after(world, 3);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("incident"),
              (Lines{"2s api incident.opened 1: unhealthy", "7s api incident.closed 1: recovered after 5s"}));
}

TEST(Healing, a_command_that_is_overtaken_by_a_recovery_is_not_missed_later) {
    World world{policy_of({Service{"api"}.probed(500ms, 1).ladder({RunRung{}})})};
    world.answers("api", std::vector{fail(), pass()});
    world.begin();
    world.run_until(1h);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_TRUE(world.lines("alert").empty()) << "the command did answer, only nobody waited for it any more";
}

TEST(Healing, due_held_and_started_name_the_same_attempt) {
    World world{policy_of({sick({RestartRung{}})})};
    falls_sick(world);
    world.begin();
    world.operate(event::Verb::pause, "api");
    world.run_until(4s);
    world.operate(event::Verb::resume, "api");
    std::vector<std::uint32_t> attempts;
    for (const auto& [at, fact] : world.facts) {
        if (const auto* due = std::get_if<fact::RemedyDue>(&fact.body)) attempts.push_back(due->attempt);
        if (const auto* held = std::get_if<fact::RemedyHeld>(&fact.body)) attempts.push_back(held->attempt);
        if (const auto* started = std::get_if<fact::RemedyStarted>(&fact.body)) attempts.push_back(started->attempt);
    }
    EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 1, 1}));
}

}  // namespace
}  // namespace keepwell::testing
