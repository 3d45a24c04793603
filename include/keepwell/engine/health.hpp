// The health machine of one target: Docker's probe schedule and its rules for results.
// Source of the semantic: moby daemon/health.go, monitor() and handleProbeResult().
// May know: model. It sends no probe: it says when one is due and what a result means.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "keepwell/model/fact.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::engine {

/// The last results of a target, newest last; older ones are dropped.
class ResultLog {
  public:
    void append(ProbeResult result);
    std::size_t size() const { return size_; }
    /// The result `i` places from the oldest kept; i < size().
    const ProbeResult& operator[](std::size_t i) const { return results_[(first_ + i) % kept_results]; }
    const ProbeResult* last() const { return size_ == 0 ? nullptr : &(*this)[size_ - 1]; }

  private:
    std::array<ProbeResult, kept_results> results_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

/// What is known about one target's health.
struct HealthState {
    Health answered = Health::none;    ///< what the answers say; never `unknown`
    std::uint32_t failing_streak = 0;  ///< counted failures in a row; grows without a cap while unhealthy
    std::uint32_t error_streak = 0;    ///< probes in a row that could not be asked
    Instant started_at{};              ///< of the instance that is asked
    ResultLog log;                     ///< survives a new instance, as Docker's does

    /// `unknown` while `retries` probes in a row could not be asked, else what the answers say.
    Health status(const Healthcheck& check) const;
};

/// A new instance lives: starting, streak 0 (initHealthMonitor). The log stays.
void begin_health(HealthState& state, Instant started_at);

/// The instance is gone or was never there: nobody to ask.
void end_health(HealthState& state);

/// How long to wait from `now` (the start, or the end of a probe) until the next probe.
Duration probe_wait(const HealthState& state, const Healthcheck& check, Instant now);

/// Applies one result, and says whether it was counted as a failure. The caller compares status() before and after.
bool apply_result(HealthState& state, const Healthcheck& check, ProbeResult result);

}  // namespace keepwell::engine
