// What every ContainerPort must do, held against the real end on a real engine and against the fake that other tests
// build on. Compiled twice: KEEPWELL_CONTRACT_ON_DOCKER chooses the real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#ifdef KEEPWELL_CONTRACT_ON_DOCKER
#include "runtime/docker/container_world.hpp"
#else
#include "simulation/world/containers.hpp"
#include "simulation/world/loop.hpp"
#endif

namespace keepwell::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// How a container behaves, in words that both ends can make true.
enum class Behaviour {
    obeys,           ///< runs, and ends at once when it is asked to
    ignores_stop,    ///< runs, and ends by SIGKILL only
    exits_3,         ///< ends at once by itself
    cannot_start,    ///< its engine cannot execute it
    is_restarted,    ///< runs, with a restart policy of its own
    is_removed,      ///< runs, and its end removes it (`--rm`)
    turns_sick,      ///< its own health check says healthy, and then unhealthy
    publishes_port,  ///< runs, and no second one can beside it
};

#ifdef KEEPWELL_CONTRACT_ON_DOCKER

class End {
  public:
    supervisor::ContainerPort& port() { return *world_.containers; }
    TargetSpec& target(TargetIndex index) { return world_.policy.targets[index]; }
    std::string name(const std::string& what) const { return world_.name(what); }

    TargetIndex adopt(const std::string& what) { return world_.adopt(what); }
    TargetIndex own(const std::string& what) { return world_.own(what); }
    void change_entry(TargetIndex index) {
        world_.change_entry(index, {});
        world_.policy.services[index].container_version = "2";
    }
    void lose_image(TargetIndex index) {
        world_.change_entry(index, [](ContainerSpec& spec) { spec.image = "keepwell-test/absent:1"; });
    }
    void make(const std::string& what, Behaviour behaviour, bool started = true) {
        std::vector<std::string> options;
        std::vector<std::string> command = obedient();
        switch (behaviour) {
            case Behaviour::obeys: break;
            case Behaviour::ignores_stop: command = {"sleep", "1000"}; break;
            case Behaviour::exits_3: command = {"sh", "-c", "exit 3"}; break;
            case Behaviour::cannot_start: command = {"/absent"}; break;
            case Behaviour::is_restarted: options = {"--restart", "always"}; break;
            case Behaviour::is_removed: options = {"--rm"}; break;
            case Behaviour::turns_sick:
                options = {"--health-cmd",      "[ ! -e /sick ] || exit 1; touch /sick",
                           "--health-interval", "100ms",
                           "--health-retries",  "1"};
                break;
            case Behaviour::publishes_port: options = {"--publish", "127.0.0.1:7099:80"}; break;
        }
        options.emplace_back(busybox);
        options.insert(options.end(), command.begin(), command.end());
        started ? world_.sandbox.run(what, options) : world_.sandbox.create(what, options);
    }
    void begin() { world_.begin_and_keep(); }
    void crash() { world_.crash(); }
    void person(const std::string& verb, const std::string& what) {
        std::vector<std::string> command{verb};
        if (verb == "rm") command.emplace_back("--force");
        if (verb == "stop") command.insert(command.end(), {"--time", "1"});
        command.push_back(name(what));
        docker(command);
    }
    void exits(const std::string& what) { run_program({"docker", "exec", name(what), "kill", "1"}); }
    Instance life(const std::string& what) const { return world_.life(name(what)); }
    std::string there() const { return world_.there(); }

    template <typename Kind>
    Kind next() {
        return world_.next<Kind>();
    }
    bool quiet() {
        settle(world_.loop);
        return world_.events.empty();
    }
    std::deque<Event>& events() { return world_.events; }
    std::size_t steps() const { return world_.steps.size(); }

  private:
    ContainerWorld world_;
};

#else

class End {
  public:
    supervisor::ContainerPort& port() { return fake_; }
    TargetSpec& target(TargetIndex index) { return policy_.targets[index]; }
    std::string name(const std::string& what) const { return what; }

