// What create_request() asks for, on a real engine: each variant of an entry is created, and beside it what somebody
// types for the same with the docker command; a generic diff of their inspects must find nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/api_client.hpp"
#include "runtime/docker/json/create_body.hpp"
#include "runtime/docker/json/difference.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using Words = std::vector<std::string>;

constexpr auto plain = "keepwell-test/busybox";
/// With an entrypoint, a healthcheck, a volume and a port of its own; each test program has one.
const std::string rich = "keepwell-test/create-rich-" + std::to_string(getpid());

struct Variant {
    const char* name;
    std::function<void(ContainerSpec&, const Sandbox&)> give;
    Words options;         ///< of `docker create`; a word with PREFIX has the sandbox's in its place
    Words after = {};      ///< and what follows the image
    bool of_rich = false;  ///< from that image
};

Mount mount(Mount::Type type, const std::string& source, const std::string& target) {
    Mount mount;
    mount.type = type;
    mount.source = source;
    mount.target = target;
    return mount;
}

NetworkAttachment network(const std::string& name, int priority = 0) {
    NetworkAttachment attachment;
    attachment.name = name;
    attachment.priority = priority;
    return attachment;
}

Words aliases(const std::string& network, const Words& more = {}) {
    Words words{"--network", network, "--network-alias", "PREFIX-ours", "--network-alias", "web"};
    for (const auto& alias : more) words.insert(words.end(), {"--network-alias", alias});
    return words;
}

