// Characters, safe display, likely typing mistakes.
#include "policy/document/text.hpp"

#include <algorithm>

namespace keepwell::policy {
namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

/// Edits from one word to the other; two swapped neighbours are one edit (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

constexpr std::size_t longest_word = 64;  // nothing that anybody could mean is longer

}  // namespace

std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(text[i])) return 0;
    }
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    const bool too_large = first == 0xf4 && byte(1) > 0x8f;
    return overlong || surrogate || too_large ? 0 : size;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto size = character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::optional<std::size_t> find_not_text(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (is_control(c) && c != '\t' && c != '\n' && c != '\r') return at;
        const auto size = character_size(text.substr(at));
        if (size == 0) return at;
        at += size;
    }
    return std::nullopt;
}

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const auto size = character_size(text);
        const bool c1_control = size == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
        const bool show = size > 0 && (!is_control(text[0]) || text[0] == '\t') && !c1_control;
        shown += show ? text.substr(0, size) : "?";
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return shown;
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 60;
    auto shown = printable(text);
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    if (shown.size() > longest) {
        auto end = longest;
        while (is_continuation(shown[end])) --end;
        shown = shown.substr(0, end) + "...";
    }
    return "`" + shown + "`";
}

std::string join_alternatives(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += quote(words[i]);
    }
    return text;
}

std::optional<std::string_view> closest(std::string_view written, const std::vector<std::string_view>& candidates) {
    if (written.empty() || written.size() > longest_word) return std::nullopt;
    std::optional<std::string_view> best;
    auto least = std::max<std::size_t>(1, written.size() / 3) + 1;
    for (const auto candidate : candidates) {
        if (candidate.size() > longest_word) continue;
        const auto distance = edit_distance(lower_case(written), lower_case(candidate));
        if (distance >= least || distance >= candidate.size()) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& candidates) {
    const auto found = closest(written, candidates);
    return found ? "; did you mean " + quote(*found) + "?" : "";
}

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lower_case(std::string_view text) {
    std::string lower{text};
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string before_colon(std::string_view text) { return std::string{text.substr(0, text.find(':'))}; }

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace keepwell::policy
