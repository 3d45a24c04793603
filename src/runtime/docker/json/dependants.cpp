// Ties between containers, read from their inspects.
#include "runtime/docker/json/dependants.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

struct Known {
    std::string id;
    std::string name;
    std::string project;
    std::string service;  ///< empty for a one-off container
};

Known known(const Json& inspect) {
    const auto& labels = json_at(inspect, {"Config", "Labels"});
    const bool one_off = json_text(labels, "com.docker.compose.oneoff") == "True";
    auto name = json_text(inspect, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    return {json_text(inspect, "Id"), name, json_text(labels, "com.docker.compose.project"),
            one_off ? std::string{} : json_text(labels, "com.docker.compose.service")};
}

// By full id, a beginning of it, or name.
bool means(std::string_view reference, const Known& container) {
    if (reference.empty()) return false;
    return reference == container.name || reference == container.id ||
           (reference.size() >= 12 && container.id.starts_with(reference));
}

bool uses_volumes(const Json& host, const Known& container) {
    const auto entries = json_texts(json_at(host, "VolumesFrom"));
    return std::any_of(entries.begin(), entries.end(),
                       [&](const std::string& entry) { return means(volumes_from_container(entry), container); });
}

// "/child:/parent/alias"
bool links_to(const Json& host, const Known& container) {
    const auto links = json_texts(json_at(host, "Links"));
    return std::any_of(links.begin(), links.end(), [&](const std::string& link) {
        const auto child = link.substr(0, link.find(':'));
        return means(child.starts_with('/') ? child.substr(1) : child, container);
    });
}

// "db:service_healthy:true,redis:service_started:false"
bool compose_restarts(std::string_view depends_on, std::string_view service) {
    while (!depends_on.empty()) {
        const auto entry = depends_on.substr(0, depends_on.find(','));
        depends_on.remove_prefix(std::min(entry.size() + 1, depends_on.size()));
        const bool ours = entry.starts_with(service) && entry.substr(service.size()).starts_with(':');
        if (ours && entry.ends_with(":true")) return true;
    }
    return false;
}

bool compose_ties(const Json& inspect, const Known& container) {
    const auto own = known(inspect);
    if (container.service.empty() || container.project.empty() || own.project != container.project) return false;
    const auto& labels = json_at(inspect, {"Config", "Labels"});
    return compose_restarts(json_text(labels, "com.docker.compose.depends_on"), container.service);
}

std::vector<Tie> ties_between(const Json& inspect, const Known& container) {
    const auto& host = json_at(inspect, "HostConfig");
    std::vector<Tie> ties;
    const auto tie = [&ties](bool there, Tie kind) {
        if (there) ties.push_back(kind);
    };
    tie(means(joined_container(json_text(host, "NetworkMode")), container), Tie::network);
    tie(means(joined_container(json_text(host, "IpcMode")), container), Tie::ipc);
    tie(means(joined_container(json_text(host, "PidMode")), container), Tie::pid);
    tie(uses_volumes(host, container), Tie::volumes);
    tie(links_to(host, container), Tie::link);
    tie(compose_ties(inspect, container), Tie::compose);
    return ties;
}

}  // namespace

std::string_view to_string(Tie tie) {
    switch (tie) {
        case Tie::network: return "network";
        case Tie::ipc: return "ipc";
        case Tie::pid: return "pid";
        case Tie::volumes: return "volumes";
        case Tie::link: return "link";
        case Tie::compose: return "compose";
    }
    return "";
}

bool Dependant::has(Tie tie) const { return std::find(ties.begin(), ties.end(), tie) != ties.end(); }

bool Dependant::must_be_recreated() const {
    return has(Tie::network) || has(Tie::ipc) || has(Tie::pid) || has(Tie::volumes) || has(Tie::link);
}

bool Dependant::must_be_restarted() const {
    return has(Tie::network) || has(Tie::ipc) || has(Tie::pid) || has(Tie::compose);
}

std::vector<Dependant> dependants_of(const std::vector<std::string>& inspects, std::string_view id) {
    std::vector<Json> containers;
    Known container;
    for (const auto& text : inspects) {
        auto inspect = json_object(text);
        if (!inspect || json_text(*inspect, "Id").empty()) continue;
        if (json_text(*inspect, "Id") == id) container = known(*inspect);
        containers.push_back(std::move(*inspect));
    }
    if (container.id.empty()) container.id = std::string{id};
    std::vector<Dependant> dependants;
    for (const auto& inspect : containers) {
        const auto own = known(inspect);
        auto ties = own.id == id ? std::vector<Tie>{} : ties_between(inspect, container);
        if (!ties.empty()) dependants.push_back({own.id, own.name, std::move(ties)});
    }
    return dependants;
}

}  // namespace keepwell::runtime::docker
