// `keepwell reload [FILE…]`: has a running keepwell follow changed policy files, and shows what that means.
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/plan_request.hpp"
#include "cli/plan_text.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {

using Json = nlohmann::ordered_json;

int reload(const ReloadOptions& options) try {
    const Client client{socket_path(options.socket)};
    std::string query = files_query(options.files);
    if (!options.expect.empty()) query += (query.empty() ? "?expect=" : "&expect=") + escape(options.expect);
    const auto answer = client.post("/v1/reload" + query);
    if (!answer) {
        complain(answer.error().text);
        return answer.error().exit_code;
    }
    const Json json = Json::parse(*answer);
    const bool valid = json.value("ok", false);
    std::string text = valid ? plan_text(json, colours_wanted()) + reloaded_text(json) : mistakes_text(json);
    if (options.format == Format::json) text = *answer;
    if (!print(text)) return exit_failure;
    if (valid) return exit_ok;
    complain("nothing was reloaded; the policy before is followed still");
    return exit_usage;
} catch (const nlohmann::json::exception& error) {
    complain(std::string{"what answers on the socket is not a keepwell: "} + error.what());
    return exit_failure;
}

}  // namespace keepwell::cli
