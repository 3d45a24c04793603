// A reload: what changed is done, what did not change is not touched, and what is gone ends in order.
#include <gtest/gtest.h>

#include <algorithm>

#include "keepwell/engine/explain.hpp"
#include "support/world.hpp"

namespace keepwell::testing {
namespace {

using Lines = std::vector<std::string>;

/// As if the entry were written anew: `instance` says what its instances are made of.
Policy made(Policy policy, const std::string& service, const std::string& entry, const std::string& instance) {
    policy.version += "+" + service + entry + instance;
    for (TargetSpec& target : policy.targets) {
        ServiceSpec& its = policy.services[target.service];
        if (its.name != service) continue;
        its.version = entry;
        target.version = instance;
        if (target.kind == TargetKind::container) its.container_version = instance;
    }
    return policy;
}

Policy web() { return policy_of({Service{"api"}.probed(10s, 3).restart(RestartCondition::any, 5s, 3)}); }
Policy web(const std::string& entry, const std::string& instance) { return made(web(), "api", entry, instance); }

TEST(Reloading, the_same_policy_changes_nothing_at_all) {
    World world{web("v1", "a")};
    world.answers("api", {pass(), fail(), fail()});
    world.begin();
    world.run_until(25s);
    const Instant next = world.engine.next_deadline();
    const engine::Target before = world.target("api");
    world.trace.clear();
    world.reload(web("v1", "a"));
    EXPECT_EQ(world.trace, (Lines{"25s host policy.reloaded p1+apiv1a -> p1+apiv1a"}));
    EXPECT_EQ(world.engine.next_deadline(), next);
    EXPECT_EQ(world.target("api").health.failing_streak, before.health.failing_streak);
    EXPECT_EQ(world.target("api").probe_id, before.probe_id);
    EXPECT_EQ(world.starts.size(), 1u);
}

TEST(Reloading, a_changed_schedule_begins_at_once_on_the_same_instance_and_keeps_its_health) {
    World world{web("v1", "a")};
    world.begin();
    world.run_until(25s);
    world.trace.clear();
    world.probes.clear();
    Policy next = web("v2", "a");
    next.services[0].healthcheck->interval = 2s;
    world.reload(next);
    world.run_until(30s);
    EXPECT_EQ(world.trace, (Lines{"25s host policy.reloaded p1+apiv1a -> p1+apiv2a, api: probes"}));
    EXPECT_EQ(world.probes, (std::vector<Duration>{27s, 29s}));
    EXPECT_EQ(world.starts.size(), 1u);
}

TEST(Reloading, a_late_probe_of_a_changed_schedule_is_dropped) {
    World world{web("v1", "a")};
    world.answers("api", {pass(), Answer{Outcome::failed, 3s, "late", 1}, pass()});
    world.begin();
    world.run_until(21s);  // the second one is under way
    Policy next = web("v2", "a");
    next.services[0].healthcheck->retries = 1;
    world.reload(next);
    world.run_until(60s);
    EXPECT_TRUE(world.lines("probe.failed").empty());
    EXPECT_TRUE(world.lines("unhealthy").empty());
    EXPECT_EQ(world.open_commands(), 0u);
}

TEST(Reloading, another_question_judges_a_sick_target_anew_and_drops_the_remedy_that_was_held) {
    Policy policy = web("v1", "a");
    policy.mode = Mode::dry_run;
    policy.targets[0].question = "port 81";
    World world{policy};
    world.answers("api", fail());
    world.begin();
    world.run_until(35s);
    ASSERT_EQ(world.target("api").remediation, Remediation::held);
    world.answers("api", pass());
    world.trace.clear();
    Policy next = web("v2", "a");
    next.mode = Mode::dry_run;
    next.targets[0].question = "port 80";
    world.reload(next);
    world.run_until(50s);
    EXPECT_EQ(world.trace,
              (Lines{"35s host policy.reloaded p1+apiv1a -> p1+apiv2a, api: probes",
                     "35s api target.health unhealthy -> starting: changed", "35s api remedy.held start: dry_run",
                     "45s api target.health starting -> healthy: probe_passed",
                     "45s api incident.closed 1: recovered after 15s"}));
}

TEST(Reloading, a_changed_process_is_restarted_with_its_grace_and_without_its_history) {
    World world{web("v1", "a")};
    world.begin();
    world.run_until(1s);
    world.exit("api");
    world.run_until(20s);
    ASSERT_EQ(world.target("api").history.size(), 1u);
    world.of("api").stop_takes = 3s;
    world.commands.clear();
    world.reload(web("v2", "b"));
    world.run_until(40s);
    EXPECT_EQ(world.commands, (Lines{"20s stop api", "23s start api"}));
    EXPECT_TRUE(world.target("api").history.empty());
    EXPECT_EQ(world.target("api").made_of, "b");
    EXPECT_EQ(world.lines("update."), (Lines{"20s host update.started api", "33s host update.completed api"}));
}

Policy replicas(std::uint32_t count) {
    Policy policy = policy_of({Service{"api"}.probed(10s, 3).replicas(count)});
    policy.version = "of " + std::to_string(count);
    return policy;
}

TEST(Reloading, from_one_slot_to_two_and_back_leaves_the_first_one_alone_under_its_other_name) {
    World world{replicas(1)};
    world.begin();
    world.run_until(15s);
    const Instance first = world.target("api").instance;
    world.trace.clear();
    world.commands.clear();
    world.reload(replicas(2));
    world.run_until(30s);
    EXPECT_EQ(world.target("api.1").instance, first);
    EXPECT_EQ(world.target("api.1").health.answered, Health::healthy);
    EXPECT_EQ(world.commands, (Lines{"15s start api.2"}));
    EXPECT_TRUE(world.lines(" api.1 ").empty());
    EXPECT_EQ(world.engine.memory(world.index("api.1")).target, "api.1");
    world.reload(replicas(1));
    world.run_until(60s);
    EXPECT_EQ(world.target("api").instance, first);
    EXPECT_EQ(world.commands, (Lines{"15s start api.2", "30s stop api.2"}));
    EXPECT_FALSE(world.engine.find("api.2"));
}

TEST(Reloading, another_entry_in_the_middle_of_an_update_is_what_comes_of_it) {
    const auto owned = [](const std::string& version, UpdateConfig::FailureAction action) {
        UpdateConfig config;
        config.failure_action = action;
        Policy policy = policy_of({Service{"web"}.probed(1s, 1).owned().replicas(2).update(config)});
        return made(policy, "web", version, version);
    };
    for (const auto action : {UpdateConfig::FailureAction::pause, UpdateConfig::FailureAction::go_on,
                              UpdateConfig::FailureAction::rollback}) {
        for (const bool fails : {false, true}) {
            World world{owned("1", action)};
            world.begin_with_containers();
            world.of("web.1").replace_takes = world.of("web.2").replace_takes = 10s;
            world.run_until(5s);
            world.reload(owned("2", action));
            world.of("web.1").outdated = world.of("web.2").outdated = true;
            world.run_until(6s);
            world.reload(owned("3", action));  // the first slot is being made of the second entry
            if (fails) world.of("web.1").replace_failure = "no such image";
            world.run_until(20s);
            world.of("web.1").replace_failure.clear();
            world.run_until(5min);
            EXPECT_EQ(world.lines("update.paused"), Lines{});
            EXPECT_EQ(world.target("web.1").made_of, "3");
            EXPECT_EQ(world.target("web.2").made_of, "3");
            EXPECT_EQ(world.lines("update.completed").size(), 1u);
        }
    }
}

TEST(Reloading, an_update_that_was_given_up_is_tried_again_for_another_entry_and_for_a_person) {
    const auto owned = [](const std::string& entry) {
        UpdateConfig config;
        config.failure_action = UpdateConfig::FailureAction::go_on;
        Policy policy = policy_of({Service{"web"}.probed(1s, 1).owned().update(config)});
        return made(policy, "web", entry, "2");
    };
    World world{owned("1")};
    world.begin();
    world.of("web").outdated = true;
    world.of("web").replace_failure = "no such image";
    world.found("web", world.container("web"));
    world.backend_found();
    world.run_until(1min);
    EXPECT_EQ(world.commands, (Lines{"0s keep evidence of web", "0s replace from the entry web"}));
    world.operate(event::Verb::reset, "web");
    world.run_until(2min);
    EXPECT_EQ(world.lines("remedy.started").size(), 2u);
    world.reload(owned("2"));  // another rule: perhaps that was what it lacked
    world.of("web").replace_failure.clear();
    world.run_until(3min);
    EXPECT_EQ(world.lines("remedy.started").size(), 3u);
    EXPECT_EQ(world.lines("update.completed"),
              (Lines{"0s host update.completed web (web stays as it was)",
                     "1m0s host update.completed web (web stays as it was)", "2m6s host update.completed web"}));
}

TEST(Reloading, an_update_that_was_taken_back_and_is_reverted_in_the_policy_leaves_the_container_alone) {
    const auto owned = [](const std::string& entry) {
        UpdateConfig config;
        config.failure_action = UpdateConfig::FailureAction::rollback;
        return made(policy_of({Service{"web"}.probed(1s, 1).owned().update(config)}), "web", entry, entry);
    };
    World world{owned("1")};
    world.begin_with_containers();
    world.run_until(5s);
    world.reload(owned("2"));
    world.of("web").outdated = true;
    world.of("web").replace_failure = "no such image";
    world.found("web", world.container("web"));
    world.run_until(1min);
    ASSERT_EQ(world.lines("update.").back(), "5s host update.paused web (web: no such image)");
    world.commands.clear();
    world.of("web").outdated = false;
    world.reload(owned("1"));
    world.run_until(2min);
    EXPECT_EQ(world.commands, Lines{"1m0s look for web"});
}

TEST(Reloading, what_was_held_of_a_change_that_is_reverted_is_held_no_more) {
    const auto policy = [](const std::string& version) {
        return made(policy_of({Service{"api"}.probed(1s, 1)}), "api", version, version);
    };
    World world{policy("1")};
    world.begin();
    world.operate(event::Verb::pause, "api");
    world.run_until(5s);
    world.reload(policy("2"));
    ASSERT_TRUE(world.target("api").hold.active);
    world.reload(policy("1"));
    EXPECT_FALSE(world.target("api").hold.active);
    world.operate(event::Verb::resume, "api");
    world.run_until(1min);
    EXPECT_EQ(world.commands, Lines{"0s start api"});
}

TEST(Reloading, slots_are_restarted_one_after_the_other_and_what_is_depended_on_comes_first) {
    const auto shop = [](const std::string& version) {
        Policy policy = policy_of({Service{"db"}.probed(1s, 1), Service{"api"}.probed(1s, 1).replicas(2).after(
                                                                    0, DependencyCondition::service_healthy)});
        return made(made(policy, "db", version, version), "api", version, version);
    };
    World world{shop("1")};
    world.begin();
    world.run_until(10s);
    world.commands.clear();
    world.reload(shop("2"));
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"10s stop db", "10s start db", "11s stop api.1", "11s start api.1",
                                     "12s stop api.2", "12s start api.2"}));
}

