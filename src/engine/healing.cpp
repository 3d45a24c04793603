// The remediation machine: what is due, the ladder, whether it helped, quarantine, and the incident around it all.
// Sources: Swarm replaces what is unhealthy (moby daemon/cluster/executor/container/controller.go, checkHealth); the
// ladder with verification is NodeHealthCheck's escalatingRemediations (medik8s); quarantine is a circuit breaker.
#include <algorithm>
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

/// A remedy of the ladder is under way, or being proven.
bool Engine::Impl::active(const Target& target) {
    return target.by_ladder &&
           (target.remediation == Remediation::acting || target.remediation == Remediation::verifying);
}

void Engine::Impl::set_remediation(TargetIndex index, Remediation to) {
    Target& target = targets_[index];
    if (target.remediation == to) return;
    if (!allowed(target.remediation, to)) {
        unexpected(index,
                   "remediation " + std::string{to_string(target.remediation)} + " to " + std::string{to_string(to)});
    }
    const bool was_active = active(target);
    target.remediation = to;
    mark(index);
    if (was_active == active(target)) return;
    active_remedies_ += was_active ? -1 : 1;
    recount(index);
    if (was_active) wake_held(Hold::parallel);
}

Remedy Engine::Impl::remedy_of(TargetIndex index) const {
    const auto& ladder = spec(index).on_unhealthy;
    const Target& target = targets_[index];
    if (!target.by_ladder || ladder.empty()) return Remedy::restart;
    return keepwell::remedy_of(ladder[target.rung].action);
}

Origin rung_origin(const ServiceSpec& service, const Target& target) {
    if (!target.by_ladder) return service.restart.origin;
    const bool written =
        target.rung < service.on_unhealthy.size() && service.on_unhealthy[target.rung].origin.written();
    return written ? service.on_unhealthy[target.rung].origin : service.origin;
}

Origin dependency_origin(const ServiceSpec& service) {
    const auto restarts = [](const Dependency& dependency) { return dependency.restart; };
    const auto first = std::ranges::find_if(service.depends_on, restarts);
    const bool only_one = std::ranges::count_if(service.depends_on, restarts) == 1;
    return only_one ? first->origin : service.origin;
}

Origin Engine::Impl::rung_origin(TargetIndex index) const { return engine::rung_origin(spec(index), targets_[index]); }

Duration Engine::Impl::verify_time(TargetIndex index) const {
    const ServiceSpec& service = spec(index);
    const Healthcheck* check = check_of(index);
    return service.verify.value_or(check ? default_verify(*check) : proving_time(service.restart));
}

// ---- what the probes lead to --------------------------------------------------------------------------------------

/// What has failed until now was the trouble of somebody else: new failures have to prove it.
void Engine::Impl::excuse(TargetIndex index, bool by_dependency) {
    Target& target = targets_[index];
    target.streak_base = target.health.failing_streak;
    target.excused_by_dependency = by_dependency;
    recount(index);
}

void Engine::Impl::excuse_for_dependency(TargetIndex index) {
    if (unwell_dependency(index)) return excuse(index, true);
    if (targets_[index].streak_base > 0) recount(index);
}

bool Engine::Impl::is_proven_anew(TargetIndex index) const {
    const Target& target = targets_[index];
    return target.health.failing_streak - target.streak_base >= check_of(index)->retries;
}

/// A counted failure, and the target is unhealthy. `fresh_verdict`: this is a new instance's first verdict.
void Engine::Impl::judge_unhealthy(TargetIndex index, bool fresh_verdict, const std::string& output) {
    Target& target = targets_[index];
    const ServiceSpec& service = spec(index);
    open_incident(index, Reason::unhealthy, output);
    switch (target.remediation) {
        case Remediation::idle: {
            // What fails while a dependency is not well says nothing about this target: it is due, and held for that.
            const bool explained = unwell_dependency(index) != nullptr;
            const bool proven = explained || is_proven_anew(index);
            if (!service.on_unhealthy.empty() && !target.ladder_ended && proven && !shutting_down_)
                make_due(index, target.half_open ? Reason::half_open : Reason::unhealthy);
            return;
        }
        case Remediation::verifying:
            // The probes have said what there is to say: wait on only where `verify` was asked for.
            if (target.container.settle_id) return;
            if (fresh_verdict && !(target.by_ladder && service.verify)) not_proven(index, Reason::unhealthy);
            return;
        case Remediation::due:
        case Remediation::held:
        case Remediation::acting:
        case Remediation::quarantined: return;
    }
}

