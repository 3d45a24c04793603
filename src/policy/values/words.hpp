// A command written as one text, split into words as Compose does it (mattn/go-shellwords): quotes and backslashes,
// nothing else of a shell. May know: std, tl::expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace keepwell::policy {

/// The words, or what is wrong. What only a shell understands (`&&`, `|`, `>`) is refused unless quoted: Compose cuts
/// the command off there without a word.
tl::expected<std::vector<std::string>, std::string> split_words(std::string_view text);

}  // namespace keepwell::policy
