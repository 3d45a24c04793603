// The writer on a real folder: what a reader finds after rotation, crashes, full disks and lost folders.
#include "journal/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "journal/codec.hpp"
#include "journal/reader.hpp"
#include "journal/samples.hpp"
#include "support/folder.hpp"

namespace keepwell::journal {
namespace {

using testing::add_content;
using testing::content_of;
using testing::Folder;
using testing::put_content;

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A disk that has room for `left` more bytes, and then fails with `error`.
struct Disk {
    std::size_t left = SIZE_MAX;
    int error = ENOSPC;
    bool can_truncate = true;

    FileCalls calls() {
        FileCalls calls;
        calls.write = [this](int fd, const char* bytes, std::size_t size) -> ssize_t {
            if (left == 0) {
                errno = error;
                return -1;
            }
            const std::size_t taken = std::min(size, left);
            left -= left == SIZE_MAX ? 0 : taken;
            return ::write(fd, bytes, taken);
        };
        calls.truncate = [this](int fd, off_t size) {
            if (!can_truncate) return -1;
            const off_t freed = ::lseek(fd, 0, SEEK_END) - size;
            left += left == SIZE_MAX ? 0 : static_cast<std::size_t>(freed);
            return ::ftruncate(fd, size);
        };
        return calls;
    }
};

class JournalWriter : public ::testing::Test {
  protected:
    WriterOptions options() {
        WriterOptions options;
        options.folder = folder_;
        options.on_trouble = [this](const std::string& text) { said_.push_back(text); };
        options.on_recovered = [this](std::uint64_t lost) {
            said_.push_back("recovered, lost " + std::to_string(lost));
        };
        options.calls = disk_.calls();
        return options;
    }

    std::unique_ptr<FileWriter> open(WriterOptions options) {
        auto writer = FileWriter::open(std::move(options));
        if (!writer) ADD_FAILURE() << writer.error();
        return std::move(*writer);
    }
    std::unique_ptr<FileWriter> open() { return open(options()); }

    /// Appends and gives the `seq` that it got. A second passes before each record.
    std::uint64_t append(FileWriter& writer, Body body, const std::string& target = "api") {
        Record record = samples::record(++seconds_, std::move(body));
        record.target = target;
        writer.append(record);
        return record.seq;
    }
    std::uint64_t note(FileWriter& writer, const std::string& detail) {
        return append(writer, Noted{Fact{no_target, {}, 0, {}, fact::Unexpected{detail}}});
    }
    std::uint64_t state(FileWriter& writer, const std::string& target, std::uint32_t restarts) {
        TargetMemory memory = samples::memory();
        memory.restarts = restarts;
        return append(writer, State{memory}, target);
    }

    /// A run with the targets `api` and `db`, each restarted once.
    void begin_run(FileWriter& writer) {
        append(writer, samples::run(), "");
        state(writer, "api", 1);
        state(writer, "db", 1);
    }
    /// From now on `armed_` is when the writer wants to try again; nobody does so but a test.
    void follow_retries(FileWriter& writer) {
        writer.wake_by([this](Instant at) { armed_ = at; });
    }
    /// Tries again when it is wanted.
    void retry(FileWriter& writer) { writer.retry(std::exchange(armed_, never)); }
    Instant now() const { return samples::in(std::chrono::seconds{seconds_}); }

    std::uint32_t restarts(const std::string& target) { return restored().targets.at(target).memory.restarts; }
    std::string file(std::uint64_t number) const { return file_path(folder_, number); }
    Restored restored() {
        return restore(folder_, [this](const Complaint& it) { complaints_.push_back(to_string(it)); });
    }
    std::vector<std::uint64_t> seqs() {
        std::vector<std::uint64_t> seqs;
        read(
            folder_, {},
            [&](const Record& record) {
                seqs.push_back(record.seq);
                return true;
            },
            [this](const Complaint& it) { complaints_.push_back(to_string(it)); });
        return seqs;
    }

