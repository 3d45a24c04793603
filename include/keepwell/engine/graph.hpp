// The dependency graph of a policy: who waits for whom.
// May know: model. The policy reader has refused cycles before.
#pragma once

#include <vector>

#include "keepwell/model/spec.hpp"

namespace keepwell::engine {

class Graph {
  public:
    explicit Graph(const Policy& policy);

    /// One edge seen from the dependency's side.
    struct Dependant {
        ServiceIndex service = 0;
        bool restart = false;
    };

    /// The services that depend on `service` directly, in the policy's order.
    const std::vector<Dependant>& dependants_of(ServiceIndex service) const { return dependants_[service]; }
    /// The targets of `service`, in slot order.
    const std::vector<TargetIndex>& targets_of(ServiceIndex service) const { return targets_[service]; }

    /// A service at the end, and targets that come and go.
    ServiceIndex add_service(const ServiceSpec& service);
    /// Another service takes this index.
    void exchange_service(ServiceIndex index, const ServiceSpec& service);
    void add_target(ServiceIndex service, TargetIndex target);
    void remove_target(ServiceIndex service, TargetIndex target);

  private:
    void add_edges(ServiceIndex from, const ServiceSpec& service);

    std::vector<std::vector<Dependant>> dependants_;
    std::vector<std::vector<TargetIndex>> targets_;
};

}  // namespace keepwell::engine
