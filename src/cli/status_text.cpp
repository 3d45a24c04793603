// What is missing in the answer is shown as "-": an older keepwell may answer.
#include "cli/status_text.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/lengths.hpp"
#include "cli/terminal.hpp"
#include "journal/codec.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

const Json& member(const Json& json, const char* name) {
    static const Json nothing;
    const auto found = json.find(name);
    return found == json.end() ? nothing : *found;
}

std::string text(const Json& json, const char* name) {
    const Json& value = member(json, name);
    if (value.is_string()) return one_line(value.get<std::string>());
    return value.is_null() || value.is_structured() ? "-" : value.dump();
}

std::optional<WallTime> time(const Json& json, const char* name) {
    const Json& value = member(json, name);
    return value.is_string() ? journal::parse_rfc3339(value.get<std::string>()) : std::nullopt;
}

Colour colour_of(const Json& target) {
    if (!member(target, "well").is_boolean() || member(target, "well").get<bool>()) return Colour::good;
    const std::string health = text(target, "health");
    const bool on_the_way = health == "starting" || text(target, "phase") == "waiting";
    return on_the_way ? Colour::warn : Colour::bad;
}

std::string age(const Json& target, const StatusView& view) {
    const auto since = time(target, "since");
    return since ? age_text(view.now - *since) : "-";
}

std::string milliseconds_text(const Json& result) {
    const Json& value = member(result, "duration_ms");
    if (!value.is_number()) return "-";
    const double milliseconds = value.get<double>();
    if (milliseconds >= 1000) return age_text(std::chrono::milliseconds{static_cast<std::int64_t>(milliseconds)});
    return milliseconds < 1 ? "<1ms" : std::to_string(static_cast<int>(milliseconds + 0.5)) + "ms";
}

/// "http 12ms", "http failed: HTTP 503"
std::string probe_text(const Json& target) {
    const Json& probes = member(target, "probes");
    if (!probes.is_array() || probes.empty()) return "-";
    const std::string kind = text(probes[0], "kind");
    const Json& last = member(probes[0], "last");
    if (!last.is_object()) return kind;
    const std::string outcome = text(last, "outcome");
    if (outcome == "passed") return kind + " " + milliseconds_text(last);
    const std::string output = one_line(member(last, "output").is_string() ? text(last, "output") : "", 40);
    return kind + " " + outcome + (output.empty() ? "" : ": " + output);
}

std::string in_text(const Json& json, const char* name, const StatusView& view, const char* before) {
    const auto at = time(json, name);
    if (!at) return {};
    return before + age_text(std::chrono::ceil<std::chrono::seconds>(*at - view.now));
}

/// "restart held (backoff) for 19s"; where it is dry-run that will hold it then: "would restart in 19s".
std::string hold_text(const Json& hold, bool dry, const StatusView& view) {
    const std::string would = text(hold, "would");
    if (text(hold, "reason") == "dry_run") return "would " + would;
    const std::string until = in_text(hold, "until", view, dry ? " in " : " for ");
    if (dry && !until.empty()) return "would " + would + until;
    return would + " held (" + text(hold, "reason") + ")" + until;
}

/// "probe in 4s", "start in 4s"; where dry-run will hold it then: "would restart in 4s".
std::string step_text(const Json& target, const Json& next, bool dry, const StatusView& view) {
    const std::string what = text(next, "what");
    const std::string when = in_text(next, "at", view, " in ");
    if (!dry || what != "start") return what + when;
    return (text(target, "phase") == "backoff" ? "would restart" : "would start") + when;
}

/// "probe in 4s", "restart held (backoff) for 19s", "given up; retry in 29m", "dry-run; would restart"
std::string next_text(const Json& target, const StatusView& view, bool name_dry_run) {
    std::string said;
    const auto add = [&said](const std::string& part) { said += (said.empty() ? "" : "; ") + part; };
    if (name_dry_run && member(target, "dry_run") == true) add("dry-run");
    if (member(target, "paused") == true) add("paused");
    if (text(member(target, "remediation"), "state") == "quarantined") add("given up");
    const bool dry = member(target, "dry_run") == true;
    const Json& hold = member(target, "hold");
    if (hold.is_object()) add(hold_text(hold, dry, view));
    const Json& next = member(target, "next");
    const bool said_by_hold = time(hold, "until") && time(hold, "until") == time(next, "at");
    if (next.is_object() && !said_by_hold) add(step_text(target, next, dry, view));
    return said.empty() ? "-" : said;
}

/// "running"; where dry-run only takes it as started: "not started".
std::string phase_text(const Json& target) {
    return member(target, "taken_as_started") == true ? "not started" : text(target, "phase");
}

