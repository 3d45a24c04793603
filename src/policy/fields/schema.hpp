// What a policy may hold, for editors and for people; both are made from the field tables.
// May know: fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/fields/fields.hpp"

namespace keepwell::policy {

/// A JSON schema, draft-07.
std::string schema();

/// The same of another kind of file: its blocks, from the outside in, and what their shapes refer to besides (a JSON
/// object of definitions).
std::string schema_of(std::string_view title, const std::vector<const BlockInfo*>& blocks,
                      std::string_view definitions = "{}");

/// The reference page, in Markdown.
std::string reference();

/// The tables of these blocks, as sections of a page.
std::string reference_of(const std::vector<const BlockInfo*>& blocks);

}  // namespace keepwell::policy
