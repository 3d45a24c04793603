// How a life ended and who begins the next, for each cause in docker's table of event sequences.
#include "runtime/docker/watch/ending.hpp"

#include <gtest/gtest.h>

#include "runtime/docker/made_up.hpp"

namespace keepwell::runtime::docker {
namespace {

using event::Successor;

// Of the life that began at second 0.
Ending ending(const Seen& seen) { return ending_of({seen, false, {}}, second(0)); }

Seen web() { return container('a', "web"); }

Seen with_policy(Seen seen, std::string policy, std::uint32_t retries = 0, std::uint32_t count = 0) {
    seen.view.restart_policy = std::move(policy);
    seen.view.restart_retries = retries;
    seen.view.restart_count = count;
    return seen;
}

TEST(EndingTest, a_process_that_exits_by_itself_is_for_the_policy) {
    const auto end = ending(exited(web(), 3, second(5)));
    EXPECT_EQ(to_string(end.status), "exit code 3");
    EXPECT_EQ(end.successor, Successor::keepwell);
    EXPECT_FALSE(end.stop_may_follow);
    EXPECT_FALSE(end.engine_may_start);
}

TEST(EndingTest, with_a_stop_in_this_life_a_person_wants_it_dead) {
    const auto end = ending(stopped(killed(exited(web(), 143, second(5)), second(4)), second(5.1)));
    EXPECT_EQ(end.status.value, 143);
    EXPECT_EQ(end.successor, Successor::nobody);
    EXPECT_FALSE(end.stop_may_follow);
}

TEST(EndingTest, a_stop_of_an_earlier_life_says_nothing_of_this_one) {
    EXPECT_EQ(ending(stopped(exited(web(), 1, second(5)), second(-1))).successor, Successor::keepwell);
}

TEST(EndingTest, after_a_kill_a_stop_may_follow_but_a_kill_alone_is_a_crash) {
    const auto end = ending(killed(exited(web(), 137, second(5)), second(4.9)));
    EXPECT_EQ(end.successor, Successor::keepwell);
    EXPECT_TRUE(end.stop_may_follow);
    EXPECT_FALSE(ending(killed(exited(web(), 137, second(5)), second(-3))).stop_may_follow);
}

TEST(EndingTest, a_kill_of_one_with_a_restart_policy_is_a_crash_that_the_engine_leaves_alone) {
    const auto end = ending(with_policy(killed(exited(web(), 137, second(5)), second(4.9)), "always"));
    EXPECT_EQ(end.successor, Successor::keepwell);
    EXPECT_FALSE(end.engine_may_start);
}

TEST(EndingTest, in_the_engines_back_off_the_engine_starts_it) {
    auto seen = with_policy(exited(web(), 1, second(5)), "always");
    seen.view.status = ContainerStatus::restarting;
    EXPECT_EQ(ending(seen).successor, Successor::engine);
    EXPECT_EQ(ending(stopped(seen, second(5.5))).successor, Successor::nobody);  // a stop in the back-off
}

TEST(EndingTest, where_no_back_off_is_shown_the_policy_is_believed_for_a_while) {
    const auto asks = [](const std::string& policy, int code, std::uint32_t retries, std::uint32_t count) {
        const auto end = ending(with_policy(exited(web(), code, second(5)), policy, retries, count));
        EXPECT_EQ(end.engine_may_start, end.successor == Successor::engine);
        return end.engine_may_start;
    };
    EXPECT_TRUE(asks("always", 0, 0, 9));
    EXPECT_TRUE(asks("unless-stopped", 0, 0, 9));
    EXPECT_TRUE(asks("on-failure", 1, 0, 9));
    EXPECT_TRUE(asks("on-failure", 1, 3, 2));
    EXPECT_FALSE(asks("on-failure", 1, 3, 3));
    EXPECT_FALSE(asks("on-failure", 0, 3, 0));
    EXPECT_FALSE(asks("no", 1, 0, 0));
    EXPECT_FALSE(asks("", 1, 0, 0));
}

TEST(EndingTest, a_restart_that_failed_names_why_and_is_not_tried_again_by_the_engine) {
    auto seen = with_policy(exited(web(), 127, second(5)), "always");
    seen.view.error = "exec: \"/nope\": no such file";
    const auto end = ending(seen);
    EXPECT_EQ(to_string(end.status), "could not be executed: exec: \"/nope\": no such file");
    EXPECT_EQ(end.status.value, 127);
    EXPECT_EQ(end.successor, Successor::keepwell);
}

TEST(EndingTest, lack_of_memory_is_named) {
    auto seen = exited(web(), 137, second(5));
    seen.view.oom_killed = true;
    EXPECT_EQ(ending(seen).status.value, 137);
    EXPECT_EQ(ending(seen).status.detail, "out of memory");
}

TEST(EndingTest, a_life_that_was_missed_has_the_code_of_its_event_or_none) {
    auto seen = started(exited(web(), 9, second(5)), second(6));
    EXPECT_EQ(to_string(ending(seen).status), "exit code 9");
    seen.die_event = {};
    EXPECT_EQ(to_string(ending(seen).status), "ended unseen");
    seen.die_event = second(7);  // of a life after that
    EXPECT_EQ(to_string(ending(seen).status), "ended unseen");
}

TEST(EndingTest, who_began_the_life_after_a_missed_end) {
    const auto next = started(exited(web(), 0, second(5)), second(6));
    EXPECT_EQ(ending(next).successor, Successor::keepwell);  // docker start
    EXPECT_EQ(ending(with_policy(next, "always")).successor, Successor::engine);
    EXPECT_EQ(ending(stopped(killed(next, second(4)), second(5.1))).successor, Successor::nobody);  // docker restart
    EXPECT_TRUE(ending(killed(next, second(4))).stop_may_follow);   // what it is told by may be late
    EXPECT_FALSE(ending(killed(next, second(7))).stop_may_follow);  // of the next life
    EXPECT_FALSE(ending(next).stop_may_follow);
}

TEST(EndingTest, a_container_that_was_removed_ended_as_it_was_last_seen) {
    const auto gone = [](const Seen& seen) { return ending_of({seen, true, {}}, second(0)); };
    EXPECT_EQ(to_string(gone(killed(exited(web(), 137, second(5)), second(4))).status), "exit code 137");
    EXPECT_EQ(gone(killed(exited(web(), 137, second(5)), second(4))).successor, Successor::keepwell);
    EXPECT_FALSE(gone(killed(exited(web(), 137, second(5)), second(4))).stop_may_follow);
    EXPECT_EQ(to_string(gone(web()).status), "ended unseen");
    auto told = web();
    told.die_event = second(5);
    told.die_code = 7;
    EXPECT_EQ(to_string(gone(told).status), "exit code 7");
}

TEST(EndingTest, a_stop_that_was_the_engines_own_end_is_nobodys_wish) {
    const auto seen = stopped(killed(exited(web(), 143, second(5)), second(4)), second(5.1));
    const auto end = ending_of({seen, false, second(5.1)}, second(0));
    EXPECT_EQ(end.successor, Successor::keepwell);
    EXPECT_FALSE(end.stop_may_follow);
}

TEST(EndingTest, why_it_does_not_live_in_words) {
    auto view = exited(web(), 1, engine_time("2026-11-20T18:00:05.4Z")).view;
    EXPECT_EQ(not_alive(view), "exited (1) 2026-11-20T18:00:05Z");
    view.error = "no such file";
    view.exit_code = 127;
    EXPECT_EQ(not_alive(view), "exited (127) 2026-11-20T18:00:05Z: no such file");
    view.status = ContainerStatus::created;
    EXPECT_EQ(not_alive(view), "could not be started: no such file");
    view.error.clear();
    EXPECT_EQ(not_alive(view), "created, never started");
    view.status = ContainerStatus::restarting;
    EXPECT_EQ(not_alive(view), "restarting (127)");
    view.status = ContainerStatus::removing;
    EXPECT_EQ(not_alive(view), "being removed");
    view.status = ContainerStatus::dead;
    EXPECT_EQ(not_alive(view), "dead: it could not be removed");
    view.status = ContainerStatus::unknown;
    EXPECT_EQ(not_alive(view), "the container engine does not say how it is");
}

}  // namespace
}  // namespace keepwell::runtime::docker
