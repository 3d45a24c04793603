// Refusals, and single rules of a replica that the shapes do not show one by one.
#include "runtime/docker/json/replica.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/docker/hostile.hpp"
#include "runtime/docker/shape.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A recorded container, and what is changed of it before its replica is made.
struct Changed {
    explicit Changed(const std::string& shape)
        : source(read_shape(std::string{KEEPWELL_SHAPES} + "/1.41/" + shape + ".json").source),
          container(json::parse(source.container)) {}

    Changed& with(const json& patch) {
        container.merge_patch(patch);
        return *this;
    }
    tl::expected<Replica, std::string> replica() {
        source.container = container.dump();
        return make_replica(source);
    }
    json body() {
        const auto made = replica();
        return made ? json::parse(made->body) : json(made.error());
    }
    std::string refusal() {
        const auto made = replica();
        return made ? "" : made.error();
    }

    ReplicaSource source;
    json container;
};

// ---- refusals -----------------------------------------------------------------------------------------------------

TEST(Replica, of_a_container_of_somebody_elses_is_refused) {
    EXPECT_EQ(Changed("plain").with({{"Config", {{"Labels", {{"com.docker.swarm.task.id", "x"}}}}}}).refusal(),
              "test-one cannot be replaced: it is a task of Swarm, which heals it itself");
    EXPECT_EQ(
        Changed("plain").with({{"Config", {{"Labels", {{"PODMAN_SYSTEMD_UNIT", "one.service"}}}}}}).refusal(),
        "test-one cannot be replaced: it belongs to the systemd unit one.service: only `systemctl restart` keeps it "
        "one");
}

TEST(Replica, of_a_container_that_is_going_is_refused) {
    EXPECT_EQ(Changed("plain").with({{"State", {{"Status", "removing"}}}}).refusal(),
              "test-one cannot be replaced: the engine is removing it");
    EXPECT_EQ(Changed("plain").with({{"State", {{"Status", "dead"}}}}).refusal(),
              "test-one cannot be replaced: it is dead: the engine could not remove it whole");
    EXPECT_EQ(Changed("plain").with({{"Platform", "windows"}}).refusal(),
              "test-one cannot be replaced: it is a Windows container");
}

TEST(Replica, without_its_image_is_refused) {
    Changed gone("plain");
    gone.source.image.clear();
    const auto id = gone.container["Image"].get<std::string>();
    EXPECT_EQ(gone.refusal(), "test-one cannot be replaced: its image, " + id + ", is gone");
    gone.source.image = R"({"Id": "sha256:other"})";
    EXPECT_EQ(gone.refusal(), "test-one cannot be replaced: its image, " + id + ", is gone");
    gone.source.image = "<html>";
    EXPECT_EQ(gone.refusal(), "test-one cannot be replaced: the engine's inspect of its image is no valid JSON");
}

TEST(Replica, without_its_network_or_the_container_whose_volumes_it_uses_is_refused) {
    Changed network("user_network");
    network.source.networks.erase("test-net");
    EXPECT_EQ(network.refusal(), "test-one cannot be replaced: its network test-net is gone");
    Changed volumes("volumes_from");
    volumes.source.volumes_from.clear();
    EXPECT_EQ(volumes.refusal(),
              "test-one cannot be replaced: the container whose volumes it uses, test-other, is gone");
}

TEST(Replica, of_what_is_no_inspect_is_refused) {
    ReplicaSource source;
    EXPECT_EQ(make_replica(source).error(), "the engine's inspect is no valid JSON");
    source.container = "{}";
    EXPECT_EQ(make_replica(source).error(), "the engine's inspect is not that of a container");
    source.container = "[1]";
    EXPECT_EQ(make_replica(source).error(), "the engine's inspect is JSON that is no object");
}

TEST(Replica, with_a_sysctl_of_a_second_interface_is_refused_where_the_engine_would) {
    Changed second("plain");
    second.with({{"HostConfig", {{"Sysctls", {{"net.ipv4.conf.eth1.forwarding", "1"}}}}}});
    EXPECT_EQ(second.refusal(), "");
    second.source.version = {1, 46};
    EXPECT_EQ(
        second.refusal(),
        "test-one cannot be replaced: API 1.46 and newer do not take the sysctl net.ipv4.conf.eth1.forwarding, which "
        "names an interface");
}

