// Run by run: how far it was decided again, the first difference, and what another policy would have done.
#include "cli/replay_report.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/journal_place.hpp"
#include "cli/terminal.hpp"
#include "journal/codec.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;
using simulation::Change;
using simulation::Comparison;
using simulation::Difference;
using simulation::RecordedReload;
using simulation::RunReport;

/// What a comparison rests on, where the record has no answer.
constexpr std::array<std::string_view, 7> assumptions{
    "each life of a target goes as it did in the record at the same age",
    "a life that was ended there and goes on here keeps its last answer; one that is not there at all is well",
    "what is asked for takes as long as the same deed did there, and succeeds where there is none",
    "people, maintenance windows and the container engine do the same at the same times",
    "each run of keepwell begins as it was recorded",
    "this policy is followed all the time, whatever a reload of the recorded run changed",
    "a target that such a reload brought is there from then on",
};

constexpr std::string_view passes_are_not_kept =
    "probes that passed are not in this journal; set `record: true` to have them kept";

std::string time_of(WallTime time) {
    std::string text = journal::rfc3339(time);
    text[10] = ' ';
    return text;
}

std::string difference_text(Duration length) {
    const auto rounded = std::chrono::duration_cast<std::chrono::milliseconds>(length);
    return to_string(std::chrono::duration_cast<Duration>(rounded));
}

std::string_view word(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::same: return "same";
        case Change::Kind::moved: return "moved";
        case Change::Kind::added: return "added";
        case Change::Kind::missing: return "missing";
    }
    return "?";
}

std::size_t same_ones(const Comparison& comparison) {
    return static_cast<std::size_t>(std::ranges::count(comparison.changes, Change::Kind::same, &Change::kind));
}

// ---- two decisions ------------------------------------------------------------------------------------------------

/// Both sides of a difference as JSON; whatever is no object is null.
struct Sides {
    Json recorded;
    Json today;

    /// One decision with other values: these members. Otherwise there are none to point at.
    std::vector<std::string> members() const {
        std::vector<std::string> names;
        if (!recorded.is_object() || !today.is_object() || recorded["type"] != today["type"]) return names;
        for (const auto& [name, value] : recorded.items()) {
            if (!today.contains(name) || today[name] != value) names.push_back(name);
        }
        for (const auto& [name, value] : today.items()) {
            if (!recorded.contains(name)) names.push_back(name);
        }
        return names;
    }
};

Json object_of(const std::string& text) {
    return text.starts_with("{") ? Json::parse(text, nullptr, false) : Json(nullptr);
}

Sides sides_of(const Difference& found) { return {object_of(found.expected), object_of(found.actual)}; }

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// "target.health of web with failing_streak 2, no detail"
std::string side_text(const Json& side, const std::vector<std::string>& members) {
    std::string text = dumped(side["type"]);
    text = text.substr(1, text.size() - 2);
    if (side.contains("target")) text += " of " + side["target"].get<std::string>();
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::string& name = members[i];
        text += (i == 0 ? " with " : ", ") + (side.contains(name) ? name + " " + dumped(side[name]) : "no " + name);
    }
    return text;
}

// ---- as text ------------------------------------------------------------------------------------------------------

class Text {
  public:
    Text(const ReplayFindings& findings, bool colours) : findings_{findings}, colours_{colours} {}

    std::string all() {
        for (const RunReport& run : findings_.runs) run_text(run);
        if (findings_.compares()) assumed();
        if (!findings_.answers_anything()) line("Nothing in this journal could be verified.", Colour::warn);
        return std::move(out_);
    }

  private:
    void line(const std::string& text, Colour colour = Colour::plain) { out_ += paint(text, colour, colours_) + "\n"; }

    void run_text(const RunReport& run) {
        line(time_of(run.began) + "  " + name_of(run.run), Colour::strong);
        for (const RecordedReload& one : run.reloads) {
            line("  reloaded at " + time_of(one.time) + ": policy " + one_line(one.policy_version) + " (" +
                 joined(one.files) + ")");
        }
        if (run.verified_to > 0) verified(run);
        if (!run.not_verified.empty()) not_verified(run);
        if (run.differs()) difference(*run.difference);
        if (run.in_doubt()) doubt(*run.difference);
        if (run.verified_to < run.last_seq && is_of_another_version(run)) {
            line("    It was written by keepwell " + one_line(run.run.keepwell_version) + ", and this is " +
                     KEEPWELL_VERSION + ": what one of them does not know may be the reason.",
                 Colour::warn);
        }
        if (run.comparison) comparison(run, *run.comparison);
    }