    Folder place_;
    std::string folder_ = place_ / "state/journal";
    Disk disk_;
    std::uint64_t seconds_ = 0;
    Instant armed_ = never;
    std::vector<std::string> said_;
    std::vector<std::string> complaints_;
};

TEST_F(JournalWriter, a_record_is_one_line_of_the_file) {
    const auto writer = open();
    Record record = samples::record(1, RunEnded{});
    writer->append(record);
    EXPECT_EQ(record.seq, 1U);
    EXPECT_EQ(content_of(file(1)), encode(record) + "\n");
}

TEST_F(JournalWriter, folder_and_files_are_for_their_owner_alone) {
    const auto writer = open();
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(folder_).permissions(), perms::owner_all);
    EXPECT_EQ(std::filesystem::status(file(1)).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(JournalWriter, seq_goes_on_after_a_restart) {
    for (std::uint64_t expected : {1U, 2U, 3U}) EXPECT_EQ(note(*open(), "x"), expected);
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3));
}

TEST_F(JournalWriter, a_second_writer_is_refused_until_the_first_is_gone) {
    auto first = open();
    const auto second = FileWriter::open(options());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "the journal in " + folder_ + " is being written by another keepwell (pid " +
                                  std::to_string(::getpid()) + ")");
    first.reset();
    EXPECT_TRUE(FileWriter::open(options()));
    EXPECT_THAT(said_, IsEmpty());
}

// ---- rotation ---------------------------------------------------------------------------------------------------

TEST_F(JournalWriter, rotation_keeps_so_many_files_and_everything_that_counts) {
    auto small = options();
    small.max_size = 4096;
    small.keep = 3;
    const auto writer = open(small);
    RunStarted run = samples::run();
    run.last_incident = 6;
    append(*writer, run, "");
    state(*writer, "old", 1);
    state(*writer, "api", 1);
    state(*writer, "api", 2);
    append(*writer, Noted{Fact{no_target, {}, 41, {}, fact::IncidentOpened{41, Reason::exited, ""}}});
    std::uint64_t last = 0;
    for (int i = 0; i < 200; ++i) last = note(*writer, std::string(100, 'x'));

    const auto files = list_files(folder_);
    ASSERT_EQ(files.size(), 3U);
    EXPECT_GT(files.front().number, 5U);
    for (const auto& one : files) EXPECT_LE(std::filesystem::file_size(one.path), 4096U);

    // The newest file alone says all that a start needs.
    std::filesystem::remove(files[0].path);
    std::filesystem::remove(files[1].path);
    const Restored found = restored();
    EXPECT_THAT(complaints_, IsEmpty());
    EXPECT_EQ(found.last_seq, last);
    EXPECT_EQ(found.last_incident, 41U);
    ASSERT_TRUE(found.last_run);
    EXPECT_EQ(found.last_run->policy_version, "c0ffee");
    ASSERT_EQ(found.targets.size(), 2U);
    EXPECT_EQ(found.targets.at("old").memory.restarts, 1U);
    EXPECT_EQ(found.targets.at("api").memory.restarts, 2U);
    EXPECT_EQ(found.targets.at("api").boot_id, "0f1e2d3c-boot");
    EXPECT_EQ(found.targets.at("api").at, samples::start_at + 4s);
}

