// Every kind of record as people read it.
#include "cli/story.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "journal/codec.hpp"

namespace keepwell::cli {
namespace {

struct StoryTest : ::testing::Test {
    StoryTest() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }

    static StoryOptions options() {
        StoryOptions all;
        all.files = {"policy.yaml"};
        return all;
    }

    journal::Record record(journal::Body body, std::string target = "api") const {
        using namespace std::chrono;
        journal::Record one;
        one.seq = 7;
        one.at = Instant{1000s};
        one.time = sys_days{year{2024} / 5 / 1} + hours{10} + minutes{31} + seconds{2};
        one.target = std::move(target);
        one.service = one.target;
        one.body = std::move(body);
        return one;
    }
    Fact fact(fact::Body body, std::int64_t pid = 4711) const {
        Fact one;
        one.target = 0;
        if (pid != 0) one.instance = {std::to_string(pid) + "@1", pid};
        one.incident = incident;
        one.rule = rule;
        one.body = std::move(body);
        return one;
    }

    /// The line without its time and name.
    std::string tell(fact::Body body, std::int64_t pid = 4711) {
        return strip(story.tell(record(journal::Noted{fact(std::move(body), pid)})));
    }
    static std::string strip(const std::string& line) {
        const std::string head = "10:31:02 api  ";
        if (line.empty()) return line;
        EXPECT_EQ(line.substr(0, head.size()), head);
        EXPECT_EQ(line.back(), '\n');
        return line.substr(head.size(), line.size() - head.size() - 1);
    }
    Instant in(Duration length) const { return Instant{1000s} + length; }

    Story story{options()};
    IncidentId incident = 0;
    Origin rule{0, 14};
};

TEST_F(StoryTest, of_a_healed_service_reads_as_one) {
    story = Story{[] {
        StoryOptions all = options();
        all.how_stopped = [](std::string_view) { return "SIGTERM; SIGKILL after 10s"; };
        return all;
    }()};
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::starting, Reason::policy, {}, never}, 0), "");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::starting, Phase::running, Reason::started, {}, never}),
              "started: pid 4711");
    EXPECT_EQ(tell(fact::HealthChanged{Health::none, Health::starting, Reason::started, 0, {}}), "");
    EXPECT_EQ(tell(fact::HealthChanged{Health::starting, Health::healthy, Reason::probe_passed, 0, {}}), "healthy");
    EXPECT_EQ(
        tell(fact::ProbeFailed{Outcome::failed, 1, 3, true, 1, "HTTP 503: {\"status\":\"Database unaccessible\"}"}),
        "probe failed (1 of 3): HTTP 503: {\"status\":\"Database unaccessible\"}");
    EXPECT_EQ(tell(fact::HealthChanged{Health::healthy, Health::unhealthy, Reason::unhealthy, 3, "HTTP 503"}),
              "unhealthy after 3 failures in a row");
    incident = 1;
    EXPECT_EQ(tell(fact::IncidentOpened{1, Reason::unhealthy, "HTTP 503"}), "");
    EXPECT_EQ(tell(fact::RemedyDue{Remedy::restart, 0, 1, Reason::unhealthy}), "");
    EXPECT_EQ(tell(fact::RemedyStarted{Remedy::restart, 0, 1, Reason::unhealthy}),
              "healing: restart, because its probes failed too often in a row (policy.yaml:14)");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::stopping, Reason::remedy, {}, never}),
              "stopping pid 4711 (SIGTERM; SIGKILL after 10s)");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopping, Phase::backoff, Reason::remedy, {}, in(1s)}),
              "pid 4711 is gone; the next start is in 1s");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::starting, Phase::running, Reason::started, {}, never}, 4720),
              "replaced: pid 4711 is gone, pid 4720 runs");
    EXPECT_EQ(tell(fact::RemedyFinished{Remedy::restart, 0, true, {}}), "");
    EXPECT_EQ(tell(fact::HealthChanged{Health::starting, Health::healthy, Reason::probe_passed, 0, {}}), "");
    EXPECT_EQ(tell(fact::RemedyVerified{Remedy::restart, 0, true}), "");
    EXPECT_EQ(tell(fact::IncidentClosed{1, Reason::recovered, 7s}), "healthy again: incident 1 closed after 7s");
}

TEST_F(StoryTest, of_an_end_that_nobody_saw) {
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::backoff, Reason::exited, "ended unseen", in(1s)}),
              "pid 4711 ended, how is not known; the next start is in 1s");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::completed, Reason::condition, "ended unseen", never}),
              "ended, how is not known; its restart policy asks for no more");
}

