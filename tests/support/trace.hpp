// What the engine decided, one line each: "12s api remedy.held restart: dependency (redis)".
#pragma once

#include <string>

#include "keepwell/model/fact.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::testing {

/// A moment as time since the beginning of the test.
inline std::string moment(Instant at) { return at == never ? "never" : to_string(at.time_since_epoch()); }

std::string trace_line(const Policy& policy, const Fact& fact, Instant at);

}  // namespace keepwell::testing
