// A tree as one line of JSON. May know: document.
#pragma once

#include <string>

#include "policy/document/document.hpp"

namespace keepwell::policy {

/// Every scalar is a text there. A `$` is doubled, because a policy has variables: what is shown can be put into one.
std::string json_line(const Node& node);

}  // namespace keepwell::policy
