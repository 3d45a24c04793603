// Who goes down with a container: those that share a namespace or volumes with it, name it in a link, or ask Compose to
// be restarted with it.
// Pure. May know: an engine's JSON.
// Inspect the dependants before the container is touched: a link to it is gone from their inspect as soon as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keepwell::runtime::docker {

/// What ties a dependant to its container.
enum class Tie : std::uint8_t {
    network,  ///< NetworkMode container:ID
    ipc,      ///< IpcMode
    pid,      ///< PidMode
    volumes,  ///< VolumesFrom
    link,     ///< HostConfig.Links, of the default bridge
    compose,  ///< com.docker.compose.depends_on with restart: true
};
std::string_view to_string(Tie tie);

struct Dependant {
    std::string id;
    std::string name;
    std::vector<Tie> ties;  ///< at least one, each once

    bool has(Tie tie) const;
    /// After its container was replaced: it holds an id that is gone, so that a restart would fail or be no use.
    bool must_be_recreated() const;
    /// After its container was restarted in place: a namespace that it was in is gone, or it asks for it.
    bool must_be_restarted() const;
};

/// The dependants of container `id` among `inspects` (each `GET /containers/{id}/json`), in that order. `id`'s own
/// inspect must be among them: it has the names by which others may call it.
std::vector<Dependant> dependants_of(const std::vector<std::string>& inspects, std::string_view id);

}  // namespace keepwell::runtime::docker
