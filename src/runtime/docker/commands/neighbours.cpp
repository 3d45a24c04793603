// The ties of all containers, kept small.
#include "runtime/docker/commands/neighbours.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

/// The few members of inspect that dependants_of() reads, but the name, which may change.
Json ties(const Json& inspect) {
    Json small{{"Id", json_at(inspect, "Id")}};
    for (const auto* key : {"NetworkMode", "IpcMode", "PidMode", "VolumesFrom", "Links"}) {
        const auto& value = json_at(inspect, {"HostConfig", key});
        if (!is_blank(value)) small["HostConfig"][key] = value;
    }
    for (const auto* key : {"project", "service", "oneoff", "depends_on"}) {
        const std::string label = std::string{"com.docker.compose."} + key;
        const auto& value = json_at(inspect, {"Config", "Labels", label});
        if (!is_blank(value)) small["Config"]["Labels"][label] = value;
    }
    return small;
}

/// Links are said by names, and end with what they lead to: who has any is inspected anew each time.
bool may_change(const Json& ties) { return !is_blank(json_at(ties, {"HostConfig", "Links"})); }

std::string with_name(const std::string& ties, const std::string& name) {
    auto inspect = json_object(ties);
    if (!inspect) return {};
    (*inspect)["Name"] = "/" + name;
    return json_line(*inspect);
}

}  // namespace

void Neighbours::dependants(std::string id, std::function<void(std::vector<Dependant>)> done) {
    asker_.get("/containers/json?all=1", [this, id = std::move(id), done = std::move(done)](const Answer& answer) {
        const auto all = container_list(answer.body).value_or(std::vector<ListedContainer>{});
        std::vector<std::string> unknown;
        for (const auto& container : all) {
            if (!ties_.contains(container.id)) unknown.push_back(container.id);
        }
        asker_.look_at_all(unknown, [this, id, all, done](const std::vector<Look>& looks) {
            done(dependants_of(learn(all, looks), id));
        });
    });
}

std::vector<std::string> Neighbours::learn(const std::vector<ListedContainer>& all, const std::vector<Look>& looks) {
    std::vector<std::string> inspects;
    for (const auto& look : looks) {
        const auto inspect = json_object(look.json);
        if (!look.exists || !inspect) continue;
        const Json small = ties(*inspect);
        if (may_change(small)) {
            inspects.push_back(with_name(json_line(small), look.view.name));
        } else {
            ties_[look.view.id] = json_line(small);
        }
    }
    std::map<std::string, std::string> listed;
    for (const auto& container : all) {
        const auto known = ties_.find(container.id);
        if (known == ties_.end()) continue;
        inspects.push_back(with_name(known->second, container.name));
        listed.insert(ties_.extract(known));
    }
    ties_ = std::move(listed);
    return inspects;
}

}  // namespace keepwell::runtime::docker
