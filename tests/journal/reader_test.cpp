// The reader on damaged journals, its filters, and how memories are moved onto another boot's clock.
#include "journal/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "journal/codec.hpp"
#include "journal/samples.hpp"
#include "support/folder.hpp"

namespace keepwell::journal {
namespace {

using testing::Folder;
using testing::put_content;

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line(std::uint64_t seq, Body body = Noted{}) {
    return encode(samples::record(seq, std::move(body))) + "\n";
}

class JournalReader : public ::testing::Test {
  protected:
    std::string file(std::uint64_t number) const { return file_path(folder_, number); }
    Reporter reporter() {
        return [this](const Complaint& complaint) { complaints_.push_back(to_string(complaint)); };
    }
    std::vector<std::uint64_t> seqs(const Filter& filter = {}) {
        std::vector<std::uint64_t> seqs;
        const auto visit = [&seqs](const Record& record) {
            seqs.push_back(record.seq);
            return true;
        };
        read(folder_, filter, visit, reporter());
        return seqs;
    }
    std::vector<std::uint64_t> tail_seqs(std::size_t count, const Filter& filter = {}) {
        std::vector<std::uint64_t> seqs;
        for (const Record& record : tail(folder_, filter, count, reporter())) seqs.push_back(record.seq);
        return seqs;
    }

    Folder place_;
    std::string folder_ = place_ / "state/journal";
    std::vector<std::string> complaints_;
};

TEST_F(JournalReader, no_folder_is_an_empty_journal) {
    EXPECT_THAT(seqs(), IsEmpty());
    EXPECT_EQ(restore(folder_, reporter()).last_seq, 0U);
    EXPECT_EQ(last_seq(folder_), 0U);
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(JournalReader, other_files_in_the_folder_are_not_looked_at) {
    put_content(file(1), line(1));
    put_content(folder_ + "/lock", "1\n");
    put_content(folder_ + "/notes.jsonl", "x\n");
    put_content(folder_ + "/1.jsonl", "x\n");
    EXPECT_THAT(seqs(), ElementsAre(1));
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(JournalReader, a_torn_tail_is_reported_and_skipped) {
    put_content(file(1), line(1) + line(2).substr(0, 50));
    EXPECT_THAT(seqs(), ElementsAre(1));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: cut off in the middle"));
}

TEST_F(JournalReader, a_whole_last_line_needs_no_newline) {
    std::string last = line(2);
    last.pop_back();
    put_content(file(1), line(1) + last);
    EXPECT_THAT(seqs(), ElementsAre(1, 2));
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(JournalReader, a_wrong_checksum_is_reported_and_skipped) {
    std::string bad = line(2);
    bad[20] ^= 1;
    put_content(file(1), line(1) + bad + line(3));
    EXPECT_THAT(seqs(), ElementsAre(1, 3));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: wrong checksum"));
}

TEST_F(JournalReader, a_line_without_a_checksum_is_no_record) {
    put_content(file(1), event_json(samples::record(1, RunEnded{})) + "\n" + line(2));
    EXPECT_THAT(seqs(), ElementsAre(2));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":1: no checksum"));
}

TEST_F(JournalReader, neighbouring_bad_lines_are_reported_together) {
    put_content(file(1), line(1) + "a\nb\nc\n" + line(2) + "d\ne\n");
    EXPECT_THAT(seqs(), ElementsAre(1, 2));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: no checksum (and the 2 lines after it)",
                                         file(1) + ":6: no checksum (and the line after it)"));
}

TEST_F(JournalReader, binary_garbage_costs_itself_alone) {
    std::string garbage(3 * max_line, '\0');
    put_content(file(1), line(1) + garbage + "\n" + line(2) + std::string(1000, '\0'));
    EXPECT_THAT(seqs(), ElementsAre(1, 2));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: the line is too long", file(1) + ":4: cut off in the middle"));
}

TEST_F(JournalReader, a_line_that_is_cut_in_any_place_harms_no_other) {
    const std::string middle = line(2);
    for (std::size_t size = 1; size + 1 < middle.size(); ++size) {
        complaints_.clear();
        put_content(file(1), line(1) + middle.substr(0, size) + "\n" + line(3));
        ASSERT_THAT(seqs(), ElementsAre(1, 3)) << size;
        ASSERT_EQ(complaints_.size(), 1U) << size;
    }
}

TEST_F(JournalReader, a_record_of_a_later_version_is_reported_and_skipped) {
    // The checksum comes from another implementation (Python's zlib.crc32).
    put_content(file(1), line(1) + R"({"seq":2,"type":"target.moved","crc":"12526c2b"})" + "\n" + line(3));
    EXPECT_THAT(seqs(), ElementsAre(1, 3));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":2: unknown type `target.moved`"));
}

