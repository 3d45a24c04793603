// Which container could be whose: by name, by labels, by what Compose and our own replacements call it; and which is
// nobody's.
// May know: model, view, role. Pure: no I/O, no clock, no memory.
// Sources: moby daemon/cluster/executor/container/container.go (labels of Swarm's tasks); compose pkg/api/labels.go,
// pkg/compose/convergence.go; podman pkg/systemd/define (PODMAN_SYSTEMD_UNIT).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "keepwell/model/spec.hpp"
#include "runtime/docker/watch/view.hpp"

namespace keepwell::runtime::docker {

using Labels = std::map<std::string, std::string, std::less<>>;

/// What a claim rests on; of inspect or of the listing alike.
struct Identity {
    std::string_view id;
    std::string_view name;
    const Labels& labels;
};
Identity identity_of(const ContainerView& container);
Identity identity_of(const ListedContainer& container);

/// How good a container fits a target, the best last.
enum class Fit : std::uint8_t {
    none,
    temporary,  ///< one half of a replacement that is under way or was left
    alike,      ///< not what the target names, but in its place
    exact,
};

/// For a target of the policy: one that keepwell owns, or one that it names or selects.
Fit fit(const TargetSpec& target, const Identity& container);
/// For a target that joined with a container of this name and `place`.
Fit fit(std::string_view name, std::string_view place, const Identity& container);

/// All labels are there. A container that `compose run` made is no service, whatever its labels.
bool selects(const ContainerSelector& selector, const Labels& labels);

/// "project/service/number" of what Compose made, which Compose gives to the next one; empty for any other.
std::string compose_place(const Labels& labels);

/// A container of ours in this project.
bool is_ours(const Labels& labels, std::string_view project);
/// Made for this slot of this service, whatever the target is called now.
bool is_of_slot(const ContainerSpec& spec, std::uint32_t slot, const Labels& labels);
/// The value of a label; empty where there is none.
std::string_view label(const Labels& labels, std::string_view key);

/// Why nobody but its own master may touch it; empty: nothing speaks against it. `by_labels_alone`: no policy names it.
std::string never_a_target(const Labels& labels, bool by_labels_alone);

/// What tells a process that it runs in a container, and in which one: its id is in its mounts (hostname, hosts and
/// resolv.conf come from the engine's folder of that container) and, with cgroup v1, in its cgroup; the hostname is its
/// short id unless it was set.
struct Surroundings {
    bool contained = false;
    std::string hostname;
    std::string traces;  ///< the cgroup and mountinfo of the process
};
/// The container with this id is the one that keepwell runs in.
bool is_self(const Surroundings& here, std::string_view id);

/// The image of a program that heals containers as well: two would restart the same one twice.
bool is_rival(std::string_view image);

}  // namespace keepwell::runtime::docker
