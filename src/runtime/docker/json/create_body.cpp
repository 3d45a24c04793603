// From an entry of the policy to the request that creates its container.
#include "runtime/docker/json/create_body.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/own_labels.hpp"

namespace keepwell::runtime::docker {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr ApiVersion knows_platform{1, 41};
constexpr ApiVersion makes_bind_sources{1, 42};  ///< BindOptions.CreateMountpoint
constexpr ApiVersion takes_all_endpoints{1, 44};

class Creation {
  public:
    Creation(const ContainerSpec& spec, const CreateContext& context) : spec_(spec), context_(context) {}

    tl::expected<CreateRequest, std::string> request();

  private:
    bool at_least(ApiVersion version) const { return context_.version >= version; }
    void fail(std::string why) {
        if (error_.empty()) error_ = std::move(why);
    }

    void add_program();
    void add_labels();
    void add_stop_and_health();
    void add_ports();
    void add_security();
    void add_resources();
    void add_names();
    void add_devices_and_logging();
    void add_namespaces();
    void add_mounts();
    void add_bind(const Mount& mount);
    void add_volume(const Mount& mount);
    void add_tmpfs(const Mount& mount);
    void add_networks();
    void add_container_mac();

    std::string mode_of(std::string_view key, const std::string& mode, const std::string& id);
    std::vector<const NetworkAttachment*> in_order() const;
    Json endpoint(const NetworkAttachment& network) const;

