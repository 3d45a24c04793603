// All remedies that were begun of a target, laid beside those that were expected. May know: test_run, facts.
#pragma once

#include <string>
#include <vector>

#include "simulation/testing/test_run.hpp"

namespace keepwell::simulation {

/// In order, with what both have in common once. `end`: when a missing one is missed at the latest.
std::vector<RemedyStep> remedy_steps(const std::vector<journal::Record>& records, const ExpectedRemedies& expected,
                                     Instant end);

/// "notify at 10s, restart at 10s", "nothing"
std::string begun_text(const std::vector<RemedyStep>& steps);

}  // namespace keepwell::simulation
