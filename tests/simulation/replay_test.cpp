// What is recorded is decided again; and what is not is said to be so.
#include <gtest/gtest.h>

#include "simulation/replay/moment.hpp"
#include "simulation/replay/replay.hpp"

#include <algorithm>
#include <functional>

#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"
#include "support/folder.hpp"
#include "support/policies.hpp"
#include "support/replaying.hpp"

namespace keepwell::testing {
namespace {

using simulation::Answer;
using simulation::House;

Policy recorded(Policy policy) {
    policy.record = true;
    return policy;
}

/// A web service that crashes once and turns sick once, behind a database.
Policy shop() {
    return recorded(policy_of(
        {Service{"db"}.probed(2s, 3), Service{"web"}.probed(1s, 2).after(0, DependencyCondition::service_healthy)}));
}

void play(House& house) {
    house.probes.answers(
        "web", {{Answer::pass(), 3}, {Answer::fail()}, {Answer::pass()}, {Answer::fail(), 2}, {Answer::pass()}});
    house.begin();
    house.run_until(5s);
    house.processes.end("db", {ExitStatus::Kind::signal, 9, {}});
    house.run_until(1min);
    house.supervisor->post(event::Operated{event::Verb::restart, 1, "ann"});
    house.run_until(2min);
}

TEST(Replay, a_recorded_run_is_decided_again) {
    House house{shop()};
    play(house);
    house.supervisor->post(event::Shutdown{});
    house.run_until(3min);
    house.supervisor->end();
    const auto runs = replay(house.journal.records);
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(mismatch(runs[0]), "");
    EXPECT_EQ(runs[0].assumed, 0u);
    EXPECT_GT(runs[0].decisions, 30u);
    EXPECT_GT(runs[0].probes, 150u);
    EXPECT_EQ(runs[0].strangers, 0u);
}

/// The shop with another schedule, another web and a cache beside them; of web there are two.
Policy grown_shop() {
    Policy policy = recorded(policy_of(
        {Service{"db"}.probed(3s, 3),
         Service{"web"}.probed(1s, 2).replicas(2).after(0, DependencyCondition::service_healthy), Service{"cache"}}));
    policy.version = "p2";
    for (ServiceSpec& service : policy.services) service.version = "v2";
    for (TargetSpec& target : policy.targets) target.version = "2";
    return policy;
}

TEST(Replay, a_run_with_reloads_in_it_is_decided_again) {
    Policy first = shop();
    for (TargetSpec& target : first.targets) target.version = "1";
    for (const bool record : {true, false}) {
        Policy then = grown_shop();
        first.record = then.record = record;
        House house{first};
        play(house);
        EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(then), "ann"), "");
        house.run_until(3min);
        EXPECT_EQ(house.processes.alive("cache"), 1u);
        house.processes.end("cache", {ExitStatus::Kind::code, 1, {}});
        house.run_until(4min);
        EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(first), "ann"), "");
        house.run_until(6min);
        EXPECT_EQ(house.processes.alive("cache"), 0u);
        const auto runs = replay(house.journal.records);
        ASSERT_EQ(runs.size(), 1u);
        EXPECT_EQ(mismatch(runs[0]), "");
        EXPECT_EQ(runs[0].strangers, 0u);
        EXPECT_EQ(runs[0].verified_to, house.journal.records.back().seq);
    }
}

/// The shop, reloaded after two minutes with the grown shop; both are cited by their files.
struct ReloadedShop {
    Policy first = shop();
    Policy then = grown_shop();

    ReloadedShop() {
        first.files = {"old.yaml"};
        then.files = {"new.yaml"};
        for (TargetSpec& target : first.targets) target.version = "1";
        for (ServiceSpec& service : first.services) service.origin = service.restart.origin = {0, 7};
        for (ServiceSpec& service : then.services) service.origin = service.restart.origin = {0, 9};
    }

    std::vector<journal::Record> records() const {
        House house{first};
        play(house);
        EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(then), "ann"), "");
        house.run_until(3min);
        house.processes.end("cache", {ExitStatus::Kind::code, 1, {}});
        house.run_until(5min);
        return house.journal.records;
    }
};

std::vector<std::string> lines_of(const std::vector<simulation::Change>& changes, simulation::Change::Kind kind) {
    std::vector<std::string> lines;
    for (const simulation::Change& one : changes) {
        if (one.kind == kind) lines.push_back(one.deed.target + " " + one.deed.words + " (" + one.deed.place + ")");
    }
    return lines;
}

