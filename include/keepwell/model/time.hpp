// Time as the core sees it: a number that is handed in, never read from a clock.
// May know: std only. It has no now(), on purpose: whoever needs one is not part of the core.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace keepwell {

/// Every length of time in keepwell, in nanoseconds.
using Duration = std::chrono::nanoseconds;

/// The host's monotonic clock, without a way to read it (CLOCK_MONOTONIC in the real ends, a counter in tests).
struct Monotonic {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Monotonic>;
    static constexpr bool is_steady = true;
};

/// A moment on the monotonic clock. Decisions rest on it alone.
using Instant = Monotonic::time_point;

/// A moment on the wall clock. Only stamped onto records for people; no decision reads it.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// A moment that never comes: the deadline of a timer that is not armed.
inline constexpr Instant never = Instant::max();

/// `at` + `length` without passing beyond `never`; lengths come from files and may be huge.
constexpr Instant later(Instant at, Duration length) {
    if (length.count() > 0 && at > never - length) return never;
    return at + length;
}

/// "3s", "1m30s", "1.5s", "500ms", "0s": the notation of Go's time.Duration.String(), which Docker prints. Exact.
std::string to_string(Duration duration);

}  // namespace keepwell
