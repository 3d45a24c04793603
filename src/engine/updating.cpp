// How a changed entry of the policy reaches the targets that keepwell made: a few slots at a time, each one proven
// before the next, and what is depended on first. A container is replaced, a process restarted. Source of the semantic:
// swarmkit manager/orchestrator/update/updater.go (parallelism, delay, monitor, failure_action).
#include <algorithm>

#include "engine/core.hpp"

namespace keepwell::engine {

const std::string& Engine::Impl::made_of_now(TargetIndex index) const {
    static const std::string unknown;
    const TargetSpec& target = policy_.targets[index];
    switch (target.kind) {
        case TargetKind::process: return target.version;
        case TargetKind::container: return spec(index).container_version;
        case TargetKind::adopted: break;
    }
    return unknown;
}

bool Engine::Impl::outdated(TargetIndex index) const {
    const Target& target = targets_[index];
    if (is_container(index)) return target.container.outdated;
    return target.instance.exists() && !target.made_of.empty() && target.made_of != made_of_now(index);
}

/// Running from an older version of its entry: asks whether it is its turn.
void Engine::Impl::try_update(TargetIndex index) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    const Remedy remedy = is_process(index) ? Remedy::restart : Remedy::replace;
    const bool free = target.remediation == Remediation::idle && !in_command(target) && !target.container.frozen;
    if (!free || out_of_reach(index) || update.paused || !may_update_one_more(service)) return;
    if (const Dependency* first = outdated_dependency(index)) {
        const std::string& its_name = policy_.services[first->service].name;
        return hold_quietly(index, remedy, {Hold::dependency, never, its_name, first->origin});
    }
    if (update.next_at > now_) {
        target.hold_until = update.next_at;
        return;
    }
    if (const std::optional<Closed> closed = closed_gate(index, Asking::update)) {
        return hold_quietly(index, remedy, *closed);
    }
    if (!update.under_way) {
        update.under_way = true;
        note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::started, spec(index).name, {}},
             spec(index).origin);
    }
    drop_hold(index);
    target.updating = true;
    target.remedy = remedy;
    target.remedy_reason = Reason::changed;
    target.cause = is_process(index) ? StartCause::changed : StartCause::remedy;
    ++target.attempt;
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyDue{remedy, 0, target.attempt, Reason::changed}, spec(index).origin);
    note(index, fact::RemedyStarted{remedy, 0, target.attempt, Reason::changed}, spec(index).origin);
    set_remediation(index, Remediation::acting);
    if (is_process(index)) return renew(index, Reason::changed);
    replace(index, Reason::changed, spec(index).update.order, true);
}

/// Something that it depends on is to be made anew as well, and comes first.
const Dependency* Engine::Impl::outdated_dependency(TargetIndex index) const {
    for (const Dependency& dependency : spec(index).depends_on) {
        if (updates_[dependency.service].paused) continue;
        const auto& targets = graph_.targets_of(dependency.service);
        const auto waits = [this](TargetIndex one) { return outdated(one) || targets_[one].updating; };
        if (std::any_of(targets.begin(), targets.end(), waits)) return &dependency;
    }
    return nullptr;
}

/// Held without a remediation: nothing is wrong with it.
void Engine::Impl::hold_quietly(TargetIndex index, Remedy would, const Closed& closed) {
    Target& target = targets_[index];
    const bool same = target.hold.active && target.hold.reason == closed.reason && target.hold.would == would;
    target.hold = {true, closed.reason, would, closed.until, closed.detail};
    held_.insert(index);
    if (same) return;
    note(index, fact::RemedyHeld{would, 0, 0, closed.reason, closed.until, closed.detail}, spec(index).origin);
}

bool Engine::Impl::may_update_one_more(ServiceIndex service) const {
    const std::uint32_t parallelism = policy_.services[service].update.parallelism;
    const auto& targets = graph_.targets_of(service);
    const auto busy =
        std::count_if(targets.begin(), targets.end(), [this](TargetIndex one) { return targets_[one].updating; });
    return parallelism == 0 || busy < static_cast<std::ptrdiff_t>(parallelism);
}

void Engine::Impl::update_done(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    update.next_at = later(now_, spec(index).update.delay);
    targets_[index].updating = targets_[index].container.outdated = false;
    const auto& targets = graph_.targets_of(service);
    const auto left = [this](TargetIndex one) { return outdated(one) || targets_[one].updating; };
    for (const TargetIndex other : targets) wake(other);
    affects_others(index);  // those that depend on it may be next
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    update = {};
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::completed, spec(index).name, {}},
         spec(index).origin);
}

/// A person has taken it over: the others go on without it.
void Engine::Impl::update_left(TargetIndex index) {
    targets_[index].updating = false;
    for (const TargetIndex other : graph_.targets_of(policy_.targets[index].service)) wake(other);
    affects_others(index);
}

/// The old container of this slot is back. What of the others?
void Engine::Impl::update_failed(TargetIndex index, const std::string& why) {
    end_remediation(index);
    const auto action = spec(index).update.failure_action;
    if (action == UpdateConfig::FailureAction::go_on) {
        targets_[index].container.outdated = false;
        targets_[index].container.update_given_up = true;  // it was tried; not again for this version
    }
    update_stalls(index, why);
}

/// It failed to prove itself. Should the others be made of the same?
void Engine::Impl::update_stalls(TargetIndex index, const std::string& why) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    targets_[index].updating = false;
    const auto& targets = graph_.targets_of(service);
    for (const TargetIndex other : targets) wake(other);
    switch (spec(index).update.failure_action) {
        case UpdateConfig::FailureAction::go_on: update.next_at = later(now_, spec(index).update.delay); return;
        case UpdateConfig::FailureAction::pause:
        case UpdateConfig::FailureAction::rollback: break;
    }
    const bool was_last =
        std::none_of(targets.begin(), targets.end(), [this](TargetIndex one) { return outdated(one); });
    if (was_last && is_process(index)) {  // a container's old one is back, and is not tried again either
        update = {};
        return;
    }
    update.paused = true;
    update.paused_by = index;
    const std::string detail = name(index) + (why.empty() ? " did not become healthy" : ": " + why);
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::paused, spec(index).name, detail},
         spec(index).update.origin);
    raise(index, "update_paused", detail, spec(index).update.origin);
}

}  // namespace keepwell::engine