    const ContainerSpec& spec_;
    const CreateContext& context_;
    Json config_ = Json::object();
    Json host_ = Json::object();
    Json endpoints_ = Json::object();
    CreateRequest request_;
    std::string error_;
};

// ---- small helpers ------------------------------------------------------------------------------------------------

void set(Json& object, const char* key, const std::string& value) {
    if (!value.empty()) object[key] = value;
}
void set(Json& object, const char* key, const std::vector<std::string>& value) {
    if (!value.empty()) object[key] = value;
}
void set(Json& object, const char* key, std::int64_t value) {
    if (value != 0) object[key] = value;
}
void set_true(Json& object, const char* key, bool value) {
    if (value) object[key] = true;
}
void set(Json& object, const char* key, const Pairs& value) {
    for (const auto& [name, text] : value) object[key][name] = text;
}

/// "NAME=VALUE", each name once: of two the engine hands both over, and the program would read the first.
std::vector<std::string> environment(const Pairs& variables) {
    std::vector<std::string> lines;
    for (auto variable = variables.begin(); variable != variables.end(); ++variable) {
        const auto again = [&](const auto& other) { return other.first == variable->first; };
        if (std::any_of(variable + 1, variables.end(), again)) continue;
        lines.push_back(variable->first + '=' + variable->second);
    }
    return lines;
}

std::int64_t whole_seconds(Duration length) {
    return std::chrono::ceil<std::chrono::seconds>(std::max(length, Duration{0})).count();
}

/// One port of the host, several to choose from, or none: then the engine chooses.
std::string host_ports(const PublishedPort& port) {
    if (port.host_port == 0) return {};
    const auto first = std::to_string(port.host_port);
    return port.host_port_last > port.host_port ? first + '-' + std::to_string(port.host_port_last) : first;
}

std::string port_key(const PublishedPort& port) { return std::to_string(port.container_port) + '/' + port.protocol; }

/// Networks that the engine has by itself; they take no aliases.
bool is_built_in(std::string_view network) {
    return network == "bridge" || network == "default" || network == "host" || network == "none";
}

bool has_colon(const Mount& mount) {
    return mount.source.find(':') != std::string::npos || mount.target.find(':') != std::string::npos;
}

/// "source:target:ro,z", the engine's short form.
std::string bind_text(const Mount& mount) {
    std::string options;
    const auto add = [&](std::string_view option) {
        if (option.empty()) return;
        options += options.empty() ? ":" : ",";
        options += option;
    };
    add(mount.read_only ? "ro" : "");
    add(mount.propagation);
    add(mount.selinux);
    add(mount.nocopy ? "nocopy" : "");
    return mount.source + ':' + mount.target + options;
}

Json mount_object(const char* type, const Mount& mount) {
    Json object{{"Type", type}, {"Target", mount.target}};
    set(object, "Source", mount.source);
    set_true(object, "ReadOnly", mount.read_only);
    return object;
}

// ---- what runs ----------------------------------------------------------------------------------------------------

void Creation::add_program() {
    config_["Image"] = spec_.image;
    if (spec_.command) config_["Cmd"] = *spec_.command;
    if (spec_.entrypoint) config_["Entrypoint"] = *spec_.entrypoint;
    set(config_, "Env", environment(spec_.environment));
    set(config_, "User", spec_.user);
    set(config_, "WorkingDir", spec_.working_dir);
    set_true(config_, "Tty", spec_.tty);
    set_true(config_, "OpenStdin", spec_.stdin_open);
}

void Creation::add_labels() {
    set(config_, "Labels", spec_.labels);
    Json& labels = config_["Labels"];
    labels[std::string{project_label}] = spec_.project;
    labels[std::string{service_label}] = context_.service;
    labels[std::string{slot_label}] = std::to_string(context_.slot);
    labels[std::string{version_label}] = context_.entry_version;
}

void Creation::add_stop_and_health() {
    set(config_, "StopSignal", spec_.stop_signal);
    config_["StopTimeout"] = whole_seconds(context_.stop_grace_period);
    if (context_.probed_by_policy) config_["Healthcheck"] = {{"Test", {"NONE"}}};
    host_["RestartPolicy"] = {{"Name", "no"}};  // there is one master of what keepwell owns
}

void Creation::add_ports() {
    for (const auto& port : spec_.ports) {
        config_["ExposedPorts"][port_key(port)] = Json::object();
        host_["PortBindings"][port_key(port)].push_back({{"HostIp", port.host_ip}, {"HostPort", host_ports(port)}});
    }
    for (const auto& port : spec_.expose) {
        const bool has_protocol = port.find('/') != std::string::npos;
        config_["ExposedPorts"][has_protocol ? port : port + "/tcp"] = Json::object();
    }
}

void Creation::add_security() {
    set_true(host_, "ReadonlyRootfs", spec_.read_only);
    set_true(host_, "Privileged", spec_.privileged);
    set(host_, "CapAdd", spec_.cap_add);
    set(host_, "CapDrop", spec_.cap_drop);
    set(host_, "SecurityOpt", spec_.security_opt);
    set(host_, "GroupAdd", spec_.group_add);
    set(host_, "UsernsMode", spec_.userns_mode);
}

void Creation::add_resources() {
    set(host_, "Memory", spec_.memory);
    set(host_, "MemorySwap", spec_.memory_swap);
    set(host_, "MemoryReservation", spec_.memory_reservation);
    set(host_, "NanoCpus", spec_.nano_cpus);
    set(host_, "CpuShares", spec_.cpu_shares);
    set(host_, "CpusetCpus", spec_.cpuset);
    set(host_, "PidsLimit", spec_.pids_limit);
    set(host_, "OomScoreAdj", spec_.oom_score_adj);
    set_true(host_, "OomKillDisable", spec_.oom_kill_disable);
    set(host_, "ShmSize", spec_.shm_size);
    set(host_, "CgroupParent", spec_.cgroup_parent);
    set(host_, "Runtime", spec_.runtime);
    set(host_, "Sysctls", spec_.sysctls);
    if (spec_.init) host_["Init"] = *spec_.init;
    for (const auto& limit : spec_.ulimits) {
        host_["Ulimits"].push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
    }
}

void Creation::add_names() {
    set(config_, "Hostname", spec_.hostname);
    set(config_, "Domainname", spec_.domainname);
    set(host_, "ExtraHosts", spec_.extra_hosts);
    set(host_, "Dns", spec_.dns);
    set(host_, "DnsSearch", spec_.dns_search);
    set(host_, "DnsOptions", spec_.dns_opt);
}

void Creation::add_devices_and_logging() {
    for (const auto& device : spec_.devices) {
        host_["Devices"].push_back({{"PathOnHost", device.host},
                                    {"PathInContainer", device.container},
                                    {"CgroupPermissions", device.permissions}});
    }
    if (spec_.logging.driver.empty() && spec_.logging.options.empty()) return;
    host_["LogConfig"] = {{"Type", spec_.logging.driver}, {"Config", Json::object()}};
    set(host_["LogConfig"], "Config", spec_.logging.options);
}

// ---- namespaces ---------------------------------------------------------------------------------------------------

std::string Creation::mode_of(std::string_view key, const std::string& mode, const std::string& id) {
    const auto shared = shared_namespace(mode);
    if (shared.container.empty() && shared.service.empty()) return mode;
    if (!id.empty()) return "container:" + id;
    if (shared.service.empty()) return mode;
    fail(std::string{key} + " is `" + mode + "`, and the service has no container that runs");
    return mode;
}

void Creation::add_namespaces() {
    set(host_, "NetworkMode", mode_of("network_mode", spec_.network_mode, context_.network_container));
    set(host_, "IpcMode", mode_of("ipc", spec_.ipc, context_.ipc_container));
    set(host_, "PidMode", mode_of("pid", spec_.pid, context_.pid_container));
    set(host_, "UTSMode", spec_.uts);
}

// ---- mounts -------------------------------------------------------------------------------------------------------

void Creation::add_mounts() {
    for (const auto& mount : spec_.mounts) {
        switch (mount.type) {
            case Mount::Type::bind: add_bind(mount); break;
            case Mount::Type::volume: add_volume(mount); break;
            case Mount::Type::tmpfs: add_tmpfs(mount); break;
        }
    }
}

/// The short form makes a source that is missing, and is the only one that takes SELinux labels; a colon in a path is
/// its end.
void Creation::add_bind(const Mount& mount) {
    if (mount.create_host_path && !has_colon(mount)) return host_["Binds"].push_back(bind_text(mount));
    const std::string bind = "the bind of `" + mount.source + "` at `" + mount.target + "`";
    if (!mount.selinux.empty()) {
        return fail(bind + (mount.create_host_path
                                ? " has a colon in a path: the engine takes `selinux` without one only"
                                : " has `create_host_path: false`: the engine takes `selinux` "
                                  "together with `create_host_path: true` only"));
    }
    if (mount.create_host_path && !at_least(makes_bind_sources)) {
        return fail(bind +
                    " has a colon in a path: this engine can not make its source; make it, and set "
                    "`create_host_path: false`");
    }
    Json object = mount_object("bind", mount);
    if (!mount.propagation.empty()) object["BindOptions"]["Propagation"] = mount.propagation;
    if (mount.create_host_path) object["BindOptions"]["CreateMountpoint"] = true;
    host_["Mounts"].push_back(std::move(object));
}

void Creation::add_volume(const Mount& mount) {
    const bool named = !mount.source.empty();
    if (named && !has_colon(mount)) return host_["Binds"].push_back(bind_text(mount));
    if (!named && !mount.read_only && !mount.nocopy) {
        config_["Volumes"][mount.target] = Json::object();
        return;
    }
    Json object = mount_object("volume", mount);
    if (mount.nocopy) object["VolumeOptions"]["NoCopy"] = true;
    host_["Mounts"].push_back(std::move(object));
}

void Creation::add_tmpfs(const Mount& mount) {
    Json object = mount_object("tmpfs", mount);
    if (mount.tmpfs_size != 0) object["TmpfsOptions"]["SizeBytes"] = mount.tmpfs_size;
    if (mount.tmpfs_mode != 0) object["TmpfsOptions"]["Mode"] = mount.tmpfs_mode;
    host_["Mounts"].push_back(std::move(object));
}

// ---- networks -----------------------------------------------------------------------------------------------------

/// As Compose orders them: by priority, then by name. The first one is the container's NetworkMode.
std::vector<const NetworkAttachment*> Creation::in_order() const {
    std::vector<const NetworkAttachment*> networks;
    for (const auto& network : spec_.networks) networks.push_back(&network);
    std::stable_sort(networks.begin(), networks.end(), [](const auto* left, const auto* right) {
        if (left->priority != right->priority) return left->priority > right->priority;
        return left->name < right->name;
    });
    return networks;
}

Json Creation::endpoint(const NetworkAttachment& network) const {
    Json endpoint = Json::object();
    if (!is_built_in(network.name)) {
        std::vector<std::string> aliases{spec_.name};
        const auto add = [&](const std::string& alias) {
            const bool known = alias.empty() || std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
            if (!known) aliases.push_back(alias);
        };
        add(context_.service);
        for (const auto& alias : network.aliases) add(alias);
        endpoint["Aliases"] = aliases;
    }
    Json addresses = Json::object();
    set(addresses, "IPv4Address", network.ipv4_address);
    set(addresses, "IPv6Address", network.ipv6_address);
    set(addresses, "LinkLocalIPs", network.link_local_ips);
    if (!addresses.empty()) endpoint["IPAMConfig"] = std::move(addresses);
    set(endpoint, "DriverOpts", network.driver_opts);
    if (at_least(takes_all_endpoints)) set(endpoint, "MacAddress", network.mac_address);
    return endpoint;
}

/// An older engine takes one endpoint at creation, and a MAC address for the container as a whole, which is that of
/// this one; `connect` takes none.
void Creation::add_networks() {
    const bool all_at_once = at_least(takes_all_endpoints);
    const auto networks = in_order();
    if (networks.empty()) return;
    host_["NetworkMode"] = networks.front()->name;
    for (const auto* network : networks) {
        const bool first = network == networks.front();
        if (first || all_at_once) {
            endpoints_[network->name] = endpoint(*network);
            if (!all_at_once) set(config_, "MacAddress", network->mac_address);
            continue;
        }
        request_.connections.push_back({network->name, json_line(endpoint(*network))});
        if (network->mac_address.empty()) continue;
        request_.warnings.push_back("the mac_address on network `" + network->name +
                                    "` is not set: an engine before API 1.44 sets that of one network only, the one "
                                    "with the highest priority");
    }
}

/// The service's own `mac_address`: that of the first network, unless this has one itself.
void Creation::add_container_mac() {
    if (spec_.mac_address.empty()) return;
    const auto mode = host_.value("NetworkMode", "bridge");
    if (mode == "host" || mode == "none" || mode.starts_with("container:")) {
        return fail("mac_address needs a network of the container's own, and network_mode is `" + spec_.network_mode +
                    "`");
    }
    if (!at_least(takes_all_endpoints)) {
        if (!config_.contains("MacAddress")) config_["MacAddress"] = spec_.mac_address;
        return;
    }
    host_["NetworkMode"] = mode;  // the endpoint is found by this name
    Json& endpoint = endpoints_[mode];
    if (!endpoint.contains("MacAddress")) endpoint["MacAddress"] = spec_.mac_address;
}

// ---- the whole ----------------------------------------------------------------------------------------------------

tl::expected<CreateRequest, std::string> Creation::request() {
    add_program();
    add_labels();
    add_stop_and_health();
    add_ports();
    add_security();
    add_resources();
    add_names();
    add_devices_and_logging();
    add_namespaces();
    add_mounts();
    if (spec_.network_mode.empty()) add_networks();
    add_container_mac();
    if (!error_.empty()) return tl::unexpected(error_);

    request_.name = context_.name.empty() ? spec_.name : context_.name;
    if (at_least(knows_platform)) request_.platform = spec_.platform;
    Json body = std::move(config_);
    body["HostConfig"] = std::move(host_);
    if (!endpoints_.empty()) body["NetworkingConfig"]["EndpointsConfig"] = std::move(endpoints_);
    request_.body = json_line(body);
    return std::move(request_);
}

}  // namespace

tl::expected<CreateRequest, std::string> create_request(const ContainerSpec& spec, const CreateContext& context) {
    return Creation{spec, context}.request();
}

SharedNamespace shared_namespace(std::string_view mode) {
    constexpr std::string_view container = "container:";
    constexpr std::string_view service = "service:";
    if (mode.starts_with(container)) return {std::string{mode.substr(container.size())}, {}};
    if (mode.starts_with(service)) return {{}, std::string{mode.substr(service.size())}};
    return {};
}

}  // namespace keepwell::runtime::docker
