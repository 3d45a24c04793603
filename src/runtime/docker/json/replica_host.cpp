// HostConfig: a copy of the whole, and what a copy must not say.

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/replica_draft.hpp"

namespace keepwell::runtime::docker {
namespace {

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

}  // namespace

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
