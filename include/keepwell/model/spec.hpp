// What a policy says, as plain data: services, how to probe them, how to heal them, and the guard over all.
// May know: std, names, time. It does not know where it was read from beyond `Origin`, nor what any of it causes.
// Defaults are Docker's and Swarm's: moby daemon/health.go, swarmkit api/defaults/service.go.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// Swarm's order of an update (swarmkit api/types.proto UpdateConfig): which of the two is up first.
enum class ReplaceOrder : std::uint8_t {
    automatic,    ///< start-first where nothing forbids it, stop-first otherwise
    stop_first,   ///< the old one ends before the new one starts
    start_first,  ///< the new one is well before the old one ends
};

/// A rung that ends the instance and starts a new one; a container stays the same container.
struct RestartRung {};
/// A rung that puts a new container from the same image bits and settings in the place of the old one.
struct ReplaceRung {
    ReplaceOrder order = ReplaceOrder::automatic;
};
/// A rung that runs a command; a non-zero exit or outliving `timeout` goes on to the next rung.
struct RunRung {
    Duration timeout = 30s;
};
/// A rung that stops the target for good.
struct StopRung {};
/// A rung that raises an alert and goes on at once.
struct NotifyRung {};

using RungAction = std::variant<RestartRung, ReplaceRung, RunRung, StopRung, NotifyRung>;

struct Rung {
    RungAction action;
    Origin origin;
};

