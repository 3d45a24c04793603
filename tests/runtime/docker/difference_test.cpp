// What counts as a difference, and what does not.
#include "runtime/docker/json/difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/hostile.hpp"
#include "runtime/docker/shape.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Shape recorded(const std::string& name) { return read_shape(std::string{KEEPWELL_SHAPES} + "/1.41/" + name + ".json"); }

json inspect_of(const std::string& name) { return json::parse(recorded(name).source.container); }

std::vector<std::string> between(const json& a, const json& b, const DifferenceOptions& options = {}) {
    return difference(a.dump(), b.dump(), options);
}

// The other of one change, made to an inspect.
std::vector<std::string> after(const std::string& shape, const json& change, const DifferenceOptions& options = {}) {
    const auto old_one = inspect_of(shape);
    auto new_one = old_one;
    new_one.merge_patch(change);
    return between(old_one, new_one, options);
}

// ---- lines --------------------------------------------------------------------------------------------------------

TEST(Difference, says_path_and_both_values) {
    EXPECT_THAT(
        after("plain", {{"HostConfig", {{"Memory", 1}, {"Init", true}}}, {"Path", "other"}}),
        ElementsAre("HostConfig.Init: (none) -> true", "HostConfig.Memory: 0 -> 1", "Path: \"sleep\" -> \"other\""));
}

TEST(Difference, names_keys_with_dots_in_brackets) {
    EXPECT_THAT(after("plain", {{"Config", {{"Labels", {{"com.docker.compose.project", "shop"}}}}}}),
                ElementsAre("Config.Labels[\"com.docker.compose.project\"]: (none) -> \"shop\""));
}

TEST(Difference, does_not_show_the_values_of_variables) {
    const auto old_one = inspect_of("plain");
    auto new_one = old_one;
    new_one["Config"]["Env"][0] = "PASSWORD=secret";
    EXPECT_THAT(between(old_one, new_one), ElementsAre("Config.Env[0]: PATH=… -> PASSWORD=…"));
    new_one["Config"]["Env"].push_back("MORE=secret");
    EXPECT_THAT(between(old_one, new_one), ElementsAre("Config.Env: 1 variables -> 2 variables"));
    new_one["Config"]["Env"] = "secret";
    EXPECT_THAT(between(old_one, new_one), ElementsAre("Config.Env: 1 variables -> secret=…"));
}

TEST(Difference, shortens_long_values_between_characters) {
    std::string snow(71, 's');
    for (int i = 0; i < 100; ++i) snow += "☃";
    const auto lines = after("plain", {{"Path", snow}});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].size(), std::string{"Path: \"sleep\" -> "}.size() + 200 - 2 + std::string{"…"}.size());
    EXPECT_NO_THROW(json(lines[0]).dump());
}

TEST(Difference, of_what_is_no_inspect_is_said) {
    const auto whole = inspect_of("plain").dump();
    EXPECT_THAT(difference("", whole, {}), ElementsAre("the old container's inspect is no valid JSON"));
    EXPECT_THAT(difference(whole, "[]", {}), ElementsAre("the new container's inspect is JSON that is no object"));
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    EXPECT_THAT(difference(whole, "{\"a\":" + deep + "}", {}),
                ElementsAre("the new container's inspect is JSON that is nested too deep"));
}

// ---- everything is compared ---------------------------------------------------------------------------------------

