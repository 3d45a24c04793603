// Another policy takes the place of the one that is followed. Services are the same ones when they are called the same,
// targets when they are the same slot of the same service (`web`, and `web.1` beside others). An index never changes
// its owner while anything of that owner is awaited, so that what was asked for before is answered to the right one.
// What has not changed is not touched. docs/reload.md has the effects.
#include <algorithm>
#include <map>
#include <utility>

#include "engine/core.hpp"
#include "keepwell/model/change.hpp"
#include "keepwell/model/joining.hpp"

namespace keepwell::engine {

void Engine::Impl::on(const event::PolicyChanged& event) {
    if (!has_begun()) return;
    if (shutting_down_ || !event.policy) return unexpected(no_target, "a policy that can not be followed now");
    fact::PolicyReloaded reloaded{policy_.version, event.policy->version, event.by, {}};
    const std::vector<Writer> written_before = written_by_;
    added_.clear();
    gone_.clear();
    returned_.clear();
    const Policy former = std::exchange(policy_, merged(*event.policy));
    reloaded.changes = changes_since(former, written_before);
    note(no_target, std::move(reloaded));

    const bool same = former.version == policy_.version && former.mode == policy_.mode;
    if (same) return;
    rebuild_graph();
    for (const TargetIndex index : returned_) come_back(index);
    const auto before = static_cast<TargetIndex>(former.targets.size());
    for (TargetIndex index = 0; index < before; ++index) {
        if (!targets_[index].container.left && !targets_[index].leaving) follow_changes(index, former);
    }
    for (const TargetIndex index : added_) enrol(index);
    follow_names();
    for (TargetIndex index = 0; index < targets_.size(); ++index) recount(index);
    follow_storm();
    for (TargetIndex index = 0; index < targets_.size(); ++index) wake(index);
    const bool may_join = !policy_.templates.empty() || !former.templates.empty();
    const bool orphans_come_due = backend_ != Backend::unseen && former.mode != policy_.mode;
    if (may_join || orphans_come_due) decisions_.commands.push_back(command::Look{});
}

// ---- one policy out of two -----------------------------------------------------------------------------------------

/// The new policy, with everything at the index that it has had.
Policy Engine::Impl::merged(const Policy& next) {
    Policy into = policy_;
    into.name = next.name;
    into.mode = next.mode;
    into.guard = next.guard;
    into.quantum = next.quantum;
    into.record = next.record;
    into.state_dir = next.state_dir;
    into.files = next.files;
    into.version = next.version;
    const std::vector<ServiceIndex> at = take_services(into, next);
    take_targets(into, next, at);
    into.templates = next.templates;
    for (TargetSpec& one : into.templates) one.service = at[one.service];
    take_joined(into);
    return into;
}

/// Where each service of `next` is. One whose entry is gone keeps its place, in case that it comes back.
std::vector<ServiceIndex> Engine::Impl::take_services(Policy& into, const Policy& next) {
    std::map<std::string, ServiceIndex> known;
    for (ServiceIndex service = 0; service < into.services.size(); ++service) {
        if (written_by_[service] == Writer::labels) continue;
        known.emplace(into.services[service].name, service);
        written_by_[service] = Writer::nobody;
        into.services[service].origin = {};  // it is in no file that can be pointed at
        into.maintenance[service].clear();
    }
    std::vector<ServiceIndex> at;
    for (const ServiceSpec& service : next.services) {
        const auto next_free = static_cast<ServiceIndex>(into.services.size());
        const auto [found, is_new] = known.emplace(service.name, next_free);
        at.push_back(found->second);
        if (!is_new) continue;
        into.services.emplace_back();
        into.maintenance.emplace_back();
        written_by_.push_back(Writer::nobody);
        maintenance_until_.push_back(Instant::min());
        updates_.emplace_back();
        labelled_.emplace_back();
    }
    for (ServiceIndex service = 0; service < next.services.size(); ++service) {
        into.services[at[service]] = next.services[service];
        into.maintenance[at[service]] = next.maintenance[service];
        written_by_[at[service]] = Writer::policy;
        for (Dependency& dependency : into.services[at[service]].depends_on)
            dependency.service = at[dependency.service];
    }
    return at;
}

void Engine::Impl::take_targets(Policy& into, const Policy& next, const std::vector<ServiceIndex>& at) {
    const auto slot_of = [](const TargetSpec& target) { return std::pair{target.service, target.slot}; };
    std::map<std::pair<ServiceIndex, std::uint32_t>, TargetIndex> known;
    for (TargetIndex index = 0; index < into.targets.size(); ++index) {
        if (!targets_[index].joined) known.emplace(slot_of(into.targets[index]), index);
    }
    std::map<TargetIndex, TargetSpec> waiting;
    std::vector<bool> wanted(into.targets.size(), false);
    for (TargetSpec target : next.targets) {
        target.service = at[target.service];
        const auto found = known.find(slot_of(target));
        if (found == known.end()) {
            added_.push_back(static_cast<TargetIndex>(into.targets.size()));
            into.targets.push_back(std::move(target));
            grow();
            targets_.back().container.left = true;
            continue;
        }
        const TargetIndex index = found->second;
        const bool is_free = targets_[index].container.left;
        if (is_free) added_.push_back(index);
        const bool same = same_being(into.targets[index], target);
        const bool returns = same && may_come_back(targets_[index]);
        const bool stays = is_free || returns || (!targets_[index].leaving && same);
        if (returns) returned_.push_back(index);
        wanted[index] = stays;
        if (stays) {
            into.targets[index] = std::move(target);
        } else {
            waiting.emplace(index, std::move(target));
        }
    }
    successors_ = std::move(waiting);
    for (const auto& [slot, index] : known) {
        const Target& target = targets_[index];
        if (!wanted[index] && !target.container.left && !target.leaving) gone_.push_back(index);
    }
}

/// What joined by a template follows it; what joined by labels knows of no policy.
void Engine::Impl::take_joined(Policy& into) {
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
        const Target& target = targets_[index];
        TargetSpec& spec = into.targets[index];
        if (!target.joined || target.container.left || written_by_[spec.service] == Writer::labels) continue;
        const auto its = std::find_if(into.templates.begin(), into.templates.end(), [&spec](const TargetSpec& one) {
            return one.service == spec.service && same_being(one, spec);
        });
        if (its == into.templates.end()) {
            gone_.push_back(index);
            continue;
        }
        TargetSpec renewed = *its;
        renewed.name = spec.name;
        renewed.selector = spec.selector;
        expand_name(renewed);
        spec = std::move(renewed);
    }
}