// ---- single rules -------------------------------------------------------------------------------------------------

TEST(Replica, in_the_hosts_network_keeps_a_hostname_of_its_own_only) {
    Changed host("host_network");
    EXPECT_EQ(host.body()["Hostname"], "");
    host.source.hostname = "renamed-since";
    EXPECT_EQ(host.body()["Hostname"], "the-host");
}

TEST(Replica, follows_replaced_containers_by_id_and_by_the_beginning_of_an_id) {
    Changed child("all_of_another");
    const auto parent = child.container["HostConfig"]["NetworkMode"].get<std::string>().substr(10);
    child.with({{"HostConfig", {{"VolumesFrom", {parent.substr(0, 12) + ":ro", "by-name"}}}}});
    child.source.volumes_from = {{parent.substr(0, 12), "{}"}, {"by-name", "{}"}};
    child.source.replaced = {{parent, "second"}, {"second", "third"}};
    const auto host = child.body()["HostConfig"];
    EXPECT_EQ(host["NetworkMode"], "container:third");
    EXPECT_EQ(host["IpcMode"], "container:third");
    EXPECT_EQ(host["PidMode"], "container:third");
    EXPECT_EQ(host["VolumesFrom"], (json{"third:ro", "by-name"}));
    child.source.replaced = {{parent, parent}};  // a circle ends as well
    EXPECT_EQ(child.body()["HostConfig"]["NetworkMode"], "container:" + parent);
}

TEST(Replica, leaves_selinux_labels_that_were_copied_from_another_to_be_copied_again) {
    Changed child("ipc_of_another");
    child.with({{"HostConfig",
                 {{"SecurityOpt",
                   {"label=user:u", "label=role:r", "label=type:t", "label=level:s0:c1,c2", "no-new-privileges"}}}}});
    EXPECT_EQ(child.body()["HostConfig"]["SecurityOpt"], (json{"no-new-privileges"}));
    child.with({{"HostConfig", {{"SecurityOpt", {"label=type:t"}}}}});
    EXPECT_EQ(child.body()["HostConfig"]["SecurityOpt"], (json{"label=type:t"}));
}

TEST(Replica, of_an_older_container_says_what_was_the_default_then) {
    Changed old("plain");
    old.with({{"HostConfig", {{"CgroupnsMode", ""}, {"IpcMode", ""}}}});
    EXPECT_EQ(old.body()["HostConfig"]["CgroupnsMode"], "host");
    EXPECT_EQ(old.body()["HostConfig"]["IpcMode"], "shareable");
}

TEST(Replica, names_the_platform_where_it_is_not_the_hosts) {
    Changed plain("plain");
    EXPECT_EQ(plain.replica()->platform, "");
    plain.source.host_platform = "linux/arm64";
    EXPECT_EQ(plain.replica()->platform, "linux/amd64");
    plain.with(
        {{"ImageManifestDescriptor", {{"platform", {{"os", "linux"}, {"architecture", "arm"}, {"variant", "v6"}}}}}});
    EXPECT_EQ(plain.replica()->platform, "linux/arm/v6");
    plain.source.version = {1, 40};
    EXPECT_EQ(plain.replica()->platform, "");
}

TEST(Replica, has_the_labels_that_were_asked_for) {
    Changed plain("labels");
    plain.source.labels = {{"both", "ours"}, {"keepwell.service", "shop"}};
    const auto labels = plain.body()["Labels"];
    EXPECT_EQ(labels["both"], "ours");
    EXPECT_EQ(labels["keepwell.service"], "shop");
    EXPECT_EQ(labels["own"], "");
}

TEST(Replica, warns_of_what_it_cannot_keep) {
    Changed plain("plain");
    EXPECT_THAT(plain.replica()->warnings, IsEmpty());
    plain.source.changes.clear();
    EXPECT_THAT(plain.replica()->warnings,
                ElementsAre("what it wrote outside of its volumes is not kept; nobody looked for it"));
    plain.source.changes =
        R"([{"Path":"/a","Kind":0},{"Path":"/a/1","Kind":1},{"Path":"/a/2","Kind":1},{"Path":"/b","Kind":1},
        {"Path":"/c","Kind":1},{"Path":"/d","Kind":1},{"Path":"/e","Kind":2}])";
    EXPECT_THAT(plain.replica()->warnings,
                ElementsAre("what it wrote outside of its volumes is not kept: /a/1, /a/2, /b, /c, /d…"));
    EXPECT_THAT(Changed("ports_random").replica()->warnings,
                Contains("ports that are published without a number get other ones, as at each start"));
    EXPECT_THAT(Changed("auto_remove").replica()->warnings,
                Contains("its volumes without a name are named ones of the replica: its end will not remove them"));
}

