// Quarantine: given up for a while, with single tries at growing distances.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

World crash_looping() {
    World world{policy_of({Service{"api"}.restart(RestartCondition::any, 1s, 1).quarantine(10min, 30min)})};
    world.of("api").lives = 1s;
    return world;
}

TEST(Quarantine, tries_come_at_doubling_distances_up_to_the_maximum) {
    World world = crash_looping();
    world.begin();
    world.run_until(2h);
    // Quarantined at 3 s; tried 10 min later, dead 1 s after that; then 20 min, 30 min, 30 min.
    EXPECT_EQ(world.lines("target.quarantined"), (Lines{"3s api target.quarantined attempts_used_up until 10m3s",
                                                        "10m4s api target.quarantined remedy_failed until 30m4s",
                                                        "30m5s api target.quarantined remedy_failed until 1h0m5s",
                                                        "1h0m6s api target.quarantined remedy_failed until 1h30m6s",
                                                        "1h30m7s api target.quarantined remedy_failed until 2h0m7s"}));
    EXPECT_EQ(world.starts.size(), 6u);
}

TEST(Quarantine, a_try_that_is_proven_good_ends_it_with_fresh_attempts) {
    World world = crash_looping();
    world.begin();
    world.run_until(10min);
    world.of("api").lives = Duration::max();
    world.run_until(11min);
    EXPECT_EQ(world.lines("alert"),
              (Lines{"3s api alert.raised quarantined (its restart attempts are used up)",
                     "10m13s api alert.resolved quarantined (the target is looked after again)"}));
    EXPECT_EQ(world.lines("incident.closed"), (Lines{"10m13s api incident.closed 1: recovered after 10m12s"}));
    world.exit("api");
    world.run_until(12min);
    EXPECT_EQ(world.target("api").phase, Phase::running);
}

TEST(Quarantine, a_target_that_recovers_by_itself_is_released) {
    World world{policy_of({Service{"api"}.probed(1s, 2).restart(RestartCondition::any, 0s, 1)})};
    world.of("api").answer = [](World& now) { return now.now > Instant{1min} ? pass() : fail(); };
    world.begin();
    world.run_until(59s);
    EXPECT_EQ(world.target("api").remediation, Remediation::quarantined);
    world.run_until(62s);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
    EXPECT_EQ(world.target("api").incident, 0u);
}

TEST(Quarantine, a_sick_but_living_target_gets_the_last_rung_as_its_try) {
    World world{policy_of({Service{"api"}.probed(1s, 2).restart(RestartCondition::any, 0s, 1).quarantine(1min, 1h)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(70s);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"2s api remedy.started restart: unhealthy", "1m4s api remedy.started restart: half_open"}));
    EXPECT_EQ(world.lines("target.quarantined").back(), "1m6s api target.quarantined remedy_failed until 3m6s");
}

TEST(Quarantine, a_quarantined_target_that_dies_waits_for_its_try) {
    World world{policy_of({Service{"api"}.probed(1s, 2).restart(RestartCondition::any, 0s, 1).quarantine(1min, 1h)})};
    world.answers("api", fail());
    world.begin();
    world.run_until(30s);
    world.exit("api");
    EXPECT_EQ(world.target("api").phase, Phase::backoff);
    world.run_until(65s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.commands.back(), "1m4s start api");
}

TEST(Quarantine, a_reset_tries_at_once) {
    World world = crash_looping();
    world.begin();
    world.run_until(5s);
    world.of("api").lives = Duration::max();
    world.operate(event::Verb::reset, "api");
    world.run_until(20s);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
}

TEST(Quarantine, a_try_that_only_tells_is_followed_by_the_next_one) {
    World world{policy_of({Service{"api"}
                               .probed(1s, 2)
                               .ladder({RestartRung{}, NotifyRung{}})
                               .restart(RestartCondition::any, 0s, 1)
                               .quarantine(1min, 1h)})};
    world.answers("api", fail());
    world.begin();
    world.at(Duration{2500ms}, [](World& now) { now.exit("api"); });  // the attempts are used up
    world.run_until(10min);
    // The first try starts it; it is sick again, so the further tries are the last rung, which tells.
    EXPECT_EQ(world.lines("alert.raised notify"),
              (Lines{"3m4.5s api alert.raised notify (unhealthy)", "7m4.5s api alert.raised notify (unhealthy)"}));
    EXPECT_EQ(world.target("api").remediation, Remediation::quarantined);
}

TEST(Quarantine, what_has_no_ladder_is_left_alone_while_it_lives_however_sick) {
    World world{policy_of(
        {Service{"api"}.probed(1s, 1).ladder({}).restart(RestartCondition::any, 0s, 1).quarantine(1min, 1h)})};
    world.answers("api", fail());
    world.begin();
    world.at(2s, [](World& now) { now.exit("api"); });
    world.at(4s, [](World& now) { now.exit("api"); });  // quarantined; tried at 1 min 4 s, and sick again
    world.run_until(10min);
    EXPECT_EQ(world.target("api").phase, Phase::running);
    EXPECT_EQ(world.target("api").remediation, Remediation::quarantined);
    EXPECT_EQ(world.starts.size(), 3u);
}

}  // namespace
}  // namespace keepwell::testing
