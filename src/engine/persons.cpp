// What people ask for. Humans win: what a person stops stays stopped, and what a person starts is started.
#include <algorithm>

#include "engine/core.hpp"

namespace keepwell::engine {
namespace {

/// What dry-run says instead of doing it; pausing and resetting change no process and are done.
std::optional<Remedy> would(event::Verb verb) {
    switch (verb) {
        case event::Verb::start: return Remedy::start;
        case event::Verb::stop: return Remedy::stop;
        case event::Verb::restart: return Remedy::restart;
        case event::Verb::replace: return Remedy::replace;
        case event::Verb::pause:
        case event::Verb::resume:
        case event::Verb::reset: return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

void Engine::Impl::operate(TargetIndex index, const event::Operated& operated) {
    note(index, fact::OperatorActed{operated.verb, operated.by});
    if (shutting_down_ || targets_[index].leaving) return;
    const std::optional<Remedy> effect = would(operated.verb);
    if (effect && is_dry(index)) {
        return note(index, fact::RemedyHeld{*effect, 0, 0, Hold::dry_run, never, {}}, spec(index).origin);
    }
    switch (operated.verb) {
        case event::Verb::start: person_starts(index); break;
        case event::Verb::stop: person_stops(index, operated.target == no_target); break;
        case event::Verb::restart: person_restarts(index); break;
        case event::Verb::replace: person_replaces(index); break;
        case event::Verb::pause: person_pauses(index, true); break;
        case event::Verb::resume: person_pauses(index, false); break;
        case event::Verb::reset: person_resets(index); break;
    }
    wake(index);
}

void Engine::Impl::person_starts(TargetIndex index) {
    Target& target = targets_[index];
    if (is_adopted(index) && target.container.seen && !target.container.exists) return;  // there is nothing to start
    target.operator_stopped = false;
    target.final_stop = false;
    switch (target.phase) {
        case Phase::stopped:
        case Phase::completed:
            forget_history(index);
            target.cause = StartCause::operated;
            return set_phase(index, Phase::waiting, Reason::operated);
        case Phase::backoff:
            forget_history(index);
            close_incident(index, Reason::operated);
            target.cause = StartCause::operated;
            target.start_at = never;
            return;
        case Phase::waiting:
        case Phase::stopping:  // it goes on once the old instance is dead
            target.cause = StartCause::operated;
            return;
        case Phase::starting:
        case Phase::running: return;
    }
}

void Engine::Impl::person_stops(TargetIndex index, bool everything) {
    Target& target = targets_[index];
    target.operator_stopped = true;
    target.final_stop = true;
    mark(index);
    switch (target.phase) {
        case Phase::running:
            end_remediation(index);
            if (target.container.settle_id) return;  // it ends as soon as one of the two is gone
            if (everything) return;                  // in order: see stop_when_dependants_have_ended()
            return begin_stop(index, Reason::operated, grace(index));
        case Phase::waiting:
        case Phase::backoff:
        case Phase::completed: return come_to_rest(index, Reason::operated);
        case Phase::starting:  // both end it as soon as that is possible
        case Phase::stopping:
        case Phase::stopped: return;
    }
}

/// As at keepwell's own end, what depends on it ends first, where a person stops that, too.
void Engine::Impl::stop_when_dependants_have_ended(TargetIndex index) {
    const auto is_ending = [this](TargetIndex other) {
        const Target& target = targets_[other];
        const bool lives =
            target.phase == Phase::running || target.phase == Phase::starting || target.phase == Phase::stopping;
        return target.operator_stopped && lives;
    };
    for (const Graph::Dependant& dependant : graph_.dependants_of(policy_.targets[index].service)) {
        if (std::ranges::any_of(graph_.targets_of(dependant.service), is_ending)) return;
    }
    end_remediation(index);
    begin_stop(index, Reason::operated, grace(index));
}

void Engine::Impl::person_restarts(TargetIndex index) {
    Target& target = targets_[index];
    if (target.phase != Phase::running) return person_starts(index);
    forget_history(index);
    ++target.restarts;
    target.cause = StartCause::operated;
    renew(index, Reason::operated);
}

/// A process has no other self to be replaced by: it is restarted.
void Engine::Impl::person_replaces(TargetIndex index) {
    Target& target = targets_[index];
    if (!is_container(index) || target.phase != Phase::running) return person_restarts(index);
    if (in_command(target) || out_of_reach(index)) return;
    forget_history(index);
    ++target.restarts;
    target.cause = StartCause::operated;
    target.remedy = Remedy::replace;
    target.remedy_reason = Reason::operated;
    set_remediation(index, Remediation::due);
    note(index, fact::RemedyDue{Remedy::replace, 0, 0, Reason::operated}, spec(index).origin);
    note(index, fact::RemedyStarted{Remedy::replace, 0, 0, Reason::operated}, spec(index).origin);
    set_remediation(index, Remediation::acting);
    replace(index, Reason::operated, ReplaceOrder::automatic, newest(index));
}

void Engine::Impl::person_pauses(TargetIndex index, bool paused) {
    targets_[index].paused = paused;
    mark(index);
}

/// Clears what speaks against another try, and tries at once.
void Engine::Impl::person_resets(TargetIndex index) {
    Target& target = targets_[index];
    const bool acting = target.remediation == Remediation::acting;
    resume_update(index, "the update is tried again");
    if (!acting) forget_history(index);
    const bool waits = target.phase == Phase::backoff && !target.container.engine_is_restarting;
    if (waits && !acting) {
        target.cause = is_dry(index) ? StartCause::exited : StartCause::operated;  // dry-run asks its gate
        if (is_dry(index)) make_restart_due(index, Reason::operated);
        target.start_at = never;
    }
    const bool sick = target.phase == Phase::running && target.health.answered == Health::unhealthy;
    if (sick && !acting && !spec(index).on_unhealthy.empty()) {
        target.streak_base = 0;
        make_due(index, Reason::operated);
    }
}

void Engine::Impl::forget_history(TargetIndex index) {
    Target& target = targets_[index];
    target.history.clear();
    target.in_a_row = 0;
    forget_hook(index);
    end_remediation(index);
    mark(index);
}

}  // namespace keepwell::engine
