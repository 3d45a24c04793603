// Whatever happens under whatever policy: its journal is decided again, record by record.
#include <gtest/gtest.h>
#include <rapidcheck.h>

// rapidcheck's own header needs both before it.
#include <rapidcheck/gtest.h>

#include "journal/target_rules.hpp"
#include "simulation/world/house.hpp"
#include "support/random_world.hpp"
#include "support/replaying.hpp"

namespace keepwell::testing {
namespace {

using simulation::Answer;
using simulation::House;
using simulation::Life;

rc::Gen<Case> any_case() {
    return rc::gen::map(rc::gen::arbitrary<std::uint32_t>(), [](std::uint32_t seed) { return Case{seed}; });
}

/// Journals what a World's engine is given and decides, as the supervisor does, but for the packing of probes.
class WorldJournal {
  public:
    explicit WorldJournal(World& world) : world_{world} {
        const Policy& policy = world.engine.policy();
        journal::RunStarted run;
        run.services = policy.services.size();
        run.targets = policy.targets.size();
        run.files = policy.files;
        keep(run, no_target);
        keep(journal::HostRules{policy.guard, policy.quantum, true}, no_target);
        for (ServiceIndex service = 0; service < policy.services.size(); ++service) {
            journal::ServiceRules rules{policy.services[service], {}, {}};
            for (const TargetSpec& target : policy.targets) {
                if (target.service == service) rules.targets.push_back(journal::rules_of(target));
            }
            keep(std::move(rules), no_target);
            records.back().service = policy.services[service].name;
        }
        world.on_decisions = [this](const Event& event, const engine::Decisions& decisions) { take(event, decisions); };
    }

    std::vector<journal::Record> records;

  private:
    void take(const Event& event, const engine::Decisions& decisions) {
        const TargetIndex target = std::visit(
            [](const auto& one) -> TargetIndex {
                if constexpr (requires { one.target == no_target; }) return one.target;
                return no_target;
            },
            event);
        keep(journal::Input{event}, target);
        if (const auto* maintenance = std::get_if<event::Maintenance>(&event)) {
            records.back().service = world_.engine.policy().services[maintenance->service].name;
        }
        for (const Fact& fact : decisions.facts) keep(journal::Noted{fact}, fact.target);
        for (const Command& command : decisions.commands) {
            const bool of_probes = std::holds_alternative<command::RunProbe>(command) ||
                                   std::holds_alternative<command::CancelProbe>(command);
            if (of_probes) continue;
            keep(journal::Asked{command}, std::visit([](const auto& one) { return one.target; }, command));
        }
    }

    void keep(journal::Body body, TargetIndex target) {
        journal::Record record;
        record.seq = records.size() + 1;
        record.at = world_.now;
        record.body = std::move(body);
        if (target != no_target) {
            record.target = world_.engine.policy().targets[target].name;
            record.service = world_.engine.service_of(target).name;
        }
        records.push_back(std::move(record));
    }

