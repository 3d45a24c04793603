// Which container is whose, and what is told of it: each row of docker's table of event sequences, containers that come
// and go, commands, and an engine that is lost.
#include "runtime/docker/watch/bindings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "runtime/docker/made_up.hpp"
#include "runtime/docker/told.hpp"
#include "runtime/docker/watch/claims.hpp"
#include "runtime/loop.hpp"
#include "support/await.hpp"

namespace keepwell::runtime::docker {
namespace {

using testing::await;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::settle;
using Lines = std::vector<std::string>;

class BindingsTest : public ::testing::Test {
  protected:
    BindingsTest() { policy.name = "shop"; }

    // ---- the policy

    TargetIndex add(TargetSpec target, bool engine_health = true) {
        ServiceSpec service;
        service.name = target.name;
        service.container_version = "v2";
        service.engine_health = engine_health;
        target.service = static_cast<ServiceIndex>(policy.services.size());
        policy.services.push_back(service);
        policy.targets.push_back(target);
        return static_cast<TargetIndex>(policy.targets.size() - 1);
    }
    TargetIndex adopted(const std::string& name, bool engine_health = true) {
        TargetSpec target;
        target.name = name;
        target.kind = TargetKind::adopted;
        target.selector.name = name;
        return add(target, engine_health);
    }
    TargetIndex owned(const std::string& name) {
        ContainerSpec spec;
        spec.name = "shop-" + name;
        spec.project = "shop";
        spec.service = name;
        TargetSpec target;
        target.name = name;
        target.kind = TargetKind::container;
        target.container = std::make_shared<ContainerSpec>(spec);
        return add(target);
    }
    void selected(const std::string& service, const std::string& label) {
        ServiceSpec spec;
        spec.name = service;
        TargetSpec target;
        target.name = service;
        target.kind = TargetKind::adopted;
        target.service = static_cast<ServiceIndex>(policy.services.size());
        target.selector.labels = {{label, std::nullopt}};
        policy.services.push_back(spec);
        policy.templates.push_back(target);
    }

    // ---- the world

    void begin(const std::vector<Seen>& containers = {}) {
        if (!bindings) {
            bindings.emplace(
                loop, [this](const Event& event) { take(event); },
                Bindings::Options{read_labels, [this](const std::string& line) { log.push_back(line); },
                                  [](const ContainerView& view) { return view.name == "keepwell"; },
                                  [](const Labels& labels) { return label(labels, "keepwell.enable") == "no"; },
                                  [this] { return engine_now; },
                                  [this](const std::string& id, std::function<void(const Seen*)> done) {
                                      looked_at.push_back(id.substr(0, 1));
                                      loop.post([this, id, done = std::move(done)] {
                                          if (on_look) on_look(id);
                                          done(truth ? &*truth : nullptr);
                                      });
                                  }});
            bindings->watch({&policy, [this](event::TargetJoined joined) { return join(std::move(joined)); }});
        }
        for (const auto& one : containers) bindings->seen(one, nullptr);
        bindings->found("Docker");
    }
    TargetIndex join(event::TargetJoined joined) {
        TargetSpec spec = *joined.spec;
        if (joined.service) {
            policy.services.push_back(*joined.service);
            spec.service = static_cast<ServiceIndex>(policy.services.size() - 1);
        }
        words.push_back(spec.name + " joined" + (joined.entry.empty() ? "" : ": " + joined.entry));
        policy.targets.push_back(spec);
        return static_cast<TargetIndex>(policy.targets.size() - 1);
    }
    void take(const Event& event) {
        words.push_back(in_words(event, policy));
        events.push_back(event);
        if (on_event) on_event(event);
    }
    Lines told() { return std::exchange(words, {}); }

    void see(const Seen& seen) { bindings->seen(seen, nullptr); }
    Lines told_of(const Seen& seen) {
        see(seen);
        return told();
    }
    Lines told_when_gone(const Seen& seen) {
        bindings->gone(seen);
        return told();
    }
    template <typename Kind>
    Kind last() const {
        for (auto event = events.rbegin(); event != events.rend(); ++event) {
            if (const auto* one = std::get_if<Kind>(&*event)) return *one;
        }
        ADD_FAILURE() << "no such event";
        return {};
    }

