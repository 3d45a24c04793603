// Keepwell ends at each step of a replacement, just before the step is asked for and in the middle of it; the next
// keepwell settles from what is there. Whatever it was, one container runs under the name and nothing is left beside
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/docker/container_world.hpp"

namespace keepwell::testing {
namespace {

using ::testing::IsEmpty;

enum class Moment { before, during };

struct Sequence {
    const char* name;
    ReplaceOrder order;
    bool settles;  ///< the crash comes while it is settled; otherwise while it is being made
    bool commit;
    int steps;  ///< that it has at least
};

class CrashedReplacement : public ::testing::TestWithParam<Sequence> {
  protected:
    void make() {
        events_.reset();
        listener_.reset();
        world_ = std::make_unique<ContainerWorld>();
        ContainerWorld& world = *world_;
        web_ = world.adopt("web");
        const auto net = world.name("net");
        docker({"network", "create", "--label", world.sandbox.label(), net});
        std::vector<std::string> options{"--network", net,        "--network-alias", "shop", "--restart",
                                         "always",    "--volume", "/data",           busybox};
        const auto command = obedient();
        options.insert(options.end(), command.begin(), command.end());
        id_ = world.sandbox.run("web", options);
        docker({"exec", id_, "sh", "-c", "echo kept > /data/file"});
        world.begin();
        before_ = world.life(id_);
        listen();
    }

    /// Runs what is under way until step number `step` is told, and crashes there, or when the engine has told of it.
    /// False: there is no such step.
    bool crash_at(int step, Moment moment) {
        ContainerWorld& world = *world_;
        int told = 0;
        world.on_step = [&](const std::string&) { ++told; };
        const auto ended = [&] { return world.has<event::ReplaceFinished>() || world.has<event::SettleFinished>(); };
        EXPECT_TRUE(await(world.loop, [&] { return told >= step || ended(); }));
        const int heard = heard_;
        const auto over = [&] { return told > step || ended() || heard_ > heard; };
        const bool found = told >= step;
        if (found && moment == Moment::during) {
            EXPECT_TRUE(await(world.loop, over));
        }
        world.on_step = {};
        if (found) world.crash();
        return found;
    }

    /// Counts what the engine tells of this test's containers, beside keepwell; not the late end of an exec before.
    void listen() {
        ContainerWorld& world = *world_;
        listener_ = std::make_unique<EngineApi>(world.loop, engine_address(docker_host(), false, ""));
        bool opened = false;
        const std::string filters = R"({"event":["create","start","kill","die","stop","rename","update","destroy"],)"
                                    R"("label":[")" +
                                    world.sandbox.label() + R"("]})";
        events_ = listener_->stream("GET", "/events?filters=" + url_encode(filters), {}, false,
                                    {[&] { opened = true; }, [this](std::string_view) { ++heard_; }, {}});
        EXPECT_TRUE(await(world.loop, [&] { return opened; }));
    }

    void expect_settled(const event::SettleFinished& settled, bool commit) {
        ContainerWorld& world = *world_;
        EXPECT_EQ(settled.failure, "");
        EXPECT_TRUE(await(world.loop, [&] { return is_alone(); })) << world.there();
        EXPECT_EQ(settled.instance, world.life(world.name("web")));
        EXPECT_EQ(settled.instance.subject() == id_, !commit);
        EXPECT_EQ(inspect(world.name("web"), "{{.HostConfig.RestartPolicy.Name}}"), "always");
        EXPECT_THAT(inspect(world.name("web"), "{{json .NetworkSettings.Networks}}"), ::testing::HasSubstr("\"shop\""));
        EXPECT_EQ(docker({"exec", world.name("web"), "cat", "/data/file"}), "kept");
    }

    /// What a create that was under way has made since is told, and goes as its teller asks for.
    bool is_alone() {
        ContainerWorld& world = *world_;
        while (world.has<event::OrphanSeen>()) {
            world.containers->discard(++world.last_id, world.next<event::OrphanSeen>().instance, 2s);
        }
        return world.there() == "web running";
    }

    std::unique_ptr<ContainerWorld> world_;
    std::unique_ptr<EngineApi> listener_;
    std::unique_ptr<EngineApi::Stream> events_;
    int heard_ = 0;
    TargetIndex web_ = no_target;
    std::string id_;
    Instance before_;
};

