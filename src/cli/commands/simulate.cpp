// `keepwell simulate FILE…`: plays a made-up past against a policy, on a virtual clock. Nothing is started.
#include <algorithm>
#include <functional>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/chaos_report.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/status_text.hpp"
#include "cli/story.hpp"
#include "cli/terminal.hpp"
#include "control/status_json.hpp"
#include "journal/codec.hpp"
#include "journal/writer.hpp"
#include "policy/load.hpp"
#include "simulation/picture/lanes.hpp"
#include "simulation/picture/svg.hpp"
#include "simulation/script/cast.hpp"
#include "simulation/script/script_file.hpp"
#include "simulation/testing/event_watch.hpp"
#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"
#include "simulation/world/telling_journal.hpp"

namespace keepwell::cli {
namespace {

void complain_of(const std::vector<policy::Diagnostic>& diagnostics) {
    for (const policy::Diagnostic& one : diagnostics) std::cerr << policy::render(one);
}

std::optional<Policy> load(const std::vector<std::string>& files) {
    policy::Loaded loaded = policy::load(files, policy::host_environment());
    complain_of(loaded.diagnostics);
    return std::move(loaded.policy);
}

std::vector<std::string> names_of(const Policy& policy) {
    std::vector<std::string> names;
    for (const TargetSpec& target : policy.targets) names.push_back(target.name);
    return names;
}

using MissedEvents = std::vector<simulation::EventWatch::Missed>;

/// What is played.
struct Past {
    const simulation::Script& script;
    Duration length;
    std::vector<simulation::EventMoment> events{};  ///< that should happen
    MissedEvents missed{};                          ///< of these, once it was played
};

void play(simulation::House& house, Past& past) {
    simulation::Player player{house, past.script};
    simulation::EventWatch watch{past.events};
    const auto observer = house.supervisor->subscribe([&watch](const journal::Record& record) { watch.see(record); });
    journal::RunStarted run;
    run.keepwell_version = KEEPWELL_VERSION;
    house.supervisor->begin(std::move(run));
    house.run_until(past.length);
    house.supervisor->unsubscribe(observer);
    house.supervisor->end();
    past.missed = watch.missed(Instant{past.length});
    for (const auto& one : player.missed()) past.missed.push_back({one.happening.at, one.why()});
}

// ---- a journal of it ------------------------------------------------------------------------------------------------

/// Plays it into a journal on disk, every probe included, for `explain`, `replay` and `events`.
int keep(Policy policy, Past& past, const std::string& folder) {
    journal::WriterOptions options;
    options.folder = folder + "/journal";
    if (!journal::list_files(folder).empty() || !journal::list_files(options.folder).empty()) {
        complain("there is a journal in " + folder + " already; a past that is made up gets a folder of its own");
        return exit_usage;
    }
    options.keep = std::numeric_limits<std::uint32_t>::max();  // a past without its beginning can not be explained
    options.on_trouble = [](const std::string& text) { complain(text); };
    auto writer = journal::FileWriter::open(std::move(options));
    if (!writer) {
        complain(writer.error());
        return exit_failure;
    }
    policy.record = true;
    simulation::House house{std::move(policy), **writer, past.script.start};
    play(house, past);
    return (*writer)->lost() == 0 ? exit_ok : exit_failure;
}

// ---- one story ------------------------------------------------------------------------------------------------------

/// Keepwell's own begin and end: nobody asked when the playing begins and ends.
bool is_frame(const journal::Record& record) {
    return std::holds_alternative<journal::RunStarted>(record.body) ||
           std::holds_alternative<journal::RunEnded>(record.body);
}

void play(const Policy& policy, Past& past, const std::function<void(const journal::Record&)>& tell) {
    simulation::TellingJournal journal{tell};
    simulation::House house{policy, journal, past.script.start};
    play(house, past);
}

/// How it stands with each target, as `keepwell status` would have it then.
std::string end_text(const supervisor::Supervisor& supervisor, Duration length) {
    std::vector<TargetIndex> all;
    for (TargetIndex index = 0; index < supervisor.engine().targets().size(); ++index) {
        if (!supervisor.engine().target(index).container.left) all.push_back(index);
    }
    const auto status = control::status_json(supervisor, {}, all);
    return "\nat the end, after " + to_string(length) + ":\n" +
           status_table(status, {supervisor.wall(), colours_wanted()});
}

bool tell_story(const Policy& policy, Past& past) {
    StoryOptions options;
    options.files = policy.files;
    options.colours = colours_wanted();
    options.elapsed = true;
    options.name_width = 8;
    for (const TargetSpec& target : policy.targets)
        options.name_width = std::max(options.name_width, target.name.size());
    Story story{std::move(options)};
    bool printed = true;
    simulation::TellingJournal journal{[&](const journal::Record& record) {
        if (printed && !is_frame(record)) printed = print(story.tell(record));
    }};
    simulation::House house{policy, journal, past.script.start};
    play(house, past);
    return printed && print(end_text(*house.supervisor, past.length));
}

bool tell_events(const Policy& policy, Past& past) {
    bool printed = true;
    play(policy, past, [&](const journal::Record& record) {
        if (printed && journal::is_event(record)) printed = print(journal::event_json(record) + "\n");
    });
    return printed;
}

/// The same as one document.
bool tell_all_events(const Policy& policy, Past& past) {
    bool printed =
        print("{\"api\":\"keepwell/v1\",\"played_ms\":" + std::to_string(past.length / 1ms) + ",\"events\":[");
    std::string_view before = "\n";
    play(policy, past, [&](const journal::Record& record) {
        if (!printed || !journal::is_event(record)) return;
        printed = print(std::string{before} + journal::event_json(record));
        before = ",\n";
    });
    return printed && print("\n]}\n");
}

bool draw(Policy policy, Past& past, const std::string& title) {
    policy.record = true;  // it shows probes that pass, too
    simulation::LaneReader lanes{names_of(policy)};
    play(policy, past, [&lanes](const journal::Record& record) { lanes.take(record); });
    return print(simulation::svg_of(lanes.finish(Instant{past.length}), Instant{past.length}, title));
}

/// `title` says which past it is.
int tell(const Policy& policy, Past& past, Format format, const std::string& title) {
    const bool printed = format == Format::svg    ? draw(policy, past, title)
                         : format == Format::text ? tell_story(policy, past)
                         : format == Format::json ? tell_all_events(policy, past)
                                                  : tell_events(policy, past);
    return printed ? exit_ok : exit_failure;
}

/// Such an event is no mistake: what was played without it is a story as well.
void warn_of(const MissedEvents& missed, const policy::Reporter& script) {
    for (const auto& one : missed) {
        const std::string message = one.why + ", and the event did not happen";
        std::cerr << policy::render(script.shown(one.at, message, policy::Diagnostic::Severity::warning));
    }
}

int tell_script(const SimulateOptions& options, Policy policy) {
    const simulation::ScriptFile file = simulation::load_script(options.script, policy, policy::host_environment());
    complain_of(file.diagnostics);
    if (!file.script) return exit_usage;
    const Duration length = options.length.count() > 0 ? Duration{options.length} : file.played();
    Past past{*file.script, length, file.events};
    const int kept = options.journal.empty() ? exit_ok : keep(policy, past, options.journal);
    if (kept != exit_ok) return kept;
    const int told = tell(policy, past, options.format, joined(policy.files) + ", " + options.script);
    warn_of(past.missed, *file.reporter);
    return told;
}

/// The others sum up.
bool tells_one_story(Format format) { return format == Format::jsonl || format == Format::svg; }

// ---- chaos ----------------------------------------------------------------------------------------------------------

simulation::Chaos chaos_of(const SimulateOptions& options) {
    simulation::Chaos chaos;
    chaos.seed = options.seed;
    if (options.length.count() > 0) chaos.length = options.length;
    if (options.crashes) chaos.crashes = *options.crashes;
    if (options.hangs) chaos.hangs = *options.hangs;
    if (options.outages) chaos.outages = *options.outages;
    if (options.engine_restarts) chaos.engine_restarts = *options.engine_restarts;
    if (options.slow_starts) chaos.slow_starts = *options.slow_starts;
    return chaos;
}

/// Faults are drawn for the targets of all policies together, so that each sees the same ones.
int tell_chaos(const SimulateOptions& options, const std::vector<Policy>& policies) {
    std::vector<std::string> targets;
    for (const Policy& policy : policies) {
        for (const std::string& name : names_of(policy)) targets.push_back(name);
    }
    std::ranges::sort(targets);
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    ChaosReport report{chaos_of(options), {}};
    const simulation::Lot lot = simulation::draw(report.chaos, targets);
    const simulation::Script script = simulation::script_of(lot, policies[0]);
    Past past{script, report.chaos.length};
    const int kept = options.journal.empty() ? exit_ok : keep(policies[0], past, options.journal);
    if (kept != exit_ok) return kept;
    if (tells_one_story(options.format)) {
        const std::string title = joined(policies[0].files) + ", chaos of seed " + std::to_string(options.seed);
        return tell(policies[0], past, options.format, title);
    }
    for (const Policy& policy : policies) {
        report.policies.push_back({joined(policy.files), simulation::outcome_of(policy, lot, report.chaos.length)});
    }
    const bool printed =
        print(options.format == Format::json ? chaos_json(report) : chaos_text(report, colours_wanted()));
    return printed ? exit_ok : exit_failure;
}

}  // namespace

int simulate(const SimulateOptions& options) {
    if (tells_one_story(options.format) && !options.compare.empty()) {
        complain("--compare sets figures side by side: -o text or -o json");
        return exit_usage;
    }
    std::vector<std::vector<std::string>> all{options.files};
    for (const std::string& other : options.compare) all.push_back({other});
    std::vector<Policy> policies;
    for (const std::vector<std::string>& files : all) {
        std::optional<Policy> policy = load(files);
        if (!policy) return exit_usage;
        policies.push_back(std::move(*policy));
    }
    if (!options.chaos) return tell_script(options, std::move(policies[0]));
    for (Policy& policy : policies) {
        simulation::cast(policy, {});
        if (!policy.targets.empty()) continue;
        complain(joined(policy.files) +
                 ": has no targets of its own, so that nothing can happen to them; a script names " +
                 "the containers that labels choose");
        return exit_usage;
    }
    return tell_chaos(options, policies);
}

}  // namespace keepwell::cli
