// The loop and the answers of the made-up world by themselves. (What the ends promise is in the contract suites.)
#include <gtest/gtest.h>

#include <set>

#include "simulation/script/notation.hpp"
#include "simulation/world/loop.hpp"
#include "simulation/world/probes.hpp"

namespace keepwell::simulation {
namespace {

TEST(Loop, runs_what_is_due_in_the_order_of_its_moment_and_then_of_its_making) {
    Loop loop;
    std::string order;
    loop.at(Instant{2s}, [&] { order += "c"; });
    loop.at(Instant{1s}, [&] {
        order += "a";
        loop.post([&] { order += "b"; });
    });
    loop.at(Instant{2s}, [&] { order += "d"; });
    loop.at(Instant{3s}, [&] { order += "not yet"; });
    loop.advance_to(Instant{2s});
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(loop.now(), Instant{2s});
    EXPECT_EQ(loop.next(), Instant{3s});
}

TEST(Loop, a_moment_that_is_past_is_now) {
    Loop loop;
    loop.advance(5s);
    Instant ran_at{};
    loop.at(Instant{1s}, [&] { ran_at = loop.now(); });
    EXPECT_TRUE(loop.step());
    EXPECT_EQ(ran_at, Instant{5s});
    EXPECT_FALSE(loop.step());
}

TEST(Loop, a_lot_says_which_of_those_without_an_order_is_first_and_one_seed_says_one_order) {
    const auto order = [](std::uint64_t seed) {
        Loop loop;
        loop.draw_turns(seed);
        std::string all;
        for (const char c : {'a', 'b', 'c', 'd'}) loop.at_any_turn(Instant{1s}, [&all, c] { all += c; });
        loop.at(Instant{1s}, [&all] { all += '1'; });
        loop.at(Instant{1s}, [&all] { all += '2'; });
        loop.at_any_turn(Instant{500ms}, [&all] { all += '0'; });
        loop.advance(1s);
        return all;
    };
    EXPECT_EQ(order(0), "0abcd12");
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed < 300; ++seed) {
        EXPECT_EQ(order(seed), order(seed));
        EXPECT_EQ(order(seed).substr(0, 3), "012");
        seen.insert(order(seed));
    }
    EXPECT_EQ(seen.size(), 24u);  // every order comes
}

/// The outcomes of probes at these seconds: "+" passed, "-" failed, "?" could not be asked.
std::string outcomes(const std::string& timeline, const std::vector<int>& seconds) {
    Loop loop;
    std::string all;
    Probes probes{loop, [&](Event event) {
                      const Outcome outcome = std::get<event::ProbeFinished>(event).outcome;
                      all += outcome == Outcome::passed ? "+" : outcome == Outcome::failed ? "-" : "?";
                  }};
    probes.answers("api", read_timeline(timeline).value());
    TargetSpec api;
    api.name = "api";
    CommandId id = 0;
    for (const int second : seconds) {
        loop.advance_to(Instant{std::chrono::seconds{second}});
        probes.run(++id, 0, api, 1s);
        loop.advance(0s);
    }
    loop.advance(10s);
    return all;
}

TEST(Answers, come_in_runs_and_the_last_one_stays) {
    EXPECT_EQ(outcomes("ok x2 fail error ok", {10, 20, 30, 40, 50, 60}), "++-?++");
}

TEST(Answers, that_last_begin_when_they_are_given_or_first_heard) {
    EXPECT_EQ(outcomes("fail for 15s ok", {10, 20, 30}), "-++");
    EXPECT_EQ(outcomes("ok x2 fail for 15s ok", {10, 20, 30, 40, 50}), "++--+");
}

TEST(Answers, that_take_longer_than_the_timeout_are_timeouts) {
    EXPECT_EQ(outcomes("ok in 500ms ok in 2s timeout ok", {10, 20, 30, 40}), "+--+");
}

}  // namespace
}  // namespace keepwell::simulation