TEST(Reloading, a_slot_that_does_not_prove_itself_spares_the_others) {
    const auto policy = [](const std::string& version) {
        return made(policy_of({Service{"api"}.probed(1s, 1).replicas(2)}), "api", version, version);
    };
    World world{policy("1")};
    world.begin();
    world.run_until(5s);
    world.answers("api.1", fail());
    world.reload(policy("2"));
    world.run_until(7s);
    EXPECT_EQ(world.lines("update."),
              (Lines{"5s host update.started api", "6s host update.paused api (api.1 did not become healthy)"}));
    EXPECT_EQ(world.target("api.2").made_of, "1");
    const auto why = engine::explain(world.engine, world.index("api.2"), world.now);
    EXPECT_TRUE(std::any_of(why.begin(), why.end(), [](const engine::Sentence& one) {
        return one.topic == "held" && one.text.find("`keepwell reset api`, tries it again") != std::string::npos;
    }));
    world.answers("api.1", pass());
    world.reload(policy("3"));
    world.run_until(20s);
    EXPECT_EQ(world.lines("alert.resolved update_paused").size(), 1u);
    EXPECT_EQ(world.target("api.1").made_of, "3");
    EXPECT_EQ(world.target("api.2").made_of, "3");
}

TEST(Reloading, what_a_person_stopped_or_paused_stays_so) {
    const Policy policy = policy_of({Service{"api"}, Service{"web"}});
    World world{made(made(policy, "api", "1", "1"), "web", "1", "1")};
    world.begin();
    world.operate(event::Verb::stop, "api");
    world.operate(event::Verb::pause, "web");
    world.run_until(5s);
    world.commands.clear();
    world.reload(made(made(policy, "api", "2", "2"), "web", "2", "2"));
    world.run_until(60s);
    EXPECT_TRUE(world.commands.empty());
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
    EXPECT_EQ(world.lines("remedy.held"), (Lines{"5s web remedy.held restart: paused"}));
    world.operate(event::Verb::resume, "web");
    world.run_until(80s);
    EXPECT_EQ(world.target("web").made_of, "2");
    world.operate(event::Verb::start, "api");
    world.run_until(90s);
    EXPECT_EQ(world.target("api").made_of, "2");
}

