// What `keepwell plan` and `keepwell reload` show.
#include "cli/plan_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;
using policy::FieldChange;
using policy::Plan;
using policy::ServiceChange;

// ---- JSON ----------------------------------------------------------------------------------------------------------

Json place_of(const Origin& origin, const Plan& plan) {
    if (!origin.written() || origin.file >= plan.files.size()) return {};
    return {{"file", plan.files[origin.file]}, {"line", origin.line}};
}

Json json_of(const FieldChange& change, const Plan& plan) {
    return {{"field", change.field},
            {"before", change.before},
            {"after", change.after},
            {"effect", to_string(change.effect)},
            {"at", place_of(change.origin, plan)}};
}

const char* word(ServiceChange::Kind kind) {
    switch (kind) {
        case ServiceChange::Kind::added: return "added";
        case ServiceChange::Kind::changed: return "changed";
        case ServiceChange::Kind::removed: return "removed";
    }
    return "?";
}

/// Empty: there is no replica that would be of a kind.
const char* word(std::optional<TargetKind> kind) {
    if (!kind) return "";
    switch (*kind) {
        case TargetKind::process: return "process";
        case TargetKind::container: return "container";
        case TargetKind::adopted: return "adopted";
    }
    return "?";
}

Json json_of(const ServiceChange& change, const Plan& plan) {
    Json fields = Json::array();
    for (const FieldChange& field : change.fields) fields.push_back(json_of(field, plan));
    Json json{{"service", change.service},          {"change", word(change.kind)},       {"kind", word(change.what)},
              {"effect", to_string(change.effect)}, {"follows", change.follows},         {"targets", change.targets},
              {"targets_added", change.added},      {"targets_removed", change.removed}, {"fields", std::move(fields)},
              {"at", place_of(change.origin, plan)}};
    if (!change.removed.empty()) json["kind_removed"] = word(change.was);
    return json;
}

// ---- text ----------------------------------------------------------------------------------------------------------

std::string text(const Json& json, const char* key) { return one_line(json.value(key, std::string{})); }

std::string list(const Json& names) {
    std::string all;
    for (const Json& name : names) all += (all.empty() ? "" : ", ") + one_line(name.get<std::string>());
    return all;
}

std::string place(const Json& json) {
    const Json at = json.value("at", Json{});
    if (!at.is_object()) return {};
    return one_line(at.value("file", std::string{})) + ":" + std::to_string(at.value("line", 0));
}

std::string values(const Json& field) {
    const std::string before = text(field, "before");
    const std::string after = text(field, "after");
    if (before.empty()) return after;
    return before + " -> " + (after.empty() ? "(not given)" : after);
}

void add_fields(std::vector<std::vector<Cell>>& rows, const Json& fields) {
    for (const Json& field : fields) {
        rows.push_back({{"    " + text(field, "field")},
                        {values(field)},
                        {effect_words(text(field, "effect"))},
                        {place(field), Colour::dim}});
    }
}

std::string fate_of_removed(const std::string& kind) {
    if (kind == "adopted") return "released, and left as it is";
    return kind == "container" ? "stopped and removed" : "stopped";
}

/// "started (api.1, api.2)"
std::string fate_of_targets(const std::string& fate, const Json& service) {
    const Json& targets = service.at("targets");
    return targets.empty() ? "it has no replicas" : fate + " (" + list(targets) + ")";
}

std::string added_text(const Json& service, bool colours) {
    const std::string kind = text(service, "kind");
    const std::string fate = kind == "adopted" ? "adopted" : kind == "container" ? "created and started" : "started";
    return paint("+ " + text(service, "service"), Colour::good, colours) +
           "  added: " + fate_of_targets(fate, service) + "  " + paint(place(service), Colour::dim, colours) + "\n";
}

std::string removed_text(const Json& service, bool colours) {
    return paint("- " + text(service, "service"), Colour::bad, colours) +
           "  removed: " + fate_of_targets(fate_of_removed(text(service, "kind")), service) + "\n";
}

std::string changed_text(const Json& service, bool colours) {
    const std::string effect = text(service, "effect");
    std::string all = paint("~ " + text(service, "service"), Colour::warn, colours);
    const bool itself = !service.at("fields").empty();
    if (itself && effect != "none")
        all += "  changed: " + effect_words(effect) + " (" + list(service.at("targets")) + ")";
    if (!service.at("follows").empty()) {
        all += std::string{itself ? "; " : "  "} + "restarted after " + list(service.at("follows"));
        if (!itself) all += " (" + list(service.at("targets")) + ")";
    }
    all += "\n";
    if (!service.at("targets_added").empty()) all += "    + " + list(service.at("targets_added")) + "\n";
    if (!service.at("targets_removed").empty()) {
        all += "    - " + list(service.at("targets_removed")) + ": " + fate_of_removed(text(service, "kind_removed")) +
               "\n";
    }
    std::vector<std::vector<Cell>> rows;
    add_fields(rows, service.at("fields"));
    return all + table(rows, colours);
}