/// Healthy, or up for long enough where there is no probe: whatever was wrong is over.
void Engine::Impl::proven_healthy(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    if (target.container.replacing == Replacing::proving) {
        replacement_is_well(index);
        if (target.container.replacing == Replacing::proving) return;  // an update watches it a little longer
    }
    if (target.remediation == Remediation::verifying) {
        note(index, fact::RemedyVerified{target.remedy, target.rung, true}, rung_origin(index));
    }
    if (target.updating && is_process(index)) update_done(index);
    if (target.quarantines != 0) target.history.clear();
    if (target.in_a_row != 0) mark(index);
    target.in_a_row = 0;
    target.streak_base = 0;
    target.proven_at = never;
    forget_hook(index);
    const bool restart_is_held = target.dependency_restart && target.remediation == Remediation::held;
    if (!restart_is_held || target.by_ladder) end_remediation(index);
    if (target.dependency_restart) wake(index);
    close_incident(index, reason);
    if (std::exchange(target.renewed, false)) restart_dependants(index);
}

/// Nothing more is to be done about it: back to the first rung.
void Engine::Impl::end_remediation(TargetIndex index) {
    Target& target = targets_[index];
    if (target.remediation == Remediation::quarantined || target.quarantines)
        resolve(index, "quarantined", "the target is looked after again");
    const bool update_is_held = target.remediation == Remediation::idle && outdated(index);
    if (!update_is_held) drop_hold(index);
    if (target.updating && is_process(index)) update_left(index);
    if (outdated(index)) wake(index);
    set_remediation(index, Remediation::idle);
    target.by_ladder = false;
    target.half_open = false;
    target.ladder_ended = false;
    target.rung = 0;
    target.attempt = 0;
    target.quarantines = 0;
    target.verify_until = never;
    target.retry_at = never;
}

// ---- due ----------------------------------------------------------------------------------------------------------

void Engine::Impl::make_due(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    set_remediation(index, Remediation::due);
    target.by_ladder = true;
    target.remedy = remedy_of(index);
    target.remedy_reason = reason;
    note(index, fact::RemedyDue{target.remedy, target.rung, target.attempt + 1, reason}, rung_origin(index));
    wake(index);
}

/// A restart because the instance ended; the ladder keeps its rung.
void Engine::Impl::make_restart_due(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    set_remediation(index, Remediation::due);
    target.by_ladder = false;
    target.remedy = Remedy::restart;
    target.remedy_reason = reason;
    ++target.attempt;
    const bool by_dependency = reason == Reason::dependency_healed;
    note(index, fact::RemedyDue{Remedy::restart, target.rung, target.attempt, reason},
         by_dependency ? dependency_origin(spec(index)) : spec(index).restart.origin);
}

