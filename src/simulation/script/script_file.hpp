// Script files -> scripts: what `keepwell simulate --script` plays, in the words of a test file's `targets` and
// `events`. May know: policy's reader, script, test_file's moments of events.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/document/diagnostic.hpp"
#include "policy/document/environment.hpp"
#include "simulation/script/script.hpp"
#include "simulation/script/test_file.hpp"

namespace keepwell::simulation {

struct ScriptFile {
    std::optional<Script> script;  ///< present exactly when no diagnostic is an error
    std::optional<Duration> length;
    std::vector<policy::Diagnostic> diagnostics;
    std::vector<EventMoment> events;
    /// To point at a line of it.
    std::shared_ptr<const policy::Reporter> reporter;

    /// How much time is played: as asked for, or ten minutes, or until the last moment that is named.
    Duration played() const;
};

/// Reads one script; the targets that it names must be the policy's, which it casts (cast.hpp).
ScriptFile load_script(const std::string& name, Policy& policy, const policy::Environment& environment);

/// What a script may hold, as a JSON schema.
std::string script_schema();

}  // namespace keepwell::simulation
