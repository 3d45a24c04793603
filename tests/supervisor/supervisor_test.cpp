// The loop: what is journaled and when, how the timer is armed, and that a restart of keepwell takes up where it was.
#include "supervisor/supervisor.hpp"

#include <gtest/gtest.h>

#include <map>

#include "simulation/world/house.hpp"
#include "support/journal_trace.hpp"
#include "support/policies.hpp"

namespace keepwell::testing {
namespace {

using simulation::Answer;
using simulation::House;

using Lines = std::vector<std::string>;

template <typename Body>
std::vector<Body> all_of(const House& house) {
    std::vector<Body> found;
    for (const journal::Record& record : house.journal.records) {
        if (const auto* body = std::get_if<Body>(&record.body)) found.push_back(*body);
    }
    return found;
}

/// Position of the first record of which `wanted` is true.
template <typename Wanted>
std::size_t position(const House& house, Wanted wanted) {
    for (std::size_t i = 0; i < house.journal.records.size(); ++i) {
        if (wanted(house.journal.records[i])) return i;
    }
    return house.journal.records.size();
}

/// What the journal of this house would hand to the next keepwell.
supervisor::Memories memories_of(const House& house) {
    supervisor::Memories memories;
    std::map<std::string, TargetMemory> last;
    for (const journal::State& state : all_of<journal::State>(house)) last[state.memory.target] = state.memory;
    for (auto& [name, memory] : last) memories.targets.push_back(memory);
    return memories;
}

/// Keepwell is killed, and the next one begins with `memories`.
void follow(House& house, const Policy& policy, supervisor::Memories memories, Duration until) {
    house.processes.forget();
    house.open(policy, std::move(memories));
    house.begin();
    house.run_until(until);
}

TEST(Supervisor, the_first_record_names_the_policy_and_a_state_of_every_target_follows) {
    House house{policy_of({Service{"db"}, Service{"api"}.after(0, DependencyCondition::service_healthy)})};
    house.begin();
    ASSERT_TRUE(std::holds_alternative<journal::RunStarted>(house.journal.records.front().body));
    const auto run = std::get<journal::RunStarted>(house.journal.records.front().body);
    EXPECT_EQ(run.policy_version, "p1");
    EXPECT_EQ(run.targets, 2u);
    EXPECT_GE(all_of<journal::State>(house).size(), 2u);
}

TEST(Supervisor, cause_and_decision_are_journaled_before_anything_is_done) {
    House house{policy_of({Service{"api"}})};
    std::size_t records_at_start = 0;
    house.begin();
    house.supervisor->subscribe([&](const journal::Record& record) {
        if (std::holds_alternative<journal::Asked>(record.body)) records_at_start = house.processes.started("api");
    });
    house.run_until(1s);
    house.processes.end("api", {ExitStatus::Kind::code, 1, {}});
    house.run_until(2s);
    EXPECT_EQ(records_at_start, 1u) << "the second start was journaled while only the first had happened";
    const auto is_exit = [](const journal::Record& record) {
        const auto* input = std::get_if<journal::Input>(&record.body);
        return input && std::holds_alternative<event::Exited>(input->event);
    };
    const auto is_incident = [](const journal::Record& record) {
        const auto* noted = std::get_if<journal::Noted>(&record.body);
        return noted && std::holds_alternative<fact::IncidentOpened>(noted->fact.body);
    };
    EXPECT_LT(position(house, is_exit), position(house, is_incident));
}

TEST(Supervisor, a_steady_pass_is_not_journaled_unless_record_asks_for_it) {
    for (const bool record : {false, true}) {
        Policy policy = policy_of({Service{"api"}.probed(1s, 3)});
        policy.record = record;
        House house{policy};
        house.begin();
        house.run_until(5s);
        const std::size_t before = house.journal.records.size();
        house.run_until(Duration{15500ms});
        house.supervisor->end();
        std::vector<std::uint64_t> outcomes;
        for (const journal::Probes& gathered : all_of<journal::Probes>(house)) outcomes.push_back(gathered.outcomes);
        using Outcomes = std::vector<std::uint64_t>;  // before the first one comes the look that asked it
        EXPECT_EQ(outcomes, record ? (Outcomes{0, 14}) : Outcomes{});
        EXPECT_EQ(house.journal.records.size() - before, record ? 2u : 1u) << "all of them in one, and the end";
    }
}

TEST(Supervisor, what_was_answered_is_journaled_before_a_decision_that_rests_on_it) {
    Policy policy = policy_of({Service{"api"}.probed(1s, 3)});
    policy.record = true;
    House house{policy};
    house.probes.answers("api", {{Answer::pass(), 2}, {Answer::fail()}});
    house.begin();
    house.run_until(4s);
    const auto gathered =
        position(house, [](const auto& record) { return std::holds_alternative<journal::Probes>(record.body); });
    const auto failed = position(house, [](const auto& record) {
        const auto* noted = std::get_if<journal::Noted>(&record.body);
        return noted && std::holds_alternative<fact::ProbeFailed>(noted->fact.body);
    });
    EXPECT_LT(gathered, failed);
    EXPECT_LT(failed, house.journal.records.size());
}

TEST(Supervisor, steady_passes_wait_ten_minutes_at_most) {
    Policy policy = policy_of({Service{"api"}.probed(30s, 3)});
    policy.record = true;
    House house{policy};
    house.begin();
    house.run_until(1min);
    const std::size_t before = all_of<journal::Probes>(house).size();
    house.run_until(10min);
    EXPECT_EQ(all_of<journal::Probes>(house).size(), before);
    house.run_until(12min);
    EXPECT_EQ(all_of<journal::Probes>(house).size(), before + 1);
}

TEST(Supervisor, timers_are_rounded_up_to_the_quantum_and_never_down) {
    Policy policy = policy_of({Service{"api"}.probed(Duration{1500us}, 3)});
    policy.quantum = 1ms;
    House house{policy};
    house.begin();
    house.run_until(Duration{1999us});
    EXPECT_EQ(house.probes.asked("api"), 0u);
    house.run_until(2ms);
    EXPECT_EQ(house.probes.asked("api"), 1u);
}

TEST(Supervisor, at_rest_it_arms_nothing) {
    House house{policy_of({Service{"api"}})};
    house.begin();
    house.run_until(1min);
    const std::size_t armed = house.clock.armings;
    house.run_until(24h);
    EXPECT_EQ(house.clock.armings, armed);
    EXPECT_EQ(house.loop.next(), never);
}

TEST(Supervisor, a_maintenance_window_opens_and_closes_by_the_wall_clock) {
    Policy policy = policy_of({Service{"api"}});
    policy.maintenance[0].push_back({std::chrono::hours{2}, std::chrono::hours{3}, 0x7f});
    House house{policy};
    house.begin();
    house.run_until(24h);
    Lines lines;
    for (const std::string& line : trace_of(house)) {
        if (line.find("maintenance") != std::string::npos) lines.push_back(line);
    }
    EXPECT_EQ(lines, (Lines{"2h0m0s api maintenance.began", "3h0m0s api maintenance.ended"}));
}

TEST(Supervisor, slot_1_is_the_same_target_whether_it_is_the_only_one_or_one_of_many) {
    House one{policy_of({Service{"api"}})};
    one.begin();
    one.run_until(1s);
    one.supervisor->post(event::Operated{event::Verb::stop, 0, "ann"});
    one.run_until(5s);
    House two{policy_of({Service{"api"}.replicas(2)}), memories_of(one)};
    two.begin();
    two.run_until(1s);
    EXPECT_EQ(two.supervisor->engine().target(0).phase, Phase::stopped);
    EXPECT_EQ(two.supervisor->engine().target(1).phase, Phase::running);
    House again{policy_of({Service{"api"}}), memories_of(two)};
    again.begin();
    again.run_until(1s);
    EXPECT_EQ(again.supervisor->engine().target(0).phase, Phase::stopped);
}

TEST(Supervisor, evidence_is_kept_before_a_remedy_ends_the_instance) {
    House house{policy_of({Service{"api"}.probed(1s, 2)})};
    house.probes.answers("api", {{Answer::fail()}});
    house.begin();
    house.run_until(Duration{2500ms});
    const auto evidence = all_of<journal::Evidence>(house);
    ASSERT_EQ(evidence.size(), 1u);
    EXPECT_EQ(evidence[0].incident, 1u);
    EXPECT_EQ(evidence[0].output_tail, "the last words of api");
    EXPECT_EQ(evidence[0].probes.size(), 2u);
    EXPECT_LT(
        position(house, [](const auto& record) { return std::holds_alternative<journal::Evidence>(record.body); }),
        position(house, [](const auto& record) {
            const auto* noted = std::get_if<journal::Input>(&record.body);
            return noted && std::holds_alternative<event::StopFinished>(noted->event);
        }));
}

TEST(Supervisor, after_a_kill_of_keepwell_the_next_one_adopts_what_lives) {
    const Policy policy = policy_of({Service{"api"}.probed(1s, 3), Service{"db"}});
    House house{policy};
    house.begin();
    house.run_until(5s);
    house.supervisor->post(event::Operated{event::Verb::stop, 1, "ann"});
    house.run_until(6s);
    const Instance before = house.processes.instance("api");

    follow(house, policy, memories_of(house), 1min);
    EXPECT_EQ(house.processes.instance("api"), before);
    EXPECT_EQ(house.processes.started("api"), 1u);
    EXPECT_EQ(house.processes.alive("api"), 1u);
    EXPECT_EQ(house.supervisor->engine().target(0).shown_health, Health::healthy);
    EXPECT_EQ(house.supervisor->engine().target(1).phase, Phase::stopped);
    house.processes.end("api", {ExitStatus::Kind::unknown, 0, {}});
    house.run_until(2min);
    EXPECT_EQ(house.processes.started("api"), 2u);
}

TEST(Supervisor, what_was_started_and_not_recorded_is_taken_over_and_not_started_again) {
    const Policy policy = policy_of({Service{"api"}.probed(1s, 3), Service{"db"}});
    House house{policy};
    house.begin();
    house.run_until(5s);
    supervisor::Memories memories = memories_of(house);
    for (TargetMemory& memory : memories.targets) {  // as it is while the start is under way
        memory.instance = {};
        memory.phase = Phase::starting;
    }
    follow(house, policy, memories, 1min);
    EXPECT_EQ(house.processes.started("api") + house.processes.started("db"), 2u);
    EXPECT_EQ(house.supervisor->engine().target(0).shown_health, Health::healthy);
    EXPECT_EQ(house.supervisor->engine().target(1).phase, Phase::running);
}

TEST(Supervisor, what_lives_is_taken_over_though_the_journal_was_lost) {
    const Policy policy = policy_of({Service{"api"}});
    House house{policy};
    house.begin();
    house.run_until(5s);
    follow(house, policy, {}, 1min);
    EXPECT_EQ(house.processes.started("api"), 1u);
    EXPECT_EQ(house.supervisor->engine().target(0).phase, Phase::running);
}

TEST(Supervisor, a_second_copy_that_no_record_names_is_ended) {
    const Policy policy = policy_of({Service{"api"}});
    House house{policy};
    house.begin();
    house.run_until(5s);
    const supervisor::Memories memories = memories_of(house);
    house.processes.forget();
    house.processes.start(0, 0, policy.targets[0]);  // by a keepwell that is killed before it can record that
    house.run_until(6s);
    house.processes.forget();
    ASSERT_EQ(house.processes.alive("api"), 2u);
    house.open(policy, memories);
    house.begin();
    house.run_until(1min);
    EXPECT_EQ(house.processes.alive("api"), 1u);
    EXPECT_EQ(house.supervisor->engine().target(0).instance, memories.targets[0].instance);
}

TEST(Supervisor, the_life_that_no_record_names_is_taken_over_where_the_recorded_one_has_ended) {
    const Policy policy = policy_of({Service{"api"}});
    House house{policy};
    house.begin();
    house.run_until(5s);
    const supervisor::Memories memories = memories_of(house);  // what was written after this is lost
    house.processes.end("api", {ExitStatus::Kind::code, 1, {}});
    house.run_until(20s);
    const Instance second = house.processes.instance("api");
    ASSERT_NE(second, memories.targets[0].instance);
    follow(house, policy, memories, 1min);
    EXPECT_EQ(house.processes.started("api"), 2u);
    EXPECT_EQ(house.supervisor->engine().target(0).instance, second);
}

TEST(Supervisor, what_dry_run_only_took_as_started_is_started_for_the_first_time) {
    Policy policy = policy_of({Service{"job"}.restart(RestartCondition::none, 0s)});
    policy.mode = Mode::dry_run;
    House house{policy};
    house.begin();
    house.run_until(5s);
    const supervisor::Memories memories = memories_of(house);
    policy.mode = Mode::enforce;
    house.open(policy, memories);
    house.begin();
    house.run_until(10s);
    EXPECT_EQ(house.processes.started("job"), 1u);
}

TEST(Supervisor, a_job_runs_once_a_boot_and_not_again_when_only_keepwell_was_killed) {
    const Policy policy = policy_of({Service{"job"}.restart(RestartCondition::none, 0s)});
    for (const bool same_boot : {true, false}) {
        House house{policy};
        house.processes.lives("job", {simulation::Life::exits(0)});
        house.begin();
        house.run_until(5s);
        supervisor::Memories memories = memories_of(house);
        for (TargetMemory& memory : memories.targets) memory.of_this_boot = same_boot;
        follow(house, policy, memories, 1min);
        EXPECT_EQ(house.processes.started("job"), same_boot ? 1u : 2u);
    }
}

TEST(Supervisor, a_window_that_is_open_at_the_start_holds_what_is_restored_as_due) {
    Policy policy = policy_of({Service{"api"}});
    policy.maintenance[0].push_back({std::chrono::hours{0}, std::chrono::hours{1}, 0x7f});
    supervisor::Memories memories;
    memories.targets.emplace_back();
    memories.targets[0].target = "api";
    memories.targets[0].version = "v1";
    memories.targets[0].phase = Phase::backoff;
    memories.targets[0].remediation = Remediation::quarantined;
    memories.targets[0].retry_at = Instant{1s};
    House house{policy, memories};
    house.begin();
    house.run_until(59min);
    EXPECT_EQ(house.processes.started("api"), 0u);
    EXPECT_EQ(house.supervisor->engine().target(0).hold.reason, Hold::maintenance);
    house.run_until(61min);
    EXPECT_EQ(house.processes.started("api"), 1u);
}

/// A clock that goes on with each look at it, as a real one does.
class RestlessClock final : public supervisor::ClockPort {
  public:
    Instant now() const override { return now_ += 1us; }
    WallTime wall() const override { return {}; }
    LocalTime local(WallTime) const override { return {}; }
    void arm(Instant, std::function<void()>) override {}

