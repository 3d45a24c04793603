// Playing tests: what is met, what is not and how that is told, what happens after something else, and what is reached.
#include "simulation/testing/test_run.hpp"

#include <gtest/gtest.h>

#include "policy/memory_environment.hpp"

namespace keepwell::simulation {
namespace {

const char* const shop = R"(
services:
  redis:
    command: redis
    healthcheck: {tcp: "127.0.0.1:6379", interval: 1s, timeout: 500ms, retries: 2}
    on_unhealthy: [restart, stop]
    deploy: {restart_policy: {delay: 1s}}
  web:
    command: web
    depends_on: {redis: {condition: service_healthy}}
    healthcheck: {http: "http://127.0.0.1/", interval: 2s, timeout: 1s, retries: 3}
    maintenance: [{from: "22:00", to: "23:00"}]
guard: {max_parallel: 1}
)";

const char* const vpn = R"(
services:
  vpn:
    container: shop-vpn
    on_unhealthy: [restart, replace]
    deploy: {restart_policy: {delay: 0s}}
)";

TestFile file_of(const std::string& tests, const char* policy = shop) {
    const policy::Memory memory{{{"/p/shop.test.yaml", "policies: [shop.yaml]\n" + tests}, {"/p/shop.yaml", policy}},
                                {}};
    TestFile file = load_tests({"shop.test.yaml"}, memory.environment())[0];
    for (const policy::Diagnostic& one : file.diagnostics) ADD_FAILURE() << policy::render(one);
    return file;
}

/// The messages of everything that was not met in one test.
std::vector<std::string> missed(const std::string& test, const char* policy = shop, const std::string& top = {}) {
    const TestFile file = file_of(top + "tests:\n  - name: it\n" + test, policy);
    std::vector<std::string> messages;
    if (!file.policy) return {"not valid"};
    for (const Failure& one : run_test(file, file.tests[0]).failures) messages.push_back(one.diagnostic.message);
    return messages;
}

using Messages = std::vector<std::string>;

TEST(RunTest, a_world_that_is_not_described_is_well) {
    EXPECT_EQ(missed("    expect: [{at: 10s, redis: [running, healthy, idle, no incident], web: healthy}]\n"),
              Messages{});
}

TEST(RunTest, what_rests_on_the_order_of_answers_of_one_moment_does_not_hold_with_every_seed) {
    const char* const three = R"(
services:
  a: {command: a, healthcheck: {tcp: "h:1", interval: 1s, timeout: 500ms, retries: 2}, on_unhealthy: [restart]}
  b: {command: b, healthcheck: {tcp: "h:2", interval: 1s, timeout: 500ms, retries: 2}, on_unhealthy: [restart]}
guard: {max_parallel: 1}
)";
    const auto failures = [&](const std::string& expected, std::uint64_t seed) {
        const TestFile file = file_of(
            "tests:\n  - name: it\n    targets: {a: ok x2 fail, b: ok x2 fail}\n"
            "    expect: [{at: 4s, " +
                expected + "}]\n",
            three);
        return run_test(file, file.tests.at(0), seed).failures.size();
    };
    EXPECT_EQ(failures("b: held parallel", 0), 0u);
    std::size_t other = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        other += failures("b: held parallel", seed);
        EXPECT_EQ(failures("a: unhealthy, b: unhealthy", seed), 0u);
    }
    EXPECT_GT(other, 0u);
    EXPECT_LT(other, 20u);
}

TEST(RunTest, a_person_may_ask_for_everything_at_once) {
    EXPECT_EQ(missed("    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    events: [{at: 2500ms, host: pause}, {at: 10s, host: resume}]\n"
                     "    expect: [{at: 9s, redis: held paused, web: running}, {at: 10s, redis: restart}]\n"),
              Messages{});
}

