// The bodies of the health machine.
#include "keepwell/engine/health.hpp"

#include <utility>

namespace keepwell::engine {

void ResultLog::append(ProbeResult result) {
    if (size_ < kept_results) {
        results_[(first_ + size_++) % kept_results] = std::move(result);
        return;
    }
    results_[first_] = std::move(result);
    first_ = (first_ + 1) % kept_results;
}

Health HealthState::status(const Healthcheck& check) const {
    if (answered == Health::none) return Health::none;
    return error_streak >= check.retries ? Health::unknown : answered;
}

void begin_health(HealthState& state, Instant started_at) {
    state.answered = Health::starting;
    state.failing_streak = 0;
    state.error_streak = 0;
    state.started_at = started_at;
}

void end_health(HealthState& state) {
    state.answered = Health::none;
    state.failing_streak = 0;
    state.error_streak = 0;
}

Duration probe_wait(const HealthState& state, const Healthcheck& check, Instant now) {
    const bool in_start_period = now - state.started_at < check.start_period;
    return in_start_period && state.answered == Health::starting ? check.start_interval : check.interval;
}

bool apply_result(HealthState& state, const Healthcheck& check, ProbeResult result) {
    const Outcome outcome = result.outcome;
    const Instant started = result.started;
    state.log.append(std::move(result));
    switch (outcome) {
        case Outcome::error: ++state.error_streak; return false;
        case Outcome::passed:
            state.error_streak = 0;
            state.failing_streak = 0;
            state.answered = Health::healthy;
            return false;
        case Outcome::failed: break;
    }
    state.error_streak = 0;
    const bool in_start_period = started - state.started_at < check.start_period;
    if (state.answered == Health::starting && in_start_period) return false;
    ++state.failing_streak;
    if (state.failing_streak >= check.retries) state.answered = Health::unhealthy;
    return true;
}

}  // namespace keepwell::engine
