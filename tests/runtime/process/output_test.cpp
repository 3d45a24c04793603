// Output files: where they are, their rotation, their tail, their loss.
#include "runtime/process/output.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "runtime/process/real_world.hpp"

namespace keepwell::runtime {
namespace {

using keepwell::testing::add_content;
using testing::content_of;

/// A file system of a few pages in a folder.
class SmallDisk {
  public:
    static constexpr std::size_t size = 64 * 1024;

    explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
        const auto options = "size=" + std::to_string(size);
        mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    }
    ~SmallDisk() {
        if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

  private:
    std::string folder_;
    bool mounted_ = false;
};

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

    // A link by this name in the folder is what the target prints to.
    std::string print_to_link(const std::string& name, const std::string& to) {
        std::filesystem::create_symlink(to, folder / name);
        target.output.file = folder / name;
        return target.output.file;
    }

    testing::Folder folder;
    Loop loop;
    std::vector<std::string> notices;
    OutputFiles output{loop, folder.path(), [this](const std::string& notice) { notices.push_back(notice); }};
    TargetSpec target;
    std::string path = folder / "output/api.log";
};

TEST_F(OutputTest, the_default_path_is_in_the_state_folder_and_a_given_one_wins) {
    EXPECT_EQ(output_path("/state", target), "/state/output/api.log");
    target.output.file = "/elsewhere/api.txt";
    EXPECT_EQ(output_path("/state", target), "/elsewhere/api.txt");
}

TEST_F(OutputTest, a_second_life_appends) {
    print(open(), "one\n");
    print(open(), "two\n");
    EXPECT_EQ(content_of(path), "one\ntwo\n");
}

TEST_F(OutputTest, a_file_that_is_too_large_is_renamed_before_the_next_life) {
    print(open(), "first life, long\n");
    print(open(), "second life, long\n");
    print(open(), "third life, long\n");
    print(open(), "fourth\n");
    EXPECT_EQ(content_of(path), "fourth\n");
    EXPECT_EQ(content_of(path + ".1"), "third life, long\n");
    EXPECT_EQ(content_of(path + ".2"), "second life, long\n");
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
    EXPECT_EQ(content_of(path), "third\n");
    EXPECT_EQ(content_of(path + ".1"), "second, long enough\n");
    EXPECT_EQ(content_of(path + ".2"), "first, long enough\n");
}

TEST_F(OutputTest, a_large_file_is_copied_in_pieces_and_nothing_is_missing) {
    const auto file = open();
    output.writer_began(target);
    std::string text;
    while (text.size() < 3'000'000) text += std::to_string(text.size()) + "\n";
    print(file, text);
    look();
    EXPECT_EQ(content_of(path + ".1"), text);
    EXPECT_EQ(content_of(path), "");
}

TEST_F(OutputTest, keeping_none_only_cuts) {
    target.output.keep = 0;
    const auto file = open();
    output.writer_began(target);
    print(file, "long enough to be cut\n");
    look();
    EXPECT_EQ(content_of(path), "");
    EXPECT_FALSE(std::filesystem::exists(path + ".1"));
}

TEST_F(OutputTest, a_copy_that_can_not_be_made_loses_nothing) {
    const auto file = open();
    output.writer_began(target);
    print(file, "long enough to be rotated\n");
    std::filesystem::create_directory(path + ".new");
    output.look();
    EXPECT_EQ(content_of(path), "long enough to be rotated\n");
}

TEST_F(OutputTest, where_there_is_no_room_for_a_copy_the_oldest_part_goes_before_its_time) {
    const SmallDisk disk{folder / "output"};
    if (!disk.mounted()) GTEST_SKIP() << "only root can have a small disk";
    const auto file = open();
    output.writer_began(target);
    const std::string half(SmallDisk::size / 2 - 4096, 'x');
    add_content(path + ".1", half);
    add_content(path + ".2", "old");
    print(file, half);
    look();
    EXPECT_FALSE(std::filesystem::exists(path + ".2"));
    look();
    EXPECT_FALSE(std::filesystem::exists(path + ".1"));
    look();
    EXPECT_EQ(content_of(path + ".1"), half);
    EXPECT_EQ(content_of(path), "");
    EXPECT_EQ(notices.size(), 2U);
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

TEST_F(OutputTest, a_link_is_rotated_where_it_leads_to_before_the_next_life) {
    std::filesystem::create_directory(folder / "logs");
    const auto link = print_to_link("link.log", "logs/big.log");
    print(open(), "first life, long\n");
    print(open(), "second\n");
    EXPECT_EQ(std::filesystem::read_symlink(link), "logs/big.log");
    EXPECT_FALSE(std::filesystem::is_symlink(std::filesystem::symlink_status(link + ".1")));
    EXPECT_EQ(content_of(folder / "logs/big.log"), "second\n");
    EXPECT_EQ(content_of(folder / "logs/big.log.1"), "first life, long\n");
    EXPECT_EQ(output.tail(target, 100), "first life, long\nsecond\n");
}

TEST_F(OutputTest, a_link_is_rotated_where_it_leads_to_while_it_is_written) {
    std::filesystem::create_directory(folder / "logs");
    const auto link = print_to_link("link.log", folder / "logs/big.log");
    path = folder / "logs/big.log";
    const auto file = open();
    output.writer_began(target);
    print(file, "first, long enough\n");
    look();
    print(file, "second\n");
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_FALSE(std::filesystem::exists(link + ".1"));
    EXPECT_EQ(content_of(path), "second\n");
    EXPECT_EQ(content_of(path + ".1"), "first, long enough\n");
}

TEST_F(OutputTest, what_another_target_writes_by_another_name_is_not_renamed) {
    const auto file = open();
    output.writer_began(target);
    print(file, "first, long enough\n");
    print_to_link("link.log", path);
    print(open(), "second\n");
    print(file, "third\n");
    EXPECT_EQ(content_of(path), "first, long enough\nsecond\nthird\n");
}

// As /dev/stdout does, this link leads to what a process has open.
TEST_F(OutputTest, what_is_open_elsewhere_is_written_and_never_moved_or_cut) {
    const std::string others = folder / "keepwell.out";
    std::ofstream(others) << "somebody's, and long\n";
    const Descriptor opened(::open(others.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    const auto link = print_to_link("out.log", "/proc/self/fd/" + std::to_string(opened.get()));
    for (const std::uint32_t keep : {0U, 2U}) {
        target.output.keep = keep;
        const auto file = open();
        output.writer_began(target);
        print(file, "ours\n");
        look();
        output.writer_ended(link);
    }
    EXPECT_EQ(content_of(others), "somebody's, and long\nours\nours\n");
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_FALSE(std::filesystem::exists(link + ".1"));
    EXPECT_FALSE(std::filesystem::exists(others + ".1"));
}

TEST_F(OutputTest, a_socket_that_is_our_own_output_is_written) {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const Descriptor here(ends[0]);
    const Descriptor there(ends[1]);
    const Descriptor before(dup(STDERR_FILENO));
    print_to_link("out.log", "/proc/self/fd/2");
    dup2(here.get(), STDERR_FILENO);
    const auto file = output.open(target);
    dup2(before.get(), STDERR_FILENO);
    ASSERT_TRUE(file) << file.error();
    print(*file, "heard");
    std::array<char, 16> heard{};
    EXPECT_EQ(recv(there.get(), heard.data(), heard.size(), MSG_DONTWAIT), 5);
}

TEST_F(OutputTest, a_last_line_without_its_end_is_ended_before_the_next_life) {
    print(open(), "last words");
    print(open(), "first\n");
    EXPECT_EQ(content_of(path), "first\n");
    EXPECT_EQ(content_of(path + ".1"), "last words\n");
    print(open(), "mid");
    print(open(), "new");
    EXPECT_EQ(content_of(path), "first\nmid\nnew");
    EXPECT_EQ(output.tail(target, 100), "last words\nfirst\nmid\nnew");
}

TEST_F(OutputTest, a_removed_file_is_told_once_and_again_of_the_next_life) {
    const auto gone =
        "api: `" + path + "` was removed or renamed; what it prints does not get there until its next start";
    const auto file = open();
    output.writer_began(target);
    print(file, "some\n");
    look();
    EXPECT_EQ(notices, std::vector<std::string>{});
    std::filesystem::remove(path);
    look();
    look();
    EXPECT_EQ(notices, std::vector{gone});
    output.writer_ended(path);
    const auto next = open();
    output.writer_began(target);
    look();
    EXPECT_EQ(notices, std::vector{gone});
    std::filesystem::rename(path, path + ".moved");
    std::ofstream(path) << "somebody's, and long enough\n";
    look();
    EXPECT_EQ(notices, (std::vector{gone, gone}));
    EXPECT_EQ(content_of(path), "somebody's, and long enough\n");
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