TEST(RunTest, containers_that_labels_choose_are_those_that_a_test_names) {
    const char* const labelled = R"(
services:
  labelled:
    container: {label: autoheal=true}
    on_unhealthy: [restart]
    deploy: {restart_policy: {condition: none, delay: 0s}}
)";
    EXPECT_EQ(
        missed(
            "    targets:\n"
            "      labelled.web: {healthcheck: {interval: 1s, retries: 2}, probes: ok x3 fail, after: {restart: ok}}\n"
            "      labelled.db: {healthcheck: {interval: 1s, retries: 2}}\n"
            "    expect: [{at: 30s, labelled.web: [healthy, idle], labelled.db: healthy}]\n"
            "    remedies: {labelled.web: [restart], labelled.db: []}\n",
            labelled),
        Messages{});
}

TEST(RunTest, a_state_that_is_not_so_is_told_with_what_it_was) {
    EXPECT_EQ(missed("    expect: [{at: 10s, redis: unhealthy}]\n"),
              Messages{"expected `unhealthy` of redis at 10s, but it was running, healthy"});
}

TEST(RunTest, how_it_was_is_known_from_the_beginning_though_nothing_happens_for_long) {
    const char* const watched =
        "mode: dry-run\nservices: {db: {command: ./db, healthcheck: {tcp: \"127.0.0.1:5432\"}}}\n";
    EXPECT_EQ(missed("    expect: [{at: 0s, db: held dry_run}, {at: 10s, db: held dry_run}]\n", watched), Messages{});
    EXPECT_EQ(missed("    expect: [{until: 29s, db: healthy}, {at: 30s, db: no held}]\n", watched),
              Messages{"expected `healthy` of db until 29s, but it was running, unproven, held dry_run at 0s"});
    const std::string slow = "    targets: {redis: {lives: [\"run, starts in 15s\"]}}\n";
    EXPECT_EQ(missed(slow + "    expect: [{at: 10s, redis: starting}, {until: 14s, redis: [starting, no alert]}]\n"),
              Messages{});
    EXPECT_EQ(missed(slow + "    expect: [{until: 30s, redis: running}]\n"),
              Messages{"expected `running` of redis until 30s, but it was starting at 0s"});
}

TEST(RunTest, a_remedy_at_another_time_is_told_with_its_time) {
    EXPECT_EQ(missed("    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    expect: [{at: 3s, redis: restart}, {at: 4s, redis: restart}]\n"),
              Messages{"expected `restart` of redis at 3s, but restart was begun at 4s"});
}

TEST(RunTest, a_tolerance_reaches_both_ways) {
    const std::string targets = "    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n";
    EXPECT_EQ(missed(targets + "    expect: [{at: 3s, within: 1s, redis: restart}]\n"), Messages{});
    EXPECT_EQ(missed(targets + "    expect: [{at: 5s, within: 1s, redis: restart}]\n"), Messages{});
}

TEST(RunTest, nothing_until_is_broken_by_the_first_thing_that_is_done) {
    EXPECT_EQ(missed("    targets: {redis: ok x4 fail}\n"
                     "    expect: [{until: 5s, redis: nothing}, {until: 8s, redis: nothing}]\n"),
              Messages{"expected `nothing` of redis until 8s, but incident 1 was opened at 6s"});
}

TEST(RunTest, what_begins_within_a_moment_is_so_at_that_moment) {
    EXPECT_EQ(missed("    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    expect: [{at: 4s, redis: [unhealthy, restart, backoff, incident]}]\n"),
              Messages{});
    EXPECT_EQ(missed("    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    expect: [{at: 5s, redis: unhealthy}]\n"),
              Messages{"expected `unhealthy` of redis at 5s, but it was running, unproven, verifying"});
}

TEST(RunTest, until_begins_after_what_happened_at_the_moment_before) {
    EXPECT_EQ(missed("    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    expect: [{at: 4s, redis: restart}, {until: 1m, redis: [no restart, nothing]}]\n"),
              Messages{});
    EXPECT_EQ(missed("    targets: {redis: ok x2 fail}\n"
                     "    expect: [{at: 3s, redis: healthy}, {until: 5s, redis: no restart}]\n"),
              Messages{"expected `no restart` of redis until 5s, but restart was begun at 4s"});
}

