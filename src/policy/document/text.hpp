// Small things about text that everything here shares: characters, safe display, likely typing mistakes.
// May know: std only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keepwell::policy {

/// Whether this byte continues a UTF-8 character.
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// How many bytes the character at the beginning of `text` takes, which is not empty; 0 when it is not valid UTF-8
/// (RFC 3629).
std::size_t character_size(std::string_view text);

bool is_utf8(std::string_view text);

/// Characters (not bytes) of valid UTF-8.
std::size_t count_characters(std::string_view text);

/// The offset of the first byte that no policy file may hold: invalid UTF-8, or a control character other than tab
/// and line ends.
std::optional<std::size_t> find_not_text(std::string_view text);

/// With every byte that a terminal could take as a command, or could not show, replaced by '?'.
std::string printable(std::string_view text);

/// `text` in backticks, printable, cut to a readable length: how messages name what was written.
std::string quote(std::string_view text);

/// "`a`, `b` or `c`"
std::string join_alternatives(const std::vector<std::string_view>& words);

/// The candidate that was probably meant, if one is near enough.
std::optional<std::string_view> closest(std::string_view written, const std::vector<std::string_view>& candidates);

/// "; did you mean `interval`?", or nothing.
std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& candidates);

/// Without spaces, tabs and carriage returns at its ends.
std::string_view trim(std::string_view text);

std::string lower_case(std::string_view text);
/// All of it where there is no colon.
std::string before_colon(std::string_view text);

bool is_digits(std::string_view text);

}  // namespace keepwell::policy
