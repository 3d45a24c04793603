// Policy files -> model: reads, merges, checks, and reports every mistake of all of them in one go.
//
//   const auto loaded = keepwell::policy::load({"policy.yaml", "conf.d"}, keepwell::policy::host_environment());
//   for (const auto& diagnostic : loaded.diagnostics) std::cerr << render(diagnostic);
//   if (loaded.policy) run(*loaded.policy);
//
// May know: model. Never throws but for lack of memory, whatever the files hold.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "policy/document/diagnostic.hpp"
#include "policy/document/environment.hpp"
#include "policy/named_entries.hpp"
#include "policy/values/decoder.hpp"

namespace keepwell::policy {

struct Loaded {
    std::optional<Policy> policy;         ///< present exactly when no diagnostic is an error
    std::vector<Diagnostic> diagnostics;  ///< by file and position
    /// Its entries that labels can name; null where it has none.
    std::shared_ptr<const NamedEntries> named;
    std::vector<FieldPlace> places;  ///< of every field, for whoever points at one
};

/// Reads these files; a folder stands for its *.yaml, *.yml and *.json files but for *.test.yaml and the like, which
/// test a policy, sorted by name. Services come from all of them; a file that is met twice is read once. Every relative
/// path inside a file starts at that file's folder, and is absolute in the model. The Compose files that one names
/// under `compose` are files of the policy as well.
Loaded load(const std::vector<std::string>& files_or_folders, const Environment& environment);

}  // namespace keepwell::policy
