// The pure rules by themselves: backoff, attempts, quarantine distances, the guard's arithmetic, the deadline heap.
#include <gtest/gtest.h>

#include "keepwell/engine/deadlines.hpp"
#include "keepwell/engine/guard.hpp"
#include "keepwell/engine/restart.hpp"

namespace keepwell::engine {
namespace {

TEST(Backoff, without_one_every_wait_is_the_delay) {
    RestartPolicy policy;
    for (const std::uint32_t k : {1u, 2u, 100u}) EXPECT_EQ(restart_wait(policy, k), 5s);
}

TEST(Backoff, it_never_overflows) {
    RestartPolicy policy;
    policy.backoff = Backoff{10.0, 365 * 24h, 10s};
    EXPECT_EQ(restart_wait(policy, UINT32_MAX), 365 * 24h);
}

TEST(Backoff, a_factor_of_one_stays_where_it_is_however_long_it_lasts) {
    RestartPolicy policy;
    policy.backoff = Backoff{1.0, 5min, 10s};
    EXPECT_EQ(restart_wait(policy, UINT32_MAX), 5s);  // at once: not a step for each restart
}

TEST(Backoff, it_is_never_shorter_than_the_delay) {
    RestartPolicy policy;
    policy.delay = 1min;
    policy.backoff = Backoff{2.0, 10s, 10s};
    EXPECT_EQ(restart_wait(policy, 5), 1min);
}

TEST(Attempts, the_window_is_open_at_both_ends) {
    RestartPolicy policy;
    policy.max_attempts = 1;
    policy.window = 10s;
    EXPECT_TRUE(attempts_left(policy, {Instant{0s}}, Instant{10s}));
    EXPECT_FALSE(attempts_left(policy, {Instant{1s}}, Instant{10s}));
    EXPECT_TRUE(attempts_left(policy, {Instant{10s}}, Instant{10s}));
}

TEST(Attempts, what_the_window_has_left_behind_is_forgotten) {
    RestartPolicy policy;
    policy.max_attempts = 1000;
    policy.window = 10s;
    std::vector<Instant> history;
    for (int second = 0; second < 100; ++second) note_restart(policy, history, Instant{std::chrono::seconds{second}});
    EXPECT_EQ(history.size(), 10u);
}

TEST(QuarantineDistance, it_doubles_up_to_its_maximum) {
    const Quarantine quarantine{30min, 6h, {}};
    EXPECT_EQ(quarantine_distance(quarantine, 1), 30min);
    EXPECT_EQ(quarantine_distance(quarantine, 2), 1h);
    EXPECT_EQ(quarantine_distance(quarantine, 5), 6h);
    EXPECT_EQ(quarantine_distance(quarantine, 4000000000u), 6h);
}

TEST(Storm, shares_round_down_and_counts_are_taken_as_they_are) {
    Guard guard;
    EXPECT_EQ(storm_limit(guard, 25), std::nullopt);
    guard.max_unhealthy = MaxUnhealthy{true, 40};
    EXPECT_EQ(storm_limit(guard, 25), 10u);
    EXPECT_EQ(storm_limit(guard, 6), 2u);
    EXPECT_EQ(storm_limit(guard, 3), 1u);
    EXPECT_EQ(storm_limit(guard, 2), std::nullopt);
    guard.max_unhealthy = MaxUnhealthy{false, 4};
    EXPECT_EQ(storm_limit(guard, 25), 4u);
}

TEST(Budget, it_is_a_sliding_window) {
    Guard guard;
    guard.max_actions = MaxActions{2, 10s};
    ActionBudget budget;
    budget.note(guard, Instant{0s});
    budget.note(guard, Instant{4s});
    EXPECT_EQ(budget.next_allowed(guard, Instant{5s}), Instant{10s});
    EXPECT_EQ(budget.next_allowed(guard, Instant{10s}), Instant{10s});
    budget.note(guard, Instant{10s});
    EXPECT_EQ(budget.next_allowed(guard, Instant{11s}), Instant{14s});
}

TEST(Budget, of_nothing_allows_nothing) {
    Guard guard;
    guard.max_actions = MaxActions{0, 10s};
    EXPECT_EQ(ActionBudget{}.next_allowed(guard, Instant{5s}), never);
}

TEST(DeadlineHeap, it_gives_the_earliest_and_breaks_ties_by_index) {
    Deadlines deadlines{5};
    deadlines.set(3, Instant{5s});
    deadlines.set(1, Instant{5s});
    deadlines.set(2, Instant{9s});
    EXPECT_EQ(deadlines.first(), 1u);
    deadlines.set(1, never);
    EXPECT_EQ(deadlines.first(), 3u);
    deadlines.set(2, Instant{1s});
    EXPECT_EQ(deadlines.first(), 2u);
    deadlines.set(2, never);
    deadlines.set(3, never);
    EXPECT_EQ(deadlines.next(), never);
}

}  // namespace
}  // namespace keepwell::engine