TEST(Reloading, a_quarantined_target_is_tended_again_once_its_entry_has_changed) {
    const auto policy = [](const std::string& version) {
        return made(policy_of({Service{"api"}.restart(RestartCondition::any, 1s, 2)}), "api", version, version);
    };
    World world{policy("1")};
    world.of("api").lives = 1s;
    world.begin();
    world.run_until(60s);
    ASSERT_EQ(world.target("api").remediation, Remediation::quarantined);
    world.of("api").lives = Duration::max();
    world.commands.clear();
    world.reload(policy("2"));
    world.run_until(90s);
    EXPECT_EQ(world.commands, (Lines{"1m0s start api"}));
    EXPECT_EQ(world.lines("alert.resolved quarantined").size(), 1u);
    EXPECT_EQ(world.target("api").incident, 0u);
    EXPECT_EQ(world.target("api").remediation, Remediation::idle);
}

TEST(Reloading, a_ladder_is_climbed_from_its_first_rung_when_it_has_become_another_one_after_an_exit) {
    const auto sick = [](std::vector<RungAction> ladder) {
        return policy_of({Service{"api"}.probed(1s, 1).restart(RestartCondition::any, 5s).ladder(std::move(ladder))});
    };
    World world{made(sick({RestartRung{}, RestartRung{}, RestartRung{}}), "api", "v1", "a")};
    world.answers("api", fail());
    world.begin();
    world.run_until(12'500ms);
    ASSERT_EQ(world.target("api").rung, 1u);
    world.exit("api");
    ASSERT_EQ(world.target("api").phase, Phase::backoff);
    world.trace.clear();
    world.reload(made(sick({StopRung{}}), "api", "v2", "a"));
    world.run_until(1min);
    EXPECT_EQ(world.lines("remedy.due").back(), "13.5s api remedy.due stop: unhealthy");
    EXPECT_EQ(world.target("api").phase, Phase::stopped);
}

TEST(Reloading, an_unchanged_neighbour_keeps_its_backoff_and_its_incident) {
    const auto policy = [](const std::string& version) {
        return made(policy_of({Service{"api"}, Service{"web"}.restart(RestartCondition::any, 30s)}), "api", version,
                    version);
    };
    World world{policy("1")};
    world.begin();
    world.run_until(1s);
    world.exit("web");
    const engine::Target before = world.target("web");
    ASSERT_EQ(before.phase, Phase::backoff);
    world.reload(policy("2"));
    world.run_until(20s);
    EXPECT_EQ(world.target("web").start_at, before.start_at);
    EXPECT_EQ(world.target("web").incident, before.incident);
    EXPECT_EQ(world.target("web").in_a_row, 1u);
    world.run_until(31s);
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Reloading, a_new_service_is_started_when_what_it_depends_on_is_there) {
    World world{policy_of({Service{"db"}.probed(2s, 1)})};
    world.begin();
    world.run_until(1s);
    Policy next = policy_of({Service{"api"}, Service{"db"}.probed(2s, 1)});
    next.services[0].depends_on.push_back({1, DependencyCondition::service_healthy, false, true, {}});
    next.version = "p2";
    world.reload(next);
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"0s start db", "2s start api"}));
    EXPECT_EQ(world.lines("target.joined"), (Lines{"1s api target.joined"}));
}

