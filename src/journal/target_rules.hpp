// What of a target is in the rules of its run, and the target that a replay makes of it.
// May know: record.
#pragma once

#include "journal/record.hpp"

namespace keepwell::journal {

TargetRules rules_of(const TargetSpec& target);

/// As much of the target as the engine reads. Its service is for whoever knows the policy.
TargetSpec target_of(const TargetRules& rules);

}  // namespace keepwell::journal