TEST_F(StoryTest, of_a_crash) {
    EXPECT_EQ(
        tell(fact::PhaseChanged{Phase::running, Phase::backoff, Reason::exited, "signal 9 (SIGKILL)", in(2500ms)}),
        "pid 4711 ended: signal 9 (SIGKILL); the next start is in 2.5s");
    rule = {0, 9};
    EXPECT_EQ(tell(fact::RemedyStarted{Remedy::restart, 0, 1, Reason::exited}),
              "healing: restart, because it ended by itself (policy.yaml:9)");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::starting, Phase::running, Reason::started, {}, never}, 4720),
              "started again: pid 4720");
    incident = 2;
    EXPECT_EQ(tell(fact::IncidentClosed{2, Reason::recovered, 12s}), "keeps running: incident 2 closed after 12s");
}

TEST_F(StoryTest, of_phases) {
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::waiting, Reason::dependency_wait, "redis: service_healthy",
                                      never}),
              "waits for redis to be healthy");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::waiting, Reason::dependency_wait, "redis: service_started",
                                      never}),
              "waits for redis to be started");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::waiting, Reason::dependency_failed,
                                      "migrate: service_completed_successfully", never}),
              "cannot start: it waits in vain for migrate to complete");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopped, Phase::waiting, Reason::operated, {}, never}), "");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::running, Reason::adopted, {}, never}),
              "found alive: pid 4711");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::waiting, Phase::running, Reason::dry_run, {}, never}, 0),
              "dry-run: not started; probing whatever runs there");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::starting, Phase::backoff, Reason::start_failed,
                                      "could not be executed: no such file", in(5s)},
                   0),
              "could not be executed: no such file; the next start is in 5s");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopping, Phase::backoff, Reason::operated, {}, never}), "");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopping, Phase::stopped, Reason::operated, {}, never}),
              "stopped, and stays so until `keepwell start api`");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopping, Phase::stopped, Reason::ladder_stop, {}, never}),
              "stopped, because its on_unhealthy says stop");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::stopping, Phase::stopped, Reason::shutdown, {}, never}), "stopped");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::stopped, Reason::shutdown, {}, never}),
              "runs on: pid 4711");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::stopped, Reason::shutdown, {}, never}, 0),
              "left as it is: keepwell has not started it");
    EXPECT_EQ(tell(fact::PhaseChanged{Phase::running, Phase::completed, Reason::condition, "exit code 0", never}),
              "ended: exit code 0; its restart policy asks for no more");
}

TEST_F(StoryTest, of_health) {
    EXPECT_EQ(tell(fact::HealthChanged{Health::none, Health::healthy, Reason::adopted, 0, {}}), "healthy, as before");
    EXPECT_EQ(tell(fact::HealthChanged{Health::none, Health::unhealthy, Reason::adopted, 5, {}}),
              "unhealthy, as before");
    EXPECT_EQ(tell(fact::HealthChanged{Health::starting, Health::unhealthy, Reason::unhealthy, 1, {}}),
              "unhealthy after 1 failure in a row");
    EXPECT_EQ(tell(fact::HealthChanged{Health::healthy, Health::unknown, Reason::probe_errors, 0, "no descriptors"}),
              "UNKNOWN: its probes can not be asked: no descriptors");
    EXPECT_EQ(tell(fact::HealthChanged{Health::healthy, Health::none, Reason::none, 0, {}}), "");
}

TEST_F(StoryTest, of_probes) {
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 0, 3, false, 1, "refused"}),
              "probe failed (not counted in the start period): refused");
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::error, 0, 3, false, -1, "no descriptors"}),
              "probe could not be asked: no descriptors");
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 2, 3, true, 1, ""}), "probe failed (2 of 3)");
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 4, 3, true, 1, "HTTP 503"}), "probe failed: HTTP 503");
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 5, 3, true, 1, "HTTP 503"}), "");
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 6, 3, true, 1, "HTTP 500"}), "probe failed: HTTP 500");
}

TEST_F(StoryTest, of_remedies) {
    EXPECT_EQ(tell(fact::RemedyStarted{Remedy::run, 1, 2, Reason::remedy_failed}),
              "healing: run (step 2), because the remedy did not help (policy.yaml:14)");
    EXPECT_EQ(tell(fact::RemedyStarted{Remedy::restart, 1, 2, Reason::dependency_healed}),
              "healing: restart, because something it depends on was healed (policy.yaml:14)")
        << "that is no step of the ladder";
    EXPECT_EQ(tell(fact::RemedyStarted{Remedy::restart, 0, 0, Reason::changed}),
              "restart, because its entry in the policy has changed (policy.yaml:14)")
        << "an update heals nothing";
    EXPECT_EQ(tell(fact::RemedyFinished{Remedy::run, 1, true, {}}), "the command of `run` succeeded; is it healed?");
    EXPECT_EQ(tell(fact::RemedyFinished{Remedy::run, 1, false, "exit code 1: no disk"}),
              "run failed: exit code 1: no disk");
    EXPECT_EQ(tell(fact::RemedyVerified{Remedy::restart, 0, false}), "restart did not heal it");
    incident = 3;
    EXPECT_EQ(tell(fact::IncidentClosed{3, Reason::operated, 90s}),
              "incident 3 closed after 1m30s, because a person asked for it");
}

