// A longest common subsequence, as `diff` finds it.
#include "simulation/testing/remedy_steps.hpp"

#include <algorithm>

#include "simulation/facts.hpp"

namespace keepwell::simulation {
namespace {

using Kind = RemedyStep::Kind;

std::vector<RemedyStep> begun_of(const std::vector<journal::Record>& records, const std::string& target) {
    std::vector<RemedyStep> begun;
    for (const journal::Record& record : records) {
        const auto* started = body_of<fact::RemedyStarted>(record);
        if (!started || record.target != target) continue;
        begun.push_back({Kind::as_expected, started->remedy, record.at, fact_of(record)->rule});
    }
    return begun;
}

/// How many of the rest are in common, for each place in both.
class Common {
  public:
    Common(const std::vector<RemedyStep>& begun, const std::vector<Remedy>& expected)
        : width_{expected.size() + 1}, counts_(width_ * (begun.size() + 1), 0) {
        for (std::size_t i = begun.size(); i-- > 0;) {
            for (std::size_t j = expected.size(); j-- > 0;) {
                counts_[i * width_ + j] =
                    begun[i].remedy == expected[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
            }
        }
    }
    std::size_t at(std::size_t begun, std::size_t expected) const { return counts_[begun * width_ + expected]; }

  private:
    std::size_t width_;
    std::vector<std::size_t> counts_;
};

/// When the last one before this step was begun.
Instant begun_before(const std::vector<RemedyStep>& steps, std::size_t step) {
    while (step-- > 0) {
        if (steps[step].kind != Kind::missing) return steps[step].at;
    }
    return Instant{};
}

/// A missing one is missed when it was held, or when the next one came instead of it.
void find_moments(std::vector<RemedyStep>& steps, const std::vector<journal::Record>& records,
                  const std::string& target, Instant end) {
    Instant next = end;
    for (std::size_t i = steps.size(); i-- > 0;) {
        RemedyStep& step = steps[i];
        if (step.kind != Kind::missing) {
            next = step.at;
            continue;
        }
        const Instant after = begun_before(steps, i);
        const auto was_held = [&](const journal::Record& record) {
            const auto* held = body_of<fact::RemedyHeld>(record);
            return held && held->would == step.remedy && record.target == target && record.at >= after &&
                   record.at <= next;
        };
        const auto held = std::ranges::find_if(records, was_held);
        step.at = held == records.end() ? next : held->at;
    }
}

}  // namespace

std::vector<RemedyStep> remedy_steps(const std::vector<journal::Record>& records, const ExpectedRemedies& expected,
                                     Instant end) {
    const auto begun = begun_of(records, expected.target);
    const auto& wanted = expected.remedies;
    const Common common{begun, wanted};
    std::vector<RemedyStep> steps;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < begun.size() || j < wanted.size()) {
        const bool both = i < begun.size() && j < wanted.size();
        if (both && begun[i].remedy == wanted[j]) {
            steps.push_back(begun[i++]);
            ++j;
        } else if (j == wanted.size() || (both && common.at(i + 1, j) >= common.at(i, j + 1))) {
            steps.push_back(begun[i++]);
            steps.back().kind = Kind::extra;
        } else {
            steps.push_back({Kind::missing, wanted[j++], {}, {}});
        }
    }
    find_moments(steps, records, expected.target, end);
    return steps;
}

std::string begun_text(const std::vector<RemedyStep>& steps) {
    constexpr std::size_t most = 8;
    std::string text;
    std::size_t count = 0;
    for (const RemedyStep& step : steps) {
        if (step.kind == Kind::missing || ++count > most) continue;
        text += (text.empty() ? "" : ", ") + std::string{to_string(step.remedy)} + " at " +
                to_string(step.at.time_since_epoch());
    }
    if (count > most) text += ", … (" + std::to_string(count) + " in all)";
    return text.empty() ? "nothing" : text;
}

}  // namespace keepwell::simulation
