// The texts that stand for an amount: durations, sizes, times of day. Each is read, or told what is wrong with it.
// Source of the grammars: compose-go types/duration.go (xhit/go-str2duration) and docker/go-units.
// May know: model/time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "keepwell/model/time.hpp"

namespace keepwell::policy {

/// The longest duration that is read. Sums and products of a policy's durations stay far from overflow.
inline constexpr Duration longest_duration = std::chrono::hours{24} * 3660;

/// "1h5m30s20ms", "1.5h", "0"; units ns, us, ms, s, m, h, d, w.
tl::expected<Duration, std::string> parse_duration(std::string_view text);

/// "10MB", "64k", "1g", "4096": bytes, each unit 1024 times the one before.
tl::expected<std::uint64_t, std::string> parse_size(std::string_view text);

/// "22:30"; "24:00" is the end of the day.
tl::expected<std::chrono::minutes, std::string> parse_time_of_day(std::string_view text);

}  // namespace keepwell::policy
