// The texts of HostConfig and of networks, taken apart.
#include "runtime/docker/json/host_config.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

// Every kind of namespace that some engine lets a container share by "container:ID".
constexpr std::array<std::string_view, 6> namespaces{"NetworkMode", "IpcMode",    "PidMode",
                                                     "UTSMode",     "UsernsMode", "CgroupnsMode"};

bool is_label_of(const Json& option, std::string_view kind) {
    return json_text(option).starts_with("label=" + std::string{kind} + ":");
}

constexpr std::array<std::string_view, 4> label_kinds{"user", "role", "type", "level"};

}  // namespace

Json& object_at(Json& parent, std::string_view key) {
    auto& value = parent[std::string{key}];
    if (!value.is_object()) value = Json::object();
    return value;
}

std::string joined_container(std::string_view mode) {
    constexpr std::string_view prefix = "container:";
    return mode.starts_with(prefix) ? std::string{mode.substr(prefix.size())} : std::string{};
}

std::string after_replacements(const std::string& reference, const std::map<std::string, std::string>& replaced) {
    std::string id = reference;
    for (std::size_t steps = 0; steps <= replaced.size(); ++steps) {  // replaced more than once
        const auto next = std::find_if(replaced.begin(), replaced.end(), [&id](const auto& pair) {
            return pair.first == id || (id.size() >= 12 && pair.first.starts_with(id));
        });
        if (next == replaced.end()) return id;
        id = next->second;
    }
    return id;
}

std::string volumes_from_container(std::string_view entry) { return std::string{entry.substr(0, entry.find(':'))}; }

void follow_replacements(Json& host, const std::map<std::string, std::string>& replaced) {
    for (const auto key : namespaces) {
        const auto joined = joined_container(json_text(host, key));
        if (!joined.empty()) host[std::string{key}] = "container:" + after_replacements(joined, replaced);
    }
    if (!json_at(host, "VolumesFrom").is_array()) return;
    for (auto& entry : host["VolumesFrom"]) {
        const auto spec = json_text(entry);
        const auto container = volumes_from_container(spec);
        entry = after_replacements(container, replaced) + spec.substr(container.size());
    }
}

bool has_copied_labels(const Json& security_options) {
    if (!security_options.is_array()) return false;
    return std::all_of(label_kinds.begin(), label_kinds.end(), [&](std::string_view kind) {
        return std::any_of(security_options.begin(), security_options.end(),
                           [&](const Json& option) { return is_label_of(option, kind); });
    });
}

void drop_copied_labels(Json& security_options) {
    if (!has_copied_labels(security_options)) return;
    for (auto it = security_options.begin(); it != security_options.end();) {
        const bool label = std::any_of(label_kinds.begin(), label_kinds.end(),
                                       [&](std::string_view kind) { return is_label_of(*it, kind); });
        it = label ? security_options.erase(it) : it + 1;
    }
}

void drop_foreign_mount_options(Json& host) {
    if (!json_at(host, "Mounts").is_array()) return;
    constexpr std::array<std::pair<const char*, const char*>, 5> options{{{"bind", "BindOptions"},
                                                                          {"volume", "VolumeOptions"},
                                                                          {"tmpfs", "TmpfsOptions"},
                                                                          {"image", "ImageOptions"},
                                                                          {"cluster", "ClusterOptions"}}};
    for (auto& mount : host["Mounts"]) {
        if (!mount.is_object()) continue;
        for (const auto& [type, key] : options) {
            if (json_text(mount, "Type") != type) mount.erase(key);
        }
    }
}

std::string clean_path(std::string_view path) {
    auto text = std::filesystem::path{path}.lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

Bind parse_bind(std::string_view entry) {
    const auto colon = entry.find(':');
    if (colon == std::string_view::npos) return {{}, clean_path(entry)};
    const auto rest = entry.substr(colon + 1);
    return {std::string{entry.substr(0, colon)}, clean_path(rest.substr(0, rest.find(':')))};
}

bool has_own_endpoints(std::string_view mode) {
    return mode != "host" && mode != "none" && joined_container(mode).empty() && !mode.starts_with("ns:") &&
           !mode.starts_with("slirp4netns") && !mode.starts_with("pasta") && mode != "private";
}

bool is_user_defined(std::string_view network) {
    return network != "bridge" && network != "host" && network != "none" && network != "default";
}

std::string main_network(std::string_view mode, const Json& networks, const KnownNetworks& known) {
    const std::string wanted = mode == "default" || mode.empty() ? "bridge" : std::string{mode};
    if (networks.contains(wanted)) return wanted;
    for (const auto& [name, network] : known) {  // an id, or its beginning
        if (wanted.size() >= 12 && network.id.starts_with(wanted) && networks.contains(name)) return name;
    }
    return {};
}

std::optional<InterfaceSysctl> interface_sysctl(const std::string& name, const std::string& value) {
    std::array<std::size_t, 4> dots{};
    std::size_t from = 0;
    for (auto& dot : dots) {
        dot = name.find('.', from);
        if (dot == std::string::npos) return {};
        from = dot + 1;
    }
    const auto interface = name.substr(dots[2] + 1, dots[3] - dots[2] - 1);
    if (!name.starts_with("net.") || !interface.starts_with("eth")) return {};
    return InterfaceSysctl{interface, name.substr(0, dots[2]) + ".IFNAME" + name.substr(dots[3]) + "=" + value};
}

}  // namespace keepwell::runtime::docker
