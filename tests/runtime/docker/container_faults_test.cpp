// What engines and connections do wrong, at each request of each command: an answer that does not come, or is an error
// although it was done; an engine that goes in the middle and comes back. Each command ends once, by what is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "runtime/docker/port_world.hpp"
#include "support/engine_model.hpp"

namespace keepwell::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModelWorld final : public PortWorld {
  public:
    ModelWorld() {
        options.asker.first_retry = 2ms;
        options.asker.last_retry = 20ms;
        options.watcher.first_retry = 2ms;
        options.watcher.last_retry = 20ms;
    }
    ~ModelWorld() override { containers.reset(); }

    /// Only where no answer comes, does it matter how long one is waited for: a busy machine takes its time.
    void expect(Fault fault) {
        if (fault != Fault::silent_before && fault != Fault::silent_after) return;
        options.asker.query_timeout = 300ms;
        options.asker.slack = 60ms;
        options.watcher.call_timeout = 300ms;
    }

    /// Runs until an event of this kind is there; an engine that a fault took away comes back when it was missed.
    template <typename Kind>
    Kind outcome() {
        EXPECT_TRUE(await(loop, [this] {
            if (std::exchange(model.went, false)) model.engine.stop();
            if (has<event::BackendLost>()) {
                drop<event::BackendLost>();
                model.engine.start();
            }
            return has<Kind>();
        }));
        return next<Kind>();
    }
    Instance life(const std::string& id) const { return {model.life(id), 0}; }
    using PortWorld::plain;

    EngineModel model{loop};

  protected:
    std::string host() const override { return model.engine.host(); }
};

constexpr Fault every_fault[]{Fault::lost_before,  Fault::lost_after,  Fault::silent_before, Fault::silent_after,
                              Fault::error_before, Fault::error_after, Fault::engine_before, Fault::engine_after};
const char* word(Fault fault) {
    switch (fault) {
        case Fault::lost_before: return "lost_before";
        case Fault::lost_after: return "lost_after";
        case Fault::silent_before: return "silent_before";
        case Fault::silent_after: return "silent_after";
        case Fault::error_before: return "error_before";
        case Fault::error_after: return "error_after";
        case Fault::engine_before: return "engine_before";
        case Fault::engine_after: return "engine_after";
    }
    return "";
}

// ---- one container --------------------------------------------------------------------------------------------------

/// Each fault in a world of its own.
void with_each_fault(const std::function<void(ModelWorld&, TargetIndex web, Fault)>& test) {
    for (const Fault fault : every_fault) {
        SCOPED_TRACE(word(fault));
        ModelWorld world;
        world.expect(fault);
        const auto web = world.adopt("web");
        test(world, web, fault);
    }
}

TEST(Faulty, a_stop_ends_when_it_is_dead) {
    with_each_fault([](ModelWorld& world, TargetIndex web, Fault fault) {
        const auto id = world.model.run("web");
        world.begin();
        world.model.fault("POST /containers/*/stop", fault);
        world.containers->stop(1, web, world.policy.targets[web], world.life(id), 0s);
        EXPECT_EQ(world.outcome<event::StopFinished>().survivors, "");
        EXPECT_EQ(world.model.there(), "web exited");
        settle(world.loop);
        EXPECT_FALSE(world.has<event::StopFinished>());
    });
}

TEST(Faulty, a_start_ends_when_it_runs) {
    with_each_fault([](ModelWorld& world, TargetIndex web, Fault fault) {
        const auto id = world.model.run("web");
        world.model.named(id)->status = "exited";
        world.begin();
        const auto before = world.life(id);
        world.model.fault("POST /containers/*/start", fault);
        world.containers->start(1, web, world.policy.targets[web]);
        const auto started = world.outcome<event::StartFinished>();
        if (fault == Fault::error_before) {
            EXPECT_EQ(started.failure, "it did not want to");
            EXPECT_FALSE(started.instance.exists());
        } else {
            EXPECT_EQ(started.failure, "");
            EXPECT_EQ(started.instance, world.life(id));
            EXPECT_NE(started.instance, before);
        }
    });
}