    TargetIndex adopt(const std::string& what) {
        const TargetIndex index = add(what, TargetKind::adopted);
        policy_.targets[index].selector.name = what;
        return index;
    }
    TargetIndex own(const std::string& what) {
        const TargetIndex index = add(what, TargetKind::container);
        policy_.services[index].container_version = "1";
        auto spec = std::make_shared<ContainerSpec>();
        spec->name = what;
        spec->image = "app:1";
        policy_.targets[index].container = spec;
        return index;
    }
    void change_entry(TargetIndex index) { policy_.services[index].container_version = "2"; }
    void lose_image(TargetIndex) { fake_.no_image("app:1"); }
    void make(const std::string& what, Behaviour behaviour, bool started = true) {
        simulation::Made made;
        made.name = what;
        simulation::Life life;
        switch (behaviour) {
            case Behaviour::obeys: break;
            case Behaviour::ignores_stop: life = simulation::Life::ignores_stop(); break;
            case Behaviour::exits_3: life = simulation::Life::exits(3); break;
            case Behaviour::cannot_start: life = simulation::Life::fails("/absent: no such file or directory"); break;
            case Behaviour::is_restarted: made.restart = "always"; break;
            case Behaviour::is_removed: made.auto_remove = true; break;
            case Behaviour::turns_sick:
                made.healthcheck = Healthcheck{};
                life = simulation::Life::turns({{1s, Health::healthy}, {2s, Health::unhealthy}});
                break;
            case Behaviour::publishes_port: made.publishes_a_port = true; break;
        }
        fake_.lives(what, {life});
        started ? fake_.run(made) : fake_.create(made);
    }
    void begin() {
        events_.clear();
        steps_ = 0;
        fake_.watch({&policy_, [](const event::TargetJoined&) { return no_target; }});
    }
    void crash() {
        fake_.forget();
        events_.clear();
    }
    void person(const std::string& verb, const std::string& what) {
        if (verb == "start") fake_.person_starts(what);
        if (verb == "stop") fake_.person_stops(what);
        if (verb == "rm") fake_.person_removes(what);
        if (verb == "pause") fake_.person_pauses(what);
        if (verb == "unpause") fake_.person_pauses(what, false);
    }
    void exits(const std::string& what) { fake_.ends(what, {ExitStatus::Kind::code, 143, {}}); }
    Instance life(const std::string& what) const { return fake_.life(what); }
    std::string there() const { return fake_.there(); }

    template <typename Kind>
    Kind next() {
        const auto is_kind = [](const Event& event) { return std::holds_alternative<Kind>(event); };
        for (int steps = 0; steps < 10000; ++steps) {
            const auto found = std::find_if(events_.begin(), events_.end(), is_kind);
            if (found != events_.end()) {
                const Kind event = std::get<Kind>(*found);
                events_.erase(found);
                return event;
            }
            if (!loop_.step()) break;
        }
        throw std::runtime_error("the event did not come");
    }
    bool quiet() {
        loop_.advance(0s);
        return events_.empty();
    }
    std::deque<Event>& events() { return events_; }
    std::size_t steps() const { return steps_; }

  private:
    TargetIndex add(const std::string& what, TargetKind kind) {
        ServiceSpec service;
        service.name = what;
        policy_.services.push_back(service);
        TargetSpec target;
        target.name = what;
        target.service = static_cast<ServiceIndex>(policy_.services.size() - 1);
        target.kind = kind;
        policy_.targets.push_back(std::move(target));
        return static_cast<TargetIndex>(policy_.targets.size() - 1);
    }

    simulation::Loop loop_;
    Policy policy_;
    std::deque<Event> events_;
    std::size_t steps_ = 0;
    simulation::Containers fake_{loop_, [this](Event event) {
                                     if (std::holds_alternative<event::StepTaken>(event)) return void(++steps_);
                                     events_.push_back(std::move(event));
                                 }};
};

#endif

