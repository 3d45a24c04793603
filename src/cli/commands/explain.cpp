// `keepwell explain TARGET`: why it is as it is, by which line of the policy, and what comes next.
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& explanation, bool colours) {
    std::string text = paint(one_line(explanation.value("target", "")), Colour::strong, colours) + "\n";
    for (const Json& sentence : explanation.value("sentences", Json::array())) {
        text += "  " + one_line(sentence.value("text", ""), 4096);
        const Json rule = sentence.value("rule", Json{});
        if (rule.is_object()) {
            const std::string place = rule.value("file", "") + ":" + std::to_string(rule.value("line", 0));
            text += paint("  (" + one_line(place) + ")", Colour::dim, colours);
        }
        text += "\n";
    }
    return text;
}

}  // namespace

int explain(const ExplainOptions& options) {
    const Client client{socket_path(options.socket)};
    const auto answer = client.get_json("/v1/explain/" + escape(options.target));
    if (!answer) {
        complain(answer.error().text);
        return answer.error().exit_code;
    }
    if (options.format == Format::json) return print(answer->dump() + "\n") ? exit_ok : exit_failure;
    const bool several = answer->contains("targets");
    const Json all = several ? answer->at("targets") : Json::array({*answer});
    std::string text;
    for (const Json& one : all) text += text_of(one, colours_wanted());
    return print(text) ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
