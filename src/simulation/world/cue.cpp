// The body of the cue.
#include "simulation/world/cue.hpp"

#include <utility>

namespace keepwell::simulation {
namespace {

/// "web not healthy", "host alert storm", "engine lost", "web restart x2"
std::string cue_text(const Moment& moment) {
    const bool of_engine = std::holds_alternative<EngineSeen>(*moment.after);
    const std::string who = moment.after_target.empty() ? "host " : moment.after_target + " ";
    return (of_engine ? "" : who) + (moment.after_end ? "not " : "") + describe(*moment.after) +
           (moment.after_times > 1 ? " x" + std::to_string(moment.after_times) : "");
}

}  // namespace

bool Cue::comes_with(const journal::Record& record) { return times_ > 0 && is_it(record) && --times_ == 0; }

bool Cue::is_it(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted || record.target != moment_.after_target) return false;
    const auto* engine = std::get_if<fact::BackendChanged>(&noted->fact.body);
    // That the container engine answers at the beginning is no finding.
    if (engine && !std::exchange(engine_lost_, engine->lost) && !engine->lost) return false;
    return moment_.after_end ? ends(*moment_.after, noted->fact) : begins(*moment_.after, noted->fact);
}

std::string never_comes(const Moment& moment, const std::optional<Instant>& at, Instant end) {
    if (!at) return "this moment never comes: `" + cue_text(moment) + "` was not seen";
    if (*at <= end) return {};
    return "this moment, " + keepwell::to_string(at->time_since_epoch()) + ", is after the end of what is played, " +
           keepwell::to_string(end.time_since_epoch()) + "; a longer `for` is needed";
}

}  // namespace keepwell::simulation
