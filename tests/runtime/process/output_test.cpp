// Output files: where they are, their rotation, their tail.
#include "runtime/process/output.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/process/real_world.hpp"

namespace keepwell::runtime {
namespace {

using testing::read_text;

class OutputTest : public ::testing::Test {
  protected:
    OutputTest() {
        target.name = "api";
        target.output.max_size = 10;
        target.output.keep = 2;
    }
    Descriptor open() {
        auto file = output.open(target);
        EXPECT_TRUE(file) << file.error();
        return file ? std::move(*file) : Descriptor();
    }
    static void print(const Descriptor& file, const std::string& text) {
        EXPECT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    // Looks at the sizes and lets a rotation come to its end.
    void look() {
        output.look();
        Timer timer(loop);
        const auto give_up = loop.now() + 20s;
        std::function<void()> wait = [&] {
            if (!std::filesystem::exists(path + ".new") || loop.now() > give_up) return loop.stop();
            timer.arm(loop.now() + 1ms, wait);
        };
        wait();
        loop.run();
    }

    testing::TemporaryFolder folder;
    Loop loop;
    OutputFiles output{loop, folder.path()};
    TargetSpec target;
    std::string path = folder.file("output/api.log");
};

TEST_F(OutputTest, the_default_path_is_in_the_state_folder_and_a_given_one_wins) {
    EXPECT_EQ(output_path("/state", target), "/state/output/api.log");
    target.output.file = "/elsewhere/api.txt";
    EXPECT_EQ(output_path("/state", target), "/elsewhere/api.txt");
}

TEST_F(OutputTest, a_second_life_appends) {
    print(open(), "one\n");
    print(open(), "two\n");
    EXPECT_EQ(read_text(path), "one\ntwo\n");
}

TEST_F(OutputTest, a_file_that_is_too_large_is_renamed_before_the_next_life) {
    print(open(), "first life, long\n");
    print(open(), "second life, long\n");
    print(open(), "third life, long\n");
    print(open(), "fourth\n");
    EXPECT_EQ(read_text(path), "fourth\n");
    EXPECT_EQ(read_text(path + ".1"), "third life, long\n");
    EXPECT_EQ(read_text(path + ".2"), "second life, long\n");
    EXPECT_FALSE(std::filesystem::exists(path + ".3"));
}

TEST_F(OutputTest, a_file_that_is_being_written_is_copied_and_cut_and_its_writer_goes_on) {
    const auto file = open();
    output.writer_began(target);
    print(file, "first, long enough\n");
    look();
    print(file, "second, long enough\n");
    look();
    print(file, "third\n");
    look();
    EXPECT_EQ(read_text(path), "third\n");
    EXPECT_EQ(read_text(path + ".1"), "second, long enough\n");
    EXPECT_EQ(read_text(path + ".2"), "first, long enough\n");
}

TEST_F(OutputTest, a_large_file_is_copied_in_pieces_and_nothing_is_missing) {
    const auto file = open();
    output.writer_began(target);
    std::string text;
    while (text.size() < 3'000'000) text += std::to_string(text.size()) + "\n";
    print(file, text);
    look();
    EXPECT_EQ(read_text(path + ".1"), text);
    EXPECT_EQ(read_text(path), "");
}

TEST_F(OutputTest, keeping_none_only_cuts) {
    target.output.keep = 0;
    const auto file = open();
    output.writer_began(target);
    print(file, "long enough to be cut\n");
    look();
    EXPECT_EQ(read_text(path), "");
    EXPECT_FALSE(std::filesystem::exists(path + ".1"));
}

TEST_F(OutputTest, a_copy_that_can_not_be_made_loses_nothing) {
    const auto file = open();
    output.writer_began(target);
    print(file, "long enough to be rotated\n");
    std::filesystem::create_directory(path + ".new");
    output.look();
    EXPECT_EQ(read_text(path), "long enough to be rotated\n");
}

TEST_F(OutputTest, what_is_no_regular_file_is_never_rotated) {
    target.output.file = "/dev/null";
    target.output.max_size = 0;
    const auto file = open();
    output.writer_began(target);
    print(file, "nothing\n");
    output.look();
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(OutputTest, the_tail_is_the_end_of_the_file_and_reaches_back_over_a_rotation) {
    EXPECT_EQ(output.tail(target, 100), "");
    print(open(), "before the rotation\n");
    print(open(), "after\n");
    EXPECT_EQ(output.tail(target, 4), "ter\n");
    EXPECT_EQ(output.tail(target, 15), "rotation\nafter\n");
    EXPECT_EQ(output.tail(target, 1000), "before the rotation\nafter\n");
}

}  // namespace
}  // namespace keepwell::runtime