const Variant variants[] = {
    {"image_alone", [](auto&, auto&) {}, {}},
    {"rich_image_alone", [](auto&, auto&) {}, {}, {}, true},
    {"command",
     [](auto& spec, auto&) {
         spec.command = {"sleep", "1 0"};
     },
     {},
     {"sleep", "1 0"}},
    {"command_for_the_images_entrypoint", [](auto& spec, auto&) { spec.command = {"sleep 7"}; }, {}, {"sleep 7"}, true},
    {"entrypoint",
     [](auto& spec, auto&) {
         spec.entrypoint = {"/bin/sleep"};
         spec.command = {"10"};
     },
     {"--entrypoint", "/bin/sleep"},
     {"10"},
     true},
    {"no_entrypoint",
     [](auto& spec, auto&) {
         spec.entrypoint.emplace();
         spec.command = {"sleep", "10"};
     },
     {"--entrypoint", ""},
     {"sleep", "10"},
     true},
    {"environment",
     [](auto& spec, auto&) {
         spec.environment = {{"A", "1 2"}};
     },
     {"--env", "A=1 2"}},
    {"labels", [](auto& spec, auto&) { spec.labels.emplace_back("tier", "back"); }, {"--label", "tier=back"}},
    {"program",
     [](auto& spec, auto&) {
         spec.user = "nobody:nogroup";
         spec.working_dir = "/tmp";
         spec.tty = true;
         spec.stdin_open = true;
         spec.stop_signal = "SIGQUIT";
     },
     {"--user", "nobody:nogroup", "--workdir", "/tmp", "--tty", "--interactive", "--stop-signal", "SIGQUIT"}},
    {"names",
     [](auto& spec, auto&) {
         spec.hostname = "web";
         spec.domainname = "example.net";
         spec.extra_hosts = {"db:10.0.0.1", "six:fd00::1"};
         spec.dns = {"9.9.9.9", "1.1.1.1"};
         spec.dns_search = {"example.net"};
         spec.dns_opt = {"ndots:2"};
     },
     {"--hostname", "web", "--domainname", "example.net", "--add-host", "db:10.0.0.1", "--add-host", "six:fd00::1",
      "--dns", "9.9.9.9", "--dns", "1.1.1.1", "--dns-search", "example.net", "--dns-option", "ndots:2"}},
    {"ports",
     [](auto& spec, auto&) {
         spec.ports = {{"", 18080, 0, 80, "tcp"},
                       {"127.0.0.1", 18081, 0, 80, "tcp"},
                       {"", 0, 0, 53, "udp"},
                       {"", 18090, 18095, 90, "tcp"}};
         spec.expose = {"9000/tcp"};
     },
     {"--publish", "18080:80", "--publish", "127.0.0.1:18081:80", "--publish", "53/udp", "--publish", "18090-18095:90",
      "--expose", "9000"},
     {},
     true},
    {"security",
     [](auto& spec, auto&) {
         spec.read_only = true;
         spec.privileged = true;
         spec.cap_add = {"CAP_NET_ADMIN"};
         spec.cap_drop = {"CAP_CHOWN"};
         spec.security_opt = {"no-new-privileges"};
         spec.group_add = {"nogroup", "44"};
         spec.userns_mode = "host";
     },
     {"--read-only", "--privileged", "--cap-add", "CAP_NET_ADMIN", "--cap-drop", "CAP_CHOWN", "--security-opt",
      "no-new-privileges", "--group-add", "nogroup", "--group-add", "44", "--userns", "host"}},
    {"resources",
     [](auto& spec, auto&) {
         spec.memory = 64 << 20;
         spec.memory_swap = 128 << 20;
         spec.memory_reservation = 32 << 20;
         spec.nano_cpus = 500000000;
         spec.cpu_shares = 512;
         spec.cpuset = "0";
         spec.pids_limit = 100;
         spec.oom_score_adj = 300;
         spec.shm_size = 1 << 20;
         spec.init = true;
         spec.ulimits = {{"nofile", 1024, 2048}, {"nproc", 64, 64}};
         spec.sysctls = {{"net.core.somaxconn", "1024"}};
         spec.cgroup_parent = "/keepwell-test-create";
         spec.runtime = "runc";
     },
     {"--memory",
      "64m",
      "--memory-swap",
      "128m",
      "--memory-reservation",
      "32m",
      "--cpus",
      "0.5",
      "--cpu-shares",
      "512",
      "--cpuset-cpus",
      "0",
      "--pids-limit",
      "100",
      "--oom-score-adj",
      "300",
      "--shm-size",
      "1m",
      "--init",
      "--ulimit",
      "nofile=1024:2048",
      "--ulimit",
      "nproc=64",
      "--sysctl",
      "net.core.somaxconn=1024",
      "--cgroup-parent",
      "/keepwell-test-create",
      "--runtime",
      "runc"}},
    {"no_init", [](auto& spec, auto&) { spec.init = false; }, {"--init=false"}},
    {"memory_alone", [](auto& spec, auto&) { spec.memory = 64 << 20; }, {"--memory", "64m"}},
    {"devices",
     [](auto& spec, auto&) {
         spec.devices = {{"/dev/null", "/dev/nothing", "rw"}, {"/dev/zero", "/dev/zero", "rwm"}};
     },
     {"--device", "/dev/null:/dev/nothing:rw", "--device", "/dev/zero"}},
    {"logging",
     [](auto& spec, auto&) {
         spec.logging = {"json-file", {{"max-size", "1m"}, {"max-file", "2"}}};
     },
     {"--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "max-file=2"}},
    {"logging_options_alone",
     [](auto& spec, auto&) {
         spec.logging = {"", {{"max-size", "1m"}}};
     },
     {"--log-opt", "max-size=1m"}},
    {"binds",
     [](auto& spec, auto& sandbox) {
         spec.mounts = {mount(Mount::Type::bind, "/tmp/" + sandbox.name("made"), "/made"),
                        mount(Mount::Type::bind, "/usr", "/usr"), mount(Mount::Type::bind, "/etc", "/host/etc")};
         spec.mounts[1].read_only = true;
         spec.mounts[1].propagation = "rslave";
         spec.mounts[2].create_host_path = false;
         spec.mounts[2].read_only = true;
     },
     {"--volume", "/tmp/PREFIX-made:/made", "--volume", "/usr:/usr:ro,rslave", "--mount",
      "type=bind,src=/etc,dst=/host/etc,readonly"}},
    {"volumes",
     [](auto& spec, auto& sandbox) {
         spec.mounts = {mount(Mount::Type::volume, sandbox.name("data"), "/data"),
                        mount(Mount::Type::volume, sandbox.name("more"), "/more"),
                        mount(Mount::Type::volume, sandbox.name("colon"), "/a:b")};
         spec.mounts[1].read_only = true;
         spec.mounts[1].nocopy = true;
     },
     {"--volume", "PREFIX-data:/data", "--volume", "PREFIX-more:/more:ro,nocopy", "--mount",
      "type=volume,src=PREFIX-colon,dst=/a:b"}},
    {"volume_without_a_name",
     [](auto& spec, auto&) { spec.mounts = {mount(Mount::Type::volume, "", "/data")}; },
     {"--volume", "/data"},
     {},
     true},
    {"volume_without_a_name_with_options",
     [](auto& spec, auto&) {
         spec.mounts = {mount(Mount::Type::volume, "", "/data")};
         spec.mounts[0].nocopy = true;
     },
     {"--mount", "type=volume,dst=/data,volume-nocopy"}},
    {"tmpfs",
     [](auto& spec, auto&) {
         spec.mounts = {mount(Mount::Type::tmpfs, "", "/run"), mount(Mount::Type::tmpfs, "", "/scratch")};
         spec.mounts[1].tmpfs_size = 1 << 20;
         spec.mounts[1].tmpfs_mode = 01770;
     },
     {"--mount", "type=tmpfs,dst=/run", "--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m,tmpfs-mode=1770"}},
    {"network_mode_host", [](auto& spec, auto&) { spec.network_mode = "host"; }, {"--network", "host"}},
    {"network_mode_none", [](auto& spec, auto&) { spec.network_mode = "none"; }, {"--network", "none"}},
    {"network_mode_bridge", [](auto& spec, auto&) { spec.network_mode = "bridge"; }, {"--network", "bridge"}},
    {"other_namespaces",
     [](auto& spec, auto&) {
         spec.ipc = "shareable";
         spec.pid = "host";
         spec.uts = "host";
     },
     {"--ipc", "shareable", "--pid", "host", "--uts", "host"}},
    {"joined_namespaces",
     [](auto& spec, auto& sandbox) {
         spec.network_mode = "container:" + sandbox.name("parent");
         spec.ipc = "container:" + sandbox.name("parent");
         spec.pid = "service:parent";
     },
     {"--network", "container:PREFIX-parent", "--ipc", "container:PREFIX-parent", "--pid", "container:PREFIX-parent"}},
    {"network",
     [](auto& spec, auto& sandbox) {
         spec.networks = {network(sandbox.name("back"))};
         spec.networks[0].aliases = {"cache"};
         spec.networks[0].ipv4_address = "10.199.7.9";
         spec.networks[0].link_local_ips = {"169.254.7.7"};
     },
     {"--network", "PREFIX-back", "--network-alias", "PREFIX-ours", "--network-alias", "web", "--network-alias",
      "cache", "--ip", "10.199.7.9", "--link-local-ip", "169.254.7.7"}},
};

class Created : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        const auto id = docker({"create", plain});
        docker({"commit", "--change", R"(ENTRYPOINT ["/bin/sh","-c"])", "--change", R"(CMD ["sleep 10000"])",
                "--change", "HEALTHCHECK --interval=10s CMD true", "--change", "VOLUME /cache", "--change", "EXPOSE 80",
                "--change", "WORKDIR /root", "--change", "USER root", id, rich});
        docker({"rm", id});
    }
    static void TearDownTestSuite() { run_program({"docker", "rmi", "--force", rich}); }

    /// As the variant says, with this sandbox's names.
    Words filled(Words words) const {
        for (auto& word : words) {
            for (auto at = word.find("PREFIX"); at != word.npos; at = word.find("PREFIX")) {
                word.replace(at, 6, sandbox_.prefix());
            }
        }
        return words;
    }

    Answer engine(std::string_view method, const std::string& path, const std::string& body = {}) {
        return ask(loop_, api_, method, path, body);
    }

    std::string create_ours(const ContainerSpec& spec, const CreateContext& context) {
        const auto request = create_request(spec, context);
        EXPECT_TRUE(request.has_value()) << request.error();
        const auto answer = engine("POST", "/containers/create?name=" + url_encode(request->name), request->body);
        EXPECT_EQ(answer.status, 201) << answer.body << '\n' << request->body;
        const auto id = json::parse(answer.body).value("Id", "");
        for (const auto& connection : request->connections) {
            const auto connected =
                engine("POST", "/networks/" + connection.network + "/connect", connect_body(connection, id));
            EXPECT_EQ(connected.status, 200) << connected.body;
        }
        return id;
    }

    CreateContext context() {
        CreateContext context;
        engine("GET", "/version");  // it is negotiated now
        context.version = api_version(api_.version());
        context.service = "web";
        context.entry_version = "4f1c";
        return context;
    }

    ContainerSpec spec(const std::string& image) {
        ContainerSpec spec;
        spec.name = sandbox_.name("ours");
        spec.project = "shop";
        spec.image = image;
        spec.labels = {{"keepwell.test", sandbox_.prefix()}};
        return spec;
    }

    std::string inspect_of(const std::string& id) { return engine("GET", "/containers/" + id + "/json").body; }

    /// How ours differs from theirs. Whoever types `docker create` wants to be attached later; keepwell does not.
    /// Volumes without a name are two.
    Words differences(const std::string& theirs, const std::string& ours) {
        DifferenceOptions options;
        options.labels = {{"io.keepwell.project", "shop"},
                          {"io.keepwell.service", "web"},
                          {"io.keepwell.slot", "1"},
                          {"io.keepwell.version", "4f1c"}};
        auto lines = difference(inspect_of(theirs), inspect_of(ours), options);
        const std::regex expected{"Config\\.(Attach|StdinOnce).*|Mounts\\..*\\.(Name|Source): \"[^\"]*[0-9a-f]{64}.*"};
        std::erase_if(lines, [&](const std::string& line) { return std::regex_match(line, expected); });
        return lines;
    }

    Sandbox sandbox_;
    runtime::Loop loop_;
    EngineApi api_{loop_, engine_address(docker_host(), false, "")};
};

