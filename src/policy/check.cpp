// What can only be seen over all services.
#include "policy/check.hpp"

#include <algorithm>
#include <map>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

bool is_service_name(std::string_view name) {
    const auto is_first = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    const auto fits = [&](char c) { return is_first(c) || c == '_' || c == '.' || c == '-'; };
    return !name.empty() && name.size() <= 128 && is_first(name[0]) && std::all_of(name.begin(), name.end(), fits);
}

/// Where a probe connects to; empty for a command.
std::string address_of(const TargetSpec& target) {
    if (!target.probe) return {};
    if (const auto* http = std::get_if<HttpProbe>(&*target.probe)) return http->url;
    if (const auto* tcp = std::get_if<TcpProbe>(&*target.probe)) return tcp->host + " " + std::to_string(tcp->port);
    return {};
}

class Checker {
  public:
    Checker(std::vector<Entry>& entries, Reporter& reporter) : entries_{entries}, reporter_{reporter} {
        for (std::size_t i = 0; i < entries_.size(); ++i) index_[entries_[i].draft.spec.name] = i;
    }

    void run() {
        for (auto& entry : entries_) {
            check_name(entry);
            resolve_dependencies(entry);
            check_shared_namespaces(entry);
            check_replica_addresses(entry);
        }
        find_cycles();
        check_target_names();
        check_output_files();
        check_containers();
    }

  private:
    void check_name(const Entry& entry) {
        const auto& name = entry.draft.spec.name;
        if (is_service_name(name)) return;
        reporter_.error(entry.draft.at, quote(name) +
                                            " can not be the name of a service: letters, digits, `_`, `.` and `-`, at "
                                            "most 128, beginning with a letter or digit");
    }

    void resolve_dependencies(Entry& entry) {
        std::map<std::string, Position> seen;
        for (const auto& draft : entry.draft.depends_on) {
            const auto found = index_.find(draft.name);
            if (found == index_.end()) {
                report_unknown(draft);
            } else if (!seen.emplace(draft.name, draft.at).second) {
                reporter_.error(draft.at, quote(draft.name) + " is named twice here");
            } else {
                auto dependency = draft.dependency;
                dependency.service = static_cast<ServiceIndex>(found->second);
                entry.draft.spec.depends_on.push_back(dependency);
                if (entries_[found->second].sound) check_condition(draft, entries_[found->second].draft.spec);
            }
        }
    }

    void report_unknown(const DependencyDraft& draft) {
        std::vector<std::string_view> names;
        for (const auto& entry : entries_) names.push_back(entry.draft.spec.name);
        reporter_.error(draft.at, "there is no service " + quote(draft.name) + did_you_mean(draft.name, names));
    }

    void check_condition(const DependencyDraft& draft, const ServiceSpec& on) {
        switch (draft.dependency.condition) {
            case DependencyCondition::service_started: return;
            case DependencyCondition::service_healthy:
                if (on.healthcheck || on.engine_health) return;
                return reporter_.error(draft.at,
                                       quote(on.name) +
                                           " has no healthcheck, so it is never healthy; give it one, or wait "
                                           "for `service_started`");
            case DependencyCondition::service_completed_successfully:
                if (on.restart.condition != RestartCondition::any) return;
                return reporter_.error(draft.at,
                                       quote(on.name) +
                                           " is started again whenever it ends, so it never completes; give it "
                                           "`restart: on-failure` or `restart: \"no\"`");
        }
    }

    void check_shared_namespaces(const Entry& entry) {
        for (const auto& shared : entry.draft.container.shared) {
            const auto found = index_.find(shared.service);
            if (found == index_.end()) continue;  // told of as a dependency
            const auto& other = entries_[found->second];
            const auto name = quote(shared.service);
            if (!is_container(other.draft.target)) {
                reporter_.error(shared.at, name + " is a process; only a container can be shared");
            } else if (other.templates.size() == 1) {
                reporter_.error(shared.at, name + " is containers chosen by labels; one container can be shared");
            } else if (other.sound && other.draft.replicas != 1) {
                reporter_.error(shared.at, name + " is " + std::to_string(other.draft.replicas) +
                                               " containers; one container can be shared");
            }
        }
    }

    void check_replica_addresses(const Entry& entry) {
        if (entry.targets.size() < 2) return;
        const auto address = address_of(entry.targets[0]);
        if (address.empty() || address != address_of(entry.targets[1])) return;
        if (address.find(container_ip_placeholder) != std::string::npos) return;
        reporter_.warning(entry.draft.probe_at,
                          "all replicas of " + quote(entry.draft.spec.name) +
                              " are asked at the same address; is `{{.Task.Slot}}` missing in it?");
    }

    // ---- cycles: a depth-first walk; an edge to a service that is on the path closes one ----------------------------

    enum class Mark : std::uint8_t { fresh, on_path, done };