// A path of the inspect that may differ: all that begins with one of these.
bool may_differ(const std::string& path) {
    static const std::vector<std::string> allowed{
        "/Id", "/Created", "/State", "/Name", "/RestartCount", "/ExecIDs", "/LogPath", "/GraphDriver", "/HostnamePath",
        "/HostsPath", "/ResolvConfPath", "/MountLabel", "/ProcessLabel", "/AppArmorProfile", "/Config/OnBuild",
        // How it is connected is compared; the state of that is not.
        "/NetworkSettings/Bridge", "/NetworkSettings/EndpointID", "/NetworkSettings/Gateway",
        "/NetworkSettings/GlobalIPv6Address", "/NetworkSettings/GlobalIPv6PrefixLen", "/NetworkSettings/HairpinMode",
        "/NetworkSettings/IPAddress", "/NetworkSettings/IPPrefixLen", "/NetworkSettings/IPv6Gateway",
        "/NetworkSettings/LinkLocalIPv6Address", "/NetworkSettings/LinkLocalIPv6PrefixLen",
        "/NetworkSettings/MacAddress", "/NetworkSettings/Ports", "/NetworkSettings/SandboxID",
        "/NetworkSettings/SandboxKey", "/NetworkSettings/SecondaryIPAddresses",
        "/NetworkSettings/SecondaryIPv6Addresses"};
    static const std::vector<std::string> of_endpoint{"EndpointID",          "Gateway",    "GlobalIPv6Address",
                                                      "GlobalIPv6PrefixLen", "IPAddress",  "IPPrefixLen",
                                                      "IPv6Gateway",         "MacAddress", "NetworkID"};
    if (path.starts_with("/NetworkSettings/Networks/")) {
        const auto last = path.substr(path.rfind('/') + 1);
        return std::find(of_endpoint.begin(), of_endpoint.end(), last) != of_endpoint.end();
    }
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const auto& prefix) { return path == prefix || path.starts_with(prefix + "/"); });
}

json something_else(const json& value) {
    if (value.is_boolean()) return !value.get<bool>();
    if (value.is_number()) return value.get<int>() + 1;
    if (value.is_string()) return value.get<std::string>() + "x";
    return "something";
}

class EveryField : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryField, is_compared_but_those_that_may_differ) {
    const auto old_one = inspect_of(GetParam());
    const auto flat = old_one.flatten();
    for (const auto& [path, value] : flat.items()) {
        const json::json_pointer at{path};
        auto new_one = old_one;
        new_one[at] = something_else(old_one[at]);
        EXPECT_EQ(between(old_one, new_one).empty(), may_differ(path)) << path << " is " << new_one[at];
    }
}

