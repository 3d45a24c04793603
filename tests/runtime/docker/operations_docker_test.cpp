// Start, stop, restart, discard and evidence on a real engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/docker/container_world.hpp"

namespace keepwell::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::vector<std::string> with(std::vector<std::string> options, const std::vector<std::string>& command) {
    options.emplace_back(busybox);
    options.insert(options.end(), command.begin(), command.end());
    return options;
}

// ---- start ----------------------------------------------------------------------------------------------------------

TEST(ContainerStart, an_adopted_container_that_is_dead_is_started_and_its_new_life_is_told) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.create("web", with({}, obedient()));
    world.begin();
    const auto started = world.start(web);
    EXPECT_EQ(started.failure, "");
    EXPECT_EQ(started.instance, world.life(id));
    EXPECT_EQ(started.target, web);
    EXPECT_EQ(world.status("web"), "running");
}

TEST(ContainerStart, one_that_runs_already_is_started) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, obedient()));
    world.begin();
    EXPECT_EQ(world.start(web).instance, world.life(id));
}

TEST(ContainerStart, one_that_does_not_exist_is_a_failure_that_names_it) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    world.begin();
    const auto started = world.start(web);
    EXPECT_EQ(started.failure, "there is no such container: " + world.name("web"));
    EXPECT_FALSE(started.instance.exists());
}

TEST(ContainerStart, one_that_a_person_paused_is_left_to_them) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, obedient()));
    docker({"pause", id});
    world.begin();
    const auto started = world.start(web);
    EXPECT_THAT(started.failure, HasSubstr("try unpause instead"));
    EXPECT_EQ(world.status("web"), "paused");
    docker({"unpause", id});
}

TEST(ContainerStart, a_command_that_is_not_there_is_the_engines_message_and_no_instance) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    world.sandbox.create("web", with({}, {"/absent"}));
    world.begin();
    const auto started = world.start(web);
    EXPECT_FALSE(started.instance.exists());
    EXPECT_THAT(started.failure, HasSubstr("/absent"));
}

TEST(ContainerStart, one_that_dies_at_once_was_started_and_its_exit_follows) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    world.sandbox.create("web", with({}, {"sh", "-c", "exit 3"}));
    world.begin();
    const auto started = world.start(web);
    EXPECT_EQ(started.failure, "");
    ASSERT_TRUE(started.instance.exists());
    const auto exited = world.next<event::Exited>();
    EXPECT_EQ(exited.instance, started.instance);
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::code);
    EXPECT_EQ(exited.status.value, 3);
}

TEST(ContainerStart, one_that_its_engine_is_about_to_restart_is_started_now) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--restart", "always"}, {"false"}));
    EventWatch watch({"container=" + id});
    for (int deaths = 0; deaths < 4; ++deaths) watch.await("die");  // from here on the pauses are long
    world.begin();
    const auto started = world.start(web);
    EXPECT_EQ(started.failure, "");
    EXPECT_TRUE(started.instance.exists());
}

TEST(ContainerStart, an_owned_container_is_made_with_our_labels_and_found_again_by_the_next_keepwell) {
    ContainerWorld world;
    const auto api = world.own("api");
    world.begin();
    const auto started = world.start(api);
    ASSERT_EQ(started.failure, "");
    const auto label = [&](const std::string& key) {
        return inspect(world.name("api"), "{{index .Config.Labels \"io.keepwell." + key + "\"}}");
    };
    EXPECT_EQ(label("project"), world.policy.name);
    EXPECT_EQ(label("service"), "api");
    EXPECT_EQ(label("slot"), "1");
    EXPECT_EQ(label("version"), "1");
    EXPECT_THAT(world.steps, ElementsAre("create api", "start api"));

    docker({"stop", "--time", "1", world.name("api")});
    world.crash();
    world.begin();
    const auto again = world.start(api);
    EXPECT_EQ(again.instance.subject(), started.instance.subject());
    EXPECT_EQ(world.there(), "api running");
}

TEST(ContainerStart, a_dead_one_of_an_entry_that_has_changed_is_made_anew_with_its_anonymous_volumes) {
    ContainerWorld world;
    const auto data = [](ContainerSpec& spec) {
        Mount mount;
        mount.target = "/data";
        spec.mounts = {mount};
    };
    const auto api = world.own("api", data);
    world.begin();
    const auto first = world.start(api);
    docker({"exec", world.name("api"), "sh", "-c", "echo kept > /data/file"});
    docker({"stop", "--time", "1", world.name("api")});
    world.next<event::Exited>();

    world.change_entry(api, [&](ContainerSpec& spec) {
        data(spec);
        spec.environment = {{"NEW", "1"}};
    });
    world.policy.services[api].container_version = "2";
    const auto second = world.start(api);
    EXPECT_EQ(second.failure, "");
    EXPECT_NE(second.instance.subject(), first.instance.subject());
    EXPECT_EQ(docker({"exec", world.name("api"), "sh", "-c", "cat /data/file; echo $NEW"}), "kept\n1");
    EXPECT_EQ(world.there(), "api running");
}

