// One container of an entry with `image:`.
// Source of what can not go together: moby runconfig/hostconfig_unix.go (validateNetContainerMode, validateNetMode),
// daemon/daemon_unix.go (verifyPlatformContainerResources).
#include "policy/entry_container.hpp"

#include <algorithm>
#include <tuple>

#include "policy/document/text.hpp"
#include "policy/values/project.hpp"

namespace keepwell::policy {
namespace {

constexpr std::size_t most_ports = 100'000;

bool begins_with(std::string_view text, std::string_view beginning) {
    return text.substr(0, beginning.size()) == beginning;
}

bool is_shared(std::string_view mode) { return begins_with(mode, "container:") || begins_with(mode, "service:"); }

/// What only one container at a time can have; empty: nothing.
std::string exclusive(const ContainerSpec& spec) {
    for (const auto& port : spec.ports) {
        if (port.host_port != 0 && port.host_port_last == 0) {
            return "port " + std::to_string(port.host_port) + " of the host";
        }
    }
    if (!spec.mac_address.empty()) return "the MAC address " + spec.mac_address;
    for (const auto& network : spec.networks) {
        if (!network.ipv4_address.empty()) return "the address " + network.ipv4_address;
        if (!network.ipv6_address.empty()) return "the address " + network.ipv6_address;
        if (!network.mac_address.empty()) return "the MAC address " + network.mac_address;
    }
    return {};
}

class ContainerFinisher {
  public:
    ContainerFinisher(Decoder& decoder, const Node& name, const Node& own, EntryDraft& draft)
        : decoder_{decoder}, name_{name}, own_{own}, draft_{draft}, spec_{draft.container.spec} {}

    void run() {
        names();
        networks();
        resources();
        memory();
        modes();
        dependencies();
        order();
        address();
        in_order();
        draft_.target.container = std::make_shared<const ContainerSpec>(std::move(spec_));
    }

  private:
    void error(std::string_view key, std::string message) {
        const auto* own = own_.find(key);
        decoder_.error(own ? *own->key : name_, std::move(message));
    }

    void names() {
        spec_.project = decoder_.context().project.name;
        spec_.service = draft_.spec.name;
        const auto slot = std::to_string(decoder_.values().slot);
        if (spec_.name.empty()) spec_.name = spec_.project + "-" + draft_.spec.name + "-" + slot;
    }

    /// What the service says itself about its network wins over the other way of the defaults.
    void networks() {
        const bool own_mode = own_.find("network_mode"), own_networks = own_.find("networks");
        if (own_mode && !own_networks) spec_.networks.clear();
        if (own_networks && !own_mode) spec_.network_mode.clear();
        if (!spec_.network_mode.empty()) {
            if (!spec_.networks.empty()) error("networks", "`networks` beside `network_mode`: it is one or the other");
            return;
        }
        if (spec_.networks.empty()) {
            NetworkAttachment network;
            network.name = network_name(decoder_.context().project, "default");
            network.external = is_external_network(decoder_.context().project, "default");
            spec_.networks.push_back(std::move(network));
        }
    }

    void take(std::int64_t& into, const std::optional<std::int64_t>& from, std::string_view key,
              std::string_view deploy) {
        if (!from) return;
        if (into != 0 && into != *from) {
            error(key, quote(key) + " is not the same as " + quote("deploy.resources." + std::string{deploy}));
        }
        into = *from;
    }

    void resources() {
        const auto& resources = draft_.container.resources;
        take(spec_.nano_cpus, resources.nano_cpus, "cpus", "limits.cpus");
        take(spec_.memory, resources.memory, "mem_limit", "limits.memory");
        take(spec_.pids_limit, resources.pids, "pids_limit", "limits.pids");
        take(spec_.memory_reservation, resources.memory_reservation, "mem_reservation", "reservations.memory");
    }

    void memory() {
        if (spec_.memory_swap > 0 && spec_.memory == 0) {
            error("memswap_limit", "`memswap_limit` needs a `mem_limit`");
        } else if (spec_.memory_swap > 0 && spec_.memory_swap < spec_.memory) {
            error("memswap_limit", "`memswap_limit` holds the memory as well, and is less than `mem_limit`");
        }
        if (spec_.memory > 0 && spec_.memory_reservation > spec_.memory) {
            error("mem_reservation", "`mem_reservation` is more than `mem_limit`");
        }
    }

    void refuse(bool given, std::string_view key, std::string_view beside, std::string_view why) {
        if (given) error(key, quote(key) + " does not go with " + quote(beside) + ": " + std::string{why});
    }

