// How a changed entry of the policy reaches the containers that keepwell owns: a few slots at a time, each one replaced
// and proven before the next.
// Source of the semantic: swarmkit manager/orchestrator/update/updater.go (parallelism, delay, monitor,
// failure_action).
#include <algorithm>

#include "engine/core.hpp"

namespace keepwell::engine {

/// Running from an older version of its entry: asks whether it is its turn.
void Engine::Impl::try_update(TargetIndex index) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    const bool free = target.remediation == Remediation::idle && !in_command(target) && !target.container.frozen;
    if (!free || out_of_reach(index) || update.paused || !may_update_one_more(service)) return;
    if (update.next_at > now_) {
        target.hold_until = update.next_at;
        return;
    }
    if (const std::optional<Closed> closed = closed_gate(index, Asking::update)) return hold_update(index, *closed);
    if (!update.under_way) {
        update.under_way = true;
        note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::started, spec(index).name, {}},
             spec(index).origin);
    }
    drop_hold(index);
    target.container.updating = true;
    target.remedy = Remedy::replace;
    target.remedy_reason = Reason::changed;
    target.cause = StartCause::remedy;
    ++target.attempt;
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyDue{Remedy::replace, 0, target.attempt, Reason::changed}, spec(index).origin);
    note(index, fact::RemedyStarted{Remedy::replace, 0, target.attempt, Reason::changed}, spec(index).origin);
    set_remediation(index, Remediation::acting);
    replace(index, Reason::changed, spec(index).update.order, true);
}

/// Held without a remediation: nothing is wrong with it.
void Engine::Impl::hold_update(TargetIndex index, const Closed& closed) {
    Target& target = targets_[index];
    const bool same = target.hold.active && target.hold.reason == closed.reason;
    target.hold = {true, closed.reason, Remedy::replace, closed.until, closed.detail};
    held_.insert(index);
    if (same) return;
    note(index, fact::RemedyHeld{Remedy::replace, 0, 0, closed.reason, closed.until, closed.detail},
         spec(index).origin);
}

bool Engine::Impl::may_update_one_more(ServiceIndex service) const {
    const std::uint32_t parallelism = policy_.services[service].update.parallelism;
    const auto& targets = graph_.targets_of(service);
    const auto busy = std::count_if(targets.begin(), targets.end(),
                                    [this](TargetIndex one) { return targets_[one].container.updating; });
    return parallelism == 0 || busy < static_cast<std::ptrdiff_t>(parallelism);
}

void Engine::Impl::update_done(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    update.next_at = later(now_, spec(index).update.delay);
    targets_[index].container.outdated = false;
    const auto& targets = graph_.targets_of(service);
    const auto left = [this](TargetIndex one) {
        return targets_[one].container.outdated || targets_[one].container.updating;
    };
    for (const TargetIndex other : targets) wake(other);
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    update = {};
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::completed, spec(index).name, {}},
         spec(index).origin);
}

/// The old container of this slot is back. What of the others?
void Engine::Impl::update_failed(TargetIndex index, const std::string& why) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    end_remediation(index);
    for (const TargetIndex other : graph_.targets_of(service)) wake(other);
    switch (spec(index).update.failure_action) {
        case UpdateConfig::FailureAction::go_on: {
            targets_[index].container.outdated = false;
            targets_[index].container.update_given_up = true;  // it was tried; not again for this version
            update.next_at = later(now_, spec(index).update.delay);
            return;
        }
        case UpdateConfig::FailureAction::pause:
        case UpdateConfig::FailureAction::rollback: break;
    }
    update.paused = true;
    const std::string detail = name(index) + (why.empty() ? " did not become healthy" : ": " + why);
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::paused, spec(index).name, detail},
         spec(index).update.origin);
    raise(index, "update_paused", detail, spec(index).update.origin);
}

}  // namespace keepwell::engine
