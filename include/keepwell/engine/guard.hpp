// The guard over the whole host: how many may be unhealthy, be healed at once, and be healed in a while.
// May know: model. Rounding as in cluster-api's MachineHealthCheck (maxUnhealthy): percentages round down.
#pragma once

#include <cstdint>
#include <deque>

#include "keepwell/model/spec.hpp"

namespace keepwell::engine {

/// How many of `targets` may be unhealthy at once before it is a storm; nullopt: no limit.
/// Below three targets there is no storm: one of two says nothing about a shared cause.
std::optional<std::uint32_t> storm_limit(const Guard& guard, std::size_t targets);

/// The ladder remedies of late, for `guard.max_actions`.
class ActionBudget {
  public:
    /// When the next action is allowed: `now` or earlier when it is allowed already.
    Instant next_allowed(const Guard& guard, Instant now);
    void note(const Guard& guard, Instant now);

  private:
    std::deque<Instant> taken_;  ///< oldest first
};

}  // namespace keepwell::engine
