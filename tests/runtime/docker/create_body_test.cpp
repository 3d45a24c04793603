// Each key of an entry, and what it is in the body that creates its container.
#include "runtime/docker/json/create_body.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace keepwell::runtime::docker {
namespace {

using Json = nlohmann::json;

ContainerSpec smallest() {
    ContainerSpec spec;
    spec.name = "shop-api-1";
    spec.project = "shop";
    spec.image = "api:1";
    return spec;
}

CreateContext known(ApiVersion version = {1, 41}) {
    CreateContext context;
    context.version = version;
    context.service = "api";
    context.entry_version = "4f1c";
    return context;
}

Json smallest_body() {
    return Json::parse(R"({
        "Image": "api:1",
        "Labels": {"io.keepwell.project": "shop", "io.keepwell.service": "api", "io.keepwell.slot": "1",
                   "io.keepwell.version": "4f1c"},
        "StopTimeout": 10,
        "HostConfig": {"RestartPolicy": {"Name": "no"}}
    })");
}

std::string body_of(const ContainerSpec& spec, const CreateContext& context = known()) {
    const auto request = create_request(spec, context);
    return request ? request->body : "error: " + request.error();
}

TEST(CreateBody, an_image_alone_leaves_everything_else_to_image_and_engine) {
    const auto request = create_request(smallest(), known());
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->body, smallest_body().dump());
    EXPECT_EQ(request->name, "shop-api-1");
    EXPECT_EQ(request->platform, "");
    EXPECT_TRUE(request->connections.empty());
    EXPECT_TRUE(request->warnings.empty());
}

struct Key {
    const char* name;
    std::function<void(ContainerSpec&)> give;
    const char* adds;  ///< JSON that is merged into the smallest body
};

void PrintTo(const Key& key, std::ostream* out) { *out << key.name; }

Mount bind(const char* source, const char* target) {
    Mount mount;
    mount.type = Mount::Type::bind;
    mount.source = source;
    mount.target = target;
    return mount;
}
Mount volume(const char* source, const char* target) {
    Mount mount = bind(source, target);
    mount.type = Mount::Type::volume;
    return mount;
}
Mount tmpfs(const char* target) {
    Mount mount = bind("", target);
    mount.type = Mount::Type::tmpfs;
    return mount;
}
NetworkAttachment network(const char* name, int priority = 0) {
    NetworkAttachment attachment;
    attachment.name = name;
    attachment.priority = priority;
    return attachment;
}

