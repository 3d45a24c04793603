// What an HTTP answer means.
#include "runtime/probe/http_judge.hpp"

#include <gtest/gtest.h>

namespace keepwell::runtime {
namespace {

using namespace std::string_literals;

TEST(HttpJudge, the_default_range_is_200_to_399) {
    Patterns patterns;
    const HttpProbe probe;
    EXPECT_EQ(judge(probe, 199, "", patterns).outcome, Outcome::failed);
    EXPECT_EQ(judge(probe, 200, "", patterns).outcome, Outcome::passed);
    EXPECT_EQ(judge(probe, 399, "", patterns).outcome, Outcome::passed);
    EXPECT_EQ(judge(probe, 400, "", patterns).outcome, Outcome::failed);
}

TEST(HttpJudge, a_body_is_shown_on_one_line) {
    Patterns patterns;
    EXPECT_EQ(judge(HttpProbe{}, 500, "\r\n a\tb \n\n c\r\n", patterns).output, "HTTP 500: a b c");
    EXPECT_EQ(judge(HttpProbe{}, 500, " \n ", patterns).output, "HTTP 500");
    EXPECT_EQ(judge(HttpProbe{}, 500, "\xff\x01\xfe"s, patterns).output, "HTTP 500: \xff \xfe");
}

TEST(HttpJudge, bodies_with_zero_bytes_are_searched_to_their_end) {
    Patterns patterns;
    HttpProbe probe;
    probe.expect_body_matches = "b$";
    EXPECT_EQ(judge(probe, 200, "a\0b"s, patterns).outcome, Outcome::passed);
    EXPECT_EQ(judge(probe, 200, "b\0a"s, patterns).outcome, Outcome::failed);
}

TEST(HttpJudge, a_long_body_does_not_overflow_the_matcher) {
    Patterns patterns;
    const std::string body(searched_body, 'x');
    EXPECT_EQ(patterns.search("(x|y)*z", body), Patterns::Match::no);
    EXPECT_EQ(patterns.search(".*", body), Patterns::Match::yes);
}

TEST(HttpJudge, patterns_without_end_do_not_fill_the_memory) {
    Patterns patterns;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(patterns.search("^" + std::to_string(i) + "$", std::to_string(i)), Patterns::Match::yes);
    }
}

TEST(HttpJudge, only_a_probe_that_searches_reads_much) {
    HttpProbe probe;
    EXPECT_EQ(wanted_body(probe), kept_output);
    probe.expect_body_contains = "UP";
    EXPECT_EQ(wanted_body(probe), searched_body);
}

TEST(Durations, are_written_as_docker_does) {
    const std::pair<Duration, const char*> vectors[] = {{0s, "0s"},
                                                        {1ns, "1ns"},
                                                        {1100ns, "1.1µs"},
                                                        {2200us, "2.2ms"},
                                                        {3300ms, "3.3s"},
                                                        {3s, "3s"},
                                                        {500ms, "500ms"},
                                                        {90s, "1m30s"},
                                                        {245s, "4m5s"},
                                                        {245001ms, "4m5.001s"},
                                                        {18367001ms, "5h6m7.001s"},
                                                        {1h, "1h0m0s"},
                                                        {-1500ms, "-1.5s"},
                                                        {Duration::max(), "2562047h47m16.854775807s"},
                                                        {Duration::min(), "-2562047h47m16.854775808s"}};
    for (const auto& [duration, text] : vectors) EXPECT_EQ(to_string(duration), text);
}

}  // namespace
}  // namespace keepwell::runtime
