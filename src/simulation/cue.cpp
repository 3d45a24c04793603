// The body of the cue.
#include "simulation/cue.hpp"

#include <utility>

namespace keepwell::simulation {

bool Cue::comes_with(const journal::Record& record) { return times_ > 0 && is_it(record) && --times_ == 0; }

bool Cue::is_it(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted || record.target != moment_.after_target) return false;
    const auto* engine = std::get_if<fact::BackendChanged>(&noted->fact.body);
    // That the container engine answers at the beginning is no finding.
    if (engine && !std::exchange(engine_lost_, engine->lost) && !engine->lost) return false;
    return moment_.after_end ? ends(*moment_.after, noted->fact) : begins(*moment_.after, noted->fact);
}

}  // namespace keepwell::simulation