    static bool is_of_another_version(const RunReport& run) {
        return !run.run.keepwell_version.empty() && run.run.keepwell_version != KEEPWELL_VERSION;
    }

    static std::string name_of(const journal::RunStarted& run) {
        if (run.keepwell_version.empty()) return "a keepwell that the journal does not name";
        const std::string files = run.files.empty() ? "" : " (" + joined(run.files) + ")";
        return "keepwell " + one_line(run.keepwell_version) + " (pid " + std::to_string(run.pid) + "), policy " +
               one_line(run.policy_version) + files;
    }

    void verified(const RunReport& run) {
        line("  decided again: records " + std::to_string(run.first_seq) + " to " + std::to_string(run.verified_to) +
                 ", until " + time_of(run.verified_until),
             Colour::good);
        line("    " + std::to_string(run.decisions) + " decisions on " + std::to_string(run.events) + " events, " +
             std::to_string(run.probes) + " answers of probes among them");
        if (run.assumed > 0) {
            line("  assumed: " + std::to_string(run.assumed) +
                     " probes that are not in the journal passed when they were due (`record: true` keeps them)",
                 Colour::dim);
        }
        if (run.strangers > 0) {
            line("  left out: " + std::to_string(run.strangers) + " records that could not be played", Colour::warn);
        }
    }

    void not_verified(const RunReport& run) {
        const std::string from =
            run.verified_to > 0 ? "from record " + std::to_string(run.verified_to + 1) + " to " : "to ";
        line("  not verified " + from + "record " + std::to_string(run.last_seq) + ": " + one_line(run.not_verified),
             Colour::warn);
    }

    void difference(const Difference& found) {
        line("  decided otherwise: " + where(found), Colour::bad);
        both_sides(found);
        line("    What came after it in this run was not compared.", Colour::dim);
    }

    /// Not a mistake of anybody: too little was kept.
    void doubt(const Difference& found) {
        line("  could not be verified from here on: " + where(found), Colour::warn);
        line("    " + std::string{passes_are_not_kept}, Colour::warn);
        both_sides(found);
    }

    std::string where(const Difference& found) const {
        const std::string place = line_of(findings_.folder, found.seq);
        return "record " + std::to_string(found.seq) + (place.empty() ? "" : " (" + place + ")") + ", " +
               time_of(found.time) + (found.target.empty() ? "" : ", " + one_line(found.target));
    }

    /// Of one decision with other values only these; `-o json` has all of it.
    void both_sides(const Difference& found) {
        const Sides sides = sides_of(found);
        const std::vector<std::string> members = sides.members();
        const bool is_one = !members.empty();
        line("    cause:    " + one_line(found.cause));
        side("    recorded: ", is_one ? side_text(sides.recorded, members) : found.expected);
        side("    today:    ", is_one ? side_text(sides.today, members) : found.actual);
    }

    void side(const std::string& name, const std::string& text) {
        line(name + (text.empty() ? "nothing" : one_line(text, 2000)));
    }

    void comparison(const RunReport& run, const Comparison& found) {
        if (found.same_policy) return line("  nothing changes: the policy is the one of this run");
        if (!run.reloads.empty()) {
            line("  compared as if " + joined(findings_.policy->files) +
                 " had been followed all the time, before and after " +
                 (run.reloads.size() == 1 ? "the reload" : "each reload"));
        }
        if (run.difference) line("  compared beyond what could be verified, by what the record tells", Colour::warn);
        std::set<std::string> told;
        for (const Change& change : found.changes) {
            if (change.kind == Change::Kind::same) continue;
            change_text(run, change);
            if (!told.insert(change.deed.target).second) continue;
            line("    from here on the record can not answer for " + one_line(change.deed.target) +
                     ": the rest of it is assumed",
                 Colour::dim);
        }
        const std::size_t same = same_ones(found);
        line("  the same: " + (same == 1 ? "1 remedy or hold" : std::to_string(same) + " remedies and holds"));
        for (const std::string& name : found.not_in_record) {
            line("  not compared: " + one_line(name) + " is not in the record", Colour::warn);
        }
        for (const std::string& name : found.not_in_policy) {
            line("  not compared: " + one_line(name) + " is not in the policy", Colour::warn);
        }
    }

    void change_text(const RunReport& run, const Change& change) {
        const simulation::Deed& one = change.deed;
        std::string text = time_of(run.wall(one.at)) + "  " + one_line(one.target) + "  " + one_line(one.words);
        if (change.kind == Change::Kind::moved) {
            const bool later = change.by > Duration{0};
            text += ", " + difference_text(later ? change.by : -change.by) + (later ? " later" : " earlier");
        }
        if (!one.place.empty()) text += "  (" + one_line(one.place) + ")";
        switch (change.kind) {
            case Change::Kind::same: return;
            case Change::Kind::moved: return line("~ " + text, Colour::warn);
            case Change::Kind::added: return line("+ " + text, Colour::good);
            case Change::Kind::missing: return line("- " + text, Colour::bad);
        }
    }