const Key keys[] = {
    {"command",
     [](auto& spec) {
         spec.command = {"serve", "--port", "80"};
     },
     R"({"Cmd": ["serve", "--port", "80"]})"},
    {"command_empty", [](auto& spec) { spec.command.emplace(); }, R"({"Cmd": []})"},
    {"entrypoint", [](auto& spec) { spec.entrypoint = {"/run"}; }, R"({"Entrypoint": ["/run"]})"},
    {"entrypoint_empty_takes_the_images_away", [](auto& spec) { spec.entrypoint.emplace(); }, R"({"Entrypoint": []})"},
    {"environment",
     [](auto& spec) {
         spec.environment = {{"A", "1"}, {"B", ""}, {"A", "2"}};
     },
     R"({"Env": ["B=", "A=2"]})"},
    {"user", [](auto& spec) { spec.user = "nobody:nogroup"; }, R"({"User": "nobody:nogroup"})"},
    {"working_dir", [](auto& spec) { spec.working_dir = "/srv"; }, R"({"WorkingDir": "/srv"})"},
    {"tty", [](auto& spec) { spec.tty = true; }, R"({"Tty": true})"},
    {"stdin_open", [](auto& spec) { spec.stdin_open = true; }, R"({"OpenStdin": true})"},
    {"labels",
     [](auto& spec) {
         spec.labels = {{"tier", "back"}, {"io.keepwell.slot", "9"}};
     },
     R"({"Labels": {"tier": "back"}})"},
    {"stop_signal", [](auto& spec) { spec.stop_signal = "SIGQUIT"; }, R"({"StopSignal": "SIGQUIT"})"},
    {"ports",
     [](auto& spec) {
         spec.ports = {{"", 8080, 0, 80, "tcp"}, {"127.0.0.1", 8081, 0, 80, "tcp"}, {"", 0, 0, 53, "udp"}};
     },
     R"({"ExposedPorts": {"80/tcp": {}, "53/udp": {}},
         "HostConfig": {"PortBindings": {
             "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "8081"}],
             "53/udp": [{"HostIp": "", "HostPort": ""}]}}})"},
    {"expose",
     [](auto& spec) {
         spec.expose = {"8080/tcp", "9000"};
     },
     R"({"ExposedPorts": {"8080/tcp": {}, "9000/tcp": {}}})"},
    {"read_only", [](auto& spec) { spec.read_only = true; }, R"({"HostConfig": {"ReadonlyRootfs": true}})"},
    {"privileged", [](auto& spec) { spec.privileged = true; }, R"({"HostConfig": {"Privileged": true}})"},
    {"cap_add", [](auto& spec) { spec.cap_add = {"NET_ADMIN"}; }, R"({"HostConfig": {"CapAdd": ["NET_ADMIN"]}})"},
    {"cap_drop", [](auto& spec) { spec.cap_drop = {"ALL"}; }, R"({"HostConfig": {"CapDrop": ["ALL"]}})"},
    {"security_opt", [](auto& spec) { spec.security_opt = {"no-new-privileges"}; },
     R"({"HostConfig": {"SecurityOpt": ["no-new-privileges"]}})"},
    {"group_add",
     [](auto& spec) {
         spec.group_add = {"audio", "44"};
     },
     R"({"HostConfig": {"GroupAdd": ["audio", "44"]}})"},
    {"userns_mode", [](auto& spec) { spec.userns_mode = "host"; }, R"({"HostConfig": {"UsernsMode": "host"}})"},
    {"mem_limit", [](auto& spec) { spec.memory = 64 << 20; }, R"({"HostConfig": {"Memory": 67108864}})"},
    {"memswap_limit", [](auto& spec) { spec.memory_swap = -1; }, R"({"HostConfig": {"MemorySwap": -1}})"},
    {"mem_reservation", [](auto& spec) { spec.memory_reservation = 1 << 20; },
     R"({"HostConfig": {"MemoryReservation": 1048576}})"},
    {"cpus", [](auto& spec) { spec.nano_cpus = 1500000000; }, R"({"HostConfig": {"NanoCpus": 1500000000}})"},
    {"cpu_shares", [](auto& spec) { spec.cpu_shares = 512; }, R"({"HostConfig": {"CpuShares": 512}})"},
    {"cpuset", [](auto& spec) { spec.cpuset = "0-1"; }, R"({"HostConfig": {"CpusetCpus": "0-1"}})"},
    {"pids_limit", [](auto& spec) { spec.pids_limit = 100; }, R"({"HostConfig": {"PidsLimit": 100}})"},
    {"oom_score_adj", [](auto& spec) { spec.oom_score_adj = -500; }, R"({"HostConfig": {"OomScoreAdj": -500}})"},
    {"oom_kill_disable", [](auto& spec) { spec.oom_kill_disable = true; },
     R"({"HostConfig": {"OomKillDisable": true}})"},
    {"shm_size", [](auto& spec) { spec.shm_size = 1 << 20; }, R"({"HostConfig": {"ShmSize": 1048576}})"},
    {"cgroup_parent", [](auto& spec) { spec.cgroup_parent = "/shop"; }, R"({"HostConfig": {"CgroupParent": "/shop"}})"},
    {"runtime", [](auto& spec) { spec.runtime = "runsc"; }, R"({"HostConfig": {"Runtime": "runsc"}})"},
    {"sysctls",
     [](auto& spec) {
         spec.sysctls = {{"net.core.somaxconn", "1024"}};
     },
     R"({"HostConfig": {"Sysctls": {"net.core.somaxconn": "1024"}}})"},
    {"init", [](auto& spec) { spec.init = true; }, R"({"HostConfig": {"Init": true}})"},
    {"init_false_is_not_absent", [](auto& spec) { spec.init = false; }, R"({"HostConfig": {"Init": false}})"},
    {"ulimits",
     [](auto& spec) {
         spec.ulimits = {{"nofile", 1024, 2048}, {"nproc", 64, 64}};
     },
     R"({"HostConfig": {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048},
                                    {"Name": "nproc", "Soft": 64, "Hard": 64}]}})"},
    {"hostname", [](auto& spec) { spec.hostname = "api"; }, R"({"Hostname": "api"})"},
    {"domainname", [](auto& spec) { spec.domainname = "example.net"; }, R"({"Domainname": "example.net"})"},
    {"extra_hosts", [](auto& spec) { spec.extra_hosts = {"db:10.0.0.1"}; },
     R"({"HostConfig": {"ExtraHosts": ["db:10.0.0.1"]}})"},
    {"dns", [](auto& spec) { spec.dns = {"9.9.9.9"}; }, R"({"HostConfig": {"Dns": ["9.9.9.9"]}})"},
    {"dns_search", [](auto& spec) { spec.dns_search = {"example.net"}; },
     R"({"HostConfig": {"DnsSearch": ["example.net"]}})"},
    {"dns_opt", [](auto& spec) { spec.dns_opt = {"ndots:2"}; }, R"({"HostConfig": {"DnsOptions": ["ndots:2"]}})"},
    {"devices",
     [](auto& spec) {
         spec.devices = {{"/dev/null", "/dev/nothing", "rw"}};
     },
     R"({"HostConfig": {"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing",
                                     "CgroupPermissions": "rw"}]}})"},
    {"logging",
     [](auto& spec) {
         spec.logging = {"json-file", {{"max-size", "1m"}}};
     },
     R"({"HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}}}})"},
    {"logging_without_options",
     [](auto& spec) {
         spec.logging = {"none", {}};
     },
     R"({"HostConfig": {"LogConfig": {"Type": "none", "Config": {}}}})"},
    {"uts", [](auto& spec) { spec.uts = "host"; }, R"({"HostConfig": {"UTSMode": "host"}})"},
    {"ipc", [](auto& spec) { spec.ipc = "shareable"; }, R"({"HostConfig": {"IpcMode": "shareable"}})"},
    {"pid", [](auto& spec) { spec.pid = "host"; }, R"({"HostConfig": {"PidMode": "host"}})"},
    {"network_mode_host", [](auto& spec) { spec.network_mode = "host"; }, R"({"HostConfig": {"NetworkMode": "host"}})"},
    {"network_mode_none", [](auto& spec) { spec.network_mode = "none"; }, R"({"HostConfig": {"NetworkMode": "none"}})"},
    {"network_mode_container_that_is_not_known_by_id", [](auto& spec) { spec.network_mode = "container:vpn"; },
     R"({"HostConfig": {"NetworkMode": "container:vpn"}})"},
    {"bind", [](auto& spec) { spec.mounts = {bind("/srv/data", "/data")}; },
     R"({"HostConfig": {"Binds": ["/srv/data:/data"]}})"},
    {"bind_with_options",
     [](auto& spec) {
         spec.mounts = {bind("/srv/data", "/data")};
         spec.mounts[0].read_only = true;
         spec.mounts[0].propagation = "rslave";
         spec.mounts[0].selinux = "z";
     },
     R"({"HostConfig": {"Binds": ["/srv/data:/data:ro,rslave,z"]}})"},
    {"bind_that_must_exist",
     [](auto& spec) {
         spec.mounts = {bind("/srv/a:b", "/data")};
         spec.mounts[0].create_host_path = false;
         spec.mounts[0].read_only = true;
         spec.mounts[0].propagation = "rslave";
     },
     R"({"HostConfig": {"Mounts": [{"Type": "bind", "Source": "/srv/a:b", "Target": "/data", "ReadOnly": true,
                                    "BindOptions": {"Propagation": "rslave"}}]}})"},
    {"volume", [](auto& spec) { spec.mounts = {volume("data", "/data")}; },
     R"({"HostConfig": {"Binds": ["data:/data"]}})"},
    {"volume_with_options",
     [](auto& spec) {
         spec.mounts = {volume("data", "/data")};
         spec.mounts[0].read_only = true;
         spec.mounts[0].nocopy = true;
     },
     R"({"HostConfig": {"Binds": ["data:/data:ro,nocopy"]}})"},
    {"volume_at_a_path_with_a_colon", [](auto& spec) { spec.mounts = {volume("data", "/a:b")}; },
     R"({"HostConfig": {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/a:b"}]}})"},
    {"volume_without_a_name", [](auto& spec) { spec.mounts = {volume("", "/data")}; }, R"({"Volumes": {"/data": {}}})"},
    {"volume_without_a_name_with_options",
     [](auto& spec) {
         spec.mounts = {volume("", "/data")};
         spec.mounts[0].read_only = true;
         spec.mounts[0].nocopy = true;
     },
     R"({"HostConfig": {"Mounts": [{"Type": "volume", "Target": "/data", "ReadOnly": true,
                                    "VolumeOptions": {"NoCopy": true}}]}})"},
    {"tmpfs", [](auto& spec) { spec.mounts = {tmpfs("/run")}; },
     R"({"HostConfig": {"Mounts": [{"Type": "tmpfs", "Target": "/run"}]}})"},
    {"tmpfs_with_options",
     [](auto& spec) {
         spec.mounts = {tmpfs("/run")};
         spec.mounts[0].tmpfs_size = 1 << 20;
         spec.mounts[0].tmpfs_mode = 01770;
     },
     R"({"HostConfig": {"Mounts": [{"Type": "tmpfs", "Target": "/run",
                                    "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 1016}}]}})"},
    {"network",
     [](auto& spec) {
         spec.networks = {network("back")};
         spec.networks[0].aliases = {"cache", "api"};
     },
     R"({"HostConfig": {"NetworkMode": "back"},
         "NetworkingConfig": {"EndpointsConfig": {"back": {"Aliases": ["shop-api-1", "api", "cache"]}}}})"},
    {"network_with_addresses",
     [](auto& spec) {
         spec.networks = {network("back")};
         spec.networks[0].ipv4_address = "10.5.0.9";
         spec.networks[0].ipv6_address = "fd00::9";
         spec.networks[0].link_local_ips = {"169.254.1.1"};
         spec.networks[0].driver_opts = {{"a", "b"}};
     },
     R"({"HostConfig": {"NetworkMode": "back"},
         "NetworkingConfig": {"EndpointsConfig": {"back": {
             "Aliases": ["shop-api-1", "api"], "DriverOpts": {"a": "b"},
             "IPAMConfig": {"IPv4Address": "10.5.0.9", "IPv6Address": "fd00::9",
                            "LinkLocalIPs": ["169.254.1.1"]}}}}})"},
    {"network_of_the_engine_takes_no_aliases", [](auto& spec) { spec.networks = {network("bridge")}; },
     R"({"HostConfig": {"NetworkMode": "bridge"}, "NetworkingConfig": {"EndpointsConfig": {"bridge": {}}}})"},
};

