// One container as an engine described it, with the replica that is made of it: a file of tests/runtime/docker/shapes.
// Those of a real engine are written by replica_docker_test.cpp, a line for each member. Those of versions that were
// not at hand are made by hand, in `made`: each is a merge patch `of` another one. `edits` is a JSON patch (RFC 6902)
// of the copy of Config and HostConfig; `created` and `started` are JSON patches or merge patches (RFC 7386) of the old
// container's inspect.
#pragma once

#include <string>
#include <vector>

#include "runtime/docker/json/replica.hpp"

namespace keepwell::testing {

struct Shape {
    runtime::docker::ReplicaSource source;
    std::string refusal;               ///< not empty: there is no replica
    runtime::docker::Replica replica;  ///< body and endpoints as JSON, compared as such
    std::string created;               ///< inspect of it, before it was started; empty: not known
    std::string started;               ///< inspect of it in the old one's place; empty: not known
};

Shape read_shape(const std::string& path);
/// `networks`: the engine's answer, of which the source has read its part.
void write_shape(const std::string& path, const Shape& shape, const std::string& networks,
                 const std::vector<std::pair<std::string, std::string>>& spellings);

}  // namespace keepwell::testing
