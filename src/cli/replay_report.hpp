// What a replay has found, as text for people and as JSON for programs.
// May know: simulation's replay, journal, terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "simulation/replay/replay.hpp"

namespace keepwell::cli {

/// Everything that one replay was told and found.
struct ReplayFindings {
    std::string folder;            ///< of the journal
    std::optional<Policy> policy;  ///< to compare with
    std::vector<simulation::RunReport> runs;

    /// Today's engine decides otherwise somewhere.
    bool differs() const;
    /// With a policy that is another one than some run had.
    bool compares() const;
    bool answers_anything() const;
};

std::string replay_text(const ReplayFindings& findings, bool colours);
std::string replay_json(const ReplayFindings& findings);

}  // namespace keepwell::cli
