// What may reach a terminal.
#include "cli/terminal.hpp"

#include <gtest/gtest.h>

namespace keepwell::cli {
namespace {

TEST(Text, of_others_can_not_command_a_terminal) {
    EXPECT_EQ(one_line("\x1b[2Jhello\x07"), "?[2Jhello");
    EXPECT_EQ(one_line("c1 \xc2\x9b"
                       "31m"),
              "c1 ?31m");
    EXPECT_EQ(one_line("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(Text, that_is_no_utf8_is_not_shown_as_it_is) {
    EXPECT_EQ(one_line("a\xff\x9b"
                       "31mz"),
              "a??31mz");
    EXPECT_EQ(one_line("\x80\x9f"), "??");
    EXPECT_EQ(one_line("cut \xe2\x82"), "cut ??");
    EXPECT_EQ(one_line("overlong \xc0\x9b"), "overlong ??");
    EXPECT_EQ(one_line("\xe2\x82\xac \xf0\x9f\x98\x80"), "\xe2\x82\xac \xf0\x9f\x98\x80");
    EXPECT_EQ(harmless("one\n\ttwo\xff\n"), "one\n\ttwo?\n");
}

TEST(Text, is_made_one_line_and_cut) {
    EXPECT_EQ(one_line("one\ntwo\r\n"), "one two");
    EXPECT_EQ(one_line("abcdef", 3), "abc...");
    EXPECT_EQ(one_line("ab\xc3\xbc", 3), "ab...");
    EXPECT_EQ(one_line("\xc3\xbc\xc3\xbc\xc3\xbc", 5), "\xc3\xbc\xc3\xbc...");
    EXPECT_EQ(one_line(""), "");
}

TEST(Table, is_aligned_by_characters_and_has_no_trailing_blanks) {
    EXPECT_EQ(table({{{"A"}, {"B"}}, {{"gr\xc3\xbcn"}, {"x"}}, {{"long name"}, {""}}}, false),
              "A          B\n"
              "gr\xc3\xbcn       x\n"
              "long name\n");
}

TEST(Colour, is_there_only_when_wanted) {
    EXPECT_EQ(paint("x", Colour::bad, false), "x");
    EXPECT_EQ(paint("x", Colour::bad, true), "\x1b[1;31mx\x1b[0m");
    EXPECT_EQ(paint("x", Colour::plain, true), "x");
}

}  // namespace
}  // namespace keepwell::cli
