// The list of what may differ, and the spellings that mean the same.
#include "runtime/docker/json/normalise.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "keepwell/model/names.hpp"
#include "runtime/docker/json/host_config.hpp"

namespace keepwell::runtime::docker {
namespace {

// ---- what an engine generates -----------------------------------------------------------------------------------

constexpr std::array<const char*, 15> generated{
    "Id",           "Created",   "State",          "RestartCount", "ExecIDs",      "LogPath", "GraphDriver", "Storage",
    "HostnamePath", "HostsPath", "ResolvConfPath", "MountLabel",   "ProcessLabel", "SizeRw",  "SizeRootFs"};

// What NetworkSettings says beside its Networks is the state of the moment.
constexpr std::array<const char*, 17> generated_settings{"Bridge",
                                                         "SandboxID",
                                                         "SandboxKey",
                                                         "HairpinMode",
                                                         "LinkLocalIPv6Address",
                                                         "EndpointID",
                                                         "Gateway",
                                                         "IPAddress",
                                                         "IPPrefixLen",
                                                         "LinkLocalIPv6PrefixLen",
                                                         "IPv6Gateway",
                                                         "GlobalIPv6Address",
                                                         "GlobalIPv6PrefixLen",
                                                         "MacAddress",
                                                         "SecondaryIPAddresses",
                                                         "Ports",
                                                         "SecondaryIPv6Addresses"};

// A MAC address that was asked for is compared where inspect shows it, in Config, up to API 1.51.
constexpr std::array<const char*, 10> generated_endpoint{
    "NetworkID",   "EndpointID", "Gateway",  "IPAddress",         "IPPrefixLen",
    "IPv6Gateway", "MacAddress", "DNSNames", "GlobalIPv6Address", "GlobalIPv6PrefixLen"};

// Lists of HostConfig whose order means nothing, or is that of a map of the engine's.
constexpr std::array<const char*, 8> unordered{"Binds",   "Links",    "Ulimits",     "CapAdd",
                                               "CapDrop", "GroupAdd", "SecurityOpt", "Devices"};

template <std::size_t size>
void erase_all(Json& object, const std::array<const char*, size>& keys) {
    for (const auto* key : keys) object.erase(key);
}

// ---- looking ----------------------------------------------------------------------------------------------------

// What a container is called, and by what its own names can be told from others.
struct Own {
    std::string id;
    std::string name;  // with the slash
    std::string hostname;
    std::string network_mode;

    std::string short_id() const { return keepwell::short_id(id); }
    bool joins_network() const { return !joined_container(network_mode).empty(); }
};

Own own_names(const Json& inspect) {
    return {json_text(inspect, "Id"), json_text(inspect, "Name"), json_text(json_at(inspect, "Config"), "Hostname"),
            json_text(json_at(inspect, "HostConfig"), "NetworkMode")};
}

void sort(Json& object, const char* key) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_array()) std::sort(found->begin(), found->end());
}

bool is_carried(const std::string& destination, const DifferenceOptions& options) {
    return std::any_of(options.carried.begin(), options.carried.end(),
                       [&](const CarriedVolume& volume) { return volume.destination == destination; });
}

// ---- Config -----------------------------------------------------------------------------------------------------

void normalise_environment(Json& config, const Own& own) {
    const auto found = config.find("Env");  // Podman shows the one that it sets itself
    if (found == config.end() || !found->is_array()) return;
    for (auto it = found->begin(); it != found->end();) {
        it = json_text(*it) == "HOSTNAME=" + own.hostname ? found->erase(it) : it + 1;
    }
}

void normalise_config(Json& config, const Json& host, const Own& own, const DifferenceOptions& options) {
    config.erase("OnBuild");
    if (own.hostname == own.short_id() || own.hostname == own.id) config["Hostname"] = "(its own id)";
    if (own.joins_network() || json_text(host, "UTSMode") == "host") config.erase("Hostname");
    if (own.joins_network()) config.erase("Domainname");
    const auto& entrypoint = json_at(config, "Entrypoint");
    if (is_blank(entrypoint) || entrypoint == Json::array({""})) config.erase("Entrypoint");
    if (json_at(config, "Labels").is_object()) {
        for (const auto& [key, value] : options.labels) config["Labels"].erase(key);
    }
    if (options.podman) normalise_environment(config, own);
}