    Loop loop;
    Policy policy;
    ReadLabels read_labels;
    EngineTime engine_now = second(5);
    Lines words;
    Lines log;
    Lines looked_at;
    std::vector<Event> events;
    std::function<void(const Event&)> on_event;
    std::function<void(const std::string&)> on_look;
    std::optional<Seen> truth;  ///< as a look says it
    std::optional<Bindings> bindings;
};

Seen web() { return container('a', "web"); }

Seen labelled(Seen seen, const std::string& key, const std::string& value) {
    seen.view.labels[key] = value;
    return seen;
}
Seen ours(char letter, const std::string& name, const std::string& service) {
    const auto seen = labelled(container(letter, name), "io.keepwell.project", "shop");
    return labelled(labelled(seen, "io.keepwell.service", service), "io.keepwell.slot", "1");
}
Seen with_status(Seen seen, ContainerStatus status) {
    seen.view.status = status;
    return seen;
}

// ---- first sight --------------------------------------------------------------------------------------------------

TEST_F(BindingsTest, each_container_target_is_told_before_the_engine_is_found) {
    adopted("web");
    adopted("api");
    adopted("db");
    TargetSpec process;
    process.name = "worker";
    add(process);
    begin({exited(container('b', "api"), 1, second(3)), web()});
    EXPECT_THAT(told(), ElementsAre("web lives", "api dead: exited (1) 2026-11-20T18:00:03Z",
                                    "db absent: no such container", "found: Docker"));
}

TEST_F(BindingsTest, nothing_is_told_of_a_container_before_all_are_known) {
    adopted("web");
    begin();
    bindings->lost("gone");
    told();
    see(web());
    EXPECT_THAT(told(), IsEmpty());
    bindings->found("Docker");
    EXPECT_THAT(told(), ElementsAre("web lives", "found: Docker"));
}

TEST_F(BindingsTest, what_is_found_is_told_with_all_that_matters_of_it) {
    adopted("web");
    auto seen = checked(web(), "starting");
    seen.view.stop_timeout = 25;
    seen.view.restart_policy = "always";
    seen.view.network_mode = "container:" + full_id('b');
    engine_now = second(20);
    const auto before = loop.now();
    begin({seen});
    const auto found = last<event::Found>();
    EXPECT_EQ(found.instance.id, full_id('a') + "@" + started_text(second(0)));
    EXPECT_GE(found.started_at, before - 20s);
    EXPECT_LE(found.started_at, loop.now() - 20s);
    EXPECT_EQ(found.healthcheck->interval, 10s);
    EXPECT_EQ(found.stop_timeout, 25s);
    EXPECT_TRUE(found.engine_restarts);
    EXPECT_TRUE(found.shares_namespace);
    EXPECT_FALSE(found.stop_removes);
    EXPECT_FALSE(found.outdated);
}

TEST_F(BindingsTest, a_stop_timeout_of_for_ever_is_a_day_and_none_is_dockers_own) {
    adopted("web");
    auto seen = web();
    seen.view.stop_timeout = -1;
    seen.view.auto_remove = true;
    begin({seen});
    EXPECT_EQ(last<event::Found>().stop_timeout, 24h);
    EXPECT_TRUE(last<event::Found>().stop_removes);
    see(started(web(), second(1)));
    EXPECT_EQ(last<event::Found>().stop_timeout, 10s);
    EXPECT_FALSE(last<event::Found>().stop_removes);
}

TEST_F(BindingsTest, a_container_that_is_paused_is_found_so) {
    adopted("web");
    begin({with_status(web(), ContainerStatus::paused)});
    EXPECT_THAT(told(), ElementsAre("web lives, frozen", "found: Docker"));
    EXPECT_THAT(told_of(web()), ElementsAre("web goes on"));
    EXPECT_THAT(told_of(with_status(web(), ContainerStatus::paused)), ElementsAre("web frozen"));
}

TEST_F(BindingsTest, what_neither_runs_nor_is_paused_is_not_found) {
    adopted("web");
    begin({with_status(web(), ContainerStatus::restarting)});
    EXPECT_THAT(told(), ElementsAre("web dead: restarting (0)", "found: Docker"));
    EXPECT_THAT(told_of(with_status(web(), ContainerStatus::removing)), IsEmpty());
    EXPECT_THAT(told_of(with_status(web(), ContainerStatus::dead)), IsEmpty());
}

TEST_F(BindingsTest, one_that_the_engine_does_not_speak_of_exists_and_is_found_later) {
    adopted("web");
    begin({with_status(web(), ContainerStatus::unknown)});
    EXPECT_THAT(told(), ElementsAre("web dead: the container engine does not say how it is", "found: Docker"));
    EXPECT_THAT(told_of(web()), ElementsAre("web lives"));
}

// ---- exits ----------------------------------------------------------------------------------------------------------

TEST_F(BindingsTest, a_process_exits_by_itself) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_of(exited(web(), 3, second(5))), ElementsAre("web exited: exit code 3, for keepwell"));
    EXPECT_THAT(told_of(exited(web(), 3, second(5))), IsEmpty());
    EXPECT_THAT(told_of(started(exited(web(), 3, second(5)), second(6))), ElementsAre("web lives"));
}

TEST_F(BindingsTest, a_restart_policy_restarts_it) {
    adopted("web");
    begin({web()});
    told();
    auto seen = with_status(exited(web(), 1, second(5)), ContainerStatus::restarting);
    seen.view.restart_policy = "always";
    EXPECT_THAT(told_of(seen), ElementsAre("web exited: exit code 1, for engine"));
    EXPECT_THAT(told_of(started(seen, second(6))), ElementsAre("web lives"));
}

TEST_F(BindingsTest, a_restart_policy_that_gives_up) {
    adopted("web");
    begin({web()});
    told();
    auto seen = with_status(exited(web(), 1, second(5)), ContainerStatus::restarting);
    seen.view.restart_policy = "on-failure";
    seen.view.restart_retries = 2;
    seen.view.restart_count = 1;
    EXPECT_THAT(told_of(seen), ElementsAre("web exited: exit code 1, for engine"));
    const auto instance = last<event::Exited>().instance;
    seen.view.restart_count = 2;
    seen.view.started_at = second(6);  // a life that nobody saw
    seen = exited(seen, 4, second(7));
    EXPECT_THAT(told_of(seen), ElementsAre("web exited: exit code 4, for keepwell"));
    EXPECT_EQ(last<event::Exited>().instance, instance);
    EXPECT_THAT(told_of(seen), IsEmpty());
}

TEST_F(BindingsTest, a_restart_by_the_engine_that_fails) {
    adopted("web");
    begin({web()});
    told();
    auto seen = with_status(exited(web(), 1, second(5)), ContainerStatus::restarting);
    seen.view.restart_policy = "always";
    see(seen);
    told();
    seen.view.status = ContainerStatus::exited;
    seen.view.exit_code = 128;
    seen.view.error = "port is already allocated";
    EXPECT_THAT(told_of(seen),
                ElementsAre("web exited: could not be executed: port is already allocated, for keepwell"));
}

TEST_F(BindingsTest, podman_shows_no_back_off_and_gets_a_while_to_start_it_again) {
    adopted("web");
    begin({web()});
    told();
    auto seen = exited(web(), 1, second(5));
    seen.view.restart_policy = "always";
    EXPECT_THAT(told_of(seen), ElementsAre("web exited: exit code 1, for engine"));
    EXPECT_THAT(told_of(started(seen, second(5.2))), ElementsAre("web lives"));
    see(exited(started(seen, second(5.2)), 1, second(6)));
    told();
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));  // it never comes
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 1, for keepwell"));
}