class CreateBodyKey : public ::testing::TestWithParam<Key> {};

TEST_P(CreateBodyKey, is_in_its_place_in_the_body) {
    ContainerSpec spec = smallest();
    GetParam().give(spec);
    Json expected = smallest_body();
    expected.merge_patch(Json::parse(GetParam().adds));
    EXPECT_EQ(body_of(spec), expected.dump());
}

INSTANTIATE_TEST_SUITE_P(Keys, CreateBodyKey, ::testing::ValuesIn(keys),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(CreateBody, name_platform_slot_and_grace_are_of_their_target) {
    ContainerSpec spec = smallest();
    spec.platform = "linux/arm64";
    CreateContext context = known();
    context.name = "shop-api-1.keepwell-3f2a";
    context.slot = 3;
    context.stop_grace_period = std::chrono::milliseconds{1001};
    const auto request = create_request(spec, context);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->name, "shop-api-1.keepwell-3f2a");
    EXPECT_EQ(request->platform, "linux/arm64");
    const Json body = Json::parse(request->body);
    EXPECT_EQ(body["StopTimeout"], 2);
    EXPECT_EQ(body["Labels"]["io.keepwell.slot"], "3");
    // The names on the networks are the container's own, whatever it is called while it is made.
    spec.networks = {network("back")};
    EXPECT_EQ(Json::parse(create_request(spec, context)->body)["NetworkingConfig"]["EndpointsConfig"]["back"],
              Json::parse(R"({"Aliases": ["shop-api-1", "api"]})"));
}

