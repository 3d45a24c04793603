// Objects line by line out of a stream that is cut anywhere.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "runtime/docker/api/json_lines.hpp"

namespace keepwell::runtime::docker {
namespace {

using Lines = std::vector<std::string>;

Lines drain(JsonLines& lines) {
    Lines all;
    while (const auto line = lines.next()) all.emplace_back(*line);
    return all;
}

Lines feed(JsonLines& lines, std::string_view piece) {
    lines.feed(piece);
    return drain(lines);
}

TEST(JsonLinesOf, a_piece_may_hold_many_and_the_beginning_of_one) {
    JsonLines lines;
    EXPECT_EQ(drain(lines), Lines{});
    EXPECT_EQ(feed(lines, "{\"a\":1}\n{\"b\":2}\n{\"c\""), (Lines{"{\"a\":1}", "{\"b\":2}"}));
    EXPECT_EQ(feed(lines, ":"), Lines{});
    EXPECT_EQ(feed(lines, "3}"), Lines{});
    EXPECT_EQ(lines.rest(), "{\"c\":3}");
    EXPECT_EQ(feed(lines, "\n"), (Lines{"{\"c\":3}"}));
    EXPECT_EQ(lines.rest(), "");
    EXPECT_EQ(lines.dropped(), 0u);
}

TEST(JsonLinesOf, carriage_returns_and_blank_lines_are_no_content) {
    JsonLines lines;
    EXPECT_EQ(feed(lines, "\r\n\n  \r\n{\"status\":\"Pulling\"}\r\n \t{} \n\n"),
              (Lines{"{\"status\":\"Pulling\"}", "{}"}));
    EXPECT_EQ(lines.rest(), "");
    EXPECT_EQ(lines.dropped(), 0u);
}

TEST(JsonLinesOf, a_stream_may_end_without_a_line_end) {
    JsonLines lines;
    EXPECT_EQ(feed(lines, "{\"a\":1}\r\n{\"error\":\"x\"}\r"), (Lines{"{\"a\":1}"}));
    EXPECT_EQ(lines.rest(), "{\"error\":\"x\"}");
}

TEST(JsonLinesOf, a_line_that_is_too_long_is_dropped_and_the_next_is_not) {
    JsonLines lines{5};
    EXPECT_EQ(feed(lines, "12345\n123456\n{}\n"), (Lines{"12345", "{}"}));
    EXPECT_EQ(lines.dropped(), 1u);
    EXPECT_EQ(feed(lines, "123"), Lines{});
    EXPECT_EQ(feed(lines, "456"), Lines{});
    EXPECT_EQ(lines.dropped(), 2u);
    EXPECT_EQ(lines.rest(), "");
    EXPECT_EQ(feed(lines, "789"), Lines{});
    EXPECT_EQ(feed(lines, "0\n[]\n"), (Lines{"[]"}));
    EXPECT_EQ(lines.dropped(), 2u);
}

TEST(JsonLinesOf, a_line_of_a_megabyte_is_whole_and_one_of_more_is_not) {
    JsonLines lines;
    const std::string longest(1024 * 1024, 'x');
    EXPECT_TRUE(feed(lines, longest + "\n") == Lines{longest});
    EXPECT_EQ(feed(lines, longest + "x\n{}\n"), (Lines{"{}"}));
    EXPECT_EQ(lines.dropped(), 1u);
}

TEST(JsonLinesOf, a_stream_without_line_ends_is_dropped_once) {
    JsonLines lines;
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(feed(lines, piece).empty());
    EXPECT_EQ(lines.dropped(), 1u);
    EXPECT_EQ(feed(lines, "\n{}\n"), (Lines{"{}"}));
}

RC_GTEST_PROP(JsonLinesProperties, any_split_gives_the_same_lines, (const std::vector<std::uint8_t>& sizes)) {
    const auto stream = *rc::gen::container<std::string>(rc::gen::element('a', '\n', '\r', ' ', '{', '}'));
    const auto longest = *rc::gen::inRange<std::size_t>(0, 8);
    JsonLines whole{longest};
    const Lines expected = feed(whole, stream);
    JsonLines split{longest};
    Lines lines;
    std::string_view left = stream;
    const auto take = [&](std::size_t size) {
        const Lines more = feed(split, left.substr(0, size));
        lines.insert(lines.end(), more.begin(), more.end());
        left.remove_prefix(std::min(size, left.size()));
    };
    for (const std::size_t size : sizes) take(size % 5);
    take(left.size());
    RC_ASSERT(lines == expected);
    RC_ASSERT(split.dropped() == whole.dropped());
    RC_ASSERT(split.rest() == whole.rest());
}

}  // namespace
}  // namespace keepwell::runtime::docker