// It is never asked for twice while the first may still be under way.
TEST(Faulty, a_restart_ends_when_it_lives_anew_and_what_still_lives_is_told) {
    with_each_fault([](ModelWorld& world, TargetIndex web, Fault fault) {
        const auto id = world.model.run("web");
        world.begin();
        const auto before = world.life(id);
        world.model.fault("POST /containers/*/restart", fault);
        world.containers->restart(1, web, world.policy.targets[web], before, 0s);
        const auto restarted = world.outcome<event::StartFinished>();
        if (fault == Fault::error_before || fault == Fault::silent_before) {
            EXPECT_THAT(restarted.failure, AnyOf("it did not want to", HasSubstr("no answer in time")));
            EXPECT_FALSE(restarted.instance.exists());
            EXPECT_EQ(world.outcome<event::Found>().instance, before);
            EXPECT_EQ(world.model.engine.count("POST /containers/*/restart"), 1U);
        } else {
            EXPECT_EQ(restarted.failure, "");
            EXPECT_EQ(restarted.instance, world.life(id));
        }
    });
}

TEST(Faulty, questions_are_asked_until_they_are_answered) {
    with_each_fault([](ModelWorld& world, TargetIndex web, Fault fault) {
        const auto id = world.model.run("web");
        world.begin();
        const bool engine_goes = fault == Fault::engine_before || fault == Fault::engine_after;
        for (int times = engine_goes ? 2 : 0; times < 3; ++times) world.model.fault("GET /containers/*/json", fault);
        world.containers->stop(1, web, world.policy.targets[web], world.life(id), 0s);
        EXPECT_EQ(world.outcome<event::StopFinished>().survivors, "");
        EXPECT_EQ(world.model.there(), "web exited");
    });
}

TEST(Faulty, a_discard_ends_when_it_is_gone) {
    with_each_fault([](ModelWorld& world, TargetIndex, Fault fault) {
        const auto id = world.model.run("orphan");
        world.begin();
        world.model.fault("DELETE /containers/*", fault);
        world.containers->discard(1, world.life(id), 0s);
        const auto discarded = world.outcome<event::DiscardFinished>();
        EXPECT_EQ(discarded.failure, fault == Fault::error_before ? "it did not want to" : "");
        EXPECT_EQ(world.model.there(), fault == Fault::error_before ? "orphan exited" : "");
    });
}

TEST(FaultyStop, a_container_that_cannot_be_ended_is_named) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    world.begin();
    world.model.fault("POST /containers/*/stop", Fault::error_before);
    world.model.fault("POST /containers/*/kill", Fault::error_before);
    world.containers->stop(1, web, world.policy.targets[web], world.life(id), 0s);
    EXPECT_EQ(world.outcome<event::StopFinished>().survivors, "web (pid 4711): it did not want to");
}

// ---- replacing ------------------------------------------------------------------------------------------------------

/// One container that is to be replaced, and one request that goes wrong.
class Scene {
  public:
    Scene(const char* request, int number, Fault fault) : request_(request), number_(number), fault_(fault) {
        world.expect(fault);
        id = world.model.run("web", {{"NetworkMode", "net"}}, {{"net", {{"Aliases", {"shop"}}}}});
        world.begin();
        before = world.life(id);
    }

    /// From here on: the how-manieth request of its kind it is that goes wrong.
    void arm() {
        const std::string verb = request_.substr(0, request_.find(' ') + 1);
        const std::string end = request_.substr(request_.rfind('/'));
        world.model.before = [this, verb, end, seen = 0](const std::string& what) mutable {
            const bool fits = what.starts_with(verb) && (end == "/*" || what.ends_with(end));
            if (fits && ++seen == number_) world.model.fault(request_, fault_);
        };
    }
    event::ReplaceFinished replace(ReplaceOrder order) {
        world.begin_replace(web, before, order);
        return world.outcome<event::ReplaceFinished>();
    }
    /// What cannot be done is named, and can be settled once more.
    event::SettleFinished settle_it(const event::ReplaceFinished& replaced, bool commit) {
        world.begin_settle(web, replaced.instance, before, commit);
        const auto settled = world.outcome<event::SettleFinished>();
        if (settled.failure.empty()) return settled;
        EXPECT_THAT(settled.failure, HasSubstr("it did not want to"));
        world.begin_settle(web, replaced.instance, before, commit);
        return world.outcome<event::SettleFinished>();
    }
    void expect_one_that_runs(const Instance& instance) {
        EXPECT_EQ(world.model.there(), "web running");
        EXPECT_EQ(instance.id, world.model.life(world.model.named("web")->id));
        EXPECT_EQ(world.model.named("web")->host["RestartPolicy"]["Name"], "always");
        EXPECT_EQ(world.model.named("web")->networks["net"]["Aliases"][0], "shop");
        settle(world.loop);
        EXPECT_FALSE(world.has<event::ReplaceFinished>() || world.has<event::SettleFinished>());
    }

    ModelWorld world;
    const TargetIndex web = world.adopt("web");
    std::string id;
    Instance before;

  private:
    const std::string request_;
    const int number_;
    const Fault fault_;
};