TEST(Reloading, removed_services_are_stopped_in_reverse_order_and_are_targets_no_more) {
    World world{policy_of({Service{"db"}, Service{"api"}.after(0), Service{"web"}})};
    world.begin();
    world.run_until(5s);
    world.of("api").stop_takes = 2s;
    world.commands.clear();
    Policy next = policy_of({Service{"web"}});
    next.version = "p2";
    world.reload(next);
    EXPECT_EQ(world.target("db").phase, Phase::running);
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"5s stop api", "7s stop db"}));
    EXPECT_FALSE(world.engine.find("api"));
    EXPECT_FALSE(world.engine.find("db"));
    EXPECT_EQ(world.target("web").phase, Phase::running);
    EXPECT_EQ(world.lines("policy.reloaded"), (Lines{"5s host policy.reloaded p1 -> p2, db: removed, api: removed"}));
}

TEST(Reloading, a_removal_that_a_kill_cut_short_is_no_stop_by_a_person) {
    World world{policy_of({Service{"api"}})};
    world.of("api").stop_takes = 5s;
    world.begin();
    world.run_until(5s);
    const auto index = world.index("api");
    Policy nothing = policy_of({});
    nothing.version = "p2";
    world.reload(nothing);
    world.run_until(6s);
    TargetMemory memory = world.engine.memory(index);
    memory.instance = {};
    World next{policy_of({Service{"api"}})};
    next.now = world.now;
    next.restore("api", memory);
    next.begin();
    next.run_until(1min);
    EXPECT_EQ(next.target("api").phase, Phase::running);
}