// ---- HostConfig -------------------------------------------------------------------------------------------------

void respell(Json& host, const char* key, const Json& spelling, const Json& meaning) {
    const auto found = host.find(key);
    if (found != host.end() && *found == spelling) *found = meaning;
}

void normalise_spellings(Json& host, bool podman) {
    respell(host, "NetworkMode", "default", "bridge");
    respell(host, "OomKillDisable", nullptr, false);
    respell(host, "MemorySwappiness", -1, nullptr);
    if (json_at(host, "PidsLimit").is_number() && json_at(host, "PidsLimit") <= 0) host["PidsLimit"] = nullptr;
    if (json_at(host, "RestartPolicy").is_object()) respell(host["RestartPolicy"], "Name", "", "no");
    if (!podman) {
        respell(host, "CgroupnsMode", "", "host");
        respell(host, "IpcMode", "", "shareable");
        return;
    }
    respell(host, "MemorySwappiness", 0, nullptr);
    host.erase("NanoCpus");  // computed from CpuPeriod and CpuQuota
    if (!json_at(host, "Devices").is_array()) return;
    for (auto& device : host["Devices"]) {
        if (device.is_object()) respell(device, "CgroupPermissions", "", "rwm");
    }
}

void normalise_ports(Json& host) {
    if (!json_at(host, "PortBindings").is_object()) return;
    for (auto& bindings : host["PortBindings"]) {
        if (is_blank(bindings)) bindings = Json::array({{{"HostIp", ""}, {"HostPort", ""}}});
        if (!bindings.is_array()) continue;
        for (auto& binding : bindings) {
            if (binding.is_object()) respell(binding, "HostPort", "0", "");
        }
    }
}

// "/child:/own name/alias"
void normalise_links(Json& host, const Own& own) {
    if (!json_at(host, "Links").is_array()) return;
    for (auto& link : host["Links"]) {
        auto text = json_text(link);
        const auto parent = text.find(":" + own.name + "/");
        if (parent != std::string::npos) link = text.erase(parent + 1, own.name.size());
    }
}

// Both the bare destination of the old one and the name in the new one.
void drop_carried_binds(Json& host, const DifferenceOptions& options) {
    if (!json_at(host, "Binds").is_array()) return;
    auto& binds = host["Binds"];
    for (auto it = binds.begin(); it != binds.end();) {
        const auto bind = parse_bind(json_text(*it));
        const bool carried = std::any_of(options.carried.begin(), options.carried.end(), [&](const auto& volume) {
            return bind.destination == volume.destination && (bind.source.empty() || bind.source == volume.name);
        });
        it = carried ? binds.erase(it) : it + 1;
    }
}

void normalise_mount_specs(Json& host, const DifferenceOptions& options) {
    drop_foreign_mount_options(host);
    if (!json_at(host, "Mounts").is_array()) return;
    for (auto& mount : host["Mounts"]) {
        if (!mount.is_object() || !is_carried(clean_path(json_text(mount, "Target")), options)) continue;
        mount.erase("Source");
        if (json_at(mount, "VolumeOptions").is_object()) mount["VolumeOptions"].erase("NoCopy");
    }
}

void normalise_host(Json& host, Side side, const Own& own, const DifferenceOptions& options) {
    const bool joins_labels =
        !joined_container(json_text(host, "IpcMode")).empty() || !joined_container(json_text(host, "PidMode")).empty();
    if (joins_labels && host.contains("SecurityOpt")) drop_copied_labels(host["SecurityOpt"]);
    if (side == Side::old_one) follow_replacements(host, options.replaced);
    normalise_spellings(host, options.podman);
    normalise_ports(host);
    if (options.renamed) normalise_links(host, own);
    drop_carried_binds(host, options);
    normalise_mount_specs(host, options);
    for (const auto* key : unordered) sort(host, key);
}

