// Lengths of time and moments as people type and read them on the command line.
// May know: std.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace keepwell::cli {

/// "90s", "1h30m", "500ms", "2d", "0.5s"; nullopt for anything else, and for what is longer than 100 years.
std::optional<std::chrono::milliseconds> parse_length(std::string_view text);

/// "1/7d", "12/1h", "0": how often something comes, as the mean time from one to the next; 0 for never. nullopt for
/// anything else.
std::optional<std::chrono::milliseconds> parse_rate(std::string_view text);

/// "30m" of "30m0s": without the units at its end that are nothing.
std::string without_zeros(std::string length);

/// How long ago, in its two largest units: "41s", "12m", "3h5m", "3d2h".
std::string age_text(std::chrono::milliseconds age);

}  // namespace keepwell::cli
