// One entry under `services:`: decoded over the defaults, for each of its targets. May know: drafts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/fields/drafts.hpp"

namespace keepwell::policy {

struct Entry {
    EntryDraft draft;                   ///< what all targets have in common is taken from here
    NodePtr whole;                      ///< the defaults laid under it, without what means nothing for its kind
    std::vector<TargetSpec> targets;    ///< `service` is not set yet
    std::vector<TargetSpec> templates;  ///< of containers chosen by labels; no targets then
    bool sound = false;                 ///< no mistake so far: what is missing was not written
};

/// Decodes `service` (its name and what was written under it) with `defaults` (or nullptr) laid under it. `slots`: how
/// many targets it has, where that is not the entry's to say.
Entry decode_entry(DecodeContext& context, const Member& service, const NodePtr& defaults,
                   std::optional<std::uint32_t> slots = std::nullopt);

/// Decodes `defaults:` by itself, so that a mistake is found there even where every service overrides it.
void check_defaults(DecodeContext& context, const NodePtr& defaults);

}  // namespace keepwell::policy