TEST_F(JournalWriter, rotation_loses_and_doubles_no_record) {
    auto small = options();
    small.max_size = 2048;
    small.keep = 1000;
    const auto writer = open(small);
    append(*writer, samples::run(), "");
    state(*writer, "api", 1);
    std::vector<std::uint64_t> expected{1, 2};
    for (int i = 0; i < 100; ++i) expected.push_back(note(*writer, "x"));
    EXPECT_GT(list_files(folder_).size(), 5U);
    EXPECT_EQ(seqs(), expected);
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(JournalWriter, a_head_that_is_larger_than_a_file_does_not_rotate_at_every_record) {
    auto small = options();
    small.max_size = 1024;
    small.keep = 1000;
    const auto writer = open(small);
    append(*writer, samples::run(), "");
    for (int i = 0; i < 50; ++i) state(*writer, "api." + std::to_string(i), 1);
    const auto before = list_files(folder_).size();
    for (int i = 0; i < 100; ++i) note(*writer, "x");
    EXPECT_LE(list_files(folder_).size(), before + 2);
    EXPECT_EQ(restored().targets.size(), 50U);
}

TEST_F(JournalWriter, a_target_that_the_new_policy_does_not_have_is_not_repeated) {
    auto small = options();
    small.max_size = 2048;
    small.keep = 1;
    auto writer = open(small);
    append(*writer, samples::run(), "");
    state(*writer, "gone", 1);
    append(*writer, samples::run(), "");
    state(*writer, "api", 1);
    for (int i = 0; i < 50; ++i) note(*writer, "x");
    const Restored found = restored();
    EXPECT_EQ(found.targets.count("gone"), 0U);
    EXPECT_EQ(found.targets.count("api"), 1U);
}

// ---- crashes ----------------------------------------------------------------------------------------------------

TEST_F(JournalWriter, a_torn_tail_stays_and_the_next_record_has_a_line_of_its_own) {
    note(*open(), "first");
    add_content(file(1), R"({"seq":2,"time":"2026-0)");
    const auto writer = open();
    EXPECT_EQ(note(*writer, "second"), 2U);
    note(*writer, "third");
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: no checksum"));
}

// ---- trouble ----------------------------------------------------------------------------------------------------

TEST_F(JournalWriter, a_full_disk_is_counted_and_said_once) {
    const auto writer = open();
    note(*writer, "kept");
    disk_.left = 0;
    for (int i = 0; i < 3; ++i) note(*writer, "lost");
    EXPECT_EQ(said_.size(), 1U);
    disk_.left = SIZE_MAX;
    seconds_ += 10;
    note(*writer, "kept");
    note(*writer, "kept");
    EXPECT_EQ(writer->lost(), 3U);
    EXPECT_THAT(said_, ElementsAre("the journal in " + folder_ + " can not be written: No space left on device",
                                   "recovered, lost 3"));
    EXPECT_THAT(seqs(), ElementsAre(1, 5, 6));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: records 2 to 4 are missing before it"));
}

TEST_F(JournalWriter, a_disk_that_fills_up_inside_a_record_costs_that_record_alone) {
    const auto writer = open();
    note(*writer, "kept");
    const std::string before = content_of(file(1));
    disk_.left = 40;
    note(*writer, "lost");
    EXPECT_EQ(content_of(file(1)), before);
    disk_.left = SIZE_MAX;
    note(*writer, "kept");
    EXPECT_THAT(seqs(), ElementsAre(1, 3));
}

TEST_F(JournalWriter, what_can_not_be_cut_off_is_ended_by_a_newline) {
    const auto writer = open();
    note(*writer, "kept");
    disk_ = {40, ENOSPC, false};
    note(*writer, "lost");
    note(*writer, "lost");
    disk_.left = SIZE_MAX;
    note(*writer, "kept");
    EXPECT_THAT(seqs(), ElementsAre(1, 4));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: no checksum"));
}

TEST_F(JournalWriter, no_byte_at_which_the_disk_fills_up_harms_another_record) {
    for (const bool can_truncate : {true, false}) {
        for (std::size_t left = 0; left < 600; left += 7) {
            std::filesystem::remove_all(folder_);
            disk_ = {};
            const auto writer = open();
            disk_ = {left, ENOSPC, can_truncate};
            std::vector<std::uint64_t> kept;
            for (int i = 0; i < 6; ++i) {
                const auto lost = writer->lost();
                const auto seq = note(*writer, "x");
                if (writer->lost() == lost) kept.push_back(seq);
            }
            disk_.left = SIZE_MAX;
            kept.push_back(note(*writer, "x"));
            ASSERT_EQ(seqs(), kept) << left;
        }
    }
}

TEST_F(JournalWriter, a_disk_that_is_full_at_rotation_leaves_the_old_file_growing) {
    auto small = options();
    small.max_size = 1024;
    small.calls.write = [this](int fd, const char* bytes, std::size_t size) -> ssize_t {
        if (disk_.left != 0 || std::string_view{bytes, size}.find("repeated") == std::string_view::npos) {
            return ::write(fd, bytes, size);
        }
        errno = ENOSPC;
        return -1;
    };
    const auto writer = open(small);
    append(*writer, samples::run(), "");
    disk_.left = 0;
    for (int i = 0; i < 20; ++i) note(*writer, "x");
    EXPECT_EQ(list_files(folder_).size(), 1U);
    EXPECT_EQ(writer->lost(), 0U);
    disk_.left = SIZE_MAX;
    note(*writer, "x");
    EXPECT_EQ(list_files(folder_).size(), 2U);
    EXPECT_EQ(seqs().size(), 22U);
}

TEST_F(JournalWriter, a_disk_full_to_the_brim_that_takes_a_record_now_and_then_is_said_once) {
    const auto writer = open();
    for (int i = 0; i < 4; ++i) {
        disk_.left = 0;
        note(*writer, "lost");
        disk_.left = SIZE_MAX;
        note(*writer, "kept");
    }
    EXPECT_EQ(said_.size(), 1U);
    seconds_ += 10;
    note(*writer, "kept");
    EXPECT_THAT(said_, ElementsAre(::testing::HasSubstr("No space left"), "recovered, lost 4"));
}

// ---- after a loss -----------------------------------------------------------------------------------------------

TEST_F(JournalWriter, states_that_a_full_disk_lost_are_written_before_the_next_record) {
    const auto writer = open();
    begin_run(*writer);
    disk_.left = 0;
    state(*writer, "api", 2);
    state(*writer, "api", 3);
    note(*writer, "lost");
    disk_.left = SIZE_MAX;
    note(*writer, "kept");
    EXPECT_EQ(restarts("api"), 3U);
    EXPECT_EQ(restarts("db"), 1U);
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 5, 7));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":7: records 4 to 6 are missing before it"));
    EXPECT_EQ(list_files(folder_).size(), 1U) << "a new file would cost an old one";
}