TEST_F(BindingsTest, stop_before_die) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_of(stopped(killed(exited(web(), 143, second(5)), second(4)), second(5.1))),
                ElementsAre("web exited: exit code 143, for nobody"));
}

TEST_F(BindingsTest, die_before_stop) {
    adopted("web");
    begin({web()});
    told();
    const auto dead = killed(exited(web(), 143, second(5)), second(4));
    EXPECT_THAT(told_of(dead), IsEmpty());  // a `stop` may follow
    EXPECT_THAT(told_of(stopped(dead, second(5.1))), ElementsAre("web exited: exit code 143, for nobody"));
    settle(loop);
    EXPECT_THAT(told(), IsEmpty());
}

// dockerd answers no inspect while it restarts a container, and tells of the `stop` meanwhile.
TEST_F(BindingsTest, a_restart_by_a_person_is_one_also_when_the_inspect_after_the_patience_is_the_first_to_show_it) {
    adopted("web");
    begin({web()});
    told();
    const auto dead = killed(exited(web(), 143, second(5)), second(4));
    see(dead);
    truth = stopped(started(dead, second(5.3)), second(5.1));
    on_look = [this](const std::string&) { see(*truth); };
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 143, for nobody", "web lives"));
}

TEST_F(BindingsTest, a_new_life_that_is_seen_before_the_stop_that_led_to_it_is_still_a_persons) {
    adopted("web");
    begin({web()});
    told();
    const auto anew = killed(started(exited(web(), 143, second(5)), second(5.3)), second(4));
    EXPECT_THAT(told_of(anew), IsEmpty());
    EXPECT_THAT(told_of(stopped(anew, second(5.1))), ElementsAre("web exited: exit code 143, for nobody", "web lives"));
}

TEST_F(BindingsTest, a_kill_without_a_stop_is_a_crash) {
    adopted("web");
    begin({web()});
    told();
    const auto before = loop.now();
    EXPECT_THAT(told_of(killed(exited(web(), 137, second(5)), second(4.9))), IsEmpty());
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_GE(loop.now() - before, 300ms);
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 137, for keepwell"));
}

TEST_F(BindingsTest, a_kill_of_one_with_a_restart_policy_is_a_crash_that_the_engine_leaves_alone) {
    adopted("web");
    begin({web()});
    told();
    auto seen = killed(exited(web(), 137, second(5)), second(4.9));
    seen.view.restart_policy = "always";
    see(seen);
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 137, for keepwell"));
}

TEST_F(BindingsTest, a_stop_that_is_told_too_late_is_still_a_persons) {
    adopted("web");
    begin({web()});
    told();
    const auto dead = killed(exited(web(), 143, second(5)), second(4));
    see(dead);
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 143, for keepwell"));
    EXPECT_THAT(told_of(stopped(dead, second(6))), ElementsAre("web exited: exit code 143, for nobody"));
}

TEST_F(BindingsTest, a_stop_in_the_back_off) {
    adopted("web");
    begin({web()});
    told();
    auto seen = with_status(exited(web(), 1, second(5)), ContainerStatus::restarting);
    seen.view.restart_policy = "always";
    see(seen);
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 1, for engine"));
    EXPECT_THAT(told_of(stopped(with_status(seen, ContainerStatus::exited), second(6))),
                ElementsAre("web exited: exit code 1, for nobody"));
}

TEST_F(BindingsTest, a_restart_through_the_api_seen_in_one) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_of(started(stopped(killed(exited(web(), 143, second(5)), second(4)), second(5.1)), second(5.3))),
                ElementsAre("web exited: exit code 143, for nobody", "web lives"));
}

TEST_F(BindingsTest, a_restart_through_the_api_seen_between_the_two) {
    adopted("web");
    begin({web()});
    told();
    const auto dead = killed(exited(web(), 143, second(5)), second(4));
    EXPECT_THAT(told_of(dead), IsEmpty());
    EXPECT_THAT(told_of(started(stopped(dead, second(5.1)), second(5.3))),
                ElementsAre("web exited: exit code 143, for nobody", "web lives"));
}

TEST_F(BindingsTest, a_life_that_was_missed_altogether) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_of(started(web(), second(8))), ElementsAre("web exited: ended unseen, for keepwell", "web lives"));
}

TEST_F(BindingsTest, a_lack_of_memory_kills_it) {
    adopted("web");
    begin({web()});
    told();
    auto seen = exited(web(), 137, second(5));
    seen.view.oom_killed = true;
    EXPECT_THAT(told_of(seen), ElementsAre("web exited: exit code 137, for keepwell"));
    EXPECT_EQ(last<event::Exited>().status.detail, "out of memory");
}

TEST_F(BindingsTest, a_running_container_is_removed_by_force) {
    adopted("web");
    begin({web()});
    told();
    const auto dead = killed(exited(web(), 137, second(5)), second(4.9));
    EXPECT_THAT(told_of(dead), IsEmpty());
    EXPECT_THAT(told_when_gone(dead),
                ElementsAre("web exited: exit code 137, for keepwell", "web absent: no such container"));
}

TEST_F(BindingsTest, a_stopped_container_is_removed) {
    adopted("web");
    begin({exited(web(), 0, second(3))});
    told();
    EXPECT_THAT(told_when_gone(exited(web(), 0, second(3))), ElementsAre("web absent: no such container"));
    EXPECT_EQ(bindings->container_of(0), nullptr);
}

// ---- the engine's own end and loss ----------------------------------------------------------------------------------

