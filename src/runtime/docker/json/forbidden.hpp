// What keepwell never touches, and what may not be replaced by starting the new one first.
// Pure. May know: an engine's JSON. Each answer is a reason for people, or nothing.
// Sources: swarmkit api/naming, podman quadlet, watchtower internal/actions/update.go#restartStaleContainer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/json/dependants.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

/// Whether somebody else owns this container's life: Swarm, systemd (Podman's quadlet), or a watchtower that is
/// updating itself (its old container has a name of 32 random letters until the new one removes it). `others`: inspects
/// of the rest, from which the new one of an update is known; without them only the old one is.
std::optional<std::string> is_forbidden(std::string_view inspect, const std::vector<std::string>& others = {});

/// Whether two of this container cannot be up at once.
std::optional<std::string> start_first_forbidden(std::string_view inspect, const KnownNetworks& networks,
                                                 const std::vector<Dependant>& dependants);
/// Whether two of this container might spoil what they both use: a volume or a folder of the host that they may write
/// to, a device. Whoever asks for start-first knows better.
std::optional<std::string> start_first_unsafe(std::string_view inspect);

}  // namespace keepwell::runtime::docker