TEST_F(StoryTest, of_the_steps_of_a_replacement) {
    EXPECT_EQ(tell(fact::StepTaken{"start-first: nothing forbids it"}),
              "a new container comes up before the old one ends (start-first: nothing forbids it)");
    EXPECT_EQ(tell(fact::StepTaken{"stop-first: port 80 is published"}),
              "a new container comes up once the old one has ended (stop-first: port 80 is published)");
    EXPECT_EQ(tell(fact::StepTaken{"start web.keepwell-new-0123"}), "keepwell starts web.keepwell-new-0123");
    EXPECT_EQ(tell(fact::StepTaken{"take the restart policy of web away"}),
              "keepwell takes the restart policy of web away");
    EXPECT_EQ(tell(fact::StepTaken{"web2 depends on it and is left alone: it is paused"}),
              "web2 depends on it and is left alone: it is paused");
}

TEST_F(StoryTest, of_every_hold) {
    const auto held = [this](Hold reason, Instant until, std::string detail) {
        return tell(fact::RemedyHeld{Remedy::restart, 0, 1, reason, until, std::move(detail)});
    };
    rule = {};
    EXPECT_EQ(held(Hold::paused, never, {}), "restart is held back: a person has paused it, until `keepwell resume`");
    EXPECT_EQ(held(Hold::maintenance, in(1h), {}), "restart is held back: a maintenance window is open; for 1h");
    EXPECT_EQ(held(Hold::dependency, never, "redis"),
              "restart is held back: something it depends on is not well; healing it would not help (redis)");
    EXPECT_EQ(
        held(Hold::storm, never, "3 of 4 targets are unhealthy"),
        "restart is held back: too many targets are unhealthy at once, so the cause is shared (3 of 4 targets are "
        "unhealthy)");
    EXPECT_EQ(held(Hold::parallel, never, {}),
              "restart is held back: as many remedies as guard.max_parallel allows are under way");
    EXPECT_EQ(held(Hold::budget, in(30s), {}), "restart is held back: guard.max_actions is used up; for 30s");
    EXPECT_EQ(held(Hold::backoff, in(19s), {}), "restart is held back: its delay has not passed; for 19s");
}

TEST_F(StoryTest, of_dry_run_says_would) {
    rule = {};
    EXPECT_EQ(tell(fact::RemedyHeld{Remedy::start, 0, 0, Hold::dry_run, never, {}}), "would start");
    rule = {0, 14};
    tell(fact::RemedyDue{Remedy::restart, 0, 1, Reason::unhealthy});
    rule = {0, 3};
    EXPECT_EQ(tell(fact::RemedyHeld{Remedy::restart, 0, 1, Hold::dry_run, never, {}}),
              "would restart, because its probes failed too often in a row (policy.yaml:14)");
    rule = {0, 14};
    tell(fact::RemedyDue{Remedy::restart, 0, 1, Reason::unhealthy});
    EXPECT_EQ(tell(fact::RemedyHeld{Remedy::restart, 0, 1, Hold::dry_run, never, {}, true}),
              "would restart again, because its probes failed too often in a row (policy.yaml:14)");
}

TEST_F(StoryTest, of_dry_run_knows_who_asked) {
    tell(fact::RemedyDue{Remedy::restart, 1, 1, Reason::unhealthy});
    tell(fact::RemedyHeld{Remedy::restart, 1, 1, Hold::dependency, never, "db"});
    tell(fact::OperatorActed{event::Verb::restart, "ann"});
    EXPECT_EQ(tell(fact::RemedyHeld{Remedy::restart, 0, 0, Hold::dry_run, never, {}}),
              "would restart, because a person asked for it");
    EXPECT_EQ(tell(fact::RemedyHeld{Remedy::restart, 1, 1, Hold::dry_run, never, {}}),
              "would restart (step 2), because its probes failed too often in a row (policy.yaml:14)");
}

