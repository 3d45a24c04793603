// Faults by lot, and what becomes of them: the draw by itself, the arithmetic of an outcome on stories made by hand,
// and two policies against the same faults.
#include "simulation/chaos/chaos.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "policy/load.hpp"
#include "policy/memory_environment.hpp"
#include "simulation/chaos/outcome.hpp"
#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"

namespace keepwell::simulation {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Duration day = 24h;

/// One line a fault.
std::string text_of(const std::vector<Fault>& faults, const std::string& target = {}) {
    std::string text;
    for (const Fault& one : faults) {
        if (!target.empty() && one.target != target) continue;
        text += keepwell::to_string(one.at.time_since_epoch()) + " " + one.target + " " +
                std::string{to_string(one.kind)} + " " + keepwell::to_string(one.lasts) + "\n";
    }
    return text;
}

std::size_t count_of(const Lot& lot, Fault::Kind kind) {
    return static_cast<std::size_t>(std::ranges::count(lot.faults, kind, &Fault::kind));
}

TEST(Chaos, one_seed_draws_the_same_faults_and_another_seed_others) {
    Chaos chaos;
    chaos.seed = 7;
    const std::string first = text_of(draw(chaos, {"api", "db"}).faults);
    EXPECT_EQ(first, text_of(draw(chaos, {"api", "db"}).faults));
    chaos.seed = 8;
    EXPECT_NE(first, text_of(draw(chaos, {"api", "db"}).faults));
}

TEST(Chaos, is_the_same_on_every_compiler) {
    Chaos chaos;
    chaos.length = 20 * day;
    // As another program draws them, in another language, with the same generator.
    EXPECT_EQ(text_of(draw(chaos, {"api"}).faults),
              "48h31m16.802s api crash 0s\n"
              "150h43m5.579s api outage 1m38.727s\n"
              "224h6m35.148s api outage 19m27.532s\n"
              "314h34m25.216s api hang 0s\n"
              "399h59m0.862s api hang 0s\n"
              "459h38m9.276s  engine restart 57.137s\n"
              "466h43m46.786s api hang 0s\n"
              "469h30m15.395s api crash 0s\n");
}

TEST(Chaos, of_one_target_does_not_depend_on_the_others) {
    const Chaos chaos;
    EXPECT_EQ(text_of(draw(chaos, {"api", "db", "web"}).faults, "db"), text_of(draw(chaos, {"db"}).faults, "db"));
}

TEST(Chaos, of_one_kind_does_not_depend_on_the_rate_of_another) {
    Chaos chaos;
    chaos.hangs = chaos.outages = chaos.engine_restarts = Duration{0};
    const std::size_t crashes = count_of(draw(chaos, {"api"}), Fault::Kind::crash);
    EXPECT_EQ(count_of(draw(Chaos{}, {"api"}), Fault::Kind::crash), crashes);
}

TEST(Chaos, comes_about_as_often_as_it_was_asked_for) {
    Chaos chaos;
    chaos.length = 10'000 * day;
    chaos.crashes = 10 * day;
    const std::size_t crashes = count_of(draw(chaos, {"api"}), Fault::Kind::crash);
    EXPECT_GT(crashes, 900U);  // a thousand, give or take three times its root
    EXPECT_LT(crashes, 1100U);
}

TEST(Chaos, without_a_rate_never_comes) {
    Chaos chaos;
    chaos.crashes = chaos.hangs = chaos.outages = chaos.engine_restarts = Duration{0};
    chaos.slow_starts = 0;
    const Lot lot = draw(chaos, {"api"});
    EXPECT_TRUE(lot.faults.empty());
    EXPECT_TRUE(std::ranges::all_of(lot.starts.at("api"), [](Duration takes) { return takes == Duration{0}; }));
}

// ---- what becomes of it -------------------------------------------------------------------------------------------

Policy policy_of(const std::string& text) {
    const policy::Memory memory{{{"/p/policy.yaml", text}}, {}};
    const policy::Loaded loaded = policy::load({"policy.yaml"}, memory.environment());
    for (const policy::Diagnostic& one : loaded.diagnostics) ADD_FAILURE() << policy::render(one);
    return loaded.policy.value_or(Policy{});
}

const char* const api = R"(
services:
  api:
    command: api
    healthcheck: {http: "http://127.0.0.1/", interval: 10s, timeout: 1s, retries: 2}
    on_unhealthy: [restart]
    deploy: {restart_policy: {delay: 2s}}
)";

