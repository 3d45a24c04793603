// What a container engine's own health status means: the traps of a status that is kept by somebody else.
#include "runtime/docker/watch/health_view.hpp"

#include <gtest/gtest.h>

#include "runtime/docker/made_up.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;

// The engine's second 0 is our second 1000.
Instant ours(double second) { return Instant{} + 1000s + std::chrono::milliseconds{std::llround(second * 1000)}; }

HealthView view_at(double now, const Seen& seen) { return health_view(7, seen, second(now), ours(now)); }

std::string word(const HealthView& view) {
    return view.report ? std::string{to_string(view.report->health)} : "nothing";
}
std::string word_at(double now, const Seen& seen) { return word(view_at(now, seen)); }

const Seen web = container('a', "web");

TEST(HealthViewTest, a_container_without_a_check_says_nothing) {
    EXPECT_EQ(word_at(1, web), "nothing");
    EXPECT_EQ(view_at(1, web).look_again, never);
    EXPECT_EQ(word_at(1, checked(web, "none")), "nothing");
}

TEST(HealthViewTest, what_does_not_run_says_nothing_whatever_its_status) {
    auto seen = probed(checked(web, "unhealthy", 3), second(10), 1);
    for (const auto status : {ContainerStatus::paused, ContainerStatus::restarting, ContainerStatus::exited,
                              ContainerStatus::created, ContainerStatus::removing, ContainerStatus::dead}) {
        seen.view.status = status;
        EXPECT_EQ(word_at(11, seen), "nothing") << to_string(status);
    }
}

TEST(HealthViewTest, a_status_with_its_newest_result) {
    const auto view = view_at(31, probed(checked(web, "unhealthy", 3), second(30), 1, "refused"));
    ASSERT_TRUE(view.report);
    EXPECT_EQ(view.report->target, 7u);
    EXPECT_EQ(view.report->instance.id, web.view.instance().id);
    EXPECT_EQ(view.report->health, Health::unhealthy);
    EXPECT_EQ(view.report->failing_streak, 3u);
    EXPECT_EQ(view.report->last.started, ours(30));
    EXPECT_EQ(view.report->last.ended, ours(30.1));
    EXPECT_EQ(view.report->last.outcome, Outcome::failed);
    EXPECT_EQ(view.report->last.exit_code, 1);
    EXPECT_EQ(view.report->last.output, "refused");
}

TEST(HealthViewTest, starting_is_said_from_the_first_moment_on_with_no_result) {
    const auto view = view_at(0.1, checked(web, "starting"));
    EXPECT_EQ(word(view), "starting");
    EXPECT_EQ(view.report->last.started, Instant{});
    EXPECT_EQ(word_at(0.1, checked(web, "")), "starting");  // podman
}

// V11: moby keeps the log over a restart.
TEST(HealthViewTest, entries_of_an_earlier_run_prove_nothing) {
    auto seen = checked(web, "unhealthy", 5);
    for (const double at : {10.0, 20.0, 30.0}) seen = probed(seen, second(at), 1);
    seen = started(seen, second(40));
    seen.view.health->status = "starting";
    seen.view.health->failing_streak = 0;
    const auto view = view_at(41, seen);
    EXPECT_EQ(word(view), "starting");
    EXPECT_EQ(view.report->last.started, Instant{});
    seen.view.health->status = "unhealthy";  // a monitor that was closed at that moment
    EXPECT_EQ(word_at(41, seen), "nothing");
    seen.view.health->status = "healthy";
    EXPECT_EQ(word_at(41, seen), "nothing");
}

// V6: healthy; pause at 12, unpause at 60; the probe at 70 passes.
TEST(HealthViewTest, the_silent_unhealthy_of_a_pause_is_no_verdict_until_a_probe_says_something) {
    auto seen = probed(checked(web, "unhealthy", 0), second(10), 0);
    seen.unpaused = second(60);
    const auto before = view_at(61, seen);
    EXPECT_EQ(word(before), "nothing");
    EXPECT_TRUE(before.silent);
    EXPECT_EQ(before.look_again, ours(70.5));
    seen = probed(seen, second(70), 0);
    seen.view.health->status = "healthy";
    EXPECT_EQ(word_at(70.2, seen), "healthy");
}

// V7: as V6, but the probes fail: the engine tells of nothing, ever.
TEST(HealthViewTest, after_a_pause_failures_count_from_the_old_streak_and_are_a_verdict_at_retries) {
    auto seen = probed(checked(web, "unhealthy", 0), second(10), 0);
    seen.unpaused = second(60);
    for (const int streak : {1, 2}) {
        const double at = 60 + 10 * streak;
        seen = probed(seen, second(at), 1);
        seen.view.health->failing_streak = static_cast<std::uint32_t>(streak);
        const auto view = view_at(at + 0.6, seen);
        EXPECT_EQ(word(view), "nothing") << streak;
        EXPECT_EQ(view.look_again, ours(at + 10.6)) << streak;
    }
    seen = probed(seen, second(90), 1, "still down");
    seen.view.health->failing_streak = 3;
    const auto view = view_at(90.6, seen);
    EXPECT_EQ(word(view), "unhealthy");
    EXPECT_EQ(view.report->last.output, "still down");
}

