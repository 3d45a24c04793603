// Width is counted in characters, not bytes: names and outputs may be UTF-8, or no text at all.
#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "policy/document/text.hpp"

namespace keepwell::cli {
namespace {

const char* code_of(Colour colour) {
    switch (colour) {
        case Colour::plain: return "";
        case Colour::good: return "\x1b[32m";
        case Colour::bad: return "\x1b[1;31m";
        case Colour::warn: return "\x1b[33m";
        case Colour::dim: return "\x1b[2m";
        case Colour::strong: return "\x1b[1m";
    }
    return "";
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// U+0080 to U+009F are commands to some terminals: 0xC2 0x80 to 0xC2 0x9F in UTF-8.
bool is_c1(std::string_view character) {
    return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) <= 0x9f;
}

/// What is no UTF-8 is replaced as well: a terminal may take a byte from 0x80 to 0x9f for a command, too.
template <typename Keep>
std::string cleaned(std::string_view text, Keep keep) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const char c = text[0];
        const auto character = text.substr(0, policy::character_size(text));
        if (character.empty() || is_c1(character)) {
            clean += '?';
        } else if (is_control(static_cast<unsigned char>(c)) && !keep(c)) {
            clean += c == '\n' || c == '\t' || c == '\r' ? ' ' : '?';
        } else {
            clean += character;
        }
        text.remove_prefix(std::max<std::size_t>(character.size(), 1));
    }
    return clean;
}

}  // namespace

bool colours_wanted() {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool refused = no_color != nullptr && *no_color != '\0';
    const bool dumb = term == nullptr || std::string_view{term} == "dumb";
    return !refused && !dumb && ::isatty(STDOUT_FILENO) == 1;
}

std::string paint(std::string_view text, Colour colour, bool colours) {
    if (!colours || colour == Colour::plain || text.empty()) return std::string{text};
    return code_of(colour) + std::string{text} + "\x1b[0m";
}

std::string one_line(std::string_view text, std::size_t longest) {
    while (!text.empty() && is_control(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    const std::string clean = cleaned(text, [](char) { return false; });
    if (clean.size() <= longest) return clean;
    std::size_t end = longest;
    while (policy::is_continuation(clean[end])) --end;
    return clean.substr(0, end) + "...";
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + one_line(text);
    return all;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    return std::to_string(number) + " " + std::string{noun} + (number == 1 ? "" : "s");
}

std::string harmless(std::string_view text) {
    return cleaned(text, [](char c) { return c == '\n' || c == '\t'; });
}

bool print(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            const int error = errno;
            if (error != EPIPE) complain(std::string{"what is told can not be written: "} + std::strerror(error));
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void complain(std::string_view text) {
    const std::string line = "keepwell: " + std::string{text} + "\n";
    // Nobody can be told that stderr cannot be written.
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

std::string table(const std::vector<std::vector<Cell>>& rows, bool colours) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], policy::count_characters(row[i].text));
        }
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += paint(row[i].text, row[i].colour, colours);
            if (i + 1 < row.size()) line.append(widths[i] - policy::count_characters(row[i].text) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace keepwell::cli