TEST(ContainerStart, an_entry_that_calls_its_container_otherwise_renames_it) {
    ContainerWorld world;
    const auto api = world.own("api");
    world.begin();
    world.start(api);
    docker({"stop", "--time", "1", world.name("api")});
    world.next<event::Exited>();
    world.change_entry(api, [&](ContainerSpec& spec) { spec.name = world.name("backend"); });
    world.policy.services[api].container_version = "2";
    EXPECT_EQ(world.start(api).failure, "");
    EXPECT_EQ(world.there(), "backend running");
}

TEST(ContainerStart, a_name_that_is_a_strangers_is_a_failure_and_the_stranger_is_left_alone) {
    ContainerWorld world;
    const auto api = world.own("api");
    const auto stranger = world.sandbox.run("api", with({}, obedient()));
    world.begin();
    const auto started = world.start(api);
    EXPECT_EQ(started.failure, "the name " + world.name("api") + " is taken by container " + stranger.substr(0, 12) +
                                   " (keepwell-test/busybox), which is not this policy's");
    EXPECT_EQ(inspect(stranger, "{{.State.Status}}"), "running");
    EXPECT_EQ(world.there(), "api running");
}

TEST(ContainerStart, networks_that_are_missing_are_made_and_an_external_one_must_be_there) {
    ContainerWorld world;
    const auto with_networks = [&](bool external) {
        return [&, external](ContainerSpec& spec) {
            NetworkAttachment back;
            back.name = world.name("back");
            back.aliases = {"backend"};
            NetworkAttachment front;
            front.name = world.name("front");
            front.external = external;
            spec.networks = {back, front};
        };
    };
    const auto api = world.own("api", with_networks(true));
    world.begin();
    EXPECT_EQ(world.start(api).failure, "the network " + world.name("front") + " does not exist, and it is external");
    EXPECT_EQ(world.there(), "");
    world.change_entry(api, with_networks(false));
    EXPECT_EQ(world.start(api).failure, "");
    EXPECT_THAT(inspect(world.name("api"), "{{json .NetworkSettings.Networks}}"), HasSubstr("\"backend\""));
    EXPECT_THAT(inspect(world.name("api"), "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}"),
                world.name("back") + " " + world.name("front") + " ");
    docker({"rm", "--force", world.name("api")});
}

TEST(ContainerStart, an_external_volume_must_be_there_before_anything_is_made) {
    ContainerWorld world;
    const auto api = world.own("api", [&](ContainerSpec& spec) {
        Mount mount;
        mount.source = world.name("data");
        mount.target = "/data";
        mount.external = true;
        spec.mounts = {mount};
        NetworkAttachment back;
        back.name = world.name("back");
        spec.networks = {back};
    });
    world.begin();
    EXPECT_EQ(world.start(api).failure, "the volume " + world.name("data") + " does not exist, and it is external");
    EXPECT_EQ(world.there(), "");
    EXPECT_EQ(docker({"network", "ls", "--quiet", "--filter", "name=" + world.name("back")}), "");
    docker({"volume", "create", world.name("data")});
    EXPECT_EQ(world.start(api).failure, "");
    docker({"rm", "--force", world.name("api")});
    docker({"volume", "rm", world.name("data")});
}

// ---- images ---------------------------------------------------------------------------------------------------------

TEST(ContainerImage, one_that_is_here_is_not_pulled_one_that_is_not_and_may_not_be_pulled_is_named) {
    ContainerWorld world;
    const auto api = world.own("api", [](ContainerSpec& spec) { spec.pull_policy = PullPolicy::missing; });
    const auto other = world.own("other", [](ContainerSpec& spec) { spec.image = "keepwell-test/absent:1"; });
    world.begin();
    EXPECT_EQ(world.start(api).failure, "");
    EXPECT_THAT(world.steps, ElementsAre("create api", "start api"));
    EXPECT_EQ(world.start(other).failure,
              "the image `keepwell-test/absent:1` is not here, and its pull_policy is never");
}

