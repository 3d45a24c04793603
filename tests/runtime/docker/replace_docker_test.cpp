// Replace and settle on a real engine: both orders, every way to fail, dependants, `--rm`, volumes, Compose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "runtime/docker/container_world.hpp"
#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> with(std::vector<std::string> options, const std::vector<std::string>& command) {
    options.emplace_back(busybox);
    options.insert(options.end(), command.begin(), command.end());
    return options;
}

std::string whole(const std::string& container) {
    auto text = docker({"inspect", container});
    return text.substr(1, text.size() - 2);  // docker inspect prints a list of one
}

/// One adopted container with a restart policy, a volume without a name, labels and a published port.
class Replaced : public ::testing::Test {
  protected:
    Replaced() : web(world.adopt("web")) {
        id = world.sandbox.run("web", with({"--restart", "unless-stopped", "--volume", "/data", "--label", "who=web",
                                            "--publish", "127.0.0.1::80"},
                                           obedient()));
        docker({"exec", id, "sh", "-c", "echo kept > /data/file"});
        world.begin();
        before = whole(id);
    }
    Instance life() { return world.life(id); }
    std::string short_id() const { return id.substr(0, 12); }
    /// It is as if nothing had been.
    void expect_untouched() {
        EXPECT_EQ(world.there(), "web running");
        EXPECT_EQ(inspect(world.name("web"), "{{.Id}}"), id);
        EXPECT_EQ(inspect(id, "{{.HostConfig.RestartPolicy.Name}}"), "unless-stopped");
    }

    ContainerWorld world;
    TargetIndex web;
    std::string id;
    std::string before;
};

// ---- stop-first ----------------------------------------------------------------------------------------------------

TEST_F(Replaced, stop_first_the_new_one_is_the_same_container_and_the_old_one_is_kept_until_it_is_proven) {
    const auto replaced = world.replace(web, life());
    ASSERT_EQ(replaced.failure, "");
    EXPECT_EQ(replaced.instance, world.life(world.name("web")));
    EXPECT_EQ(world.there(), "web running, web.keepwell-old-… exited");
    EXPECT_THAT(
        world.steps,
        ElementsAre("stop-first: it is asked for", "create web.keepwell-new-…", "take the restart policy of web away",
                    "stop web", "rename web to web.keepwell-old-…", "rename web.keepwell-new-… to web", "start web"));
    EXPECT_EQ(inspect(id, "{{.HostConfig.RestartPolicy.Name}}"), "no");

    world.steps.clear();
    const auto settled = world.settle(web, replaced.instance, {id, 0}, true);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, replaced.instance);
    EXPECT_EQ(world.there(), "web running");
    EXPECT_THAT(world.steps, ElementsAre("remove web.keepwell-old-…"));
    EXPECT_EQ(docker({"exec", world.name("web"), "cat", "/data/file"}), "kept");

    DifferenceOptions allowed;
    allowed.renamed = false;
    allowed.carried = {{inspect(world.name("web"), "{{(index .Mounts 0).Name}}"), "/data"}};
    EXPECT_THAT(difference(before, whole(world.name("web")), allowed), IsEmpty());
    world.drop<event::Found>();  // of the new one's traits
    EXPECT_THAT(world.events, IsEmpty());
}

TEST_F(Replaced, a_new_one_that_is_not_well_is_rolled_back_and_the_old_one_runs_as_before) {
    const auto replaced = world.replace(web, life());
    world.steps.clear();
    const auto settled = world.settle(web, replaced.instance, {id, 0}, false);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, life());
    expect_untouched();
    EXPECT_THAT(
        world.steps,
        ElementsAre("stop web", "rename web to web.keepwell-new-…", "rename web.keepwell-old-… to web",
                    "give web its restart policy `unless-stopped` back", "start web", "remove web.keepwell-new-…"));
    world.drop<event::Found>();  // of the new one's traits
    EXPECT_THAT(world.events, IsEmpty());
}

TEST_F(Replaced, one_that_died_while_it_was_proving_itself_is_told_and_rolled_back) {
    const auto replaced = world.replace(web, life());
    docker({"update", "--restart", "no", world.name("web")});
    run_program({"docker", "exec", world.name("web"), "kill", "1"});
    EXPECT_EQ(world.next<event::Exited>().instance, replaced.instance);
    const auto settled = world.settle(web, replaced.instance, {id, 0}, false);
    EXPECT_EQ(settled.instance, life());
    EXPECT_EQ(world.there(), "web running");
}