TEST(Replay, the_policy_that_a_run_began_with_is_another_one_after_a_reload) {
    const ReloadedShop shop;
    const auto runs = replay(shop.records(), &shop.first);
    EXPECT_EQ(mismatch(runs[0]), "");
    ASSERT_EQ(runs[0].reloads.size(), 1u);
    EXPECT_EQ(runs[0].reloads[0].policy_version, "p2");
    EXPECT_EQ(runs[0].reloads[0].files, std::vector<std::string>{"new.yaml"});
    ASSERT_TRUE(runs[0].comparison);
    EXPECT_FALSE(runs[0].comparison->same_policy);
    EXPECT_EQ(runs[0].comparison->not_in_policy, (std::vector<std::string>{"cache", "web.1", "web.2"}));
    for (const simulation::Change& one : runs[0].comparison->changes) {  // until the reload all was decided by it
        if (one.deed.at >= Instant{2min}) continue;
        EXPECT_EQ(one.kind, simulation::Change::Kind::same) << one.deed.words;
    }
    EXPECT_EQ(lines_of(runs[0].comparison->changes, simulation::Change::Kind::missing),
              std::vector<std::string>{"db restart, because its entry in the policy has changed (new.yaml:9)"});
}

TEST(Replay, what_a_reload_brought_is_compared_from_then_on) {
    const ReloadedShop shop;
    const auto runs = replay(shop.records(), &shop.then);
    ASSERT_TRUE(runs[0].comparison);
    EXPECT_FALSE(runs[0].comparison->same_policy);
    EXPECT_EQ(runs[0].comparison->not_in_record, std::vector<std::string>{});
    std::size_t of_cache = 0;
    for (const simulation::Change& one : runs[0].comparison->changes) {
        if (one.deed.target != "cache") continue;
        ++of_cache;
        EXPECT_EQ(one.kind, simulation::Change::Kind::same) << one.deed.words;
        EXPECT_EQ(one.deed.place, "new.yaml:9");
    }
    EXPECT_GE(of_cache, 1u);
}

TEST(Replay, a_reload_that_changes_nothing_leaves_the_policy_that_of_the_run) {
    const Policy policy = shop();
    House house{policy};
    play(house);
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(policy), "ann"), "");
    house.run_until(3min);
    const auto runs = replay(house.journal.records, &policy);
    EXPECT_TRUE(runs[0].reloads.empty());
    ASSERT_TRUE(runs[0].comparison);
    EXPECT_TRUE(runs[0].comparison->same_policy);
}

TEST(Replay, a_journal_without_passes_is_decided_again_with_passes_that_are_assumed) {
    Policy policy = shop();
    policy.record = false;
    House house{policy};
    play(house);
    const auto runs = replay(house.journal.records);
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(mismatch(runs[0]), "");
    EXPECT_GT(runs[0].assumed, 50u);
}

/// Bytes on disk for each answer of a healthy house.
double bytes_a_probe(std::uint32_t targets, Duration interval, Duration length) {
    House house{recorded(policy_of({Service{"shop-api"}.probed(interval, 3).replicas(targets)}))};
    for (const TargetSpec& target : house.supervisor->engine().policy().targets) {
        house.probes.answers(target.name, {{Answer::pass(Duration{1234567 + target.slot * 7919})}});
    }
    house.begin();
    house.run_until(2 * interval);
    const std::size_t before = house.journal.records.size();
    house.run_until(length);
    house.supervisor->end();
    std::size_t bytes = 0;
    std::uint64_t outcomes = 0;
    for (std::size_t i = before; i < house.journal.records.size(); ++i) {
        bytes += journal::encode(house.journal.records[i]).size() + 1;
        const auto* probes = std::get_if<journal::Probes>(&house.journal.records[i].body);
        if (probes) outcomes += probes->outcomes;
    }
    return static_cast<double>(bytes) / static_cast<double>(outcomes);
}

TEST(Replay, a_steady_probe_costs_at_most_24_bytes_on_disk) {
    EXPECT_LE(bytes_a_probe(1, 30s, 5h), 24);
    EXPECT_LE(bytes_a_probe(20, 1s, 1h), 24);
    EXPECT_LE(bytes_a_probe(200, 10s, 1h), 24);
    RecordProperty("one_at_30s", std::to_string(bytes_a_probe(1, 30s, 5h)));
    RecordProperty("twenty_at_1s", std::to_string(bytes_a_probe(20, 1s, 1h)));
    RecordProperty("two_hundred_at_10s", std::to_string(bytes_a_probe(200, 10s, 1h)));
}

