// The time line as a picture: a small story as lanes and as SVG, and texts that would break it.
#include "simulation/picture/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "policy/load.hpp"
#include "policy/memory_environment.hpp"
#include "simulation/script/notation.hpp"
#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"
#include "support/folder.hpp"

namespace keepwell::simulation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char* const shop = R"(
services:
  redis:
    command: redis
    healthcheck: {tcp: "127.0.0.1:6379", interval: 1s, timeout: 500ms, retries: 2}
    on_unhealthy: [restart]
    deploy: {restart_policy: {delay: 1s}}
  web:
    command: web
    depends_on: {redis: {condition: service_healthy}}
    healthcheck: {http: "http://127.0.0.1/", interval: 1s, timeout: 1s, retries: 2}
    on_unhealthy: [restart]
record: true
)";

/// Redis hangs, and web with it, which is held until redis is well.
std::vector<Lane> lanes() {
    const policy::Memory memory{{{"/p/shop.yaml", shop}}, {}};
    policy::Loaded loaded = policy::load({"shop.yaml"}, memory.environment());
    Script script;
    script.targets["redis"].probes = read_timeline("ok x10 timeout").value();
    script.targets["redis"].after[Remedy::restart] = {read_timeline("fail for 2s ok").value()};
    script.targets["web"].probes = read_timeline("ok x11 fail x2 ok").value();
    House house{std::move(loaded.policy).value(), {}, script.start};
    Player player{house, script};
    house.begin();
    house.run_until(30s);
    house.supervisor->end();
    LaneReader lanes{{"redis", "web"}};
    for (const journal::Record& record : house.journal.records) lanes.take(record);
    return lanes.finish(Instant{30s});
}

TEST(Lanes, hold_how_a_target_looked_and_what_was_done) {
    const std::vector<Lane> all = lanes();
    ASSERT_EQ(all.size(), 2U);
    const Lane& redis = all[0];
    EXPECT_EQ(redis.name, "redis");
    EXPECT_EQ(redis.stretches.back().shade, Shade::healthy);
    EXPECT_EQ(redis.stretches.back().to, Instant{30s});
    ASSERT_FALSE(redis.marks.empty());
    EXPECT_EQ(redis.marks[0].label, "restart");
    ASSERT_FALSE(all[1].holds.empty());
    EXPECT_THAT(all[1].holds[0].what, HasSubstr("(redis)"));
    for (std::size_t i = 1; i < redis.stretches.size(); ++i) {
        EXPECT_EQ(redis.stretches[i].from, redis.stretches[i - 1].to);
    }
}

TEST(Svg, of_a_small_story_is_as_it_was_looked_at) {
    const std::string path = std::string{KEEPWELL_SIMULATION_TESTS} + "/story.svg";
    const std::string drawn = svg_of(lanes(), Instant{30s}, "shop.yaml");
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << drawn;
    EXPECT_EQ(drawn, testing::content_of(path)) << "to renew it: KEEPWELL_UPDATE_DOCS=1, and look at it";
}

TEST(Lanes, mark_an_end_by_itself_but_not_a_job_that_is_done) {
    const auto marks_of = [](const fact::PhaseChanged& changed) {
        LaneReader reader{{"web"}};
        reader.take({1, Instant{1s}, {}, "web", "web", journal::Noted{Fact{0, {}, 0, {}, changed}}});
        std::string text;
        const std::vector<Lane> all = reader.finish(Instant{2s});
        for (const Mark& one : all[0].marks) text += one.label + " | " + one.what + "\n";
        return text;
    };
    EXPECT_EQ(marks_of({Phase::running, Phase::backoff, Reason::exited, "signal 11 (SIGSEGV)"}),
              "SIGSEGV | ended by itself: signal 11 (SIGSEGV)\n");
    EXPECT_EQ(marks_of({Phase::running, Phase::completed, Reason::condition, "exit code 1"}),
              "exit code 1 | ended by itself: exit code 1\n");
    EXPECT_EQ(marks_of({Phase::starting, Phase::backoff, Reason::start_failed, "no such file"}),
              "no start | could not be started: no such file\n");
    EXPECT_EQ(marks_of({Phase::running, Phase::completed, Reason::condition, "exit code 0"}), "");
    EXPECT_EQ(marks_of({Phase::stopping, Phase::backoff, Reason::remedy, "exit code 1"}), "");
}

/// How often `part` is in the picture.
std::size_t count_of(const std::string& drawn, const std::string& part) {
    std::size_t number = 0;
    for (std::size_t at = drawn.find(part); at != std::string::npos; at = drawn.find(part, at + 1)) ++number;
    return number;
}

TEST(Svg, shows_marks_of_one_moment_side_by_side_with_one_label) {
    Lane lane;
    lane.name = "web";
    lane.marks = {{Instant{5s}, Mark::Kind::failure, "SIGSEGV", "ended by itself"},
                  {Instant{5s}, Mark::Kind::remedy, "restart", "restart, because it ended by itself"},
                  {Instant{5s}, Mark::Kind::remedy, "restart", "restart once more"}};
    const std::string drawn = svg_of({lane}, Instant{10s}, {});
    EXPECT_THAT(drawn, HasSubstr(">SIGSEGV, restart x2</text>"));
    EXPECT_THAT(drawn,
                HasSubstr("<title>restart, because it ended by itself, at 5s&#10;restart once more, at 5s</title>"));
    EXPECT_THAT(drawn, HasSubstr("<path class=\"failure\" d=\"M552 "));
    EXPECT_THAT(drawn, HasSubstr("<path class=\"remedy\" d=\"M562 "));
}