TEST_F(StoryTest, of_quarantine_and_alerts) {
    EXPECT_EQ(
        tell(fact::Quarantined{Reason::attempts_used_up, 5, in(30min)}),
        "GIVEN UP for now after 5 restarts, because its restart attempts are used up (policy.yaml:14); one try in "
        "30m, or at `keepwell reset api`");
    EXPECT_EQ(tell(fact::AlertRaised{"quarantined", "its restart attempts are used up"}), "");
    EXPECT_EQ(tell(fact::AlertRaised{"probe_errors", "no descriptors"}), "");
    EXPECT_EQ(tell(fact::AlertRaised{"storm", "3 of 4 targets are unhealthy"}),
              "ALERT storm: 3 of 4 targets are unhealthy");
    EXPECT_EQ(tell(fact::AlertResolved{"storm", "1 of 4 targets are unhealthy"}),
              "alert storm is over: 1 of 4 targets are unhealthy");
}

TEST_F(StoryTest, of_people_and_windows) {
    EXPECT_EQ(tell(fact::OperatorActed{event::Verb::restart, "bob"}), "bob asks: restart");
    EXPECT_EQ(tell(fact::OperatorActed{event::Verb::stop, ""}), "somebody asks: stop");
    EXPECT_EQ(tell(fact::MaintenanceChanged{true, in(2h)}), "maintenance: nothing is healed for 2h");
    EXPECT_EQ(tell(fact::MaintenanceChanged{false, never}), "maintenance is over");
    EXPECT_EQ(tell(fact::PolicyReloaded{"1", "2", "uid 0", {"api: restart", "web: added"}}),
              "POLICY RELOADED: api: restart, web: added (asked by uid 0)");
    EXPECT_EQ(tell(fact::PolicyReloaded{"1", "2", "", {"api: rules", "web: probes", "db: exchange"}}),
              "POLICY RELOADED: api: from now on, web: asked anew, db: the old one is removed first");
    EXPECT_EQ(tell(fact::PolicyReloaded{"1", "1", "SIGHUP", {}}),
              "policy read again: nothing has changed (asked by SIGHUP)");
    EXPECT_EQ(tell(fact::Unexpected{"a second Begin"}),
              "unexpected: a second Begin; nothing was changed. Please report this bug");
}

TEST_F(StoryTest, of_the_run_itself) {
    journal::RunStarted run;
    run.keepwell_version = "0.1.0";
    run.files = {"shop.yaml"};
    run.mode = Mode::dry_run;
    run.pid = 12;
    run.services = 2;
    run.targets = 3;
    EXPECT_EQ(story.tell(record(run, "")),
              "10:31:02 keepwell  keepwell 0.1.0 (pid 12) began: shop.yaml: 2 services, 3 targets; dry-run: nothing is "
              "changed\n");
    EXPECT_EQ(story.tell(record(journal::RunEnded{}, "")), "10:31:02 keepwell  keepwell ended\n");
    EXPECT_EQ(story.tell(record(journal::Input{event::Tick{}}, "")), "");
    EXPECT_EQ(story.tell(record(journal::Asked{command::Start{}})), "");
    EXPECT_EQ(story.tell(record(journal::State{})), "");
    EXPECT_EQ(story.tell(record(journal::Evidence{})), "");
}

TEST_F(StoryTest, is_the_same_out_of_an_event_line) {
    const journal::Record one = record(journal::Noted{
        fact(fact::PhaseChanged{Phase::running, Phase::backoff, Reason::exited, "exit code 1", in(5s)})});
    Story other{options()};
    const auto decoded = journal::decode(journal::event_json(one));
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_EQ(other.tell(*decoded), story.tell(one));
    EXPECT_EQ(other.tell(*decoded), "10:31:02 api  pid 4711 ended: exit code 1; the next start is in 5s\n");
}

TEST_F(StoryTest, aligns_names_and_marks_a_new_day) {
    StoryOptions all = options();
    all.name_width = 8;
    all.dates = true;
    Story aligned{all};
    journal::Record one = record(journal::Noted{fact(fact::OperatorActed{event::Verb::stop, "bob"})});
    EXPECT_EQ(aligned.tell(one), "-- 2024-05-01 --\n10:31:02 api       bob asks: stop\n");
    EXPECT_EQ(aligned.tell(one), "10:31:02 api       bob asks: stop\n");
    one.time += std::chrono::hours{24};
    EXPECT_EQ(aligned.tell(one), "-- 2024-05-02 --\n10:31:02 api       bob asks: stop\n");
}

TEST_F(StoryTest, can_not_command_a_terminal) {
    EXPECT_EQ(tell(fact::ProbeFailed{Outcome::failed, 1, 3, true, 1, "\x1b]0;owned\x07\nsecond"}),
              "probe failed (1 of 3): ?]0;owned? second");
}

}  // namespace
}  // namespace keepwell::cli
