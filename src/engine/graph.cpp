// The bodies of the dependency graph.
#include "keepwell/engine/graph.hpp"

namespace keepwell::engine {

Graph::Graph(const Policy& policy) : dependants_(policy.services.size()), targets_(policy.services.size()) {
    for (ServiceIndex service = 0; service < policy.services.size(); ++service) {
        for (const Dependency& dependency : policy.services[service].depends_on) {
            dependants_[dependency.service].push_back({service, dependency.restart});
        }
    }
    for (TargetIndex target = 0; target < policy.targets.size(); ++target) {
        targets_[policy.targets[target].service].push_back(target);
    }
}

}  // namespace keepwell::engine
