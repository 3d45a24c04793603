// The engine as it was at a moment of a recorded past: rebuilt by following that run until then.
// May know: journal, engine, model. It reads the journal's folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "journal/record.hpp"
#include "keepwell/engine/engine.hpp"
#include "simulation/replay/follower.hpp"
#include "simulation/replay/kept_answers.hpp"

namespace keepwell::simulation {

/// Between two runs: nothing is recorded, and nobody looked after anything.
struct BetweenRuns {
    WallTime last{};     ///< record of the run before
    bool ended = false;  ///< by that record; else it was killed some time after it
    WallTime next{};     ///< run begins
};

struct PastMoment {
    std::unique_ptr<Follower> follower;  ///< its engine is that of then
    Instant at{};
    WallTime time{};
    std::optional<WallTime> journal_ends;     ///< where that is before it
    std::optional<BetweenRuns> between_runs;  ///< where it is there
    std::string target;                       ///< of the incident that is wanted
    std::uint64_t assumed = 0;                ///< probes that are not in the journal and are taken to have passed
};

/// A time, an age of the last run, or an incident: the moment when it was opened; none of them: the end of the journal.
struct MomentWanted {
    std::optional<WallTime> time;
    std::optional<WallTime::duration> age;  ///< since the run's first record
    std::optional<IncidentId> incident{};
};

/// The error is a sentence for people. What is damaged in the journal is not told.
tl::expected<PastMoment, std::string> moment_of(const std::string& folder, const MomentWanted& wanted,
                                                const KeptAnswers& answers);

}  // namespace keepwell::simulation
