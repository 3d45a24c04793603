// The bodies of the dependency graph.
#include "keepwell/engine/graph.hpp"

#include <algorithm>

namespace keepwell::engine {

Graph::Graph(const Policy& policy) : dependants_(policy.services.size()), targets_(policy.services.size()) {
    for (ServiceIndex service = 0; service < policy.services.size(); ++service) {
        add_edges(service, policy.services[service]);
    }
    for (TargetIndex target = 0; target < policy.targets.size(); ++target) {
        targets_[policy.targets[target].service].push_back(target);
    }
}

ServiceIndex Graph::add_service(const ServiceSpec& service) {
    const auto index = static_cast<ServiceIndex>(targets_.size());
    targets_.emplace_back();
    dependants_.emplace_back();
    add_edges(index, service);
    return index;
}

void Graph::exchange_service(ServiceIndex index, const ServiceSpec& service) {
    for (auto& dependants : dependants_) {
        dependants.erase(std::remove_if(dependants.begin(), dependants.end(),
                                        [index](const Dependant& one) { return one.service == index; }),
                         dependants.end());
    }
    add_edges(index, service);
}

void Graph::add_edges(ServiceIndex from, const ServiceSpec& service) {
    for (const Dependency& dependency : service.depends_on) {
        if (dependency.service < targets_.size()) dependants_[dependency.service].push_back({from, dependency.restart});
    }
}

void Graph::add_target(ServiceIndex service, TargetIndex target) { targets_[service].push_back(target); }

void Graph::remove_target(ServiceIndex service, TargetIndex target) {
    auto& targets = targets_[service];
    targets.erase(std::remove(targets.begin(), targets.end(), target), targets.end());
}

}  // namespace keepwell::engine