/// Due or held, and the instance lives: asks the gates.
void Engine::Impl::try_remedy(TargetIndex index) {
    Target& target = targets_[index];
    if (target.remediation != Remediation::due && target.remediation != Remediation::held) return;
    const std::optional<Closed> closed = closed_gate(index, Asking::ladder);
    const bool cause_was_elsewhere = target.hold.active && (target.hold.reason == Hold::dependency ||
                                                            (target.hold.reason == Hold::storm && !storm_overruled_));
    if (cause_was_elsewhere && (!closed || closed->reason != target.hold.reason)) {
        // What explained the failures is over: it may have recovered with it. Judge it by new failures.
        excuse(index, target.hold.reason == Hold::dependency);
        drop_hold(index);
        set_remediation(index, Remediation::idle);
        target.by_ladder = false;
        return;
    }
    const bool renews = target.remedy == Remedy::restart || target.remedy == Remedy::replace;
    const bool used_up = renews && !target.half_open && !attempts_left(spec(index).restart, target.history, now_);
    const bool cause_known = closed && closed->reason <= Hold::storm;  // a person, a window, or a cause elsewhere
    if (used_up && !cause_known) {
        set_remediation(index, Remediation::due);
        return quarantine(index, Reason::attempts_used_up);
    }
    if (closed) return hold(index, target.remedy, *closed);
    act(index);
}

// ---- done ---------------------------------------------------------------------------------------------------------

void Engine::Impl::act(TargetIndex index) {
    Target& target = targets_[index];
    drop_hold(index);
    set_remediation(index, Remediation::due);
    set_remediation(index, Remediation::acting);
    ++target.attempt;
    if (target.remedy != Remedy::notify) budget_.note(policy_.guard, now_);
    note(index, fact::RemedyStarted{target.remedy, target.rung, target.attempt, target.remedy_reason},
         rung_origin(index));
    switch (target.remedy) {
        case Remedy::start:
        case Remedy::restart: return act_restart(index);
        case Remedy::replace: return act_replace(index);
        case Remedy::run: return act_run(index, std::get<RunRung>(spec(index).on_unhealthy[target.rung].action));
        case Remedy::stop: return act_stop(index);
        case Remedy::notify: return act_notify(index);
    }
}

void Engine::Impl::act_restart(TargetIndex index) {
    Target& target = targets_[index];
    count_restart(index);
    target.cause = StartCause::remedy;
    decisions_.commands.push_back(command::KeepEvidence{index, target.incident});
    renew(index, Reason::remedy);
}

void Engine::Impl::act_replace(TargetIndex index) {
    Target& target = targets_[index];
    count_restart(index);
    target.cause = StartCause::remedy;
    replace(index, Reason::remedy, std::get<ReplaceRung>(spec(index).on_unhealthy[target.rung].action).order,
            command::MadeFrom::itself);
}

void Engine::Impl::act_run(TargetIndex index, const RunRung& rung) {
    Target& target = targets_[index];
    target.hook_id = new_id();
    target.command_overdue = later(now_, rung.timeout + hook_patience);
    decisions_.commands.push_back(command::RunHook{target.hook_id, index, target.rung, rung.timeout});
}

void Engine::Impl::act_stop(TargetIndex index) {
    Target& target = targets_[index];
    target.final_stop = true;
    decisions_.commands.push_back(command::KeepEvidence{index, target.incident});
    raise(index, "not_restarted", "on_unhealthy says stop", rung_origin(index));
    begin_stop(index, Reason::ladder_stop, grace(index));
}

void Engine::Impl::act_notify(TargetIndex index) {
    Target& target = targets_[index];
    raise(index, "notify", "unhealthy", rung_origin(index));
    note(index, fact::RemedyFinished{Remedy::notify, target.rung, true, {}}, rung_origin(index));
    if (target.rung + 1 < spec(index).on_unhealthy.size()) return next_rung(index, Reason::unhealthy);
    if (target.half_open) {  // telling was the try; the next one comes when it is due
        set_remediation(index, Remediation::due);
        return quarantine(index, Reason::remedy_failed);
    }
    // Telling was the last rung: it was told, and is left alone until it recovers or a person acts.
    set_remediation(index, Remediation::idle);
    target.by_ladder = false;
    target.ladder_ended = true;
}