TEST_F(Replaced, settling_twice_is_settling_once) {
    const auto replaced = world.replace(web, life());
    const auto first = world.settle(web, replaced.instance, {id, 0}, true);
    const auto second = world.settle(web, replaced.instance, {id, 0}, true);
    EXPECT_EQ(second.instance, first.instance);
    EXPECT_EQ(second.failure, "");
}

TEST_F(Replaced, settling_needs_no_ids) {
    world.replace(web, life());
    EXPECT_EQ(world.settle(web, {}, {}, true).failure, "");
    EXPECT_EQ(world.there(), "web running");
    EXPECT_NE(inspect(world.name("web"), "{{.Id}}"), id);
}

// ---- failures ------------------------------------------------------------------------------------------------------

TEST_F(Replaced, an_image_that_is_gone_is_found_before_anything_is_touched) {
    const auto image = "keepwell-test/" + world.name("image");
    const auto base = world.sandbox.run("base", with({}, {"sh", "-c", "hostname > /own"}));
    wait_for_exit(base);
    docker({"commit", base, image});
    const auto other = world.adopt("other");
    const auto victim = world.sandbox.create("other", {image, "sleep", "1000"});
    docker({"rmi", "--force", image});
    world.crash();
    world.begin();
    const auto replaced = world.replace(other, {victim, 0});
    EXPECT_THAT(replaced.failure, StartsWith(world.name("other") + " cannot be replaced: its image, sha256:"));
    EXPECT_THAT(replaced.failure, ::testing::EndsWith(", is gone"));
    EXPECT_FALSE(replaced.survivor.exists());
    EXPECT_THAT(world.steps, IsEmpty());
}

TEST_F(Replaced, a_port_that_somebody_takes_in_between_is_undone_and_the_old_one_runs_again) {
    docker({"rm", "--force", id});
    id = world.sandbox.run("web", with({"--publish", "127.0.0.1:7070:80", "--restart", "unless-stopped"}, obedient()));
    world.crash();
    world.begin();
    world.on_step = [&](const std::string& step) {
        if (step == "start web") {  // the port is free for a moment
            world.sandbox.run("thief", with({"--publish", "127.0.0.1:7070:80"}, obedient()));
            world.on_step = [&](const std::string& next) {
                if (next == "start web") docker({"rm", "--force", world.name("thief")});
            };
        }
    };
    const auto replaced = world.replace(web, life());
    EXPECT_FALSE(replaced.instance.exists());
    EXPECT_THAT(replaced.failure, HasSubstr("port is already allocated"));
    EXPECT_EQ(replaced.survivor, life());
    expect_untouched();
}

TEST_F(Replaced, a_new_one_that_ends_at_once_was_started_and_its_exit_follows) {
    docker({"rm", "--force", id});
    id = world.sandbox.run("web",
                           with({"--volume", "/data"}, {"sh", "-c",
                                                        "[ -e /data/ran ] && exit 5; touch /data/ran; "
                                                        "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"}));
    while (run_program({"docker", "exec", id, "test", "-e", "/data/ran"}).code != 0) {
    }
    world.crash();
    world.begin();
    const auto replaced = world.replace(web, life());
    EXPECT_EQ(replaced.failure, "");
    const auto exited = world.next<event::Exited>();
    EXPECT_EQ(exited.instance, replaced.instance);
    EXPECT_EQ(exited.status.value, 5);
    docker({"run", "--rm", "--volumes-from", id, busybox, "rm", "/data/ran"});
    const auto settled = world.settle(web, replaced.instance, {id, 0}, false);
    EXPECT_EQ(settled.instance, life());
    EXPECT_EQ(world.there(), "web running");
}

TEST_F(Replaced, a_network_that_is_gone_is_found_before_anything_is_touched) {
    const auto net = world.name("net");
    docker({"network", "create", "--label", world.sandbox.label(), net});
    const auto other = world.adopt("other");
    const auto victim = world.sandbox.create("other", with({"--network", net}, obedient()));
    docker({"network", "rm", net});
    world.crash();
    world.begin();
    EXPECT_THAT(world.replace(other, Instance{victim, 0}).failure, HasSubstr("network"));
    EXPECT_EQ(inspect(victim, "{{.Name}}"), "/" + world.name("other"));
}

