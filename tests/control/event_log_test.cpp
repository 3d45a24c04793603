// The last events: bounded, filtered, and read by any number of readers that each hold a number.
#include "control/event_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "house.hpp"

namespace keepwell::control {
namespace {

std::string read_all(const EventLog& log, const EventFilter& filter) {
    std::string lines;
    log.read(filter, log.begin(filter), 1 << 30, lines);
    return lines;
}

std::size_t count_lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST(EventLog, holds_events_and_no_other_records) {
    House house{shop()};
    house.begin();
    const std::string lines = read_all(house.events, {});
    EXPECT_NE(lines.find("\"policy.loaded\""), std::string::npos);
    EXPECT_EQ(lines.find("\"input."), std::string::npos);
    EXPECT_EQ(lines.find("\"state\""), std::string::npos);
    EXPECT_EQ(house.events.last_seq(), house.journal.records.size());
}

TEST(EventLog, is_read_from_a_number_and_from_a_time) {
    House house{shop()};
    house.begin();
    const std::uint64_t at_first = house.events.last_seq();
    house.after(10s);
    const std::string by_number = read_all(house.events, {at_first, ""});
    EXPECT_EQ(count_lines(by_number), 1u) << by_number;
    EXPECT_NE(by_number.find("\"healthy\""), std::string::npos);
    EXPECT_EQ(read_all(house.events, {house.clock.wall(), ""}), by_number);
    EXPECT_EQ(read_all(house.events, {house.clock.wall() + std::chrono::milliseconds{1}, ""}), "");
}

TEST(EventLog, is_read_for_a_target_or_for_a_service) {
    House house{shop()};
    house.begin();
    const std::string both = read_all(house.events, {{}, "worker"});
    const std::string one = read_all(house.events, {{}, "worker.1"});
    EXPECT_GT(count_lines(both), count_lines(one));
    EXPECT_EQ(both.find("\"api\""), std::string::npos);
    EXPECT_EQ(one.find("worker.2"), std::string::npos);
}

TEST(EventLog, is_read_in_pieces_without_a_gap) {
    House house{shop()};
    house.begin();
    house.after(10s);
    std::string whole = read_all(house.events, {});
    std::string pieces;
    std::uint64_t cursor = 0;
    while (cursor < house.events.last_seq()) {
        std::string piece;
        cursor = house.events.read({}, cursor, 1, piece);
        pieces += piece;
    }
    EXPECT_EQ(pieces, whole);
}

TEST(EventLog, forgets_the_oldest_when_it_is_full_and_says_so) {
    House house{shop(), 1000};
    house.probes.answers("api", {{simulation::Answer::fail()}});
    house.begin();
    house.after(1min);
    const std::string lines = read_all(house.events, {});
    EXPECT_LE(lines.size(), 1000u);
    EXPECT_GT(house.events.forgotten(), 0u);
    EXPECT_EQ(lines.find("\"policy.loaded\""), std::string::npos);
}

TEST(EventLog, wakes_listeners_also_when_one_leaves_from_inside) {
    House house{shop()};
    int first = 0;
    int second = 0;
    std::uint64_t key = 0;
    key = house.events.subscribe([&] {
        ++first;
        house.events.unsubscribe(key);
    });
    house.events.subscribe([&] { ++second; });
    house.begin();
    EXPECT_EQ(first, 1);
    EXPECT_GT(second, 1);
}

}  // namespace
}  // namespace keepwell::control
