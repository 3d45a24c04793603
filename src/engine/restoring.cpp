// What of a target outlives keepwell: written down whenever it changes, taken up again at the start.
#include <string_view>

#include "engine/core.hpp"

namespace keepwell::engine {
namespace {

/// The reverse of to_string(); what an incident was opened for is one of these.
Reason reason_of(std::string_view text) {
    for (const Reason reason : {Reason::exited, Reason::start_failed, Reason::overdue, Reason::attempts_used_up}) {
        if (to_string(reason) == text) return reason;
    }
    return Reason::unhealthy;
}

/// A `stop` rung is as final as a person, and as long as that holds it stands in the place of an incident's reason.
bool stopped_by_ladder(const TargetMemory& memory) {
    return memory.operator_stopped && memory.incident_reason == to_string(Reason::ladder_stop);
}

}  // namespace

void Engine::Impl::on(const event::Restored& event) {
    const bool known = event.target < targets_.size();
    const bool in_time = known && (!begun_ || (is_container(event.target) && !targets_[event.target].container.seen));
    if (!in_time) return unexpected(no_target, "restored too late, or for no target");
    restored_[event.target] = event.memory;
}

TargetMemory Engine::Impl::memory(TargetIndex index) const {
    const Target& target = targets_[index];
    TargetMemory memory;
    memory.target = name(index);
    if (target.container.left && !target.joined) return memory;  // its entry is gone, and all of it forgotten
    memory.version = spec(index).version;
    memory.instance = target.instance;
    memory.started_at = target.health.started_at;
    memory.phase = shutting_down_ && target.phase == Phase::completed ? Phase::stopped : target.phase;
    if (shutting_down_ && is_container(index)) memory.phase = target.left_in;
    if (target.taken_as_started) memory.phase = Phase::waiting;
    memory.owes_start = target.owes_start;
    memory.updated_to = target.container.updated_to;
    if (updates_[policy_.targets[index].service].paused) memory.gave_up = made_of_now(index);
    memory.made_of = target.made_of;
    memory.stop_signal = policy_.targets[index].process.stop_signal;
    memory.stop_grace = grace(index);
    memory.replacing = target.container.replacing;
    memory.previous = target.container.previous;
    memory.health = target.health.answered;
    memory.failing_streak = target.health.failing_streak;
    memory.operator_stopped = target.final_stop && !target.leaving;  // or by a `stop` rung: see stopped_by_ladder()
    memory.paused = target.paused;
    memory.remediation = target.remediation;
    memory.rung = target.rung;
    memory.attempt = target.attempt;
    memory.in_a_row = target.in_a_row;
    memory.restarts = target.restarts;
    memory.history = target.history;
    memory.quarantines = target.quarantines;
    memory.retry_at = target.remediation == Remediation::quarantined ? target.retry_at : target.start_at;
    memory.incident = target.incident;
    const bool by_ladder = memory.operator_stopped && !target.operator_stopped;
    memory.incident_reason = to_string(by_ladder ? Reason::ladder_stop : target.incident_reason);
    memory.last_exit = target.last_exit;
    memory.has_exited = target.has_exited;
    if (const auto& unseen = restored_[index]) return *unseen;  // nothing newer is known
    return memory;
}

/// A changed entry is a new policy version: it starts with no history, as Swarm's does (restart.go, SpecVersion).
void Engine::Impl::restore(TargetIndex index, const TargetMemory& memory) {
    restore_history(index, memory);
    if (memory.instance.exists()) {
        restore_alive(index, memory);
    } else {
        restore_dead(index, memory);
    }
    mark(index);
}

void Engine::Impl::restore_history(TargetIndex index, const TargetMemory& memory) {
    Target& target = targets_[index];
    target.operator_stopped = memory.operator_stopped && !stopped_by_ladder(memory);
    target.paused = memory.paused;
    target.restarts = memory.restarts;
    target.last_exit = memory.last_exit;
    target.has_exited = memory.has_exited;
    target.made_of = memory.made_of;
    target.incident = memory.incident;
    target.incident_since = now_;
    target.incident_reason = memory.incident ? reason_of(memory.incident_reason) : Reason::none;
    restore_update(index, memory);
    const bool same_version = memory.version == spec(index).version;
    if (same_version) {
        target.in_a_row = memory.in_a_row;
        target.history = memory.history;
        const std::size_t rungs = spec(index).on_unhealthy.size();
        if (memory.rung < rungs) target.rung = memory.rung;
        target.attempt = memory.attempt;
        target.last_restart = memory.started_at;  // not earlier than it was
        target.quarantines = memory.quarantines;
    }
    if (same_version && memory.remediation == Remediation::quarantined && !memory.operator_stopped) {
        set_remediation(index, Remediation::quarantined);
        target.retry_at = memory.retry_at == never ? now_ : memory.retry_at;  // it came due while keepwell ended
    }
}

/// Another version of the entry is another update.
void Engine::Impl::restore_update(TargetIndex index, const TargetMemory& memory) {
    const std::string& version = made_of_now(index);
    if (version.empty()) return;
    if (memory.updated_to == version) targets_[index].container.updated_to = version;
    if (memory.gave_up != version) return;
    Update& update = updates_[policy_.targets[index].service];
    update.paused = true;
    update.paused_by = index;
}

/// It lives: it is taken over as it is, and its health goes on, so that a healthy target does not flap.
void Engine::Impl::restore_alive(TargetIndex index, const TargetMemory& memory) {
    Target& target = targets_[index];
    target.instance = memory.instance;
    target.health.started_at = memory.started_at;
    target.final_stop = memory.operator_stopped;
    set_phase(index, Phase::running, Reason::adopted);
    const bool was_stopping = memory.phase == Phase::stopping || memory.operator_stopped;
    if (was_stopping && is_dry(index)) {
        const Remedy would = memory.operator_stopped ? Remedy::stop : Remedy::restart;
        note(index, fact::RemedyHeld{would, 0, 0, Hold::dry_run, never, {}}, spec(index).origin);
    } else if (was_stopping) {
        target.cause = StartCause::remedy;
        const Reason reason = memory.operator_stopped ? why_stopped(index) : Reason::remedy;
        if (is_container(index) && !memory.operator_stopped) return renew(index, reason);
        return begin_stop(index, reason, grace(index));
    }
    if (!check_of(index)) return await_proof(index);
    begin_health(target.health, memory.started_at);
    if (memory.health != Health::none) {
        target.health.answered = memory.health;
        target.health.failing_streak = memory.failing_streak;
    }
    arm_probe(index);
    show_health(index, Reason::adopted, {});
}

void Engine::Impl::restore_dead(TargetIndex index, const TargetMemory& memory) {
    Target& target = targets_[index];
    if (memory.operator_stopped) {
        target.final_stop = true;
        return set_phase(index, Phase::stopped, why_stopped(index));
    }
    const bool same_version = memory.version == spec(index).version;
    const bool same_made = memory.made_of.empty() ? same_version : memory.made_of == made_of_now(index);
    if (memory.phase == Phase::completed && same_made) {
        return set_phase(index, Phase::completed, Reason::condition, to_string(memory.last_exit));
    }
    const bool quarantined = target.remediation == Remediation::quarantined;
    const bool unseen = memory.phase == Phase::running && is_process(index) && same_made;
    if (unseen && !quarantined) return ended_unseen(index);
    const bool waits =
        same_version && memory.phase == Phase::backoff && memory.retry_at != never && memory.retry_at > now_;
    if (!quarantined && !waits && is_adopted(index)) return restore_adopted_dead(index, memory);
    if (!quarantined && !waits) return;  // a first start, like any other
    target.cause = StartCause::exited;
    if (!quarantined) {
        target.start_at = memory.retry_at;
        make_restart_due(index, Reason::exited);
    }
    set_phase(index, Phase::backoff, Reason::exited, to_string(memory.last_exit), memory.retry_at);
}

/// It ended while no keepwell was there: how, and when, is not known. Its restart policy says whether it runs again,
/// and counts that; it does not wait, and whatever else has ended is no storm.
void Engine::Impl::ended_unseen(TargetIndex index) {
    Target& target = targets_[index];
    target.last_exit = {};
    target.has_exited = true;
    const std::string how = to_string(target.last_exit);
    if (!condition_asks(spec(index).restart.condition, target.last_exit)) {
        raise(index, "not_restarted", how, spec(index).restart.origin);
        return set_phase(index, Phase::completed, Reason::condition, how);
    }
    if (is_dry(index)) return;
    if (attempts_left(spec(index).restart, target.history, now_)) {
        count_restart(index);
        return set_phase(index, Phase::waiting, Reason::exited, how);
    }
    restart_after_end(index, Reason::exited, how);
}

/// An adopted container is started only where it was keepwell that had ended it.
void Engine::Impl::restore_adopted_dead(TargetIndex index, const TargetMemory& memory) {
    Target& target = targets_[index];
    if (!memory.owes_start) return set_phase(index, Phase::stopped, Reason::not_running);
    target.cause = StartCause::remedy;
    target.owes_start = true;
    set_phase(index, Phase::backoff, Reason::remedy);
}

// ---- containers: when they are seen ---------------------------------------------------------------------------------

void Engine::Impl::restore_found(TargetIndex index, const event::Found& event) {
    TargetMemory memory = std::move(*restored_[index]);
    restored_[index].reset();
    if (restore_replacing(index, memory, event.instance)) return;
    if (!(memory.instance == event.instance)) {  // another life than the one that was known: somebody started it
        memory.instance = event.instance;
        memory.started_at = event.started_at;
        memory.phase = Phase::running;
        memory.health = Health::none;
        memory.failing_streak = 0;
        memory.operator_stopped = false;
    }
    restore(index, memory);
}

void Engine::Impl::restore_absent(TargetIndex index, const event::Absent& event) {
    TargetMemory memory = std::move(*restored_[index]);
    restored_[index].reset();
    if (restore_replacing(index, memory, {})) return;
    memory.instance = {};
    restore(index, memory);
    if (is_adopted(index) && !event.exists) forget_container(index);
}

/// An earlier keepwell ended in the middle of a replacement: what was being done is finished or undone.
bool Engine::Impl::restore_replacing(TargetIndex index, const TargetMemory& memory, const Instance& found) {
    Target& target = targets_[index];
    if (memory.replacing == Replacing::none) return false;
    if (is_dry(index)) {
        raise(index, "leftover", "a replacement was left half done; dry-run does not touch it", spec(index).origin);
        return false;
    }
    restore_history(index, memory);
    target.instance = memory.instance;
    target.container.previous = memory.previous;
    target.container.replacing = memory.replacing;
    if (memory.replacing == Replacing::proving && found.exists() && found == memory.instance) {
        restore_alive(index, memory);
        if (target.remediation == Remediation::idle) set_remediation(index, Remediation::due);
        set_remediation(index, Remediation::acting);
        target.remedy = Remedy::replace;
        verify(index);
        target.verify_until = later(now_, verify_time(index));
        target.renewed = target.container.renewed_by_replace = true;
        target.updating = !target.container.updated_to.empty();
        target.container.going_back = target.updating && target.container.outdated;
        return true;
    }
    set_phase(index, Phase::starting, Reason::adopted);
    settle_replacement(index,
                       memory.replacing == Replacing::committing ? Replacing::committing : Replacing::rolling_back);
    return true;
}

}  // namespace keepwell::engine
