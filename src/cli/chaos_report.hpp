// How the outcome of chaos is shown, to people and to programs: one policy, or several side by side.
// May know: simulation's outcome, terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/chaos/outcome.hpp"

namespace keepwell::cli {

/// One policy, and what became of it.
struct PlayedPolicy {
    std::string name;
    simulation::ChaosOutcome outcome;
};

struct ChaosReport {
    simulation::Chaos chaos;
    std::vector<PlayedPolicy> policies;
};

std::string chaos_text(const ChaosReport& report, bool colours);
std::string chaos_json(const ChaosReport& report);

}  // namespace keepwell::cli