void Engine::Impl::rebuild_graph() {
    graph_ = Graph{policy_};
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
        if (targets_[index].container.left) graph_.remove_target(policy_.targets[index].service, index);
    }
    follow_names();
}

/// One line a service that is not as it was.
std::vector<std::string> Engine::Impl::changes_since(const Policy& former, const std::vector<Writer>& before) const {
    std::vector<std::string> lines;
    for (ServiceIndex service = 0; service < policy_.services.size(); ++service) {
        const std::string& name = policy_.services[service].name;
        const bool was = service < before.size() && before[service] == Writer::policy;
        const bool is = written_by_[service] == Writer::policy;
        if (was && !is) lines.push_back(name + ": removed");
        if (is && !was) lines.push_back(name + ": added");
        if (!is || !was) continue;
        const auto of_it = [&](TargetIndex index) { return policy_.targets[index].service == service; };
        const bool scaled =
            std::any_of(added_.begin(), added_.end(), of_it) || std::any_of(gone_.begin(), gone_.end(), of_it);
        const bool changed = former.services[service].version != policy_.services[service].version;
        if (!changed && scaled) lines.push_back(name + ": scaled");
        if (!changed) continue;
        Effect strongest = Effect::rules;
        for (const TargetIndex index : graph_.targets_of(service)) {
            if (index >= former.targets.size()) continue;
            if (successors_.contains(index)) strongest = Effect::exchange;
            strongest = std::max(strongest, effect_of(former.services[service], former.targets[index],
                                                      policy_.services[service], policy_.targets[index]));
        }
        lines.push_back(name + ": " + std::string{to_string(strongest)});
    }
    return lines;
}

// ---- come and gone -------------------------------------------------------------------------------------------------

void Engine::Impl::enrol(TargetIndex index) {
    targets_[index] = Target{};
    targets_[index].phase_since = now_;
    restored_[index].reset();
    ++present_;
    graph_.add_target(policy_.targets[index].service, index);
    note(index, fact::Membership{true, {}}, spec(index).origin);
    if (is_container(index)) decisions_.commands.push_back(command::Look{index});
    affects_others(index);
    wake(index);
}

/// Its entry is gone: it ends after those that depend on it and go as well; what was adopted is released as it is.
void Engine::Impl::begin_leaving(TargetIndex index) {
    Target& target = targets_[index];
    target.leaving = true;
    target.updating = target.dependency_restart = false;
    restored_[index].reset();
    end_probing(index);
    forget_hook(index);
    target.start_at = target.proven_at = target.verify_until = never;
    if (target.remediation == Remediation::acting) {
        leave_ladder(index);
    } else {
        end_remediation(index);
    }
    drop_hold(index);
    wake(index);
}