TEST(Replay, another_decision_is_shown_with_what_led_to_it) {
    House house{shop()};
    play(house);
    auto records = house.journal.records;
    for (journal::Record& record : records) {  // an engine that thought one failure less is enough
        if (auto* rules = std::get_if<journal::ServiceRules>(&record.body)) rules->spec.healthcheck->retries = 3;
    }
    const auto runs = replay(records);
    ASSERT_TRUE(runs[0].difference);
    const simulation::Difference& found = *runs[0].difference;
    EXPECT_EQ(found.target, "web");
    EXPECT_NE(found.cause.find("input.probe_finished of web"), std::string::npos) << found.cause;
    EXPECT_NE(found.expected.find(R"("retries":2)"), std::string::npos) << found.expected;
    EXPECT_NE(found.actual.find(R"("retries":3)"), std::string::npos) << found.actual;
    EXPECT_GT(found.seq, 0u);
}

/// A journal whose rules are no longer those that were followed.
std::vector<journal::Record> with_other_rules(std::vector<journal::Record> records,
                                              const std::function<void(ServiceSpec&)>& change) {
    for (journal::Record& record : records) {
        if (auto* rules = std::get_if<journal::ServiceRules>(&record.body)) change(rules->spec);
    }
    return records;
}

TEST(Replay, what_a_pass_that_was_not_kept_may_explain_is_a_doubt_and_no_difference) {
    Policy policy = shop();
    policy.record = false;
    House house{policy};
    play(house);
    const auto runs =
        replay(with_other_rules(house.journal.records, [](ServiceSpec& spec) { spec.healthcheck->retries = 3; }));
    ASSERT_TRUE(runs[0].in_doubt());
    EXPECT_FALSE(runs[0].differs());
    EXPECT_EQ(runs[0].difference->target, "web");
    EXPECT_GT(runs[0].verified_to, runs[0].first_seq);
    EXPECT_LT(runs[0].verified_to, runs[0].difference->seq);
    EXPECT_GT(runs[0].decisions, 0u);
}

TEST(Replay, where_nobody_is_asked_there_is_no_doubt) {
    House house{policy_of({Service{"job"}.restart(RestartCondition::any, 1s)})};
    house.begin();
    house.run_until(5s);
    house.processes.end("job", {ExitStatus::Kind::code, 1, {}});
    house.run_until(1min);
    EXPECT_EQ(mismatch(replay(house.journal.records)[0]), "");
    const auto runs =
        replay(with_other_rules(house.journal.records, [](ServiceSpec& spec) { spec.restart.delay = 2s; }));
    EXPECT_TRUE(runs[0].differs());
}

TEST(Replay, the_policy_of_the_run_changes_nothing) {
    const Policy policy = shop();
    House house{policy};
    play(house);
    const auto runs = replay(house.journal.records, &policy);
    ASSERT_TRUE(runs[0].comparison);
    EXPECT_TRUE(runs[0].comparison->same_policy);
    EXPECT_FALSE(runs[0].comparison->changes.empty());
    for (const simulation::Change& change : runs[0].comparison->changes) {
        EXPECT_EQ(change.kind, simulation::Change::Kind::same);
    }
    EXPECT_EQ(mismatch(runs[0]), "");
}

/// A container that turns sick, and how it answers after one replacement and the next.
std::vector<simulation::Change> changes_of_replacements(ReplaceOrder order,
                                                        std::vector<simulation::Timeline> after_each) {
    Policy policy = recorded(policy_of(
        {Service{"cache"}.owned().probed(1s, 2).ladder({ReplaceRung{order}}).restart(RestartCondition::any, 1s)}));
    ContainerSpec container;
    container.name = "cache";
    policy.targets[0].container = std::make_shared<const ContainerSpec>(container);
    simulation::Script script;
    script.targets["cache"].probes = {{Answer::pass(), 5, {}}, {Answer::fail(), 1, {}}};
    script.targets["cache"].after[Remedy::replace] = std::move(after_each);
    House house{policy};
    const simulation::Player player{house, script};
    house.begin();
    house.run_until(5min);
    Policy alike = policy;
    alike.version = "other";
    const auto runs = replay(house.journal.records, &alike);
    EXPECT_EQ(mismatch(runs[0]), "");
    EXPECT_FALSE(runs[0].comparison->same_policy);
    return runs[0].comparison->changes;
}