/// The outcome of faults that are made by hand, over an hour.
ChaosOutcome outcome_after(const std::vector<Fault>& faults, const std::string& policy = api) {
    Lot lot;
    lot.faults = faults;
    lot.starts["api"] = {Duration{0}, Duration{0}};
    return outcome_of(policy_of(policy), lot, 1h);
}

TEST(ChaosOutcome, of_a_world_that_is_well_is_full_availability) {
    const ChaosOutcome outcome = outcome_after({});
    EXPECT_EQ(outcome.availability(), 100'000);
    EXPECT_EQ(outcome.noticed + outcome.unnoticed, 0U);
}

TEST(ChaosOutcome, of_a_crash_is_the_time_until_its_successor_is_healthy) {
    // Started again after 2s, and proven by its first probe, an interval later.
    const ChaosOutcome outcome =
        outcome_after({{Fault::Kind::crash, Instant{10min}, "api", {}, {ExitStatus::Kind::code, 1, {}}}});
    EXPECT_THAT(outcome.to_notice.all, ElementsAre(0s));
    EXPECT_THAT(outcome.to_heal.all, ElementsAre(12s));
    EXPECT_EQ(outcome.targets[0].down, 12s);
    EXPECT_THAT(outcome.remedies, ElementsAre(Pair("restart, because it ended by itself", 1U)));
}

TEST(ChaosOutcome, of_a_hang_is_noticed_by_its_probes_and_healed_by_a_step) {
    const ChaosOutcome outcome = outcome_after({{Fault::Kind::hang, Instant{10min + 5s}, "api", {}, {}}});
    ASSERT_EQ(outcome.to_notice.all.size(), 1U);
    EXPECT_GE(outcome.to_notice.all[0], 12s);  // two probes that time out, and the wait for the first of them
    EXPECT_LE(outcome.to_notice.all[0], 22s);
    EXPECT_EQ(outcome.to_heal.all[0], outcome.to_notice.all[0] + 12s);
    EXPECT_EQ(outcome.targets[0].down, outcome.to_heal.all[0]);
    EXPECT_THAT(outcome.remedies, ElementsAre(Pair("restart (step 1)", 1U)));
}

TEST(ChaosOutcome, of_an_outage_lasts_as_long_as_it_whatever_is_done) {
    const ChaosOutcome outcome = outcome_after({{Fault::Kind::outage, Instant{10min}, "api", 5min, {}}});
    ASSERT_EQ(outcome.to_heal.all.size(), 1U);
    EXPECT_GE(outcome.to_heal.all[0], 5min);
    EXPECT_GE(outcome.remedies.at("restart (step 1)"), 2U);
}

TEST(ChaosOutcome, counts_an_outage_that_nobody_saw_with_its_length) {
    const ChaosOutcome outcome = outcome_after({{Fault::Kind::outage, Instant{10min + 3s}, "api", 2s, {}}});
    EXPECT_EQ(outcome.unnoticed, 1U);
    EXPECT_EQ(outcome.noticed, 0U);
    EXPECT_EQ(outcome.targets[0].down, 2s);
}

TEST(ChaosOutcome, of_a_fault_on_what_is_not_well_anyway_is_told_apart) {
    const Fault crash{Fault::Kind::crash, Instant{10min}, "api", {}, {ExitStatus::Kind::signal, SIGSEGV, {}}};
    Fault second = crash;
    second.at += 1s;
    const ChaosOutcome outcome = outcome_after({crash, second});
    EXPECT_EQ(outcome.noticed, 1U);
    EXPECT_EQ(outcome.in_vain, 1U);
}

TEST(ChaosOutcome, of_what_is_never_started_again_is_a_fault_that_is_not_healed) {
    const std::string once = R"(
services:
  api: {command: api, deploy: {restart_policy: {condition: none}}}
)";
    const ChaosOutcome outcome =
        outcome_after({{Fault::Kind::crash, Instant{45min}, "api", {}, {ExitStatus::Kind::code, 1, {}}}}, once);
    EXPECT_EQ(outcome.unhealed, 1U);
    EXPECT_EQ(outcome.availability(), 75'000);
}

TEST(ChaosOutcome, of_a_hang_that_no_probe_looks_for_is_never_noticed) {
    const ChaosOutcome outcome =
        outcome_after({{Fault::Kind::hang, Instant{30min}, "api", {}, {}}}, "services: {api: {command: api}}\n");
    EXPECT_EQ(outcome.unnoticed, 1U);
    EXPECT_EQ(outcome.availability(), 50'000);
}

TEST(ChaosOutcome, of_a_crash_after_a_hang_that_nobody_saw_is_the_crash_alone) {
    const Fault hang{Fault::Kind::hang, Instant{10min}, "api", {}, {}};
    const Fault crash{Fault::Kind::crash, Instant{30min}, "api", {}, {ExitStatus::Kind::code, 1, {}}};
    const ChaosOutcome outcome = outcome_after({hang, crash}, "services: {api: {command: api}}\n");
    EXPECT_FALSE(outcome.targets[0].asked);
    EXPECT_EQ(outcome.targets[0].hangs, 1U);
    EXPECT_EQ(outcome.unnoticed, 1U);
    EXPECT_EQ(outcome.noticed, 1U);
    EXPECT_EQ(outcome.in_vain, 0U);
    EXPECT_THAT(outcome.to_notice.all, ElementsAre(0s));
    EXPECT_THAT(outcome.to_heal.all, ElementsAre(5s));
    EXPECT_EQ(outcome.targets[0].down, 20min + 5s);
}

TEST(ChaosOutcome, counts_the_starts_that_were_slow_where_somebody_asks) {
    Lot lot;
    lot.faults = {{Fault::Kind::crash, Instant{10min}, "api", {}, {ExitStatus::Kind::code, 1, {}}}};
    lot.starts["api"] = {15s, 30s, 60s, Duration{0}};
    EXPECT_EQ(outcome_of(policy_of(api), lot, 1h).drawn.slow_starts, 3U);  // the second one is healed by the third
    EXPECT_EQ(outcome_of(policy_of("services: {api: {command: api}}\n"), lot, 1h).drawn.slow_starts, 0U);
}

TEST(ChaosOutcome, counts_the_faults_of_its_own_targets_whatever_was_drawn_for_others) {
    const Lot alone = draw(Chaos{}, {"api"});
    const Lot beside = draw(Chaos{}, {"api", "db", "web"});
    const DrawnFaults one = outcome_of(policy_of(api), alone, Chaos{}.length).drawn;
    const DrawnFaults same = outcome_of(policy_of(api), beside, Chaos{}.length).drawn;
    EXPECT_GT(one.crashes + one.hangs, 0U);
    EXPECT_EQ(one.crashes, same.crashes);
    EXPECT_EQ(one.hangs, same.hangs);
    EXPECT_EQ(one.outages, same.outages);
    EXPECT_EQ(one.slow_starts, same.slow_starts);
}

TEST(ChaosOutcome, of_one_seed_is_the_same_on_every_compiler) {
    Chaos chaos;
    chaos.seed = 7;
    const ChaosOutcome outcome = outcome_of(policy_of(api), draw(chaos, {"api"}), chaos.length);
    EXPECT_EQ(outcome.availability(), 99'995);
    EXPECT_EQ(outcome.noticed, 5U);
    EXPECT_EQ(outcome.drawn.slow_starts, 1U);
    EXPECT_EQ(outcome.to_heal.percentile(99), 46'162ms);
    EXPECT_EQ(outcome.targets[0].down, 112'648ms);
    EXPECT_THAT(outcome.remedies,
                ElementsAre(Pair("restart (step 1)", 3U), Pair("restart, because it ended by itself", 3U)));
}

TEST(ChaosOutcome, of_the_same_faults_shows_which_policy_is_better) {
    const std::vector<std::string> targets{"api"};
    Chaos chaos;
    chaos.length = 7 * day;
    chaos.hangs = day;
    const Lot lot = draw(chaos, targets);
    std::string slow = api;
    slow.replace(slow.find("interval: 10s"), 13, "interval: 60s");
    const ChaosOutcome quick_one = outcome_of(policy_of(api), lot, chaos.length);
    const ChaosOutcome slow_one = outcome_of(policy_of(slow), lot, chaos.length);
    EXPECT_EQ(quick_one.targets[0].faults, slow_one.targets[0].faults);
    EXPECT_GT(quick_one.availability(), slow_one.availability());
    EXPECT_LT(quick_one.to_heal.percentile(50), slow_one.to_heal.percentile(50));
}

TEST(Lengths, have_percentiles_by_rank) {
    EXPECT_EQ(Lengths{}.percentile(50), 0s);
    const Lengths four{{1s, 2s, 3s, 4s}};
    EXPECT_EQ(four.percentile(50), 2s);
    EXPECT_EQ(four.percentile(99), 4s);
}

}  // namespace
}  // namespace keepwell::simulation