TEST(ContainerImage, a_pull_that_fails_is_no_hindrance_where_the_image_is_here_as_with_swarm) {
    ContainerWorld world;
    const auto image = "127.0.0.1:1/" + world.name("image") + ":7";  // nobody listens there
    docker({"tag", busybox, image});
    const auto api = world.own("api", [&](ContainerSpec& spec) {
        spec.image = image;
        spec.pull_policy = PullPolicy::always;
    });
    const auto other = world.own("other", [&](ContainerSpec& spec) {
        spec.image = "127.0.0.1:1/absent:7";
        spec.pull_policy = PullPolicy::missing;
    });
    world.begin();
    EXPECT_EQ(world.start(api).failure, "");
    EXPECT_THAT(world.steps, ElementsAre("pull " + world.plain(image),
                                         ::testing::AllOf(StartsWith("the pull of " + world.plain(image) + " failed ("),
                                                          HasSubstr("connection refused"),
                                                          ::testing::EndsWith("): the image that is here is used")),
                                         "create api", "start api"));
    EXPECT_THAT(world.start(other).failure, StartsWith("the image `127.0.0.1:1/absent:7` cannot be pulled: "));
    docker({"rm", "--force", world.name("api")});
    docker({"rmi", image});
}

// ---- stop -----------------------------------------------------------------------------------------------------------

TEST(ContainerStop, it_ends_by_its_own_stop_signal_and_no_exit_is_told_beside_the_completion) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run(
        "web",
        with({"--stop-signal", "USR1"}, {"sh", "-c", "trap 'exit 7' USR1; while :; do sleep 1000 & wait; done"}));
    world.begin();
    EXPECT_EQ(world.stop(web, world.life(id)).survivors, "");
    EXPECT_EQ(inspect(id, "{{.State.ExitCode}}"), "7");
    settle(world.loop);
    EXPECT_FALSE(world.has<event::Exited>());
}

TEST(ContainerStop, one_that_does_not_listen_is_killed_after_the_grace_which_is_rounded_up) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, {"sleep", "1000"}));  // pid 1 ignores what it does not handle
    world.begin();
    EventWatch watch({"container=" + id, "event=kill"});
    EXPECT_EQ(world.stop(web, world.life(id), 1ms).survivors, "");
    EXPECT_EQ(inspect(id, "{{.State.ExitCode}}"), "137");
}

TEST(ContainerStop, a_second_stop_with_less_grace_hurries_the_first_and_both_complete) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, {"sleep", "1000"}));
    world.begin();
    const auto life = world.life(id);
    EventWatch watch({"container=" + id, "event=kill"});
    world.containers->stop(1, web, world.policy.targets[web], life, 1000s);
    settle(world.loop);
    world.containers->stop(2, web, world.policy.targets[web], life, 0s);
    EXPECT_EQ(world.next<event::StopFinished>().id, 1U);
    EXPECT_EQ(world.next<event::StopFinished>().id, 2U);
    EXPECT_EQ(inspect(id, "{{.State.ExitCode}}"), "137");
}

TEST(ContainerStop, what_is_dead_or_gone_is_stopped) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--rm"}, obedient()));
    world.begin();
    const auto life = world.life(id);
    EXPECT_EQ(world.stop(web, life).survivors, "");  // `--rm`: it vanishes
    EXPECT_EQ(world.stop(web, life).survivors, "");
}

TEST(ContainerStop, a_paused_one_and_one_that_its_engine_restarts_are_stopped_as_well) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto api = world.adopt("api");
    const auto paused = world.sandbox.run("web", with({}, obedient()));
    docker({"pause", paused});
    const auto looping = world.sandbox.run("api", with({"--restart", "always"}, {"false"}));
    EventWatch watch({"container=" + looping});
    for (int deaths = 0; deaths < 3; ++deaths) watch.await("die");
    world.begin();
    EXPECT_EQ(world.stop(web, world.life(paused)).survivors, "");
    EXPECT_EQ(world.stop(api, world.life(looping)).survivors, "");
    EXPECT_EQ(world.there(), "api exited, web exited");
}

// ---- restart --------------------------------------------------------------------------------------------------------

TEST(ContainerRestart, it_is_the_same_container_with_another_life_and_nothing_else_is_told) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, obedient()));
    world.begin();
    const auto before = world.life(id);
    const auto restarted = world.restart(web, before);
    EXPECT_EQ(restarted.failure, "");
    EXPECT_EQ(restarted.instance, world.life(id));
    EXPECT_NE(restarted.instance, before);
    EXPECT_EQ(restarted.instance.subject(), before.subject());
    settle(world.loop);
    EXPECT_THAT(world.events, IsEmpty());
}

