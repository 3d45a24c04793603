// A plan as JSON, and that JSON as text: the server answers with the one, the commands print the other.
// May know: policy's plan and diagnostics.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document/diagnostic.hpp"
#include "policy/plan.hpp"

namespace keepwell::cli {

/// {"api","ok":true,"same","from_version","version","files","host","services"}
nlohmann::ordered_json plan_json(const policy::Plan& plan);
/// {"api","ok":false,"diagnostics":[{…,"text"}]}: a policy that can not be followed at all.
nlohmann::ordered_json mistakes_json(const std::vector<policy::Diagnostic>& diagnostics);

/// The plan's words for the code of an effect: "asked anew" of "probes". Any other text as it is.
std::string effect_words(std::string_view code);
/// The changes, line by line, with a summary at the end.
std::string plan_text(const nlohmann::ordered_json& plan, bool colours);
/// "reloaded: 1 added, 2 changed": that what the plan says is done.
std::string reloaded_text(const nlohmann::ordered_json& plan);
/// The diagnostics as `keepwell check` shows them.
std::string mistakes_text(const nlohmann::ordered_json& mistakes);

}  // namespace keepwell::cli