TEST(RunTest, something_is_held_as_long_as_it_is) {
    EXPECT_EQ(missed("    targets: {redis: ok x4 fail}\n"
                     "    events: [{at: 3s, redis: pause}]\n"
                     "    expect: [{at: 10s, redis: held paused}, {until: 1m, redis: nothing}]\n"),
              Messages{"expected `nothing` of redis until 1m0s, but it was running, unhealthy, held paused at 10s"});
}

TEST(RunTest, what_a_person_asks_for_is_done_too) {
    EXPECT_EQ(missed("    events: [{at: 10s, redis: restart}, {at: 20s, redis: stop}, {at: 30s, redis: start}]\n"
                     "    expect: [{at: 10s, redis: restart}, {at: 20s, redis: stop}, {at: 30s, redis: start}]\n"
                     "    remedies: {redis: []}\n"),
              Messages{});
}

TEST(RunTest, a_moment_after_the_end_or_before_the_one_above_is_not_judged) {
    const std::string targets = "    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n";
    EXPECT_EQ(missed("    for: 10s\n" + targets + "    expect: [{at: 8s after redis unhealthy, redis: healthy}]\n"),
              Messages{"this moment, 12s, is after the end of what is played, 10s; a longer `for` is needed"});
    EXPECT_EQ(
        missed(targets + "    expect: [{at: 1m, redis: healthy}, {until: 5s after redis restart, redis: stopped}]\n"),
        Messages{"this moment, 9s, is before that of the entry above, 1m0s, from which `until` counts"});
}

TEST(RunTest, an_event_that_is_to_end_what_does_not_run_fails_the_test) {
    EXPECT_EQ(missed("    targets: {redis: {lives: [\"run, starts in 20s\"]}}\n"
                     "    events: [{at: 10s, web: signal SEGV}, {at: 40s, web: signal SEGV}]\n"
                     "    remedies: {web: [restart]}\n"),
              Messages{"nothing of web was running at 10s, and the event did not happen"});
    EXPECT_EQ(missed("    events: [{at: 10s, vpn: stop}, {at: 30s, vpn: exit 1}]\n    remedies: {vpn: []}\n", vpn),
              Messages{"nothing of vpn was running at 30s, and the event did not happen"});
}

TEST(RunTest, an_event_that_never_happens_fails_the_test) {
    EXPECT_EQ(missed("    for: 1m\n"
                     "    events: [{at: 3s after redis unhealthy, web: exit 1}, {at: 1m, web: exit 1}]\n"
                     "    expect: [{at: 30s, web: healthy}]\n"),
              Messages{"this moment never comes: `redis unhealthy` was not seen, and the event did not happen"});
    EXPECT_EQ(missed("    for: 1m\n"
                     "    events: [{at: 50s, redis: exit 1}, {at: 20s after redis exit, web: exit 1}]\n"
                     "    expect: [{at: 30s, web: healthy}]\n"),
              Messages{"this moment, 1m10s, is after the end of what is played, 1m0s; a longer `for` is needed, and "
                       "the event did not happen"});
}

TEST(RunTest, all_remedies_are_counted_in_order) {
    EXPECT_EQ(missed("    for: 1m\n    targets: {redis: ok fail}\n    remedies: {redis: [restart], web: []}\n"),
              Messages{"expected of redis in all: restart; begun: restart at 3s, stop at 6s"});
}

TEST(RunTest, something_can_happen_after_something_was_seen) {
    EXPECT_EQ(missed("    for: 1m\n    targets: {redis: {probes: ok x2 fail, after: {restart: ok}}}\n"
                     "    events: [{at: 2s after redis restart, web: exit 1}]\n"
                     "    expect: [{at: 2s after redis restart, web: [backoff, incident]}]\n"),
              Messages{});
}

