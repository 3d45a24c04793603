// The form of workflow commands: docs.github.com, "Workflow commands for GitHub Actions".
#include "cli/annotations.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace keepwell::cli {
namespace {

using policy::Diagnostic;

std::string replaced(const std::string& text, const std::vector<std::pair<char, const char*>>& escapes) {
    std::string escaped;
    for (const char c : text) {
        const auto found = std::ranges::find_if(escapes, [c](const auto& one) { return one.first == c; });
        if (found == escapes.end()) {
            escaped += c;
        } else {
            escaped += found->second;
        }
    }
    return escaped;
}

}  // namespace

std::string github_annotation(const Diagnostic& diagnostic) {
    const std::string file =
        replaced(diagnostic.file, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}});
    const std::string message = replaced(diagnostic.message, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}});
    const bool note = diagnostic.severity == Diagnostic::Severity::note;  // GitHub's word for it is another
    std::string line = "::" + std::string{note ? "notice" : to_string(diagnostic.severity)} + " file=" + file;
    if (diagnostic.line > 0) line += ",line=" + std::to_string(diagnostic.line);
    if (diagnostic.column > 0) line += ",col=" + std::to_string(diagnostic.column);
    return line + "::" + message + "\n";
}

}  // namespace keepwell::cli
