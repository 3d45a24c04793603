// Compose's `${VARIABLE:-default}` in the values of a document, after parsing, so that a value can not become syntax.
// Source of the grammar: compose-spec 12-interpolation.md and compose-go template/template.go, but an unset variable
// without a default is an error: a policy that heals must not silently become empty.
// May know: document, reporter.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "policy/document/document.hpp"

namespace keepwell::policy {

using Variables = std::function<std::optional<std::string>(std::string_view)>;

/// Told of a variable that is not set and has no default, which then is empty, as Compose has it.
using OnUnset = std::function<void(std::string_view)>;

/// The text with its variables put in, or what is wrong with it. Without `on_unset` an unset variable is a mistake.
tl::expected<std::string, std::string> interpolate(std::string_view text, const Variables& variables,
                                                   const OnUnset& on_unset = {});

/// The same tree with every value interpolated; what stands under `x-…` keys is left out. Mistakes are reported, and
/// their values stay as they were.
NodePtr interpolate(const NodePtr& node, const Variables& variables, Reporter& reporter);

/// As Compose does it to its own files: a variable that is not set is empty, with a warning.
NodePtr interpolate_compose(const NodePtr& node, const Variables& variables, Reporter& reporter);

}  // namespace keepwell::policy