TEST(RunTest, something_can_happen_after_an_event_of_the_test) {
    EXPECT_EQ(
        missed("    for: 1m\n"
               "    events: [{at: 10s, redis: exit 0}, {at: 2s after redis exit, web: pause},\n"
               "             {at: 3s after web pause, web: exit 1}, {at: 1s after redis not healthy, redis: pause}]\n"
               "    expect: [{at: 10s, redis: exit}, {at: 11s, redis: pause}, {at: 12s, web: pause},\n"
               "             {at: 15s, web: [exit, held paused, no resume]}, {until: 1m, redis: no exit}]\n"),
        Messages{});
    EXPECT_EQ(missed("    for: 1m\n"
                     "    targets: {vpn: {healthcheck: {interval: 1s, retries: 2}}}\n"
                     "    events: [{at: 5s, engine: lost}, {at: 20s after engine lost, engine: found},\n"
                     "             {at: 10s after engine found, vpn: exit 1}]\n"
                     "    expect: [{at: 35s, vpn: exit}]\n",
                     vpn),
              Messages{});
}

TEST(RunTest, a_moment_can_come_after_an_alert_of_the_host) {
    const char* const three =
        "defaults: {healthcheck: {interval: 1s}}\n"
        "services:\n"
        "  a: {command: a, healthcheck: {tcp: \"a:1\"}}\n"
        "  b: {command: b, healthcheck: {tcp: \"b:1\"}}\n"
        "  c: {command: c, healthcheck: {tcp: \"c:1\"}}\n"
        "guard: {max_unhealthy: 40%, max_parallel: 1}\n";
    EXPECT_EQ(missed("    targets: {b: ok fail x9 ok, c: ok fail x9 ok,\n"
                     "              a: {probes: ok fail x3 ok, lives: \"run, ignores stop\"}}\n"
                     "    expect: [{at: 1s after host alert storm, c: held storm, host: alert storm},\n"
                     "             {at: 20s, host: no alert}]\n",
                     three),
              Messages{});
    EXPECT_EQ(missed("    expect: [{at: 1s after host alert storm, b: held storm}]\n", three),
              Messages{"this moment never comes: `host alert storm` was not seen"});
}

TEST(RunTest, a_moment_that_never_comes_is_told) {
    EXPECT_EQ(missed("    expect: [{at: 1s after redis unhealthy, web: healthy}]\n"),
              Messages{"this moment never comes: `redis unhealthy` was not seen"});
}

TEST(RunTest, windows_of_maintenance_follow_the_wall_clock_of_the_file) {
    EXPECT_EQ(
        missed("    for: 2h\n    events: [{at: 45m, web: exit 1}]\n"
               "    expect: [{at: 45m, web: held maintenance}, {at: 90m, web: restart}, {at: 2h, web: healthy}]\n",
               shop, "start: 2026-11-28 21:30\n"),
        Messages{});
}

TEST(RunTest, a_container_is_replaced_when_a_restart_does_not_help) {
    EXPECT_EQ(missed("    for: 2m\n"
                     "    targets:\n"
                     "      vpn: {probes: ok x3 fail, healthcheck: {interval: 1s, retries: 2}, after: {replace: ok}}\n"
                     "    remedies: {vpn: [restart, replace]}\n"
                     "    expect: [{at: 2m, vpn: [running, healthy, idle]}]\n",
                     vpn),
              Messages{});
}

TEST(RunTest, nothing_is_done_while_the_container_engine_is_lost) {
    EXPECT_EQ(missed("    for: 1m\n"
                     "    targets: {vpn: {healthcheck: {interval: 1s, retries: 2}}}\n"
                     "    events: [{at: 5s, engine: lost}, {at: 20s, engine: found}]\n"
                     "    expect: [{at: 10s, vpn: unknown}, {until: 19s, vpn: nothing}, {at: 25s, vpn: healthy}]\n"
                     "    remedies: {vpn: []}\n",
                     vpn),
              Messages{});
}

