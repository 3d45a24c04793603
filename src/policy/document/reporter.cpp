// Collects the mistakes of one load.
#include "policy/document/reporter.hpp"

#include <algorithm>
#include <utility>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

constexpr std::size_t most_kept = 1000;
constexpr std::size_t most_shown = 100;
constexpr std::size_t longest_line = 400;  // a minified file is one line of a megabyte: nobody can read that

std::vector<std::size_t> line_starts(std::string_view text) {
    std::vector<std::size_t> starts{0};
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') starts.push_back(i + 1);
    }
    return starts;
}

}  // namespace

std::uint32_t Reporter::add_source(std::string name, std::string path, std::string text) {
    auto lines = line_starts(text);
    sources_.push_back(Source{std::move(name), std::move(path), std::move(text), std::move(lines)});
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::string Reporter::folder_of(std::uint32_t file) const {
    const auto& path = sources_[file].path;
    const auto slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string Reporter::place(const Position& at) const { return name_of(at.file) + ":" + std::to_string(at.line); }

void Reporter::error(const Position& at, std::string message) {
    add(Diagnostic::Severity::error, at, std::move(message));
}

void Reporter::warning(const Position& at, std::string message) {
    add(Diagnostic::Severity::warning, at, std::move(message));
}

void Reporter::note(const Position& at, std::string message) {
    add(Diagnostic::Severity::note, at, std::move(message));
}

void Reporter::add(Diagnostic::Severity severity, const Position& at, std::string message) {
    if (severity == Diagnostic::Severity::error) ++errors_;
    if (entries_.size() == most_kept) {
        ++dropped_;
        return;
    }
    if (!seen_.insert(Key{at.file, at.line, at.column, message}).second) return;
    entries_.push_back(Entry{severity, at, std::move(message)});
}

std::string Reporter::source_line(const Position& at) const {
    const auto& source = sources_[at.file];
    if (at.line == 0 || at.line > source.lines.size()) return {};
    const auto begin = source.lines[at.line - 1];
    const auto end = at.line < source.lines.size() ? source.lines[at.line] - 1 : source.text.size();
    auto line = std::string_view{source.text}.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line.size() > longest_line ? std::string{} : printable(line);
}

Diagnostic Reporter::shown(const Position& at, std::string message, Diagnostic::Severity severity) const {
    return {severity, name_of(at.file), at.line, at.column, at.length, std::move(message), source_line(at)};
}

std::vector<Diagnostic> Reporter::diagnostics() const {
    auto sorted = entries_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.at.file, a.at.line, a.at.column) < std::tie(b.at.file, b.at.line, b.at.column);
    });
    std::vector<Diagnostic> result;
    for (const auto& entry : sorted) {
        if (result.size() == most_shown) break;
        result.push_back(shown(entry.at, entry.message, entry.severity));
    }
    if (const auto rest = sorted.size() - result.size() + dropped_; rest > 0) {
        auto message = std::to_string(rest) + " more like these are not shown";
        result.push_back(Diagnostic{Diagnostic::Severity::error, result.back().file, 0, 0, 1, message, {}});
    }
    return result;
}

}  // namespace keepwell::policy