    void find_cycles() {
        marks_.assign(entries_.size(), Mark::fresh);
        for (std::size_t i = 0; i < entries_.size(); ++i) visit(i);
    }

    void visit(std::size_t service) {
        if (marks_[service] != Mark::fresh) return;
        marks_[service] = Mark::on_path;
        path_.push_back(service);
        for (const auto& draft : entries_[service].draft.depends_on) {
            const auto found = index_.find(draft.name);
            if (found == index_.end()) continue;
            if (marks_[found->second] == Mark::on_path) report_cycle(found->second, draft.at);
            visit(found->second);
        }
        path_.pop_back();
        marks_[service] = Mark::done;
    }

    void report_cycle(std::size_t first, const Position& at) {
        std::string text;
        const auto begin = std::find(path_.begin(), path_.end(), first);
        std::for_each(begin, path_.end(), [&](std::size_t service) { text += name_of(service) + " -> "; });
        reporter_.error(at, quote(name_of(first)) + " depends on itself: " + text + name_of(first));
    }

    std::string name_of(std::size_t service) const { return printable(entries_[service].draft.spec.name); }

    // ---- things that only one target can have ----------------------------------------------------------------------

    void check_target_names() {
        for (const auto& entry : entries_) {
            if (entry.targets.size() < 2) continue;
            for (const auto& target : entry.targets) {
                const auto other = index_.find(target.name);
                if (other == index_.end()) continue;
                reporter_.error(
                    entries_[other->second].draft.at,
                    quote(target.name) + " is also the name of a replica of " + quote(entry.draft.spec.name));
            }
        }
    }

    /// Nobody rotates these.
    static bool can_be_shared(std::string_view file) {
        return file == "/dev/stdout" || file == "/dev/stderr" || file == "/dev/null";
    }

    void check_output_files() {
        std::map<std::string, std::string> owners;
        for (const auto& entry : entries_) {
            for (const auto& target : entry.targets) {
                if (target.output.file.empty() || can_be_shared(target.output.file)) continue;
                const auto [owner, is_new] = owners.emplace(target.output.file, target.name);
                if (is_new) continue;
                reporter_.error(entry.draft.output_at, quote(owner->second) + " and " + quote(target.name) +
                                                           " would write to the same file; put `{{.Target.Name}}` into "
                                                           "its name");
                break;
            }
        }
    }

    void check_containers() {
        for (const auto& entry : entries_) {
            const auto errors = reporter_.errors();
            for (const auto& target : entry.targets) {
                if (!target.selector.name.empty()) claim(entry, target, "the container " + quote(target.selector.name));
                if (target.container) claim_all(entry, target, *target.container);
                if (reporter_.errors() > errors) break;
            }
        }
    }

    void claim_all(const Entry& entry, const TargetSpec& target, const ContainerSpec& container) {
        claim(entry, target, "the container " + quote(container.name));
        for (const auto& port : container.ports) {
            if (port.host_port == 0 || port.host_port_last != 0) continue;
            const bool everywhere = port.host_ip.empty() || port.host_ip == "0.0.0.0";
            claim(entry, target,
                  "port " +
                      quote((everywhere ? "" : port.host_ip + ":") + std::to_string(port.host_port) + "/" +
                            port.protocol) +
                      " of the host");
        }
        for (const auto& network : container.networks) {
            const auto& network_name = quote(network.name);
            const auto& fixed = network.ipv4_address.empty() ? network.ipv6_address : network.ipv4_address;
            if (!fixed.empty() && !network.external) {
                reporter_.warning(entry.draft.at,
                                  quote(fixed) + " needs a subnet, and keepwell makes the network " + network_name +
                                      " without one where it is missing; make it by `docker network create --subnet "
                                      "SUBNET " +
                                      network.name + "`, and say `external: true` of it");
            }
            for (const auto* address : {&network.ipv4_address, &network.ipv6_address, &network.mac_address}) {
                if (!address->empty()) claim(entry, target, quote(*address) + " in the network " + network_name);
            }
        }
    }

    /// What only one target can have.
    void claim(const Entry& entry, const TargetSpec& target, const std::string& what) {
        const auto [owner, is_new] = claims_.emplace(what, target.name);
        if (is_new) return;
        const auto both = owner->second == target.name
                              ? quote(target.name) + " would have "
                              : quote(owner->second) + " and " + quote(target.name) + " would both have ";
        reporter_.error(entry.draft.at, both + what + (owner->second == target.name ? " twice" : ""));
    }

    std::vector<Entry>& entries_;
    Reporter& reporter_;
    std::map<std::string, std::string> claims_;  ///< who has what
    std::map<std::string, std::size_t> index_;
    std::vector<Mark> marks_;
    std::vector<std::size_t> path_;
};

}  // namespace

void check_entries(std::vector<Entry>& entries, Reporter& reporter) { Checker{entries, reporter}.run(); }

}  // namespace keepwell::policy