TEST_F(Replaced, what_a_broken_attempt_left_is_cleared_away) {
    world.sandbox.create("web.keepwell-new-" + short_id(), with({}, obedient()));
    const auto replaced = world.replace(web, life());
    EXPECT_EQ(replaced.failure, "");
    EXPECT_EQ(world.there(), "web running, web.keepwell-old-… exited");
}

TEST_F(Replaced, a_container_that_is_somebody_elses_is_refused) {
    const auto other = world.adopt("other");
    const auto task = world.sandbox.run("other", with({"--label", "com.docker.swarm.task.id=x"}, obedient()));
    world.crash();
    world.begin();
    const auto replaced = world.replace(other, world.life(task));
    EXPECT_THAT(replaced.failure, StartsWith(world.name("other") + " cannot be replaced: "));
    EXPECT_THAT(world.steps, IsEmpty());
}

// ---- start-first ---------------------------------------------------------------------------------------------------

class OnANetwork : public ::testing::Test {
  protected:
    OnANetwork() : web(world.adopt("web")) {
        docker({"network", "create", "--label", world.sandbox.label(), net});
        id = world.sandbox.run("web",
                               with({"--network", net, "--network-alias", "shop", "--restart", "always"}, obedient()));
        world.sandbox.run("client", with({"--network", net}, {"sleep", "1000"}));
        world.begin();
        before = whole(id);
    }
    /// The addresses behind a name, sorted.
    std::vector<std::string> resolve(const std::string& name) {
        const auto text =
            run_program({"docker", "exec", world.name("client"), "nslookup", "-type=a", name, "127.0.0.11"}).out;
        std::vector<std::string> found;
        std::istringstream lines(text);
        bool answers = false;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Name:")) answers = true;
            if (answers && line.starts_with("Address: ")) found.push_back(line.substr(9));
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    ContainerWorld world;
    const std::string net = world.name("net");
    TargetIndex web;
    std::string id;
    std::string before;
};

TEST_F(OnANetwork, start_first_nobody_finds_the_new_one_before_it_is_proven_and_then_it_has_the_aliases) {
    const auto old_address = address_of(id);
    const auto replaced = world.replace(web, world.life(id), ReplaceOrder::automatic);
    ASSERT_EQ(replaced.failure, "");
    EXPECT_THAT(world.steps, ElementsAre("start-first: nothing forbids it", "create web.keepwell-new-…",
                                         "start web.keepwell-new-… beside web"));
    EXPECT_EQ(world.there(), "client running, web running, web.keepwell-new-… running");
    EXPECT_THAT(resolve("shop"), ElementsAre(old_address));
    EXPECT_EQ(world.next<event::Found>().instance, replaced.instance);  // its traits; it is the target's from here on
    settle(world.loop);
    EXPECT_THAT(world.events, IsEmpty());

    world.steps.clear();
    world.on_step = [&](const std::string& step) {
        if (step.starts_with("stop ")) {
            EXPECT_EQ(resolve("shop").size(), 2U);
        }
    };
    const auto settled = world.settle(web, replaced.instance, {id, 0}, true);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, replaced.instance);
    EXPECT_THAT(world.steps,
                ElementsAre("give web.keepwell-new-… its network aliases", "take the restart policy of web away",
                            "rename web to web.keepwell-old-…", "rename web.keepwell-new-… to web",
                            "let web.keepwell-old-… answer who still has its address", "stop web.keepwell-old-…",
                            "remove web.keepwell-old-…"));
    EXPECT_EQ(world.there(), "client running, web running");
    EXPECT_THAT(resolve("shop"), ElementsAre(address_of(world.name("web"))));
    EXPECT_THAT(resolve(world.name("web")), ElementsAre(address_of(world.name("web"))));
    EXPECT_EQ(inspect(world.name("web"), "{{.HostConfig.RestartPolicy.Name}}"), "always");
    world.drop<event::Found>();  // of the new one's traits
    EXPECT_THAT(world.events, IsEmpty());
}

TEST_F(OnANetwork, start_first_rolled_back_the_old_one_has_never_stopped) {
    const auto life = world.life(id);
    const auto replaced = world.replace(web, life, ReplaceOrder::start_first);
    EXPECT_EQ(world.steps.front(), "start-first: it is asked for");
    const auto settled = world.settle(web, replaced.instance, life, false);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, life);
    EXPECT_EQ(world.life(id), life);
    EXPECT_EQ(world.there(), "client running, web running");
}

