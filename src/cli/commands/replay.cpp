// `keepwell replay JOURNAL`: does today's engine decide the recorded past again, and what would another policy have
// done?
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/journal_place.hpp"
#include "cli/terminal.hpp"
#include "journal/codec.hpp"
#include "policy/load.hpp"
#include "simulation/replay.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;
using simulation::Change;
using simulation::RunReport;

/// What a comparison rests on, where the record has no answer.
constexpr std::array<std::string_view, 6> assumptions{
    "each life of a target goes as it did in the record at the same age",
    "a life that was ended there and goes on here keeps its last answer; one that is not there at all is well",
    "what is asked for takes as long as the same deed did there, and succeeds where there is none",
    "people, maintenance windows and the container engine do the same at the same times",
    "each run of keepwell begins as it was recorded",
    "this policy is followed all the time; reloads of the recorded ones are left out",
};

std::string time_of(WallTime time) {
    std::string text = journal::rfc3339(time);
    text[10] = ' ';
    return text;
}

std::string place_of(const std::vector<std::string>& files, const Origin& rule) {
    if (!rule.written() || rule.file >= files.size()) return {};
    return files[rule.file] + ":" + std::to_string(rule.line);
}

std::string length_text(Duration length) {
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

constexpr std::string_view passes_are_not_kept =
    "probes that passed are not in this journal; set `record: true` to have them kept";

/// Everything that one replay was told and found.
struct Findings {
    std::string folder;
    std::optional<Policy> policy;  ///< to compare with
    std::vector<RunReport> runs;

    bool differs() const {
        return std::any_of(runs.begin(), runs.end(), [](const RunReport& run) { return run.differs(); });
    }
    /// With a policy that is another one than some run had.
    bool compares() const {
        return std::any_of(runs.begin(), runs.end(),
                           [](const RunReport& run) { return run.comparison && !run.comparison->same_policy; });
    }
    bool answers_anything() const {
        return std::any_of(runs.begin(), runs.end(), [](const RunReport& run) { return run.verified_to > 0; });
    }
};

// ---- as text ------------------------------------------------------------------------------------------------------

class Text {
  public:
    Text(const Findings& findings, bool colours) : findings_{findings}, colours_{colours} {}

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
        return "keepwell " + one_line(run.keepwell_version) + " (pid " + std::to_string(run.pid) + "), policy " +
               one_line(run.policy_version);
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

    void difference(const simulation::Difference& found) {
        line("  decided otherwise: " + where(found), Colour::bad);
        both_sides(found);
        line("    What came after it in this run was not compared.", Colour::dim);
    }

    /// Not a mistake of anybody: too little was kept.
    void doubt(const simulation::Difference& found) {
        line("  could not be verified from here on: " + where(found), Colour::warn);
        line("    " + std::string{passes_are_not_kept}, Colour::warn);
        both_sides(found);
    }

    std::string where(const simulation::Difference& found) const {
        const std::string place = line_of(findings_.folder, found.seq);
        return "record " + std::to_string(found.seq) + (place.empty() ? "" : " (" + place + ")") + ", " +
               time_of(found.time) + (found.target.empty() ? "" : ", " + one_line(found.target));
    }

    void both_sides(const simulation::Difference& found) {
        line("    cause:    " + one_line(found.cause));
        line("    recorded: " + (found.expected.empty() ? "nothing" : one_line(found.expected, 2000)));
        line("    today:    " + (found.actual.empty() ? "nothing" : one_line(found.actual, 2000)));
    }

    void comparison(const RunReport& run, const simulation::Comparison& found) {
        if (found.same_policy) return line("  nothing changes: the policy is the one of this run");
        if (run.difference) line("  compared beyond what could be verified, by what the record tells", Colour::warn);
        std::size_t same = 0;
        std::map<std::string, bool> told;
        for (const Change& change : found.changes) {
            if (change.kind == Change::Kind::same) {
                ++same;
                continue;
            }
            change_text(run, change);
            if (!told.emplace(change.deed.target, true).second) continue;
            line("    from here on the record can not answer for " + one_line(change.deed.target) +
                     ": the rest of it is assumed",
                 Colour::dim);
        }
        line("  the same: " + std::to_string(same) + " remedies and holds");
        for (const std::string& name : found.not_in_record) {
            line("  not compared: " + one_line(name) + " is not in the record", Colour::warn);
        }
        for (const std::string& name : found.not_in_policy) {
            line("  not compared: " + one_line(name) + " is not in the policy", Colour::warn);
        }
    }

    void change_text(const RunReport& run, const Change& change) {
        const simulation::Deed& one = change.deed;
        std::string text = time_of(run.wall(one.at)) + "  " + one_line(one.target) + "  " + one_line(one.what);
        if (change.kind == Change::Kind::moved) {
            const bool later = change.by > Duration{0};
            text += ", " + length_text(later ? change.by : -change.by) + (later ? " later" : " earlier");
        }
        const bool recorded = change.kind == Change::Kind::missing;
        const std::string place = place_of(recorded ? run.run.files : findings_.policy->files, one.rule);
        if (!place.empty()) text += "  (" + one_line(place) + ")";
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

    const Findings& findings_;
    bool colours_;
    std::string out_;
};

// ---- as JSON ------------------------------------------------------------------------------------------------------

Json json_of(const std::string& text) { return Json::parse(text, nullptr, false); }

Json json_of(const Findings& findings, const simulation::Difference& found) {
    return {{"seq", found.seq},
            {"place", line_of(findings.folder, found.seq)},
            {"time", journal::rfc3339(found.time)},
            {"target", found.target},
            {"cause", found.cause},
            {"recorded", found.expected.starts_with("{") ? json_of(found.expected) : Json(found.expected)},
            {"today", found.actual.starts_with("{") ? json_of(found.actual) : Json(found.actual)}};
}

Json json_of(const Findings& findings, const RunReport& run, const simulation::Comparison& found) {
    Json changes = Json::array();
    std::size_t same = 0;
    std::map<std::string, bool> diverged;
    for (const Change& change : found.changes) {
        if (change.kind == Change::Kind::same) {
            ++same;
            continue;
        }
        const simulation::Deed& one = change.deed;
        const bool recorded = change.kind == Change::Kind::missing;
        Json json{{"change", word(change.kind)},
                  {"time", journal::rfc3339(run.wall(one.at))},
                  {"target", one.target},
                  {"what", one.what}};
        if (change.kind == Change::Kind::moved) {
            json["by_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(change.by).count();
        }
        json["rule"] = place_of(recorded ? run.run.files : findings.policy->files, one.rule);
        json["assumed"] = !diverged.emplace(one.target, true).second;
        changes.push_back(std::move(json));
    }
    return {{"same_policy", found.same_policy},
            {"same", same},
            {"changes", std::move(changes)},
            {"not_in_record", found.not_in_record},
            {"not_in_policy", found.not_in_policy}};
}

Json json_of(const Findings& findings) {
    Json runs = Json::array();
    for (const RunReport& run : findings.runs) {
        Json json{{"began", journal::rfc3339(run.began)},
                  {"first_seq", run.first_seq},
                  {"keepwell_version", run.run.keepwell_version},
                  {"policy_version", run.run.policy_version},
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
        if (run.comparison) json["comparison"] = json_of(findings, run, *run.comparison);
        runs.push_back(std::move(json));
    }
    Json json{{"api", "keepwell/v1"}, {"same", !findings.differs()}, {"runs", std::move(runs)}};
    if (findings.compares()) json["assumptions"] = assumptions;
    return json;
}

/// The policy to compare with; an empty list is none. False: it is wrong, and that has been said.
bool load_policy(const std::vector<std::string>& files, std::optional<Policy>& policy) {
    if (files.empty()) return true;
    policy::Loaded loaded = policy::load(files, policy::host_environment());
    std::string text;
    for (const policy::Diagnostic& diagnostic : loaded.diagnostics) text += policy::render(diagnostic);
    std::fputs(text.c_str(), stderr);
    policy = std::move(loaded.policy);
    return policy.has_value();
}

}  // namespace

int replay(const ReplayOptions& options) {
    Findings findings;
    if (!load_policy(options.policy, findings.policy)) return exit_usage;
    findings.folder = existing_journal(options.journal);
    if (findings.folder.empty()) return exit_failure;
    const simulation::KeptAnswers answers = read_ahead(findings.folder);
    simulation::Replay replay{answers, findings.policy ? &*findings.policy : nullptr};
    const auto take = [&replay](const journal::Record& record) {
        replay.take(record);
        return true;
    };
    journal::read(findings.folder, {}, take, {});  // what is damaged was told by the first reading
    findings.runs = replay.finish();
    const bool json = options.format == Format::json;
    const std::string text = json ? json_of(findings).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                                  : Text{findings, colours_wanted()}.all();
    if (!print(text)) return exit_failure;
    return findings.differs() || !findings.answers_anything() ? exit_failure : exit_ok;
}

}  // namespace keepwell::cli
