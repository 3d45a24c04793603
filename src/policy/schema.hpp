// What a policy may hold, for editors and for people; both are made from the field tables.
// May know: std only.
#pragma once

#include <string>

namespace keepwell::policy {

/// A JSON schema, draft-07.
std::string schema();

/// The reference page, in Markdown.
std::string reference();

}  // namespace keepwell::policy