/// It was to go, and nothing of it has been ended yet: dry-run holds that, or it waits for those that depend on it.
bool Engine::Impl::may_come_back(const Target& target) {
    const bool lives = target.phase == Phase::running && target.instance.exists() && !target.remains.exists();
    const bool is_ending = in_command(target) || target.stop_id || !target.strays.empty() || target.final_stop ||
                           target.container.replacing != Replacing::none;
    return target.leaving && lives && !is_ending;
}

void Engine::Impl::come_back(TargetIndex index) {
    Target& target = targets_[index];
    target.leaving = false;
    end_remediation(index);
    drop_hold(index);
    end_probing(index);  // what its container's engine has said meanwhile
    begin_probing(index, target.health.started_at);
    await_proof(index);
    if (is_container(index)) decisions_.commands.push_back(command::Look{index});
    wake(index);
}

void Engine::Impl::try_leave(TargetIndex index) {
    Target& target = targets_[index];
    const bool awaited = in_command(target) || target.stop_id || !target.strays.empty();
    if (awaited) return;
    if (target.container.replacing == Replacing::proving) return settle_replacement(index, Replacing::committing);
    const bool lives = target.phase == Phase::running && target.instance.exists();
    if (is_adopted(index) && target.owes_start && target.phase == Phase::backoff && !is_dry(index)) {
        return give_back(index);
    }
    if ((!lives && !target.remains.exists()) || is_adopted(index)) return leave(index);
    if (is_dry(index)) return hold_quietly(index, Remedy::stop, {Hold::dry_run, never, {}, spec(index).origin});
    if (target.remains.exists()) return end_remains(index);
    if (!dependants_have_left(index)) return;
    drop_hold(index);
    target.final_stop = true;
    begin_stop(index, Reason::removed, grace(index));
}

/// Keepwell had stopped it to start it again, and nobody else would: it is released as it was, if it can be.
void Engine::Impl::give_back(TargetIndex index) {
    if (out_of_reach(index)) return;  // asked again when the container engine is back
    targets_[index].owes_start = false;
    targets_[index].cause = StartCause::remedy;
    start(index);
}

bool Engine::Impl::dependants_have_left(TargetIndex index) const {
    const auto& dependants = graph_.dependants_of(policy_.targets[index].service);
    return std::none_of(dependants.begin(), dependants.end(), [this](const Graph::Dependant& dependant) {
        const auto& targets = graph_.targets_of(dependant.service);
        return std::any_of(targets.begin(), targets.end(), [this](TargetIndex one) { return targets_[one].leaving; });
    });
}

void Engine::Impl::leave(TargetIndex index) {
    end_probing(index);
    end_remediation(index);
    drop_hold(index);
    close_incident(index, Reason::removed);
    note(index, fact::Membership{false, {}});
    if (is_container(index)) decisions_.commands.push_back(command::Release{index});
    graph_.remove_target(policy_.targets[index].service, index);
    --present_;
    targets_[index] = Target{};
    targets_[index].container.left = true;
    follow_names();
    affects_others(index);
    for (const Dependency& dependency : spec(index).depends_on) {  // they may go next
        for (const TargetIndex other : graph_.targets_of(dependency.service)) wake(other);
    }
    const auto successor = successors_.find(index);
    if (successor == successors_.end()) return;
    policy_.targets[index] = std::move(successor->second);
    successors_.erase(successor);
    enrol(index);
}

// ---- what stays ----------------------------------------------------------------------------------------------------

void Engine::Impl::follow_changes(TargetIndex index, const Policy& former) {
    const bool goes = std::find(gone_.begin(), gone_.end(), index) != gone_.end();
    if (goes) return begin_leaving(index);
    const ServiceIndex service = policy_.targets[index].service;
    if (service >= former.services.size()) return;
    const ServiceSpec& old = former.services[service];
    if (former.targets[index].name != name(index)) mark(index);  // it is remembered by its name
    const bool was_dry = former.mode == Mode::dry_run || old.dry_run;
    if (was_dry && !is_dry(index)) leave_dry_run(index);
    const TargetSpec& was = former.targets[index];
    const TargetSpec& is = policy_.targets[index];
    const bool changed = old.version != spec(index).version || was.version != is.version || was.question != is.question;
    if (changed) entry_changed(index, former);
}

/// What dry-run had only taken as started is started; what it held comes due.
void Engine::Impl::leave_dry_run(TargetIndex index) {
    Target& target = targets_[index];
    end_remains(index);
    target.would_last.reset();
    if (!target.taken_as_started) return;
    end_probing(index);
    end_remediation(index);
    drop_hold(index);
    target.taken_as_started = false;
    target.proven_at = never;
    target.cause = StartCause::initial;
    set_phase(index, Phase::waiting, Reason::policy);
}

/// Nothing may start beside it, or stay when its target leaves.
void Engine::Impl::end_remains(TargetIndex index) {
    Instance remains = std::exchange(targets_[index].remains, {});
    if (remains.exists()) end_stray(index, remains);
}

