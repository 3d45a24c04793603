// What an entry is: a process, a container that keepwell creates, or one that exists already; and which of its keys
// mean something for that. May know: fields, decoder.
#pragma once

#include "policy/fields/fields.hpp"

namespace keepwell::policy {

/// By what the entry itself says: `container:`, `image:`, or neither.
TargetKind kind_of(const Node& entry);

bool applies(For kinds, TargetKind kind);

/// `merged` without the members that mean nothing for this kind. One that the service itself wrote (in `own`) is a
/// mistake; one that comes from the defaults is left out.
NodePtr applicable(Decoder& decoder, const BlockInfo& block, const NodePtr& merged, const Node& own, TargetKind kind);

}  // namespace keepwell::policy
