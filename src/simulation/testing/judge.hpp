// Holds what a test expects against what happened. May know: test_run's results, track, player, facts.
#pragma once

#include "simulation/testing/test_run.hpp"
#include "simulation/testing/track.hpp"
#include "simulation/world/player.hpp"

namespace keepwell::simulation {

/// What a run leaves beside its records.
struct Seen {
    const Track& track;
    const std::vector<Player::Missed>& missed;
};

/// Adds to `result`, whose records are those of the run: each expectation on the time line, and those that were not
/// met, yet without `why`.
void judge(const TestFile& file, const TestCase& test, const Seen& seen, TestResult& result);

}  // namespace keepwell::simulation
