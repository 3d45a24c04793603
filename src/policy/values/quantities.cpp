// Durations, sizes, times of day.
#include "policy/values/quantities.hpp"

#include <cmath>
#include <optional>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

struct Unit {
    std::string_view name;
    long double factor;
};

constexpr Unit time_units[] = {{"ns", 1.0L}, {"us", 1e3L}, {"µs", 1e3L},   {"μs", 1e3L},    {"ms", 1e6L},
                               {"s", 1e9L},  {"m", 60e9L}, {"h", 3600e9L}, {"d", 86400e9L}, {"w", 604800e9L}};

std::optional<long double> time_unit(std::string_view name) {
    for (const auto& unit : time_units) {
        if (unit.name == name) return unit.factor;
    }
    return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes "12", "1.5" or ".5" from the front.
std::optional<long double> take_decimal(std::string_view& text) {
    long double value = 0;
    long double place = 1;
    bool digits = false, fraction = false;
    while (!text.empty() && (is_digit(text[0]) || (text[0] == '.' && !fraction))) {
        if (text[0] == '.') {
            fraction = true;
        } else {
            digits = true;
            place = fraction ? place * 10 : place;
            value = fraction ? value + static_cast<long double>(text[0] - '0') / place
                             : value * 10 + static_cast<long double>(text[0] - '0');
        }
        text.remove_prefix(1);
    }
    return digits ? std::optional{value} : std::nullopt;
}

std::string_view take_unit(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && !is_digit(text[size]) && text[size] != '.') ++size;
    const auto unit = text.substr(0, size);
    text.remove_prefix(size);
    return unit;
}

}  // namespace

tl::expected<Duration, std::string> parse_duration(std::string_view text) {
    const auto whole = text;
    const auto refuse = [&](std::string why) { return tl::unexpected(std::move(why)); };
    if (text == "0") return Duration{0};
    if (!text.empty() && text[0] == '-') return refuse("a duration can not be negative");
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    if (is_digits(text)) return refuse("missing unit; did you mean " + quote(std::string{text} + "s") + "?");
    long double total = 0;
    do {
        const auto amount = take_decimal(text);
        if (!amount) return refuse(quote(whole) + " is not a duration; one is written like `30s` or `1h5m`");
        const auto name = take_unit(text);
        if (name.empty()) return refuse("missing unit at the end of " + quote(whole));
        const auto factor = time_unit(name);
        if (!factor) return refuse("unknown unit " + quote(name) + "; a duration has ns, us, ms, s, m, h, d or w");
        total += *amount * *factor;
    } while (!text.empty());
    if (total > static_cast<long double>(longest_duration.count())) return refuse("a duration is at most `3660d`");
    return Duration{static_cast<Duration::rep>(std::llround(total))};
}

tl::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
    const auto wrong = [&] {
        return tl::unexpected(quote(text) + " is not a size; one is written like `10mb`, with b, kb, mb or gb");
    };
    auto rest = text;
    const auto amount = take_decimal(rest);
    if (!amount) return wrong();
    const auto unit = lower_case(rest);
    long double factor = 1;
    if (unit == "k" || unit == "kb")
        factor = 1024.0L;
    else if (unit == "m" || unit == "mb")
        factor = 1024.0L * 1024;
    else if (unit == "g" || unit == "gb")
        factor = 1024.0L * 1024 * 1024;
    else if (unit != "b" && !unit.empty())
        return wrong();
    const auto bytes = *amount * factor;
    if (bytes > 1e15L) return tl::unexpected<std::string>("a size is at most `900000gb`");
    return static_cast<std::uint64_t>(std::llround(bytes));
}

tl::expected<std::chrono::minutes, std::string> parse_time_of_day(std::string_view text) {
    const auto wrong = [&] {
        return tl::unexpected(quote(text) + " is not a time of day; one is written like \"22:30\"");
    };
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return wrong();
    const auto hours = text.substr(0, colon), minutes = text.substr(colon + 1);
    if (!is_digits(hours) || hours.size() > 2 || !is_digits(minutes) || minutes.size() != 2) return wrong();
    const std::chrono::minutes at{std::stoi(std::string{hours}) * 60 + std::stoi(std::string{minutes})};
    if (minutes > "59" || at > std::chrono::hours{24}) return wrong();
    return at;
}

}  // namespace keepwell::policy
