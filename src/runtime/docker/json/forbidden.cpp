// Whose containers are not ours to touch, and which cannot be up twice.
#include "runtime/docker/json/forbidden.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

using Reason = std::optional<std::string>;

// ---- never ------------------------------------------------------------------------------------------------------

Reason is_swarm_task(const Json& labels) {
    if (!labels.is_object()) return {};
    for (const auto& [key, value] : labels.items()) {
        if (!key.starts_with("com.docker.swarm.")) continue;
        const auto service = json_text(labels, "com.docker.swarm.service.name");
        return service.empty() ? "it is a task of Swarm, which heals it itself"
                               : "it is a task of the Swarm service " + service + ", which heals it itself";
    }
    return {};
}

Reason is_systemd_unit(const Json& labels) {
    const auto unit = json_text(labels, "PODMAN_SYSTEMD_UNIT");
    if (unit.empty()) return {};
    return "it belongs to the systemd unit " + unit + ": only `systemctl restart` keeps it one";
}

bool is_watchtower(const Json& inspect) {
    return json_text(json_at(inspect, {"Config", "Labels"}), "com.centurylinklabs.watchtower") == "true";
}

// What watchtower renames its own container to, to make room for its successor.
bool has_random_name(const Json& inspect) {
    auto name = json_text(inspect, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    return name.size() == 32 && std::all_of(name.begin(), name.end(), [](unsigned char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
           });
}

Reason is_updating_itself(const Json& inspect, const std::vector<std::string>& others) {
    if (!is_watchtower(inspect)) return {};
    const bool updating = has_random_name(inspect) || std::any_of(others.begin(), others.end(), [](const auto& text) {
                              const auto other = json_object(text);
                              return other && is_watchtower(*other) && has_random_name(*other);
                          });
    return updating ? Reason{"it is a watchtower that is updating itself"} : Reason{};
}

// ---- start first ------------------------------------------------------------------------------------------------

// "8080"; not "", "0" or a range, from which the engine takes a free one.
bool is_fixed_port(const std::string& port) { return !port.empty() && port != "0" && port.find('-') == port.npos; }

Reason has_fixed_port(const Json& host) {
    for (const auto& bindings : json_at(host, "PortBindings")) {
        for (const auto& binding : bindings) {
            const auto port = json_text(binding, "HostPort");
            if (is_fixed_port(port)) return "it publishes port " + port + " of the host";
        }
    }
    return {};
}

Reason has_fixed_address(const Json& inspect, const KnownNetworks& networks) {
    const auto& endpoints = json_at(inspect, {"NetworkSettings", "Networks"});
    if (!endpoints.is_object()) return {};
    for (const auto& [name, settings] : endpoints.items()) {
        const auto known = networks.find(name);
        if (known != networks.end() && known->second.scope == "swarm") continue;  // given, not asked for
        const auto& addresses = json_at(settings, "IPAMConfig");
        for (const auto* key : {"IPv4Address", "IPv6Address"}) {
            const auto address = json_text(addresses, key);
            if (!address.empty()) return "it has the static address " + address + " in network " + name;
        }
        if (!is_blank(json_at(addresses, "LinkLocalIPs"))) return "it has static addresses in network " + name;
        if (known != networks.end() && known->second.driver == "macvlan" &&
            !is_blank(json_at(settings, "MacAddress"))) {
            return "its MAC address in the macvlan network " + name + " could be there twice";
        }
    }
    return {};
}

Reason shares_network(const Json& host) {
    const auto mode = json_text(host, "NetworkMode");
    if (mode == "host") return "it uses the network of the host";
    if (!joined_container(mode).empty()) return "it uses the network of another container";
    return {};
}

Reason is_shared(const std::vector<Dependant>& dependants) {
    for (const auto& dependant : dependants) {
        for (const auto tie : {Tie::network, Tie::ipc, Tie::pid}) {
            if (!dependant.has(tie)) continue;
            return dependant.name + " shares its " + std::string{to_string(tie)} + " namespace";
        }
    }
    return {};
}

}  // namespace

std::optional<std::string> is_forbidden(std::string_view inspect, const std::vector<std::string>& others) {
    const auto container = json_object(inspect);
    if (!container) return "its configuration is not known";
    const auto& labels = json_at(*container, {"Config", "Labels"});
    if (auto reason = is_swarm_task(labels)) return reason;
    if (auto reason = is_systemd_unit(labels)) return reason;
    return is_updating_itself(*container, others);
}

std::optional<std::string> start_first_forbidden(std::string_view inspect, const KnownNetworks& networks,
                                                 const std::vector<Dependant>& dependants) {
    const auto container = json_object(inspect);
    if (!container) return "its configuration is not known";
    const auto& host = json_at(*container, "HostConfig");
    if (auto reason = shares_network(host)) return reason;
    if (auto reason = has_fixed_port(host)) return reason;
    if (auto reason = has_fixed_address(*container, networks)) return reason;
    const auto mac = json_text(json_at(*container, "Config"), "MacAddress");
    if (!mac.empty()) return "it has the MAC address " + mac;
    return is_shared(dependants);
}

std::optional<std::string> start_first_unsafe(std::string_view inspect) {
    const auto container = json_object(inspect);
    if (!container) return "its configuration is not known";
    for (const auto& mount : json_at(*container, "Mounts")) {
        const auto type = json_text(mount, "Type");
        const bool writes = json_true(json_at(mount, "RW")) && (type == "volume" || type == "bind");
        if (writes) return "it writes to " + json_text(mount, "Destination") + ", and two would at once";
    }
    for (const auto& device : json_at(*container, {"HostConfig", "Devices"})) {
        return "it uses the device " + json_text(device, "PathOnHost");
    }
    return {};
}

}  // namespace keepwell::runtime::docker
