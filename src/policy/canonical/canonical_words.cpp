// Lists and quotes are taken apart, durations and enumerators named.
#include "policy/canonical/canonical_words.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>

#include "keepwell/model/awaited.hpp"
#include "keepwell/model/fact.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::policy {

std::string unquoted(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') continue;
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

namespace {

/// Cuts at spaces outside of quotes.
std::vector<std::string> items(std::string_view list) {
    std::vector<std::string> all(1);
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '\\' && quoted && i + 1 < list.size()) all.back() += list[i++];
        if (list[i] == '"' && list[i - (i > 0)] != '\\') quoted = !quoted;
        if (list[i] == ' ' && !quoted) {
            all.emplace_back();
        } else {
            all.back() += list[i];
        }
    }
    std::erase(all, std::string{});
    return all;
}

bool is_list(std::string_view text) { return text.size() >= 2 && text.front() == '[' && text.back() == ']'; }

std::vector<std::string> items_of_list(std::string_view list) { return items(list.substr(1, list.size() - 2)); }

/// With which a text begins; 0 where it begins with none.
int number_in(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string as_it_is(const std::string& text) { return text; }

std::string each_in_words(std::string_view list, std::string (*word)(const std::string&)) {
    std::string all;
    for (const std::string& item : items_of_list(list)) all += (all.empty() ? "" : ", ") + word(unquoted(item));
    return all;
}

std::string shown(std::string_view value) {
    if (is_list(value)) return "[" + each_in_words(value, as_it_is) + "]";
    if (value.ends_with("ns")) {
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size() - 2, count);
        if (error == std::errc{} && end == value.data() + value.size() - 2) return keepwell::to_string(Duration{count});
    }
    return unquoted(value);
}

/// "db (service_healthy, restart)" of `db 1 true true`.
std::string dependency_in_words(const std::string& item) {
    const auto words = items(item);
    if (words.size() != 4 || words[1].size() != 1) return item;
    const auto condition = static_cast<std::size_t>(words[1][0] - '0');
    if (condition >= dependency_conditions.size()) return item;
    const std::string restart = words[2] == "true" ? ", restart" : "";
    const std::string required = words[3] == "true" ? "" : ", not required";
    return words[0] + " (" + std::string{to_string(dependency_conditions[condition])} + restart + required + ")";
}

/// "08:36"
std::string clock_in_words(std::string_view minutes) {
    const int count = number_in(minutes);
    const auto two = [](int number) { return std::string(number < 10 ? "0" : "") + std::to_string(number); };
    return two(count / 60) + ":" + two(count % 60);
}

/// "22:00-23:00 on Mon, Tue" of `1320min-1380min/6`; every day is not told.
std::string window_in_words(const std::string& item) {
    static constexpr std::array names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const auto dash = item.find('-');
    const auto slash = item.find('/');
    if (dash == std::string::npos || slash == std::string::npos) return item;
    const auto days = static_cast<unsigned>(number_in(std::string_view{item}.substr(slash + 1)));
    std::string on;
    for (std::size_t day = 0; day < names.size() && days != 0x7f; ++day) {
        if (days & (1U << day)) on += (on.empty() ? " on " : ", ") + std::string{names[day]};
    }
    return clock_in_words(item) + "-" + clock_in_words(std::string_view{item}.substr(dash + 1)) + on;
}

std::string signal_in_words(const std::string& value) {
    const char* name = ::sigabbrev_np(number_in(value));
    return name ? "SIG" + std::string{name} : value;
}

/// The enumerators of a field that is a number in the canonical text.
std::string shown_as(std::string_view canonical, const std::string& value) {
    static const std::map<std::string_view, std::vector<std::string>> words{
        {"restart.condition", {"none", "on-failure", "any"}},
        {"mode", {"enforce", "dry-run"}},
        {"kind", {"process", "container", "adopted container"}},
        {"update.failure_action", {"pause", "continue", "rollback"}},
        {"update.order", {"automatic", "stop-first", "start-first"}},
        {"pull_policy", {"missing", "always", "never"}},
    };
    if (canonical == "stop_signal") return signal_in_words(value);
    if (canonical == "depends_on" && is_list(value)) return each_in_words(value, dependency_in_words);
    if (canonical == "maintenance" && is_list(value)) return each_in_words(value, window_in_words);
    const auto known = words.find(canonical);
    const bool is_digit = value.size() == 1 && value[0] >= '0' && value[0] <= '9';
    if (known == words.end() || !is_digit) return shown(value);
    const auto index = static_cast<std::size_t>(value[0] - '0');
    return index < known->second.size() ? known->second[index] : value;
}

std::map<std::string, std::string> variables(const std::vector<std::string>& lists) {
    std::map<std::string, std::string> all;
    for (const std::string& list : lists) {
        if (!is_list(list)) continue;
        for (const std::string& item : items_of_list(list)) {
            const std::size_t end = item.find("\"=\"");
            if (end != std::string::npos) all[unquoted(item.substr(0, end))] = item.substr(end);
        }
    }
    return all;
}

}  // namespace

std::string in_words(std::string_view canonical, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) {
        const std::string text = shown_as(canonical, value);
        if (!text.empty() && text != "[]") all += (all.empty() ? "" : ", ") + text;
    }
    return all;
}

std::string rung_in_words(std::string_view canonical, const std::string& value) {
    if (canonical == "rung.run") return "run (" + shown(value) + ")";
    if (canonical != "rung.replace") return shown(value);
    const std::string order = shown_as("update.order", value);
    return order == "automatic" ? "replace" : "replace (" + order + ")";
}

std::string variables_changed(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    const auto old = variables(before);
    const auto now = variables(after);
    std::string all;
    const auto add = [&all](const std::string& name, const char* what) {
        all += (all.empty() ? "" : ", ") + name + " " + what;
    };
    for (const auto& [name, value] : now) {
        const auto known = old.find(name);
        if (known == old.end()) add(name, "added");
        if (known != old.end() && known->second != value) add(name, "changed");
    }
    for (const auto& [name, value] : old) {
        if (!now.contains(name)) add(name, "removed");
    }
    return all;
}

}  // namespace keepwell::policy