const char* const replicas = R"(
services:
  api:
    command: api
    healthcheck: {tcp: "h:1", interval: 1s, timeout: 500ms, retries: 2}
    deploy: {replicas: 3}
)";

TEST(RunTest, the_name_of_a_service_stands_for_all_its_replicas) {
    EXPECT_EQ(
        missed("    targets: {api: ok x3 fail, api.2: ok}\n"
               "    events: [{at: 1m, api: stop}]\n"
               "    expect: [{until: 4s, api: [nothing, no restart]}, {at: 5s, api.1: unhealthy, api.3: unhealthy},\n"
               "             {at: 1m, api: stopped}]\n"
               "    remedies: {api.2: []}\n",
               replicas),
        Messages{});
    EXPECT_EQ(missed("    for: 20s\n    targets: {api.2: {probes: ok x3 fail, after: {restart: ok}}}\n"
                     "    expect: [{at: 5s, api: healthy}]\n"
                     "    remedies: {api: []}\n",
                     replicas),
              (Messages{"expected `healthy` of api.2 at 5s, but it was backoff, acting",
                        "expected of api.2 in all: nothing; begun: restart at 5s"}));
}

TEST(RunTest, what_was_held_long_before_is_no_reason) {
    const std::string story =
        "    targets: {redis: {probes: ok x4 fail x4 ok}}\n"
        "    events: [{at: 3s, redis: pause}]\n";
    EXPECT_EQ(missed(story + "    expect: [{at: 8s, redis: restart}, {at: 5m, redis: restart}]\n"),
              (Messages{"expected `restart` of redis at 8s, but restart was held (paused) from 6s",
                        "expected `restart` of redis at 5m0s, but it was never due: it was running, healthy"}));
}

TEST(RunTest, with_a_tolerance_it_is_told_what_was_at_the_moment_and_what_was_done_around_it) {
    const std::string story = "    targets: {redis: ok x4 fail}\n    events: [{at: 3s, redis: pause}]\n";
    EXPECT_EQ(
        missed(story + "    expect: [{at: 10s, within: 5s, redis: held budget}]\n"),
        Messages{"expected `held budget` of redis at 10s ± 5s, but it was running, unhealthy, held paused at 10s; "
                 "restart was held (paused) from 6s"});
    EXPECT_EQ(missed(story + "    expect: [{at: 10s, within: 5s, redis: restart}]\n"),
              Messages{"expected `restart` of redis at 10s ± 5s, but restart was held (paused) from 6s"});
    EXPECT_EQ(missed("    events: [{at: 12s, redis: exit 0}]\n    expect: [{at: 10s, within: 1s, redis: stopped}]\n"),
              Messages{"expected `stopped` of redis at 10s ± 1s, but it was running, healthy at 10s"});
}

TEST(RunTest, alerts_are_told_by_their_names) {
    const std::string story = "    targets: {redis: ok x2 fail}\n";
    EXPECT_EQ(missed(story + "    expect: [{until: 1m, redis: no alert}]\n"),
              Messages{"expected `no alert` of redis until 1m0s, but not_restarted was raised at 7s"});
    EXPECT_EQ(
        missed(story + "    expect: [{at: 1m, redis: alert notify}]\n"),
        Messages{"expected `alert notify` of redis at 1m0s, but it was not raised; not_restarted was raised at 7s"});
}

TEST(RunTest, an_alert_of_a_target_is_none_of_the_host) {
    EXPECT_EQ(
        missed("    targets: {redis: ok x2 fail}\n    expect: [{at: 1m, host: alert not_restarted}]\n"),
        Messages{"expected `alert not_restarted` of the host at 1m0s, but no alert of it was raised; not_restarted "
                 "was raised by redis at 7s: say `redis: alert not_restarted`"});
}

