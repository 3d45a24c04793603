// Sorts records into lanes.
#include "simulation/picture/lanes.hpp"

#include <map>
#include <optional>
#include <utility>

#include "journal/probes.hpp"
#include "simulation/because.hpp"

namespace keepwell::simulation {
namespace {

std::string with(std::string text, const std::string& detail) {
    return detail.empty() ? text : std::move(text) + ": " + detail;
}

/// "SIGSEGV" of "signal 11 (SIGSEGV)"; anything else as it is: "exit code 1".
std::string end_label(const std::string& detail) {
    const std::size_t begin = detail.find("(SIG");
    if (begin == std::string::npos || !detail.ends_with(")")) return detail.empty() ? "ended" : detail;
    return detail.substr(begin + 1, detail.size() - begin - 2);
}

/// Follows one lane.
class LaneFollower {
  public:
    explicit LaneFollower(std::string name) { lane_.name = std::move(name); }

    void take(const journal::Record& record) {
        if (const auto* input = std::get_if<journal::Input>(&record.body)) {
            if (const auto* probe = std::get_if<event::ProbeFinished>(&input->event)) {
                answered(record.at, probe->outcome, probe->output);
            }
        }
        if (const auto* noted = std::get_if<journal::Noted>(&record.body)) note(record.at, noted->fact.body);
    }

    void answered(Instant at, Outcome outcome, const std::string& output) {
        lane_.probes.push_back({at, outcome, outcome == Outcome::passed ? std::string{} : output});
    }

    Lane finish(Instant end) {
        if (!lane_.name.empty()) change(end);
        release(end);
        return std::move(lane_);
    }

  private:
    void note(Instant at, const fact::Body& fact) {
        if (const auto* phase = std::get_if<fact::PhaseChanged>(&fact)) {
            look(at, phase->to, health_);
            note_end(at, *phase);
        }
        if (const auto* health = std::get_if<fact::HealthChanged>(&fact)) look(at, phase_, health->to);
        if (const auto* held = std::get_if<fact::RemedyHeld>(&fact)) hold(at, *held);
        if (const auto* started = std::get_if<fact::RemedyStarted>(&fact)) {
            release(at);
            const std::string remedy{to_string(started->remedy)};
            mark(at, Mark::Kind::remedy, remedy, remedy + because(started->reason));
        }
        if (std::holds_alternative<fact::IncidentClosed>(fact)) release(at);
        note_trouble(at, fact);
        note_others(at, fact);
    }

    /// An end by itself, but for a job that is done.
    void note_end(Instant at, const fact::PhaseChanged& changed) {
        const bool is_done = changed.detail == to_string(ExitStatus{ExitStatus::Kind::code, 0, {}});
        const bool ended = changed.to == Phase::backoff && changed.reason == Reason::exited;
        if (ended || (changed.to == Phase::completed && !is_done)) {
            mark(at, Mark::Kind::failure, end_label(changed.detail), with("ended by itself", changed.detail));
        }
        if (changed.reason == Reason::start_failed) {
            mark(at, Mark::Kind::failure, "no start", with("could not be started", changed.detail));
        }
    }

    void note_trouble(Instant at, const fact::Body& fact) {
        if (const auto* finished = std::get_if<fact::RemedyFinished>(&fact); finished && !finished->success) {
            const std::string what = std::string{to_string(finished->remedy)} + " failed";
            mark(at, Mark::Kind::failure, "failed", with(what, finished->detail));
        }
        if (const auto* verified = std::get_if<fact::RemedyVerified>(&fact); verified && !verified->success) {
            mark(at, Mark::Kind::failure, "no help", std::string{to_string(verified->remedy)} + " did not heal it");
        }
        if (const auto* given_up = std::get_if<fact::Quarantined>(&fact)) {
            mark(at, Mark::Kind::failure, "quarantine", "given up for a while" + because(given_up->reason));
        }
    }

    void note_others(Instant at, const fact::Body& fact) {
        if (const auto* raised = std::get_if<fact::AlertRaised>(&fact); raised && raised->alert != "quarantined") {
            const std::string alert{raised->alert};
            mark(at, Mark::Kind::alert, alert, with("alert " + alert, raised->detail));
        }
        if (const auto* acted = std::get_if<fact::OperatorActed>(&fact)) {
            const std::string verb{keepwell::to_string(acted->verb)};
            mark(at, Mark::Kind::person, verb, (acted->by.empty() ? "somebody" : acted->by) + " asks: " + verb);
        }
        if (const auto* engine = std::get_if<fact::BackendChanged>(&fact)) {
            mark(at, Mark::Kind::engine, engine->lost ? "engine lost" : "engine found",
                 engine->lost ? "the container engine does not answer" : "the container engine answers again");
        }
    }

