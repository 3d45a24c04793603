// Values of the canonical text as people read them.
// It knows one value or one list of them, not what it is compared with, nor why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keepwell::policy {

/// A text without its quotes and escapes.
std::string unquoted(std::string_view text);

/// "30s" of "30000000000ns", "on-failure" of a number that stands for it, "[a, b]" of a list. Empty: nothing is given.
std::string in_words(std::string_view canonical, const std::vector<std::string>& values);

/// "restart", "replace (stop-first)" or "run (30s)" of a line whose name begins with "rung".
std::string rung_in_words(std::string_view canonical, const std::string& value);

/// "PORT changed, TOKEN added". Names only: a value may be a secret, and a plan is shown around.
std::string variables_changed(const std::vector<std::string>& before, const std::vector<std::string>& after);

}  // namespace keepwell::policy