TEST(Reloading, another_number_of_replicas_touches_no_slot_that_stays) {
    const auto policy = [](std::uint32_t replicas) {
        Policy one = policy_of({Service{"api"}.replicas(replicas)});
        one.version = std::to_string(replicas);
        return one;
    };
    World world{policy(2)};
    world.begin();
    world.run_until(5s);
    world.commands.clear();
    world.reload(policy(3));
    world.run_until(10s);
    world.reload(policy(2));
    world.run_until(15s);
    EXPECT_EQ(world.commands, (Lines{"5s start api.3", "10s stop api.3"}));
    EXPECT_EQ(world.lines("policy.reloaded").front(), "5s host policy.reloaded 2 -> 3, api: scaled");
}

TEST(Reloading, what_was_removed_while_it_started_is_stopped_once_it_lives) {
    World world{policy_of({Service{"api"}})};
    world.of("api").start_takes = 3s;
    world.begin();
    world.run_until(1s);
    Policy next = policy_of({Service{"web"}});
    next.version = "p2";
    world.reload(next);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s start web", "3s stop api"}));
    EXPECT_FALSE(world.engine.find("api"));
    EXPECT_EQ(world.open_commands(), 0u);
}

TEST(Reloading, what_comes_back_while_it_is_leaving_is_started_after_its_end) {
    const auto policy = [](const std::string& version) {
        return made(policy_of({Service{"api"}}), "api", version, version);
    };
    World world{policy("1")};
    world.of("api").stop_takes = 5s;
    world.begin();
    world.run_until(1s);
    Policy nothing = policy_of({});
    nothing.version = "p2";
    world.reload(nothing);
    world.run_until(2s);
    world.reload(policy("2"));
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"0s start api", "1s stop api", "6s start api"}));
    EXPECT_EQ(world.target("api").made_of, "2");
}