TEST(HealthViewTest, one_that_was_unhealthy_before_the_pause_is_so_again_when_one_probe_failed_after_it) {
    auto seen = probed(checked(web, "unhealthy", 4), second(40), 1);
    seen.unpaused = second(60);
    EXPECT_EQ(word_at(61, seen), "nothing");
    seen = probed(seen, second(70), 1);
    seen.view.health->failing_streak = 5;
    EXPECT_EQ(word_at(70.6, seen), "unhealthy");
}

TEST(HealthViewTest, a_probe_that_began_before_the_unpause_proves_nothing) {
    auto seen = probed(checked(web, "unhealthy", 4), second(59.95), 1);
    seen.unpaused = second(60);
    EXPECT_EQ(word_at(61, seen), "nothing");
}

TEST(HealthViewTest, without_having_seen_the_pause_its_trace_is_still_no_verdict) {
    // An honest `unhealthy` has `retries` failures, of which the last is the newest entry.
    EXPECT_EQ(word_at(11, probed(checked(web, "unhealthy", 0), second(10), 0)), "nothing");
    EXPECT_EQ(word_at(11, probed(checked(web, "unhealthy", 2), second(10), 1)), "nothing");
    EXPECT_EQ(word_at(11, probed(checked(web, "unhealthy", 3), second(10), 1)), "unhealthy");
}

TEST(HealthViewTest, while_it_is_late_a_silent_status_is_looked_at_again_but_not_in_a_hurry) {
    auto seen = checked(web, "unhealthy", 0);
    seen.unpaused = second(60);
    EXPECT_EQ(view_at(70.6, seen).look_again, ours(73.1));  // a quarter of the interval
    seen.view.healthcheck->interval = 100ms;
    EXPECT_EQ(view_at(70.6, seen).look_again, ours(71.1));  // half a second
}

// Twice (10 s + 3 s) and 30 s.
TEST(HealthViewTest, a_status_that_is_not_renewed_in_time_is_stale) {
    EXPECT_EQ(patience_with(*checked(web, "").view.healthcheck), 56s);
    for (const char* status : {"healthy", "starting", "unhealthy"}) {
        const auto seen = probed(checked(web, status, 3), second(10), 1);
        EXPECT_NE(word_at(66, seen), "unknown") << status;
        EXPECT_EQ(word_at(66.2, seen), "unknown") << status;
        EXPECT_EQ(view_at(66.2, seen).look_again, ours(66.2 + 13)) << status;
        EXPECT_TRUE(view_at(66.2, seen).silent) << status;
    }
}

TEST(HealthViewTest, a_check_that_never_runs_is_stale_after_its_time) {
    const auto seen = checked(web, "starting");
    EXPECT_EQ(word_at(55, seen), "starting");
    EXPECT_EQ(word_at(57, seen), "unknown");
}

// V4: the first probe comes after start_interval, however short the rest is.
TEST(HealthViewTest, a_long_start_interval_is_waited_for) {
    auto seen = checked(web, "starting");
    seen.view.healthcheck->start_period = 2s;
    seen.view.healthcheck->start_interval = 300s;
    EXPECT_EQ(word_at(600, seen), "starting");
    EXPECT_EQ(word_at(640, seen), "unknown");
}

TEST(HealthViewTest, one_that_does_not_come_back_from_a_pause_is_stale) {
    auto seen = probed(checked(web, "unhealthy", 0), second(10), 0);
    seen.unpaused = second(60);
    EXPECT_EQ(word_at(115, seen), "nothing");
    EXPECT_EQ(word_at(117, seen), "unknown");
}

TEST(HealthViewTest, what_is_well_is_looked_at_again_only_when_it_would_be_stale) {
    const auto view = view_at(12, probed(checked(web, "healthy"), second(10), 0));
    EXPECT_FALSE(view.silent);
    EXPECT_EQ(view.look_again, ours(10.1 + 56 + 0.5));
}

// moby tells of `unhealthy` once; the streak that grows on is needed where failures were not held against it.
TEST(HealthViewTest, what_is_unhealthy_is_looked_at_after_each_probe) {
    const auto view = view_at(31, probed(checked(web, "unhealthy", 3), second(30), 1));
    EXPECT_TRUE(view.silent);
    EXPECT_EQ(view.look_again, ours(40.6));
}

TEST(HealthViewTest, podman_without_a_log_is_believed) {
    EXPECT_EQ(word_at(500, checked(web, "healthy")), "healthy");
    EXPECT_EQ(view_at(500, checked(web, "healthy")).look_again, never);
    EXPECT_EQ(word_at(500, checked(web, "unhealthy", 3)), "unhealthy");
}

TEST(HealthViewTest, podmans_other_statuses_are_no_verdict) {
    for (const char* status : {"stopped", "reset", "whatever"}) {
        EXPECT_EQ(word_at(11, probed(checked(web, status), second(10), 0)), "nothing") << status;
    }
}

TEST(HealthViewTest, an_engines_clock_that_is_ahead_makes_nothing_happen_in_the_future) {
    const auto view = view_at(5, probed(checked(web, "healthy"), second(10), 0));
    EXPECT_EQ(word(view), "healthy");
    EXPECT_EQ(view.report->last.ended, ours(5));
}

TEST(HealthViewTest, a_time_before_our_clock_began_is_its_beginning) {
    EXPECT_EQ(instant_of(second(-100000), second(0), Instant{} + 5s), Instant{});
}

}  // namespace
}  // namespace keepwell::runtime::docker
