// The heart of "replace": from what inspect says of a container to the body that creates the same container once more.
// A generic copy of Config and HostConfig with targeted edits, because a typed one drops what it does not know; each
// edit is here for a way in which an unedited copy is refused, or is not the same container.
// Pure: no I/O, no clock. Nothing of ours is added: but for its id, times and generated addresses a replica cannot be
// told from the original.
// Inspect, create and everything between them must speak one API version. 1.44 to 1.51 keep the most: before, several
// networks need calls of their own and binds are read-only at their top only; from 1.52 on inspect does not tell a
// configured MAC address from a generated one.
// Sources: moby daemon/commit.go#merge, daemon/create.go, daemon/volumes.go#registerMountPoints, daemon/inspect.go,
// daemon/container_operations.go, api/server/router/container (the gates by version), runconfig/hostconfig*.go;
// podman pkg/api/handlers/compat/containers_create.go.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace keepwell::runtime::docker {

struct ApiVersion {
    int major = 1;
    int minor = 41;

    friend auto operator<=>(const ApiVersion&, const ApiVersion&) = default;
};
/// "1.41"; 0.0 for what is no version.
ApiVersion api_version(std::string_view text);

/// What must be known of a network. By its name, in KnownNetworks.
struct KnownNetwork {
    std::string id;
    std::string driver;  ///< "bridge", "macvlan"…
    std::string scope;   ///< "local", "swarm", "global"
};
using KnownNetworks = std::map<std::string, KnownNetwork>;
/// From `GET /networks`, or one `GET /networks/{id}`; empty when it is no such answer.
KnownNetworks known_networks(std::string_view answer);

/// Everything a replica is made from. Answers are the engine's, verbatim.
struct ReplicaSource {
    std::string container;  ///< `GET /containers/{id}/json`, from before anything was done to it
    std::string image;      ///< `GET /images/{its sha256 id}/json`; empty: the image is gone
    /// The Id that `Config.Image`, a reference as somebody typed it, resolves to now; empty: to nothing.
    std::string reference_id;
    ApiVersion version;
    KnownNetworks networks;
    /// Old id -> new id, of containers that were replaced and that this one may refer to.
    std::map<std::string, std::string> replaced;
    /// Each container of HostConfig.VolumesFrom, as it is called there (without ":ro") -> its inspect.
    std::map<std::string, std::string> volumes_from;
    /// `GET /containers/{id}/changes`: what was written outside of its volumes. Empty: nobody looked.
    std::string changes;
    std::string hostname;                       ///< of the host: a container in its network was given it
    std::string host_platform;                  ///< "linux/amd64"; empty: unknown, and the platform is always named
    bool podman = false;                        ///< the engine is Podman (`Libpod-API-Version` in its answers)
    std::string name;                           ///< for the replica, until it takes the old one's
    std::map<std::string, std::string> labels;  ///< to add or set; for containers that keepwell owns
};

/// A network that the replica must be connected to after it was created and before it is started (API before 1.44).
struct Connection {
    std::string network;   ///< for `POST /networks/{network}/connect`
    std::string endpoint;  ///< EndpointConfig, as JSON
};
std::string connect_body(const Connection& connection, std::string_view container_id);

/// A volume without a name of its own, which the replica takes over by the name that the engine gave it. For the
/// replica it is a named one: neither `rm -v` nor AutoRemove will delete it.
struct CarriedVolume {
    std::string name;
    std::string destination;
};

struct Replica {
    std::string name;      ///< query of create
    std::string platform;  ///< query of create; empty: not to be sent
    std::string body;      ///< of `POST /containers/create`
    std::vector<Connection> connections;
    std::vector<CarriedVolume> volumes;
    std::vector<std::string> warnings;  ///< what cannot be kept, or cannot be known; for people
};

/// The error is a refusal: why there can be no faithful replica, for people.
tl::expected<Replica, std::string> make_replica(const ReplicaSource& source);

/// The files and folders that the container wrote outside of its volumes: data that a replica does not have.
/// `changes` as above. What the engine itself writes there (mount points, /etc/hosts) is left out.
std::vector<std::string> written_outside_volumes(std::string_view changes, std::string_view container);

}  // namespace keepwell::runtime::docker
