// How policies of tests are put together.
#include "support/policies.hpp"

#include <utility>

namespace keepwell::testing {

Service::Service(std::string name) {
    spec.name = std::move(name);
    spec.version = "v1";
    spec.restart.delay = 0s;
}

Service& Service::probed(Duration interval, std::uint32_t retries, Duration timeout) {
    spec.healthcheck = Healthcheck{};
    spec.healthcheck->interval = interval;
    spec.healthcheck->timeout = timeout;
    spec.healthcheck->retries = retries;
    return ladder({RestartRung{}});
}

Service& Service::ladder(std::vector<RungAction> actions) {
    spec.on_unhealthy.clear();
    for (RungAction& action : actions) spec.on_unhealthy.push_back({action, {}});
    return *this;
}

Service& Service::after(ServiceIndex service, DependencyCondition condition, bool restart, bool required) {
    spec.depends_on.push_back({service, condition, restart, required, {}});
    return *this;
}

Policy policy_of(const std::vector<Service>& services, Guard guard) {
    Policy policy;
    policy.guard = guard;
    policy.version = "p1";
    policy.files = {"policy.yaml"};
    for (const Service& service : services) {
        const auto index = static_cast<ServiceIndex>(policy.services.size());
        policy.services.push_back(service.spec);
        policy.maintenance.emplace_back();
        for (std::uint32_t slot = 1; slot <= service.slots; ++slot) {
            TargetSpec target;
            target.name = service.slots == 1 ? service.spec.name : service.spec.name + "." + std::to_string(slot);
            target.service = index;
            target.slot = slot;
            target.kind = service.kind;
            target.process.command = {"/bin/" + service.spec.name};
            if (service.spec.healthcheck) target.probe = ExecProbe{{"/bin/true"}};
            target.hooks.resize(service.spec.on_unhealthy.size());
            policy.targets.push_back(std::move(target));
        }
    }
    return policy;
}

}  // namespace keepwell::testing
