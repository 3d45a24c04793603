// Mounts as Compose writes them in one text. Source of the grammar: compose-go format/volume.go; docker/cli opts for
// the options of tmpfs. May know: model.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"

namespace keepwell::policy {

/// `[source:]target[:options]`. A source that begins with `.`, `/` or `~` is a path, as it is written; any other is the
/// key of a volume.
tl::expected<Mount, std::string> parse_volume(std::string_view text);

/// `target[:options]`
tl::expected<Mount, std::string> parse_tmpfs(std::string_view text);

/// Octal, three or four digits, with or without `0` or `0o` before them.
tl::expected<std::uint32_t, std::string> parse_file_mode(std::string_view text);

bool is_propagation(std::string_view word);

}  // namespace keepwell::policy
