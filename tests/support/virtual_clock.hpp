// The supervisor's clock on a VirtualLoop, and an output that is made up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "supervisor/ports.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::testing {

/// The wall clock begins at `begin` (Thursday, 1 January 1970, 00:00, unless said otherwise), and is local.
class VirtualClock final : public supervisor::ClockPort {
  public:
    explicit VirtualClock(VirtualLoop& loop, WallTime begin = {}) : loop_{loop}, begin_{begin} {}

    Instant now() const override { return loop_.now(); }
    WallTime wall() const override {
        return begin_ + std::chrono::duration_cast<WallTime::duration>(loop_.now().time_since_epoch());
    }
    LocalTime local(WallTime wall) const override {
        const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(wall.time_since_epoch());
        return {minutes % (24h), static_cast<int>((minutes / (24h) + 4) % 7)};
    }
    void arm(Instant at, std::function<void()> due) override {
        const std::uint64_t mine = ++armed_;
        if (at == never) return;
        ++armings;
        loop_.at(at, [this, mine, due = std::move(due)] {
            if (mine == armed_) due();
        });
    }

    std::size_t armings = 0;

  private:
    VirtualLoop& loop_;
    WallTime begin_;
    std::uint64_t armed_ = 0;
};

class FakeOutput final : public supervisor::OutputPort {
  public:
    std::string tail(const TargetSpec& target, std::size_t) const override {
        return "the last words of " + target.name;
    }
};

}  // namespace keepwell::testing
