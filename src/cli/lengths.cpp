// Units are Go's, as in a policy, and days.
#include "cli/lengths.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace keepwell::cli {
namespace {

/// Takes one unit off the front; milliseconds in it, or 0.
double take_unit(std::string_view& text) {
    constexpr std::array<std::pair<std::string_view, double>, 5> units{
        {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 24 * 3600e3}}};
    for (const auto& [name, milliseconds] : units) {
        if (!text.starts_with(name)) continue;
        text.remove_prefix(name.size());
        return milliseconds;
    }
    return 0;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_length(std::string_view text) {
    constexpr double longest = 100 * 365.0 * 24 * 3600e3;
    double sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        double number = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
        if (error != std::errc{} || text.front() == '-') return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const double unit = take_unit(text);
        sum += number * unit;
        if (unit == 0 || !(sum <= longest)) return std::nullopt;
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(sum)};
}

std::optional<std::chrono::milliseconds> parse_rate(std::string_view text) {
    if (text == "0") return std::chrono::milliseconds{0};
    std::uint32_t times = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), times);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (error != std::errc{} || times == 0 || !text.starts_with('/')) return std::nullopt;
    const auto length = parse_length(text.substr(1));
    if (!length || *length / times == std::chrono::milliseconds{0}) return std::nullopt;
    return *length / times;
}

std::string without_zeros(std::string length) {
    for (const std::string_view nothing : {"m0s", "h0m"}) {
        if (length.ends_with(nothing)) length.resize(length.size() - 2);
    }
    return length;
}

std::string age_text(std::chrono::milliseconds age) {
    using namespace std::chrono;
    const auto seconds = age.count() < 0 ? 0 : duration_cast<std::chrono::seconds>(age).count();
    const auto two = [](std::int64_t large, const char* unit, std::int64_t small, const char* small_unit) {
        std::string text = std::to_string(large) + unit;
        if (small > 0) text += std::to_string(small) + small_unit;
        return text;
    };
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return two(seconds / 60, "m", seconds < 600 ? seconds % 60 : 0, "s");
    if (seconds < 86400) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
    return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

}  // namespace keepwell::cli
