// One container's inspect without what an engine generates: ids, times, addresses, paths, and spellings of one thing.
// For difference.cpp only.
#pragma once

#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {

enum class Side : std::uint8_t { old_one, new_one };

void normalise(Json& inspect, Side side, const DifferenceOptions& options);

}  // namespace keepwell::runtime::docker