TEST(Reloading, what_dry_run_would_have_ended_is_kept_on_when_it_comes_back) {
    const auto policy = [](bool with, Mode mode) {
        Policy one = with ? policy_of({Service{"api"}.probed(10s, 3)}) : policy_of({});
        one.mode = mode;
        one.version = std::string{with ? "with" : "without"} + (mode == Mode::dry_run ? ", dry" : "");
        return one;
    };
    World world{policy(true, Mode::enforce)};
    world.begin();
    world.run_until(15s);
    const Instance first = world.target("api").instance;
    world.reload(policy(true, Mode::dry_run));
    world.run_until(20s);
    world.reload(policy(false, Mode::dry_run));
    EXPECT_EQ(world.lines("remedy.held").back(), "20s api remedy.held stop: dry_run");
    world.run_until(25s);
    world.reload(policy(true, Mode::dry_run));
    world.probes.clear();
    world.run_until(60s);
    EXPECT_FALSE(world.probes.empty());
    world.reload(policy(true, Mode::enforce));
    world.run_until(2min);
    EXPECT_EQ(world.commands, Lines{"0s start api"});
    EXPECT_EQ(world.target("api").instance, first);
    EXPECT_EQ(world.target("api").health.answered, Health::healthy);
}

TEST(Reloading, an_adopted_container_gets_new_rules_and_is_released_untouched) {
    World world{policy_of({Service{"web"}.adopted()})};
    world.begin_with_containers();
    world.run_until(1s);
    world.reload(made(policy_of({Service{"web"}.adopted().grace(3s)}), "web", "v2", ""));
    world.run_until(5s);
    EXPECT_EQ(world.commands, (Lines{"1s look for web"}));
    Policy nothing = policy_of({});
    nothing.version = "p3";
    world.reload(nothing);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"1s look for web", "5s release web"}));
}

TEST(Reloading, an_adopted_container_that_keepwell_has_stopped_to_start_it_again_is_started_before_it_is_released) {
    World world{policy_of({Service{"web"}.adopted().probed(1s, 1).restart(RestartCondition::any, 5s)})};
    world.answers("web", fail());
    world.begin_with_containers();
    world.run_until(3s);
    ASSERT_EQ(world.target("web").phase, Phase::backoff);
    world.commands.clear();
    Policy nothing = policy_of({});
    nothing.version = "p2";
    world.reload(nothing);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"3s start web", "3s release web"}));
}

TEST(Reloading, a_removed_container_of_ours_is_stopped_and_released) {
    World world{policy_of({Service{"web"}.owned()})};
    world.begin_with_containers();
    world.run_until(1s);
    Policy nothing = policy_of({});
    nothing.version = "p2";
    world.reload(nothing);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"1s stop web", "1s release web"}));
}

TEST(Reloading, a_process_that_becomes_a_container_ends_first) {
    World world{policy_of({Service{"web"}})};
    world.begin();
    world.backend_found();
    world.run_until(1s);
    world.of("web").stop_takes = 2s;
    Policy next = policy_of({Service{"web"}.owned()});
    next.services[0].version = next.version = "p2";
    world.reload(next);
    world.run_until(10s);
    EXPECT_EQ(world.commands, (Lines{"0s start web", "1s stop web", "3s look for web", "3s start web"}));
    EXPECT_EQ(world.target("web").phase, Phase::running);
}

TEST(Reloading, what_dry_run_held_is_done_when_the_policy_is_in_earnest) {
    const auto policy = [](Mode mode) {
        Policy one = policy_of({Service{"api"}.probed(5s, 1)});
        one.mode = mode;
        one.version = mode == Mode::dry_run ? "dry" : "earnest";
        return one;
    };
    World world{policy(Mode::dry_run)};
    world.begin();
    world.run_until(6s);
    ASSERT_TRUE(world.starts.empty());
    world.reload(policy(Mode::enforce));
    world.run_until(20s);
    EXPECT_EQ(world.commands, (Lines{"6s start api"}));
    EXPECT_EQ(world.lines("target.phase").back(), "6s api target.phase starting -> running: started");
    world.reload(policy(Mode::dry_run));
    world.answers("api", fail());
    world.run_until(60s);
    EXPECT_EQ(world.commands, (Lines{"6s start api"}));
    EXPECT_EQ(world.lines("remedy.held").back(), "21s api remedy.held restart: dry_run");
    world.reload(policy(Mode::enforce));
    world.run_until(61s);
    EXPECT_EQ(world.commands.back(), "1m0s start api");
}

