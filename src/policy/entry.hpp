// One entry under `services:`: decoded over the defaults, for each of its targets. May know: drafts.
#pragma once

#include <vector>

#include "policy/drafts.hpp"

namespace keepwell::policy {

struct Entry {
    EntryDraft draft;                 ///< what all targets have in common is taken from here
    std::vector<TargetSpec> targets;  ///< `service` is not set yet
    bool sound = false;               ///< no mistake so far: what is missing was not written
};

/// Decodes `service` (its name and what was written under it) with `defaults` (or nullptr) laid under it.
Entry decode_entry(DecodeContext& context, const Member& service, const NodePtr& defaults);

/// Decodes `defaults:` by itself, so that a mistake is found there even where every service overrides it.
void check_defaults(DecodeContext& context, const NodePtr& defaults);

}  // namespace keepwell::policy
