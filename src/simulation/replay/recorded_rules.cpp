// Records into a policy.
#include "simulation/replay/recorded_rules.hpp"

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
        for (const journal::TargetRules& rules : service.templates) {
            TargetSpec target = journal::target_of(rules);
            target.service = index;
            target.hooks.resize(service.spec.on_unhealthy.size());
            policy.templates.push_back(std::move(target));
        }
    }
    return policy;
}

std::optional<journal::Record> RecordedRules::reload(const journal::Record& record) const {
    const auto* input = std::get_if<journal::Input>(&record.body);
    const auto* changed = input ? std::get_if<event::PolicyChanged>(&input->event) : nullptr;
    if (!changed || !changed->policy || !host_) return std::nullopt;
    Policy next = policy();
    next.mode = changed->policy->mode;
    next.files = changed->policy->files;
    next.version = changed->policy->version;
    journal::Record whole = record;
    whole.body = journal::Input{event::PolicyChanged{std::make_shared<const Policy>(std::move(next)), changed->by}};
    return whole;
}

}  // namespace keepwell::simulation