TEST_F(OnANetwork, one_without_aliases_keeps_its_connections_when_it_takes_the_name) {
    const auto plain = world.adopt("plain");
    const auto old = world.sandbox.run("plain", with({"--network", net}, obedient()));
    world.crash();
    world.begin();
    const auto replaced = world.replace(plain, world.life(old), ReplaceOrder::automatic);
    const auto address = address_of(std::string{replaced.instance.subject()});
    EXPECT_EQ(world.settle(plain, replaced.instance, {old, 0}, true).failure, "");
    EXPECT_EQ(address_of(world.name("plain")), address);
    EXPECT_THAT(resolve(world.name("plain")), ElementsAre(address));
}

TEST_F(OnANetwork, a_published_port_forbids_start_first_and_the_step_says_so) {
    const auto other = world.adopt("other");
    const auto old = world.sandbox.run("other", with({"--network", net, "--publish", "127.0.0.1:7071:80"}, obedient()));
    world.crash();
    world.begin();
    EXPECT_EQ(world.replace(other, world.life(old), ReplaceOrder::automatic).failure, "");
    EXPECT_THAT(world.steps.front(), StartsWith("stop-first: "));
    EXPECT_THAT(world.steps.front(), HasSubstr("7071"));
}

TEST_F(OnANetwork, several_networks_with_addresses_are_kept) {
    const auto second = world.name("second");
    docker({"network", "create", "--label", world.sandbox.label(), "--subnet", "10.213.7.0/24", second});
    docker({"network", "connect", "--alias", "other", "--ip", "10.213.7.77", second, id});
    const auto replaced = world.replace(web, world.life(id));
    ASSERT_EQ(replaced.failure, "");
    EXPECT_EQ(world.settle(web, replaced.instance, {id, 0}, true).failure, "");
    EXPECT_EQ(inspect(world.name("web"), "{{(index .NetworkSettings.Networks \"" + second + "\").IPAddress}}"),
              "10.213.7.77");
    EXPECT_THAT(resolve("shop"), ElementsAre(inspect(world.name("web"), "{{(index .NetworkSettings.Networks \"" + net +
                                                                            "\").IPAddress}}")));
}

// ---- --rm ----------------------------------------------------------------------------------------------------------

TEST(ReplacedRm, a_container_that_its_stop_removes_is_replaced_with_its_volumes) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--rm", "--volume", "/data"}, obedient()));
    docker({"exec", id, "sh", "-c", "echo kept > /data/file"});
    world.begin();
    const auto replaced = world.replace(web, world.life(id));
    ASSERT_EQ(replaced.failure, "");
    EXPECT_EQ(world.there(), "web running");
    EXPECT_EQ(docker({"exec", world.name("web"), "cat", "/data/file"}), "kept");
    const auto settled = world.settle(web, replaced.instance, {id, 0}, true);
    EXPECT_EQ(settled.failure, "");
    EXPECT_EQ(settled.instance, replaced.instance);
    docker({"volume", "prune", "--force", "--filter", "label=" + world.sandbox.label()});
}

TEST(ReplacedRm, rolled_back_after_the_old_one_is_gone_the_new_one_is_kept) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--rm"}, obedient()));
    world.begin();
    const auto replaced = world.replace(web, world.life(id));
    const auto settled = world.settle(web, replaced.instance, {id, 0}, false);
    EXPECT_EQ(settled.failure, "the old container is gone; the new one was kept");
    EXPECT_EQ(settled.instance, replaced.instance);
    EXPECT_EQ(world.there(), "web running");
}

TEST(ReplacedRm, where_the_new_one_does_not_start_it_is_made_once_more_for_people_to_start) {
    ContainerWorld world;
    const auto web = world.adopt("web");
    const auto id = world.sandbox.run("web", with({"--rm", "--publish", "127.0.0.1:7072:80"}, obedient()));
    world.begin();
    world.on_step = [&](const std::string& step) {
        if (step == "start web") world.sandbox.run("thief", with({"--publish", "127.0.0.1:7072:80"}, obedient()));
    };
    const auto replaced = world.replace(web, world.life(id));
    EXPECT_THAT(replaced.failure, HasSubstr("port is already allocated"));
    EXPECT_THAT(replaced.failure,
                ::testing::EndsWith("was removed by its own end (--rm): it is there again, and not started"));
    EXPECT_FALSE(replaced.survivor.exists());
    EXPECT_EQ(world.there(), "thief running, web created");
}

