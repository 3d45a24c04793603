// What decoding leaves before the parts of a policy are put together: the model, with names and places beside it.
// May know: model, document.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "policy/decoder.hpp"

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
};

/// One entry under `services:`, decoded for one of its targets.
struct EntryDraft {
    Position at;  ///< of its name
    ServiceSpec spec;
    TargetSpec target;
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
};

}  // namespace keepwell::policy
