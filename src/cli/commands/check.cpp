// `keepwell check FILE…`: every mistake of a policy, for people, scripts and GitHub's annotations.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/annotations.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "policy/load.hpp"

namespace keepwell::cli {
namespace {

using policy::Diagnostic;

std::string json_text(const policy::Loaded& loaded) {
    using Json = nlohmann::ordered_json;
    Json json{{"ok", loaded.policy.has_value()}, {"services", 0}, {"targets", 0}, {"diagnostics", Json::array()}};
    if (loaded.policy) {
        json["services"] = loaded.policy->services.size();
        json["targets"] = loaded.policy->targets.size();
    }
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
        json["diagnostics"].push_back({{"severity", to_string(diagnostic.severity)},
                                       {"file", diagnostic.file},
                                       {"line", diagnostic.line},
                                       {"column", diagnostic.column},
                                       {"length", diagnostic.length},
                                       {"message", diagnostic.message}});
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string summary(const CheckOptions& options, const policy::Loaded& loaded) {
    const std::string files = joined(loaded.policy ? loaded.policy->files : options.files);
    if (loaded.policy) {
        return files + ": " + counted(loaded.policy->services.size(), "service") + ", " +
               counted(loaded.policy->targets.size(), "target") + ": ok\n";
    }
    const auto errors = std::ranges::count(loaded.diagnostics, Diagnostic::Severity::error, &Diagnostic::severity);
    return files + ": " + counted(static_cast<std::size_t>(errors), "error") + "\n";
}

}  // namespace

int check(const CheckOptions& told) {
    CheckOptions options = told;
    std::ranges::replace(options.files, "-", "/dev/stdin");
    const policy::Loaded loaded = policy::load(options.files, policy::host_environment());
    std::string text;
    if (options.format == Format::json) {
        text = json_text(loaded);
    } else {
        for (const Diagnostic& diagnostic : loaded.diagnostics) {
            text += options.format == Format::github ? github_annotation(diagnostic) : policy::render(diagnostic);
        }
        text += summary(options, loaded);
    }
    const bool printed = print(text);
    if (!loaded.policy) return exit_usage;
    return printed ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
