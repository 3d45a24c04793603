// What the engine says of one container, as far as keepwell needs it: read from inspect's JSON, which is the truth.
// May know: model. Pure: no I/O, no clock. Anything that is missing or of a wrong type is left at its default.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::runtime::docker {

/// Nanoseconds since the epoch on the engine's wall clock, as its RFC 3339 times say; 0: never.
using EngineTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "2026-11-20T18:00:00.123456789Z"; the epoch for Docker's zero time and for what is no time.
EngineTime engine_time(std::string_view text);

/// A plain word: what is part of a path, and of an instance's id, can not look like another part of it.
bool is_container_id(std::string_view text);

enum class ContainerStatus : std::uint8_t { created, running, paused, restarting, removing, exited, dead, unknown };
ContainerStatus container_status(std::string_view text);
std::string_view to_string(ContainerStatus status);

/// One entry of State.Health.Log.
struct EngineProbe {
    EngineTime started;
    EngineTime ended;
    int exit_code = 0;
    std::string output;  ///< of the newest entry only, at most what Docker keeps: nobody asks for the others'
};

/// State.Health; absent where the container has no health check.
struct EngineHealth {
    std::string status;  ///< "none", "starting", "healthy", "unhealthy" and Podman's others
    std::uint32_t failing_streak = 0;
    std::vector<EngineProbe> log;  ///< the last five, oldest first; may hold entries of an earlier run
};

struct ContainerView {
    std::string id;        ///< 64 hex digits
    std::string name;      ///< without the slash
    std::string image;     ///< the reference as typed
    std::string image_id;  ///< what runs
    EngineTime created;
    ContainerStatus status = ContainerStatus::unknown;
    EngineTime started_at;
    EngineTime finished_at;
    std::string started_text;  ///< StartedAt verbatim: part of the instance's id
    std::int64_t pid = 0;      ///< on the host
    int exit_code = 0;
    bool oom_killed = false;
    std::string error;  ///< State.Error: why the last start failed
    std::uint32_t restart_count = 0;
    std::optional<EngineHealth> health;
    std::optional<Healthcheck> healthcheck;  ///< the configuration, Docker's defaults filled in; none for NONE
    std::map<std::string, std::string, std::less<>> labels;
    std::optional<std::int64_t> stop_timeout;  ///< seconds; negative: for ever
    std::string stop_signal;
    std::string restart_policy;  ///< "", "no", "always", "unless-stopped", "on-failure"
    std::uint32_t restart_retries = 0;
    bool auto_remove = false;
    std::string network_mode;
    std::string ipc_mode;
    std::string pid_mode;
    struct Network {
        std::string name;
        std::string address;  ///< IPv4, or IPv6 where there is no other; empty while not running
    };
    std::vector<Network> networks;  ///< in the engine's order, that of NetworkMode first
    std::string user;
    std::string working_dir;

    bool runs() const { return status == ContainerStatus::running; }
    bool lives() const { return status == ContainerStatus::running || status == ContainerStatus::paused; }
    /// Its own restart policy starts it again after an exit.
    bool restarts_itself() const { return !restart_policy.empty() && restart_policy != "no"; }
    /// This life: the full id with the moment of its start; none while it does not live.
    Instance instance() const;
};

/// From `GET /containers/{id}/json`; nullopt when it is no such answer.
std::optional<ContainerView> container_view(std::string_view inspect);

/// One entry of `GET /containers/json`: enough to see that something has changed.
struct ListedContainer {
    std::string id;
    std::string name;  ///< own name: the one with a single slash
    std::string image;
    std::string state;
    std::string status;  ///< "Up 5 minutes (unhealthy)"; its number changes with time: compare `health_word`
    std::string health;  ///< "", "starting", "healthy", "unhealthy": from Health (API 1.52) or from the status text
    std::string network_mode;
    std::map<std::string, std::string, std::less<>> labels;
};
std::optional<std::vector<ListedContainer>> container_list(std::string_view body);

/// As it would be listed.
ListedContainer listed(const ContainerView& container);
/// All that a listing says, where inspect does not answer: its status is unknown, since more must be known to act on
/// it.
ContainerView view_of(const ListedContainer& container);
/// The listing says something else than what inspect said earlier: it is to be inspected again. `now`: of the engine.
bool differs(const ListedContainer& listed, const ContainerView& known, EngineTime now);

}  // namespace keepwell::runtime::docker