TEST_F(JournalReader, a_missing_file_is_reported_once) {
    put_content(file(1), line(1));
    put_content(file(3), line(5));
    put_content(file(6), line(9));
    EXPECT_THAT(seqs(), ElementsAre(1, 5, 9));
    EXPECT_THAT(complaints_,
                ElementsAre(file(2) + ": the file is missing", file(4) + ": the file is missing (and the 1 after it)"));
}

TEST_F(JournalReader, missing_records_are_reported) {
    put_content(file(1), line(1) + line(2) + line(4) + line(9));
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 4, 9));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":3: record 3 is missing before it",
                                         file(1) + ":4: records 5 to 8 are missing before it"));
}

TEST_F(JournalReader, an_empty_file_is_nothing) {
    put_content(file(1), "");
    put_content(file(2), line(1));
    EXPECT_THAT(seqs(), ElementsAre(1));
    EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(JournalReader, a_file_that_can_not_be_read_is_reported) {
    std::filesystem::create_directories(file(1));
    put_content(file(2), line(1));
    EXPECT_THAT(seqs(), ElementsAre(1));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ": Is a directory"));
}

TEST_F(JournalReader, filters_are_by_seq_time_target_and_kind) {
    Record other = samples::record(4, Noted{});
    other.target = other.service = "redis";
    put_content(file(1), line(1) + line(2, Input{event::Tick{}}) + line(3) + encode(other) + "\n");
    Filter filter;
    filter.after_seq = 2;
    EXPECT_THAT(seqs(filter), ElementsAre(3, 4));
    filter = {};
    filter.since = samples::start + 3s;
    EXPECT_THAT(seqs(filter), ElementsAre(3, 4));
    filter = {};
    filter.target = "redis";
    EXPECT_THAT(seqs(filter), ElementsAre(4));
    filter.target = "api.1";
    EXPECT_THAT(seqs(filter), ElementsAre(1, 2, 3));
    filter.target = "api";
    filter.events_only = true;
    EXPECT_THAT(seqs(filter), ElementsAre(1, 3));
}

TEST_F(JournalReader, a_head_after_a_loss_gives_back_what_it_repeats_and_the_rest_is_reported) {
    Record run = samples::record(1, samples::run());
    Record state = samples::record(5, State{samples::memory()});
    run.repeated = state.repeated = true;
    const std::string begin = line(1, samples::run()) + line(2);
    put_content(file(1), begin + encode(run) + "\n" + encode(state) + "\n" + line(6));
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 5, 6));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":5: records 3 to 5 are missing before it"));
    EXPECT_THAT(tail_seqs(10), ElementsAre(1, 2, 6));
}

TEST_F(JournalReader, reading_stops_when_the_visitor_has_enough) {
    put_content(file(1), line(1) + line(2) + line(3));
    int visited = 0;
    read(
        folder_, {}, [&visited](const Record&) { return ++visited < 2; }, reporter());
    EXPECT_EQ(visited, 2);
}

