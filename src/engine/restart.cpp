// The bodies of the restart history's rules.
#include "keepwell/engine/restart.hpp"

#include <algorithm>

namespace keepwell::engine {
namespace {

/// The backoff grows from here when `delay` is shorter, as dockerd's does (restartmanager.go defaultTimeout).
constexpr Duration least_base = 100ms;

/// base * factor^steps, at most `max`, without overflow.
Duration grown(Duration base, double factor, std::uint32_t steps, Duration max) {
    if (factor <= 1.0) return std::min(base, max);
    double value = static_cast<double>(base.count());
    const double limit = static_cast<double>(max.count());
    for (std::uint32_t i = 0; i < steps && value < limit; ++i) value *= factor;
    return value >= limit ? max : Duration{static_cast<Duration::rep>(value)};
}

}  // namespace

bool condition_asks(RestartCondition condition, const ExitStatus& status) {
    switch (condition) {
        case RestartCondition::none: return false;
        case RestartCondition::on_failure: return !status.success();
        case RestartCondition::any: return true;
    }
    return true;
}

std::size_t attempts_used(const RestartPolicy& policy, const std::vector<Instant>& history, Instant now) {
    if (policy.window == 0s) return history.size();
    const auto inside =
        std::count_if(history.begin(), history.end(), [&](Instant at) { return now - at < policy.window && at < now; });
    return static_cast<std::size_t>(inside);
}

bool attempts_left(const RestartPolicy& policy, const std::vector<Instant>& history, Instant now) {
    return policy.max_attempts == 0 || attempts_used(policy, history, now) < policy.max_attempts;
}

void note_restart(const RestartPolicy& policy, std::vector<Instant>& history, Instant now) {
    if (policy.max_attempts == 0) return;
    if (policy.window > 0s) std::erase_if(history, [&](Instant at) { return now - at >= policy.window; });
    history.push_back(now);
    if (history.size() > policy.max_attempts) history.erase(history.begin());
}

Duration restart_wait(const RestartPolicy& policy, std::uint32_t k) {
    if (!policy.backoff || k <= 1) return policy.delay;
    const Duration base = std::max<Duration>(policy.delay, least_base);
    return std::max(policy.delay, grown(base, policy.backoff->factor, k - 1, policy.backoff->max));
}

Duration proving_time(const RestartPolicy& policy) {
    return policy.backoff ? policy.backoff->reset_after : Backoff{}.reset_after;
}

Duration quarantine_distance(const Quarantine& quarantine, std::uint32_t n) {
    return grown(quarantine.first, 2.0, n - 1, quarantine.max);
}

}  // namespace keepwell::engine