TEST_F(BindingsTest, an_engine_that_is_lost_and_found_again_changes_nothing) {
    adopted("web");
    begin({web()});
    told();
    bindings->lost("connection refused");
    EXPECT_THAT(told(), ElementsAre("lost: connection refused"));
    begin({web()});
    EXPECT_THAT(told(), ElementsAre("found: Docker"));
}

TEST_F(BindingsTest, what_happened_meanwhile_is_told_before_the_engine_is_found) {
    adopted("web");
    adopted("api");
    adopted("db");
    begin({web(), container('b', "api"), container('c', "db")});
    told();
    bindings->lost("away");
    bindings->gone(container('c', "db"));
    begin({killed(exited(web(), 1, second(7)), second(6)), started(container('b', "api"), second(8))});
    EXPECT_THAT(told(),
                ElementsAre("lost: away", "web exited: exit code 1, for keepwell",
                            "api exited: ended unseen, for keepwell", "api lives",
                            "db exited: ended unseen, for keepwell", "db absent: no such container", "found: Docker"));
}

TEST_F(BindingsTest, health_is_told_anew_after_an_engine_was_lost) {
    adopted("web");
    const auto well = probed(checked(web(), "healthy"), second(4), 0);
    begin({well});
    EXPECT_THAT(told(), ElementsAre("web lives", "web is healthy 0", "found: Docker"));
    bindings->lost("away");
    begin({well});
    EXPECT_THAT(told(), ElementsAre("lost: away", "web is healthy 0", "found: Docker"));
}

// dockerd's end looks like a `stop` of everything.
TEST_F(BindingsTest, stops_that_were_the_engines_own_end_are_not_a_persons) {
    adopted("web");
    adopted("api");
    adopted("db");
    begin({web(), container('b', "api"), container('c', "db")});
    told();
    const auto quick = stopped(killed(exited(web(), 143, second(5.1)), second(5)), second(5.2));
    const auto slow = stopped(killed(container('b', "api"), second(5.01)), second(15.2));
    const auto persons = stopped(killed(exited(container('c', "db"), 0, second(1)), second(1)), second(1.1));
    see(persons);
    see(quick);
    see(exited(slow, 137, second(15.1)));
    EXPECT_THAT(told(), ElementsAre("db exited: exit code 0, for nobody", "web exited: exit code 143, for nobody",
                                    "api exited: exit code 137, for nobody"));
    engine_now = second(16.2);
    bindings->lost("away");
    begin({quick, exited(slow, 137, second(15.1)), persons});
    EXPECT_THAT(told(), ElementsAre("lost: away", "web exited: exit code 143, for keepwell",
                                    "api exited: exit code 137, for keepwell", "found: Docker"));
}

TEST_F(BindingsTest, an_end_that_the_engine_took_with_it_is_not_a_persons_either) {
    adopted("web");
    begin({web()});
    told();
    auto dying = stopped(killed(web(), second(5)), second(5.2));  // its events came, its inspect did not
    dying.die_event = second(5.1);
    see(dying);
    engine_now = second(6);
    bindings->lost("away");
    begin({exited(dying, 143, second(5.1))});
    EXPECT_THAT(told(), ElementsAre("lost: away", "web exited: exit code 143, for keepwell", "found: Docker"));
}

TEST_F(BindingsTest, a_person_who_stops_one_of_two_just_before_the_engine_is_lost_is_a_person) {
    adopted("web");
    adopted("api");
    begin({web(), container('b', "api")});
    const auto dead = stopped(killed(exited(web(), 143, second(5.1)), second(5)), second(5.2));
    see(dead);
    told();
    engine_now = second(6);
    bindings->lost("away");
    begin({dead, container('b', "api")});
    EXPECT_THAT(told(), ElementsAre("lost: away", "found: Docker"));
}

TEST_F(BindingsTest, a_person_who_stopped_it_a_minute_before_the_engine_ended_is_a_person) {
    adopted("web");
    begin({web()});
    const auto dead = stopped(killed(exited(web(), 143, second(5.1)), second(5)), second(5.2));
    see(dead);
    told();
    engine_now = second(65);
    bindings->lost("away");
    begin({dead});
    EXPECT_THAT(told(), ElementsAre("lost: away", "found: Docker"));
}

// ---- health -------------------------------------------------------------------------------------------------------

TEST_F(BindingsTest, health_is_told_when_its_word_or_its_streak_changes) {
    adopted("web");
    begin({checked(web(), "starting")});
    EXPECT_THAT(told(), ElementsAre("web lives", "web is starting 0", "found: Docker"));
    engine_now = second(11);
    auto seen = probed(checked(web(), "healthy"), second(10), 0);
    EXPECT_THAT(told_of(seen), ElementsAre("web is healthy 0"));
    engine_now = second(21);
    EXPECT_THAT(told_of(probed(seen, second(20), 0)), IsEmpty());
    engine_now = second(41);
    seen = probed(checked(web(), "unhealthy", 3), second(40), 1);
    EXPECT_THAT(told_of(seen), ElementsAre("web is unhealthy 3"));
    seen.view.health->failing_streak = 4;
    EXPECT_THAT(told_of(seen), ElementsAre("web is unhealthy 4"));
}

TEST_F(BindingsTest, a_paused_container_is_not_unhealthy) {
    adopted("web");
    begin({probed(checked(web(), "healthy"), second(4), 0)});
    told();
    const auto paused = with_status(probed(checked(web(), "unhealthy"), second(4), 0), ContainerStatus::paused);
    EXPECT_THAT(told_of(paused), ElementsAre("web frozen"));
    auto on = with_status(paused, ContainerStatus::running);
    on.unpaused = second(6);
    engine_now = second(6);
    EXPECT_THAT(told_of(on), ElementsAre("web goes on"));
    engine_now = second(17);
    EXPECT_THAT(told_of(probed(checked(on, "healthy"), second(16), 0)), ElementsAre("web is healthy 0"));
}