TEST(ContainerRestart, a_container_that_its_stop_would_remove_is_kept) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--rm"}, obedient()));
    world.begin();
    EXPECT_EQ(world.restart(web, world.life(id)).failure, "");
    EXPECT_EQ(inspect(id, "{{.State.Status}}"), "running");
}

TEST(ContainerRestart, one_that_cannot_start_again_is_dead_and_the_engine_says_why) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--volume", "/data"}, obedient()));
    docker({"exec", id, "rm", "/bin/sh"});
    world.begin();
    const auto restarted = world.restart(web, world.life(id));
    EXPECT_FALSE(restarted.instance.exists());
    EXPECT_THAT(restarted.failure, HasSubstr("sh"));
    EXPECT_EQ(world.status("web"), "exited");
    settle(world.loop);
    EXPECT_FALSE(world.has<event::Exited>());
}

TEST(ContainerRestart, one_that_dies_at_once_was_restarted_and_its_exit_follows) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, {"sh", "-c", "[ -e /ran ] && exit 4; touch /ran; sleep 1000"}));
    const auto has_run = [&] { return run_program({"docker", "exec", id, "test", "-e", "/ran"}).code == 0; };
    while (!has_run()) {
    }
    world.begin();
    const auto restarted = world.restart(web, world.life(id), 0s);
    EXPECT_EQ(restarted.failure, "");
    const auto exited = world.next<event::Exited>();
    EXPECT_EQ(exited.instance, restarted.instance);
    EXPECT_EQ(exited.status.value, 4);
}

TEST(ContainerRestart, what_shares_its_network_and_is_nobodys_target_is_restarted_after_it_in_order) {
    ContainerWorld world;
    const auto vpn = world.adopt("vpn");
    world.adopt("watched");
    const auto id = world.sandbox.run("vpn", with({}, obedient()));
    const auto shared = "container:" + id;
    const auto torrent = world.sandbox.run("torrent", with({"--network", shared}, obedient()));
    const auto deeper = world.sandbox.run("deeper", with({"--pid", "container:" + torrent}, obedient()));
    const auto watched = world.sandbox.run("watched", with({"--network", shared}, obedient()));
    const auto resting = world.sandbox.create("resting", with({"--network", shared}, obedient()));
    world.begin();
    const auto watched_life = world.life(watched);
    const auto restarted = world.restart(vpn, world.life(id));
    EXPECT_EQ(restarted.failure, "");
    EXPECT_THAT(world.steps,
                ElementsAre("restart torrent, which depends on it", "restart deeper, which depends on it"));
    const auto network = [](const std::string& container) {
        return docker({"exec", container, "readlink", "/proc/1/ns/net"});
    };
    EXPECT_EQ(network(torrent), network(id));
    EXPECT_EQ(inspect(deeper, "{{.State.Status}}"), "running");
    EXPECT_EQ(world.life(watched), watched_life);
    EXPECT_EQ(inspect(resting, "{{.State.Status}}"), "created");
}

// ---- discard and evidence -------------------------------------------------------------------------------------------

TEST(ContainerRestart, dependants_that_are_not_keepwells_to_touch_are_named_and_left_alone) {
    ContainerWorld world;
    const auto vpn = world.adopt("vpn");
    const auto id = world.sandbox.run("vpn", with({}, obedient()));
    const auto dependant = [&](const std::string& name, std::vector<std::string> options) {
        options.insert(options.end(), {"--network", "container:" + id});
        return world.sandbox.run(name, with(options, obedient()));
    };
    const auto frozen = dependant("frozen", {});
    const auto opted_out = dependant("opted-out", {"--label", "keepwell.enable=false"});
    const auto quadlet = dependant("quadlet", {"--label", "PODMAN_SYSTEMD_UNIT=shop.service"});
    const auto own = dependant("own", {});
    docker({"pause", frozen});
    world.options.bindings.opts_out = [](const auto& labels) { return labels.contains("keepwell.enable"); };
    world.options.bindings.is_self = [own](const ContainerView& container) { return container.id == own; };
    world.begin();
    std::vector<Instance> before;
    for (const auto& one : {frozen, opted_out, quadlet, own}) before.push_back(world.life(one));
    EXPECT_EQ(world.restart(vpn, world.life(id)).failure, "");
    EXPECT_THAT(world.steps, UnorderedElementsAre(
                                 "opted-out depends on it and is left alone: its label keepwell.enable says so",
                                 "quadlet depends on it and is left alone: it belongs to the systemd unit shop.service",
                                 "own depends on it and is left alone: it is keepwell's own"));
    std::vector<Instance> after;
    for (const auto& one : {frozen, opted_out, quadlet, own}) after.push_back(world.life(one));
    EXPECT_EQ(after, before);
    EXPECT_EQ(inspect(frozen, "{{.State.Status}}"), "paused");

    // Nor are they made anew when the one they depend on is.
    const auto replaced = world.replace(vpn, world.life(id));
    world.steps.clear();
    EXPECT_EQ(world.settle(vpn, replaced.instance, {id, 0}, true).failure, "");
    EXPECT_THAT(world.steps, Contains("frozen depends on it and is left alone: it is paused"));
    EXPECT_EQ(inspect(frozen, "{{.State.Status}}"), "paused");
    EXPECT_EQ(world.life(own), before.back());
    docker({"unpause", frozen});
}

