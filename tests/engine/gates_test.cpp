// The gates between due and done, and their order. Each refusal has a reason that is recorded once.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

Guard guard_of(std::optional<MaxUnhealthy> unhealthy, std::optional<std::uint32_t> parallel = {},
               std::optional<MaxActions> actions = {}) {
    Guard guard;
    guard.max_unhealthy = unhealthy;
    guard.max_parallel = parallel;
    guard.max_actions = actions;
    return guard;
}

/// `count` services with a probe each second, unhealthy after two failures.
std::vector<Service> several(int count) {
    std::vector<Service> services;
    for (int i = 0; i < count; ++i)
        services.push_back(Service{std::string(1, static_cast<char>('a' + i))}.probed(1s, 2));
    return services;
}

/// Of them b, c and d depend on a.
std::vector<Service> one_and_three_dependants() {
    std::vector<Service> services = several(4);
    for (std::size_t i = 1; i < services.size(); ++i) services[i].after(0);
    return services;
}

void sick_from(World& world, const std::string& name, Duration from, Duration until = 24h) {
    world.of(name).answer = [from, until](World& now) {
        return now.now > Instant{from} && now.now < Instant{until} ? fail() : pass();
    };
}

TEST(Gates, to_tell_takes_no_place_in_the_guard) {
    Guard guard;
    guard.max_actions = MaxActions{1, 1h};
    World world{policy_of({Service{"a"}.probed(1s, 1), Service{"b"}.probed(2s, 1).ladder({NotifyRung{}})}, guard)};
    world.answers("a", fail());
    world.answers("b", fail());
    world.begin();
    world.run_until(3s);
    EXPECT_EQ(world.lines("b remedy.started"), Lines{"2s b remedy.started notify: unhealthy"});
}

TEST(Gates, a_paused_target_is_watched_and_left_alone_until_it_is_resumed) {
    World world{policy_of(several(1))};
    sick_from(world, "a", 2s);
    world.begin();
    world.operate(event::Verb::pause, "a");
    world.run_until(10s);
    EXPECT_EQ(world.lines("remedy."),
              (Lines{"4s a remedy.due restart: unhealthy", "4s a remedy.held restart: paused"}));
    world.operate(event::Verb::resume, "a");
    EXPECT_EQ(world.lines("remedy.started"), (Lines{"10s a remedy.started restart: unhealthy"}));
}

TEST(Gates, a_maintenance_window_holds_until_it_ends) {
    World world{policy_of(several(1))};
    sick_from(world, "a", 2s);
    world.begin();
    world.give(event::Maintenance{0, true, Instant{20s}});
    world.run_until(20s);
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"4s a remedy.held restart: maintenance until 20s"}));
    world.give(event::Maintenance{0, false, never});
    EXPECT_EQ(world.lines("remedy.started"), (Lines{"20s a remedy.started restart: unhealthy"}));
}

TEST(Gates, a_crash_in_a_maintenance_window_or_a_pause_waits_for_its_end) {
    World world{policy_of({Service{"a"}})};
    world.begin();
    world.give(event::Maintenance{0, true, Instant{20s}});
    world.run_until(5s);
    world.exit("a");
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"5s a remedy.held restart: maintenance until 20s"}));
    world.run_until(20s);
    world.operate(event::Verb::pause, "a");
    world.give(event::Maintenance{0, false, never});
    EXPECT_EQ(world.lines("remedy.held").back(), "20s a remedy.held restart: paused");
    world.operate(event::Verb::resume, "a");
    world.run_until(20s);
    EXPECT_EQ(world.target("a").phase, Phase::running);
}

TEST(Gates, a_storm_holds_every_ladder_and_says_so_once) {
    World world{policy_of(several(5), guard_of(MaxUnhealthy{true, 40}))};
    for (const char* name : {"a", "b", "c", "d"}) {
        sick_from(world, name, 2s);
        world.of(name).stop_takes = 5s;
    }
    world.begin();
    world.run_until(4s);
    // 40 % of 5 are 2. The first two are healed before anybody can know; the third makes it a storm.
    EXPECT_EQ(world.lines("alert.raised"), (Lines{"4s host alert.raised storm (3 of 5 targets are unhealthy)"}));
    EXPECT_EQ(world.lines("remedy.started").size(), 2u) << "what is being healed is not well yet, and counts";
}

