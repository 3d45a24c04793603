// Run by run: rules first, then a follower.
#include "simulation/replay/replay.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::simulation {
namespace {

std::string missing_before(const journal::Record& record) {
    return "the records before " + std::to_string(record.seq) + " are missing or could not be read";
}

}  // namespace

void Replay::take(const journal::Record& record) {
    const bool gap = last_seq_ != 0 && record.seq != last_seq_ + 1 && !record.repeated;
    last_seq_ = record.seq;
    if (const auto* run = std::get_if<journal::RunStarted>(&record.body)) return begin_run(record, *run);
    if (runs_.empty()) {
        begin_run(record, {});
        return not_verified("which run this is, is not in the journal");
    }
    RunReport& report = runs_.back();
    ++report.records;
    if (!record.repeated) report.last_seq = record.seq;
    if (gap) not_verified(missing_before(record));
    if (const auto* host = std::get_if<journal::HostRules>(&record.body)) {
        rules_.take(*host);
        if (!follower_) report.probes_are_kept = host->record;
    } else if (const auto* service = std::get_if<journal::ServiceRules>(&record.body)) {
        rules_.take(*service);
    }
    if (!report.not_verified.empty()) return;
    if (record.repeated && follower_) return not_verified(missing_before(record));  // lost; a head says it again
    if (record.repeated) {
        return not_verified("its beginning is no longer in the journal, and the state of its timers with it");
    }
    if (!follower_ && std::holds_alternative<journal::Input>(record.body)) begin_following();
    if (follower_) follow(record);
}

void Replay::follow(const journal::Record& record) {
    RunReport& report = runs_.back();
    note_reload(record);
    follower_->take(rules_.reload(record).value_or(record));
    if (!follower_->difference()) {
        report.verified_to = record.seq;
        report.verified_until = record.time;
    }
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted || !policy_) return;
    if (auto deed = deed_of(noted->fact, record.at, record.target, files_)) deeds_.push_back(std::move(*deed));
}

void Replay::note_reload(const journal::Record& record) {
    const auto* input = std::get_if<journal::Input>(&record.body);
    const auto* changed = input ? std::get_if<event::PolicyChanged>(&input->event) : nullptr;
    if (!changed || !changed->policy) return;
    const Policy& next = *changed->policy;
    files_ = next.files;
    RunReport& report = runs_.back();
    const bool is_first = report.reloads.empty();
    const std::string& version = is_first ? report.run.policy_version : report.reloads.back().policy_version;
    const Mode mode = is_first ? report.run.mode : report.reloads.back().mode;
    if (next.version == version && next.mode == mode) return;
    report.reloads.push_back({record.seq, record.time, next.version, next.mode, next.files});
}

std::vector<RunReport> Replay::finish() {
    end_run();
    return std::move(runs_);
}

void Replay::begin_run(const journal::Record& record, const journal::RunStarted& run) {
    end_run();
    rules_.begin(run);
    files_ = run.files;
    RunReport report;
    report.first_seq = record.seq;
    report.began = record.time;
    report.began_at = record.at;
    report.run = run;
    report.last_seq = record.seq;
    report.records = 1;
    runs_.push_back(std::move(report));
}

void Replay::begin_following() {
    const RunReport& report = runs_.back();
    FollowerOptions options;
    options.run = report.first_seq;
    options.last_incident = report.run.last_incident;
    options.probes_are_kept = report.probes_are_kept;
    options.answers = &answers_;
    recorder_ = {};
    deeds_.clear();
    if (policy_) options.recorder = &recorder_;
    if (rules_.complete()) {
        follower_ = std::make_unique<Follower>(rules_.policy(), options);
    } else if (policy_ && policy_->version == report.run.policy_version) {
        options.lines_are_known = false;
        follower_ = std::make_unique<Follower>(*policy_, options);
    } else {
        not_verified("its policy (version " + report.run.policy_version +
                     ") is not in the journal; give it with --policy");
    }
}

void Replay::end_run() {
    if (!follower_) return;
    follower_->finish();
    RunReport& report = runs_.back();
    report.events = follower_->events();
    report.probes = follower_->probes();
    report.decisions = follower_->decisions();
    report.assumed = follower_->assumed();
    report.strangers = follower_->strangers();
    report.difference = follower_->difference();
    if (report.difference && report.verified_to >= report.difference->seq) {  // it showed only in what came after
        report.verified_to = std::max<std::uint64_t>(report.difference->seq, 1) - 1;
        report.verified_until = report.difference->time;
    }
    if (policy_ && is_policy_of(report)) {
        report.comparison = unchanged(deeds_);
    } else if (policy_) {
        const RecordedWorld world = recorder_.take(follower_->engine().policy());
        report.comparison = compare(world, deeds_, *policy_, report.run.last_incident);
    }
    follower_.reset();
}

/// The one that the run had, all the time: what it would have done is what is verified.
bool Replay::is_policy_of(const RunReport& report) const {
    return report.reloads.empty() && policy_->version == report.run.policy_version && policy_->mode == report.run.mode;
}

WallTime RunReport::wall(Instant at) const {
    return began + std::chrono::duration_cast<WallTime::duration>(at - began_at);
}

void Replay::not_verified(std::string why) {
    end_run();
    if (runs_.back().not_verified.empty()) runs_.back().not_verified = std::move(why);
}

}  // namespace keepwell::simulation
