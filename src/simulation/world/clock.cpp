// The bodies of clock and output.
#include "simulation/world/clock.hpp"

#include <utility>

namespace keepwell::simulation {

WallTime Clock::wall() const {
    return begin_ + std::chrono::duration_cast<WallTime::duration>(loop_.now().time_since_epoch());
}

Clock::LocalTime Clock::local(WallTime wall) const {
    const auto minutes = std::chrono::floor<std::chrono::minutes>(wall.time_since_epoch());
    return {minutes % std::chrono::hours{24}, static_cast<int>((minutes / std::chrono::hours{24} + 4) % 7)};
}

void Clock::arm(Instant at, std::function<void()> due) {
    ++armed_;
    due_ = std::move(due);
    if (at == never) return;
    ++armings;
    loop_.at(at, [this, mine = armed_] { ring(mine); });
}

void Clock::ring(std::uint64_t armed) {
    if (armed == armed_) std::exchange(due_, nullptr)();
}

std::string Output::tail(const TargetSpec& target, std::size_t) const { return "the last words of " + target.name; }

}  // namespace keepwell::simulation