TEST_P(CrashedReplacement, is_settled_from_each_of_its_steps) {
    const Sequence& sequence = GetParam();
    const bool commit = sequence.settles && sequence.commit;
    int steps = 0;
    for (bool more = true; more; ++steps) {
        for (const auto moment : {Moment::before, Moment::during}) {
            SCOPED_TRACE("step " + std::to_string(steps + 1) +
                         (moment == Moment::before ? ", before it" : ", during it"));
            make();
            ContainerWorld& world = *world_;
            Instance newer;
            if (sequence.settles) {
                newer = world.replace(web_, before_, sequence.order).instance;
                world.begin_settle(web_, newer, before_, commit);
            } else {
                world.begin_replace(web_, before_, sequence.order);
            }
            more = crash_at(steps + 1, moment);
            if (!more) break;
            world.begin();
            expect_settled(world.settle(web_, newer, before_, commit), commit);
            if (HasFailure()) return;
        }
    }
    EXPECT_GE(steps - 1, sequence.steps);
}

INSTANTIATE_TEST_SUITE_P(Each, CrashedReplacement,
                         ::testing::Values(Sequence{"made_stop_first", ReplaceOrder::stop_first, false, false, 7},
                                           Sequence{"made_start_first", ReplaceOrder::start_first, false, false, 3},
                                           Sequence{"committed_stop_first", ReplaceOrder::stop_first, true, true, 1},
                                           Sequence{"committed_start_first", ReplaceOrder::start_first, true, true, 6},
                                           Sequence{"rolled_back_stop_first", ReplaceOrder::stop_first, true, false, 6},
                                           Sequence{"rolled_back_start_first", ReplaceOrder::start_first, true, false,
                                                    2}),
                         [](const auto& sequence) { return sequence.param.name; });

// The engine goes on with the create that a keepwell asked for before it ended, and is done when the next one has found
// nothing to settle.
TEST(CrashedReplacementOf, a_copy_that_comes_late_is_told) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id =
        world.sandbox.run("web", {busybox, "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"});
    world.begin();
    const auto before = world.life(id);
    EXPECT_EQ(world.settle(web, {}, before, false).instance, before);
    const auto late = docker({"create", "--name", world.name("web.keepwell-new-") + id.substr(0, 12), "--label",
                              world.sandbox.label(), busybox, "true"});
    const auto orphan = world.next<event::OrphanSeen>();
    EXPECT_EQ(orphan.instance.subject(), late);
    world.containers->discard(++world.last_id, orphan.instance, 2s);
    EXPECT_EQ(world.completion<event::DiscardFinished>().failure, "");
    EXPECT_EQ(world.there(), "web running");
    EXPECT_EQ(world.life(id), before);
}

// The engine goes on with the stop that a keepwell asked for before it ended: the old one is up when the next keepwell
// looks, but not for long.
TEST(CrashedReplacementOf, a_container_that_takes_its_time_to_stop_runs_in_the_end) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run(
        "web", {busybox, "sh", "-c", "trap 'sleep 2; exit 0' TERM; while :; do sleep 1000 & wait; done"});
    world.begin();
    const auto before = world.life(id);
    world.containers->replace({++world.last_id, web, before, 10s, ReplaceOrder::stop_first}, world.policy.targets[web]);
    ASSERT_TRUE(await(world.loop, [&] {
        const Seen* seen = world.containers->watcher().find(id);
        return seen && seen->kill_event > seen->view.started_at;
    }));
    world.crash();
    world.begin();
    const auto settled = world.settle(web, {}, before, false);
    EXPECT_EQ(settled.failure, "");
    EXPECT_NE(settled.instance, before);
    EXPECT_EQ(settled.instance, world.life(id));
    EXPECT_EQ(world.there(), "web running");
}

}  // namespace
}  // namespace keepwell::testing