// ---- dependants ----------------------------------------------------------------------------------------------------

TEST(ReplacedWithDependants, what_shares_its_namespaces_is_made_anew_in_order_before_the_old_one_goes) {
    ContainerWorld world;
    const auto vpn = world.adopt("vpn");
    const auto id = world.sandbox.run("vpn", with({}, obedient()));
    const auto torrent = world.sandbox.run(
        "torrent", with({"--network", "container:" + id, "--volume", "/data", "--label", "who=torrent"}, obedient()));
    docker({"exec", torrent, "sh", "-c", "echo kept > /data/file"});
    const auto deeper = world.sandbox.run("deeper", with({"--pid", "container:" + torrent}, obedient()));
    const auto resting = world.sandbox.create("resting", with({"--network", "container:" + id}, obedient()));
    world.begin();
    const auto replaced = world.replace(vpn, world.life(id), ReplaceOrder::automatic);
    ASSERT_EQ(replaced.failure, "");
    EXPECT_THAT(world.steps.front(), StartsWith("stop-first: "));
    world.steps.clear();
    EXPECT_EQ(world.settle(vpn, replaced.instance, {id, 0}, true).failure, "");
    EXPECT_EQ(world.there(), "deeper running, resting created, torrent running, vpn running");
    const auto network = [&](const std::string& what) {
        return docker({"exec", world.name(what), "readlink", "/proc/1/ns/net"});
    };
    EXPECT_EQ(network("torrent"), network("vpn"));
    const auto id_now = inspect(world.name("vpn"), "{{.Id}}");
    EXPECT_EQ(inspect(world.name("torrent"), "{{.HostConfig.NetworkMode}}"), "container:" + id_now);
    EXPECT_EQ(inspect(world.name("resting"), "{{.HostConfig.NetworkMode}}"), "container:" + id_now);
    EXPECT_EQ(inspect(world.name("deeper"), "{{.HostConfig.PidMode}}"),
              "container:" + inspect(world.name("torrent"), "{{.Id}}"));
    EXPECT_NE(inspect(world.name("deeper"), "{{.Id}}"), deeper);
    EXPECT_NE(inspect(world.name("resting"), "{{.Id}}"), resting);
    EXPECT_EQ(docker({"exec", world.name("torrent"), "cat", "/data/file"}), "kept");
}

TEST(ReplacedWithDependants, rolled_back_they_are_restarted_because_the_namespace_is_another_one) {
    ContainerWorld world;
    const auto vpn = world.adopt("vpn");
    const auto id = world.sandbox.run("vpn", with({}, obedient()));
    const auto torrent = world.sandbox.run("torrent", with({"--network", "container:" + id}, obedient()));
    world.begin();
    const auto replaced = world.replace(vpn, world.life(id));
    EXPECT_EQ(world.settle(vpn, replaced.instance, {id, 0}, false).failure, "");
    EXPECT_EQ(docker({"exec", torrent, "readlink", "/proc/1/ns/net"}),
              docker({"exec", id, "readlink", "/proc/1/ns/net"}));
    EXPECT_EQ(world.there(), "torrent running, vpn running");
}

TEST(ReplacedWithDependants, one_that_is_a_target_is_left_to_the_engine_which_replaces_it_afterwards) {
    ContainerWorld world;
    const auto vpn = world.adopt("vpn");
    const auto torrent = world.adopt("torrent");
    const auto id = world.sandbox.run("vpn", with({}, obedient()));
    const auto child = world.sandbox.run("torrent", with({"--network", "container:" + id}, obedient()));
    world.begin();
    const auto replaced = world.replace(vpn, world.life(id));
    EXPECT_EQ(world.settle(vpn, replaced.instance, {id, 0}, true).failure, "");
    EXPECT_EQ(inspect(world.name("torrent"), "{{.Id}}"), child);
    const auto second = world.replace(torrent, world.life(child));
    ASSERT_EQ(second.failure, "");
    EXPECT_EQ(inspect(world.name("torrent"), "{{.HostConfig.NetworkMode}}"),
              "container:" + inspect(world.name("vpn"), "{{.Id}}"));
    EXPECT_EQ(world.settle(torrent, second.instance, {child, 0}, true).failure, "");
}

// ---- owned ---------------------------------------------------------------------------------------------------------

