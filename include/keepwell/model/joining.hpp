// What is known of a target only when it joins: its name, in the texts that name it. May know: std, spec.
#pragma once

#include "keepwell/model/spec.hpp"

namespace keepwell {

/// `{{.Target.Name}}` in what belongs to each target by itself: its hooks, and its environment.
void expand_name(TargetSpec& target);

}  // namespace keepwell