class ContainerPortContract : public ::testing::Test {
  protected:
    /// A target that adopts a container of this behaviour, and a port that has told of it.
    TargetIndex running(Behaviour behaviour) {
        const auto web = end->adopt("web");
        end->make("web", behaviour);
        begin();
        return web;
    }
    void begin() {
        end->begin();
        end->next<event::BackendFound>();
        std::erase_if(end->events(), [](const Event& event) {
            return std::holds_alternative<event::Found>(event) || std::holds_alternative<event::Absent>(event) ||
                   std::holds_alternative<event::BackendLost>(event);
        });
    }
    event::StartFinished start(TargetIndex target) {
        end->port().start(++last, target, end->target(target));
        return completed<event::StartFinished>();
    }
    event::StopFinished stop(TargetIndex target, const Instance& instance, Duration grace = 1s) {
        end->port().stop(++last, target, end->target(target), instance, grace);
        return completed<event::StopFinished>();
    }
    event::StartFinished restart(TargetIndex target, const Instance& instance) {
        end->port().restart(++last, target, end->target(target), instance, 1s);
        return completed<event::StartFinished>();
    }
    event::ReplaceFinished replace(TargetIndex target, const Instance& instance, ReplaceOrder order,
                                   command::MadeFrom from = command::MadeFrom::itself) {
        end->port().replace({++last, target, instance, 1s, order, from}, end->target(target));
        return completed<event::ReplaceFinished>();
    }
    event::SettleFinished settle_it(TargetIndex target, const Instance& newer, const Instance& older, bool commit) {
        end->port().settle({++last, target, newer, older, commit, 1s}, end->target(target));
        return completed<event::SettleFinished>();
    }
    template <typename Kind>
    Kind completed() {
        const Kind event = end->next<Kind>();
        EXPECT_EQ(event.id, last);
        return event;
    }

    std::unique_ptr<End> end = std::make_unique<End>();
    CommandId last = 0;
};

// ---- what is told ---------------------------------------------------------------------------------------------------

TEST_F(ContainerPortContract, tells_what_there_is_before_it_says_that_the_engine_is_there) {
    const auto web = end->adopt("web");
    const auto dead = end->adopt("dead");
    const auto gone = end->adopt("gone");
    end->make("web", Behaviour::is_restarted);
    end->make("dead", Behaviour::obeys, false);
    end->begin();
    end->next<event::BackendFound>();
    std::erase_if(end->events(), [](const Event& event) { return std::holds_alternative<event::BackendLost>(event); });
    ASSERT_EQ(end->events().size(), 3U);
    const auto found = end->next<event::Found>();
    EXPECT_EQ(found.target, web);
    EXPECT_EQ(found.instance, end->life("web"));
    EXPECT_TRUE(found.engine_restarts);
    EXPECT_FALSE(found.frozen);
    auto absent = end->next<event::Absent>();
    EXPECT_EQ(absent.target, dead);
    EXPECT_TRUE(absent.exists);
    absent = end->next<event::Absent>();
    EXPECT_EQ(absent.target, gone);
    EXPECT_FALSE(absent.exists);
    EXPECT_EQ(absent.detail, "no such container");
}

TEST_F(ContainerPortContract, an_end_by_itself_is_told_once_with_its_code) {
    const auto web = running(Behaviour::obeys);
    const auto life = end->life("web");
    end->exits("web");
    const auto exited = end->next<event::Exited>();
    EXPECT_EQ(exited.target, web);
    EXPECT_EQ(exited.instance, life);
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::code);
    EXPECT_EQ(exited.successor, event::Successor::keepwell);
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, an_end_after_which_its_engine_starts_it_again_says_so_and_the_new_life_is_found) {
    running(Behaviour::is_restarted);
    const auto before = end->life("web");
    end->exits("web");
    EXPECT_EQ(end->next<event::Exited>().successor, event::Successor::engine);
    const auto found = end->next<event::Found>();
    EXPECT_EQ(found.instance.subject(), before.subject());
    EXPECT_NE(found.instance, before);
}

TEST_F(ContainerPortContract, what_a_person_stops_stays_with_them_and_what_they_start_is_found) {
    running(Behaviour::obeys);
    end->person("stop", "web");
    EXPECT_EQ(end->next<event::Exited>().successor, event::Successor::nobody);
    end->person("start", "web");
    EXPECT_EQ(end->next<event::Found>().instance, end->life("web"));
}

TEST_F(ContainerPortContract, what_a_person_pauses_is_frozen) {
    running(Behaviour::obeys);
    end->person("pause", "web");
    auto frozen = end->next<event::Frozen>();
    EXPECT_TRUE(frozen.frozen);
    EXPECT_EQ(frozen.instance, end->life("web"));
    end->person("unpause", "web");
    EXPECT_FALSE(end->next<event::Frozen>().frozen);
}

