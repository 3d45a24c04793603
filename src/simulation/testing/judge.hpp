// Holds what a test expects against what happened. May know: test_run's results, track, facts.
#pragma once

#include "simulation/testing/test_run.hpp"
#include "simulation/testing/track.hpp"

namespace keepwell::simulation {

/// Adds to `result`, whose records are those of the run: each expectation on the time line, and those that were not
/// met, yet without `why`.
void judge(const TestFile& file, const TestCase& test, const Track& track, TestResult& result);

}  // namespace keepwell::simulation