TEST_F(JournalWriter, states_that_a_full_disk_lost_are_written_though_nothing_happens_any_more) {
    const auto writer = open();
    follow_retries(*writer);
    begin_run(*writer);
    EXPECT_EQ(armed_, never);
    disk_.left = 0;
    state(*writer, "api", 2);
    EXPECT_EQ(armed_, now() + 1s);
    retry(*writer);
    EXPECT_EQ(armed_, now() + 2s);
    EXPECT_EQ(restarts("api"), 1U);

    disk_.left = SIZE_MAX;
    retry(*writer);
    EXPECT_EQ(restarts("api"), 2U);
    EXPECT_EQ(said_.size(), 1U);
    EXPECT_EQ(armed_, now() + 11s) << "10 s after the last failure";
    const std::string whole = content_of(file(1));
    retry(*writer);
    EXPECT_EQ(said_.back(), "recovered, lost 1");
    EXPECT_EQ(armed_, never);
    EXPECT_EQ(content_of(file(1)), whole);
}

TEST_F(JournalWriter, a_loss_while_the_end_of_trouble_is_awaited_is_looked_at_within_a_second) {
    const auto writer = open();
    follow_retries(*writer);
    begin_run(*writer);
    disk_.left = 0;
    state(*writer, "api", 2);
    disk_.left = SIZE_MAX;
    retry(*writer);
    EXPECT_EQ(armed_, now() + 10s);
    ++seconds_;
    disk_.left = 0;
    state(*writer, "api", 3);
    EXPECT_EQ(armed_, now() + 1s);
    disk_.left = SIZE_MAX;
    retry(*writer);
    EXPECT_EQ(restarts("api"), 3U);
}

TEST_F(JournalWriter, a_folder_that_can_be_made_later_is_made_though_nothing_happens_any_more) {
    const std::string state_folder = std::filesystem::path{folder_}.parent_path().string();
    put_content(state_folder, "a file where the folder should be");
    const auto writer = open();
    follow_retries(*writer);
    begin_run(*writer);
    std::filesystem::remove(state_folder);
    retry(*writer);  // within a second of the last record's try
    retry(*writer);
    EXPECT_EQ(restarts("api"), 1U);
    EXPECT_EQ(restarts("db"), 1U);
    ASSERT_TRUE(restored().last_run);
    EXPECT_EQ(note(*writer, "kept"), 4U);
    EXPECT_EQ(writer->lost(), 3U);
}

TEST_F(JournalWriter, a_broken_device_that_works_again_gets_all_states) {
    const auto writer = open();
    follow_retries(*writer);
    begin_run(*writer);
    disk_ = {0, EIO, true};
    state(*writer, "api", 2);
    disk_.left = SIZE_MAX;
    retry(*writer);
    EXPECT_EQ(restarts("api"), 2U);
    EXPECT_EQ(list_files(folder_).size(), 1U);
}

TEST_F(JournalWriter, a_record_for_which_there_is_room_is_kept_where_the_states_have_none) {
    const auto writer = open();
    follow_retries(*writer);
    begin_run(*writer);
    disk_.left = 0;
    state(*writer, "api", 2);
    disk_.left = 600;
    const auto seq = note(*writer, "short");
    EXPECT_EQ(writer->lost(), 1U);
    EXPECT_EQ(seqs().back(), seq);
    EXPECT_EQ(restarts("api"), 1U);
    disk_.left = SIZE_MAX;
    retry(*writer);  // within a second of the record's try
    retry(*writer);
    EXPECT_EQ(restarts("api"), 2U);
}

TEST_F(JournalWriter, nothing_stands_under_the_run_before_where_a_full_disk_lost_the_beginning_of_this_one) {
    begin_run(*open());
    const auto writer = open();
    disk_.left = 0;
    RunStarted after_boot = samples::run();
    after_boot.boot_id = "another boot";
    after_boot.files = {std::string(4000, 'x')};
    append(*writer, after_boot, "");
    disk_.left = 3000;  // enough for the state, and not for the run's beginning
    state(*writer, "api", 2);
    EXPECT_EQ(restarts("api"), 1U);
    disk_.left = SIZE_MAX;
    state(*writer, "api", 3);
    EXPECT_EQ(restarts("api"), 3U);
    EXPECT_EQ(restored().targets.at("api").boot_id, "another boot");
}