    World& world_;
};

RC_GTEST_PROP(Replay, a_random_past_is_decided_again, ()) {
    const Case one = *any_case();
    Dice dice{one.seed};
    World world{random_policy(dice)};
    random_fate(world, dice);
    WorldJournal journal{world};
    begin(world, dice);
    world.run_until(15min);
    const auto runs = replay(journal.records);
    RC_ASSERT(runs.size() == 1u);
    RC_LOG() << mismatch(runs[0]);
    RC_ASSERT(mismatch(runs[0]).empty());
    RC_ASSERT(runs[0].strangers == 0u);
    RC_ASSERT(runs[0].decisions > 0u);
}

/// A container with labels of its own, which are all that is known of it.
event::TargetJoined labelled(const World& world, const std::string& name, const std::string& also,
                             const std::string& depends_on) {
    event::TargetJoined joined;
    TargetSpec spec;
    spec.name = spec.selector.name = name;
    spec.kind = TargetKind::adopted;
    joined.target = world.engine.next_index(true);
    joined.spec = std::make_shared<TargetSpec>(spec);
    joined.service = std::make_shared<ServiceSpec>(Service{name}.adopted().spec);
    event::LabelledService said{{name, also}, {}, {}};
    if (!depends_on.empty()) said.depends_on = {{{depends_on}, Dependency{}}};
    joined.labelled = std::make_shared<const event::LabelledService>(std::move(said));
    return joined;
}

TEST(Replay, whom_labels_depend_on_is_found_again) {
    World world{Policy{}};
    WorldJournal journal{world};
    world.begin();
    world.backend_found();
    world.join(labelled(world, "web", "shop/web", "shop/db"));
    world.join(labelled(world, "db", "shop/db", ""));
    for (const std::string name : {"db", "web"}) {
        world.of(name).engines_check = Healthcheck{.interval = 1s, .timeout = 1s, .retries = 2, .origin = {}};
        world.found(name, world.container(name));
    }
    world.reports("db", Health::unhealthy, 2);
    world.reports("web", Health::unhealthy, 2);
    world.run_until(1s);
    ASSERT_EQ(world.lines("remedy.held").size(), 1u);
    EXPECT_EQ(mismatch(replay(journal.records).at(0)), "");
}

/// Some length that nothing else has: two things never happen at one moment.
Duration odd(Dice& dice, std::uint32_t seconds) {
    return dice.seconds(0, seconds) + Duration{1 + dice.below(900'000'000)};
}

/// A whole keepwell with processes alone, on scripts.
void random_scripts(House& house, const Policy& policy, Dice& dice) {
    for (const TargetSpec& target : policy.targets) {
        simulation::Timeline answers;
        for (std::uint32_t i = dice.below(40); i > 0; --i) {
            const Duration takes = dice.one_in(5) ? odd(dice, 3) : Duration{1 + dice.below(5'000'000)};
            const Answer one =
                dice.pick({Answer::pass(takes), Answer::pass(takes), Answer::fail(takes), Answer::error(takes)});
            answers.push_back({one, 1 + dice.below(3)});
        }
        house.probes.answers(target.name, std::move(answers));
        if (dice.one_in(3)) {
            Life life = Life::exits(1, odd(dice, 60));
            life.starts_in = odd(dice, 0);
            house.processes.lives(target.name, {life, Life::runs()});
        }
        for (std::uint32_t i = dice.below(4); i > 0; --i) {
            const auto verb = dice.pick({event::Verb::start, event::Verb::stop, event::Verb::restart,
                                         event::Verb::pause, event::Verb::resume, event::Verb::reset});
            house.loop.at(Instant{odd(dice, 600)}, [&house, verb, name = target.name] {
                house.supervisor->post(event::Operated{verb, *house.supervisor->engine().find(name), "ann"});
            });
        }
    }
}

RC_GTEST_PROP(Replay, a_recorded_house_is_decided_again, (std::uint32_t seed)) {
    Dice dice{seed};
    Policy policy = random_policy(dice, false);
    policy.record = true;
    House house{policy};
    random_scripts(house, policy, dice);
    house.begin();
    house.run_until(15min);
    house.supervisor->post(event::Shutdown{});
    house.run_until(20min);
    house.supervisor->end();
    const auto runs = replay(house.journal.records);
    RC_ASSERT(runs.size() == 1u);
    RC_LOG() << mismatch(runs[0]);
    RC_ASSERT(mismatch(runs[0]).empty());
    RC_ASSERT(runs[0].assumed == 0u);
}

RC_GTEST_PROP(Replay, without_record_what_really_happened_is_never_called_a_difference, (std::uint32_t seed)) {
    Dice dice{seed};
    const Policy policy = random_policy(dice, false);
    House house{policy};
    random_scripts(house, policy, dice);
    house.begin();
    house.run_until(15min);
    const auto runs = replay(house.journal.records);
    RC_ASSERT(runs.size() == 1u);
    RC_LOG() << mismatch(runs[0]);
    RC_ASSERT(!runs[0].differs());
    RC_ASSERT(runs[0].verified_to > 0u);
}

}  // namespace
}  // namespace keepwell::testing
