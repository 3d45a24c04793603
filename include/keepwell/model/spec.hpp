// What a policy says, as plain data: services, how to probe them, how to heal them, and the guard over all.
// May know: std, names, time. It does not know where it was read from beyond `Origin`, nor what any of it causes.
// Defaults are Docker's and Swarm's: moby daemon/health.go, swarmkit api/defaults/service.go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "keepwell/model/names.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell {

using namespace std::chrono_literals;

/// Where in the policy something was written, so that `explain` can point at it.
struct Origin {
    std::uint32_t file = 0;  ///< index into `Policy::files`
    std::uint32_t line = 0;  ///< 1-based; 0: not written anywhere, a default

    bool written() const { return line != 0; }
};

// ---- probes -----------------------------------------------------------------------------------------------------

/// An inclusive range of HTTP status codes.
struct StatusRange {
    int first = 200;
    int last = 399;
};

/// `http:`; healthy when the status is in one of the ranges and the body satisfies what is asked of it.
struct HttpProbe {
    std::string url;
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::vector<StatusRange> expect_status{StatusRange{}};
    std::string expect_body_contains;  ///< empty: not asked for
    std::string expect_body_matches;   ///< POSIX extended regular expression; empty: not asked for
};

/// `tcp:`; healthy when a connection is accepted.
struct TcpProbe {
    std::string host;  ///< name or literal address, without brackets
    std::uint16_t port = 0;
};

/// `test:`; healthy when the command exits 0. CMD-SHELL is already `/bin/sh -c TEXT` here.
struct ExecProbe {
    std::vector<std::string> command;
};

using Probe = std::variant<HttpProbe, TcpProbe, ExecProbe>;

/// Docker's HEALTHCHECK (moby daemon/health.go). The wait runs from the end of a probe to the start of the next.
struct Healthcheck {
    Duration interval = 30s;
    Duration timeout = 30s;
    Duration start_period = 0s;
    Duration start_interval = 5s;  ///< used only while starting inside a non-zero start_period
    std::uint32_t retries = 3;     ///< at least 1
    Origin origin;
};

// ---- healing ----------------------------------------------------------------------------------------------------

/// Swarm's restart condition: which exits are followed by a new start.
enum class RestartCondition : std::uint8_t { none, on_failure, any };

/// `deploy.restart_policy.backoff`, ours on top of Swarm. The k-th restart in a row without proven health waits
/// `delay` for k = 1, and min(max, max(delay, 100ms) * factor^(k-1)) from then on.
struct Backoff {
    double factor = 2.0;
    Duration max = 5min;
    Duration reset_after = 10s;  ///< up for so long is proven health for a target without a probe
};

/// `deploy.restart_policy` (swarmkit manager/orchestrator/restart/restart.go).
struct RestartPolicy {
    RestartCondition condition = RestartCondition::any;
    Duration delay = 5s;
    std::uint32_t max_attempts = 0;  ///< 0: unlimited
    Duration window = 0s;            ///< sliding look-back; 0: the whole life of this policy version
    std::optional<Backoff> backoff;
    Origin origin;
};

/// A rung that ends the instance and starts a new one.
struct RestartRung {};
/// A rung that runs a command; a non-zero exit or outliving `timeout` goes on to the next rung.
struct RunRung {
    Duration timeout = 30s;
};
/// A rung that stops the target for good.
struct StopRung {};
/// A rung that raises an alert and goes on at once.
struct NotifyRung {};

using RungAction = std::variant<RestartRung, RunRung, StopRung, NotifyRung>;

struct Rung {
    RungAction action;
    Origin origin;
};

struct Quarantine {
    Duration first = 30min;
    Duration max = 6h;
    Origin origin;
};

/// Compose's conditions for `depends_on`.
enum class DependencyCondition : std::uint8_t { service_started, service_healthy, service_completed_successfully };

struct Dependency {
    ServiceIndex service = 0;
    DependencyCondition condition = DependencyCondition::service_started;
    bool restart = false;  ///< restart this service after the dependency was healed
    bool required = true;  ///< false: a dependency that can not be had is no hindrance
    Origin origin;
};