  private:
    mutable Instant now_{};
};

TEST(Supervisor, records_carry_the_moment_that_was_decided_on) {
    House house{policy_of({Service{"api"}.probed(10s, 3)})};
    RestlessClock clock;
    supervisor::Supervisor supervisor{
        policy_of({Service{"api"}.probed(10s, 3)}),
        supervisor::Ports{house.probes, house.processes, clock, house.output, house.journal},
        {}};
    supervisor.begin({});
    supervisor.post(event::StartFinished{1, 0, {"1@1", 1}, {}});
    const Instant decided = supervisor.engine().target(0).phase_since;
    std::size_t records = 0;
    for (const journal::Record& record : house.journal.records) {
        const auto* input = std::get_if<journal::Input>(&record.body);
        const bool of_start = input && std::holds_alternative<event::StartFinished>(input->event);
        const auto* noted = std::get_if<journal::Noted>(&record.body);
        const bool of_health = noted && std::holds_alternative<fact::HealthChanged>(noted->fact.body);
        if (!of_start && !of_health) continue;
        EXPECT_EQ(record.at, decided);
        ++records;
    }
    EXPECT_EQ(records, 2u);
}

TEST(Supervisor, an_exception_while_one_event_is_taken_does_not_lose_the_next_one) {
    House house{policy_of({Service{"api"}})};
    house.begin();
    house.run_until(1s);
    const auto out_of_memory = house.supervisor->subscribe([](const journal::Record&) { throw std::bad_alloc{}; });
    const auto stop = event::Operated{event::Verb::stop, no_target, "ann"};
    EXPECT_THROW(house.supervisor->post(stop), std::bad_alloc);
    house.supervisor->unsubscribe(out_of_memory);
    house.supervisor->post(event::Operated{event::Verb::pause, 0, "ann"});
    EXPECT_TRUE(house.supervisor->engine().target(0).paused);
}

TEST(Supervisor, an_observer_sees_each_record_once_and_no_more_when_it_has_left) {
    House house{policy_of({Service{"api"}})};
    std::vector<std::uint64_t> seen;
    const std::uint64_t key =
        house.supervisor->subscribe([&](const journal::Record& record) { seen.push_back(record.seq); });
    house.begin();
    house.run_until(1s);
    EXPECT_EQ(seen.size(), house.journal.records.size());
    house.supervisor->unsubscribe(key);
    house.supervisor->post(event::Operated{event::Verb::stop, 0, "ann"});
    EXPECT_LT(seen.size(), house.journal.records.size());
}

TEST(Supervisor, a_reload_is_refused_with_a_reason_before_it_has_begun_and_when_it_ends) {
    House house{policy_of({Service{"api"}})};
    const auto next = std::make_shared<const Policy>(policy_of({Service{"api"}, Service{"web"}}));
    EXPECT_NE(house.supervisor->reload(next, "ann"), "");
    house.begin();
    house.run_until(1s);
    Policy elsewhere = *next;
    elsewhere.state_dir = "/elsewhere";
    EXPECT_NE(house.supervisor->why_not(elsewhere).find("state_dir"), std::string::npos);
    house.supervisor->post(event::Shutdown{});
    EXPECT_EQ(house.supervisor->reload(next, "ann"), "keepwell is stopping everything");
    EXPECT_FALSE(house.supervisor->engine().find("web"));
}

TEST(Supervisor, maintenance_windows_of_another_policy_open_and_close_at_once) {
    Policy policy = policy_of({Service{"api"}});
    Policy with = policy;
    with.version = "p2";
    with.services[0].version = "v2";
    with.maintenance[0] = {MaintenanceWindow{0min, 24h - 1min, 0x7f}};
    House house{policy};
    house.begin();
    house.run_until(1s);
    const auto told = [&house](const std::string& what) {
        const auto trace = trace_of(house);
        return std::count_if(trace.begin(), trace.end(),
                             [&](const std::string& line) { return line.find(what) != std::string::npos; });
    };
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(with), "ann"), "");
    EXPECT_EQ(told("maintenance.began"), 1);
    policy.version = "p3";
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(policy), "ann"), "");
    EXPECT_EQ(told("maintenance.ended"), 1);
}

