// One pass over the journal, and a search by time.
#include "simulation/replay/kept_answers.hpp"

#include <algorithm>
#include <variant>

namespace keepwell::simulation {
namespace {

/// Docker's text for a probe that took too long.
constexpr std::string_view took_too_long = "exceeded timeout";

}  // namespace

void KeptAnswers::take(const journal::Record& record) {
    if (std::holds_alternative<journal::RunStarted>(record.body)) run_ = &runs_[record.seq];
    if (!run_) return;
    if (const auto* input = std::get_if<journal::Input>(&record.body)) {
        const auto* answer = std::get_if<event::ProbeFinished>(&input->event);
        if (!answer) return;
        const bool timed_out = answer->output.find(took_too_long) != std::string::npos;
        (*run_)[record.target].push_back({record.at, answer->outcome, timed_out, std::nullopt});
    } else if (const auto* noted = std::get_if<journal::Noted>(&record.body)) {
        const auto* failed = std::get_if<fact::ProbeFailed>(&noted->fact.body);
        if (!failed) return;
        auto& answers = (*run_)[record.target];
        if (answers.empty() || answers.back().at != record.at) return;
        const bool counted = failed->outcome == Outcome::failed && failed->counted;
        answers.back().streak_before = failed->failing_streak - (counted ? 1 : 0);
    }
}

const KeptAnswer* KeptAnswers::from(std::uint64_t run, const std::string& target, Instant at) const {
    const auto of_run = runs_.find(run);
    if (of_run == runs_.end()) return nullptr;
    const auto of_target = of_run->second.find(target);
    if (of_target == of_run->second.end()) return nullptr;
    const auto& all = of_target->second;
    const auto earlier = [](const KeptAnswer& one, Instant moment) { return one.at < moment; };
    const auto found = std::lower_bound(all.begin(), all.end(), at, earlier);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace keepwell::simulation
