// HostConfig: a copy of the whole, and what a copy must not say.
#include <algorithm>
#include <array>
#include <utility>

#include "runtime/docker/json/replica_parts.hpp"

namespace keepwell::runtime::docker {
namespace {

// Every kind of namespace that some engine lets a container share by "container:ID".
constexpr std::array<std::string_view, 6> namespaces{"NetworkMode", "IpcMode",    "PidMode",
                                                     "UTSMode",     "UsernsMode", "CgroupnsMode"};

// Containers that are older than these modes keep what was the only way then; created anew they would get the
// engine's default of today. (moby daemon/daemon_unix.go#adaptContainerSettings, oci_linux.go#WithNamespaces)
void say_old_defaults(Draft& draft) {
    auto& host = draft.host;
    if (draft.source.podman) return;
    if (json_at(host, "CgroupnsMode") == "") host["CgroupnsMode"] = "host";
    if (json_at(host, "IpcMode") == "") host["IpcMode"] = "shareable";
}

// What Podman answers and does not take.
void fit_for_podman(Json& host) {
    if (json_at(host, "MemorySwappiness") == 0) host["MemorySwappiness"] = nullptr;
    const auto is_set = [&host](const char* key) { return json_at(host, key).is_number() && json_at(host, key) != 0; };
    if (is_set("CpuPeriod") || is_set("CpuQuota")) host["NanoCpus"] = 0;  // the same, computed from those two
    if (!json_at(host, "Devices").is_array()) return;
    for (auto& device : host["Devices"]) {
        if (device.is_object() && json_text(device, "CgroupPermissions").empty()) device["CgroupPermissions"] = "rwm";
    }
}

void warn_of_random_ports(Draft& draft) {
    const auto& bindings = json_at(draft.host, "PortBindings");
    bool random = json_true(json_at(draft.host, "PublishAllPorts"));
    for (const auto& port : bindings) {
        random = random || port.empty();
        for (const auto& binding : port) {
            const auto number = json_text(binding, "HostPort");
            random = random || number.empty() || number == "0";
        }
    }
    if (random && has_own_endpoints(json_text(draft.host, "NetworkMode"))) {
        draft.warn("ports that are published without a number get other ones, as at each start");
    }
}

bool is_label_of(const Json& option, std::string_view kind) {
    return json_text(option).starts_with("label=" + std::string{kind} + ":");
}

constexpr std::array<std::string_view, 4> label_kinds{"user", "role", "type", "level"};

}  // namespace

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

void fit_host(Draft& draft) {
    auto& host = draft.host;
    const bool joins_labels =
        !joined_container(json_text(host, "IpcMode")).empty() || !joined_container(json_text(host, "PidMode")).empty();
    if (joins_labels && host.contains("SecurityOpt")) drop_copied_labels(host["SecurityOpt"]);
    follow_replacements(host, draft.source.replaced);
    say_old_defaults(draft);
    if (draft.at_least(42)) drop_foreign_mount_options(host);
    if (draft.source.podman) fit_for_podman(host);
    warn_of_random_ports(draft);
}

}  // namespace keepwell::runtime::docker