void Engine::Impl::on(const event::HookFinished& event) {
    if (!known(event.target)) return;
    if (!was_issued(event.id)) return unexpected(event.target, "the completion of a hook that was not asked for");
    Target& target = targets_[event.target];
    if (event.id != target.hook_id) return;  // late: the target has ended or recovered meanwhile
    std::string detail = event.status.success() ? std::string{} : to_string(event.status);
    if (!detail.empty() && !event.output.empty()) detail += ": " + event.output;
    hook_done(event.target, event.status.success(), std::move(detail));
    wake(event.target);
}

/// Nobody waits for the command of a rung any more.
void Engine::Impl::forget_hook(TargetIndex index) {
    if (std::exchange(targets_[index].hook_id, 0)) guard_commands(index);
}

/// A command that failed goes to the next rung at once, but the last rung is not repeated without a pause.
void Engine::Impl::hook_done(TargetIndex index, bool success, std::string detail) {
    const Target& target = targets_[index];
    forget_hook(index);
    note(index, fact::RemedyFinished{Remedy::run, target.rung, success, std::move(detail)}, rung_origin(index));
    const bool last = target.rung + 1 >= spec(index).on_unhealthy.size();
    if (success || last) return verify(index);
    next_rung(index, Reason::remedy_failed);
}

/// The remedy is done; now it has to be proven.
void Engine::Impl::verify(TargetIndex index) {
    Target& target = targets_[index];
    set_remediation(index, Remediation::verifying);
    if (target.by_ladder) target.verify_until = later(now_, verify_time(index));
}

/// We can not ask, which says nothing about the remedy. Its place is given back; once the target can be asked and is
/// unhealthy still, the next rung is due.
void Engine::Impl::leave_unproven(TargetIndex index) {
    Target& target = targets_[index];
    if (target.by_ladder) climb(index);
    set_remediation(index, Remediation::idle);
    target.by_ladder = false;
}

/// It was not proven to have helped.
void Engine::Impl::not_proven(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    target.verify_until = never;
    const bool replaced = target.container.replacing == Replacing::proving;
    if (replaced && target.shown_health == Health::unknown) {  // it can not be judged: wait until it can
        target.verify_until = later(now_, verify_time(index));
        return;
    }
    if (target.shown_health == Health::unknown && !target.half_open) return leave_unproven(index);
    note(index, fact::RemedyVerified{target.remedy, target.rung, false}, rung_origin(index));
    open_incident(index, Reason::unhealthy, {});
    if (replaced) return roll_back(index, reason);
    if (target.updating) update_stalls(index, {});
    if (target.half_open) return quarantine(index, Reason::remedy_failed);
    if (target.by_ladder) return next_rung(index, reason);
    // A restart after an exit: the new instance lives, but is unhealthy. Now the ladder's turn.
    if (spec(index).on_unhealthy.empty()) {
        set_remediation(index, Remediation::due);
        return set_remediation(index, Remediation::idle);
    }
    make_due(index, reason);
}

/// The last rung repeats.
void Engine::Impl::climb(TargetIndex index) {
    const auto last = static_cast<std::uint32_t>(spec(index).on_unhealthy.size()) - 1;
    targets_[index].rung = std::min(targets_[index].rung + 1, last);
}

void Engine::Impl::next_rung(TargetIndex index, Reason reason) {
    climb(index);
    make_due(index, reason);
}

void Engine::Impl::count_restart(TargetIndex index) {
    Target& target = targets_[index];
    note_restart(spec(index).restart, target.history, now_);
    ++target.in_a_row;
    ++target.restarts;
    target.last_restart = now_;
    mark(index);
}

// ---- quarantine -----------------------------------------------------------------------------------------------------

void Engine::Impl::quarantine(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    open_incident(index, reason, {});
    drop_hold(index);
    set_remediation(index, Remediation::quarantined);
    target.half_open = false;
    target.start_at = never;
    target.verify_until = never;
    target.proven_at = never;
    ++target.quarantines;
    target.retry_at = later(now_, quarantine_distance(spec(index).quarantine, target.quarantines));
    note(index, fact::Quarantined{reason, target.restarts, target.retry_at}, spec(index).restart.origin);
    raise(index, "quarantined", std::string{describe(reason)}, spec(index).restart.origin);
    affects_others(index);
}

