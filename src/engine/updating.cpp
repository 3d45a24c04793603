// How a changed entry of the policy reaches the containers that keepwell owns: a few slots at a time, each one replaced
// and proven before the next; and how a failed one is taken back.
// Source of the semantic: swarmkit manager/orchestrator/update/updater.go (parallelism, delay, monitor,
// failure_action).
#include <algorithm>
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

/// Running from an older version of its entry, or to go back to it: asks whether it is its turn.
void Engine::Impl::try_update(TargetIndex index) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    const bool back = is_to_go_back(index);
    if (!back && (!target.container.outdated || update.paused)) return;
    const bool free = target.remediation == Remediation::idle && !in_command(target) && !target.container.frozen;
    if (!free || out_of_reach(index) || !may_update_one_more(service)) return;
    if (update.next_at > now_) {
        target.hold_until = update.next_at;
        return;
    }
    if (const std::optional<Closed> closed = closed_gate(index, Asking::update)) return hold_update(index, *closed);
    if (!back && !update.under_way) {
        update.under_way = true;
        note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::started, spec(index).name, {}},
             spec(index).origin);
    }
    drop_hold(index);
    const Reason reason = back ? Reason::update_failed : Reason::changed;
    target.container.updating = true;
    target.container.going_back = back;
    target.container.updated_to = spec(index).container_version;
    target.remedy = Remedy::replace;
    target.remedy_reason = reason;
    target.cause = StartCause::remedy;
    ++target.attempt;
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyDue{Remedy::replace, 0, target.attempt, reason}, spec(index).origin);
    note(index, fact::RemedyStarted{Remedy::replace, 0, target.attempt, reason}, spec(index).origin);
    set_remediation(index, Remediation::acting);
    replace(index, reason, spec(index).update.order, back ? MadeFrom::previous : MadeFrom::entry);
}

/// Held without a remediation: nothing is wrong with it.
void Engine::Impl::hold_update(TargetIndex index, const Closed& closed) {
    Target& target = targets_[index];
    const bool same = target.hold.active && target.hold.reason == closed.reason;
    target.hold = {true, closed.reason, Remedy::replace, closed.until, closed.detail, closed.rule};
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

/// Swarm's rollback is of the whole service: what was updated before another slot failed is taken back as well.
bool Engine::Impl::is_to_go_back(TargetIndex index) const {
    const ContainerState& container = targets_[index].container;
    const bool rolls_back = spec(index).update.failure_action == UpdateConfig::FailureAction::rollback;
    const bool was_updated = !container.updated_to.empty() && !container.outdated;
    return was_updated && rolls_back && updates_[policy_.targets[index].service].paused;
}

void Engine::Impl::update_done(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    update.next_at = later(now_, spec(index).update.delay);
    const auto& targets = graph_.targets_of(service);
    for (const TargetIndex other : targets) wake(other);
    if (std::exchange(targets_[index].container.going_back, false)) return gone_back(index);
    targets_[index].container.outdated = false;
    const auto left = [this](TargetIndex one) {
        return targets_[one].container.outdated || targets_[one].container.updating;
    };
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    update = {};
    forget_update(service);
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::completed, spec(index).name, {}},
         spec(index).origin);
}

void Engine::Impl::gone_back(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    targets_[index].container.outdated = true;
    const auto left = [this](TargetIndex one) { return is_to_go_back(one) || targets_[one].container.updating; };
    const auto& targets = graph_.targets_of(service);
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    forget_update(service);
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::rollback_completed, spec(index).name, {}},
         spec(index).update.origin);
}

/// The old container of this slot is back. What of the others?
void Engine::Impl::update_failed(TargetIndex index, const std::string& why) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    const bool back = std::exchange(targets_[index].container.going_back, false);
    end_remediation(index);
    for (const TargetIndex other : graph_.targets_of(service)) wake(other);
    const std::string detail = name(index) + (why.empty() ? " did not become healthy" : ": " + why);
    if (back) return pause_rollback(index, detail);
    switch (spec(index).update.failure_action) {
        case UpdateConfig::FailureAction::go_on: {
            targets_[index].container.outdated = false;
            targets_[index].container.update_given_up = true;  // it was tried; not again for this version
            update.next_at = later(now_, spec(index).update.delay);
            return;
        }
        case UpdateConfig::FailureAction::pause:
        case UpdateConfig::FailureAction::rollback: return pause_update(index, detail);
    }
}

/// Not tried again for this version, also by a later keepwell, until a person asks for it.
void Engine::Impl::pause_update(TargetIndex index, const std::string& why) {
    using Step = fact::UpdateChanged::Step;
    const ServiceIndex service = policy_.targets[index].service;
    if (std::exchange(updates_[service].paused, true)) return;  // another slot of the same round
    const auto& targets = graph_.targets_of(service);
    for (const TargetIndex one : targets) mark(one);
    const bool back =
        std::any_of(targets.begin(), targets.end(), [this](TargetIndex one) { return is_to_go_back(one); });
    note(no_target, fact::UpdateChanged{back ? Step::rollback_started : Step::paused, spec(index).name, why},
         spec(index).update.origin);
    raise(index, "update_paused", why, spec(index).update.origin);
}

/// A rollback is never rolled back: everything stays as it is.
void Engine::Impl::pause_rollback(TargetIndex index, const std::string& why) {
    const std::string detail = "the rollback failed: " + why;
    forget_update(policy_.targets[index].service);
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::paused, spec(index).name, detail},
         spec(index).update.origin);
    raise(index, "update_paused", detail, spec(index).update.origin);
}

void Engine::Impl::forget_update(ServiceIndex service) {
    for (const TargetIndex one : graph_.targets_of(service)) {
        targets_[one].container.updated_to.clear();
        mark(one);
    }
}

/// A person wants it tried once more.
void Engine::Impl::resume_update(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    if (!std::exchange(updates_[service].paused, false)) return;
    updates_[service].next_at = Instant::min();
    resolve(index, "update_paused", "the update is tried again");
    for (const TargetIndex one : graph_.targets_of(service)) {
        mark(one);
        wake(one);
    }
}

}  // namespace keepwell::engine