TEST(ReplacedOwned, a_changed_entry_takes_the_place_of_the_old_one_start_first_with_its_new_aliases) {
    ContainerWorld world;
    const auto net = world.name("net");
    const auto on_net = [&](const std::string& alias) {
        return [&net, alias](ContainerSpec& spec) {
            NetworkAttachment network;
            network.name = net;
            network.aliases = {alias};
            spec.networks = {network};
        };
    };
    const auto api = world.own("api", on_net("first"));
    world.begin();
    const auto started = world.start(api);
    ASSERT_EQ(started.failure, "");
    world.change_entry(api, on_net("second"));
    world.policy.services[api].container_version = "2";
    world.steps.clear();
    const auto replaced = world.replace(api, started.instance, ReplaceOrder::start_first, command::MadeFrom::entry);
    ASSERT_EQ(replaced.failure, "");
    EXPECT_EQ(world.there(), "api running, api.keepwell-new-… running");
    EXPECT_EQ(world.settle(api, replaced.instance, started.instance, true).failure, "");
    EXPECT_EQ(world.there(), "api running");
    const auto networks = inspect(world.name("api"), "{{json .NetworkSettings.Networks}}");
    EXPECT_THAT(networks, HasSubstr("\"second\""));
    EXPECT_THAT(networks, ::testing::Not(HasSubstr("\"first\"")));
    EXPECT_EQ(inspect(world.name("api"), "{{index .Config.Labels \"io.keepwell.version\"}}"), "2");
    docker({"rm", "--force", world.name("api")});
    docker({"network", "rm", net});
}

TEST(ReplacedOwned, an_entry_whose_image_is_missing_touches_nothing) {
    ContainerWorld world;
    const auto api = world.own("api");
    world.begin();
    const auto started = world.start(api);
    world.change_entry(api, [](ContainerSpec& spec) { spec.image = "keepwell-test/absent:2"; });
    const auto replaced = world.replace(api, started.instance, ReplaceOrder::stop_first, command::MadeFrom::entry);
    EXPECT_EQ(replaced.failure, "the image `keepwell-test/absent:2` is not here, and its pull_policy is never");
    EXPECT_EQ(replaced.survivor, started.instance);
    EXPECT_EQ(world.there(), "api running");
}

// ---- Compose -------------------------------------------------------------------------------------------------------

TEST(ReplacedCompose, docker_compose_still_knows_the_container) {
    if (run_program({"docker-compose", "version"}).code != 0) GTEST_SKIP() << "docker-compose is not installed";
    ContainerWorld world;
    const auto folder = std::filesystem::temp_directory_path() / world.name("compose");
    std::filesystem::create_directories(folder);
    const auto file = (folder / "docker-compose.yml").string();
    std::ofstream(file) << "version: '2.4'\nservices:\n  web:\n    image: " << busybox
                        << "\n    command: sh -c \"trap 'exit 0' TERM; while :; do sleep 1000 & wait; done\"\n"
                           "    volumes: ['/data']\n    labels: {keepwell.test: '"
                        << world.sandbox.prefix() << "'}\n";
    const auto project = world.name("shop");
    const auto compose = [&](std::vector<std::string> args) {
        args.insert(args.begin(), {"docker-compose", "--file", file, "--project-name", project});
        return run_program(args);
    };
    ASSERT_EQ(compose({"up", "--detach"}).code, 0);
    const auto container = project + "_web_1";
    const auto web = world.adopt("web");
    world.policy.targets[web].selector.name = container;
    const auto id = inspect(container, "{{.Id}}");
    world.begin();
    for (const auto order : {ReplaceOrder::stop_first, ReplaceOrder::start_first}) {
        const auto before = world.life(container);
        const auto replaced = world.replace(web, before, order);
        ASSERT_EQ(replaced.failure, "");
        EXPECT_EQ(world.settle(web, replaced.instance, before, true).failure, "");
        EXPECT_THAT(compose({"ps"}).out, HasSubstr(container));
        EXPECT_EQ(compose({"ps", "--quiet"}).out, inspect(container, "{{.Id}}") + "\n");
    }
    const auto up = compose({"up", "--detach"});
    EXPECT_THAT(up.err, HasSubstr("up-to-date"));  // and it is not made anew
    EXPECT_NE(inspect(container, "{{.Id}}"), id);
    compose({"down", "--volumes"});
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace keepwell::testing