void Engine::Impl::entry_changed(TargetIndex index, const Policy& former) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    mark(index);
    if (former.services[service].container_version != spec(index).container_version) forget_update(service);
    resume_update(index, "its entry has changed");
    judge_by_new_rules(index);
    follow_version(index, former.services[service]);
    follow_check(index, former.services[service], former.targets[index]);
    if (target.taken_as_started && is_dry(index)) {
        hold_quietly(index, Remedy::start, {Hold::dry_run, never, {}, spec(index).origin});
    }
    const std::string& made_of = made_of_now(index);
    const bool made_anew = !target.made_of.empty() && target.made_of != made_of;
    if (target.phase == Phase::completed && made_anew && !target.final_stop) {
        target.cause = StartCause::initial;
        set_phase(index, Phase::waiting, Reason::changed);
    }
    if (is_container(index)) decisions_.commands.push_back(command::Look{index});
}

/// What its container is made of is known as far as keepwell made it; the rest is told by the next look. What was held
/// of an update to the entry before is held no more.
void Engine::Impl::follow_version(TargetIndex index, const ServiceSpec& old) {
    Target& target = targets_[index];
    const bool another = old.container_version != spec(index).container_version;
    if (policy_.targets[index].kind == TargetKind::container && another) {
        target.container.outdated = !target.made_of.empty() && target.made_of != made_of_now(index);
    }
    const bool quiet = target.phase == Phase::running && target.remediation == Remediation::idle;
    if (quiet && !target.taken_as_started) drop_hold(index);
}

/// A changed entry starts with no history, as Swarm's does (restart.go, SpecVersion). What is being done is finished.
void Engine::Impl::judge_by_new_rules(TargetIndex index) {
    Target& target = targets_[index];
    target.history.clear();
    target.in_a_row = 0;
    excuse(index, false);
    target.rung = 0;  // an exit keeps it, and the ladder is another one
    const bool dead = target.phase == Phase::backoff;
    switch (target.remediation) {
        case Remediation::idle:
            target.ladder_ended = false;
            target.start_at = dead ? never : target.start_at;
            return;
        case Remediation::due:
            if (target.by_ladder) end_remediation(index);
            if (dead) target.start_at = never;
            return;
        case Remediation::held:
            if (!dead) return end_remediation(index);
            drop_hold(index);  // it waits for nothing that the new entry has not asked for
            set_remediation(index, Remediation::due);
            target.start_at = never;
            return;
        case Remediation::acting: {
            const bool by_hook = target.hook_id != 0;
            forget_hook(index);
            leave_ladder(index);
            if (by_hook) end_remediation(index);
            return;
        }
        case Remediation::verifying: return leave_ladder(index);
        case Remediation::quarantined: break;
    }
    end_remediation(index);
    if (!dead) return;
    target.cause = StartCause::exited;
    make_restart_due(index, Reason::changed);
}

/// What is being done goes on, but its rung is not to be found in the ladder any more.
void Engine::Impl::leave_ladder(TargetIndex index) {
    Target& target = targets_[index];
    if (target.quarantines) resolve(index, "quarantined", "its entry has changed");
    target.quarantines = 0;
    target.half_open = false;
    target.rung = 0;
    if (!std::exchange(target.by_ladder, false)) return;
    --active_remedies_;
    wake_held(Hold::parallel);
    const bool verified = target.remediation == Remediation::verifying;
    if (verified && target.container.replacing == Replacing::none) end_remediation(index);
}

/// Another schedule begins at once. By another question a target that was healthy counts as such until the answers say
/// otherwise, so that nothing flaps; any other is judged from the beginning.
void Engine::Impl::follow_check(TargetIndex index, const ServiceSpec& old, const TargetSpec& old_target) {
    Target& target = targets_[index];
    if (target.phase != Phase::running || target.container.frozen) return;
    const Healthcheck* const before = engine::check_of(old, target);
    const Healthcheck* const now = check_of(index);
    if (!now && !before) return;
    if (!now) {
        end_probing(index);
        return await_proof(index);
    }
    if (!before) {
        target.proven_at = never;
        return begin_probing(index, target.health.started_at);
    }
    const bool same_question =
        old.healthcheck.has_value() == is_asked(index) && old_target.question == policy_.targets[index].question;
    if (same_question && same_timings(*before, *now)) return;
    cancel_probe(index);
    if (!same_question) {
        if (target.health.answered != Health::healthy) target.health.answered = Health::starting;
        target.health.failing_streak = target.health.error_streak = target.streak_base = 0;
        target.container.stale = false;
    }
    arm_probe(index);
    show_health(index, Reason::changed, {});
}

}  // namespace keepwell::engine
