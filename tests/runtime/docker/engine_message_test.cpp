// What engines say when they refuse, and the versions that they speak of.
#include <gtest/gtest.h>

#include "runtime/docker/api/engine_message.hpp"

namespace keepwell::runtime::docker {
namespace {

TEST(EngineMessages, the_message_of_an_error_is_taken) {
    EXPECT_EQ(error_message(404, R"({"message":"No such container: a"})"
                                 "\n"),
              "No such container: a");
    EXPECT_EQ(error_message(500, R"({"cause":"no such container","message":"no container with name or ID \"a\" found: )"
                                 R"(no such container","response":404})"),
              R"(no container with name or ID "a" found: no such container)");
    EXPECT_EQ(error_message(500, R"({"cause":"that","message":"","response":500})"), "that");
}

TEST(EngineMessages, what_is_no_such_body_is_shown_as_it_is) {
    EXPECT_EQ(error_message(502, "<html>\r\n <b>Bad   Gateway</b>\n</html>\n"), "<html> <b>Bad Gateway</b> </html>");
    EXPECT_EQ(error_message(400, R"({"message":5})"), R"({"message":5})");
    EXPECT_EQ(error_message(400, R"({"message":"half)"), R"({"message":"half)");
    EXPECT_EQ(error_message(400, R"(["message"])"), R"(["message"])");
    EXPECT_EQ(error_message(400, std::string(100'000, '[')), std::string(2045, '[') + "...");
}

TEST(EngineMessages, a_body_that_says_nothing_is_its_status) {
    EXPECT_EQ(error_message(500, ""), "HTTP 500");
    EXPECT_EQ(error_message(503, " \r\n\t"), "HTTP 503");
    EXPECT_EQ(error_message(500, R"({"message":"  "})"), R"({"message":" "})");
}

TEST(EngineMessages, a_message_is_one_line_of_valid_utf8) {
    EXPECT_EQ(error_message(500, R"({"message":"a\r\n\tb\u0000c\u007fd \u00e9"})"), "a b c d \u00e9");
    EXPECT_EQ(error_message(500, "caf\xe9 \x80\xff!"), "caf\ufffd \ufffd\ufffd!");
    EXPECT_EQ(one_line("\x1b[31mred"), "[31mred");
}

TEST(EngineMessages, a_long_message_is_cut_between_characters) {
    EXPECT_EQ(one_line(std::string(2048, 'x')), std::string(2048, 'x'));
    EXPECT_EQ(one_line(std::string(2049, 'x')), std::string(2045, 'x') + "...");
    std::string text(2044, 'x');
    for (int i = 0; i < 10; ++i) text += "\u20ac";
    EXPECT_EQ(one_line(text), std::string(2044, 'x') + "...");
}

TEST(EngineMessages, a_version_that_is_not_served_is_recognised) {
    EXPECT_TRUE(refuses_version(400, "client version 1.54 is too new. Maximum supported API version is 1.41"));
    EXPECT_TRUE(refuses_version(400,
                                "client version 1.41 is too old. Minimum supported API version is 1.44, please "
                                "upgrade your client to a newer version"));
    EXPECT_FALSE(refuses_version(500, "client version 1.54 is too new. Maximum supported API version is 1.41"));
    EXPECT_FALSE(refuses_version(400, "invalid reference format"));
    EXPECT_FALSE(refuses_version(400, "the name client version is too"));
}

TEST(EngineMessages, versions_are_two_numbers) {
    EXPECT_EQ(parse_version("1.41"), (SpokenVersion{1, 41}));
    EXPECT_EQ(parse_version("10.0"), (SpokenVersion{10, 0}));
    EXPECT_EQ(to_string(SpokenVersion{1, 5}), "1.5");
    EXPECT_LT((SpokenVersion{1, 9}), (SpokenVersion{1, 41}));
    EXPECT_LT((SpokenVersion{1, 99}), (SpokenVersion{2, 0}));
    for (const char* text : {"", ".", "1", "1.", ".41", "1.41.2", "v1.41", "1.4x", "-1.4", "1.-4", "+1.4", " 1.4",
                             "1.4 ", "99999999999.1", "1.99999999999"}) {
        EXPECT_FALSE(parse_version(text)) << text;
    }
}

}  // namespace
}  // namespace keepwell::runtime::docker