TEST(CreateBody, an_engine_before_1_41_is_not_told_the_platform) {
    ContainerSpec spec = smallest();
    spec.platform = "linux/arm64";
    EXPECT_EQ(create_request(spec, known({1, 40}))->platform, "");
}

TEST(CreateBody, a_grace_of_nothing_is_sent_as_nothing) {
    CreateContext context = known();
    context.stop_grace_period = Duration{0};
    EXPECT_EQ(Json::parse(body_of(smallest(), context))["StopTimeout"], 0);
}

TEST(CreateBody, the_images_healthcheck_is_off_when_the_policy_has_its_own) {
    CreateContext context = known();
    context.probed_by_policy = true;
    EXPECT_EQ(Json::parse(body_of(smallest(), context))["Healthcheck"], Json::parse(R"({"Test": ["NONE"]})"));
}

TEST(CreateBody, namespaces_of_other_containers_are_joined_by_id) {
    ContainerSpec spec = smallest();
    spec.network_mode = "service:vpn";
    spec.ipc = "container:db";
    spec.pid = "service:db";
    CreateContext context = known();
    context.network_container = "aaaa";
    context.ipc_container = "bbbb";
    context.pid_container = "cccc";
    const Json host = Json::parse(body_of(spec, context))["HostConfig"];
    EXPECT_EQ(host["NetworkMode"], "container:aaaa");
    EXPECT_EQ(host["IpcMode"], "container:bbbb");
    EXPECT_EQ(host["PidMode"], "container:cccc");
}

