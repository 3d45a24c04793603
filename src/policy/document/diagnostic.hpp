// One mistake in a policy, and how it is shown: the place, the sentence, the source line, a caret.
// May know: std only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keepwell::policy {

struct Diagnostic {
    enum class Severity : std::uint8_t { error, warning, note };

    Severity severity = Severity::error;
    std::string file;          ///< as named by the user
    std::uint32_t line = 0;    ///< 1-based; 0: the file as a whole
    std::uint32_t column = 0;  ///< 1-based, in characters
    std::uint32_t length = 1;  ///< of what is meant, in characters; at least 1
    std::string message;
    std::string source_line;  ///< without control characters; empty when there is nothing to show
};

/// "error", "warning" or "note"
std::string_view to_string(Diagnostic::Severity severity);

/// As text, without colour, each line ended by a newline:
///
///     shop.yaml:14:7: error: unknown key `intervall` in healthcheck; did you mean `interval`?
///        14 |       intervall: 5s
///           |       ^~~~~~~~~
std::string render(const Diagnostic& diagnostic);

}  // namespace keepwell::policy
