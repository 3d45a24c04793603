// What the status that a container engine keeps of its own health check means.
// Only a running container's status means anything; entries of an earlier run, or from before a pause, prove nothing;
// an `unhealthy` that came with a pause is no verdict; a status that is not renewed in time is stale.
// May know: model, seen. Pure: no I/O, no clock.
// Source: moby daemon/health.go (handleProbeResult), container/health.go (CloseMonitorChannel: `unhealthy` on pause
// and exit, without an event).
#pragma once

#include <optional>

#include "keepwell/model/event.hpp"
#include "runtime/docker/watch/seen.hpp"

namespace keepwell::runtime::docker {

struct HealthView {
    /// What it amounts to; nothing where the container has no check, does not run, or has proven nothing yet.
    std::optional<event::HealthReported> report;
    /// When a look at the container may show something else without an event having told of it.
    Instant look_again = never;
    /// Its status is no verdict, or one that grows silently (moby tells of `unhealthy` once): look again soon.
    /// Otherwise `look_again` is when the status would be stale.
    bool silent = false;
};

/// `now` and `at` are the same moment, on the engine's wall clock and on ours.
HealthView health_view(TargetIndex target, const Seen& container, EngineTime now, Instant at);

/// Its report alone.
std::optional<event::HealthReported> reported_health(TargetIndex target, const Seen& container, EngineTime now,
                                                     Instant at);

/// A status that is not renewed for this long is stale: two rounds of the check, and the engine's guard on starting
/// one.
Duration patience_with(const Healthcheck& check);

/// A moment of the engine's on our clock; never one that is to come.
Instant instant_of(EngineTime time, EngineTime now, Instant at);

}  // namespace keepwell::runtime::docker