Seen unpaused_and_silent() {
    auto seen = probed(checked(web(), "unhealthy", 0), second(1), 0);
    seen.view.healthcheck->interval = 20ms;
    seen.unpaused = second(4.4);
    return seen;
}

// V7: after a pause the engine tells of nothing when the probes fail; so the container is looked at.
TEST_F(BindingsTest, a_silent_container_is_looked_at_until_it_says_something) {
    adopted("web");
    std::uint32_t streak = 0;
    on_look = [&](const std::string&) {
        auto seen = unpaused_and_silent();
        engine_now = second(5 + 0.5 * ++streak);
        seen.view.health->failing_streak = streak;
        see(probed(seen, engine_now - 200ms, 1));
    };
    begin({unpaused_and_silent()});
    EXPECT_THAT(told(), ElementsAre("web lives", "found: Docker"));
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_THAT(told(), ElementsAre("web is unhealthy 3"));
    EXPECT_THAT(looked_at, ElementsAre("a", "a", "a"));
}

TEST_F(BindingsTest, a_status_that_is_not_renewed_is_unknown_by_the_time_alone) {
    adopted("web");
    auto seen = unpaused_and_silent();
    on_look = [&](const std::string&) { engine_now = second(60); };  // and nothing else is new
    begin({seen});
    told();
    EXPECT_TRUE(await(loop, [&] { return !words.empty(); }));
    EXPECT_THAT(told(), ElementsAre("web is unknown 0"));
}

TEST_F(BindingsTest, where_the_policy_has_a_check_of_its_own_the_engines_is_not_looked_after) {
    adopted("web", false);
    begin({unpaused_and_silent()});
    const auto end = loop.now() + 1200ms;
    Timer timer{loop};
    bool over = false;
    timer.arm(end, [&] { over = true; });
    EXPECT_TRUE(await(loop, [&] { return over; }));
    EXPECT_THAT(looked_at, IsEmpty());
}

// ---- selectors and labels -------------------------------------------------------------------------------------------

TEST_F(BindingsTest, targets_come_and_go_with_the_containers_that_a_selector_finds) {
    selected("healed", "autoheal");
    const auto one = labelled(container('b', "one"), "autoheal", "true");
    const auto two = labelled(container('d', "two"), "autoheal", "true");
    begin({two, one, web()});
    EXPECT_THAT(told(), ElementsAre("healed.one joined", "healed.one lives", "healed.two joined", "healed.two lives",
                                    "found: Docker"));
    EXPECT_THAT(told_of(labelled(exited(container('c', "three"), 0, second(1)), "autoheal", "true")),
                ElementsAre("healed.three joined", "healed.three dead: exited (0) 2026-11-20T18:00:01Z"));
    EXPECT_THAT(told_of(exited(one, 2, second(5))), ElementsAre("healed.one exited: exit code 2, for keepwell"));
    EXPECT_THAT(told_when_gone(exited(one, 2, second(5))), ElementsAre("healed.one left"));
    EXPECT_THAT(told_when_gone(two), ElementsAre("healed.two exited: ended unseen, for keepwell", "healed.two left"));
}

TEST_F(BindingsTest, what_a_target_names_does_not_join_by_a_selector) {
    selected("healed", "autoheal");
    adopted("web");
    begin({labelled(web(), "autoheal", "true")});
    EXPECT_THAT(told(), ElementsAre("web lives", "found: Docker"));
}

TEST_F(BindingsTest, a_target_takes_a_container_that_joined_when_it_gets_its_name) {
    selected("healed", "autoheal");
    adopted("web");
    auto seen = labelled(container('a', "tmp"), "autoheal", "true");
    begin({seen});
    EXPECT_THAT(told(),
                ElementsAre("web absent: no such container", "healed.tmp joined", "healed.tmp lives", "found: Docker"));
    seen.view.name = "web";
    EXPECT_THAT(told_of(seen),
                ElementsAre("healed.tmp exited: ended unseen, for keepwell", "healed.tmp left", "web lives"));
}

TEST_F(BindingsTest, a_joined_target_keeps_its_container_over_a_rename) {
    selected("healed", "autoheal");
    auto seen = labelled(container('a', "one"), "autoheal", "true");
    begin({seen});
    told();
    seen.view.name = "other";
    EXPECT_THAT(told_of(seen), IsEmpty());
    EXPECT_EQ(bindings->target_of(full_id('a')), 0u);
}

TEST_F(BindingsTest, a_new_container_with_the_old_name_of_a_joined_one_is_another_target) {
    selected("healed", "autoheal");
    auto seen = labelled(container('a', "one"), "autoheal", "true");
    begin({seen});
    seen.view.name = "backup";
    see(seen);
    told();
    EXPECT_THAT(told_of(labelled(container('b', "one"), "autoheal", "true")),
                ElementsAre("healed.one joined", "healed.one lives"));
    EXPECT_EQ(bindings->target_of(full_id('a')), 0u);
    EXPECT_EQ(bindings->target_of(full_id('b')), 1u);
}

TEST_F(BindingsTest, a_container_that_is_renamed_from_one_target_to_another_changes_hands) {
    adopted("web");
    adopted("api");
    auto seen = container('a', "api");
    begin({seen});
    told();
    seen.view.name = "web";
    EXPECT_THAT(told_of(seen),
                ElementsAre("web lives", "api exited: ended unseen, for keepwell", "api absent: no such container"));
}

TEST_F(BindingsTest, two_containers_that_exchanged_their_names_meanwhile_are_exchanged) {
    adopted("web");
    adopted("api");
    begin({container('a', "web"), container('b', "api")});
    told();
    bindings->lost("away");
    begin({container('a', "api"), container('b', "web")});
    EXPECT_THAT(told(), ElementsAre("lost: away", "web exited: ended unseen, for keepwell", "web lives",
                                    "api exited: ended unseen, for keepwell", "api lives", "found: Docker"));
}

