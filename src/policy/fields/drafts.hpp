// What decoding leaves before the parts of a policy are put together: the model, with names and places beside it.
// May know: model, decoder, port_text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "policy/values/decoder.hpp"
#include "policy/values/port_text.hpp"

namespace keepwell::policy {

/// `healthcheck:`
struct HealthDraft {
    Healthcheck timings;
    std::optional<Probe> probe;
    bool disabled = false;
};

/// One rung of `on_unhealthy:` that is a mapping.
struct RungDraft {
    RunRung run;
    std::vector<std::string> command;
    std::optional<ReplaceRung> replace;
};

/// `restart:`, Compose's short form.
struct RestartChoice {
    RestartCondition condition = RestartCondition::any;
    std::uint32_t max_attempts = 0;
    Origin origin;
};

/// One entry of `depends_on:`; the service is still a name.
struct DependencyDraft {
    std::string name;
    Position at;
    Dependency dependency;
    bool restart_written = false;
};

/// `service:NAME` in `network_mode`, `ipc` or `pid`: a container whose namespace is shared.
struct SharedNamespace {
    std::string service;
    Position at;
};

/// `deploy.resources:`
struct ResourcesDraft {
    std::optional<std::int64_t> nano_cpus;
    std::optional<std::int64_t> memory;
    std::optional<std::int64_t> pids;
    std::optional<std::int64_t> memory_reservation;
};

/// An entry of `env_file:` that is a mapping.
struct EnvFileDraft {
    NodePtr path;
    bool required = true;
};

/// An entry of `ports:` that is a mapping.
struct PortDraft {
    PortRange target;
    std::optional<PortRange> published;
    std::string host_ip;
    std::string protocol = "tcp";
};

/// What is said of a container that keepwell creates.
struct ContainerDraft {
    ContainerSpec spec;
    ResourcesDraft resources;
    std::vector<SharedNamespace> shared;
};

/// One entry under `services:`, decoded for one of its targets.
struct EntryDraft {
    Position at;  ///< of its name
    ServiceSpec spec;
    TargetSpec target;
    ContainerDraft container;
    bool any_kind = false;  ///< `defaults:` by themselves
    std::uint32_t replicas = 1;
    std::vector<MaintenanceWindow> maintenance;
    std::vector<DependencyDraft> depends_on;
    std::optional<RestartChoice> restart;
    std::optional<HealthDraft> health;
    bool ladder_written = false;
    VariableMap environment;
    VariableMap env_files;
    Position probe_at;
    Position output_at;
};

/// The top of one file.
struct PolicyDraft {
    Policy policy;
    std::vector<Member> services;
    NodePtr defaults;
    std::vector<NodePtr> includes;
    std::vector<NodePtr> compose;
};

}  // namespace keepwell::policy