TEST_F(JournalWriter, seq_goes_on_behind_a_file_that_has_nothing_but_its_head) {
    auto small = options();
    small.max_size = 4096;
    auto writer = open(small);
    begin_run(*writer);
    std::uint64_t last = 0;
    while (list_files(folder_).size() < 2) last = note(*writer, std::string(300, 'x'));
    std::string head = content_of(file(2));  // and the record that did not fit into the first file
    head.resize(head.rfind('\n', head.size() - 2) + 1);
    put_content(file(2), head);
    writer.reset();
    EXPECT_EQ(note(*open(), "next"), last);
}

// ---- lost files -------------------------------------------------------------------------------------------------

TEST_F(JournalWriter, a_broken_device_is_opened_again_once_a_second) {
    const auto writer = open();
    note(*writer, "kept");
    disk_ = {0, EIO, true};
    note(*writer, "lost");
    disk_.left = SIZE_MAX;
    seconds_ += 10;
    note(*writer, "kept");
    EXPECT_THAT(said_, ElementsAre("the journal in " + folder_ + " can not be written: Input/output error",
                                   "recovered, lost 1"));

    disk_.left = 0;
    note(*writer, "lost");
    disk_.left = SIZE_MAX;
    --seconds_;
    EXPECT_EQ(writer->lost(), 2U);
    note(*writer, "kept: the last opening is a second ago");
    EXPECT_EQ(writer->lost(), 2U);
    disk_.left = 0;
    --seconds_;
    note(*writer, "lost");
    disk_.left = SIZE_MAX;
    --seconds_;
    note(*writer, "lost: opened at this very time");
    EXPECT_EQ(writer->lost(), 4U);
    note(*writer, "kept");
    EXPECT_EQ(writer->lost(), 4U);
    EXPECT_EQ(list_files(folder_).size(), 1U);
}

TEST_F(JournalWriter, a_removed_folder_is_made_anew_with_all_states) {
    const auto writer = open();
    append(*writer, samples::run(), "");
    state(*writer, "api", 7);
    std::filesystem::remove_all(folder_);
    const auto seq = note(*writer, "kept");
    EXPECT_EQ(seq, 3U);
    EXPECT_EQ(writer->lost(), 0U);
    EXPECT_THAT(said_,
                ElementsAre("the journal in " + folder_ + " was removed; it is begun anew", "recovered, lost 0"));
    const Restored found = restored();
    EXPECT_EQ(found.last_seq, 3U);
    EXPECT_EQ(found.targets.at("api").memory.restarts, 7U);
    ASSERT_TRUE(found.last_run);
}

TEST_F(JournalWriter, a_moved_folder_is_made_anew) {
    const auto writer = open();
    note(*writer, "before");
    std::filesystem::rename(folder_, folder_ + ".old");
    EXPECT_EQ(note(*writer, "after"), 2U);
    EXPECT_THAT(seqs(), ElementsAre(2));
}

TEST_F(JournalWriter, a_folder_that_can_not_be_made_stops_nothing) {
    const std::string state = std::filesystem::path{folder_}.parent_path().string();
    put_content(state, "a file where the folder should be");
    const auto writer = open();
    EXPECT_EQ(note(*writer, "lost"), 1U);
    EXPECT_EQ(writer->lost(), 1U);
    std::filesystem::remove(state);
    seconds_ += 10;
    EXPECT_EQ(note(*writer, "kept"), 2U);
    EXPECT_EQ(writer->lost(), 1U);
    EXPECT_THAT(said_,
                ElementsAre("the journal in " + folder_ + " can not be written: Not a directory", "recovered, lost 1"));
}

TEST_F(JournalWriter, a_folder_that_another_writer_took_meanwhile_is_left_to_it) {
    const auto first = open();
    note(*first, "before");
    std::filesystem::remove_all(folder_);
    const auto second = open();
    EXPECT_EQ(note(*second, "the second's"), 1U);
    note(*first, "lost");
    EXPECT_EQ(first->lost(), 1U);
    EXPECT_EQ(seqs().size(), 1U);
}

TEST_F(JournalWriter, a_record_that_no_reader_would_take_is_counted_as_lost) {
    const auto writer = open();
    note(*writer, std::string(max_line, 'x'));
    EXPECT_EQ(writer->lost(), 1U);
    note(*writer, "kept");
    EXPECT_THAT(seqs(), ElementsAre(2));
}

}  // namespace
}  // namespace keepwell::journal