TEST(Gates, in_a_storm_nothing_more_is_healed_until_the_share_falls) {
    // Verifying by a command keeps them unhealthy: the count stays.
    std::vector<Service> services = several(5);
    for (Service& service : services) service.ladder({RunRung{}, RestartRung{}}).verify(10s);
    World world{policy_of(services, guard_of(MaxUnhealthy{true, 40}))};
    for (const char* name : {"a", "b", "c", "d"}) sick_from(world, name, 2s, 30s);
    world.begin();
    world.run_until(29s);
    EXPECT_EQ(world.lines("alert"), (Lines{"4s host alert.raised storm (3 of 5 targets are unhealthy)"}));
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"4s c remedy.held run: storm (3 of 5 targets are unhealthy)",
                                                 "4s d remedy.held run: storm (4 of 5 targets are unhealthy)",
                                                 "15s a remedy.held restart: storm (4 of 5 targets are unhealthy)",
                                                 "15s b remedy.held restart: storm (4 of 5 targets are unhealthy)"}));
    world.run_until(1min);
    EXPECT_EQ(world.lines("alert").back(), "30s host alert.resolved storm (2 of 5 targets are unhealthy)");
    EXPECT_EQ(world.lines("remedy.started").size(), 2u) << "all recovered with the cause they shared";
}

TEST(Gates, after_a_storm_what_stays_sick_is_judged_by_new_failures) {
    std::vector<Service> services = several(3);
    for (Service& service : services) service.ladder({RunRung{}}).verify(1h);
    World world{policy_of(services, guard_of(MaxUnhealthy{false, 1}))};
    sick_from(world, "a", 2s, 20s);
    sick_from(world, "b", 2s);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(
        world.lines("b remedy."),
        (Lines{"4s b remedy.due run: unhealthy", "4s b remedy.held run: storm (2 of 3 targets are unhealthy)",
               "21s b remedy.due run: unhealthy", "21s b remedy.started run: unhealthy", "22s b remedy.finished run"}));
}

TEST(Gates, a_resume_ends_a_storm_by_decree) {
    std::vector<Service> services = several(3);
    for (Service& service : services) service.ladder({RunRung{}}).verify(1h);
    World world{policy_of(services, guard_of(MaxUnhealthy{false, 0}))};
    sick_from(world, "a", 2s);
    world.begin();
    world.run_until(10s);
    EXPECT_EQ(world.lines("remedy.started").size(), 0u);
    world.operate_all(event::Verb::resume);
    EXPECT_EQ(world.lines("remedy.started"), (Lines{"10s a remedy.started run: unhealthy"}));
    EXPECT_FALSE(world.engine.storm());
    world.operate_all(event::Verb::resume);
    world.answers("a", pass());
    world.run_until(30s);
    EXPECT_EQ(world.lines("alert.resolved"), (Lines{"10s host alert.resolved storm (resumed by a person)"}));
}

TEST(Gates, below_three_targets_there_is_no_storm) {
    World world{policy_of(several(2), guard_of(MaxUnhealthy{true, 10}))};
    sick_from(world, "a", 2s);
    sick_from(world, "b", 2s);
    world.begin();
    world.run_until(5s);
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
}

TEST(Gates, targets_explained_by_a_sick_dependency_do_not_make_a_storm) {
    std::vector<Service> services = one_and_three_dependants();
    services[0].ladder({RunRung{}}).verify(1h);
    World world{policy_of(services, guard_of(MaxUnhealthy{true, 30}))};
    for (const char* name : {"a", "b", "c", "d"}) sick_from(world, name, 2s);
    world.begin();
    world.run_until(10s);
    EXPECT_TRUE(world.lines("storm").empty());
    EXPECT_EQ(world.lines("remedy.started"), (Lines{"4s a remedy.started run: unhealthy"}));
    EXPECT_EQ(world.lines("remedy.held").size(), 3u);
}