// ---- Mounts -----------------------------------------------------------------------------------------------------

// By destination, because the engine's order is that of a map.
void normalise_mounts(Json& inspect, const DifferenceOptions& options) {
    if (!json_at(inspect, "Mounts").is_array()) return;
    Json by_destination = Json::object();
    for (auto& mount : inspect["Mounts"]) {
        if (!mount.is_object()) continue;
        const auto destination = json_text(mount, "Destination");
        if (json_text(mount, "Type") == "image") mount.erase("Source");  // a layer of the container's own
        if (is_carried(destination, options)) mount.erase("Mode");
        by_destination[destination] = std::move(mount);
    }
    inspect["Mounts"] = std::move(by_destination);
}

// ---- NetworkSettings --------------------------------------------------------------------------------------------

void normalise_aliases(Json& endpoint, const Own& own) {
    if (!is_blank(json_at(endpoint, "Aliases")) && !endpoint["Aliases"].is_array()) return;
    const bool exact = endpoint.contains("DNSNames");  // API 1.45
    Json aliases = Json::array();
    for (const auto& alias : json_texts(json_at(endpoint, "Aliases"))) {
        if (alias != own.short_id() && (exact || alias != own.hostname)) aliases.push_back(alias);
    }
    std::sort(aliases.begin(), aliases.end());
    endpoint["Aliases"] = std::move(aliases);
}

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const auto part = list.substr(0, list.find(','));
        parts.emplace_back(part);
        list.remove_prefix(std::min(part.size() + 1, list.size()));
    }
    return parts;
}

// Settings of eth0 that an older API took with the container's belong to its first endpoint.
void gather_sysctls(Json& endpoint, Json& host, bool is_main) {
    auto all = parts_of(json_text(json_at(endpoint, {"DriverOpts", endpoint_sysctls})));
    if (is_main && json_at(host, "Sysctls").is_object()) {
        auto& sysctls = host["Sysctls"];
        for (auto it = sysctls.begin(); it != sysctls.end();) {
            const auto found = interface_sysctl(it.key(), json_text(*it));
            const bool moves = found && found->interface == "eth0";
            if (moves) all.push_back(found->option);
            it = moves ? sysctls.erase(it) : std::next(it);
        }
    }
    if (all.empty()) return;
    std::sort(all.begin(), all.end());
    object_at(endpoint, "DriverOpts")[std::string{endpoint_sysctls}] = all;
}

void normalise_networks(Json& inspect, Json& host, const Own& own, const DifferenceOptions& options) {
    auto& settings = object_at(inspect, "NetworkSettings");
    erase_all(settings, generated_settings);
    if (!has_own_endpoints(own.network_mode)) settings.erase("Networks");
    if (!json_at(settings, "Networks").is_object()) return;
    auto& networks = settings["Networks"];
    const auto main = main_network(own.network_mode, networks, {});
    for (auto it = networks.begin(); it != networks.end(); ++it) {
        auto& endpoint = it.value();
        if (!endpoint.is_object()) continue;
        normalise_aliases(endpoint, own);
        if (options.given_addresses.contains(it.key())) endpoint.erase("IPAMConfig");
        erase_all(endpoint, generated_endpoint);
        sort(endpoint, "Links");
        gather_sysctls(endpoint, host, it.key() == main);
    }
}

}  // namespace

void normalise(Json& inspect, Side side, const DifferenceOptions& options) {
    const auto own = own_names(inspect);
    auto& host = object_at(inspect, "HostConfig");
    normalise_config(object_at(inspect, "Config"), host, own, options);
    normalise_host(host, side, own, options);
    normalise_mounts(inspect, options);
    normalise_networks(inspect, host, own, options);
    erase_all(inspect, generated);
    if (options.renamed) inspect.erase("Name");
}

}  // namespace keepwell::runtime::docker
