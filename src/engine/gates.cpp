// The gates between "due" and "done", in the one order in which they are asked, and the guard over the host.
// docs/lifecycle.md has the list. Each refusal is a fact with a stable code.
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

/// The first closed gate, or none. "Is it still the instance that failed?" needs no gate here: a new instance starts
/// with a health of its own, and an exit ends what was due for the old one.
std::optional<Closed> Engine::Impl::closed_gate(TargetIndex index, Asking asking) {
    if (out_of_reach(index)) return Closed{Hold::backend, never, {}, {}};
    std::optional<Closed> closed = closed_by_person_or_window(index, asking);
    if (!closed && asking != Asking::first_start) closed = closed_by_dependency(index, asking);
    if (!closed && asking == Asking::ladder) closed = closed_by_guard(index);
    const bool has_waited = asking == Asking::first_start || asking == Asking::update;
    if (!closed && !has_waited) closed = closed_by_backoff(index, asking);
    if (!closed && is_dry(index)) {
        const Origin rule = asking == Asking::ladder ? rung_origin(index) : spec(index).origin;
        closed = Closed{Hold::dry_run, never, {}, rule};
    }
    return closed;
}

std::optional<Closed> Engine::Impl::closed_by_person_or_window(TargetIndex index, Asking asking) const {
    const Target& target = targets_[index];
    const bool by_person = asking == Asking::first_start && target.cause == StartCause::operated;
    if (target.paused && !by_person) return Closed{Hold::paused, never, {}, {}};
    if (asking == Asking::first_start) return std::nullopt;
    const Instant until = maintenance_until_[policy_.targets[index].service];
    if (until == Instant::min()) return std::nullopt;
    return Closed{Hold::maintenance, until, {}, spec(index).origin};
}

/// What has ended may start again beside a dependency that fails; the ladder waits for what becomes of that.
std::optional<Closed> Engine::Impl::closed_by_dependency(TargetIndex index, Asking asking) const {
    const Judgement is_so = asking == Asking::ladder ? &Impl::doubtful : &Impl::unwell;
    const Dependency* dependency = required_dependency(index, is_so);
    if (!dependency) return std::nullopt;
    return Closed{Hold::dependency, never, policy_.services[dependency->service].name, dependency->origin};
}

std::optional<Closed> Engine::Impl::closed_by_guard(TargetIndex index) {
    const Guard& guard = policy_.guard;
    if (storm_ && !storm_overruled_) {
        return Closed{Hold::storm, never, unhealthy_share(), guard.origin};
    }
    const bool takes_a_place = remedy_of(index) != Remedy::notify;
    if (!takes_a_place) return std::nullopt;
    if (guard.max_parallel && active_remedies_ >= *guard.max_parallel)
        return Closed{Hold::parallel, never, {}, guard.origin};
    const Instant next = budget_.next_allowed(guard, now_);
    if (next > now_) return Closed{Hold::budget, next, {}, guard.origin};
    return std::nullopt;
}

std::optional<Closed> Engine::Impl::closed_by_backoff(TargetIndex index, Asking asking) const {
    const Target& target = targets_[index];
    const RestartPolicy& restart = spec(index).restart;
    Instant until = target.start_at;
    if (asking == Asking::ladder) {
        // A restart waits its delay between the end and the next start; a replacement has no such moment.
        const bool replaces = remedy_of(index) == Remedy::replace;
        const bool waits = replaces || (remedy_of(index) == Remedy::restart && restart.backoff);
        if (!waits || target.in_a_row == 0) return std::nullopt;
        until = later(target.last_restart, restart_wait(restart, target.in_a_row + 1));
        if (until <= now_) return std::nullopt;
    }
    if (until == never) return std::nullopt;
    return Closed{Hold::backoff, until, {}, restart.origin};
}

