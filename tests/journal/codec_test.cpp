// The journal's lines and the CLI's events as exact texts, and what a damaged or strange line is answered with.
// KEEPWELL_UPDATE_GOLDEN=1 writes the golden files anew.
#include "journal/codec.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "journal/samples.hpp"

namespace keepwell::journal {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file{path};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

void expect_golden(const std::string& name, const std::vector<std::string>& lines) {
    const std::string path = std::string{GOLDEN_FOLDER} + "/" + name;
    if (std::getenv("KEEPWELL_UPDATE_GOLDEN")) {
        std::ofstream file{path};
        for (const std::string& line : lines) file << line << "\n";
    }
    const auto golden = lines_of(path);
    ASSERT_EQ(golden.size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(golden[i], lines[i]);
}

std::string mistake_in(std::string_view line, Checksum checksum = Checksum::if_present) {
    const auto record = decode(line, checksum);
    return record ? "none" : record.error();
}

std::string sample_line() { return encode(samples::record(1, RunEnded{})); }

TEST(journal_codec, every_type_has_its_line) {
    std::vector<std::string> lines;
    for (const Record& record : samples::all()) lines.push_back(encode(record));
    expect_golden("golden.jsonl", lines);
}

TEST(journal_codec, every_event_has_its_json) {
    std::vector<std::string> lines;
    for (const Record& record : samples::all()) {
        if (is_event(record)) lines.push_back(event_json(record));
    }
    expect_golden("golden_events.jsonl", lines);
}

TEST(journal_codec, samples_hold_every_alternative) {
    std::set<std::size_t> bodies;
    std::set<std::size_t> events;
    std::set<std::size_t> commands;
    std::set<std::size_t> facts;
    for (const Record& record : samples::all()) {
        bodies.insert(record.body.index());
        if (const auto* input = std::get_if<Input>(&record.body)) events.insert(input->event.index());
        if (const auto* asked = std::get_if<Asked>(&record.body)) commands.insert(asked->command.index());
        if (const auto* noted = std::get_if<Noted>(&record.body)) facts.insert(noted->fact.body.index());
    }
    EXPECT_EQ(bodies.size(), std::variant_size_v<Body>);
    EXPECT_EQ(events.size(), std::variant_size_v<Event>);
    EXPECT_EQ(commands.size(), std::variant_size_v<Command>);
    EXPECT_EQ(facts.size(), std::variant_size_v<fact::Body>);
}

TEST(journal_codec, every_line_is_read_back) {
    for (const Record& record : samples::all()) {
        const std::string line = encode(record);
        const auto read = decode(line, Checksum::required);
        ASSERT_TRUE(read) << read.error() << "\n" << line;
        EXPECT_EQ(encode(*read), line);
        EXPECT_EQ(type_name(*read), type_name(record));
    }
}

TEST(journal_codec, every_event_is_read_back) {
    for (const Record& record : samples::all()) {
        const std::string line = event_json(record);
        const auto read = decode(line);
        ASSERT_TRUE(read) << read.error() << "\n" << line;
        EXPECT_EQ(event_json(*read), line);
    }
}

TEST(journal_codec, a_glance_says_what_decode_says) {
    for (const Record& record : samples::all()) {
        const std::string line = encode(record);
        const auto seen = glance(line);
        ASSERT_TRUE(seen) << seen.error();
        EXPECT_EQ(seen->seq, record.seq);
        EXPECT_EQ(seen->type, type_name(record));
        EXPECT_EQ(seen->repeated, record.repeated);
        EXPECT_EQ(is_event_type(seen->type), is_event(record)) << seen->type;
    }
}

TEST(journal_codec, an_event_shows_wall_time_for_a_moment_to_come) {
    Record held = samples::record(0, Noted{});
    std::get<Noted>(held.body).fact.body = fact::RemedyHeld{Remedy::restart, 0, 0, Hold::backoff, samples::in(90s), ""};
    EXPECT_EQ(event_json(held),
              R"({"seq":0,"time":"2026-01-02T03:04:05.678Z","type":"remedy.held","target":"api.1","service":"api",)"
              R"("reason":"backoff","would":"restart","rung":0,"attempt":0,"until":"2026-01-02T03:05:35.678Z"})");
}

TEST(journal_codec, a_changed_byte_is_noticed_wherever_it_is) {
    const std::string good = encode(samples::all().front());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(decode(bad, Checksum::required)) << bad;
        EXPECT_FALSE(glance(bad)) << bad;
    }
}

TEST(journal_codec, a_line_cut_anywhere_is_noticed) {
    const std::string good = encode(samples::all().front());
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(decode(good.substr(0, size), Checksum::required)) << size;
    }
}

