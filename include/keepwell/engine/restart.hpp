// The restart history of one target: whether another restart is allowed, and how long it waits.
// Source of the semantic: swarmkit manager/orchestrator/restart/restart.go, shouldRestart(); the backoff is ours.
// May know: model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::engine {

/// Whether this exit is followed by a restart, attempts aside.
bool condition_asks(RestartCondition condition, const ExitStatus& status);

/// How many restarts count at `now`: with a window, those in (now - window, now).
std::size_t attempts_used(const RestartPolicy& policy, const std::vector<Instant>& history, Instant now);

/// Whether `max_attempts` leaves a restart at `now`.
bool attempts_left(const RestartPolicy& policy, const std::vector<Instant>& history, Instant now);

/// Notes a restart at `now`, and forgets what the window has left behind; the history never holds more than
/// `max_attempts` entries.
void note_restart(const RestartPolicy& policy, std::vector<Instant>& history, Instant now);

/// The wait before the k-th restart in a row without proven health (k from 1): max(delay, backoff).
Duration restart_wait(const RestartPolicy& policy, std::uint32_t k);

/// How long a target without a probe must be up to be proven good.
Duration proving_time(const RestartPolicy& policy);

/// The distance to the n-th try out of quarantine (n from 1): first, doubling, at most max.
Duration quarantine_distance(const Quarantine& quarantine, std::uint32_t n);

}  // namespace keepwell::engine
