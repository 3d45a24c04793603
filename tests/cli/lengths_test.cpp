// Lengths of time as people type and read them.
#include "cli/lengths.hpp"

#include <gtest/gtest.h>

namespace keepwell::cli {
namespace {

using namespace std::chrono_literals;

TEST(Lengths, are_read) {
    EXPECT_EQ(parse_length("500ms"), 500ms);
    EXPECT_EQ(parse_length("1h30m"), 90min);
    EXPECT_EQ(parse_length("2d"), 48h);
    EXPECT_EQ(parse_length("1.5s"), 1500ms);
    EXPECT_EQ(parse_length("0s"), 0ms);
}

TEST(Lengths, that_are_none_are_refused) {
    for (const char* text : {"", "5", "s", "-5s", "5 s", "5x", "1h30", "1e3s", "nan s", "inf", "999999999999d"}) {
        EXPECT_FALSE(parse_length(text)) << text;
    }
}

TEST(Rates, are_read_as_the_mean_time_from_one_to_the_next) {
    EXPECT_EQ(parse_rate("1/7d"), 7 * 24h);
    EXPECT_EQ(parse_rate("4/1h"), 15min);
    EXPECT_EQ(parse_rate("0"), 0ms);
    for (const char* text : {"", "1", "1/", "0/1d", "-1/7d", "1/0s", "/7d", "x/7d", "1/7d2"}) {
        EXPECT_FALSE(parse_rate(text)) << text;
    }
}

TEST(Ages, are_said_in_their_two_largest_units) {
    EXPECT_EQ(age_text(-5s), "0s");
    EXPECT_EQ(age_text(41s), "41s");
    EXPECT_EQ(age_text(65s), "1m5s");
    EXPECT_EQ(age_text(12min + 7s), "12m");
    EXPECT_EQ(age_text(3h + 5min), "3h5m");
    EXPECT_EQ(age_text(48h), "2d");
    EXPECT_EQ(age_text(74h), "3d2h");
}

}  // namespace
}  // namespace keepwell::cli
