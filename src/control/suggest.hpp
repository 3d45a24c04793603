// "did you mean …?": the word that a mistyped one is closest to.
// May know: std only.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace keepwell::control {

/// The candidate that `word` most likely meant, or an empty text when none is near enough (more than a third of the
/// letters differ).
std::string closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace keepwell::control