/// Keeps what closed the gate, and says whether that is another hold than before.
bool Engine::Impl::keep_hold(TargetIndex index, Remedy would, const Closed& closed) {
    HoldState& hold = targets_[index].hold;
    const bool same = hold.active && hold.reason == closed.reason && hold.would == would;
    hold = {true, closed.reason, would, closed.until, closed.detail, closed.rule};
    held_.insert(index);
    return !same;
}

void Engine::Impl::hold(TargetIndex index, Remedy would, const Closed& closed) {
    Target& target = targets_[index];
    const bool news = keep_hold(index, would, closed);
    if (closed.reason == Hold::budget || closed.reason == Hold::backoff) target.hold_until = closed.until;
    if (target.phase == Phase::backoff) target.hold_until = never;  // start_at is the timer then
    if (would != Remedy::start) set_remediation(index, Remediation::held);
    if (!news) return;
    const std::uint32_t attempt = target.attempt + (target.by_ladder ? 1 : 0);  // a rung is counted when it is done
    note_held(index, {would, target.rung, attempt, closed.reason, closed.until, closed.detail}, closed.rule);
}

/// Held without a remediation: nothing is wrong with it.
void Engine::Impl::hold_quietly(TargetIndex index, Remedy would, const Closed& closed) {
    if (!keep_hold(index, would, closed)) return;
    note_held(index, {would, 0, 0, closed.reason, closed.until, closed.detail}, spec(index).origin);
}

/// After what dry-run has held the past is another one than it would have been: what is held again may come of that.
void Engine::Impl::note_held(TargetIndex index, fact::RemedyHeld held, const Origin& rule) {
    if (held.reason == Hold::dry_run) {
        held.again = std::exchange(targets_[index].would_last, held.would) == held.would;
    }
    note(index, std::move(held), rule);
}

void Engine::Impl::drop_hold(TargetIndex index) {
    Target& target = targets_[index];
    if (!target.hold.active) return;
    target.hold = {};
    target.hold_until = never;
    held_.erase(index);
    mark(index);
}

void Engine::Impl::wake_held(Hold reason) {
    for (const TargetIndex index : held_) {
        if (targets_[index].hold.reason == reason) wake(index);
    }
}

// ---- the storm ----------------------------------------------------------------------------------------------------

/// Unhealthy, or being healed of that and not proven well yet: otherwise each remedy of a storm would hide it.
bool Engine::Impl::is_sick(TargetIndex index) const {
    const Target& target = targets_[index];
    switch (target.shown_health) {
        case Health::unhealthy: return true;
        case Health::none:
        case Health::starting: return active(target);
        case Health::healthy:
        case Health::unknown: return false;
    }
    return false;
}

/// Explained by something it depends on, or by what was so until a moment ago.
bool Engine::Impl::is_explained(TargetIndex index) const {
    const Target& target = targets_[index];
    const bool excused = target.streak_base > 0 && target.excused_by_dependency && check_of(index);
    return unwell_dependency(index) || (excused && !is_proven_anew(index));
}

/// Counts this target towards the storm, or not any more.
void Engine::Impl::recount(TargetIndex index) {
    const bool counts = is_sick(index) && !is_explained(index);
    if (counts == counted_unhealthy_[index]) return;
    counted_unhealthy_[index] = counts;
    unhealthy_ += counts ? 1 : -1;
    follow_storm();
}

void Engine::Impl::follow_storm() {
    const std::optional<std::uint32_t> limit = storm_limit(policy_.guard, present_);
    const bool storm = limit && unhealthy_ > *limit;
    if (storm == storm_) return;
    storm_ = storm;
    if (storm) return raise(no_target, "storm", unhealthy_share(), policy_.guard.origin);
    const bool is_told = std::exchange(storm_overruled_, false);  // when a person resumed
    if (!is_told) resolve(no_target, "storm", unhealthy_share());
    wake_held(Hold::storm);
}

std::string Engine::Impl::unhealthy_share() const {
    return std::to_string(unhealthy_) + " of " + std::to_string(present_) + " targets are unhealthy";
}

}  // namespace keepwell::engine