TEST_F(Created, is_what_the_docker_command_creates) {
    docker({"network", "create", "--subnet", "10.199.7.0/24", sandbox_.name("back")});
    const auto parent = sandbox_.run("parent", {"--ipc", "shareable", plain, "sleep", "1000"});
    for (const auto& variant : variants) {
        SCOPED_TRACE(variant.name);
        ContainerSpec ours = spec(variant.of_rich ? rich : plain);
        variant.give(ours, sandbox_);
        CreateContext known = context();
        known.name = sandbox_.name(std::string{"ours-"} + variant.name);
        known.pid_container = parent;
        const auto our_id = create_ours(ours, known);

        Words command{"--stop-timeout", "10"};
        for (const auto& word : filled(variant.options)) command.push_back(word);
        command.push_back(variant.of_rich ? rich : plain);
        for (const auto& word : filled(variant.after)) command.push_back(word);
        const auto their_id = sandbox_.create(std::string{"theirs-"} + variant.name, command);
        EXPECT_THAT(differences(their_id, our_id), ::testing::IsEmpty());
    }
    run_program({"rmdir", "/tmp/" + sandbox_.name("made")});
}

TEST_F(Created, the_images_healthcheck_is_off_when_the_policy_probes) {
    CreateContext known = context();
    known.probed_by_policy = true;
    const auto ours = create_ours(spec(rich), known);
    EXPECT_THAT(differences(sandbox_.create("theirs", {"--stop-timeout", "10", "--no-healthcheck", rich}), ours),
                ::testing::IsEmpty());
}

