// What stands in the texts of an engine's HostConfig and networks: whose namespace is joined, which volume is meant,
// what the engine added. Pure. May know: an engine's JSON.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

/// The object under a key of an object; made where there is none.
Json& object_at(Json& parent, std::string_view key);

/// "container:ID" -> ID; empty for any other mode.
std::string joined_container(std::string_view mode);
/// `reference`, an id or its beginning, followed through `replaced`; anything else as it is.
std::string after_replacements(const std::string& reference, const std::map<std::string, std::string>& replaced);
/// HostConfig's namespaces and VolumesFrom, with the ids of what was replaced.
void follow_replacements(Json& host, const std::map<std::string, std::string>& replaced);
/// "container:ro" -> container.
std::string volumes_from_container(std::string_view entry);
/// HostConfig.Mounts without the options of one type of mount at another, which API 1.42 and newer refuse.
void drop_foreign_mount_options(Json& host);

/// False for a mode that allows no endpoints: host, none, container:ID, and Podman's others.
bool has_own_endpoints(std::string_view mode);
/// A network that takes aliases and static addresses.
bool is_user_defined(std::string_view network);
/// The name, among `networks` of inspect, of the one that HostConfig.NetworkMode means; empty: none of them.
std::string main_network(std::string_view mode, const Json& networks, const KnownNetworks& known);

/// "net.ipv4.conf.eth0.forwarding": a setting of one interface. `interface` is "eth0", and `option` what an endpoint's
/// sysctls option says for it, "net.ipv4.conf.IFNAME.forwarding=1".
struct InterfaceSysctl {
    std::string interface;
    std::string option;
};
std::optional<InterfaceSysctl> interface_sysctl(const std::string& name, const std::string& value);
inline constexpr std::string_view endpoint_sysctls = "com.docker.network.endpoint.sysctls";

/// A destination as the engine writes it: without doubled, trailing or dotted parts.
std::string clean_path(std::string_view path);
/// One entry of HostConfig.Binds.
struct Bind {
    std::string source;  ///< empty for a bare destination, which is a volume without a name
    std::string destination;
};
Bind parse_bind(std::string_view entry);

/// SELinux labels that the engine copied from the container whose ipc or pid namespace is joined: all four kinds.
bool has_copied_labels(const Json& security_options);
void drop_copied_labels(Json& security_options);

}  // namespace keepwell::runtime::docker
