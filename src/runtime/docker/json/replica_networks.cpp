// Networks: what was configured of each endpoint, without what the engine filled in.
// (moby daemon/container_operations.go, daemon/inspect.go, api/server/router/container: create's and inspect's gates)
#include <algorithm>
#include <array>
#include <cstdio>

#include "keepwell/model/names.hpp"
#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/replica_draft.hpp"

namespace keepwell::runtime::docker {
namespace {

const KnownNetwork* find_network(const KnownNetworks& known, const std::string& name_or_id) {
    if (const auto found = known.find(name_or_id); found != known.end()) return &found->second;
    const auto by_id =
        std::find_if(known.begin(), known.end(), [&](const auto& network) { return network.second.id == name_or_id; });
    return by_id == known.end() ? nullptr : &by_id->second;
}

bool takes_aliases(const Draft& draft, const std::string& network) {
    return draft.source.podman ? network != "host" && network != "none" : is_user_defined(network);
}

// The engine adds the short id, and before API 1.45 inspect shows the hostname there too. Both come again.
Json own_aliases(const Draft& draft, const Json& aliases) {
    const auto id = short_id(json_text(draft.container, "Id"));
    const auto hostname = draft.at_least(45) ? std::string{} : json_text(draft.container, {"Config", "Hostname"});
    Json own = Json::array();
    for (const auto& alias : json_texts(aliases)) {
        if (alias != id && alias != hostname) own.push_back(alias);
    }
    return own;
}

Json endpoint_of(const Draft& draft, const std::string& network, const std::string& scope, const Json& settings) {
    Json endpoint = Json::object();  // never null: refused by newer engines
    const auto keep = [&endpoint](const char* key, const Json& value) {
        if (!is_blank(value)) endpoint[key] = value;
    };
    const bool takes = takes_aliases(draft, network);
    // In a network of Swarm's scope these are the addresses that it gave, not what somebody asked for.
    if (takes && scope != "swarm") keep("IPAMConfig", json_at(settings, "IPAMConfig"));
    if (takes) keep("Aliases", own_aliases(draft, json_at(settings, "Aliases")));
    keep("Links", json_at(settings, "Links"));
    keep("DriverOpts", json_at(settings, "DriverOpts"));
    if (draft.at_least(48) && json_at(settings, "GwPriority") != 0) keep("GwPriority", json_at(settings, "GwPriority"));
    return endpoint;
}

// ---- MAC address ------------------------------------------------------------------------------------------------

// 02:42 and the IPv4 address: what engines before 28 give where none is asked for.
bool is_made_of_address(const std::string& mac, const std::string& address) {
    std::array<unsigned, 4> part{};
    if (std::sscanf(address.c_str(), "%3u.%3u.%3u.%3u", &part[0], &part[1], &part[2], &part[3]) != 4) return false;
    std::array<char, 18> made{};
    std::snprintf(made.data(), made.size(), "02:42:%02x:%02x:%02x:%02x", part[0] & 0xffU, part[1] & 0xffU,
                  part[2] & 0xffU, part[3] & 0xffU);
    return mac == made.data();
}

// Where it cannot be known whether a MAC address was asked for, one on a macvlan is taken to be: routers and DHCP know
// it. (An ipvlan takes none.) Anywhere else a kept one would stay for ever, and collide.
bool looks_configured(const Draft& draft, const std::string& network, const Json& settings) {
    const auto mac = json_text(settings, "MacAddress");
    const auto* known = find_network(draft.source.networks, network);
    if (mac.empty() || known == nullptr || known->driver != "macvlan") return false;
    return !is_made_of_address(mac, json_text(settings, "IPAddress"));
}

void fit_mac_addresses(Draft& draft, const std::string& main) {
    if (!draft.at_least(44)) return;  // it is the container's, and Config has it
    const auto configured = json_text(draft.config, "MacAddress");
    draft.config.erase("MacAddress");
    if (!configured.empty() && !main.empty()) draft.endpoints[main]["MacAddress"] = configured;
    const bool main_is_known = !draft.at_least(52) && json_text(draft.host, "NetworkMode") == main;
    for (const auto& [network, settings] : json_at(draft.container, {"NetworkSettings", "Networks"}).items()) {
        if (!draft.endpoints.contains(network) || (network == main && (main_is_known || !configured.empty()))) continue;
        if (looks_configured(draft, network, settings)) {
            draft.endpoints[network]["MacAddress"] = json_at(settings, "MacAddress");
        }
    }
    if (draft.at_least(52) && !draft.endpoints.empty()) {
        draft.warn(
            "from API 1.52 on a MAC address that was asked for cannot be told from a generated one: only those "
            "of macvlan networks are kept");
    }
}

// ---- sysctls ----------------------------------------------------------------------------------------------------

// From API 1.46 on a setting of an interface belongs to its endpoint. Older engines took it with the container's.
Refusal fit_sysctls(Draft& draft, const std::string& main) {
    if (!draft.at_least(46) || !json_at(draft.host, "Sysctls").is_object()) return {};
    std::string options;
    auto& sysctls = draft.host["Sysctls"];
    for (auto it = sysctls.begin(); it != sysctls.end();) {
        const auto found = interface_sysctl(it.key(), json_text(*it));
        if (found && (found->interface != "eth0" || main.empty())) {
            return "API 1.46 and newer do not take the sysctl " + it.key() + ", which names an interface";
        }
        if (found) options += (options.empty() ? "" : ",") + found->option;
        it = found ? sysctls.erase(it) : std::next(it);
    }
    if (options.empty()) return {};
    auto& driver_options = object_at(draft.endpoints[main], "DriverOpts");
    const auto own = json_text(driver_options, endpoint_sysctls);
    driver_options[std::string{endpoint_sysctls}] = own.empty() ? options : options + "," + own;
    return {};
}

// ---- all --------------------------------------------------------------------------------------------------------

// Before API 1.44 create takes one endpoint; the others are connected before the start.
void leave_one_endpoint(Draft& draft, const std::string& main) {
    if (draft.at_least(44) || draft.endpoints.size() < 2) return;
    const auto kept = main.empty() ? draft.endpoints.begin().key() : main;
    for (auto it = draft.endpoints.begin(); it != draft.endpoints.end();) {
        if (it.key() == kept) {
            ++it;
            continue;
        }
        draft.replica.connections.push_back({it.key(), json_line(it.value())});
        it = draft.endpoints.erase(it);
    }
}

}  // namespace

Refusal fit_networks(Draft& draft) {
    const auto mode = json_text(draft.host, "NetworkMode");
    const auto& networks = json_at(draft.container, {"NetworkSettings", "Networks"});
    if (!has_own_endpoints(mode) || !networks.is_object()) {
        draft.config.erase("MacAddress");
        return {};
    }
    for (const auto& [name, settings] : networks.items()) {
        const auto* known = find_network(draft.source.networks, name);
        if (known == nullptr) return "its network " + name + " is gone";
        draft.endpoints[name] = endpoint_of(draft, name, known->scope, settings);
    }
    if (draft.endpoints.empty())
        draft.warn("it is connected to no network; its replica is, as after a restart, to " + mode);
    const auto main = main_network(mode, draft.endpoints, draft.source.networks);
    fit_mac_addresses(draft, main);
    if (const auto refusal = fit_sysctls(draft, main)) return refusal;
    leave_one_endpoint(draft, main);
    return {};
}

}  // namespace keepwell::runtime::docker
