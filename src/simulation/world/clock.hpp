// The supervisor's clock on a simulated loop, and an output that is made up.
// May know: the ports, the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "simulation/world/loop.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::simulation {

/// The wall clock begins at `begin` (Thursday, 1 January 1970, 00:00, unless said otherwise), and is local.
class Clock final : public supervisor::ClockPort {
  public:
    explicit Clock(Loop& loop, WallTime begin = {}) : loop_{loop}, begin_{begin} {}

    Instant now() const override { return loop_.now(); }
    WallTime wall() const override;
    LocalTime local(WallTime wall) const override;
    void arm(Instant at, std::function<void()> due) override;

    /// How often a moment was armed.
    std::size_t armings = 0;

  private:
    void ring(std::uint64_t armed);

    Loop& loop_;
    WallTime begin_;
    std::function<void()> due_;
    std::uint64_t armed_ = 0;
};

/// Each target's last words name it.
class Output final : public supervisor::OutputPort {
  public:
    std::string tail(const TargetSpec& target, std::size_t bytes) const override;
};

}  // namespace keepwell::simulation
