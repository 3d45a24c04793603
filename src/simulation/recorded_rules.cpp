// Records into a policy.
#include "simulation/recorded_rules.hpp"

#include "journal/target_rules.hpp"

namespace keepwell::simulation {

void RecordedRules::begin(const journal::RunStarted& run) {
    run_ = run;
    host_.reset();
    services_.clear();
}

void RecordedRules::take(const journal::HostRules& rules) {
    host_ = rules;
    services_.clear();
}

void RecordedRules::take(const journal::ServiceRules& rules) { services_.push_back(rules); }

Policy RecordedRules::policy() const {
    Policy policy;
    policy.mode = run_.mode;
    policy.files = run_.files;
    policy.version = run_.policy_version;
    policy.guard = host_->guard;
    policy.quantum = host_->quantum;
    policy.record = host_->record;
    policy.maintenance.resize(services_.size());
    for (const journal::ServiceRules& service : services_) {
        const auto index = static_cast<ServiceIndex>(policy.services.size());
        policy.services.push_back(service.spec);
        for (const journal::TargetRules& rules : service.targets) {
            TargetSpec target = journal::target_of(rules);
            target.service = index;
            target.hooks.resize(service.spec.on_unhealthy.size());
            policy.targets.push_back(std::move(target));
        }
    }
    return policy;
}

}  // namespace keepwell::simulation