/// One try; what it leads to decides.
void Engine::Impl::try_out_of_quarantine(TargetIndex index) {
    Target& target = targets_[index];
    if (shutting_down_ || target.remediation != Remediation::quarantined) return;
    const bool lives = target.phase == Phase::running;
    const bool sick = target.shown_health == Health::unhealthy && !spec(index).on_unhealthy.empty();
    if (lives && !sick) {  // nothing to heal at the moment, or nothing to heal it with: ask again later
        target.retry_at = later(now_, quarantine_distance(spec(index).quarantine, target.quarantines));
        return mark(index);
    }
    target.half_open = true;
    if (lives) {
        target.rung = static_cast<std::uint32_t>(spec(index).on_unhealthy.size()) - 1;
        return make_due(index, Reason::half_open);
    }
    target.cause = StartCause::exited;
    make_restart_due(index, Reason::half_open);
    count_restart(index);
    wake(index);
}

// ---- dependants -----------------------------------------------------------------------------------------------------

/// depends_on … restart: true, after a new instance of `index` is well.
void Engine::Impl::restart_dependants(TargetIndex index) {
    const bool replaced = std::exchange(targets_[index].container.renewed_by_replace, false);
    for (const Graph::Dependant& dependant : graph_.dependants_of(policy_.targets[index].service)) {
        if (!dependant.restart) continue;
        for (const TargetIndex other : graph_.targets_of(dependant.service)) {
            if (targets_[other].phase != Phase::running) continue;  // it will start afresh anyway
            targets_[other].dependency_restart = true;
            targets_[other].container.dependency_replaced = replaced;
            wake(other);
        }
    }
}

void Engine::Impl::try_dependency_restart(TargetIndex index) {
    Target& target = targets_[index];
    const bool busy = target.remediation == Remediation::acting || target.remediation == Remediation::quarantined ||
                      target.container.replacing != Replacing::none;
    if (busy) return;
    target.verify_until = never;
    if (target.by_ladder || target.remediation != Remediation::held) {
        set_remediation(index, Remediation::idle);
        make_restart_due(index, Reason::dependency_healed);
    }
    const std::optional<Closed> closed = closed_gate(index, Asking::restart);
    if (closed) hold(index, Remedy::restart, *closed);
    if (closed && closed->reason != Hold::dry_run) return;  // asked again when it opens
    target.dependency_restart = false;
    if (closed) return end_remediation(index);
    drop_hold(index);
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyStarted{Remedy::restart, target.rung, target.attempt, Reason::dependency_healed},
         dependency_origin(spec(index)));
    set_remediation(index, Remediation::acting);
    ++target.restarts;
    target.cause = StartCause::dependency;
    // What lived in the namespace of a container that is another one now can not be started again: it names the old id.
    const bool anew = std::exchange(target.container.dependency_replaced, false) && target.container.shares_namespace;
    if (anew) {
        target.remedy = Remedy::replace;
        return replace(index, Reason::dependency_healed, ReplaceOrder::stop_first, newest(index));
    }
    renew(index, Reason::dependency_healed);
}

// ---- incidents ------------------------------------------------------------------------------------------------------

void Engine::Impl::open_incident(TargetIndex index, Reason reason, std::string detail) {
    Target& target = targets_[index];
    if (target.incident) return;
    target.incident = ++last_incident_;
    target.incident_since = now_;
    target.incident_reason = reason;
    note(index, fact::IncidentOpened{target.incident, reason, std::move(detail)}, spec(index).origin);
    affects_others(index);
}

void Engine::Impl::close_incident(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    if (!target.incident) return;
    note(index, fact::IncidentClosed{target.incident, reason, now_ - target.incident_since}, spec(index).origin);
    target.incident = 0;
    target.incident_reason = Reason::none;
    affects_others(index);
}

}  // namespace keepwell::engine