TEST_F(JournalReader, the_tail_reads_as_few_files_as_it_needs) {
    put_content(file(1), "not read\n" + line(1) + line(2));
    put_content(file(2), line(3) + line(4, Input{event::Tick{}}) + line(5));
    Record repeated = samples::record(2, Noted{});
    repeated.repeated = true;
    put_content(file(3), encode(repeated) + "\n" + line(6));
    Filter events;
    events.events_only = true;
    EXPECT_THAT(tail_seqs(1), ElementsAre(6));
    EXPECT_THAT(tail_seqs(3, events), ElementsAre(3, 5, 6));
    EXPECT_THAT(tail_seqs(4), ElementsAre(3, 4, 5, 6));
    EXPECT_THAT(complaints_, IsEmpty());
    EXPECT_THAT(tail_seqs(100), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(complaints_, ElementsAre(file(1) + ":1: no checksum"));
}

TEST_F(JournalReader, the_last_seq_is_found_behind_a_damaged_file) {
    put_content(file(1), line(1) + line(2));
    put_content(file(2), "garbage");
    EXPECT_EQ(last_seq(folder_), 2U);
}

// ---- restoring --------------------------------------------------------------------------------------------------

TEST_F(JournalReader, restore_gives_the_last_state_of_each_target) {
    TargetMemory second = samples::memory();
    second.restarts = 9;
    RunStarted later_run = samples::run();
    later_run.boot_id = "another";
    Record redis = samples::record(4, State{samples::memory()});
    redis.target = "redis";
    const fact::IncidentOpened opened{33, Reason::exited, ""};
    put_content(file(1), line(1, samples::run()) + line(2, State{samples::memory()}) +
                             line(3, Noted{Fact{no_target, {}, 33, {}, opened}}) + encode(redis) + "\n" +
                             line(5, RunEnded{}) + line(6, later_run) + line(7, State{second}));
    const Restored found = restore(folder_, reporter());
    EXPECT_EQ(found.last_seq, 7U);
    EXPECT_EQ(found.last_incident, 33U);
    EXPECT_FALSE(found.ended_in_order);
    ASSERT_EQ(found.targets.size(), 2U);
    EXPECT_EQ(found.targets.at("api.1").memory.restarts, 9U);
    EXPECT_EQ(found.targets.at("api.1").boot_id, "another");
    EXPECT_EQ(found.targets.at("api.1").time, samples::start + 7s);
    EXPECT_EQ(found.targets.at("redis").boot_id, "0f1e2d3c-boot");
    EXPECT_EQ(found.targets.at("redis").memory.target, "redis");
}

TEST_F(JournalReader, restore_knows_a_run_that_ended_in_order) {
    put_content(file(1), line(1, samples::run()) + line(2, RunEnded{}));
    EXPECT_TRUE(restore(folder_, reporter()).ended_in_order);
}

RestoredTarget remembered() { return {samples::memory(), samples::start_at, samples::start, "a boot"}; }

TEST_F(JournalReader, on_the_same_boot_a_memory_is_as_it_was) {
    const auto memory = rebase(remembered(), "a boot", samples::start_at + 5s, samples::start + 99h);
    EXPECT_EQ(memory.started_at, samples::in(-90s));
    EXPECT_EQ(memory.retry_at, samples::in(30min));
    EXPECT_EQ(memory.instance.id, samples::instance.id);
    EXPECT_TRUE(memory.of_this_boot);
}

TEST_F(JournalReader, on_another_boot_moments_move_by_the_wall_clock_and_the_instance_is_gone) {
    const Instant now{20s};
    const auto memory = rebase(remembered(), "another", now, samples::start + 10min);
    EXPECT_FALSE(memory.of_this_boot);
    EXPECT_EQ(memory.started_at, now - 10min - 90s);
    EXPECT_EQ(memory.retry_at, now + 20min);
    EXPECT_THAT(memory.history, ElementsAre(now - 10min - 80s, now - 10min - 40s));
    EXPECT_FALSE(memory.instance.exists());
    EXPECT_EQ(memory.restarts, 4U);
}

TEST_F(JournalReader, what_never_comes_does_not_come_on_another_boot_either) {
    RestoredTarget restored = remembered();
    restored.memory.retry_at = never;
    EXPECT_EQ(rebase(restored, "another", Instant{20s}, samples::start).retry_at, never);
}

TEST_F(JournalReader, a_wall_clock_that_went_back_counts_as_standing_still) {
    const auto memory = rebase(remembered(), "another", Instant{20s}, samples::start - 24h);
    EXPECT_EQ(memory.retry_at, Instant{20s} + 30min);
}

TEST_F(JournalReader, clocks_that_are_centuries_off_overflow_nothing) {
    RestoredTarget restored = remembered();
    restored.memory.history = {Instant::min(), never - 1ns};
    restored.time = *parse_rfc3339("0000-01-01T00:00:00Z");
    const auto memory = rebase(restored, "another", Instant{20s}, *parse_rfc3339("9999-01-01T00:00:00Z"));
    EXPECT_EQ(memory.history.front(), Instant::min());
    EXPECT_LT(memory.retry_at, Instant{20s});
}

TEST_F(JournalReader, an_unknown_boot_is_another_boot) {
    RestoredTarget restored = remembered();
    restored.boot_id.clear();
    EXPECT_FALSE(rebase(restored, "", Instant{20s}, samples::start).instance.exists());
}

TEST_F(JournalReader, this_boot_has_an_id) { EXPECT_EQ(boot_id().size(), 36U); }

// ---- speed ------------------------------------------------------------------------------------------------------

TEST_F(JournalReader, a_hundred_thousand_records_are_read_in_a_moment) {
    std::string content;
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq) {
        content += line(seq, seq % 10 == 0 ? Body{State{samples::memory()}} : Body{Noted{}});
    }
    put_content(file(1), content);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(restore(folder_, reporter()).last_seq, 100'000U);
    const auto restored = std::chrono::steady_clock::now();
    EXPECT_EQ(seqs().size(), 100'000U);
    const auto read = std::chrono::steady_clock::now();
    const auto ms = [](auto length) { return std::chrono::duration_cast<std::chrono::milliseconds>(length).count(); };
    RecordProperty("restore_ms", static_cast<int>(ms(restored - begin)));
    RecordProperty("read_ms", static_cast<int>(ms(read - restored)));
    EXPECT_LT(read - begin, 30s) << "this is for a loaded machine under sanitizers; alone it takes well under 2 s";
}

}  // namespace
}  // namespace keepwell::journal