/// The rules of one entry under `services:`, as the engine reads them. What to execute is in `TargetSpec`.
struct ServiceSpec {
    std::string name;
    std::string version;  ///< hash of the entry; a new version starts a new restart history
    std::optional<Healthcheck> healthcheck;
    RestartPolicy restart;
    std::vector<Rung> on_unhealthy;  ///< never holds more than was written; empty: report only
    std::optional<Duration> verify;  ///< default: start_period + retries * (interval + timeout)
    Quarantine quarantine;
    std::vector<Dependency> depends_on;
    Duration stop_grace_period = 10s;
    bool dry_run = false;
    Origin origin;
    Origin ladder_origin;
};

// ---- what a target executes -------------------------------------------------------------------------------------

/// A process to execute; templates and variables are already expanded.
struct ProcessSpec {
    std::vector<std::string> command;
    std::string working_dir;                                       ///< absolute
    std::vector<std::pair<std::string, std::string>> environment;  ///< added to keepwell's own; the last one wins
    std::string user;  ///< "name", "name:group", "uid", "uid:gid"; empty: keepwell's own
    int stop_signal = 15;
};

/// `output:`; where a process's stdout and stderr go.
struct OutputSpec {
    std::string file;                           ///< empty: STATE_DIR/output/TARGET.log
    std::uint64_t max_size = 10 * 1024 * 1024;  ///< bytes; a larger file is rotated
    std::uint32_t keep = 3;                     ///< rotated files kept
};

/// A command that a `run` rung executes for one target.
struct HookSpec {
    std::vector<std::string> command;  ///< empty for a rung of another kind
};

/// One supervised instance of a service, with everything a real end needs in order to act on it.
struct TargetSpec {
    std::string name;  ///< "api", or "api.1", "api.2" with replicas
    ServiceIndex service = 0;
    std::uint32_t slot = 1;
    ProcessSpec process;
    OutputSpec output;
    std::optional<Probe> probe;   ///< present exactly when the service has a healthcheck
    std::vector<HookSpec> hooks;  ///< one for each rung of the service's ladder
};

// ---- the whole --------------------------------------------------------------------------------------------------

/// `guard.max_unhealthy`: a share of all targets (rounded down), or a count.
struct MaxUnhealthy {
    bool is_percent = true;
    std::uint32_t value = 100;
};

/// `guard.max_actions`: so many ladder remedies in so long.
struct MaxActions {
    std::uint32_t count = 0;
    Duration per = 0s;
};

/// Limits over the whole host. What is not given does not limit.
struct Guard {
    std::optional<MaxUnhealthy> max_unhealthy;
    std::optional<std::uint32_t> max_parallel;
    std::optional<MaxActions> max_actions;
    Origin origin;
};

/// One window of `maintenance:`, on the local wall clock. The supervisor turns it into events; the engine never
/// reads a calendar.
struct MaintenanceWindow {
    std::chrono::minutes from{0};  ///< since midnight
    std::chrono::minutes to{0};    ///< since midnight; not after `from`: ends on the next day
    std::uint8_t days = 0x7f;      ///< bit 0 Sunday … bit 6 Saturday; the day on which the window begins
};

enum class Mode : std::uint8_t { enforce, dry_run };

struct Policy {
    Mode mode = Mode::enforce;
    std::vector<ServiceSpec> services;                        ///< in the order of the files; dependencies are acyclic
    std::vector<TargetSpec> targets;                          ///< grouped by service, in slot order
    std::vector<std::vector<MaintenanceWindow>> maintenance;  ///< for each service
    Guard guard;
    Duration quantum = 1ms;          ///< timers are rounded up to it by the supervisor
    bool record = false;             ///< journal every probe outcome
    std::string state_dir;           ///< empty: the platform's default
    std::vector<std::string> files;  ///< as named by the user
    std::string version;             ///< hash of all of it
};

/// The time that a remedy is given to be proven good.
constexpr Duration default_verify(const Healthcheck& check) {
    return check.start_period + check.retries * (check.interval + check.timeout);
}

}  // namespace keepwell
