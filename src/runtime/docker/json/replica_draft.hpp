// A replica while it is made: the body's parts, and the steps that fit each of them. For the replica*.cpp files only.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

struct Draft {
    const ReplicaSource& source;
    const Json& container;  ///< inspect of the old one
    const Json& image;      ///< inspect of what it runs
    Json config;            ///< the body's top level
    Json host;              ///< its HostConfig
    Json endpoints;         ///< its NetworkingConfig.EndpointsConfig
    Replica replica;

    bool at_least(int minor) const { return source.version >= ApiVersion{1, minor}; }
    void warn(std::string text) { replica.warnings.push_back(std::move(text)); }
};

/// Why there can be no replica; nothing: it can go on.
using Refusal = std::optional<std::string>;

void fit_image(Draft& draft);
void fit_config(Draft& draft);
void fit_host(Draft& draft);
Refusal fit_volumes(Draft& draft);
Refusal fit_networks(Draft& draft);

}  // namespace keepwell::runtime::docker
