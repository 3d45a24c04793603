// What can only be seen over all services: names, dependencies, things that two targets would share.
// May know: entry.
#pragma once

#include <vector>

#include "policy/entry.hpp"

namespace keepwell::policy {

/// Resolves the names in `depends_on` (into `draft.spec.depends_on`), and reports what does not fit together.
void check_entries(std::vector<Entry>& entries, Reporter& reporter);

}  // namespace keepwell::policy