    void mark(Instant at, Mark::Kind kind, std::string label, std::string what) {
        lane_.marks.push_back({at, kind, std::move(label), std::move(what)});
    }

    void look(Instant at, Phase phase, Health health) {
        change(at);
        phase_ = phase;
        health_ = health;
    }

    /// What it looked like until now is over; what lasted no time was never seen.
    void change(Instant at) {
        if (at <= since_) return;
        const Shade shade = shade_now();
        auto& all = lane_.stretches;
        if (!all.empty() && all.back().shade == shade) {
            all.back().to = at;
        } else {
            all.push_back({since_, at, shade});
        }
        since_ = at;
    }

    Shade shade_now() const {
        switch (phase_) {
            case Phase::waiting: return Shade::waiting;
            case Phase::starting: return Shade::starting;
            case Phase::running: break;
            case Phase::stopping: return Shade::stopping;
            case Phase::backoff: return Shade::backoff;
            case Phase::stopped: return Shade::stopped;
            case Phase::completed: return Shade::completed;
        }
        switch (health_) {
            case Health::none: return Shade::running;
            case Health::starting: return Shade::unproven;
            case Health::healthy: return Shade::healthy;
            case Health::unhealthy: return Shade::unhealthy;
            case Health::unknown: return Shade::unknown;
        }
        return Shade::running;
    }

    void hold(Instant at, const fact::RemedyHeld& held) {
        release(at);
        const std::string remedy{to_string(held.would)};
        held_ = HeldStretch{at, at, remedy + " is held back: " + std::string{describe(held.reason)}};
        if (!held.detail.empty()) held_->what += " (" + held.detail + ")";
    }

    void release(Instant at) {
        if (!held_) return;
        held_->to = at;
        lane_.holds.push_back(std::move(*held_));
        held_.reset();
    }

    Lane lane_;
    Phase phase_ = Phase::waiting;
    Health health_ = Health::none;
    Instant since_{};
    std::optional<HeldStretch> held_;
};

}  // namespace

std::string_view to_string(Shade shade) {
    switch (shade) {
        case Shade::waiting: return "waiting";
        case Shade::starting: return "starting";
        case Shade::running: return "running";
        case Shade::unproven: return "unproven";
        case Shade::healthy: return "healthy";
        case Shade::unhealthy: return "unhealthy";
        case Shade::unknown: return "unknown";
        case Shade::stopping: return "stopping";
        case Shade::backoff: return "backoff";
        case Shade::stopped: return "stopped";
        case Shade::completed: return "completed";
    }
    return "";
}

class LaneReader::Followers {
  public:
    explicit Followers(std::vector<std::string> targets) : targets_{std::move(targets)} {
        followers_.emplace(std::string{}, std::string{});
        for (const std::string& target : targets_) followers_.emplace(target, target);
    }

    void take(const journal::Record& record) {
        if (const auto* probes = std::get_if<journal::Probes>(&record.body)) take_answers(record, *probes);
        const auto found = followers_.find(record.target);
        if (found != followers_.end()) found->second.take(record);
    }

    std::vector<Lane> finish(Instant end) {
        std::vector<Lane> lanes{followers_.at(std::string{}).finish(end)};
        if (lanes.front().marks.empty()) lanes.clear();
        for (const std::string& target : targets_) lanes.push_back(followers_.at(target).finish(end));
        return lanes;
    }

  private:
    /// Of the probes that one record holds, each to its lane.
    void take_answers(const journal::Record& record, const journal::Probes& probes) {
        const auto entries = journal::unpack(probes, record.at);
        if (!entries) return;
        for (const journal::ProbeEntry& entry : *entries) {
            const auto found = entry.target.empty() ? followers_.end() : followers_.find(entry.target);
            if (found != followers_.end()) found->second.answered(entry.at, entry.outcome, entry.output);
        }
    }

    const std::vector<std::string> targets_;
    std::map<std::string, LaneFollower> followers_;
};

LaneReader::LaneReader(std::vector<std::string> targets)
    : followers_{std::make_unique<Followers>(std::move(targets))} {}
LaneReader::~LaneReader() = default;
void LaneReader::take(const journal::Record& record) { followers_->take(record); }
std::vector<Lane> LaneReader::finish(Instant end) { return followers_->finish(end); }

}  // namespace keepwell::simulation