TEST(Reloading, what_is_to_go_is_asked_nothing_when_its_engine_is_back) {
    const auto policy = [](bool with) {
        Policy one = with ? policy_of({Service{"web"}.probed(1s, 2).owned()}) : policy_of({Service{"db"}.owned()});
        one.mode = Mode::dry_run;
        one.version = with ? "with" : "without";
        return one;
    };
    World world{policy(true)};
    world.begin_with_containers();
    world.run_until(5s);
    world.reload(policy(false));
    ASSERT_TRUE(world.target("web").leaving);
    world.run_until(6s);
    const std::size_t asked = world.probes.size();
    world.backend_lost();
    world.backend_found();
    world.run_until(30s);
    EXPECT_EQ(world.probes.size(), asked);
}

TEST(Reloading, what_died_in_dry_run_is_held_still_when_its_entry_changes) {
    const auto policy = [](const std::string& version, Mode mode) {
        Policy one = policy_of({Service{"api"}.restart(RestartCondition::any, 1s)});
        one.mode = mode;
        one.version = one.services[0].version = version;
        return one;
    };
    World world{policy("v1", Mode::enforce)};
    world.begin();
    world.reload(policy("v1", Mode::dry_run));
    world.run_until(5s);
    world.exit("api");
    world.run_until(10s);
    ASSERT_EQ(world.lines("remedy.held").back(), "6s api remedy.held restart: dry_run");
    world.reload(policy("v2", Mode::dry_run));
    EXPECT_TRUE(world.target("api").hold.active);
    EXPECT_EQ(world.lines("remedy.held").back(), "10s api remedy.held start: dry_run");
    world.reload(policy("v2", Mode::enforce));
    world.run_until(20s);
    EXPECT_EQ(world.commands.back(), "10s start api");
}

TEST(Reloading, a_completed_job_runs_again_only_when_it_is_another_job) {
    const auto policy = [](const std::string& entry, const std::string& instance) {
        return made(policy_of({Service{"job"}.restart(RestartCondition::none, 0s)}), "job", entry, instance);
    };
    World world{policy("1", "a")};
    world.begin();
    world.run_until(1s);
    world.exit("job", {ExitStatus::Kind::code, 0, {}});
    world.reload(policy("2", "a"));
    world.run_until(5s);
    EXPECT_EQ(world.target("job").phase, Phase::completed);
    world.reload(policy("3", "b"));
    world.run_until(10s);
    EXPECT_EQ(world.starts, (std::vector<Duration>{0s, 5s}));
}

TEST(Reloading, a_policy_is_not_taken_up_while_keepwell_ends) {
    World world{policy_of({Service{"api"}})};
    world.tolerant = true;
    world.of("api").stop_takes = 5s;
    world.begin();
    world.run_until(1s);
    world.shutdown();
    Policy next = policy_of({Service{"web"}});
    next.version = "p2";
    world.reload(next);
    world.run_until(20s);
    EXPECT_FALSE(world.engine.find("web"));
    EXPECT_TRUE(world.engine.finished());
}

// ---- equal to a reload: what was changed while keepwell was away ---------------------------------------------------

TEST(Reloading, an_instance_of_an_older_entry_that_is_found_at_the_start_is_restarted) {
    World before{web("v1", "a")};
    before.begin();
    before.run_until(25s);
    World world{web("v2", "b")};
    world.now = Instant{30s};
    world.restore("api", before.engine.memory(before.index("api")));
    world.begin();
    world.run_until(60s);
    EXPECT_EQ(world.commands, (Lines{"30s stop api", "30s start api"}));
    EXPECT_EQ(world.lines("remedy.due"), (Lines{"30s api remedy.due restart: changed"}));
}

TEST(Reloading, a_process_that_no_entry_wants_any_more_is_ended_and_named) {
    World world{web("v1", "a")};
    world.begin();
    world.give(event::OrphanSeen{"old", {"77@1", 77}, 2, 3s});
    EXPECT_EQ(world.commands.back(), "0s discard 77@1");
    world.run_until(1s);
    EXPECT_EQ(world.lines("orphan."), (Lines{"0s host orphan.removed old"}));
}

}  // namespace
}  // namespace keepwell::testing