TEST_F(ContainerPortContract, what_a_person_removes_has_ended_and_is_absent) {
    const auto web = running(Behaviour::obeys);
    const auto life = end->life("web");
    end->person("rm", "web");
    EXPECT_EQ(end->next<event::Exited>().instance, life);
    const auto absent = end->next<event::Absent>();
    EXPECT_EQ(absent.target, web);
    EXPECT_FALSE(absent.exists);
}

TEST_F(ContainerPortContract, what_its_own_health_check_says_is_told_as_it_changes) {
    const auto web = running(Behaviour::turns_sick);
    const auto next = [&] {
        const auto report = end->next<event::HealthReported>();
        EXPECT_EQ(report.target, web);
        EXPECT_EQ(report.instance, end->life("web"));
        return report.health;
    };
    auto health = next();
    if (health == Health::starting) health = next();
    if (health == Health::healthy) health = next();
    EXPECT_EQ(health, Health::unhealthy);
}

// ---- another policy -------------------------------------------------------------------------------------------------

TEST_F(ContainerPortContract, a_target_of_another_policy_is_told_as_it_is) {
    end->make("late", Behaviour::obeys);
    running(Behaviour::obeys);
    const auto late = end->adopt("late");
    const auto nowhere = end->adopt("nowhere");
    end->port().look(late);
    end->port().look(nowhere);
    const auto found = end->next<event::Found>();
    EXPECT_EQ(found.target, late);
    EXPECT_EQ(found.instance, end->life("late"));
    const auto absent = end->next<event::Absent>();
    EXPECT_EQ(absent.target, nowhere);
    EXPECT_FALSE(absent.exists);
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, a_changed_entry_is_told_as_outdated_when_it_is_looked_at_again) {
    const auto web = end->own("web");
    begin();
    ASSERT_EQ(start(web).failure, "");
    EXPECT_FALSE(end->next<event::Found>().outdated);
    end->change_entry(web);
    end->port().look(web);
    const auto found = end->next<event::Found>();
    EXPECT_TRUE(found.outdated);
    EXPECT_EQ(found.instance, end->life("web"));
}

TEST_F(ContainerPortContract, of_a_released_container_nothing_more_is_told) {
    const auto web = running(Behaviour::obeys);
    end->port().release(web);
    EXPECT_TRUE(end->quiet());
    end->person("stop", "web");
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, a_released_container_of_ours_is_nobodys) {
    const auto web = end->own("web");
    begin();
    ASSERT_EQ(start(web).failure, "");
    end->next<event::Found>();
    end->port().release(web);
    const auto orphan = end->next<event::OrphanSeen>();
    EXPECT_EQ(orphan.instance, end->life("web"));
}

// ---- start, stop, restart -------------------------------------------------------------------------------------------

TEST_F(ContainerPortContract, a_start_completes_once_with_the_new_life_and_nothing_else_is_told) {
    const auto web = end->adopt("web");
    end->make("web", Behaviour::obeys, false);
    begin();
    const auto started = start(web);
    EXPECT_EQ(started.failure, "");
    EXPECT_EQ(started.instance, end->life("web"));
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, a_start_of_what_cannot_start_or_does_not_exist_is_a_failure_without_an_instance) {
    const auto web = end->adopt("web");
    const auto gone = end->adopt("gone");
    end->make("web", Behaviour::cannot_start, false);
    begin();
    auto started = start(web);
    EXPECT_THAT(started.failure, HasSubstr("/absent"));
    EXPECT_FALSE(started.instance.exists());
    started = start(gone);
    EXPECT_EQ(started.failure, "there is no such container: " + end->name("gone"));
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, what_ends_at_once_was_started_and_its_end_follows) {
    const auto web = end->adopt("web");
    end->make("web", Behaviour::exits_3, false);
    begin();
    const auto started = start(web);
    ASSERT_TRUE(started.instance.exists());
    const auto exited = end->next<event::Exited>();
    EXPECT_EQ(exited.instance, started.instance);
    EXPECT_EQ(exited.status.value, 3);
}

