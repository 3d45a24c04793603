// `keepwell plan FILE…`: what changed policy files would mean for a running keepwell, or for those that an older policy
// describes.
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/plan_request.hpp"
#include "cli/plan_text.hpp"
#include "cli/terminal.hpp"
#include "policy/load.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Without a running keepwell: both are read here.
Json compare(const PlanOptions& options) {
    const policy::Environment environment = policy::host_environment();
    const policy::Loaded before = policy::load(options.from, environment);
    if (!before.policy) return mistakes_json(before.diagnostics);
    const policy::Loaded after = policy::load(options.files, environment);
    if (!after.policy) return mistakes_json(after.diagnostics);
    return plan_json(policy::make_plan(*before.policy, *after.policy, after.places));
}

int exit_code_of(const PlanOptions& options, const Json& plan) {
    constexpr int changes = 2;
    const bool refused = plan.contains("refused") && plan.at("refused").is_string();
    if (refused) return exit_failure;
    return options.exit_code && !plan.value("same", false) ? changes : exit_ok;
}

int show(const PlanOptions& options, const Json& plan) {
    const bool valid = plan.value("ok", false);
    std::string text = valid ? plan_text(plan, colours_wanted()) : mistakes_text(plan);
    if (options.format == Format::json) text = plan.dump() + "\n";
    if (!print(text)) return exit_failure;
    if (!valid) return options.exit_code ? exit_failure : exit_usage;
    if (plan.contains("refused") && plan.at("refused").is_string()) {
        complain("a reload would refuse it: " + plan.at("refused").get<std::string>());
    }
    return exit_code_of(options, plan);
}

}  // namespace

int plan(const PlanOptions& options) try {
    if (!options.from.empty()) {
        if (!options.files.empty()) return show(options, compare(options));
        complain("plan --from wants the new FILE as well");
        return options.exit_code ? exit_failure : exit_usage;
    }
    const Client client{socket_path(options.socket)};
    const auto answer = client.get_json("/v1/plan" + files_query(options.files));
    if (answer) return show(options, *answer);
    complain(answer.error().text);
    return options.exit_code ? exit_failure : answer.error().exit_code;
} catch (const nlohmann::json::exception& error) {
    complain(std::string{"what answers on the socket is not a keepwell: "} + error.what());
    return exit_failure;
}

}  // namespace keepwell::cli