TEST(ContainerRestart, what_asks_compose_to_be_restarted_with_it_is) {
    ContainerWorld world;
    const auto db = world.adopt("db");
    const auto service = [&](const std::string& name, const std::string& depends_on) {
        return std::vector<std::string>{"--label", "com.docker.compose.project=" + world.name("shop"),
                                        "--label", "com.docker.compose.service=" + name,
                                        "--label", "com.docker.compose.depends_on=" + depends_on};
    };
    const auto id = world.sandbox.run("db", with(service("db", ""), obedient()));
    world.sandbox.run("web", with(service("web", "db:service_started:true"), obedient()));
    const auto other = world.sandbox.run("other", with(service("other", "db:service_started:false"), obedient()));
    world.begin();
    const auto before = world.life(other);
    EXPECT_EQ(world.restart(db, world.life(id)).failure, "");
    EXPECT_THAT(world.steps, ElementsAre("restart web, which depends on it"));
    EXPECT_EQ(world.life(other), before);
}

TEST(ContainerDiscard, it_is_stopped_and_removed_and_so_are_its_volumes_without_a_name) {
    ContainerWorld world;
    world.adopt("web");  // an engine is watched only where there is a container to keep
    const auto id = world.sandbox.run("old", with({"--volume", "/data"}, obedient()));
    const auto volume = inspect(id, "{{(index .Mounts 0).Name}}");
    world.begin();
    world.containers->discard(++world.last_id, world.life(id), 2s);
    EXPECT_EQ(world.completion<event::DiscardFinished>().failure, "");
    EXPECT_EQ(world.there(), "");
    EXPECT_EQ(docker({"volume", "ls", "--quiet", "--filter", "name=" + volume}), "");
    world.containers->discard(++world.last_id, Instance{id, 0}, 2s);
    EXPECT_EQ(world.completion<event::DiscardFinished>().failure, "");
}

supervisor::ContainerPort::Evidence evidence_of(ContainerWorld& world, TargetIndex target, const Instance& instance,
                                                std::size_t bytes) {
    std::vector<supervisor::ContainerPort::Evidence> given;
    world.containers->evidence(world.policy.targets[target], instance, bytes,
                               [&](auto evidence) { given.push_back(std::move(evidence)); });
    EXPECT_TRUE(await(world.loop, [&] { return !given.empty(); }));
    settle(world.loop);
    EXPECT_EQ(given.size(), 1U);
    return given.at(0);
}

TEST(ContainerEvidence, it_is_the_end_of_both_streams_of_the_log_and_inspect) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({}, {"sh", "-c", "echo beginning; echo to stderr >&2; echo end"}));
    wait_for_exit(id);
    world.begin();
    const auto evidence = evidence_of(world, web, world.life(id), 14);
    EXPECT_EQ(evidence.log_tail.size(), 14U);
    EXPECT_THAT(evidence.log_tail, ::testing::AnyOf("to stderr\nend\n", ::testing::EndsWith("\n")));
    EXPECT_EQ(nlohmann::json::parse(evidence.inspect)["Id"], id);
}

TEST(ContainerEvidence, a_terminals_log_has_no_frames_and_a_driver_without_a_reader_has_none) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--tty"}, {"echo", "said"}));
    const auto mute = world.sandbox.run("mute", with({"--log-driver", "none"}, {"echo", "said"}));
    wait_for_exit(id);
    world.begin();
    EXPECT_EQ(evidence_of(world, web, world.life(id), 4096).log_tail, "said\r\n");
    const auto none = evidence_of(world, web, world.life(mute), 4096);
    EXPECT_EQ(none.log_tail, "");
    EXPECT_EQ(nlohmann::json::parse(none.inspect)["Id"], mute);
}

}  // namespace
}  // namespace keepwell::testing
