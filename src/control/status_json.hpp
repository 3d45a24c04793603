// What is well, what is not, and what comes next, as JSON: the members are a promise (fields are added, never renamed).
// May know: supervisor, engine, model. Times are RFC 3339 in UTC, made from the monotonic ones at the moment of asking.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "control/about.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::control {

/// Whether nothing is wrong with this target: healthy, or running without a probe, or dead because a person or its
/// own success wanted it so. What is only starting, and what runs again but is not yet proven good, is not well yet.
bool well(const engine::Engine& engine, TargetIndex target);

/// The answer to GET /v1/status, with these targets in this order.
nlohmann::ordered_json status_json(const supervisor::Supervisor& supervisor, const About& about,
                                   std::span<const TargetIndex> targets);

/// The answer to GET /v1/explain/TARGET, and what `explain --journal` says of a moment in the past.
nlohmann::ordered_json explain_json(const engine::Engine& engine, TargetIndex target, Instant now);

}  // namespace keepwell::control