TEST(Gates, the_recovery_of_a_dependency_makes_no_storm_of_those_that_have_not_been_asked_since) {
    std::vector<Service> services = one_and_three_dependants();
    for (Service& service : services) service.ladder({RunRung{}}).verify(1h);
    World world{policy_of(services, guard_of(MaxUnhealthy{true, 30}))};
    sick_from(world, "a", 2s, 10s);
    for (const char* name : {"b", "c", "d"}) sick_from(world, name, 2s, 11s);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("storm"), Lines{});
    EXPECT_EQ(world.lines("healthy: probe_passed").size(), 4U + 4U) << "after their start, and after the trouble";
}

TEST(Gates, those_that_stay_sick_after_their_dependency_has_recovered_make_a_storm) {
    std::vector<Service> services = one_and_three_dependants();
    for (Service& service : services) service.ladder({RunRung{}}).verify(1h);
    World world{policy_of(services, guard_of(MaxUnhealthy{true, 30}))};
    sick_from(world, "a", 2s, 10s);
    for (const char* name : {"b", "c", "d"}) sick_from(world, name, 2s);
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("alert.raised"), Lines{"11s host alert.raised storm (2 of 4 targets are unhealthy)"})
        << "two new failures each";
}

TEST(Gates, no_more_than_max_parallel_remedies_are_under_way) {
    std::vector<Service> services = several(4);
    World world{policy_of(services, guard_of({}, 1))};
    for (const char* name : {"a", "b", "c", "d"}) {
        world.of(name).stop_takes = 2s;
        world.of(name).answer = [name](World& now) {
            return now.now > Instant{1s} && now.target(name).instance.pid <= 104 ? fail() : pass();
        };
    }
    world.begin();
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.started"),
              (Lines{"3s a remedy.started restart: unhealthy", "6s b remedy.started restart: unhealthy",
                     "9s c remedy.started restart: unhealthy", "12s d remedy.started restart: unhealthy"}));
    EXPECT_EQ(world.lines("remedy.held").size(), 3u);
}

TEST(Gates, no_more_than_max_actions_in_their_time) {
    World world{policy_of(several(3), guard_of({}, {}, MaxActions{2, 1min}))};
    for (const char* name : {"a", "b", "c"}) {
        world.of(name).answer = [name](World& now) {
            return now.now > Instant{1s} && now.target(name).instance.pid <= 103 ? fail() : pass();
        };
    }
    world.begin();
    world.run_until(2min);
    EXPECT_EQ(world.lines("c remedy."),
              (Lines{"3s c remedy.due restart: unhealthy", "3s c remedy.held restart: budget until 1m3s",
                     "1m3s c remedy.started restart: unhealthy", "1m3s c remedy.finished restart",
                     "1m4s c remedy.verified restart"}));
}

TEST(Gates, restarts_after_an_exit_pass_by_the_guard) {
    World world{
        policy_of({Service{"a"}, Service{"b"}, Service{"c"}}, guard_of(MaxUnhealthy{false, 0}, 1, MaxActions{1, 1h}))};
    world.begin();
    world.run_until(1s);
    for (const char* name : {"a", "b", "c"}) world.exit(name);
    world.run_until(2s);
    for (const char* name : {"a", "b", "c"}) EXPECT_EQ(world.target(name).phase, Phase::running);
    EXPECT_TRUE(world.lines("remedy.held").empty());
}

TEST(Gates, the_first_closed_gate_is_the_reason_and_a_new_reason_is_said) {
    World world{policy_of({Service{"db"}.probed(1s, 2).ladder({}), Service{"a"}.probed(1s, 2).after(0), Service{"c"}},
                          guard_of({}, 0))};
    world.answers("db", std::vector{pass(), fail()});
    sick_from(world, "a", 3s);
    world.begin();
    world.run_until(0s);
    world.operate(event::Verb::pause, "a");
    world.run_until(10s);
    world.operate(event::Verb::resume, "a");
    world.run_until(11s);
    world.answers("db", pass());
    world.run_until(20s);
    EXPECT_EQ(world.lines("a remedy.held"),
              (Lines{"5s a remedy.held restart: paused", "10s a remedy.held restart: dependency (db)",
                     "13s a remedy.held restart: parallel"}));
}

}  // namespace
}  // namespace keepwell::testing
