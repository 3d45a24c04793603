// The time line as a picture: a small story as lanes and as SVG, and texts that would break it.
#include "simulation/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "policy/load.hpp"
#include "policy/memory_environment.hpp"
#include "simulation/house.hpp"
#include "simulation/notation.hpp"
#include "simulation/player.hpp"

namespace keepwell::simulation {
namespace {

using testing::HasSubstr;
using testing::Not;

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
    const std::string drawn = svg_of(lanes(), Instant{30s});
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << drawn;
    std::ostringstream kept;
    kept << std::ifstream{path}.rdbuf();
    EXPECT_EQ(drawn, kept.str()) << "to renew it: KEEPWELL_UPDATE_DOCS=1, and look at it";
}

TEST(Svg, escapes_what_would_be_markup) {
    Lane lane;
    lane.name = "a<b";
    lane.marks.push_back({Instant{1s}, Mark::Kind::alert, "notify", "</title><script>\"&\x1b"});
    const std::string drawn = svg_of({lane}, Instant{10s});
    EXPECT_THAT(drawn, HasSubstr(">a&lt;b</text>"));
    EXPECT_THAT(drawn, HasSubstr("&lt;/title&gt;&lt;script&gt;&quot;&amp;?"));
    EXPECT_THAT(drawn, Not(HasSubstr("<script")));
}

TEST(Svg, draws_probes_that_would_touch_as_one_tick) {
    Lane lane;
    for (int second = 0; second < 100'000; ++second)
        lane.probes.push_back({Instant{std::chrono::seconds{second}}, {}, {}});
    const std::string drawn = svg_of({lane}, Instant{100'000s});
    EXPECT_LT(drawn.size(), 30'000U);
    EXPECT_THAT(drawn, HasSubstr("100000 probes passed from 0s to 27h46m39s"));
}

TEST(Svg, of_nothing_is_a_picture_all_the_same) { EXPECT_THAT(svg_of({}, Instant{}), testing::StartsWith("<svg ")); }

}  // namespace
}  // namespace keepwell::simulation