TEST_P(EveryField, is_missed_where_it_is_taken_away_and_was_not_blank) {
    const auto old_one = inspect_of(GetParam());
    const auto flat = old_one.flatten();
    const std::string id = old_one["Id"];
    for (const auto& [path, value] : flat.items()) {
        if (value.is_null() || value == "" || path == "/Id") continue;
        const bool given = value == id.substr(0, 12) || value == old_one["Config"]["Hostname"];
        if (given && path.find("/Aliases/") != std::string::npos) continue;
        const json::json_pointer at{path};
        auto new_one = old_one;
        auto& parent = new_one[at.parent_pointer()];
        if (parent.is_object()) parent.erase(at.back());
        if (parent.is_array()) parent.erase(std::stoul(at.back()));
        EXPECT_EQ(between(old_one, new_one).empty(), may_differ(path)) << path << " is taken away";
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, EveryField,
                         ::testing::Values("image_with_everything", "aliases_and_static_address", "limits",
                                           "ports_fixed", "several_networks", "mount_with_options", "binds",
                                           "names_and_servers", "security", "devices"),
                         [](const auto& each) { return each.param; });

TEST(Difference, of_a_map_sees_a_key_with_a_blank_value) {
    const DifferenceOptions none;
    EXPECT_THAT(after("plain", {{"Config", {{"Labels", {{"empty", ""}}}}}}),
                ElementsAre("Config.Labels.empty: (none) -> \"\""));
    EXPECT_THAT(after("plain", {{"Config", {{"ExposedPorts", {{"1/tcp", json::object()}}}}}}),
                ElementsAre("Config.ExposedPorts.1/tcp: (none) -> {}"));
    EXPECT_THAT(after("plain", {{"Config", {{"Volumes", {{"/x", json::object()}}}}}}),
                ElementsAre("Config.Volumes./x: (none) -> {}"));
    EXPECT_THAT(after("plain", {{"HostConfig", {{"Tmpfs", {{"/x", ""}}}}}}),
                ElementsAre("HostConfig.Tmpfs./x: (none) -> \"\""));
}

TEST(Difference, of_networks_sees_one_that_is_missing_and_one_too_many) {
    const auto old_one = inspect_of("several_networks");
    auto new_one = old_one;
    new_one["NetworkSettings"]["Networks"].erase("test-net2");
    ASSERT_EQ(between(old_one, new_one).size(), 1U);
    EXPECT_THAT(between(old_one, new_one)[0],
                ::testing::StartsWith("NetworkSettings.Networks.test-net2: {\"Aliases\":"));
    EXPECT_THAT(between(new_one, old_one)[0], ::testing::StartsWith("NetworkSettings.Networks.test-net2: (none) -> {"));
    auto bare = new_one;
    bare["NetworkSettings"]["Networks"]["bridge"] = json::object();
    EXPECT_EQ(between(new_one, bare).size(), 1U);
}

TEST(Difference, of_mounts_sees_another_volume_at_the_same_place) {
    const auto old_one = inspect_of("anonymous_volume");
    auto new_one = old_one;
    new_one["Mounts"][0]["Name"] = "other";
    ASSERT_EQ(between(old_one, new_one).size(), 1U);
    EXPECT_THAT(between(old_one, new_one)[0], ::testing::StartsWith("Mounts./data.Name: "));
    DifferenceOptions carried;
    carried.carried = {{old_one["Mounts"][0]["Name"], "/data"}};
    EXPECT_EQ(between(old_one, new_one, carried).size(), 1U);
}

TEST(Difference, null_is_not_an_empty_list_where_that_means_something) {
    auto null = inspect_of("body_with_nothing_masked");
    const auto empty = null;
    null["HostConfig"]["MaskedPaths"] = nullptr;
    EXPECT_THAT(between(null, empty), ElementsAre("HostConfig.MaskedPaths: (none) -> []"));
    EXPECT_THAT(after("plain", {{"Config", {{"StopTimeout", 0}}}}), ElementsAre("Config.StopTimeout: (none) -> 0"));
    EXPECT_THAT(after("plain", {{"HostConfig", {{"Init", false}}}}), ElementsAre("HostConfig.Init: (none) -> false"));
}

// ---- what is the same ---------------------------------------------------------------------------------------------

TEST(Difference, ignores_the_order_of_lists_that_have_none) {
    for (const auto* shape : {"ulimits", "capabilities", "groups", "binds", "image_with_everything", "links",
                              "security", "aliases_and_static_address"}) {
        const auto old_one = inspect_of(shape);
        auto new_one = old_one;
        for (const auto* key : {"Binds", "Links", "Ulimits", "CapAdd", "CapDrop", "GroupAdd", "SecurityOpt"}) {
            auto& list = new_one["HostConfig"][key];
            if (list.is_array()) std::reverse(list.begin(), list.end());
        }
        std::reverse(new_one["Mounts"].begin(), new_one["Mounts"].end());
        for (auto& network : new_one["NetworkSettings"]["Networks"]) {
            if (network["Aliases"].is_array()) std::reverse(network["Aliases"].begin(), network["Aliases"].end());
        }
        EXPECT_THAT(between(old_one, new_one), IsEmpty()) << shape;
    }
}

TEST(Difference, minds_the_order_of_servers_and_variables) {
    const auto old_one = inspect_of("names_and_servers");
    auto new_one = old_one;
    std::reverse(new_one["HostConfig"]["Dns"].begin(), new_one["HostConfig"]["Dns"].end());
    EXPECT_THAT(between(old_one, new_one), ElementsAre("HostConfig.Dns[0]: \"10.1.2.3\" -> \"10.1.2.4\"",
                                                       "HostConfig.Dns[1]: \"10.1.2.4\" -> \"10.1.2.3\""));
}

TEST(Difference, ignores_spellings_of_one_thing) {
    const auto same = [](const json& a, const json& b) {
        auto old_one = inspect_of("plain");
        auto new_one = old_one;
        old_one["HostConfig"].merge_patch(a);
        new_one["HostConfig"].merge_patch(b);
        EXPECT_THAT(between(old_one, new_one), IsEmpty()) << a << " and " << b;
    };
    same({{"NetworkMode", "default"}}, {{"NetworkMode", "bridge"}});
    same({{"RestartPolicy", {{"Name", ""}}}}, {{"RestartPolicy", {{"Name", "no"}}}});
    same({{"OomKillDisable", nullptr}, {"PidsLimit", 0}}, {{"OomKillDisable", nullptr}, {"PidsLimit", nullptr}});
    same({{"PidsLimit", -1}, {"MemorySwappiness", -1}}, {{"PidsLimit", nullptr}, {"MemorySwappiness", nullptr}});
    same({{"CgroupnsMode", ""}, {"IpcMode", ""}}, {{"CgroupnsMode", "host"}, {"IpcMode", "shareable"}});
    same({{"PortBindings", {{"1/tcp", json::array()}}}},
         {{"PortBindings", {{"1/tcp", {{{"HostIp", ""}, {"HostPort", "0"}}}}}}});
    same({{"Binds", json::array()}, {"Sysctls", json::object()}}, {{"Binds", nullptr}, {"Sysctls", nullptr}});
}

TEST(Difference, of_names_is_seen_where_they_must_be_the_same) {
    DifferenceOptions options;
    EXPECT_THAT(after("plain", {{"Name", "/other"}}, options), IsEmpty());
    options.renamed = false;
    EXPECT_THAT(after("plain", {{"Name", "/other"}}, options), ElementsAre("Name: \"/test-one\" -> \"/other\""));
}

TEST(Difference, follows_the_ids_of_replaced_containers) {
    const auto old_one = inspect_of("network_of_another");
    const std::string parent = old_one["HostConfig"]["NetworkMode"].get<std::string>().substr(10);
    auto new_one = old_one;
    new_one["HostConfig"]["NetworkMode"] = "container:new";
    EXPECT_EQ(between(old_one, new_one).size(), 1U);
    DifferenceOptions options;
    options.replaced = {{parent, "new"}};
    EXPECT_THAT(between(old_one, new_one, options), IsEmpty());
    EXPECT_EQ(between(old_one, old_one, options).size(), 1U);  // still at the old one: that is gone
}

TEST(Difference, of_the_image_is_its_bits_not_its_tag) {
    const auto id = inspect_of("plain")["Image"];
    EXPECT_THAT(after("plain", {{"Config", {{"Image", id}}}}), IsEmpty());
    EXPECT_EQ(after("plain", {{"Config", {{"Image", "other"}}}}).size(), 1U);
    EXPECT_EQ(after("plain", {{"Image", "sha256:other"}}).size(), 1U);
    EXPECT_EQ(after("plain", {{"Image", "sha256:other"}, {"Config", {{"Image", "sha256:other"}}}}).size(), 1U);
}

TEST(Difference, of_addresses_that_swarm_gave_is_none) {
    auto old_one = inspect_of("aliases_and_static_address");
    auto new_one = old_one;
    new_one["NetworkSettings"]["Networks"]["test-net"]["IPAMConfig"] = nullptr;
    EXPECT_EQ(between(old_one, new_one).size(), 1U);
    DifferenceOptions options;
    options.given_addresses = {"test-net"};
    EXPECT_THAT(between(old_one, new_one, options), IsEmpty());
}

TEST(Difference, of_a_container_without_any_network_is_the_one_that_each_start_gives_it) {
    const auto old_one = inspect_of("disconnected_from_everything");
    auto new_one = old_one;
    new_one["NetworkSettings"]["Networks"]["bridge"] = {{"IPAddress", "172.17.0.9"}};
    EXPECT_THAT(between(old_one, new_one), IsEmpty());
    new_one["NetworkSettings"]["Networks"] = {{"other", json::object()}};
    EXPECT_EQ(between(old_one, new_one).size(), 1U);
}

// ---- hostile ------------------------------------------------------------------------------------------------------

TEST(Difference, throws_at_nothing_that_an_engine_may_say) {
    const auto old_one = inspect_of("image_with_everything");
    each_hostile(old_one, [&](const std::string& what, const json& changed) {
        EXPECT_NO_THROW(between(old_one, changed)) << what;
        EXPECT_NO_THROW(between(changed, old_one)) << what;
    });
}

}  // namespace
}  // namespace keepwell::testing
