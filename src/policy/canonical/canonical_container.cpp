// A container's content as text.
#include "policy/canonical/canonical.hpp"
#include "policy/canonical/canonical_lines.hpp"

namespace keepwell::policy {
namespace lines {

std::string show(const PublishedPort& port) {
    return show(port.host_ip) + ":" + std::to_string(port.host_port) + "-" + std::to_string(port.host_port_last) + ":" +
           std::to_string(port.container_port) + "/" + port.protocol;
}

std::string show(const Mount& mount) {
    return show(static_cast<std::uint32_t>(mount.type)) + ":" + show(mount.source) + ":" + show(mount.target) + ":" +
           show(mount.read_only) + ":" + show(mount.create_host_path) + ":" + show(mount.propagation) + ":" +
           show(mount.selinux) + ":" + show(mount.nocopy) + ":" + show(mount.tmpfs_size) + ":" + show(mount.tmpfs_mode);
}

std::string show(const NetworkAttachment& network) {
    return show(network.name) + ":" + show(network.external) + ":" + show(network.aliases) + ":" +
           show(network.ipv4_address) + ":" + show(network.ipv6_address) + ":" + show(network.link_local_ips) + ":" +
           show(network.mac_address) + ":" + show(network.priority) + ":" + show(network.driver_opts);
}

std::string show(const Ulimit& limit) { return show(limit.name) + ":" + show(limit.soft) + ":" + show(limit.hard); }

std::string show(const Device& device) {
    return show(device.host) + ":" + show(device.container) + ":" + show(device.permissions);
}

std::string show(const ContainerSelector::Label& label) {
    return show(label.key) + (label.value ? "=" + show(*label.value) : std::string{});
}

}  // namespace lines

namespace {

void add_made_from(lines::Lines& lines, const ContainerSpec& spec) {
    lines.add("name", spec.name);
    lines.add("project", spec.project);
    lines.add("image", spec.image);
    lines.add("platform", spec.platform);
    if (spec.command) lines.add("command", *spec.command);
    if (spec.entrypoint) lines.add("entrypoint", *spec.entrypoint);
    lines.add("environment", spec.environment);
    lines.add("labels", spec.labels);
    lines.add("user", spec.user);
    lines.add("group_add", spec.group_add);
    lines.add("working_dir", spec.working_dir);
    lines.add("tty", spec.tty);
    lines.add("stdin_open", spec.stdin_open);
    if (spec.init) lines.add("init", *spec.init);
    lines.add("logging.driver", spec.logging.driver);
    lines.add("logging.options", spec.logging.options);
    lines.add("runtime", spec.runtime);
    lines.add("stop_signal", spec.stop_signal);
}

void add_surroundings(lines::Lines& lines, const ContainerSpec& spec) {
    lines.add("ports", spec.ports);
    lines.add("expose", spec.expose);
    lines.add("mounts", spec.mounts);
    lines.add("networks", spec.networks);
    lines.add("network_mode", spec.network_mode);
    lines.add("ipc", spec.ipc);
    lines.add("pid", spec.pid);
    lines.add("uts", spec.uts);
    lines.add("userns_mode", spec.userns_mode);
    lines.add("hostname", spec.hostname);
    lines.add("domainname", spec.domainname);
    lines.add("mac_address", spec.mac_address);
    lines.add("extra_hosts", spec.extra_hosts);
    lines.add("dns", spec.dns);
    lines.add("dns_search", spec.dns_search);
    lines.add("dns_opt", spec.dns_opt);
    lines.add("devices", spec.devices);
}

void add_limits(lines::Lines& lines, const ContainerSpec& spec) {
    lines.add("read_only", spec.read_only);
    lines.add("privileged", spec.privileged);
    lines.add("cap_add", spec.cap_add);
    lines.add("cap_drop", spec.cap_drop);
    lines.add("security_opt", spec.security_opt);
    lines.add("sysctls", spec.sysctls);
    lines.add("cgroup_parent", spec.cgroup_parent);
    lines.add("ulimits", spec.ulimits);
    lines.add("memory", spec.memory);
    lines.add("memory_swap", spec.memory_swap);
    lines.add("memory_reservation", spec.memory_reservation);
    lines.add("nano_cpus", spec.nano_cpus);
    lines.add("cpu_shares", spec.cpu_shares);
    lines.add("cpuset", spec.cpuset);
    lines.add("pids_limit", spec.pids_limit);
    lines.add("oom_score_adj", spec.oom_score_adj);
    lines.add("oom_kill_disable", spec.oom_kill_disable);
    lines.add("shm_size", spec.shm_size);
}

}  // namespace

std::string canonical(const ContainerSpec& spec) {
    lines::Lines lines;
    add_made_from(lines, spec);
    add_surroundings(lines, spec);
    add_limits(lines, spec);
    return lines.take();
}

}  // namespace keepwell::policy