TEST(Replay, what_comes_back_when_its_replacement_fails_goes_on_under_another_policy_as_it_did) {
    const simulation::Timeline sick{{Answer::fail(), 1, {}}};
    const simulation::Timeline well{{Answer::pass(), 1, {}}};
    const std::vector<std::vector<simulation::Timeline>> courses{{}, {sick, well}, {sick, sick, well}};
    for (const ReplaceOrder order : {ReplaceOrder::stop_first, ReplaceOrder::start_first}) {
        for (const auto& course : courses) {
            const auto changes = changes_of_replacements(order, course);
            EXPECT_GT(changes.size(), 1u);
            for (const simulation::Change& change : changes) {
                EXPECT_EQ(change.kind, simulation::Change::Kind::same) << change.deed.words;
            }
        }
    }
}

TEST(Replay, another_probe_schedule_is_a_difference_though_nothing_else_is_decided) {
    House house{recorded(policy_of({Service{"api"}.probed(1s, 3)}))};
    house.begin();
    house.run_until(1min);
    house.supervisor->end();
    auto records = house.journal.records;
    for (journal::Record& record : records) {
        if (auto* rules = std::get_if<journal::ServiceRules>(&record.body)) rules->spec.healthcheck->interval = 1100ms;
    }
    const auto runs = replay(records);
    ASSERT_TRUE(runs[0].difference);
    EXPECT_EQ(runs[0].difference->target, "");
}

TEST(Replay, a_run_whose_beginning_is_gone_is_not_verified_and_said_to_be_so) {
    House house{shop()};
    play(house);
    auto records = house.journal.records;
    for (std::size_t i = 0; i < 6; ++i) records[i].repeated = true;
    const auto runs = replay(records);
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(mismatch(runs[0]),
              "not verified: its beginning is no longer in the journal, and the state of its timers with it");
    EXPECT_EQ(runs[0].verified_to, 0u);
    EXPECT_EQ(runs[0].last_seq, records.back().seq);
}

TEST(Replay, a_journal_that_begins_within_a_run_says_so_and_the_next_run_is_decided_again) {
    House house{shop()};
    play(house);
    house.supervisor->post(event::Shutdown{});
    house.run_until(3min);
    house.supervisor->end();
    auto records = house.journal.records;
    const std::size_t length = records.size();
    for (std::size_t i = 0; i < length; ++i) records.push_back(records[i]);
    for (std::size_t i = 0; i < records.size(); ++i) records[i].seq = i + 1;
    records.erase(records.begin(), records.begin() + 20);
    const auto runs = replay(records);
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(mismatch(runs[0]), "not verified: which run this is, is not in the journal");
    EXPECT_EQ(runs[0].last_seq, length);
    EXPECT_EQ(mismatch(runs[1]), "");
    EXPECT_EQ(runs[1].first_seq, length + 1);
    EXPECT_EQ(runs[1].verified_to, 2 * length);
}

TEST(Replay, what_follows_a_loss_is_not_verified_though_states_are_said_again_after_it) {
    House house{shop()};
    play(house);
    auto records = house.journal.records;
    const auto state = std::find_if(records.begin() + 41, records.end(), [](const journal::Record& record) {
        return std::holds_alternative<journal::State>(record.body);
    });
    state->repeated = true;
    const std::string seq = std::to_string(state->seq);
    records.erase(records.begin() + 40, state);
    const auto runs = replay(records);
    EXPECT_EQ(mismatch(runs[0]), "not verified: the records before " + seq + " are missing or could not be read");
    EXPECT_EQ(runs[0].verified_to, 40u);
}

TEST(Replay, what_follows_a_gap_is_not_verified_and_said_to_be_so) {
    House house{shop()};
    play(house);
    auto records = house.journal.records;
    records.erase(records.begin() + 40);
    const auto runs = replay(records);
    EXPECT_EQ(mismatch(runs[0]), "not verified: the records before 42 are missing or could not be read");
    EXPECT_EQ(runs[0].verified_to, 40u);
    EXPECT_GT(runs[0].decisions, 0u);
    EXPECT_FALSE(runs[0].difference);
}

