// Why the host is as it is, as explain() says it of a target: its alerts, and who is unhealthy. May know: engine,
// facts.
#pragma once

#include <vector>

#include "journal/record.hpp"
#include "keepwell/engine/explain.hpp"

namespace keepwell::simulation {

/// `records`: of the run, at least up to that moment.
std::vector<engine::Sentence> explain_host(const engine::Engine& engine, const std::vector<journal::Record>& records,
                                           Instant at);

}  // namespace keepwell::simulation