TEST_F(ContainerPortContract,
       an_owned_one_is_made_and_one_of_a_changed_entry_is_found_outdated_and_made_anew_when_dead) {
    const auto api = end->own("api");
    begin();
    const auto first = start(api);
    EXPECT_EQ(first.failure, "");
    EXPECT_EQ(end->there(), "api running");
    EXPECT_EQ(end->next<event::Found>().instance, first.instance);  // a container that was not there before
    end->crash();
    end->change_entry(api);
    end->begin();
    const auto found = end->next<event::Found>();
    EXPECT_TRUE(found.outdated);
    EXPECT_EQ(found.instance, first.instance);
    end->next<event::BackendFound>();
    end->person("stop", "api");
    end->next<event::Exited>();
    const auto second = start(api);
    EXPECT_EQ(second.failure, "");
    EXPECT_NE(second.instance.subject(), first.instance.subject());
    EXPECT_EQ(end->there(), "api running");
}

TEST_F(ContainerPortContract, a_stop_completes_when_it_is_dead_and_no_end_is_told_beside_it) {
    const auto web = running(Behaviour::obeys);
    const auto life = end->life("web");
    EXPECT_EQ(stop(web, life).survivors, "");
    EXPECT_EQ(end->there(), "web exited");
    EXPECT_TRUE(end->quiet());
    EXPECT_EQ(stop(web, life).survivors, "");  // again: it is dead
    EXPECT_TRUE(end->quiet());
}

TEST_F(ContainerPortContract, a_stop_of_what_does_not_listen_takes_its_grace_and_kills) {
    const auto web = running(Behaviour::ignores_stop);
    EXPECT_EQ(stop(web, end->life("web")).survivors, "");
    EXPECT_EQ(end->there(), "web exited");
}

TEST_F(ContainerPortContract, a_stop_of_what_its_end_removes_leaves_nothing_that_runs) {
    const auto web = running(Behaviour::is_removed);
    EXPECT_EQ(stop(web, end->life("web")).survivors, "");
    EXPECT_THAT(end->there(), ::testing::AnyOf("", "web removing", "web exited"));  // its removal comes after its end
}

TEST_F(ContainerPortContract, a_second_stop_with_less_grace_hurries_the_first_and_both_complete) {
    const auto web = running(Behaviour::ignores_stop);
    const auto life = end->life("web");
    end->port().stop(1, web, end->target(web), life, 1000s);
    end->port().stop(2, web, end->target(web), life, 0s);
    EXPECT_EQ(end->next<event::StopFinished>().id, 1U);
    EXPECT_EQ(end->next<event::StopFinished>().id, 2U);
    EXPECT_EQ(end->there(), "web exited");
}

TEST_F(ContainerPortContract, a_restart_is_another_life_of_the_same_container_also_where_its_end_removes_it) {
    for (const auto behaviour : {Behaviour::obeys, Behaviour::is_restarted, Behaviour::is_removed}) {
        end = std::make_unique<End>();
        const auto web = running(behaviour);
        const auto before = end->life("web");
        const auto restarted = restart(web, before);
        EXPECT_EQ(restarted.failure, "");
        EXPECT_EQ(restarted.instance, end->life("web"));
        EXPECT_EQ(restarted.instance.subject(), before.subject());
        EXPECT_NE(restarted.instance, before);
        EXPECT_TRUE(end->quiet());
    }
}

// ---- replace --------------------------------------------------------------------------------------------------------

TEST_F(ContainerPortContract, replaced_stop_first_and_committed_another_container_has_the_name) {
    const auto web = running(Behaviour::publishes_port);
    const auto before = end->life("web");
    const auto replaced = replace(web, before, ReplaceOrder::automatic);
    EXPECT_EQ(replaced.failure, "");
    EXPECT_GT(end->steps(), 0U);
    EXPECT_EQ(replaced.instance, end->life("web"));
    EXPECT_NE(replaced.instance.subject(), before.subject());
    EXPECT_EQ(end->there(), "web running, web.keepwell-old-… exited");
    const auto settled = settle_it(web, replaced.instance, before, true);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, replaced.instance);
    EXPECT_EQ(end->there(), "web running");
}

TEST_F(ContainerPortContract, replaced_stop_first_and_rolled_back_the_old_one_runs_again) {
    const auto web = running(Behaviour::obeys);
    const auto before = end->life("web");
    const auto replaced = replace(web, before, ReplaceOrder::stop_first);
    const auto settled = settle_it(web, replaced.instance, before, false);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, end->life("web"));
    EXPECT_EQ(settled.instance.subject(), before.subject());
    EXPECT_NE(settled.instance, before);
    EXPECT_EQ(end->there(), "web running");
}

