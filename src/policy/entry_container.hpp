// The last step of an entry with `image:`: puts its container together, and finds what does not fit together in it.
// What only shows beside other containers is check's. May know: drafts.
#pragma once

#include "policy/fields/drafts.hpp"

namespace keepwell::policy {

/// Leaves the container in `draft.target.container`. `own` is what the service itself says, `name` its key.
void finish_container(Decoder& decoder, const Node& name, const Node& own, EntryDraft& draft);

}  // namespace keepwell::policy