/// The failures of one test.
std::vector<Failure> failures_of(const std::string& test, const char* policy = shop) {
    const TestFile file = file_of("tests:\n  - name: it\n" + test, policy);
    return run_test(file, file.tests.at(0)).failures;
}

std::vector<std::string> steps_of(const Failure& failure) {
    std::vector<std::string> steps;
    for (const RemedyStep& step : failure.steps) {
        const char* const sign = step.kind == RemedyStep::Kind::extra     ? "+ "
                                 : step.kind == RemedyStep::Kind::missing ? "- "
                                                                          : "";
        steps.push_back(sign + std::string{to_string(step.remedy)} + " " + to_string(step.at.time_since_epoch()));
    }
    return steps;
}

TEST(RunTest, a_failure_of_until_is_explained_where_it_shows_first) {
    const auto failures = failures_of("    targets: {redis: ok x4 fail}\n    expect: [{until: 1m, redis: nothing}]\n");
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].at, Instant{6s});
    EXPECT_EQ(failures[0].actual, "incident 1 was opened at 6s");
}

TEST(RunTest, remedies_that_were_not_begun_stand_beside_those_that_were) {
    const std::string story = "    for: 1m\n    targets: {redis: ok fail}\n";
    const auto extra = failures_of(story + "    remedies: {redis: [stop]}\n");
    ASSERT_EQ(extra.size(), 1u);
    EXPECT_EQ(steps_of(extra[0]), (Messages{"+ restart 3s", "stop 6s"}));
    EXPECT_EQ(extra[0].at, Instant{3s});
    const auto missing = failures_of(story + "    remedies: {redis: [restart, run, stop, notify]}\n");
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(steps_of(missing[0]), (Messages{"restart 3s", "- run 6s", "stop 6s", "- notify 1m0s"}));
    EXPECT_EQ(missing[0].at, Instant{6s});
}

TEST(RunTest, a_remedy_that_was_held_is_missed_when_it_was_held) {
    const auto failures = failures_of(
        "    targets: {redis: ok x4 fail}\n    events: [{at: 3s, redis: pause}]\n"
        "    remedies: {redis: [restart]}\n");
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].at, Instant{6s});
}

TEST(RunTest, of_several_that_are_missing_none_is_missed_before_what_was_begun_last) {
    const auto failures = failures_of(
        "    for: 1m\n    targets: {redis: {probes: ok x4 fail, after: {restart: ok}}}\n"
        "    events: [{at: 3s, redis: pause}, {at: 20s, redis: resume}]\n"
        "    remedies: {redis: [restart, notify, restart]}\n");
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(steps_of(failures[0]), (Messages{"restart 20s", "- notify 1m0s", "- restart 1m0s"}));
}

TEST(RunTest, what_is_said_of_one_replica_leaves_the_rest_as_it_is_said_of_all) {
    const char* const two = R"(
services:
  api: {command: api, healthcheck: {tcp: "a:1", interval: 1s, retries: 2}, deploy: {replicas: 2}}
)";
    EXPECT_EQ(missed("    targets:\n"
                     "      api: {probes: ok x2 fail, lives: exit 1 after 10s}\n"
                     "      api.1: {probes: ok}\n"
                     "    expect: [{at: 4s, api.1: healthy, api.2: unhealthy}, {at: 10s, api.1: exit}]\n",
                     two),
              Messages{});
}

TEST(RunTest, a_failure_is_about_a_target_and_what_it_depends_on) {
    const auto of_web = failures_of("    expect: [{at: 1m, web: stopped}]\n");
    EXPECT_EQ(of_web.at(0).related, (std::set<std::string>{"redis", "web"}));
    const auto of_redis = failures_of("    expect: [{at: 1m, redis: stopped}]\n");
    EXPECT_EQ(of_redis.at(0).related, (std::set<std::string>{"redis"}));
    const auto after_web = failures_of("    expect: [{at: 1s after web healthy, redis: stopped}]\n");
    EXPECT_EQ(after_web.at(0).related, (std::set<std::string>{"redis", "web"}));
}

