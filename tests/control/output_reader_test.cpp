// The end of a growing file, over rotations.
#include "control/output_reader.hpp"
#include "support/folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

namespace keepwell::control {
namespace {

using testing::add_content;
using testing::Folder;

std::string all_of(OutputReader reader) {
    std::string all;
    for (std::string piece = reader.read(); !piece.empty(); piece = reader.read()) all += piece;
    return all;
}

struct OutputReaderTest : ::testing::Test {
    Folder folder;
    std::string file = folder / "api.log";
};

TEST_F(OutputReaderTest, begins_the_wanted_lines_before_the_end) {
    add_content(file, "one\ntwo\nthree\n");
    EXPECT_EQ(OutputReader(file, 2).read(), "two\nthree\n");
    EXPECT_EQ(OutputReader(file, 3).read(), "one\ntwo\nthree\n");
    EXPECT_EQ(OutputReader(file, 99).read(), "one\ntwo\nthree\n");
    EXPECT_EQ(OutputReader(file, 0).read(), "");
}

TEST_F(OutputReaderTest, counts_a_last_line_without_an_end) {
    add_content(file, "one\ntwo\nthr");
    EXPECT_EQ(OutputReader(file, 1).read(), "thr");
    EXPECT_EQ(OutputReader(file, 2).read(), "two\nthr");
}

TEST_F(OutputReaderTest, finds_lines_across_blocks) {
    const std::string line(1000, 'x');
    for (int i = 0; i < 200; ++i) add_content(file, std::to_string(i) + line + "\n");
    const std::string all = all_of(OutputReader{file, 150});
    EXPECT_EQ(all.substr(0, 3), "50x");
    EXPECT_EQ(all.size(), 50 * 1003 + 100 * 1004u);
}

TEST_F(OutputReaderTest, reaches_back_over_a_rotation) {
    add_content(file + ".1", "one\ntwo\n");
    add_content(file, "");
    OutputReader right_after{file, 1};
    EXPECT_EQ(right_after.read(), "two\n");
    EXPECT_EQ(right_after.read(), "");
    add_content(file, "three\nfour\n");
    EXPECT_EQ(right_after.read(), "three\nfour\n");
    for (const auto& [lines, expected] : std::map<std::uint64_t, std::string>{
             {0, ""}, {1, "four\n"}, {2, "three\nfour\n"}, {3, "two\nthree\nfour\n"}, {9, "one\ntwo\nthree\nfour\n"}}) {
        EXPECT_EQ(all_of(OutputReader{file, lines}), expected) << lines;
    }
}

TEST_F(OutputReaderTest, reaches_back_over_a_rotation_within_a_line) {
    add_content(file + ".1", "one\ntw");
    add_content(file, "o\nthree");
    EXPECT_EQ(all_of(OutputReader{file, 1}), "three");
    EXPECT_EQ(all_of(OutputReader{file, 2}), "two\nthree");
    EXPECT_EQ(all_of(OutputReader{file, 3}), "one\ntwo\nthree");
}

TEST_F(OutputReaderTest, finds_what_was_rotated_beside_the_file_and_not_beside_a_link_to_it) {
    add_content(file + ".1", "one\n");
    add_content(file, "two\n");
    const std::string link = folder / "link.log";
    ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
    EXPECT_EQ(all_of(OutputReader{link, 2}), "one\ntwo\n");
}

TEST_F(OutputReaderTest, goes_on_with_what_is_appended) {
    add_content(file, "one\n");
    OutputReader reader{file, 10};
    EXPECT_EQ(reader.read(), "one\n");
    EXPECT_EQ(reader.read(), "");
    add_content(file, "two\n");
    EXPECT_EQ(reader.read(), "two\n");
}

TEST_F(OutputReaderTest, waits_for_a_file_that_is_not_there_yet) {
    OutputReader reader{file, 10};
    EXPECT_EQ(reader.read(), "");
    add_content(file, "one\n");
    EXPECT_EQ(reader.read(), "one\n");
}

TEST_F(OutputReaderTest, reads_a_renamed_file_to_its_end_and_then_the_new_one) {
    add_content(file, "one\n");
    OutputReader reader{file, 10};
    EXPECT_EQ(reader.read(), "one\n");
    add_content(file, "two\n");
    ASSERT_EQ(std::rename(file.c_str(), (file + ".1").c_str()), 0);
    add_content(file, "three\n");
    EXPECT_EQ(reader.read(), "two\n");
    EXPECT_EQ(reader.read(), "three\n");
    EXPECT_EQ(reader.read(), "");
}

TEST_F(OutputReaderTest, begins_again_when_the_file_was_cut_to_nothing) {
    add_content(file, "a long first line\n");
    OutputReader reader{file, 10};
    EXPECT_EQ(reader.read(), "a long first line\n");
    ASSERT_EQ(::truncate(file.c_str(), 0), 0);
    add_content(file, "new\n");
    EXPECT_EQ(reader.read(), "new\n");
}

TEST_F(OutputReaderTest, does_not_read_what_is_no_regular_file) {
    EXPECT_EQ(OutputReader("/dev/zero", 1).read(), "");
    EXPECT_EQ(OutputReader(folder.path(), 1).read(), "");
}

}  // namespace
}  // namespace keepwell::control
