// `keepwell explain NAME`: why a target is as it is, now or at a moment of a recorded past, by which line of the
// policy, and what comes next; or what a field of the policy means.
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/journal_place.hpp"
#include "cli/lengths.hpp"
#include "cli/places.hpp"
#include "cli/terminal.hpp"
#include "control/status_json.hpp"
#include "journal/codec.hpp"
#include "policy/explain_field.hpp"
#include "simulation/moment.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& explanation, bool colours) {
    std::string text = paint(one_line(explanation.value("target", "")), Colour::strong, colours);
    const std::string at = explanation.value("at", "");
    text += (at.empty() ? "" : " at " + at) + "\n";
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

int show(const Json& answer, Format format) {
    if (format == Format::json) {
        return print(answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n") ? exit_ok : exit_failure;
    }
    const bool several = answer.contains("targets");
    const Json all = several ? answer.at("targets") : Json::array({answer});
    std::string text;
    for (const Json& one : all) text += text_of(one, colours_wanted());
    return print(text) ? exit_ok : exit_failure;
}

// ---- fields -------------------------------------------------------------------------------------------------------

std::string text_of(const policy::FieldMeaning& field, bool colours) {
    std::string text = paint(field.name, Colour::strong, colours) + "  (" + field.place + ")\n";
    text += "  " + field.meaning + "\n";
    text += "  takes:   " + field.takes + "\n";
    if (!field.fallback.empty()) text += "  default: " + field.fallback + "\n";
    text += "  example: " + field.example + "\n";
    text += "  source:  " + field.source + "\n";
    return text;
}

int show(const std::vector<policy::FieldMeaning>& fields, Format format) {
    if (format != Format::json) {
        std::string text;
        for (const policy::FieldMeaning& field : fields) text += text_of(field, colours_wanted());
        return print(text) ? exit_ok : exit_failure;
    }
    Json all = Json::array();
    for (const policy::FieldMeaning& field : fields) {
        all.push_back({{"field", field.name},
                       {"place", field.place},
                       {"meaning", field.meaning},
                       {"takes", field.takes},
                       {"default", field.fallback},
                       {"example", field.example},
                       {"source", field.source}});
    }
    return print(Json{{"api", "keepwell/v1"}, {"fields", std::move(all)}}.dump() + "\n") ? exit_ok : exit_failure;
}

int explain_field(const ExplainOptions& options) {
    const auto fields = policy::meanings_of(options.target);
    if (!fields.empty()) return show(fields, options.format);
    complain("the policy has no field `" + one_line(options.target, 60) + "`" +
             policy::field_did_you_mean(options.target));
    return exit_no_target;
}

// ---- a moment of the past -----------------------------------------------------------------------------------------

std::optional<simulation::MomentWanted> moment_wanted(const ExplainOptions& options) {
    simulation::MomentWanted wanted;
    wanted.incident = options.incident;
    if (options.at.empty()) return wanted;
    if (options.at.starts_with('+')) {
        wanted.age = parse_length(options.at.substr(1));
        return wanted.age ? std::optional{wanted} : std::nullopt;
    }
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    if (const auto length = parse_length(options.at)) {
        wanted.time = now - *length;
    } else {
        wanted.time = journal::parse_rfc3339(options.at);
    }
    return wanted.time ? std::optional{wanted} : std::nullopt;
}

std::vector<TargetIndex> targets_called(const engine::Engine& engine, const std::string& name) {
    if (const auto target = engine.find(name)) return {*target};
    std::vector<TargetIndex> replicas;
    for (TargetIndex target = 0; target < engine.targets().size(); ++target) {
        if (engine.service_of(target).name == name) replicas.push_back(target);
    }
    return replicas;
}

/// Where this moment may not be what it was.
std::vector<Json> doubts_of(const simulation::PastMoment& moment) {
    std::vector<Json> doubts;
    const auto add = [&doubts](const char* topic, const std::string& text) {
        doubts.push_back({{"topic", topic}, {"text", text}, {"rule", nullptr}});
    };
    if (moment.journal_ends) {
        add("doubt", "The journal ends at " + journal::rfc3339(*moment.journal_ends) +
                         ": this is as it would be if nothing had happened since.");
    }
    if (moment.assumed > 0) {
        add("assumed",
            "Probes that passed are not in this journal (`record: true` keeps them): they are taken to have been asked "
            "when they were due.");
    }
    if (const auto& difference = moment.follower->difference()) {
        add("doubt", "From record " + std::to_string(difference->seq) +
                         " on this may not be how it was: replayed, something is decided otherwise there (`keepwell "
                         "replay` shows it).");
    }
    return doubts;
}

int explain_then(const ExplainOptions& options) {
    const auto wanted = moment_wanted(options);
    if (!wanted) {
        complain("--at wants a length such as 1h30m, a time such as 2024-05-01T10:31:02Z, or +45s");
        return exit_usage;
    }
    const std::string folder = existing_journal(options.journal);
    if (folder.empty()) return exit_failure;
    const auto answers = read_ahead(folder);
    const auto moment = simulation::moment_of(folder, *wanted, answers);
    if (!moment) {
        complain(moment.error());
        return exit_failure;
    }
    const engine::Engine& engine = moment->follower->engine();
    const auto targets = targets_called(engine, options.target);
    if (targets.empty()) {
        complain("no target or service was called `" + one_line(options.target, 60) + "` then");
        return exit_no_target;
    }
    Json all = Json::array();
    for (const TargetIndex target : targets) {
        Json one = control::explain_json(engine, target, moment->at);
        one["at"] = journal::rfc3339(moment->time);
        for (Json& sentence : doubts_of(*moment)) one["sentences"].push_back(std::move(sentence));
        all.push_back(std::move(one));
    }
    if (targets.size() == 1) return show(all.front(), options.format);
    return show(Json{{"api", "keepwell/v1"}, {"targets", std::move(all)}}, options.format);
}

int explain_now(const ExplainOptions& options) {
    const Client client{socket_path(options.socket)};
    const auto answer = client.get_json("/v1/explain/" + escape(options.target));
    const auto fields = policy::meanings_of(options.target);
    if (answer) {
        const int shown = show(*answer, options.format);
        if (!fields.empty() && options.format == Format::text) {
            complain("`" + options.target + "` is also a field of the policy: keepwell explain --field " +
                     options.target);
        }
        return shown;
    }
    const bool no_target = answer.error().exit_code == exit_no_target;
    const bool no_keepwell = answer.error().exit_code == exit_not_running;
    if (!fields.empty() && (no_target || no_keepwell)) return show(fields, options.format);
    complain(answer.error().text);
    return answer.error().exit_code;
}

}  // namespace

int explain(const ExplainOptions& options) {
    if (options.field) return explain_field(options);
    return options.journal.empty() ? explain_now(options) : explain_then(options);
}

}  // namespace keepwell::cli