TEST_F(Created, a_grace_below_a_second_is_one_second) {
    CreateContext known = context();
    known.stop_grace_period = std::chrono::milliseconds{200};
    const auto ours = create_ours(spec(plain), known);
    EXPECT_THAT(differences(sandbox_.create("theirs", {"--stop-timeout", "1", plain}), ours), ::testing::IsEmpty());
}

TEST_F(Created, an_empty_entrypoint_leaves_the_images_command) {
    ContainerSpec ours = spec(rich);
    ours.entrypoint.emplace();
    const auto id = create_ours(ours, context());
    EXPECT_EQ(inspect(id, "{{json .Config.Cmd}} {{.Path}} {{json .Args}}"), R"(["sleep 10000"] sleep 10000 [])");
}

TEST_F(Created, several_networks_are_all_there_and_the_container_can_be_found_on_each) {
    docker({"network", "create", sandbox_.name("back")});
    docker({"network", "create", "--subnet", "10.199.8.0/24", sandbox_.name("front")});
    ContainerSpec ours = spec(plain);
    ours.command = {"sleep", "1000"};
    ours.networks = {network(sandbox_.name("back")), network(sandbox_.name("front"), 5)};
    ours.networks[0].aliases = {"cache"};
    ours.networks[1].ipv4_address = "10.199.8.8";
    const auto id = create_ours(ours, context());

    Words first = filled(aliases(sandbox_.name("front")));
    first.insert(first.end(), {"--stop-timeout", "10", "--ip", "10.199.8.8", plain, "sleep", "1000"});
    const auto theirs = sandbox_.create("theirs", first);
    docker(filled(
        {"network", "connect", "--alias", "PREFIX-ours", "--alias", "web", "--alias", "cache", "PREFIX-back", theirs}));
    EXPECT_THAT(differences(theirs, id), ::testing::IsEmpty());
    docker({"rm", "--force", theirs});

    docker({"start", id});
    EXPECT_EQ(inspect(id, "{{(index .NetworkSettings.Networks \"" + sandbox_.name("front") + "\").IPAddress}}"),
              "10.199.8.8");
    for (const auto& [where, name] : {std::pair{"back", "cache"}, {"back", "web"}, {"front", "web"}}) {
        docker({"run", "--rm", "--network", sandbox_.name(where), plain, "ping", "-c", "1", "-W", "5", name});
    }
}

TEST_F(Created, a_mac_address_is_the_one_that_the_container_gets) {
    docker({"network", "create", sandbox_.name("back")});
    const std::string mac = "02:42:0a:c7:07:09";
    for (const bool own_network : {true, false}) {
        ContainerSpec ours = spec(plain);
        ours.name += own_network ? "-network" : "-container";
        ours.command = {"sleep", "1000"};
        if (own_network) ours.networks = {network(sandbox_.name("back"))};
        (own_network ? ours.networks[0].mac_address : ours.mac_address) = mac;
        const auto id = create_ours(ours, context());
        docker({"start", id});
        EXPECT_EQ(inspect(id, "{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}"), mac);
    }
}

}  // namespace
}  // namespace keepwell::testing