TEST(CreateBody, a_service_without_a_container_can_not_be_joined) {
    ContainerSpec spec = smallest();
    spec.network_mode = "service:vpn";
    EXPECT_EQ(body_of(spec), "error: network_mode is `service:vpn`, and the service has no container that runs");
}

TEST(CreateBody, modes_name_a_container_a_service_or_neither) {
    EXPECT_EQ(shared_namespace("container:vpn").container, "vpn");
    EXPECT_EQ(shared_namespace("container:vpn").service, "");
    EXPECT_EQ(shared_namespace("service:vpn").service, "vpn");
    EXPECT_EQ(shared_namespace("host").container + shared_namespace("host").service, "");
}

// ---- binds that the short form can not say ------------------------------------------------------------------------

TEST(CreateBody, a_bind_of_a_path_with_a_colon_needs_an_engine_that_can_make_it) {
    ContainerSpec spec = smallest();
    spec.mounts = {bind("/srv/a:b", "/data")};
    EXPECT_EQ(body_of(spec),
              "error: the bind of `/srv/a:b` at `/data` has a colon in a path: this engine can not make its source; "
              "make it, and set `create_host_path: false`");
    EXPECT_EQ(Json::parse(body_of(spec, known({1, 42})))["HostConfig"]["Mounts"],
              Json::parse(R"([{"Type": "bind", "Source": "/srv/a:b", "Target": "/data",
                               "BindOptions": {"CreateMountpoint": true}}])"));
}

TEST(CreateBody, selinux_labels_that_the_engine_would_not_set_are_refused) {
    ContainerSpec spec = smallest();
    spec.mounts = {bind("/srv/data", "/data")};
    spec.mounts[0].selinux = "Z";
    spec.mounts[0].create_host_path = false;
    EXPECT_EQ(body_of(spec),
              "error: the bind of `/srv/data` at `/data` has `create_host_path: false`: the engine takes `selinux` "
              "together with `create_host_path: true` only");
    spec.mounts[0].create_host_path = true;
    spec.mounts[0].target = "/a:b";
    EXPECT_EQ(body_of(spec, known({1, 44})),
              "error: the bind of `/srv/data` at `/a:b` has a colon in a path: the engine takes `selinux` without one "
              "only");
}

// ---- several networks, by version ---------------------------------------------------------------------------------

ContainerSpec on_three_networks() {
    ContainerSpec spec = smallest();
    spec.networks = {network("back"), network("zone"), network("front", 10)};
    spec.networks[0].mac_address = "02:42:0a:05:00:01";
    spec.networks[1].ipv4_address = "10.6.0.9";
    spec.networks[2].mac_address = "02:42:0a:05:00:02";
    return spec;
}