/// A keepwell of half a minute, which ends or is killed, and another one from the first minute to the second.
std::vector<journal::Record> two_runs(bool killed) {
    House first{shop()};
    first.begin();
    first.run_until(20s);
    if (!killed) first.supervisor->post(event::Shutdown{});
    first.run_until(30s);
    if (!killed) first.supervisor->end();
    House second{shop()};
    second.run_until(1min);
    second.begin();
    second.run_until(2min);
    auto records = first.journal.records;
    for (journal::Record& record : second.journal.records) {
        records.push_back(record);
        records.back().seq = records.size();
    }
    return records;
}

simulation::PastMoment moment_at(const std::vector<journal::Record>& records, WallTime time) {
    const Folder folder;
    std::string lines;
    for (const journal::Record& record : records) lines += journal::encode(record) + "\n";
    put_content(folder / "00000001.jsonl", lines);
    simulation::MomentWanted wanted;
    wanted.time = time;
    auto moment = simulation::moment_of(folder.path(), wanted, simulation::KeptAnswers{});
    if (!moment) throw std::runtime_error(moment.error());
    return std::move(*moment);
}

TEST(Moment, between_two_runs_is_said_to_be_so) {
    for (const bool killed : {true, false}) {
        const auto records = two_runs(killed);
        const auto second = std::find_if(records.begin() + 1, records.end(), [](const journal::Record& record) {
            return std::holds_alternative<journal::RunStarted>(record.body);
        });
        ASSERT_NE(second, records.end());
        const journal::Record& last = *(second - 1);
        const auto between = moment_at(records, second->time - 5s).between_runs;
        ASSERT_TRUE(between);
        EXPECT_EQ(between->ended, !killed);
        EXPECT_EQ(between->last, last.time);
        EXPECT_EQ(between->next, second->time);
        EXPECT_FALSE(moment_at(records, last.time - 3s).between_runs);
        EXPECT_FALSE(moment_at(records, second->time).between_runs);
        EXPECT_FALSE(moment_at(records, records.back().time + 1min).between_runs);
    }
}

/// Everything but the rules, so that there is something to follow.
std::size_t first_input(const std::vector<journal::Record>& records) {
    const auto found = std::find_if(records.begin(), records.end(), [](const journal::Record& record) {
        return std::holds_alternative<journal::Input>(record.body);
    });
    return static_cast<std::size_t>(found - records.begin());
}

TEST(Replay, a_crash_between_any_two_records_makes_no_difference) {
    for (const bool record : {true, false}) {
        Policy policy = shop();
        policy.record = record;
        House house{policy};
        play(house);
        const auto all = as_read(house.journal.records);
        for (std::size_t count = first_input(all) + 1; count <= all.size(); ++count) {
            const auto runs = replay_read({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)});
            ASSERT_EQ(mismatch(runs.at(0)), "") << count;
            EXPECT_GT(runs[0].verified_to, 0u);
        }
    }
}

TEST(Replay, any_record_that_is_lost_makes_no_difference) {
    House house{shop()};
    play(house);
    const auto all = as_read(house.journal.records);
    for (std::size_t lost = first_input(all); lost + 1 < all.size(); ++lost) {
        auto rest = all;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
        const auto runs = replay_read(rest);
        ASSERT_FALSE(runs.at(0).difference) << mismatch(runs[0]);
        EXPECT_EQ(runs[0].not_verified,
                  "the records before " + std::to_string(all[lost + 1].seq) + " are missing or could not be read");
        EXPECT_LT(runs[0].verified_to, all[lost].seq);
    }
}

TEST(Replay, without_rules_in_the_journal_a_policy_of_that_version_serves) {
    const Policy policy = shop();
    House house{policy};
    play(house);
    auto records = house.journal.records;
    std::erase_if(records, [](const journal::Record& record) {
        return std::holds_alternative<journal::HostRules>(record.body) ||
               std::holds_alternative<journal::ServiceRules>(record.body);
    });
    for (std::size_t i = 0; i < records.size(); ++i) records[i].seq = i + 1;
    EXPECT_EQ(mismatch(replay(records)[0]),
              "not verified: its policy (version p1) is not in the journal; give it with --policy");
    EXPECT_EQ(replay(records, &policy)[0].not_verified, "");
}

}  // namespace
}  // namespace keepwell::testing