    void assumed() {
        line("Where the record can not answer, it is assumed that", Colour::dim);
        for (const std::string_view one : assumptions) line("  - " + std::string{one}, Colour::dim);
    }

    const ReplayFindings& findings_;
    bool colours_;
    std::string out_;
};

// ---- as JSON ------------------------------------------------------------------------------------------------------

Json json_of(const ReplayFindings& findings, const Difference& found) {
    Sides sides = sides_of(found);
    const std::vector<std::string> members = sides.members();
    return {{"seq", found.seq},
            {"place", line_of(findings.folder, found.seq)},
            {"time", journal::rfc3339(found.time)},
            {"target", found.target},
            {"cause", found.cause},
            {"members", members},
            {"recorded", sides.recorded.is_object() ? std::move(sides.recorded) : Json(found.expected)},
            {"today", sides.today.is_object() ? std::move(sides.today) : Json(found.actual)}};
}

Json json_of(const RunReport& run, const Comparison& found) {
    Json changes = Json::array();
    std::set<std::string> diverged;
    for (const Change& change : found.changes) {
        if (change.kind == Change::Kind::same) continue;
        const simulation::Deed& one = change.deed;
        Json json{{"change", word(change.kind)},
                  {"time", journal::rfc3339(run.wall(one.at))},
                  {"target", one.target},
                  {"what", one.what},
                  {"text", one.words}};
        if (change.kind == Change::Kind::moved) {
            json["by_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(change.by).count();
        }
        json["rule"] = one.place;
        json["assumed"] = !diverged.insert(one.target).second;
        changes.push_back(std::move(json));
    }
    return {{"same_policy", found.same_policy},
            {"same", same_ones(found)},
            {"changes", std::move(changes)},
            {"not_in_record", found.not_in_record},
            {"not_in_policy", found.not_in_policy}};
}

Json json_of(const std::vector<RecordedReload>& reloads) {
    Json all = Json::array();
    for (const RecordedReload& one : reloads) {
        all.push_back({{"seq", one.seq},
                       {"time", journal::rfc3339(one.time)},
                       {"policy_version", one.policy_version},
                       {"mode", one.mode == Mode::dry_run ? "dry-run" : "enforce"},
                       {"files", one.files}});
    }
    return all;
}

Json json_of(const ReplayFindings& findings, const RunReport& run) {
    Json json{{"began", journal::rfc3339(run.began)},
              {"first_seq", run.first_seq},
              {"keepwell_version", run.run.keepwell_version},
              {"policy_version", run.run.policy_version},
              {"reloads", json_of(run.reloads)},
              {"record", run.probes_are_kept},
              {"records", run.records},
              {"events", run.events},
              {"probes", run.probes},
              {"decisions", run.decisions},
              {"assumed", run.assumed},
              {"left_out", run.strangers},
              {"last_seq", run.last_seq},
              {"verified_to", run.verified_to},
              {"not_verified", run.in_doubt() ? std::string{passes_are_not_kept} : run.not_verified}};
    json["difference"] = run.differs() ? json_of(findings, *run.difference) : Json{};
    json["doubt"] = run.in_doubt() ? json_of(findings, *run.difference) : Json{};
    if (run.comparison) json["comparison"] = json_of(run, *run.comparison);
    return json;
}

}  // namespace

bool ReplayFindings::differs() const {
    return std::ranges::any_of(runs, [](const RunReport& run) { return run.differs(); });
}

bool ReplayFindings::compares() const {
    return std::ranges::any_of(runs,
                               [](const RunReport& run) { return run.comparison && !run.comparison->same_policy; });
}

bool ReplayFindings::answers_anything() const {
    return std::ranges::any_of(runs, [](const RunReport& run) { return run.verified_to > 0; });
}

std::string replay_text(const ReplayFindings& findings, bool colours) { return Text{findings, colours}.all(); }

std::string replay_json(const ReplayFindings& findings) {
    Json runs = Json::array();
    for (const RunReport& run : findings.runs) runs.push_back(json_of(findings, run));
    Json json{{"api", "keepwell/v1"}, {"same", !findings.differs()}, {"runs", std::move(runs)}};
    if (findings.compares()) json["assumptions"] = assumptions;
    return dumped(json) + "\n";
}

}  // namespace keepwell::cli
