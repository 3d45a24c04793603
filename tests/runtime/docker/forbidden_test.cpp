// What is never touched, and what cannot be up twice.
#include "runtime/docker/json/forbidden.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using Reason = std::optional<std::string>;

std::string labelled(const json& labels, const std::string& name = "web") {
    return json{{"Id", "1"}, {"Name", "/" + name}, {"Config", {{"Labels", labels}}}}.dump();
}

TEST(Forbidden, are_tasks_of_swarm) {
    EXPECT_EQ(
        is_forbidden(labelled({{"com.docker.swarm.task.id", "x"}, {"com.docker.swarm.service.name", "shop_web"}})),
        Reason{"it is a task of the Swarm service shop_web, which heals it itself"});
    EXPECT_EQ(is_forbidden(labelled({{"com.docker.swarm.task", ""}})),
              Reason{"it is a task of Swarm, which heals it itself"});
}

TEST(Forbidden, are_containers_of_a_systemd_unit) {
    EXPECT_EQ(is_forbidden(labelled({{"PODMAN_SYSTEMD_UNIT", "web.service"}})),
              Reason{"it belongs to the systemd unit web.service: only `systemctl restart` keeps it one"});
}

TEST(Forbidden, is_a_watchtower_only_while_it_updates_itself) {
    const json watchtower{{"com.centurylinklabs.watchtower", "true"}};
    const auto old_one = labelled(watchtower, "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeF");
    EXPECT_EQ(is_forbidden(labelled(watchtower)), Reason{});
    EXPECT_EQ(is_forbidden(old_one), Reason{"it is a watchtower that is updating itself"});
    EXPECT_EQ(is_forbidden(labelled(watchtower), {labelled({}), old_one}),
              Reason{"it is a watchtower that is updating itself"});
    EXPECT_EQ(is_forbidden(labelled({}), {old_one}), Reason{});
    EXPECT_EQ(is_forbidden(labelled({}, "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeF")), Reason{});
    EXPECT_EQ(is_forbidden(labelled(watchtower, "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDe1")), Reason{});
}

TEST(Forbidden, is_what_cannot_be_read) {
    EXPECT_EQ(is_forbidden(""), Reason{"its configuration is not known"});
    EXPECT_EQ(is_forbidden(labelled(nullptr)), Reason{});
    EXPECT_EQ(is_forbidden(labelled({{"com.docker.compose.project", "shop"}, {"com.docker.stack.namespace", "x"}})),
              Reason{});
}

// ---- start first --------------------------------------------------------------------------------------------------

const KnownNetworks networks{
    {"back", {"1", "bridge", "local"}}, {"lan", {"2", "macvlan", "local"}}, {"over", {"3", "overlay", "swarm"}}};

Reason start_first(const json& inspect, const std::vector<Dependant>& dependants = {}) {
    return start_first_forbidden(inspect.dump(), networks, dependants);
}

json publishing(const std::string& port) {
    return {{"HostConfig", {{"PortBindings", {{"80/tcp", {{{"HostIp", ""}, {"HostPort", port}}}}}}}}};
}

json connected(const std::string& network, const json& settings) {
    return {{"NetworkSettings", {{"Networks", {{network, settings}}}}}};
}

TEST(StartFirst, is_possible_without_anything_fixed) {
    EXPECT_EQ(start_first(json::object()), Reason{});
    EXPECT_EQ(start_first(publishing("")), Reason{});
    EXPECT_EQ(start_first(publishing("0")), Reason{});
    EXPECT_EQ(start_first(publishing("8000-8010")), Reason{});
    EXPECT_EQ(start_first({{"HostConfig", {{"AutoRemove", true}, {"PublishAllPorts", true}, {"NetworkMode", "back"}}}}),
              Reason{});
    EXPECT_EQ(start_first(connected("back", {{"IPAMConfig", {{"IPv4Address", ""}}},
                                             {"IPAddress", "10.0.0.2"},
                                             {"MacAddress", "02:42:0a:00:00:02"}})),
              Reason{});
    EXPECT_EQ(start_first(connected("over", {{"IPAMConfig", {{"IPv4Address", "10.0.1.2"}}}})), Reason{});
}

TEST(StartFirst, is_not_possible_with_what_only_one_can_have) {
    EXPECT_EQ(start_first(publishing("8080")), Reason{"it publishes port 8080 of the host"});
    EXPECT_EQ(start_first({{"HostConfig", {{"NetworkMode", "host"}}}}), Reason{"it uses the network of the host"});
    EXPECT_EQ(start_first({{"HostConfig", {{"NetworkMode", "container:1"}}}}),
              Reason{"it uses the network of another container"});
    EXPECT_EQ(start_first(connected("back", {{"IPAMConfig", {{"IPv4Address", "10.0.0.9"}}}})),
              Reason{"it has the static address 10.0.0.9 in network back"});
    EXPECT_EQ(start_first(connected("back", {{"IPAMConfig", {{"IPv6Address", "fd00::9"}}}})),
              Reason{"it has the static address fd00::9 in network back"});
    EXPECT_EQ(start_first(connected("back", {{"IPAMConfig", {{"LinkLocalIPs", {"169.254.1.1"}}}}})),
              Reason{"it has static addresses in network back"});
    EXPECT_EQ(start_first(connected("lan", {{"MacAddress", "aa:bb:cc:dd:ee:ff"}})),
              Reason{"its MAC address in the macvlan network lan could be there twice"});
    EXPECT_EQ(start_first({{"Config", {{"MacAddress", "aa:bb:cc:dd:ee:ff"}}}}),
              Reason{"it has the MAC address aa:bb:cc:dd:ee:ff"});
    EXPECT_EQ(start_first_forbidden("", {}, {}), Reason{"its configuration is not known"});
}

TEST(StartFirst, is_unsafe_where_two_would_write_to_the_same) {
    const auto unsafe = [](const json& inspect) { return start_first_unsafe(inspect.dump()); };
    const auto mounting = [](const char* type, bool writes) {
        return json{{"Mounts", {{{"Type", type}, {"Destination", "/data"}, {"RW", writes}}}}};
    };
    EXPECT_EQ(unsafe(mounting("volume", true)), Reason{"it writes to /data, and two would at once"});
    EXPECT_EQ(unsafe(mounting("bind", true)), Reason{"it writes to /data, and two would at once"});
    EXPECT_EQ(unsafe({{"HostConfig", {{"Devices", {{{"PathOnHost", "/dev/ttyUSB0"}}}}}}}),
              Reason{"it uses the device /dev/ttyUSB0"});
    EXPECT_EQ(unsafe(mounting("volume", false)), Reason{});
    EXPECT_EQ(unsafe(mounting("tmpfs", true)), Reason{});
    EXPECT_EQ(unsafe({{"HostConfig", {{"Devices", nullptr}}}}), Reason{});
    EXPECT_EQ(start_first_unsafe(""), Reason{"its configuration is not known"});
}

TEST(StartFirst, is_not_possible_for_whom_others_share_a_namespace_with) {
    EXPECT_EQ(start_first(json::object(), {{"1", "app", {Tie::network}}}), Reason{"app shares its network namespace"});
    EXPECT_EQ(start_first(json::object(), {{"1", "a", {Tie::compose}}, {"2", "b", {Tie::volumes, Tie::ipc}}}),
              Reason{"b shares its ipc namespace"});
    EXPECT_EQ(start_first(json::object(), {{"1", "app", {Tie::compose, Tie::link, Tie::volumes}}}), Reason{});
}

}  // namespace
}  // namespace keepwell::testing