// Whatever goes wrong on the way, in the end one container runs under the name with its settings, and the answers say
// which one it is.
class FaultyReplace : public ::testing::TestWithParam<const char*> {
  protected:
    static void each(const std::function<void(Scene&)>& test) {
        for (const int number : {1, 2}) {
            for (const Fault fault : every_fault) {
                SCOPED_TRACE(std::to_string(number) + ". " + GetParam() + ": " + word(fault));
                Scene scene{GetParam(), number, fault};
                test(scene);
            }
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Requests, FaultyReplace,
                         ::testing::Values("POST /containers/create", "POST /containers/*/start",
                                           "POST /containers/*/stop", "POST /containers/*/rename",
                                           "POST /containers/*/update", "DELETE /containers/*",
                                           "POST /networks/*/connect", "GET /containers/json"),
                         [](const auto& request) {
                             std::string name = request.param;
                             std::erase_if(name, [](char c) { return c < 'a' || c > 'z'; });
                             return name;
                         });

TEST_P(FaultyReplace, stop_first_then_committed) {
    each([](Scene& scene) {
        scene.arm();
        const auto replaced = scene.replace(ReplaceOrder::stop_first);
        EXPECT_EQ(replaced.instance.exists(), replaced.failure.empty());
        if (!replaced.instance.exists()) return scene.expect_one_that_runs(replaced.survivor);
        const auto settled = scene.settle_it(replaced, true);
        EXPECT_EQ(settled.instance, replaced.instance);
        scene.expect_one_that_runs(settled.instance);
    });
}

TEST_P(FaultyReplace, stop_first_then_rolled_back) {
    each([](Scene& scene) {
        const auto replaced = scene.replace(ReplaceOrder::stop_first);
        EXPECT_EQ(replaced.failure, "");
        scene.arm();
        const auto settled = scene.settle_it(replaced, false);
        EXPECT_EQ(settled.instance.subject(), scene.id);
        scene.expect_one_that_runs(settled.instance);
    });
}

TEST_P(FaultyReplace, start_first_then_committed) {
    each([](Scene& scene) {
        scene.arm();
        const auto replaced = scene.replace(ReplaceOrder::start_first);
        if (!replaced.instance.exists()) return scene.expect_one_that_runs(replaced.survivor);
        const auto settled = scene.settle_it(replaced, true);
        EXPECT_EQ(settled.instance, replaced.instance);
        scene.expect_one_that_runs(settled.instance);
    });
}

// The old one, which is found, is not given up for one that nobody would find.
TEST(FaultyReplaceOf, a_container_whose_successor_cannot_have_its_aliases_is_kept) {
    Scene scene{"POST /networks/*/connect", 0, Fault::error_before};
    const auto replaced = scene.replace(ReplaceOrder::start_first);
    for (int times = 0; times < 2; ++times) scene.world.model.fault("POST /networks/*/connect", Fault::error_before);
    scene.world.begin_settle(scene.web, replaced.instance, scene.before, true);
    const auto settled = scene.world.outcome<event::SettleFinished>();
    EXPECT_EQ(scene.world.plain(settled.failure),
              "cannot give web.keepwell-new-… its network aliases: it did not want to");
    EXPECT_EQ(settled.instance, scene.before);
    scene.expect_one_that_runs(settled.instance);
}

// ---- one after the other --------------------------------------------------------------------------------------------

TEST(CommandsInARow, a_settle_that_overtakes_a_replacement_begins_from_what_is_there_and_both_complete) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    world.begin();
    const auto before = world.life(id);
    Gate gate;
    world.model.engine.once("POST /containers/*/stop", Reply::empty(204).before(gate));
    world.begin_replace(web, before);
    ASSERT_TRUE(await(world.loop, [&] { return world.model.engine.count("POST /containers/*/stop") == 1; }));
    world.begin_settle(web, {}, before, false);
    settle(world.loop);
    EXPECT_FALSE(world.has<event::ReplaceFinished>());
    gate.open();
    const auto replaced = world.outcome<event::ReplaceFinished>();
    EXPECT_EQ(replaced.failure, "something else was asked for meanwhile");
    const auto settled = world.outcome<event::SettleFinished>();
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance.subject(), id);
    EXPECT_EQ(world.model.there(), "web running");
}

