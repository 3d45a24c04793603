// Maintenance windows on the wall clock.
#include "supervisor/calendar.hpp"

#include <gtest/gtest.h>

namespace keepwell::supervisor {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

WindowState state_at(const MaintenanceWindow& window, int weekday, minutes at) {
    return window_state({window}, {at, weekday});
}

TEST(Calendar, a_window_is_open_from_its_beginning_until_before_its_end) {
    const MaintenanceWindow window{hours{2}, hours{4}, 0x7f};
    EXPECT_FALSE(state_at(window, 1, minutes{119}).open);
    EXPECT_EQ(state_at(window, 1, minutes{119}).until_change, minutes{1});
    EXPECT_TRUE(state_at(window, 1, hours{2}).open);
    EXPECT_EQ(state_at(window, 1, hours{3}).until_change, hours{1});
    EXPECT_FALSE(state_at(window, 1, hours{4}).open);
}

TEST(Calendar, a_window_that_ends_before_it_begins_ends_on_the_next_day) {
    const MaintenanceWindow window{hours{23}, hours{1}, 1 << 6};  // Saturday night
    EXPECT_TRUE(state_at(window, 6, hours{23}).open);
    EXPECT_TRUE(state_at(window, 0, minutes{30}).open) << "Sunday, half past midnight";
    EXPECT_EQ(state_at(window, 0, minutes{30}).until_change, minutes{30});
    EXPECT_FALSE(state_at(window, 6, minutes{30}).open);
}

TEST(Calendar, only_its_days_count) {
    const MaintenanceWindow window{hours{2}, hours{4}, 1 << 1};  // Monday
    EXPECT_TRUE(state_at(window, 1, hours{3}).open);
    EXPECT_FALSE(state_at(window, 2, hours{3}).open);
    EXPECT_EQ(state_at(window, 2, hours{3}).until_change, 6 * 24h - 1h);
}

TEST(Calendar, of_several_open_windows_the_last_to_close_counts) {
    const std::vector<MaintenanceWindow> windows{{hours{2}, hours{4}, 0x7f}, {hours{3}, hours{6}, 0x7f}};
    EXPECT_EQ(window_state(windows, {minutes{210}, 3}).until_change, minutes{150});
}

TEST(Calendar, without_windows_nothing_is_ever_open) { EXPECT_FALSE(window_state({}, {minutes{0}, 0}).open); }

}  // namespace
}  // namespace keepwell::supervisor
