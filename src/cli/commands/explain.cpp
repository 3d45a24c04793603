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
#include "policy/document/text.hpp"
#include "policy/fields/explain_field.hpp"
#include "simulation/replay/moment.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

/// "(shop.yaml:7)", "(default)", or nothing: what a sentence rests on.
std::string rule_of(const Json& sentence) {
    const Json rule = sentence.value("rule", Json{});
    if (rule.is_object())
        return "(" + one_line(rule.value("file", "") + ":" + std::to_string(rule.value("line", 0))) + ")";
    return sentence.value("default", false) ? "(default)" : "";
}

std::string text_of(const Json& explanation, bool colours) {
    std::string text = paint(one_line(explanation.value("target", "")), Colour::strong, colours);
    const std::string at = explanation.value("at", "");
    text += (at.empty() ? "" : " at " + at) + "\n";
    for (const Json& sentence : explanation.value("sentences", Json::array())) {
        text += "  " + one_line(sentence.value("text", ""), 4096);
        const std::string rule = rule_of(sentence);
        if (!rule.empty()) text += paint("  " + rule, Colour::dim, colours);
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
    if (!options.at) return wanted;
    if (options.at->starts_with('+')) {
        wanted.age = parse_length(options.at->substr(1));
        return wanted.age ? std::optional{wanted} : std::nullopt;
    }
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    if (const auto length = parse_length(*options.at)) {
        wanted.time = now - *length;
    } else {
        wanted.time = journal::parse_rfc3339(*options.at);
    }
    return wanted.time ? std::optional{wanted} : std::nullopt;
}

/// Those that are targets then: what a reload has removed, and containers that went, are none any more.
std::vector<TargetIndex> present(const engine::Engine& engine) {
    std::vector<TargetIndex> all;
    for (TargetIndex target = 0; target < engine.targets().size(); ++target) {
        if (!engine.target(target).container.left) all.push_back(target);
    }
    return all;
}

std::vector<TargetIndex> targets_called(const engine::Engine& engine, const std::string& name) {
    if (const auto target = engine.find(name)) return {*target};
    std::vector<TargetIndex> replicas = present(engine);
    std::erase_if(replicas, [&](TargetIndex target) { return engine.service_of(target).name != name; });
    return replicas;
}

/// "; did you mean `web`?", or nothing.
std::string meant_target(const engine::Engine& engine, const std::string& name) {
    std::vector<std::string_view> names;
    for (const TargetIndex target : present(engine)) {
        names.push_back(engine.policy().targets[target].name);
        names.push_back(engine.service_of(target).name);
    }
    return policy::did_you_mean(name, names);
}

Json remark(const char* topic, const std::string& text) {
    return {{"topic", topic}, {"text", text}, {"rule", nullptr}, {"default", false}};
}

/// Whose moment it is, where another one's incident is asked for; null otherwise.
Json whose_moment(const simulation::PastMoment& moment, std::optional<IncidentId> incident, const std::string& target) {
    if (!incident || moment.target == target) return nullptr;
    return remark("moment", "Incident " + std::to_string(*incident) + " is of " + moment.target +
                                ": this is how it was with " + target + " when that was opened.");
}

std::string between_runs_text(const simulation::BetweenRuns& between) {
    const std::string last = journal::rfc3339(between.last);
    const std::string next = journal::rfc3339(between.next);
    const std::string what = between.ended ? "No keepwell ran from " + last + " to " + next
                                           : "The records of this run end at " + last +
                                                 ", though it was not ended, and the next keepwell began at " + next;
    return what + ": this is as it would be if nothing had happened since " + last + ".";
}

/// Where this moment may not be what it was.
std::vector<Json> doubts_of(const simulation::PastMoment& moment) {
    std::vector<Json> doubts;
    if (moment.journal_ends) {
        doubts.push_back(remark("doubt", "The journal ends at " + journal::rfc3339(*moment.journal_ends) +
                                             ": this is as it would be if nothing had happened since."));
    }
    if (const auto& between = moment.between_runs) doubts.push_back(remark("doubt", between_runs_text(*between)));
    if (moment.assumed > 0) {
        doubts.push_back(remark("assumed",
                                "Probes that passed are not in this journal (`record: true` keeps them): they are "
                                "taken to have been asked when they were due."));
    }
    if (const auto& difference = moment.follower->difference()) {
        doubts.push_back(remark("doubt", "From record " + std::to_string(difference->seq) +
                                             " on this may not be how it was: replayed, something is decided "
                                             "otherwise there (`keepwell replay` shows it)."));
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
        complain("no target or service was called `" + one_line(options.target, 60) + "` then" +
                 meant_target(engine, options.target));
        return exit_no_target;
    }
    Json all = Json::array();
    for (const TargetIndex target : targets) {
        Json one = control::explain_json(engine, target, moment->at);
        one["at"] = journal::rfc3339(moment->time);
        Json& sentences = one["sentences"];
        Json whose = whose_moment(*moment, options.incident, one.value("target", ""));
        if (!whose.is_null()) sentences.insert(sentences.begin(), std::move(whose));
        for (Json& doubt : doubts_of(*moment)) sentences.push_back(std::move(doubt));
        all.push_back(std::move(one));
    }
    if (targets.size() == 1) return show(all.front(), options.format);
    return show(Json{{"api", "keepwell/v1"}, {"targets", std::move(all)}}, options.format);
}

/// "; did you mean the field `retries` (keepwell explain retries)?", of what is called nearly like one.
std::string meant_field(const std::string& name) {
    const std::string field = policy::closest_field(name);
    if (field.empty()) return {};
    return "; did you mean the field `" + field + "` (keepwell explain " + field + ")?";
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
    const bool may_be_field =
        no_keepwell || (no_target && answer.error().text.find("did you mean") == std::string::npos);
    complain(answer.error().text + (may_be_field ? meant_field(options.target) : ""));
    return answer.error().exit_code;
}

}  // namespace

int explain(const ExplainOptions& options) {
    if (options.field) return explain_field(options);
    return options.journal.empty() ? explain_now(options) : explain_then(options);
}

}  // namespace keepwell::cli