TEST(CommandsInARow, of_many_for_one_target_each_completes_once) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    world.begin();
    const auto before = world.life(id);
    std::map<CommandId, int> completed;
    for (int round = 0; round < 5; ++round) {
        world.begin_replace(web, before);
        world.begin_settle(web, {}, before, round % 2 == 0);
        world.containers->start(++world.last_id, web, world.policy.targets[web]);
        world.containers->stop(++world.last_id, web, world.policy.targets[web], before, 0s);
        world.containers->stop(++world.last_id, web, world.policy.targets[web], before, 0s);
        world.containers->restart(++world.last_id, web, world.policy.targets[web], before, 0s);
    }
    const auto count = [&] {
        for (const auto& event : std::exchange(world.events, {})) {
            if (const auto* one = std::get_if<event::StartFinished>(&event)) ++completed[one->id];
            if (const auto* one = std::get_if<event::StopFinished>(&event)) ++completed[one->id];
            if (const auto* one = std::get_if<event::ReplaceFinished>(&event)) ++completed[one->id];
            if (const auto* one = std::get_if<event::SettleFinished>(&event)) ++completed[one->id];
        }
        return completed.size() == 30;
    };
    EXPECT_TRUE(await(world.loop, count));
    settle(world.loop);
    count();
    for (const auto& [command, times] : completed) EXPECT_EQ(times, 1) << command;
    EXPECT_EQ(world.model.containers.size(), 1U);
}

TEST(CommandsInARow, nobody_is_told_when_keepwell_is_gone) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    for (int handlers = 0; handlers < 60; ++handlers) {
        world.begin();
        world.begin_replace(web, world.life(id));
        int turns = 0;
        EXPECT_TRUE(await(world.loop, [&] { return ++turns > handlers; }));
        world.crash();
        world.events.clear();
        settle(world.loop);
        EXPECT_THAT(world.events, IsEmpty());
        world.begin();
        world.begin_settle(web, {}, {id + "@x", 0}, false);
        EXPECT_EQ(world.outcome<event::SettleFinished>().failure, "");
        EXPECT_EQ(world.model.there(), "web running");
    }
}

TEST(CommandsInARow, a_start_that_was_broken_off_is_cleared_away_by_the_next_one) {
    ModelWorld world;
    const auto api = world.own("api");
    world.policy.name = "shop";
    world.change_entry(api, {});
    const auto id = world.model.run("api");
    auto& old = *world.model.named(id);
    old.status = "exited";
    old.config["Labels"] = {{"io.keepwell.project", "shop"}, {"io.keepwell.service", "api"}, {"io.keepwell.slot", "1"}};
    for (const std::string until : {"create api.keepwell-new-…", "rename api to api.keepwell-old-…",
                                    "rename api.keepwell-new-… to api", "start api"}) {
        SCOPED_TRACE(until);
        world.begin();
        world.policy.services[api].container_version += "+";  // another entry each time
        bool there = false;
        world.on_step = [&](const std::string& step) { there = there || step == until; };
        world.containers->start(++world.last_id, api, world.policy.targets[api]);
        EXPECT_TRUE(await(world.loop, [&] { return there; }));
        settle(world.loop);
        world.crash();
        world.on_step = {};
        for (auto& [key, container] : world.model.containers) container.status = "exited";
        world.begin();
        EXPECT_EQ(world.start(api).failure, "");
        EXPECT_EQ(world.model.there(), "api running");
        world.crash();
        for (auto& [key, container] : world.model.containers) container.status = "exited";
    }
}

TEST(Evidence, it_is_given_soon_although_the_engine_never_answers) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    world.begin();
    const auto life = world.life(id);
    for (const bool logs : {true, false}) {
        world.model.engine.on("GET /containers/*/logs",
                              logs ? Reply::chunked(200).chunk("\x01").wait(Gate{}) : Reply::silence());
        world.model.fault("GET /containers/*/json", Fault::silent_before);
        std::vector<supervisor::ContainerPort::Evidence> given;
        world.containers->evidence(world.policy.targets[web], life, 100,
                                   [&](auto evidence) { given.push_back(std::move(evidence)); });
        EXPECT_TRUE(await(world.loop, [&] { return !given.empty(); }));
        EXPECT_EQ(given.front().inspect + given.front().log_tail, "");
    }
}

// ---- versions -------------------------------------------------------------------------------------------------------

TEST(ReplaceOnANewEngine, a_version_that_hides_a_configured_mac_address_is_not_spoken) {
    ModelWorld world;
    const auto web = world.adopt("web");
    const auto id = world.model.run("web");
    world.model.engine.versions("1.54", "1.40");
    world.begin();
    const auto replaced = world.replace(web, world.life(id));
    EXPECT_EQ(replaced.failure, "");
    EXPECT_EQ(world.model.engine.last("POST /containers/create").version, "1.51");
    EXPECT_EQ(world.model.engine.last("GET /containers/*/json").version, "1.51");
}

}  // namespace
}  // namespace keepwell::testing