TEST(Replica, of_an_image_whose_tag_moved_is_made_of_the_same_bits) {
    Changed moved("image_whose_tag_moved");
    const auto id = moved.container["Image"].get<std::string>();
    const auto tag = moved.container["Config"]["Image"].get<std::string>();
    EXPECT_EQ(moved.body()["Image"], id);
    EXPECT_THAT(moved.replica()->warnings, Contains(tag + " is another image now: the replica is made from " + id));
    moved.source.reference_id.clear();
    EXPECT_THAT(moved.replica()->warnings, Contains(tag + " is nothing now: the replica is made from " + id));
    moved.source.reference_id = id;
    EXPECT_EQ(moved.body()["Image"], tag);
}

TEST(WrittenFiles, are_those_that_no_volume_or_engine_explains) {
    const auto inspect = Changed("anonymous_volume").source.container;
    EXPECT_THAT(written_outside_volumes("null", inspect), IsEmpty());
    EXPECT_THAT(written_outside_volumes("no JSON", inspect), IsEmpty());
    EXPECT_THAT(written_outside_volumes(R"([{"Path":"/data","Kind":1},{"Path":"/etc","Kind":0},
        {"Path":"/etc/hosts","Kind":1},{"Path":"/etc/app.conf","Kind":1},{"Path":"/database","Kind":1},{"Path":7}])",
                                        inspect),
                ElementsAre("/database", "/etc/app.conf"));
}

TEST(ApiVersions, are_read_and_compared_as_numbers) {
    EXPECT_GT(api_version("1.100"), api_version("1.41"));
    for (const auto* wrong : {"", "1", "1.", ".41", "1.41x", "x.1", "v1.41"}) {
        EXPECT_EQ(api_version(wrong), (ApiVersion{0, 0})) << wrong;
    }
}

TEST(KnownNetworks, are_read_from_a_list_or_one) {
    const auto networks = known_networks(R"([{"Name":"a","Id":"1","Driver":"bridge","Scope":"local"},{"Id":"2"},7])");
    ASSERT_EQ(networks.size(), 1U);
    EXPECT_EQ(networks.at("a").driver, "bridge");
    EXPECT_EQ(known_networks(R"({"Name":"b","Scope":"swarm"})").at("b").scope, "swarm");
    EXPECT_TRUE(known_networks("oops").empty());
}

TEST(Connection, is_a_request_with_the_containers_id) {
    EXPECT_EQ(connect_body({"net", R"({"Aliases":["a"]})"}, "id"),
              R"({"Container":"id","EndpointConfig":{"Aliases":["a"]}})");
}

// ---- hostile ------------------------------------------------------------------------------------------------------

TEST(Replica, throws_at_nothing_that_an_engine_may_say) {
    int tried = 0;
    for (const auto* shape : {"several_networks", "mount_without_source", "volumes_from"}) {
        Changed original(shape);
        original.source.podman = true;
        original.source.labels = {{"a", "b"}};
        original.with({{"HostConfig", {{"Sysctls", {{"net.ipv4.conf.eth0.x", "1"}}}, {"Tmpfs", {{"/t", ""}}}}},
                       {"Config", {{"MacAddress", "a"}}}});
        each_hostile(original.container, [&](const std::string& what, const json& changed) {
            auto source = original.source;
            source.container = changed.dump();
            source.version.minor = std::array{40, 48, 52}[++tried % 3];
            EXPECT_NO_THROW(static_cast<void>(make_replica(source))) << what;
            EXPECT_NO_THROW(static_cast<void>(written_outside_volumes("[]", source.container))) << what;
        });
    }
}

TEST(Replica, of_a_truncated_inspect_is_refused) {
    const auto whole = Changed("plain").source;
    for (std::size_t size = 0; size < whole.container.size(); size += 7) {
        auto cut = whole;
        cut.container.resize(size);
        EXPECT_FALSE(make_replica(cut).has_value());
    }
}

}  // namespace
}  // namespace keepwell::testing
