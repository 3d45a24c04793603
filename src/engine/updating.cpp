// How a changed entry of the policy reaches the targets that keepwell made: a few slots at a time, each one proven
// before the next, and what is depended on first; and how a failed one is taken back. A container is replaced, a
// process restarted, and there is no way back for that. Source of the semantic: swarmkit
// manager/orchestrator/update/updater.go (parallelism, delay, monitor, failure_action).
#include <algorithm>
#include <utility>

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

/// Running from an older version of its entry, or to go back to it: asks whether it is its turn.
void Engine::Impl::try_update(TargetIndex index) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    const bool back = is_to_go_back(index);
    if (!back && (!outdated(index) || update.paused)) return;
    const Remedy remedy = is_process(index) ? Remedy::restart : Remedy::replace;
    const bool free = target.remediation == Remediation::idle && !in_command(target) && !target.container.frozen;
    if (!free || out_of_reach(index) || !may_update_one_more(service)) return;
    if (const Dependency* first = back ? nullptr : outdated_dependency(index)) {
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
    if (!back && !update.under_way) {
        update.under_way = true;
        note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::started, spec(index).name, {}},
             spec(index).origin);
    }
    begin_update(index, remedy, back);
}

/// Its turn has come: made of what its entry says now, or taken back to what it was made of before.
void Engine::Impl::begin_update(TargetIndex index, Remedy remedy, bool back) {
    Target& target = targets_[index];
    drop_hold(index);
    const Reason reason = back ? Reason::update_failed : Reason::changed;
    target.updating = true;
    target.container.going_back = back;
    target.container.updated_to = spec(index).container_version;
    target.remedy = remedy;
    target.remedy_reason = reason;
    target.cause = is_process(index) ? StartCause::changed : StartCause::remedy;
    ++target.attempt;
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyDue{remedy, 0, target.attempt, reason}, spec(index).origin);
    note(index, fact::RemedyStarted{remedy, 0, target.attempt, reason}, spec(index).origin);
    set_remediation(index, Remediation::acting);
    if (is_process(index)) return renew(index, reason);
    replace(index, reason, spec(index).update.order, back ? command::MadeFrom::previous : command::MadeFrom::entry);
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

bool Engine::Impl::may_update_one_more(ServiceIndex service) const {
    const std::uint32_t parallelism = policy_.services[service].update.parallelism;
    const auto& targets = graph_.targets_of(service);
    const auto busy =
        std::count_if(targets.begin(), targets.end(), [this](TargetIndex one) { return targets_[one].updating; });
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
    targets_[index].updating = false;
    const auto& targets = graph_.targets_of(service);
    for (const TargetIndex other : targets) wake(other);
    affects_others(index);  // those that depend on it may be next
    if (std::exchange(targets_[index].container.going_back, false) && updates_to_entry(index)) return gone_back(index);
    complete_update(service);
}

/// Every slot is of the entry, or was tried and is gone on without.
void Engine::Impl::complete_update(ServiceIndex service) {
    const auto& targets = graph_.targets_of(service);
    const auto left = [this](TargetIndex one) { return outdated(one) || targets_[one].updating; };
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    updates_[service] = {};
    forget_update(service);
    std::string kept;
    for (const TargetIndex one : targets) {
        if (targets_[one].container.update_given_up) kept += (kept.empty() ? "" : ", ") + name(one);
    }
    if (!kept.empty()) kept += " stays as it was";
    const ServiceSpec& spec = policy_.services[service];
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::completed, spec.name, kept}, spec.origin);
}

void Engine::Impl::gone_back(TargetIndex index) {
    const ServiceIndex service = policy_.targets[index].service;
    targets_[index].container.outdated = true;
    const auto left = [this](TargetIndex one) { return is_to_go_back(one) || targets_[one].updating; };
    const auto& targets = graph_.targets_of(service);
    if (std::any_of(targets.begin(), targets.end(), left)) return;
    forget_update(service);
    updates_[service].under_way = false;
    note(no_target, fact::UpdateChanged{fact::UpdateChanged::Step::rollback_completed, spec(index).name, {}},
         spec(index).update.origin);
}

/// A person has taken it over: the others go on without it.
void Engine::Impl::update_left(TargetIndex index) {
    targets_[index].updating = false;
    for (const TargetIndex other : graph_.targets_of(policy_.targets[index].service)) wake(other);
    affects_others(index);
}

/// The old container of this slot is back.
void Engine::Impl::update_failed(TargetIndex index, const std::string& why) {
    end_remediation(index);
    update_stalls(index, why);
}

bool Engine::Impl::updates_to_entry(TargetIndex index) const {
    const Target& target = targets_[index];
    return (is_process(index) ? target.made_of : target.container.updated_to) == made_of_now(index);
}

/// It failed to prove itself. What of the others? What was tried is the entry no more when that has changed meanwhile:
/// it says nothing about the next update.
void Engine::Impl::update_stalls(TargetIndex index, const std::string& why) {
    const ServiceIndex service = policy_.targets[index].service;
    Target& target = targets_[index];
    target.updating = false;
    const bool back = std::exchange(target.container.going_back, false);
    for (const TargetIndex other : graph_.targets_of(service)) wake(other);
    affects_others(index);
    if (!updates_to_entry(index)) return;
    const auto& targets = graph_.targets_of(service);
    const auto older = [this](TargetIndex one) { return outdated(one); };
    if (is_process(index) && std::none_of(targets.begin(), targets.end(), older)) {  // there is nothing to hold back
        updates_[service] = {};
        return;
    }
    const std::string detail = name(index) + (why.empty() ? " did not become healthy" : ": " + why);
    if (back) return pause_rollback(index, detail);
    switch (spec(index).update.failure_action) {
        case UpdateConfig::FailureAction::go_on: {
            target.container.outdated = false;
            target.container.update_given_up = is_container(index);  // it was tried; not again for this version
            updates_[service].next_at = later(now_, spec(index).update.delay);
            return complete_update(service);
        }
        case UpdateConfig::FailureAction::pause:
        case UpdateConfig::FailureAction::rollback: return pause_update(index, detail);
    }
}

/// Not tried again for this version, also by a later keepwell, until a person asks for it.
void Engine::Impl::pause_update(TargetIndex index, const std::string& why) {
    using Step = fact::UpdateChanged::Step;
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    if (std::exchange(update.paused, true)) return;  // another slot of the same round
    update.under_way = false;
    update.paused_by = index;
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

/// A person, or another entry, wants it tried once more.
void Engine::Impl::resume_update(TargetIndex index, std::string_view why) {
    const ServiceIndex service = policy_.targets[index].service;
    Update& update = updates_[service];
    if (update.paused) resolve(update.paused_by, "update_paused", std::string{why});
    const bool was_paused = std::exchange(update.paused, false);
    for (const TargetIndex one : graph_.targets_of(service)) {
        ContainerState& container = targets_[one].container;
        const bool given_up = std::exchange(container.update_given_up, false);
        if (given_up) container.outdated = true;
        if (!was_paused && !given_up) continue;
        update.next_at = Instant::min();
        mark(one);
        wake(one);
    }
}

}  // namespace keepwell::engine
