// The body of the maintenance calendar: minutes of a week, Sunday 00:00 first.
#include "supervisor/calendar.hpp"

#include <algorithm>

namespace keepwell::supervisor {
namespace {

using std::chrono::minutes;

constexpr minutes day{24 * 60};
constexpr minutes week = 7 * day;

/// Minutes from `from` to `to` on the circle of a week.
minutes ahead(minutes from, minutes to) { return (to - from + week) % week; }

}  // namespace

WindowState window_state(const std::vector<MaintenanceWindow>& windows, ClockPort::LocalTime at) {
    const minutes now = day * at.weekday + at.since_midnight;
    WindowState state{false, week};
    minutes closes{0};
    for (const MaintenanceWindow& window : windows) {
        const minutes length = window.to > window.from ? window.to - window.from : window.to - window.from + day;
        for (int weekday = 0; weekday < 7; ++weekday) {
            if ((window.days & (1 << weekday)) == 0) continue;
            const minutes begins = day * weekday + window.from;
            const minutes since = ahead(begins, now);
            if (since < length) closes = std::max(closes, length - since);
            state.until_change = std::min(state.until_change, since == minutes{0} ? week : ahead(now, begins));
        }
    }
    if (closes == minutes{0}) return state;
    return {true, closes};
}

}  // namespace keepwell::supervisor