TEST(Svg, keeps_labels_apart_and_inside_the_picture) {
    Lane lane;
    lane.name = "web";
    for (int second = 0; second <= 1000; ++second) {
        lane.marks.push_back({Instant{std::chrono::seconds{second}}, Mark::Kind::remedy, "restart", "restart"});
    }
    const std::string drawn = svg_of({lane}, Instant{1000s}, {});
    EXPECT_EQ(count_of(drawn, "<path class=\"remedy\""), 102U);  // a hundred and one groups, and the legend
    EXPECT_EQ(count_of(drawn, ">restart x10</text>"), 13U);
    EXPECT_THAT(drawn, HasSubstr("and 2 more</title>"));
    Lane late;
    late.marks = {{Instant{10s}, Mark::Kind::alert, "a-label-of-thirty-characters-ab", "late"}};
    EXPECT_THAT(svg_of({late}, Instant{10s}, {}), HasSubstr("<text x=\"902\" y=\"22\""));
}

TEST(Svg, says_what_its_signs_mean_and_which_past_it_is) {
    const std::string drawn = svg_of(lanes(), Instant{30s}, "shop.yaml, <monday>.yaml");
    for (const char* words :
         {"unproven", "healthy", "a remedy", "a remedy is held back", "a probe passed", "a probe failed"}) {
        EXPECT_THAT(drawn, HasSubstr(">" + std::string{words} + "</text>"));
    }
    EXPECT_THAT(drawn, HasSubstr(" class=\"title\">shop.yaml, &lt;monday&gt;.yaml</text>"));
    EXPECT_THAT(drawn, HasSubstr("<title>shop.yaml, &lt;monday&gt;.yaml: 2 lanes over 30s</title>"));
}

TEST(Svg, goes_on_with_its_legend_on_another_row) {
    Lane lane;
    for (const Mark::Kind kind :
         {Mark::Kind::remedy, Mark::Kind::failure, Mark::Kind::alert, Mark::Kind::person, Mark::Kind::engine}) {
        lane.marks.push_back({Instant{1s}, kind, "m", "m"});
    }
    lane.probes = {
        {Instant{1s}, Outcome::passed, {}}, {Instant{2s}, Outcome::failed, {}}, {Instant{3s}, Outcome::error, {}}};
    const std::string drawn = svg_of({lane}, Instant{11s}, {});
    EXPECT_THAT(drawn, HasSubstr("<text x=\"68\" y=\"102\">a remedy</text>"));
    EXPECT_THAT(drawn, HasSubstr("<text x=\"68\" y=\"122\">a probe could not be asked</text>"));
}

TEST(Svg, has_a_fill_of_its_own_for_every_shade) {
    const std::string drawn = svg_of({}, Instant{}, {});
    std::set<std::string> fills;
    for (const Shade shade :
         {Shade::waiting, Shade::starting, Shade::running, Shade::unproven, Shade::healthy, Shade::unhealthy,
          Shade::unknown, Shade::stopping, Shade::backoff, Shade::stopped, Shade::completed}) {
        const std::string rule = "." + std::string{to_string(shade)} + " { fill: ";
        const std::size_t at = drawn.find(rule);
        ASSERT_NE(at, std::string::npos) << rule;
        fills.insert(drawn.substr(at + rule.size(), drawn.find(';', at) - at - rule.size()));
    }
    EXPECT_EQ(fills.size(), 11U);
}

TEST(Svg, escapes_what_would_be_markup) {
    Lane lane;
    lane.name = "a<b";
    lane.marks.push_back({Instant{1s}, Mark::Kind::alert, "notify", "</title><script>\"&\x1b"});
    const std::string drawn = svg_of({lane}, Instant{10s}, "a & b");
    EXPECT_THAT(drawn, HasSubstr(">a&lt;b</text>"));
    EXPECT_THAT(drawn, HasSubstr("&lt;/title&gt;&lt;script&gt;&quot;&amp;?"));
    EXPECT_THAT(drawn, Not(HasSubstr("<script")));
}

TEST(Svg, draws_probes_that_would_touch_as_one_tick) {
    Lane lane;
    for (int second = 0; second < 100'000; ++second)
        lane.probes.push_back({Instant{std::chrono::seconds{second}}, {}, {}});
    const std::string drawn = svg_of({lane}, Instant{100'000s}, {});
    EXPECT_LT(drawn.size(), 30'000U);
    EXPECT_THAT(drawn, HasSubstr("100000 probes passed from 0s to 27h46m39s"));
}

TEST(Svg, of_nothing_is_a_picture_all_the_same) {
    EXPECT_THAT(svg_of({}, Instant{}, {}), ::testing::StartsWith("<svg "));
}

}  // namespace
}  // namespace keepwell::simulation