TEST(CreateBody, from_1_44_all_networks_are_in_the_body) {
    for (const ApiVersion version : {ApiVersion{1, 44}, ApiVersion{1, 52}}) {
        const auto request = create_request(on_three_networks(), known(version));
        ASSERT_TRUE(request.has_value());
        EXPECT_TRUE(request->connections.empty());
        EXPECT_TRUE(request->warnings.empty());
        Json expected = smallest_body();
        expected.merge_patch(Json::parse(R"({"HostConfig": {"NetworkMode": "front"},
            "NetworkingConfig": {"EndpointsConfig": {
                "front": {"Aliases": ["shop-api-1", "api"], "MacAddress": "02:42:0a:05:00:02"},
                "back": {"Aliases": ["shop-api-1", "api"], "MacAddress": "02:42:0a:05:00:01"},
                "zone": {"Aliases": ["shop-api-1", "api"], "IPAMConfig": {"IPv4Address": "10.6.0.9"}}}}})"));
        EXPECT_EQ(request->body, expected.dump());
    }
}

TEST(CreateBody, before_1_44_the_first_network_is_in_the_body_and_the_others_are_connected_by_priority_and_name) {
    const auto request = create_request(on_three_networks(), known({1, 43}));
    ASSERT_TRUE(request.has_value());
    Json expected = smallest_body();
    expected.merge_patch(Json::parse(R"({"HostConfig": {"NetworkMode": "front"}, "MacAddress": "02:42:0a:05:00:02",
        "NetworkingConfig": {"EndpointsConfig": {"front": {"Aliases": ["shop-api-1", "api"]}}}})"));
    EXPECT_EQ(request->body, expected.dump());
    ASSERT_EQ(request->connections.size(), 2u);
    EXPECT_EQ(request->connections[0].network, "back");
    EXPECT_EQ(request->connections[0].endpoint, R"({"Aliases":["shop-api-1","api"]})");
    EXPECT_EQ(request->connections[1].network, "zone");
    EXPECT_EQ(request->connections[1].endpoint,
              R"({"Aliases":["shop-api-1","api"],"IPAMConfig":{"IPv4Address":"10.6.0.9"}})");
    EXPECT_EQ(request->warnings,
              std::vector<std::string>{"the mac_address on network `back` is not set: an engine before API 1.44 sets "
                                       "that of one network only, the one with the highest priority"});
}

TEST(CreateBody, the_containers_mac_address_is_that_of_its_first_network) {
    ContainerSpec spec = smallest();
    spec.mac_address = "02:42:0a:05:00:07";
    Json body = Json::parse(body_of(spec, known({1, 43})));
    EXPECT_EQ(body["MacAddress"], "02:42:0a:05:00:07");
    EXPECT_FALSE(body.contains("NetworkingConfig"));

    body = Json::parse(body_of(spec, known({1, 44})));
    EXPECT_FALSE(body.contains("MacAddress"));
    EXPECT_EQ(body["HostConfig"]["NetworkMode"], "bridge");
    EXPECT_EQ(body["NetworkingConfig"],
              Json::parse(R"({"EndpointsConfig": {"bridge": {"MacAddress": "02:42:0a:05:00:07"}}})"));

    spec.networks = {network("back"), network("front", 1)};
    body = Json::parse(body_of(spec, known({1, 44})));
    EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["front"]["MacAddress"], "02:42:0a:05:00:07");
    EXPECT_FALSE(body["NetworkingConfig"]["EndpointsConfig"]["back"].contains("MacAddress"));

    spec.networks[1].mac_address = "02:42:0a:05:00:08";
    body = Json::parse(body_of(spec, known({1, 44})));
    EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["front"]["MacAddress"], "02:42:0a:05:00:08");
    EXPECT_EQ(Json::parse(body_of(spec, known({1, 41})))["MacAddress"], "02:42:0a:05:00:08");
}

TEST(CreateBody, a_mac_address_without_a_network_of_its_own_is_refused) {
    ContainerSpec spec = smallest();
    spec.mac_address = "02:42:0a:05:00:07";
    spec.network_mode = "container:vpn";
    EXPECT_EQ(body_of(spec),
              "error: mac_address needs a network of the container's own, and network_mode is `container:vpn`");
}

TEST(CreateBody, text_that_is_no_utf_8_does_no_harm) {
    ContainerSpec spec = smallest();
    spec.environment = {{"A", "\xff"}};
    EXPECT_TRUE(Json::accept(body_of(spec)));
}

}  // namespace
}  // namespace keepwell::runtime::docker
