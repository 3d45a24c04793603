// `keepwell status`: a line for each target, or all about one.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/status_text.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

/// All about each, an empty line between two.
std::string details(const nlohmann::ordered_json& targets, const StatusView& view) {
    std::string text;
    for (const auto& target : targets) text += (text.empty() ? "" : "\n") + status_detail(target, view);
    return text;
}

}  // namespace

int status(const StatusOptions& options) {
    using Json = nlohmann::ordered_json;
    const Client client{socket_path(options.socket)};
    const std::string which = options.target.empty() ? "" : "?target=" + escape(options.target);
    const auto answer = client.get_json("/v1/status" + which);
    if (!answer) {
        complain(answer.error().text);
        return answer.error().exit_code;
    }
    const Json targets = answer->value("targets", Json::array());
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const StatusView view{now, colours_wanted()};
    bool printed = false;
    if (options.format == Format::json) {
        printed = print(answer->dump() + "\n");
    } else if (options.target.empty()) {
        printed = print(status_table(*answer, view));
    } else {
        printed = print(details(targets, view));
    }
    if (!printed) return exit_failure;
    const bool well = std::ranges::all_of(targets, [](const Json& target) { return target.value("well", false); });
    return well ? exit_ok : exit_not_well;
}

}  // namespace keepwell::cli