Seen composed(char letter, const std::string& name) {
    return labelled(labelled(labelled(container(letter, name), "com.docker.compose.project", "shop"),
                             "com.docker.compose.service", "web"),
                    "com.docker.compose.container-number", "1");
}

// compose pkg/compose/convergence.go: created beside the old one, the old one stopped and removed, the new one renamed
// and started.
TEST_F(BindingsTest, a_recreation_by_compose_is_one_target_all_the_way) {
    selected("web", "com.docker.compose.service");
    const auto old = composed('a', "shop_web_1");
    begin({old});
    EXPECT_THAT(told(), ElementsAre("web.shop_web_1 joined", "web.shop_web_1 lives", "found: Docker"));
    auto fresh = with_status(composed('b', "aaaaaaaaaaaa_shop_web_1"), ContainerStatus::created);
    EXPECT_THAT(told_of(fresh), IsEmpty());
    const auto dead = stopped(killed(exited(old, 143, second(5)), second(4)), second(5.1));
    EXPECT_THAT(told_of(dead), ElementsAre("web.shop_web_1 exited: exit code 143, for nobody"));
    EXPECT_THAT(told_when_gone(dead), IsEmpty());
    fresh.view.name = "shop_web_1";
    EXPECT_THAT(told_of(fresh), IsEmpty());
    EXPECT_THAT(told_of(started(fresh, second(7))), ElementsAre("web.shop_web_1 lives"));
    EXPECT_EQ(bindings->container_of(0)->view.id, full_id('b'));
}

TEST_F(BindingsTest, a_recreation_by_compose_while_the_engine_was_lost_to_us) {
    selected("web", "com.docker.compose.service");
    begin({composed('a', "shop_web_1")});
    told();
    bindings->lost("away");
    bindings->gone(composed('a', "shop_web_1"));
    begin({started(composed('b', "shop_web_1"), second(7))});
    EXPECT_THAT(told(), ElementsAre("lost: away", "web.shop_web_1 exited: ended unseen, for keepwell",
                                    "web.shop_web_1 lives", "found: Docker"));
}

TEST_F(BindingsTest, a_named_container_that_is_recreated_is_bound_anew) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_when_gone(stopped(exited(web(), 0, second(5)), second(5.1))),
                ElementsAre("web exited: exit code 0, for nobody", "web absent: no such container"));
    const auto created = with_status(container('b', "web"), ContainerStatus::created);
    EXPECT_THAT(told_of(created), ElementsAre("web dead: created, never started"));
    EXPECT_THAT(told_of(started(created, second(7))), ElementsAre("web lives"));
}

TEST_F(BindingsTest, labels_alone_make_a_service_and_say_what_is_wrong_once) {
    read_labels = [](const std::string& name, const Labels& labels) -> std::optional<Labelled> {
        if (label(labels, "autoheal") != "true") return std::nullopt;
        ServiceSpec service;
        service.name = name;
        TargetSpec target;
        target.name = name;
        target.kind = TargetKind::adopted;
        target.selector.name = name;
        return Labelled{std::make_shared<ServiceSpec>(service),
                        std::make_shared<TargetSpec>(target),
                        "entry of " + name,
                        {"autoheal.stop.timeout: `x` is no number"}};
    };
    const auto seen = labelled(web(), "autoheal", "true");
    begin({seen, container('b', "api")});
    EXPECT_THAT(told(), ElementsAre("web joined: entry of web", "web lives", "found: Docker"));
    EXPECT_THAT(told_when_gone(seen), ElementsAre("web exited: ended unseen, for keepwell", "web left"));
    EXPECT_THAT(told_of(seen), ElementsAre("web joined: entry of web", "web lives"));
    EXPECT_THAT(log, ElementsAre("web: autoheal.stop.timeout: `x` is no number"));
    EXPECT_TRUE(bindings->is_interesting(listed(seen.view)));
    EXPECT_FALSE(bindings->is_interesting(listed(container('d', "db").view)));
}

TEST_F(BindingsTest, the_commands_of_one_that_a_label_selects_have_its_name) {
    selected("healed", "autoheal");
    policy.templates.front().hooks = {{{"/bin/collect", "--of={{.Target.Name}}"}}};
    policy.templates.front().process.environment = {{"WHO", "{{.Target.Name}} {{.Target.Name}}"}};
    begin({labelled(web(), "autoheal", "")});
    EXPECT_EQ(policy.targets.front().hooks.front().command, (Lines{"/bin/collect", "--of=healed.web"}));
    EXPECT_EQ(policy.targets.front().process.environment.front().second, "healed.web healed.web");
}

TEST_F(BindingsTest, another_healer_on_the_host_is_warned_of_once) {
    read_labels = [](const std::string&, const Labels&) { return std::nullopt; };
    begin();
    auto rival = container('a', "autoheal");
    rival.view.image = "willfarrell/autoheal:latest";
    EXPECT_FALSE(bindings->is_interesting(listed(rival.view)));
    EXPECT_FALSE(bindings->is_interesting(listed(rival.view)));
    EXPECT_THAT(log, ElementsAre("the container autoheal (willfarrell/autoheal:latest) heals containers too: what both "
                                 "watch may be restarted twice"));
}

TEST_F(BindingsTest, what_has_a_master_of_its_own_is_never_a_target) {
    selected("healed", "autoheal");
    adopted("unit");
    const auto task = labelled(labelled(container('a', "task"), "autoheal", ""), "com.docker.swarm.task.id", "x");
    const auto self = labelled(container('b', "keepwell"), "autoheal", "");
    const auto unit = labelled(container('c', "unit"), "PODMAN_SYSTEMD_UNIT", "unit.service");
    begin({task, self, unit});
    EXPECT_THAT(told(), ElementsAre("unit absent: the container unit is left alone: it belongs to the systemd unit "
                                    "unit.service",
                                    "found: Docker"));
    see(task);
    EXPECT_THAT(log, ElementsAre("keepwell is left alone: it is keepwell's own",
                                 "task is left alone: it is a task of a Swarm service, which heals it"));
}