/// `deploy.update_config` (swarmkit api/defaults/service.go): how a changed entry reaches the containers of a service.
struct UpdateConfig {
    enum class FailureAction : std::uint8_t { pause, go_on, rollback };
    std::uint32_t parallelism = 1;  ///< slots at a time; 0: all at once
    Duration delay = 0s;            ///< between one slot and the next
    Duration monitor = 5s;          ///< a new one that fails within it after it was well makes the update fail
    FailureAction failure_action = FailureAction::pause;
    ReplaceOrder order = ReplaceOrder::stop_first;
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

/// One that labels name: who is meant may come later, and is no mistake while it is not there.
struct NamedDependency {
    std::vector<std::string> names;  ///< of a target, or PROJECT/SERVICE; the first one that is known is meant
    Dependency rules;                ///< `service` is for whoever finds it
};

/// The rules of one entry under `services:`, as the engine reads them. What to execute is in `TargetSpec`.
struct ServiceSpec {
    std::string name;
    std::string version;  ///< hash of the entry as expanded for slot 1; a new one starts a new restart history
    /// Hash of what the container of slot 1 is made of (all of ContainerSpec but `pull_policy`): a new one asks for new
    /// containers. Not in it: healthcheck, healing, dependencies, replicas, stop_grace_period. Empty: not our own.
    std::string container_version;
    std::optional<Healthcheck> healthcheck;
    RestartPolicy restart;
    std::vector<Rung> on_unhealthy;  ///< never holds more than was written; empty: report only
    std::optional<Duration> verify;  ///< default: default_verify
    Quarantine quarantine;
    std::vector<Dependency> depends_on;
    Duration stop_grace_period = 10s;
    bool stop_grace_written = false;  ///< else an adopted container's own StopTimeout counts
    /// Containers without a `healthcheck:` here: the status that the container engine keeps is what counts.
    bool engine_health = false;
    UpdateConfig update;
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

/// `ports:`, one of them. Compose's short and long form, ranges spread out.
struct PublishedPort {
    std::string host_ip;               ///< empty: all addresses
    std::uint16_t host_port = 0;       ///< 0: the engine chooses one
    std::uint16_t host_port_last = 0;  ///< the engine chooses one from `host_port` to here; 0: `host_port` alone
    std::uint16_t container_port = 0;
    std::string protocol = "tcp";  ///< tcp, udp or sctp
};

/// `volumes:` and `tmpfs:`, one of them.
struct Mount {
    enum class Type : std::uint8_t { bind, volume, tmpfs };
    Type type = Type::volume;
    std::string source;  ///< absolute path, or the volume's name; empty: an anonymous volume, or tmpfs
    std::string target;  ///< absolute
    bool read_only = false;
    bool create_host_path = true;  ///< bind: make the source where it is missing (the short form's way)
    std::string propagation;       ///< bind; empty: the engine's own
    std::string selinux;           ///< bind: "z" or "Z"; empty: none
    bool nocopy = false;           ///< volume
    bool external = false;         ///< volume: must be there, an error where it is not
    std::uint64_t tmpfs_size = 0;  ///< bytes; 0: no limit
    std::uint32_t tmpfs_mode = 0;  ///< 0: the engine's own
};

/// `networks:`, one of them. The name is the engine's; a network that does not exist is created as a bridge.
struct NetworkAttachment {
    std::string name;
    bool external = false;  ///< must be there: an error where it is not
    std::vector<std::string> aliases;
    std::string ipv4_address;
    std::string ipv6_address;
    std::vector<std::string> link_local_ips;
    std::string mac_address;
    int priority = 0;  ///< the highest one is connected first
    std::vector<std::pair<std::string, std::string>> driver_opts;
};

struct Ulimit {
    std::string name;
    std::int64_t soft = 0;
    std::int64_t hard = 0;
};

struct Device {
    std::string host;
    std::string container;
    std::string permissions = "rwm";
};

/// `logging:`.
struct Logging {
    std::string driver;  ///< empty: the engine's own
    std::vector<std::pair<std::string, std::string>> options;
};

/// Compose's `missing`, `always` and `never`.
enum class PullPolicy : std::uint8_t { missing, always, none };

/// A container that keepwell creates and owns: Compose's keys, templates expanded. What is not given is the image's
/// or the engine's own.
struct ContainerSpec {
    std::string name;     ///< of the container: `container_name`, or PROJECT-SERVICE-SLOT as Compose has it
    std::string project;  ///< the policy's `name`: whose containers are whose
    std::string service;  ///< with the slot, what it is known by: a target may be called `web` or `web.1`
    std::string image;
    std::string platform;
    PullPolicy pull_policy = PullPolicy::missing;
    std::optional<std::vector<std::string>> command;
    std::optional<std::vector<std::string>> entrypoint;  ///< empty: none, not even the image's
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<PublishedPort> ports;
    std::vector<std::string> expose;  ///< "8080/tcp"
    std::vector<Mount> mounts;
    std::vector<NetworkAttachment> networks;
    std::string network_mode;  ///< "host", "none", "bridge", "container:NAME", "service:NAME"; empty: `networks`
    std::string ipc;
    std::string pid;
    std::string uts;
    std::string cgroup_parent;
    std::string userns_mode;
    std::vector<std::pair<std::string, std::string>> labels;
    std::string user;
    std::vector<std::string> group_add;
    std::string working_dir;
    std::string hostname;
    std::string domainname;
    std::string mac_address;
    bool read_only = false;
    bool privileged = false;
    bool tty = false;
    bool stdin_open = false;
    std::vector<std::string> cap_add;
    std::vector<std::string> cap_drop;
    std::vector<Ulimit> ulimits;
    std::int64_t memory = 0;              ///< bytes; 0: no limit
    std::int64_t memory_swap = 0;         ///< bytes, memory included; -1: unlimited
    std::int64_t memory_reservation = 0;  ///< bytes
    std::int64_t nano_cpus = 0;           ///< billionths of a CPU; 0: no limit
    std::int64_t cpu_shares = 0;
    std::string cpuset;
    std::int64_t pids_limit = 0;  ///< 0: no limit
    int oom_score_adj = 0;
    bool oom_kill_disable = false;
    std::optional<bool> init;
    std::int64_t shm_size = 0;  ///< bytes; 0: the engine's own
    std::vector<std::pair<std::string, std::string>> sysctls;
    std::vector<std::string> extra_hosts;  ///< "name:address"
    std::vector<std::string> dns;
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_opt;
    std::vector<Device> devices;
    std::vector<std::string> security_opt;
    Logging logging;
    std::string runtime;
    std::string stop_signal;  ///< empty: the image's
};

/// Which existing container a target adopts: by name, or by labels that all must be there.
struct ContainerSelector {
    struct Label {
        std::string key;
        std::optional<std::string> value;  ///< none: any
    };
    std::string name;  ///< or a full id; empty: by labels
    std::vector<Label> labels;
};

/// `output:`; where a process's stdout and stderr go.
struct OutputSpec {
    std::string file;                           ///< empty: STATE_DIR/output/TARGET.log
    std::uint64_t max_size = 10 * 1024 * 1024;  ///< bytes; a larger file is rotated
    std::uint32_t keep = 3;                     ///< rotated files kept
};

/// In what is read for the many targets of one label: replaced when the target gets its name.
inline constexpr std::string_view target_name_placeholder = "{{.Target.Name}}";
/// In the address of a container's probe, whatever blanks were written in it: replaced by the container's address.
inline constexpr std::string_view container_ip_placeholder = "{{.Container.IP}}";

/// A command that a `run` rung executes for one target.
struct HookSpec {
    std::vector<std::string> command;  ///< empty for a rung of another kind
};

enum class TargetKind : std::uint8_t {
    process,
    container,  ///< keepwell creates and owns it
    adopted,    ///< a container that exists
};

/// One supervised instance of a service, with everything a real end needs in order to act on it.
struct TargetSpec {
    std::string name;  ///< "api", or "api.1", "api.2" with replicas
    ServiceIndex service = 0;
    std::uint32_t slot = 1;
    TargetKind kind = TargetKind::process;
    ProcessSpec process;  ///< of a container: the folder, environment and user of its `run` commands on the host
    std::shared_ptr<const ContainerSpec> container;  ///< for TargetKind::container
    ContainerSelector selector;                      ///< for TargetKind::adopted
    OutputSpec output;
    /// Hash of what an instance is made of: of a process its command, folder, environment, user and output file; of a
    /// container that is our own the service's `container_version`; of an adopted one what selects it. Empty: not
    /// known.
    std::string version;
    std::string question;         ///< hash of `probe`
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
    std::string name;  ///< Compose's project name: which containers are this policy's own
    Mode mode = Mode::enforce;
    std::vector<ServiceSpec> services;  ///< in the order of the files; dependencies are acyclic
    std::deque<TargetSpec> targets;     ///< grouped by service, in slot order; those that come later at the end
    /// `container:` with labels: each container that matches becomes a target like this one while it exists. The name
    /// is the service's; the container's own is added to it.
    std::vector<TargetSpec> templates;
    std::vector<std::vector<MaintenanceWindow>> maintenance;  ///< for each service
    Guard guard;
    Duration quantum = 1ms;          ///< timers are rounded up to it by the supervisor
    bool record = false;             ///< journal every probe outcome
    std::string state_dir;           ///< empty: the platform's default
    std::vector<std::string> files;  ///< as named by the user
    std::string version;             ///< hash of all of it
};

inline bool is_container(const TargetSpec& target) { return target.kind != TargetKind::process; }

/// The service of this name; none: the policy has none.
inline std::optional<ServiceIndex> service_called(const Policy& policy, std::string_view name) {
    for (ServiceIndex index = 0; index < policy.services.size(); ++index) {
        if (policy.services[index].name == name) return index;
    }
    return std::nullopt;
}

/// The time that a remedy is given to be proven good: what the probes take at most to judge a new instance. The first
/// one that counts comes up to one start_interval after the start period (health.cpp, probe_wait).
constexpr Duration default_verify(const Healthcheck& check) {
    const Duration judging = check.start_period + check.retries * (check.interval + check.timeout);
    const bool slow_start = check.start_period > Duration{0} && check.start_interval > check.interval;
    return slow_start ? judging + check.start_interval - check.interval : judging;
}

}  // namespace keepwell