std::vector<Cell> row_of(const Json& target, const StatusView& view, bool name_dry_run) {
    const Colour colour = colour_of(target);
    return {{text(target, "name"), Colour::strong},
            {text(target, "kind")},
            {phase_text(target), colour},
            {text(target, "health"), colour},
            {age(target, view)},
            {probe_text(target)},
            {text(target, "restarts")},
            {next_text(target, view, name_dry_run), Colour::dim}};
}

/// What is to be done stands there only as long as it was not done.
std::string storm_text(const Json& targets) {
    const bool holds = std::ranges::any_of(
        targets, [](const Json& target) { return text(member(target, "hold"), "reason") == "storm"; });
    return holds ? "; a storm: nothing is healed until the share falls, or `keepwell resume --all`"
                 : "; a storm: too many are unhealthy at once";
}

/// "shop.yaml: 3 targets, 1 not well: api; dry-run"
std::string summary(const Json& status, const Json& targets) {
    std::string line;
    const Json& files = member(member(status, "policy"), "files");
    if (files.is_array()) {
        for (const Json& file : files) {
            if (file.is_string()) line += (line.empty() ? "" : ", ") + one_line(file.get<std::string>());
        }
    }
    line += (line.empty() ? "" : ": ") + counted(targets.size(), "target");
    std::string names;
    std::size_t unwell = 0;
    constexpr std::size_t most_names = 5;
    for (const Json& target : targets) {
        if (member(target, "well") != false) continue;
        if (++unwell <= most_names) names += (unwell == 1 ? ": " : ", ") + text(target, "name");
    }
    if (unwell > most_names) names += ", ...";
    line += unwell == 0 ? ", all well" : ", " + std::to_string(unwell) + " not well" + names;
    if (text(status, "mode") == "dry-run") line += "; dry-run";
    if (member(status, "storm") == true) line += storm_text(targets);
    if (member(status, "stopping") == true) line += "; stopping";
    for (const char* part : {"policy", "journal"}) {
        const Json& trouble = member(member(status, part), "trouble");
        if (trouble.is_string()) line += std::string{"; "} + part + ": " + one_line(trouble.get<std::string>());
    }
    return line + "\n";
}

std::string local_clock(const Json& json, const char* name) {
    const auto at = time(json, name);
    if (!at) return "-";
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count();
    std::tm broken_down{};
    ::localtime_r(&seconds, &broken_down);
    char clock[16];
    return {clock, std::strftime(clock, sizeof clock, "%H:%M:%S", &broken_down)};
}

std::string probes_text(const Json& target, const StatusView& view) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& probe : member(target, "probes")) {
        for (const Json& result : member(probe, "recent")) {
            const bool passed = text(result, "outcome") == "passed";
            rows.push_back({{"  " + local_clock(result, "at"), Colour::dim},
                            {text(probe, "kind")},
                            {text(result, "outcome"), passed ? Colour::good : Colour::bad},
                            {milliseconds_text(result)},
                            {text(result, "output")}});
        }
    }
    return rows.empty() ? std::string{} : "last probes:\n" + table(rows, view.colours);
}

}  // namespace

std::string status_table(const Json& status, const StatusView& view) {
    std::vector<std::vector<Cell>> rows{
        {{"TARGET"}, {"KIND"}, {"PHASE"}, {"HEALTH"}, {"FOR"}, {"PROBE"}, {"RESTARTS"}, {"NEXT"}}};
    const Json& targets = member(status, "targets");
    const bool all_dry = text(status, "mode") == "dry-run";  // which the summary says
    for (const Json& target : targets) rows.push_back(row_of(target, view, !all_dry));
    return table(rows, view.colours) + summary(status, targets);
}

std::string status_detail(const Json& target, const StatusView& view) {
    std::vector<std::vector<Cell>> rows;
    const auto add = [&rows](const char* name, std::string value, Colour colour = Colour::plain) {
        if (value != "-") rows.push_back({{name, Colour::dim}, {std::move(value), colour}});
    };
    add("target", text(target, "name"), Colour::strong);
    add("service", text(target, "service"));
    add("phase", text(target, "phase") + " for " + age(target, view), colour_of(target));
    add("health", text(target, "health"), colour_of(target));
    add("pid", text(target, "pid"));
    add("container", short_id(text(target, "container_id")));
    add("restarts", text(target, "restarts"));
    add("last exit", text(target, "last_exit"));
    add("incident", text(target, "incident"));
    add("next", next_text(target, view, true));
    return table(rows, view.colours) + probes_text(target, view);
}

}  // namespace keepwell::cli
