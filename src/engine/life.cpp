// The phase machine: starts, exits, stops, what depends on what, and keepwell's own end.
// Sources: Compose's depends_on (docker/compose pkg/compose/convergence.go), Swarm's restart supervisor
// (swarmkit manager/orchestrator/restart/restart.go), and the rule that a successor waits until the old one is dead.
#include <algorithm>
#include <utility>

#include "engine/core.hpp"
#include "keepwell/model/awaited.hpp"

namespace keepwell::engine {
namespace {

bool could_not_run(const Target& target) {
    return target.has_exited && target.last_exit.kind == ExitStatus::Kind::exec_failed;
}

}  // namespace

void Engine::Impl::set_phase(TargetIndex index, Phase to, Reason reason, std::string detail, Instant until) {
    Target& target = targets_[index];
    if (target.phase == to && target.phase_reason == reason && target.phase_detail == detail) return;
    if (target.phase != to && !allowed(target.phase, to)) {
        unexpected(index, "phase " + std::string{to_string(target.phase)} + " to " + std::string{to_string(to)});
    }
    const Phase from = std::exchange(target.phase, to);
    if (from != to) target.phase_since = now_;
    target.phase_reason = reason;
    target.phase_detail = detail;
    note(index, fact::PhaseChanged{from, to, reason, std::move(detail), until}, spec(index).origin);
    if (from != to) affects_others(index);
}

/// What is true of this target has changed: those that depend on it look again, and those that it depends on where they
/// wait for its end.
void Engine::Impl::affects_others(TargetIndex index) {
    recount(index);
    const ServiceIndex service = policy_.targets[index].service;
    for (const Graph::Dependant& dependant : graph_.dependants_of(service)) {
        for (const TargetIndex other : graph_.targets_of(dependant.service)) {
            recount(other);
            wake(other);
        }
    }
    for (const Dependency& dependency : spec(index).depends_on) {
        for (const TargetIndex other : graph_.targets_of(dependency.service)) {
            if (shutting_down_ || targets_[other].operator_stopped) wake(other);
        }
    }
}

// ---- dependencies -----------------------------------------------------------------------------------------------

Engine::Impl::Readiness Engine::Impl::readiness(DependencyCondition condition, TargetIndex of) const {
    const Target& target = targets_[of];
    const bool over = target.phase == Phase::completed;
    switch (condition) {
        case DependencyCondition::service_started:
            if (target.phase == Phase::running) return Readiness::met;
            if (could_not_run(target)) return over ? Readiness::impossible : Readiness::wait;
            return over || target.has_exited ? Readiness::met : Readiness::wait;
        case DependencyCondition::service_healthy:
            if (target.shown_health == Health::healthy) return Readiness::met;
            return over ? Readiness::impossible : Readiness::wait;
        case DependencyCondition::service_completed_successfully:
            if (!over) return target.taken_as_started ? Readiness::met : Readiness::wait;
            return target.last_exit.success() ? Readiness::met : Readiness::impossible;
    }
    return Readiness::wait;
}

Engine::Impl::Readiness Engine::Impl::readiness(const Dependency& dependency) const {
    Readiness worst = Readiness::met;
    for (const TargetIndex of : graph_.targets_of(dependency.service)) {
        const Target& target = targets_[of];
        const bool given_up = target.final_stop || target.remediation == Remediation::quarantined ||
                              target.shown_health == Health::unhealthy;  // so Compose does not wait for it either
        Readiness one = readiness(dependency.condition, of);
        if (one != Readiness::met && given_up && !dependency.required) one = Readiness::impossible;
        worst = std::max(worst, one);
    }
    return worst == Readiness::impossible && !dependency.required ? Readiness::met : worst;
}

/// Not well, so that what depends on it can not be expected to be: unhealthy, dead, or not yet proven healed.
bool Engine::Impl::unwell(TargetIndex index) const {
    const Target& target = targets_[index];
    if (target.phase == Phase::completed) return !target.last_exit.success();
    if (target.phase != Phase::running) return true;
    if (target.shown_health == Health::unhealthy) return true;
    return target.incident != 0 && target.shown_health != Health::healthy;
}

/// Unwell, or it may soon be called so: its last probe failed. Where both fail of one cause, who is judged first is
/// chance.
bool Engine::Impl::doubtful(TargetIndex index) const {
    return unwell(index) || targets_[index].health.failing_streak > 0;
}

/// The first dependency with a target of which that is so.
const Dependency* Engine::Impl::required_dependency(TargetIndex index, Judgement is_so) const {
    for (const Dependency& dependency : spec(index).depends_on) {
        if (!dependency.required) continue;
        const auto& targets = graph_.targets_of(dependency.service);
        if (std::any_of(targets.begin(), targets.end(), [&](TargetIndex of) { return (this->*is_so)(of); })) {
            return &dependency;
        }
    }
    return nullptr;
}

// ---- starts -----------------------------------------------------------------------------------------------------

void Engine::Impl::try_first_start(TargetIndex index) {
    Target& target = targets_[index];
    if (target.final_stop || !clear_to_start(target)) return;
    const bool only_by_person = is_adopted(index) && target.cause != StartCause::operated;
    const bool unknown = backend_ == Backend::unseen || !target.container.seen;
    if (is_container(index) && (unknown || only_by_person)) return;
    for (const Dependency& dependency : spec(index).depends_on) {
        const Readiness ready = readiness(dependency);
        if (ready == Readiness::met) continue;
        const Reason reason = ready == Readiness::wait ? Reason::dependency_wait : Reason::dependency_failed;
        const Awaited awaited{policy_.services[dependency.service].name, dependency.condition};
        return set_phase(index, Phase::waiting, reason, to_string(awaited));
    }
    const std::optional<Closed> closed = closed_gate(index, Asking::first_start);
    if (!closed) return start(index);
    hold(index, Remedy::start, *closed);
    if (closed->reason == Hold::dry_run) take_as_started(index);
}

void Engine::Impl::try_restart(TargetIndex index) {
    Target& target = targets_[index];
    if (target.remediation == Remediation::quarantined || !clear_to_start(target)) return;
    if (target.container.engine_is_restarting) return;  // that is who starts it
    if (target.cause != StartCause::exited) {  // a remedy, or a person's restart, that is half done: gates were asked
        if (target.start_at == never && !out_of_reach(index)) start(index);
        return;
    }
    const std::optional<Closed> closed = closed_gate(index, Asking::restart);
    if (!closed) return start(index);
    hold(index, Remedy::restart, *closed);
    if (closed->reason == Hold::dry_run) take_as_started(index);
}

Duration Engine::Impl::grace(TargetIndex index) const {
    const ServiceSpec& service = spec(index);
    if (!is_adopted(index) || service.stop_grace_written) return service.stop_grace_period;
    return targets_[index].container.stop_timeout.value_or(service.stop_grace_period);
}

Reason Engine::Impl::why_stopped(TargetIndex index) const {
    const Target& target = targets_[index];
    if (target.leaving) return Reason::removed;
    if (target.operator_stopped) return Reason::operated;
    return target.final_stop ? Reason::ladder_stop : Reason::shutdown;
}

void Engine::Impl::start(TargetIndex index) {
    Target& target = targets_[index];
    drop_hold(index);
    if (target.cause == StartCause::exited) {
        if (target.remediation == Remediation::held) set_remediation(index, Remediation::due);
        note(index, fact::RemedyStarted{Remedy::restart, target.rung, target.attempt, target.remedy_reason},
             spec(index).restart.origin);
        set_remediation(index, Remediation::acting);
    }
    target.taken_as_started = false;
    target.dependency_restart = false;
    target.start_at = never;
    target.last_start = now_;
    target.made_of = made_of_now(index);
    target.start_id = new_id();
    target.command_overdue = later(now_, start_patience);
    const Reason reason = target.cause == StartCause::initial    ? Reason::policy
                          : target.cause == StartCause::operated ? Reason::operated
                          : target.cause == StartCause::changed  ? Reason::changed
                                                                 : Reason::remedy;
    set_phase(index, Phase::starting, reason);
    decisions_.commands.push_back(command::Start{target.start_id, index});
}

Instant Engine::Impl::next_start(TargetIndex index, Duration wait) const {
    const Instant at = std::max(later(now_, wait), later(targets_[index].last_start, least_start_distance));
    return at <= now_ ? never : at;
}

/// Dry-run: nothing is started, but from here on the probes say what is true of whatever runs there.
void Engine::Impl::take_as_started(TargetIndex index) {
    Target& target = targets_[index];
    target.taken_as_started = true;
    target.instance = {};
    target.start_at = never;
    set_phase(index, Phase::running, Reason::dry_run);
    begin_probing(index, now_);
}

void Engine::Impl::on(const event::StartFinished& event) {
    if (is_nobodys(event)) {
        const int signal = policy_.targets[event.target].process.stop_signal;
        return discard({name(event.target), event.instance, signal, grace(event.target)});
    }
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (!was_issued(event.id)) return unexpected(event.target, "the completion of a start that was not asked for");
    if (event.id != target.start_id) {  // late: the engine went on without it
        if (!event.instance.exists()) return;
        if (is_container(event.target)) return;  // no second one: the container port tells what runs
        if (event.instance == target.instance) return unexpected(event.target, "a start completed twice");
        end_stray(event.target, event.instance);
        return rearm(event.target);
    }
    target.start_id = 0;
    guard_commands(event.target);
    if (target.phase == Phase::stopping) set_phase(event.target, Phase::starting, target.phase_reason);  // in place
    if (event.instance.exists()) {
        target.instance = event.instance;
        began_to_run(event.target, Reason::started);
    } else {
        target.last_exit = {ExitStatus::Kind::exec_failed, 127, event.failure};
        target.has_exited = true;
        ended_by_itself(event.target, Reason::start_failed);
    }
    wake(event.target);
}

/// A start that was given up, and whose target has left since, has made a process after all.
bool Engine::Impl::is_nobodys(const event::StartFinished& event) const {
    const bool is_there = begun_ && event.target < targets_.size();
    return is_there && event.instance.is_process() &&
           (targets_[event.target].container.left || !is_process(event.target));
}

void Engine::Impl::began_to_run(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    if (target.final_stop || shutting_down_) {
        return begin_stop(index, why_stopped(index), at_once_ ? Duration{0} : grace(index));
    }
    target.owes_start = false;
    target.would_last.reset();
    target.container.frozen = target.container.engine_is_restarting = false;
    target.renewed = target.cause != StartCause::initial;
    target.health.started_at = now_;
    set_phase(index, Phase::running, reason);
    begin_probing(index, now_);
    if (target.remediation == Remediation::acting) {
        note(index, fact::RemedyFinished{target.remedy, target.rung, true, {}}, rung_origin(index));
        verify(index);
    }
    await_proof(index);
    const bool watched = target.updating && is_process(index) && target.proven_at != never;
    if (watched) target.proven_at = later(now_, spec(index).update.monitor);
}

// ---- exits ------------------------------------------------------------------------------------------------------

void Engine::Impl::on(const event::Exited& event) {
    if (event.target == no_target) return;  // an orphan's, whose StopFinished follows
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (is_container(event.target) && taken_back(event)) return wake(event.target);
    const bool given_up = target.phase == Phase::backoff && target.container.engine_is_restarting;
    const bool lives = target.phase == Phase::running || target.phase == Phase::stopping;
    if ((!lives && !given_up) || !(event.instance == target.instance)) return;  // an old life, or a known end
    target.last_exit = event.status;
    target.has_exited = true;
    mark(event.target);
    if (target.phase == Phase::stopping) return;  // StopFinished says when all of it is dead
    if (is_container(event.target)) {
        container_exited(event.target, event.successor, given_up);
        return wake(event.target);
    }
    const bool ends_remains = event.remains && !is_dry(event.target);
    if (event.remains && !ends_remains) target.remains = event.instance;
    if (ends_remains) {
        target.stop_id = new_id();
        decisions_.commands.push_back(command::Stop{target.stop_id, event.target, event.instance, grace(event.target)});
    }
    ended_by_itself(event.target, Reason::exited);
    if (!ends_remains) target.instance = {};
    wake(event.target);
}

/// Told once more of the same end, which is another's doing than it looked: it was the container engine that took it
/// along, not a person who stopped it; or the other way round.
bool Engine::Impl::taken_back(const event::Exited& event) {
    Target& target = targets_[event.target];
    if (!(event.instance == target.container.ended)) return false;
    const bool was_a_persons = target.phase == Phase::stopped && target.operator_stopped;
    if (was_a_persons && event.successor == event::Successor::keepwell) {
        target.operator_stopped = target.final_stop = false;
        set_phase(event.target, Phase::waiting, Reason::exited);
        ended_by_itself(event.target, Reason::exited);
        return true;
    }
    const bool was_an_exit = target.phase == Phase::backoff && !target.container.engine_is_restarting;
    if (was_an_exit && event.successor == event::Successor::nobody) {
        note(event.target, fact::OperatorActed{event::Verb::stop, "the container engine's API"});
        target.operator_stopped = target.final_stop = true;
        stay_dead(event.target, Reason::operated);
        return true;
    }
    return false;
}

void Engine::Impl::container_exited(TargetIndex index, event::Successor successor, bool given_up) {
    Target& target = targets_[index];
    target.container.frozen = false;
    target.container.ended = target.instance;
    switch (successor) {
        case event::Successor::nobody: person_stopped_it(index); break;
        case event::Successor::engine: return engine_restarts_it(index);  // its instance is asked for when that ends
        case event::Successor::keepwell:
            if (given_up || target.container.engine_restarts) {
                engine_gave_up(index);
            } else {
                ended_by_itself(index, Reason::exited);
            }
            break;
    }
    if (target.container.replacing == Replacing::none) target.instance = {};
}

/// An instance ended, or could not be executed, and keepwell did not cause it.
void Engine::Impl::ended_by_itself(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    await_nothing(index);
    drop_hold(index);
    target.dependency_restart = false;
    target.container.engine_is_restarting = false;
    guard_commands(index);
    std::string how = to_string(target.last_exit);
    if (is_process(index) && target.stop_id) how += "; what it left running is ended";
    if (target.final_stop || shutting_down_) return come_to_rest(index, why_stopped(index));
    if (target.container.replacing == Replacing::proving) return replacement_ended(index, how);

    const bool again = condition_asks(spec(index).restart.condition, target.last_exit);
    if (target.updating) again || !target.last_exit.success() ? update_stalls(index, how) : update_done(index);
    if (!again) return not_restarted(index, reason, how);
    open_incident(index, reason, how);
    if (target.remediation == Remediation::acting) {
        note(index, fact::RemedyFinished{target.remedy, target.rung, false, how}, rung_origin(index));
    } else if (target.remediation == Remediation::verifying) {
        note(index, fact::RemedyVerified{target.remedy, target.rung, false}, rung_origin(index));
    }
    restart_after_end(index, reason, how);
}

/// Its restart policy asks for no restart.
void Engine::Impl::not_restarted(TargetIndex index, Reason reason, const std::string& how) {
    if (!targets_[index].last_exit.success()) {
        open_incident(index, reason, how);
        raise(index, "not_restarted", how, spec(index).restart.origin);
    }
    end_remediation(index);
    set_phase(index, Phase::completed, Reason::condition, how);
    close_incident(index, Reason::condition);
}

/// After its wait; with its attempts used up, not before quarantine says so.
void Engine::Impl::restart_after_end(TargetIndex index, Reason reason, const std::string& how) {
    Target& target = targets_[index];
    const RestartPolicy& restart = spec(index).restart;
    target.cause = StartCause::exited;
    if (target.remediation == Remediation::quarantined && !target.half_open) {  // it waits for its next try, dead now
        return set_phase(index, Phase::backoff, reason, how, target.retry_at);
    }
    make_restart_due(index, reason);
    const bool allowed_again = !target.half_open && attempts_left(restart, target.history, now_);
    if (allowed_again) {
        count_restart(index);
        target.start_at = next_start(index, restart_wait(restart, target.in_a_row));
    }
    set_phase(index, Phase::backoff, reason, how, target.start_at);
    if (!allowed_again) quarantine(index, target.half_open ? Reason::remedy_failed : Reason::attempts_used_up);
}

/// Dead, and to stay so.
void Engine::Impl::stay_dead(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    end_probing(index);
    drop_hold(index);
    target.start_at = target.proven_at = target.verify_until = never;
    guard_commands(index);
    target.taken_as_started = false;
    target.dependency_restart = false;
    if (reason != Reason::shutdown) {
        target.owes_start = false;
        end_remediation(index);
    }
    set_phase(index, Phase::stopped, reason);
    if (reason != Reason::shutdown) close_incident(index, reason);
    if (reason != Reason::shutdown && target.container.replacing == Replacing::proving) commit(index);
}

/// Dead, and to stay so; it is stopped when what its exit has left running is gone, too.
void Engine::Impl::come_to_rest(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    if (!target.stop_id) return stay_dead(index, reason);
    drop_hold(index);
    target.start_at = never;
    if (reason != Reason::shutdown) end_remediation(index);
    set_phase(index, Phase::stopping, reason);
}

// ---- stops ------------------------------------------------------------------------------------------------------

void Engine::Impl::renew(TargetIndex index, Reason reason) {
    const Target& target = targets_[index];
    const bool at_once = target.cause == StartCause::operated || spec(index).restart.delay == 0s;
    if (is_container(index) && (at_once || target.container.stop_removes)) return restart_in_place(index, reason);
    begin_stop(index, reason, grace(index));
}

void Engine::Impl::restart_in_place(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    await_nothing(index);
    target.dependency_restart = false;
    target.last_start = now_;
    target.owes_start = true;
    target.start_id = new_id();
    target.command_overdue = later(later(now_, grace(index)), stop_patience + start_patience);
    set_phase(index, Phase::stopping, reason);
    decisions_.commands.push_back(command::Restart{target.start_id, index, target.instance, grace(index)});
}

/// Its instance ends: it is asked nothing any more, and nothing is to be proven of it.
void Engine::Impl::await_nothing(TargetIndex index) {
    Target& target = targets_[index];
    end_probing(index);
    target.hook_id = 0;
    target.proven_at = target.verify_until = never;
}

void Engine::Impl::begin_stop(TargetIndex index, Reason reason, Duration grace) {
    Target& target = targets_[index];
    await_nothing(index);
    target.owes_start = !target.final_stop && !shutting_down_;
    target.stop_id = new_id();
    target.command_overdue = later(now_, grace + stop_patience);
    set_phase(index, Phase::stopping, reason);
    decisions_.commands.push_back(command::Stop{target.stop_id, index, target.instance, grace});
}

void Engine::Impl::on(const event::StopFinished& event) {
    if (event.target == no_target || is_orphan(event.id)) return orphan_ended(event.id, event.survivors);
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (!was_issued(event.id)) return unexpected(event.target, "the completion of a stop that was not asked for");
    const auto stray = std::find_if(target.strays.begin(), target.strays.end(),
                                    [&](const auto& one) { return one.first == event.id; });
    const bool is_stray = stray != target.strays.end();
    if (!is_stray && event.id != target.stop_id) return;  // late: it was asked for again

    if (!event.survivors.empty()) {
        raise(event.target, "survivors", event.survivors, spec(event.target).origin);
        if (!shutting_down_) {  // nothing may start beside them: ask again in a while
            target.command_overdue = later(now_, stop_patience);
            return rearm(event.target);
        }
    }
    if (is_stray) {
        target.strays.erase(stray);
    } else {
        target.stop_id = 0;
        Instance instance = target.instance;
        after_stop(event.target);
        if (!event.survivors.empty()) target.instance = std::move(instance);
    }
    if (target.start_id == 0 && target.hook_id == 0) guard_commands(event.target);
    wake(event.target);
}

/// Of the commands only ends are awaited now, if anything.
void Engine::Impl::guard_commands(TargetIndex index) {
    Target& target = targets_[index];
    const bool awaited = target.stop_id != 0 || !target.strays.empty() || in_command(target);
    target.command_overdue = awaited ? later(now_, grace(index) + stop_patience) : never;
}

/// Nothing of the instance is alive any more.
void Engine::Impl::after_stop(TargetIndex index) {
    Target& target = targets_[index];
    if (target.phase != Phase::stopping) {  // what an exit had left behind
        target.instance = {};
        return mark(index);
    }
    if (target.final_stop || shutting_down_) {
        const bool was_remedy = target.remediation == Remediation::acting && target.remedy == Remedy::stop;
        if (was_remedy) note(index, fact::RemedyFinished{Remedy::stop, target.rung, true, {}}, rung_origin(index));
        stay_dead(index, why_stopped(index));
    } else {
        const Duration wait = target.cause == StartCause::remedy ? spec(index).restart.delay : 0s;
        target.start_at = target.cause == StartCause::operated ? never : next_start(index, wait);
        set_phase(index, Phase::backoff, target.phase_reason, {}, target.start_at);
    }
    target.instance = {};
}

/// A start completed after the engine had gone on: its instance must not live beside another.
void Engine::Impl::end_stray(TargetIndex index, const Instance& instance) {
    Target& target = targets_[index];
    const CommandId id = new_id();
    target.strays.emplace_back(id, instance);
    target.command_overdue = std::min(target.command_overdue, later(now_, grace(index) + stop_patience));
    decisions_.commands.push_back(command::Stop{id, index, instance, grace(index)});
    mark(index);
}

void Engine::Impl::command_is_overdue(TargetIndex index) {
    Target& target = targets_[index];
    if (out_of_reach(index)) {  // nothing can answer: asked again when its engine is back
        target.command_overdue = later(now_, stop_patience);
        return;
    }
    raise(index, "overdue", "no answer from what was asked to start, stop or run something", spec(index).origin);
    if (target.start_id) {
        target.start_id = 0;
        target.last_exit = {ExitStatus::Kind::exec_failed, 127, "no answer to the start"};
        target.has_exited = true;
        ended_by_itself(index, Reason::overdue);
        return wake(index);
    }
    if (target.container.replace_id) {
        target.container.replace_id = 0;
        note(index, fact::RemedyFinished{Remedy::replace, target.rung, false, "no answer"}, rung_origin(index));
        return roll_back(index, Reason::overdue);
    }
    if (target.container.settle_id) return settle_replacement(index, target.container.replacing);
    if (target.hook_id) return hook_done(index, false, "no answer");
    ask_to_stop_again(index);
}

/// Without grace, and as often as it takes: nothing may start while the old one may live. Keepwell's own end does not
/// wait for ever, though; what may live then is remembered, so that the next keepwell starts nothing beside it.
void Engine::Impl::ask_to_stop_again(TargetIndex index) {
    Target& target = targets_[index];
    if (shutting_down_) {
        target.stop_id = 0;
        target.strays.clear();
        return stay_dead(index, Reason::shutdown);
    }
    ask_to_stop_without_grace(index);
    if (target.stop_id || !target.strays.empty()) target.command_overdue = later(now_, stop_patience);
}

void Engine::Impl::ask_to_stop_without_grace(TargetIndex index) {
    Target& target = targets_[index];
    if (target.stop_id) {
        target.stop_id = new_id();
        decisions_.commands.push_back(command::Stop{target.stop_id, index, target.instance, 0s});
    }
    for (auto& [id, instance] : target.strays) {
        id = new_id();
        decisions_.commands.push_back(command::Stop{id, index, instance, 0s});
    }
}

/// Keepwell ends: in reverse dependency order, or all at once.
void Engine::Impl::try_shutdown(TargetIndex index) {
    Target& target = targets_[index];
    const ServiceIndex service = policy_.targets[index].service;
    const auto gone = [this](TargetIndex other) { return targets_[other].phase == Phase::stopped; };
    const bool free = std::all_of(graph_.dependants_of(service).begin(), graph_.dependants_of(service).end(),
                                  [&](const Graph::Dependant& dependant) {
                                      const auto& others = graph_.targets_of(dependant.service);
                                      return std::all_of(others.begin(), others.end(), gone);
                                  });
    if (is_container(index)) return leave_container(index);
    const Duration patience = at_once_ ? Duration{0} : grace(index);
    const bool ends = target.stop_id != 0 || !target.strays.empty();
    if (at_once_ && ends && !std::exchange(target.hurried, true)) ask_to_stop_without_grace(index);
    switch (target.phase) {
        case Phase::starting: return;  // begins to stop as soon as it is known to live
        case Phase::running:
            // What dry-run has only watched lives on, and is remembered: the next keepwell adopts it.
            if (target.taken_as_started || is_dry(index)) return stay_dead(index, Reason::shutdown);
            if (free || at_once_) begin_stop(index, Reason::shutdown, patience);
            return;
        case Phase::waiting:
        case Phase::backoff:
        case Phase::completed:
            if (free || at_once_) come_to_rest(index, Reason::shutdown);
            return;
        case Phase::stopping:
        case Phase::stopped: return;
    }
}

/// Containers outlive keepwell. What was under way is in the journal, and the next keepwell goes on with it.
void Engine::Impl::leave_container(TargetIndex index) {
    Target& target = targets_[index];
    if (target.phase == Phase::stopped) return;
    cancel_probe(index);
    target.start_id = target.stop_id = target.container.replace_id = target.container.settle_id = 0;
    target.left_in = target.phase;
    const HealthState health = target.health;
    stay_dead(index, Reason::shutdown);
    target.health = health;  // it is remembered with it
}

}  // namespace keepwell::engine
