// Everything that a replica is made from, asked of the engine before anything is touched.
// May know: workplace, replica. Threads: the loop only.
#pragma once

#include <functional>
#include <string>

#include "runtime/docker/commands/workplace.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

/// `name`: for the replica. What the engine does not have is left empty: make_replica() says what that means.
void gather_source(Workplace& place, const Look& container, std::string name, std::function<void(ReplicaSource)> done);

}  // namespace keepwell::runtime::docker