std::string service_text(const Json& service, bool colours) {
    const std::string change = text(service, "change");
    if (change == "added") return added_text(service, colours);
    return change == "removed" ? removed_text(service, colours) : changed_text(service, colours);
}

std::size_t count(const Json& services, const char* change) {
    return static_cast<std::size_t>(std::ranges::count_if(
        services, [change](const Json& service) { return service.value("change", std::string{}) == change; }));
}

std::string count(const Json& services, const char* change, const char* what) {
    return std::to_string(count(services, change)) + " to " + what;
}

/// "the host and 2 to change"
std::string to_change(const Json& services, bool host) {
    const std::string what = count(services, "changed", "change");
    if (!host) return what;
    return count(services, "changed") == 0 ? "the host to change" : "the host and " + what;
}

/// What is done when dry-run ends, beside the changes.
std::string due_text(const Json& plan) {
    std::string all;
    for (const Json& one : plan.value("comes_due", Json::array())) {
        all += (all.empty() ? "" : ", ") + text(one, "what") + " " + text(one, "target");
    }
    return all.empty() ? all : "dry-run ends, and what it held is done: " + all + "\n";
}

}  // namespace

Json plan_json(const Plan& plan) {
    Json host = Json::array();
    for (const FieldChange& change : plan.host) host.push_back(json_of(change, plan));
    Json services = Json::array();
    for (const ServiceChange& change : plan.services) services.push_back(json_of(change, plan));
    return {{"api", "keepwell/v1"},
            {"ok", true},
            {"same", plan.empty()},
            {"from_version", plan.from_version},
            {"version", plan.version},
            {"plan", plan.from_version + ".." + plan.version},
            {"files", plan.files},
            {"host", std::move(host)},
            {"services", std::move(services)}};
}

Json mistakes_json(const std::vector<policy::Diagnostic>& diagnostics) {
    Json all = Json::array();
    for (const policy::Diagnostic& one : diagnostics) {
        all.push_back({{"severity", policy::to_string(one.severity)},
                       {"file", one.file},
                       {"line", one.line},
                       {"column", one.column},
                       {"length", one.length},
                       {"message", one.message},
                       {"text", policy::render(one)}});
    }
    return {{"api", "keepwell/v1"}, {"ok", false}, {"diagnostics", std::move(all)}};
}

std::string effect_words(std::string_view code) {
    if (code == to_string(Effect::none)) return "no effect";
    if (code == to_string(Effect::rules)) return "from now on";
    if (code == to_string(Effect::probes)) return "asked anew";
    if (code == to_string(Effect::exchange)) return "the old one is removed first";
    return std::string{code};
}

std::string plan_text(const Json& plan, bool colours) {
    if (plan.value("same", false)) return "nothing changes (version " + text(plan, "version") + ")\n";
    std::string all;
    std::vector<std::vector<Cell>> host;
    add_fields(host, plan.at("host"));
    if (!host.empty()) all += "the host\n" + table(host, colours);
    const Json& services = plan.at("services");
    for (const Json& service : services) all += service_text(service, colours);
    all += due_text(plan);
    return all + count(services, "added", "add") + ", " + to_change(services, !host.empty()) + ", " +
           count(services, "removed", "remove") + " (plan " + text(plan, "plan") + ")\n";
}

std::string reloaded_text(const Json& plan) {
    std::string done;
    const auto add = [&done](const std::string& what) { done += (done.empty() ? "" : ", ") + what; };
    if (!plan.at("host").empty()) add("the host");
    for (const char* change : {"added", "changed", "removed"}) {
        const std::size_t found = count(plan.at("services"), change);
        if (found > 0) add(std::to_string(found) + " " + change);
    }
    return "reloaded: " + (done.empty() ? "nothing has changed" : done) + "\n";
}

std::string mistakes_text(const Json& mistakes) {
    std::string all;
    for (const Json& one : mistakes.at("diagnostics")) all += harmless(one.value("text", std::string{}));
    return all;
}

}  // namespace keepwell::cli
