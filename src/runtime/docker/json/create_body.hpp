// From an entry of the policy to the request that creates its container: the body and query of
// `POST /containers/create`, and what has to be connected afterwards where the engine is too old to be told at once.
// What the entry does not give is not sent, so that it is the image's or the engine's own.
// Pure: no I/O, no clock. It does not know when a container is created, nor why.
// Sources: moby daemon/commit.go#merge, daemon/create.go, runconfig/hostconfig*.go, api/server/router/container (the
// gates by version); compose pkg/compose/create.go for what each key of a Compose file means to the engine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

/// What is to be known beside the container's own entry.
struct CreateContext {
    ApiVersion version;         ///< that the request will be made with
    std::string name;           ///< under which it is created; empty: the entry's own
    std::string service;        ///< an alias on each network, as Compose has it
    std::uint32_t slot = 1;     ///< from 1
    std::string entry_version;  ///< ServiceSpec::version: from which entry it was made
    Duration stop_grace_period = std::chrono::seconds{10};
    /// The policy probes it: the image's own HEALTHCHECK is switched off, so that nothing is probed twice.
    bool probed_by_policy = false;
    // Full ids of the containers that `container:NAME` and `service:NAME` mean. Without one the engine finds a
    // container by its name; a service it does not know.
    std::string network_container;
    std::string ipc_container;
    std::string pid_container;
};

struct CreateRequest {
    std::string name;                     ///< query of create
    std::string platform;                 ///< query of create; empty: not to be sent
    std::string body;                     ///< of `POST /containers/create`
    std::vector<Connection> connections;  ///< to be made before it is started, in this order
    std::vector<std::string> warnings;    ///< what this engine can not be told; for people
};

/// The error says what can not be created, for people.
/// An `entrypoint` that is empty is sent as `[]`: the image's ENTRYPOINT goes, its CMD stays; `[""]` would take both.
/// An empty `command` leaves the image's: the engine knows no other.
tl::expected<CreateRequest, std::string> create_request(const ContainerSpec& spec, const CreateContext& context);

/// "container:NAME" and "service:NAME" of `network_mode`, `ipc` and `pid`: who is meant. Empty for all other modes.
struct SharedNamespace {
    std::string container;
    std::string service;
};
SharedNamespace shared_namespace(std::string_view mode);

}  // namespace keepwell::runtime::docker
