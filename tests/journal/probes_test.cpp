// Many probes in one record: what is packed is what is unpacked, and damage is noticed.
#include "journal/probes.hpp"

#include <gtest/gtest.h>

#include "journal/codec.hpp"

namespace keepwell::journal {
namespace {

using namespace std::chrono_literals;

event::ProbeFinished answer(Outcome outcome, int exit_code, std::string output) {
    return {7, 0, outcome, exit_code, std::move(output)};
}

std::string shown(const std::vector<ProbeEntry>& entries) {
    std::string text;
    for (const ProbeEntry& one : entries) {
        text += to_string(one.at.time_since_epoch()) + " ";
        if (!one.target.empty()) {
            text += one.target + " " + std::string{to_string(one.outcome)} + " " + std::to_string(one.exit_code) +
                    " `" + one.output + "` ";
        }
        text += "asked " + std::to_string(one.asked) + "\n";
    }
    return text;
}

ProbePack some() {
    ProbePack pack;
    pack.looked(Instant{5s}, 1);
    pack.answered(Instant{5s + 1ms}, "db", 0, answer(Outcome::passed, 0, "PONG"));
    pack.looked(Instant{6s}, 300);
    pack.answered(Instant{6s + 2ns}, "api", 2, answer(Outcome::failed, -1, "HTTP 503"));
    pack.answered(Instant{6s + 3ns}, "db", 0, answer(Outcome::passed, 0, "PONG"));
    pack.answered(Instant{90s}, "api", 0, answer(Outcome::failed, -1, "HTTP 503"));
    pack.answered(Instant{90s}, "api", 0, answer(Outcome::passed, 0, ""));
    pack.answered(Instant{400 * 24h}, "db", 0, answer(Outcome::error, 255, "PONG"));
    return pack;
}

constexpr std::string_view as_text =
    "5s asked 1\n"
    "5.001s db passed 0 `PONG` asked 0\n"
    "6s asked 300\n"
    "6.000000002s api failed -1 `HTTP 503` asked 2\n"
    "6.000000003s db passed 0 `PONG` asked 0\n"
    "1m30s api failed -1 `HTTP 503` asked 0\n"
    "1m30s api passed 0 `` asked 0\n"
    "9600h0m0s db error 255 `PONG` asked 0\n";

TEST(ProbePack, what_is_packed_is_unpacked) {
    ProbePack pack = some();
    EXPECT_EQ(pack.first(), Instant{5s});
    EXPECT_EQ(pack.outcomes(), 6u);
    const Probes probes = pack.take();
    EXPECT_TRUE(pack.empty());
    EXPECT_EQ(probes.outcomes, 6u);
    EXPECT_EQ(probes.targets, (std::vector<std::string>{"db", "api"}));
    EXPECT_EQ(probes.outputs, (std::vector<std::string>{"PONG", "HTTP 503"}));
    const auto entries = unpack(probes, Instant{5s});
    ASSERT_TRUE(entries) << entries.error();
    EXPECT_EQ(shown(*entries), as_text);
}

TEST(ProbePack, it_is_used_again) {
    ProbePack pack = some();
    (void)pack.take();
    pack.looked(Instant{7s}, 1);
    const auto entries = unpack(pack.take(), Instant{7s});
    ASSERT_TRUE(entries);
    EXPECT_EQ(shown(*entries), "7s asked 1\n");
}

TEST(ProbePack, a_line_brings_it_back) {
    Record record;
    record.at = Instant{5s};
    record.body = some().take();
    const auto read = decode(encode(record), Checksum::required);
    ASSERT_TRUE(read) << read.error();
    const auto entries = unpack(std::get<Probes>(read->body), read->at);
    ASSERT_TRUE(entries) << entries.error();
    EXPECT_EQ(shown(*entries), as_text);
}

TEST(ProbePack, damage_is_noticed) {
    const Probes good = some().take();
    const auto mistake = [](const Probes& probes) {
        const auto entries = unpack(probes, Instant{5s});
        return entries ? "none" : entries.error();
    };
    Probes bad = good;
    bad.packed = "AAE";
    EXPECT_EQ(mistake(bad), "`packed` is not base64");
    bad.packed = "AA!=";
    EXPECT_EQ(mistake(bad), "`packed` is not base64");
    bad.packed = "gICA";  // a number without an end
    EXPECT_EQ(mistake(bad), "`packed` is damaged");
    bad = good;
    bad.targets.pop_back();
    EXPECT_EQ(mistake(bad), "`packed` is damaged");
    bad = good;
    bad.outputs.clear();
    EXPECT_EQ(mistake(bad), "`packed` is damaged");
}

}  // namespace
}  // namespace keepwell::journal
