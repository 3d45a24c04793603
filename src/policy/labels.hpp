// What the labels of a container ask for, without any policy: those of keepwell, and those of autoheal, deunhealth,
// watchtower and Compose as far as they mean something here. Labels become a policy entry, which is decoded by the
// tables that decode every entry.
// Sources: willfarrell/docker-autoheal docker-entrypoint; tmknight/docker-autoheal; qdm12/deunhealth
// internal/docker/unhealthy.go; containrrr/watchtower pkg/container/metadata.go; docker/compose pkg/api/labels.go.
// May know: model, entry. It asks no engine: what must never be touched (Swarm's tasks, keepwell itself) is refused by
// whoever sees the container.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"
#include "policy/named_entries.hpp"

namespace keepwell::policy {

using Labels = std::map<std::string, std::string, std::less<>>;

struct LabelOptions {
    /// autoheal's AUTOHEAL_CONTAINER_LABEL: the label that asks for healing. "all": every container, except those
    /// that say `autoheal=false`.
    std::string autoheal_label = "autoheal";
    /// Of the policy that is given beside the labels (`Loaded::named`); null: none is.
    std::shared_ptr<const NamedEntries> named;
};

struct LabelledService {
    ServiceSpec service;  ///< without `depends_on`
    TargetSpec target;    ///< `service` is not set
    std::vector<MaintenanceWindow> maintenance;
    std::vector<std::string> names;  ///< by which `NamedDependency::names` may mean it
    std::vector<NamedDependency> depends_on;
    std::string entry;               ///< the equivalent policy entry, one line of JSON: {"NAME": {…}}
    std::vector<std::string> notes;  ///< for people: which label won over which, and what has no effect
};

/// What one container asks for; nothing where its labels ask for nothing. The error is for people, one mistake a line:
/// the container is left alone then.
tl::expected<std::optional<LabelledService>, std::string> read_labels(std::string_view container, const Labels& labels,
                                                                      const LabelOptions& options = {});

/// Its label `keepwell.enable` says no: nobody is to touch the container, whatever names it.
bool opts_out(const Labels& labels);

/// keepwell's own labels, all of them.
std::vector<std::string_view> own_labels();

/// The policy of `run --labels` without a file: targets come with the containers.
Policy label_policy(Mode mode = Mode::enforce);

}  // namespace keepwell::policy