TEST(Supervisor, a_window_that_comes_with_a_change_holds_that_change) {
    Policy policy = policy_of({Service{"api"}});
    policy.targets[0].version = "1";
    Policy next = policy;
    next.version = "p2";
    next.services[0].version = "v2";
    next.targets[0].version = "2";
    next.maintenance[0] = {MaintenanceWindow{0min, 24h - 1min, 0x7f}};
    House house{policy};
    house.begin();
    house.run_until(1s);
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(next), "ann"), "");
    house.run_until(1min);
    EXPECT_EQ(house.processes.started("api"), 1u);
    EXPECT_EQ(house.supervisor->engine().target(0).hold.reason, Hold::maintenance);
    policy.version = "p3";
    policy.services[0].version = "v3";
    policy.targets[0].version = "2";
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(policy), "ann"), "");
    house.run_until(2min);
    EXPECT_EQ(house.processes.started("api"), 2u);
}

TEST(Supervisor, a_slot_that_went_by_two_names_is_found_again_by_the_next_keepwell) {
    const auto of = [](std::uint32_t replicas) {
        Policy policy = policy_of({Service{"api"}.replicas(replicas)});
        policy.version = std::to_string(replicas);
        return policy;
    };
    House house{of(2)};
    house.begin();
    house.run_until(1s);
    EXPECT_EQ(house.supervisor->reload(std::make_shared<const Policy>(of(1)), "ann"), "");
    house.run_until(5s);
    house.supervisor->post(event::Operated{event::Verb::stop, 0, "ann"});
    house.run_until(6s);
    const auto memories = memories_of(house);
    follow(house, of(2), memories, 10s);
    EXPECT_EQ(house.processes.alive("api.1") + house.processes.alive("api"), 0u);
    EXPECT_EQ(house.processes.alive("api.2"), 1u);
}

TEST(Supervisor, a_process_whose_entry_went_while_keepwell_was_away_is_ended_as_that_entry_said) {
    House house{policy_of({Service{"api"}, Service{"old"}.grace(3s)})};
    house.processes.lives("old", {simulation::Life::ignores_stop()});
    house.begin();
    house.run_until(1s);
    supervisor::Memories memories;
    for (TargetIndex index = 0; index < 2; ++index) {
        memories.targets.push_back(house.supervisor->engine().memory(index));
    }
    house.processes.forget();
    house.journal.records.clear();
    house.open(policy_of({Service{"api"}}), memories);
    house.begin();
    EXPECT_EQ(house.processes.alive("old"), 1u);
    house.run_until(10s);
    EXPECT_EQ(house.processes.alive("old"), 0u);
    EXPECT_EQ(house.processes.alive("api"), 1u);
    EXPECT_EQ(trace_of(house).back(), "4s host orphan.removed old");
}

}  // namespace
}  // namespace keepwell::testing
