// What another policy would mean for what runs: service by service, and field by field with the effect of each.
// May know: model, canonical, places of fields. It asks nobody: both policies are compared by what they say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepwell/model/change.hpp"
#include "keepwell/model/spec.hpp"
#include "policy/values/decoder.hpp"

namespace keepwell::policy {

/// One field that is not what it was. Empty texts: it was or is not given. Values of environment variables are not
/// told.
struct FieldChange {
    std::string field;  ///< as it is written in a policy: "healthcheck.interval"
    std::string before;
    std::string after;
    Effect effect = Effect::rules;
    Origin
        origin;  ///< where the new value stands, or else the block that it belongs to; in the files of the new policy
};

struct ServiceChange {
    enum class Kind : std::uint8_t { added, changed, removed };
    Kind kind = Kind::changed;
    std::string service;
    Effect effect = Effect::none;    ///< the strongest one, of a changed one
    std::optional<TargetKind> what;  ///< as the new policy has it, or the old one where that has none; none: no replica
    std::optional<TargetKind> was;   ///< what is `removed`: the entry may be another thing now
    std::vector<std::string> targets;  ///< that are in both, or come or go with the service
    std::vector<std::string> added;    ///< of a changed service: more replicas
    std::vector<std::string> removed;  ///< of a changed service: fewer replicas
    std::vector<FieldChange> fields;
    /// Services that are made anew and that it is restarted after (`depends_on` with `restart: true`); it may say the
    /// same as before itself.
    std::vector<std::string> follows;
    Origin origin;
};

struct Plan {
    std::string from_version;
    std::string version;
    std::vector<std::string> files;  ///< of the new policy
    std::vector<FieldChange> host;
    std::vector<ServiceChange> services;  ///< in the order of the new policy; those that are gone last

    bool empty() const { return host.empty() && services.empty(); }
};

/// `places`: where the fields of `after` are written (Loaded::places).
Plan make_plan(const Policy& before, const Policy& after, const std::vector<FieldPlace>& places = {});

}  // namespace keepwell::policy