TEST(journal_codec, a_bad_line_is_answered_with_the_reason) {
    std::string wrong = sample_line();
    wrong[wrong.find("run.ended")] = 'R';
    EXPECT_EQ(mistake_in(wrong), "wrong checksum");
    EXPECT_EQ(mistake_in(""), "not JSON");
    EXPECT_EQ(mistake_in("{\"seq\":1"), "not JSON");
    EXPECT_EQ(mistake_in("[1]"), "not an object");
    EXPECT_EQ(mistake_in("{}"), "unknown type ``");
    EXPECT_EQ(mistake_in(R"({"type":"run.ended"})", Checksum::required), "no checksum");
    EXPECT_EQ(mistake_in(R"({"type":"target.gone"})"), "unknown type `target.gone`");
    EXPECT_EQ(mistake_in(R"({"type":5})"), "`type` is not a text");
    EXPECT_EQ(mistake_in(R"({"type":"run.ended","seq":-1})"), "`seq` is out of range");
    EXPECT_EQ(mistake_in(R"({"type":"run.ended","seq":1.5})"), "`seq` is not a whole number");
    EXPECT_EQ(mistake_in(R"({"type":"run.ended","time":"2026-13-01T00:00:00Z"})"), "`time` is not a time");
    EXPECT_EQ(mistake_in(R"({"type":"target.phase","to":"runing"})"), "`to` is not a known word");
    EXPECT_EQ(mistake_in(R"({"type":"alert.raised","alert":"tempest"})"), "`alert` is not a known word");
    EXPECT_EQ(mistake_in(R"({"type":"target.phase","rule":[]})"), "`rule` is not an object");
    EXPECT_EQ(mistake_in(R"({"type":"policy.loaded","files":"a"})"), "`files` is not a list");
    EXPECT_EQ(mistake_in(R"({"type":"input.shutdown","at_once":1})"), "`at_once` is not true or false");
    EXPECT_EQ(mistake_in(std::string(max_line + 1, ' ')), "the line is too long");
}

TEST(journal_codec, names_become_the_indices_of_a_policy) {
    Policy policy;
    policy.services.resize(2);
    policy.services[1].name = "api";
    policy.targets.resize(3);
    policy.targets[2].name = "api.1";
    for (const Record& record : samples::all()) {
        Record resolved = record;
        ASSERT_TRUE(resolve(resolved, policy)) << encode(record);
        EXPECT_EQ(encode(resolved), encode(record));
    }
    Record exited = samples::record(1, Input{event::Exited{}});
    Record maintenance = samples::record(2, Input{event::Maintenance{}});
    Record noted = samples::record(3, Noted{});
    Record start = samples::record(4, Asked{command::Start{}});
    for (Record* record : {&exited, &maintenance, &noted, &start}) EXPECT_TRUE(resolve(*record, policy));
    EXPECT_EQ(std::get<event::Exited>(std::get<Input>(exited.body).event).target, 2U);
    EXPECT_EQ(std::get<event::Maintenance>(std::get<Input>(maintenance.body).event).service, 1U);
    EXPECT_EQ(std::get<Noted>(noted.body).fact.target, 2U);
    EXPECT_EQ(std::get<command::Start>(std::get<Asked>(start.body).command).target, 2U);
    policy.targets[2].name = "other";
    EXPECT_FALSE(resolve(exited, policy));
}

TEST(journal_codec, a_member_from_a_later_version_is_ignored) {
    const auto record = decode(R"({"seq":7,"type":"target.phase","to":"running","colour":{"deep":[1]}})");
    ASSERT_TRUE(record) << record.error();
    EXPECT_EQ(std::get<fact::PhaseChanged>(std::get<Noted>(record->body).fact.body).to, Phase::running);
}

TEST(journal_codec, text_that_is_not_utf8_is_replaced) {
    const Record record = samples::record(1, Noted{Fact{no_target, {}, 0, {}, fact::Unexpected{"a\xff\xfe z\xc3"}}});
    const auto read = decode(encode(record));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(std::get<fact::Unexpected>(std::get<Noted>(read->body).fact.body).detail,
              "a\xEF\xBF\xBD\xEF\xBF\xBD z\xEF\xBF\xBD");
}

TEST(journal_codec, times_are_read_in_every_form_of_the_rfc) {
    const WallTime time = samples::start;
    EXPECT_EQ(rfc3339(time), "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.678Z"), time);
    EXPECT_EQ(parse_rfc3339("2026-01-02t03:04:05.678901z"), time);
    EXPECT_EQ(parse_rfc3339("2026-01-02 05:34:05.678+02:30"), time);
    EXPECT_EQ(parse_rfc3339("2026-01-01T22:04:05.678-05:00"), time);
    EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.6Z"), time - 78ms);
    EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05Z"), time - 678ms);
    for (const char* bad :
         {"", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-02-30T00:00:00Z", "2026-01-02T24:00:00Z",
          "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+0200"}) {
        EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
    }
}

TEST(journal_codec, times_beyond_the_calendar_are_cut) {
    EXPECT_EQ(rfc3339(WallTime::min()), "0000-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(WallTime::max()), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace keepwell::journal
