// The bodies of the guard's rules.
#include "keepwell/engine/guard.hpp"

namespace keepwell::engine {

std::optional<std::uint32_t> storm_limit(const Guard& guard, std::size_t targets) {
    if (!guard.max_unhealthy || targets < 3) return std::nullopt;
    if (!guard.max_unhealthy->is_percent) return guard.max_unhealthy->value;
    return static_cast<std::uint32_t>(targets * guard.max_unhealthy->value / 100);
}

Instant ActionBudget::next_allowed(const Guard& guard, Instant now) {
    if (!guard.max_actions) return now;
    while (!taken_.empty() && now - taken_.front() >= guard.max_actions->per) taken_.pop_front();
    if (guard.max_actions->count == 0) return never;
    if (taken_.size() < guard.max_actions->count) return now;
    return later(taken_.front(), guard.max_actions->per);
}

void ActionBudget::note(const Guard& guard, Instant now) {
    if (guard.max_actions) taken_.push_back(now);
}

}  // namespace keepwell::engine
