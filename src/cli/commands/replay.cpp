// `keepwell replay JOURNAL`: does today's engine decide the recorded past again, and what would another policy have
// done?
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/journal_place.hpp"
#include "cli/replay_report.hpp"
#include "cli/terminal.hpp"
#include "policy/load.hpp"

namespace keepwell::cli {
namespace {

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
    ReplayFindings findings;
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
    if (!print(json ? replay_json(findings) : replay_text(findings, colours_wanted()))) return exit_failure;
    return findings.differs() || !findings.answers_anything() ? exit_failure : exit_ok;
}

}  // namespace keepwell::cli