TEST_F(BindingsTest, one_that_asks_to_be_left_alone_is_no_target_though_the_policy_names_it) {
    adopted("web");
    owned("api");
    begin({labelled(web(), "keepwell.enable", "no"), labelled(ours('b', "shop-api", "api"), "keepwell.enable", "no")});
    EXPECT_THAT(told(), ElementsAre("web absent: the container web is left alone: its label keepwell.enable says so",
                                    "api lives", "found: Docker"));
}

// ---- our own --------------------------------------------------------------------------------------------------------

TEST_F(BindingsTest, our_own_are_known_by_their_labels_and_outdated_by_their_version) {
    owned("api");
    owned("web");
    owned("db");
    begin({labelled(ours('a', "shop-api", "api"), "io.keepwell.version", "v2"),
           labelled(ours('b', "shop-web", "web"), "io.keepwell.version", "v1")});
    EXPECT_THAT(told(), ElementsAre("api lives", "web lives", "db absent: no such container", "found: Docker"));
    EXPECT_FALSE(std::get<event::Found>(events[0]).outdated);
    EXPECT_TRUE(std::get<event::Found>(events[1]).outdated);
}

TEST_F(BindingsTest, a_container_of_ours_that_no_target_wants_is_told_once_for_each_connection) {
    owned("api");
    const auto orphan = ours('a', "shop-api-2", "api.2");
    begin({orphan});
    EXPECT_THAT(told(), ElementsAre("api absent: no such container", "orphan shop-api-2", "found: Docker"));
    EXPECT_EQ(last<event::OrphanSeen>().instance.subject(), full_id('a'));
    EXPECT_THAT(told_of(exited(orphan, 0, second(5))), IsEmpty());
    bindings->lost("away");
    begin({exited(orphan, 0, second(5))});
    EXPECT_THAT(told(), ElementsAre("lost: away", "orphan shop-api-2", "found: Docker"));
    EXPECT_TRUE(bindings->is_interesting(listed(ours('b', "x", "y").view)));
}

TEST_F(BindingsTest, of_the_two_halves_of_a_replacement_the_one_with_the_name_is_the_target) {
    owned("api");
    const auto old = ours('a', "shop-api.keepwell-old-aaaaaaaaaaaa", "api");
    const auto fresh = ours('b', "shop-api", "api");
    begin({old, fresh});
    EXPECT_THAT(told(), ElementsAre("api lives", "found: Docker"));
    EXPECT_EQ(last<event::Found>().instance.subject(), full_id('b'));
}

TEST_F(BindingsTest, a_half_of_a_replacement_is_bound_when_there_is_nothing_else) {
    adopted("web");
    selected("healed", "autoheal");
    auto old = labelled(container('a', "web.keepwell-old-aaaaaaaaaaaa"), "autoheal", "");
    begin({old, labelled(container('b', "x.keepwell-new-aaaaaaaaaaaa"), "autoheal", "")});
    EXPECT_THAT(told(), ElementsAre("web lives", "found: Docker"));
    EXPECT_EQ(bindings->container_of(0)->view.id, full_id('a'));
    EXPECT_TRUE(bindings->is_interesting(listed(old.view)));
}

TEST_F(BindingsTest, a_copy_that_nobody_is_about_to_start_is_an_orphan) {
    adopted("web");
    begin({web()});
    told();
    const auto copy = with_status(container('b', "web.keepwell-new-aaaaaaaaaaaa"), ContainerStatus::created);
    bindings->begin_command(0);
    EXPECT_THAT(told_of(copy), IsEmpty());  // by the command, as far as anybody knows
    const auto same = web();
    bindings->end_command(0, &same);
    settle(loop);
    EXPECT_THAT(told(), ElementsAre("orphan web.keepwell-new-aaaaaaaaaaaa"));
    EXPECT_EQ(last<event::OrphanSeen>().instance.subject(), full_id('b'));
    EXPECT_THAT(told_of(copy), IsEmpty());  // told once
    const auto later = with_status(container('c', "web.keepwell-new-aaaaaaaaaaaa"), ContainerStatus::created);
    EXPECT_THAT(told_of(later), ElementsAre("orphan web.keepwell-new-aaaaaaaaaaaa"));
}

TEST_F(BindingsTest, a_copy_of_another_container_or_one_that_runs_is_no_orphan) {
    adopted("web");
    begin({web()});
    told();
    EXPECT_THAT(told_of(with_status(container('b', "web.keepwell-new-cccccccccccc"), ContainerStatus::created)),
                IsEmpty());
    EXPECT_THAT(told_of(with_status(container('c', "api.keepwell-new-aaaaaaaaaaaa"), ContainerStatus::created)),
                IsEmpty());
    EXPECT_THAT(told_of(container('d', "web.keepwell-new-aaaaaaaaaaaa")), IsEmpty());
    EXPECT_THAT(told_of(with_status(container('e', "web.keepwell-old-aaaaaaaaaaaa"), ContainerStatus::created)),
                IsEmpty());
}

// ---- commands -------------------------------------------------------------------------------------------------------

TEST_F(BindingsTest, what_a_command_does_is_not_told) {
    adopted("web");
    begin({web()});
    told();
    bindings->begin_command(0);
    const auto dead = stopped(killed(exited(web(), 143, second(5)), second(4)), second(5.1));
    EXPECT_THAT(told_of(dead), IsEmpty());
    const auto next = started(dead, second(6));
    EXPECT_THAT(told_of(next), IsEmpty());
    bindings->end_command(0, &next);
    settle(loop);
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_THAT(told_of(exited(next, 1, second(7))), ElementsAre("web exited: exit code 1, for keepwell"));
}