TEST_F(ContainerPortContract, replaced_start_first_the_old_one_runs_until_the_new_one_is_committed) {
    const auto web = running(Behaviour::obeys);
    const auto before = end->life("web");
    const auto replaced = replace(web, before, ReplaceOrder::automatic);
    EXPECT_EQ(replaced.failure, "");
    EXPECT_EQ(end->life("web"), before);
    EXPECT_EQ(end->there(), "web running, web.keepwell-new-… running");
    EXPECT_EQ(end->next<event::Found>().instance, replaced.instance);  // another container, with traits of its own
    EXPECT_TRUE(end->quiet());
    const auto settled = settle_it(web, replaced.instance, before, true);
    EXPECT_EQ(settled.instance, replaced.instance);
    EXPECT_EQ(end->life("web"), replaced.instance);
    EXPECT_EQ(end->there(), "web running");
}

TEST_F(ContainerPortContract, replaced_start_first_and_rolled_back_the_old_one_has_never_stopped) {
    const auto web = running(Behaviour::obeys);
    const auto before = end->life("web");
    const auto replaced = replace(web, before, ReplaceOrder::start_first);
    const auto settled = settle_it(web, replaced.instance, before, false);
    EXPECT_EQ(settled.instance, before);
    EXPECT_EQ(end->there(), "web running");
}

TEST_F(ContainerPortContract, a_replacement_that_cannot_be_made_leaves_all_as_it_was) {
    const auto api = end->own("api");
    begin();
    const auto started = start(api);
    end->lose_image(api);
    const auto replaced = replace(api, started.instance, ReplaceOrder::stop_first, command::MadeFrom::entry);
    EXPECT_FALSE(replaced.instance.exists());
    EXPECT_THAT(replaced.failure, ::testing::Not(IsEmpty()));
    EXPECT_EQ(replaced.survivor, started.instance);
    EXPECT_EQ(end->there(), "api running");
}

TEST_F(ContainerPortContract, a_replacement_that_another_keepwell_left_is_settled_by_names_alone) {
    for (const bool commit : {true, false}) {
        end = std::make_unique<End>();
        const auto web = running(Behaviour::obeys);
        const auto before = end->life("web");
        replace(web, before, ReplaceOrder::stop_first);
        end->crash();
        begin();
        const auto settled = settle_it(web, {}, before, commit);
        EXPECT_EQ(settled.failure, "");
        EXPECT_EQ(settled.instance.subject() == before.subject(), !commit);
        EXPECT_EQ(settled.instance, end->life("web"));
        EXPECT_EQ(end->there(), "web running");
    }
}

// ---- the rest -------------------------------------------------------------------------------------------------------

TEST_F(ContainerPortContract, what_is_discarded_is_gone_and_discarding_it_again_is_no_failure) {
    end->adopt("web");  // an engine is watched only where there is a container to keep
    end->make("orphan", Behaviour::obeys);
    begin();
    const auto life = end->life("orphan");
    for (int times = 0; times < 2; ++times) {
        end->port().discard(++last, life, 1s);
        EXPECT_EQ(completed<event::DiscardFinished>().failure, "");
    }
    EXPECT_EQ(end->there(), "");
}

TEST_F(ContainerPortContract, evidence_is_given_once_and_is_no_longer_than_asked_for) {
    const auto web = running(Behaviour::obeys);
    const auto life = end->life("web");
    int given = 0;
    supervisor::ContainerPort::Evidence evidence;
    end->port().evidence(end->target(web), life, 5, [&](auto found) {
        ++given;
        evidence = std::move(found);
    });
    EXPECT_EQ(stop(web, life).survivors, "");
    end->port().discard(++last, life, 0s);
    completed<event::DiscardFinished>();
    EXPECT_EQ(given, 1);
    EXPECT_LE(evidence.log_tail.size(), 5U);
    EXPECT_THAT(evidence.inspect, HasSubstr(std::string{life.subject()}));
}

}  // namespace
}  // namespace keepwell::testing
