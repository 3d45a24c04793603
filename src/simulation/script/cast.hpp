// Who takes part in a made-up world: which container stands behind each target that is found by labels.
// May know: model.
#pragma once

#include <span>
#include <string>

#include "keepwell/model/spec.hpp"

namespace keepwell::simulation {

/// A real keepwell learns from the container engine which containers there are; a made-up world has those that its
/// story names. Each target that is found by labels alone gets a container of its own name; and a name such as
/// `labelled.web` becomes the target that the container `web` would be, were it chosen by the entry `labelled`.
void cast(Policy& policy, std::span<const std::string> names);

}  // namespace keepwell::simulation
