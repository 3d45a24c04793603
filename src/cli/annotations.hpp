// Diagnostics as annotations of a pull request on GitHub. May know: diagnostic.
#pragma once

#include <string>

#include "policy/document/diagnostic.hpp"

namespace keepwell::cli {

/// A workflow command of GitHub Actions, with its own escapes, ended by a newline.
std::string github_annotation(const policy::Diagnostic& diagnostic);

}  // namespace keepwell::cli