    void modes() {
        const auto mode = "network_mode: " + spec_.network_mode;
        const bool shared = is_shared(spec_.network_mode);
        const bool not_own = shared || spec_.network_mode == "host" || spec_.network_mode == "none";
        const std::string_view why = shared                         ? "the network is another container's"
                                     : spec_.network_mode == "host" ? "the network is the host's"
                                                                    : "there is no network";
        refuse(not_own && !spec_.ports.empty(), "ports", mode, why);
        refuse(not_own && !spec_.mac_address.empty(), "mac_address", mode, why);
        refuse(shared && !spec_.expose.empty(), "expose", mode, why);
        refuse(shared && !spec_.hostname.empty(), "hostname", mode, why);
        refuse(shared && !spec_.domainname.empty(), "domainname", mode, why);
        refuse(shared && !spec_.extra_hosts.empty(), "extra_hosts", mode, why);
        refuse(shared && !spec_.dns.empty(), "dns", mode, why);
        refuse(shared && !spec_.dns_search.empty(), "dns_search", mode, why);
        refuse(shared && !spec_.dns_opt.empty(), "dns_opt", mode, why);
        const bool host_name = spec_.uts == "host";
        refuse(host_name && !spec_.hostname.empty(), "hostname", "uts: host", "the name is the host's");
        refuse(host_name && !spec_.domainname.empty(), "domainname", "uts: host", "the name is the host's");
        if (spec_.ports.size() * draft_.replicas > most_ports) error("ports", "these are too many ports");
    }

    /// A container whose namespace is shared is a dependency. Compose lets an entry in `depends_on` take its place;
    /// its condition then holds, but it must be restarted with the other, because its namespace is gone.
    void dependencies() {
        for (const auto& shared : draft_.container.shared) {
            const auto is_same = [&](const DependencyDraft& draft) { return draft.name == shared.service; };
            const auto written = std::find_if(draft_.depends_on.begin(), draft_.depends_on.end(), is_same);
            if (written != draft_.depends_on.end()) {
                written->dependency.restart |= !written->restart_written;
                continue;
            }
            Dependency dependency;
            dependency.restart = true;
            dependency.origin = Origin{shared.at.file, shared.at.line};
            draft_.depends_on.push_back(DependencyDraft{shared.service, shared.at, dependency});
        }
    }

    void order() {
        const auto one = exclusive(spec_);
        if (one.empty()) return;
        const auto why = "`start-first` is not possible: both would need " + one;
        if (draft_.spec.update.order == ReplaceOrder::start_first) error("deploy", why);
        for (const auto& rung : draft_.spec.on_unhealthy) {
            const auto* replace = std::get_if<ReplaceRung>(&rung.action);
            if (replace && replace->order == ReplaceOrder::start_first) error("on_unhealthy", why);
        }
    }

    void address() {
        const auto& mode = spec_.network_mode;
        if (mode.empty() || mode == "bridge" || !draft_.health || !draft_.health->probe) return;
        const auto* http = std::get_if<HttpProbe>(&*draft_.health->probe);
        const auto* tcp = std::get_if<TcpProbe>(&*draft_.health->probe);
        const auto& text = http ? http->url : tcp ? tcp->host : std::string{};
        if (text.find(container_ip_placeholder) == std::string::npos) return;
        decoder_.reporter().error(draft_.probe_at, quote(container_ip_placeholder) + " does not go with " +
                                                       quote("network_mode: " + mode) +
                                                       ": the container has no address of its own");
    }

    /// What has no order is put into one, so that writing it differently changes nothing.
    void in_order() {
        const auto by_target = [](const Mount& a, const Mount& b) { return a.target < b.target; };
        std::sort(spec_.mounts.begin(), spec_.mounts.end(), by_target);
        const auto by_port = [](const PublishedPort& a, const PublishedPort& b) {
            return std::tie(a.container_port, a.protocol, a.host_ip, a.host_port, a.host_port_last) <
                   std::tie(b.container_port, b.protocol, b.host_ip, b.host_port, b.host_port_last);
        };
        std::sort(spec_.ports.begin(), spec_.ports.end(), by_port);
        const auto by_priority = [](const NetworkAttachment& a, const NetworkAttachment& b) {
            return a.priority != b.priority ? a.priority > b.priority : a.name < b.name;
        };
        std::sort(spec_.networks.begin(), spec_.networks.end(), by_priority);
    }

    Decoder& decoder_;
    const Node& name_;
    const Node& own_;
    EntryDraft& draft_;
    ContainerSpec& spec_;
};

}  // namespace

void finish_container(Decoder& decoder, const Node& name, const Node& own, EntryDraft& draft) {
    ContainerFinisher{decoder, name, own, draft}.run();
}

}  // namespace keepwell::policy
