// How a diagnostic is shown.
#include "policy/document/diagnostic.hpp"

#include <algorithm>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

std::string place(const Diagnostic& diagnostic) {
    if (diagnostic.line == 0) return diagnostic.file;
    return diagnostic.file + ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
}

/// Blanks up to the column, keeping tabs, so that the caret stands below what it means.
std::string indent_like(std::string_view line, std::uint32_t columns) {
    std::string indent;
    for (const char c : line) {
        if (indent.size() == columns) break;
        if (is_continuation(c)) continue;
        indent += c == '\t' ? '\t' : ' ';
    }
    indent.resize(columns, ' ');
    return indent;
}

std::string underline(const Diagnostic& diagnostic) {
    const auto before = diagnostic.column - 1;
    const auto width = static_cast<std::uint32_t>(count_characters(diagnostic.source_line));
    const auto room = width > before ? width - before : 1;
    const auto tildes = std::clamp<std::uint32_t>(diagnostic.length, 1, room) - 1;
    return indent_like(diagnostic.source_line, before) + "^" + std::string(tildes, '~');
}

}  // namespace

std::string_view to_string(Diagnostic::Severity severity) {
    switch (severity) {
        case Diagnostic::Severity::error: return "error";
        case Diagnostic::Severity::warning: return "warning";
        case Diagnostic::Severity::note: return "note";
    }
    return "error";
}

std::string render(const Diagnostic& diagnostic) {
    auto text =
        place(diagnostic) + ": " + std::string{to_string(diagnostic.severity)} + ": " + diagnostic.message + "\n";
    if (diagnostic.line == 0 || diagnostic.column == 0 || diagnostic.source_line.empty()) return text;
    auto number = std::to_string(diagnostic.line);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    text += number + " | " + diagnostic.source_line + "\n";
    text += std::string(number.size(), ' ') + " | " + underline(diagnostic) + "\n";
    return text;
}

}  // namespace keepwell::policy
