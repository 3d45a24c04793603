// Waits for what a moment is counted from: the second restart of redis, the loss of the container engine.
// May know: script, journal's records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/record.hpp"
#include "simulation/script/script.hpp"

namespace keepwell::simulation {

class Cue {
  public:
    /// The moment comes after something, and must outlive the cue.
    explicit Cue(const Moment& moment) : moment_{moment}, times_{moment.after_times} {}

    /// Whether it comes with this record; once. Every record of a run must be shown, in order.
    bool comes_with(const journal::Record& record);

  private:
    bool is_it(const journal::Record& record);

    const Moment& moment_;
    std::uint32_t times_;  ///< how often it is still to come
    bool engine_lost_ = false;
};

/// Why a moment does not come until `end`; empty where it does. `at`: when it comes, if what it counts from was seen.
std::string never_comes(const Moment& moment, const std::optional<Instant>& at, Instant end);

}  // namespace keepwell::simulation
