// The probes' answers that a journal without `record: true` holds: those that failed, could not be asked, or changed
// something. Read ahead, they tell which of the probes that are not there must have passed.
// May know: journal, model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/record.hpp"

namespace keepwell::simulation {

/// One answer, and what was said of it.
struct KeptAnswer {
    Instant at{};
    Outcome outcome = Outcome::passed;
    bool timed_out = false;                      ///< it took the whole timeout
    std::optional<std::uint32_t> streak_before;  ///< failures in a row before it, where `probe.failed` tells
};

class KeptAnswers {
  public:
    void take(const journal::Record& record);

    /// The first answer of this target at `at` or later in the run whose first record is `run`; null: there is none.
    const KeptAnswer* from(std::uint64_t run, const std::string& target, Instant at) const;

  private:
    using OfTarget = std::map<std::string, std::vector<KeptAnswer>, std::less<>>;
    std::map<std::uint64_t, OfTarget> runs_;  ///< by the seq of their first record
    OfTarget* run_ = nullptr;
};

}  // namespace keepwell::simulation
