// The identities that everything else refers to.
// May know: std only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keepwell {

/// Index of a service in `Policy::services`.
using ServiceIndex = std::uint32_t;

/// Index of a target in `Policy::targets`. A target is one supervised instance of a service (a Swarm slot).
using TargetIndex = std::uint32_t;

/// Stands where a fact concerns the host and no single target.
inline constexpr TargetIndex no_target = UINT32_MAX;

/// Names one command from its issue to its one completion. Never reused by one engine; 0 is none.
using CommandId = std::uint64_t;

/// Names one incident; counts up over restarts of keepwell. 0 is none.
using IncidentId = std::uint64_t;

/// One life of a target: a pid with its kernel start time ("4711@8812345"), or a full container id with the moment of
/// its start ("4f1c…@2026-11-20T18:00:00.5Z"): a restart in place begins a new life of the same container.
/// Two lives never share an id on one boot, so a stale message about an old life is recognised.
struct Instance {
    std::string id;
    std::int64_t pid = 0;  ///< of a process; 0 for a container. Identity is `id`.

    friend bool operator==(const Instance& a, const Instance& b) { return a.id == b.id; }
    bool exists() const { return !id.empty(); }
    bool is_process() const { return pid != 0; }
    /// What lives: the pid or the full container id, without the moment of its start.
    std::string_view subject() const { return std::string_view{id}.substr(0, id.find('@')); }
};

/// A container's id is shortened to so many digits, by Docker as well (docker/cli, moby stringid).
inline constexpr std::size_t short_id_size = 12;
inline std::string short_id(std::string_view id) { return std::string{id.substr(0, short_id_size)}; }

}  // namespace keepwell