TEST(RunTest, a_failure_of_the_host_is_explained_by_its_alerts_and_by_who_is_unhealthy) {
    const char* const three = R"(
services:
  a: {command: a, healthcheck: {tcp: "a:1", interval: 1s, retries: 2}}
  b: {command: b, healthcheck: {tcp: "b:1", interval: 1s, retries: 2}}
  c: {command: c, healthcheck: {tcp: "c:1", interval: 1s, retries: 2}}
guard: {max_unhealthy: 40%}
)";
    const auto why = [&](const std::string& expected) {
        std::string text;
        const auto failures =
            failures_of("    targets: {a: ok fail, b: ok fail, c: ok}\n    expect: [{at: 2s, host: " + expected +
                            "},\n"
                            "             {at: 10s, host: " +
                            expected + "}]\n",
                        three);
        for (const engine::Sentence& one : failures.at(0).why) text += one.text + "\n";
        return text;
    };
    EXPECT_EQ(why("alert storm"),
              "No alert of the host is raised.\n"
              "0 of 3 targets are unhealthy.\n"
              "More than 1 at once are a storm; those whose dependency is not well do not count, those that are being "
              "healed do.\n");
    EXPECT_EQ(why("no alert"),
              "The alert storm is raised since 3s: 2 of 3 targets are unhealthy.\n"
              "2 of 3 targets are unhealthy (a, b).\n"
              "More than 1 at once are a storm; those whose dependency is not well do not count, those that are being "
              "healed do.\n");
}

TEST(RunTest, a_failure_brings_the_explanation_of_its_moment) {
    const TestFile file = file_of(
        "tests:\n"
        "  - name: it\n"
        "    targets: {web: ok x2 fail x9, redis: {probes: ok x6 fail, lives: \"run, ignores stop\"}}\n"
        "    expect: [{at: 12s, web: restart}]\n");
    const TestResult result = run_test(file, file.tests[0]);
    ASSERT_EQ(result.failures.size(), 1u);
    EXPECT_EQ(result.failures[0].diagnostic.line, 5u);
    std::string why;
    for (const engine::Sentence& one : result.failures[0].why) why += one.text + "\n";
    EXPECT_NE(why.find("It runs"), std::string::npos) << why;
}

TEST(RunTest, the_same_test_gives_the_same_result) {
    const TestFile file = file_of(
        "tests: [{name: it, for: 1h, targets: {redis: ok fail x3 ok, web: fail x5 timeout ok}, remedies: {}}]\n");
    const TestResult once = run_test(file, file.tests[0]);
    const TestResult again = run_test(file, file.tests[0]);
    ASSERT_EQ(once.records.size(), again.records.size());
    for (std::size_t i = 0; i < once.records.size(); ++i) {
        EXPECT_EQ(once.records[i].at, again.records[i].at);
        EXPECT_EQ(once.records[i].body.index(), again.records[i].body.index());
    }
}

std::vector<std::string> names(const std::set<Reached>& all) {
    std::vector<std::string> result;
    for (const Reached& one : all) result.push_back(one.service + "/" + one.detail);
    return result;
}

TEST(Coverage, knows_what_a_policy_offers) {
    const TestFile file = file_of("tests: [{name: it, remedies: {}}]\n");
    EXPECT_EQ(names(reachable(*file.policy)),
              (Messages{"redis/", "web/", "redis/1: restart", "redis/2: stop", "web/1: restart", "/parallel",
                        "web/dependency", "web/maintenance"}));
}

TEST(Coverage, knows_what_was_reached) {
    const TestFile file = file_of("tests: [{name: it, for: 1m, targets: {redis: ok fail}, remedies: {}}]\n");
    EXPECT_EQ(names(run_test(file, file.tests[0]).reached), (Messages{"redis/", "redis/1: restart", "redis/2: stop"}));
}

}  // namespace
}  // namespace keepwell::simulation