TEST_F(BindingsTest, what_keepwell_stopped_is_no_persons_stop) {
    adopted("web");
    begin({web()});
    told();
    bindings->begin_command(0);
    const auto dead = killed(exited(web(), 143, second(5)), second(4));
    see(dead);
    bindings->end_command(0, &dead);
    settle(loop);
    EXPECT_THAT(told_of(stopped(dead, second(5.1))), IsEmpty());
    EXPECT_THAT(told_of(started(dead, second(9))), ElementsAre("web lives"));
}

TEST_F(BindingsTest, one_that_died_again_while_the_command_started_it_is_told_after_it) {
    adopted("web");
    begin({exited(web(), 0, second(1))});
    told();
    bindings->begin_command(0);
    const auto crashed = exited(started(web(), second(5)), 7, second(5.1));
    see(crashed);
    bindings->end_command(0, &crashed);
    EXPECT_THAT(told(), IsEmpty());
    settle(loop);
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 7, for keepwell"));
    EXPECT_EQ(last<event::Exited>().instance.id, full_id('a') + "@" + started_text(second(5)));
}

TEST_F(BindingsTest, what_was_seen_before_a_command_said_what_it_had_seen_is_not_lost) {
    adopted("web");
    begin({exited(web(), 0, second(1))});
    told();
    bindings->begin_command(0);
    const auto fresh = started(web(), second(5));
    truth = exited(fresh, 7, second(5.1));
    see(*truth);
    bindings->end_command(0, &fresh);  // inspected before it crashed
    settle(loop);
    EXPECT_THAT(told(), ElementsAre("web exited: exit code 7, for keepwell"));
}

TEST_F(BindingsTest, one_that_could_not_be_started_was_told_by_the_command) {
    adopted("web");
    auto created = with_status(container('a', "web", {}), ContainerStatus::created);
    begin({created});
    told();
    bindings->begin_command(0);
    created.view.exit_code = 127;
    created.view.error = "no such file";
    see(created);
    bindings->end_command(0, &created);
    settle(loop);
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(BindingsTest, a_container_that_a_command_made_is_told_with_its_traits) {
    owned("api");
    begin();
    told();
    bindings->begin_command(0);
    const auto fresh = checked(labelled(ours('a', "shop-api", "api"), "io.keepwell.version", "v2"), "starting");
    EXPECT_THAT(told_of(fresh), IsEmpty());
    bindings->end_command(0, &fresh);
    EXPECT_THAT(told(), IsEmpty());  // the command's completion comes first
    settle(loop);
    EXPECT_THAT(told(), ElementsAre("api lives", "api is starting 0"));
    EXPECT_THAT(told_of(fresh), IsEmpty());
}

TEST_F(BindingsTest, both_halves_of_a_replacement_belong_to_its_command) {
    owned("api");
    const auto old = ours('a', "shop-api", "api");
    begin({old});
    told();
    bindings->begin_command(0);
    auto fresh = with_status(ours('b', "shop-api.keepwell-new-aaaaaaaaaaaa", "api"), ContainerStatus::created);
    see(fresh);
    auto parked = exited(old, 143, second(5));
    parked.view.name = "shop-api.keepwell-old-aaaaaaaaaaaa";
    see(parked);
    fresh.view.name = "shop-api";
    fresh = started(fresh, second(6));
    see(fresh);
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_EQ(bindings->container_of(0)->view.id, full_id('a'));
    bindings->end_command(0, &fresh);
    EXPECT_EQ(bindings->container_of(0)->view.id, full_id('b'));
    settle(loop);
    EXPECT_THAT(told(), ElementsAre("api lives"));
    EXPECT_THAT(told_of(exited(parked, 143, second(5))), IsEmpty());
    EXPECT_THAT(told_when_gone(parked), IsEmpty());
}

TEST_F(BindingsTest, a_target_whose_container_a_command_removed_has_none) {
    owned("api");
    begin({ours('a', "shop-api", "api")});
    told();
    bindings->begin_command(0);
    bindings->gone(exited(ours('a', "shop-api", "api"), 0, second(5)));
    bindings->end_command(0, nullptr);
    settle(loop);
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_EQ(bindings->container_of(0), nullptr);
}

TEST_F(BindingsTest, commands_of_one_target_may_overlap) {
    adopted("web");
    begin({web()});
    told();
    bindings->begin_command(0);
    bindings->begin_command(0);
    const auto dead = exited(web(), 143, second(5));
    see(dead);
    bindings->end_command(0, &dead);
    settle(loop);
    EXPECT_THAT(told_of(started(dead, second(6))), IsEmpty());
    const auto next = started(dead, second(6));
    bindings->end_command(0, &next);
    settle(loop);
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(BindingsTest, a_command_that_an_event_leads_to_begins_in_the_middle_of_telling) {
    adopted("web");
    begin({web()});
    told();
    on_event = [this](const Event& event) {
        if (std::holds_alternative<event::Exited>(event)) bindings->begin_command(0);
    };
    EXPECT_THAT(told_of(exited(web(), 1, second(5))), ElementsAre("web exited: exit code 1, for keepwell"));
    EXPECT_THAT(told_of(started(web(), second(6))), IsEmpty());
}

TEST_F(BindingsTest, an_index_that_is_nobodys_is_of_no_harm) {
    begin();
    bindings->begin_command(99);
    bindings->end_command(99, nullptr);
    bindings->end_command(0, nullptr);
    EXPECT_EQ(bindings->container_of(99), nullptr);
    EXPECT_EQ(bindings->target_of("x"), std::nullopt);
    bindings->gone(web());
    settle(loop);
}

}  // namespace
}  // namespace keepwell::runtime::docker
