// Reads an outcome. A target is looked at when all that a moment brings was told, so that what happens within one
// moment has no length, and yet counts.
#include "simulation/chaos/outcome.hpp"

#include <algorithm>
#include <utility>

#include "simulation/because.hpp"
#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"
#include "simulation/world/telling_journal.hpp"

namespace keepwell::simulation {
namespace {

/// A fault that passed so long ago is not what is noticed now.
constexpr Duration aftermath = 1min;

std::int64_t share_of(Duration up, Duration all) {
    return all <= Duration{0} ? 100'000 : up / 1ms * 100'000 / std::max<std::int64_t>(all / 1ms, 1);
}

/// "restart (step 1)", "restart, because it ended by itself"
std::string remedy_text(const fact::RemedyStarted& started) {
    const std::string remedy{to_string(started.remedy)};
    const bool of_ladder = started.reason == Reason::unhealthy || started.reason == Reason::remedy_failed;
    if (of_ladder) return remedy + " (step " + std::to_string(started.rung + 1) + ")";
    return remedy + because(started.reason);
}

}  // namespace

Duration Lengths::percentile(std::uint32_t percent) const {
    if (all.empty()) return Duration{0};
    const std::size_t rank = (all.size() * percent + 99) / 100;
    return all[std::max<std::size_t>(rank, 1) - 1];
}

std::int64_t TargetOutcome::availability() const { return share_of(watched - down, watched); }

std::int64_t ChaosOutcome::availability() const {
    Duration up{0};
    Duration watched{0};
    for (const TargetOutcome& one : targets) {
        up += one.watched - one.down;
        watched += one.watched;
    }
    return share_of(up, watched);
}

bool OutcomeReader::Target::well() const {
    if (phase != Phase::running) return false;
    return health == Health::healthy || (health == Health::none && !checked);
}

OutcomeReader::OutcomeReader(const Policy& policy, const Lot& lot) : lot_{lot} {
    for (const TargetSpec& spec : policy.targets) {
        const ServiceSpec& service = policy.services[spec.service];
        index_[spec.name] = targets_.size();
        targets_.emplace_back().checked = service.healthcheck.has_value();
        TargetOutcome& outcome = outcome_.targets.emplace_back();
        outcome.name = spec.name;
        outcome.asked = service.healthcheck || (spec.kind == TargetKind::adopted && service.engine_health);
    }
    count_drawn();
}

void OutcomeReader::count_drawn() {
    outcome_.drawn.outages = lot_.outages;
    for (const Fault& fault : lot_.faults) {
        const bool is_ours = index_.contains(fault.target);
        switch (fault.kind) {
            case Fault::Kind::crash: outcome_.drawn.crashes += is_ours ? 1 : 0; break;
            case Fault::Kind::hang: outcome_.drawn.hangs += is_ours ? 1 : 0; break;
            case Fault::Kind::outage: break;  // counted once, not for each target
            case Fault::Kind::engine_restart: ++outcome_.drawn.engine_restarts; break;
        }
    }
}

/// The first start, the second, …: of some it was drawn that they are slow.
void OutcomeReader::count_start(std::size_t index, std::size_t start) {
    const TargetOutcome& outcome = outcome_.targets[index];
    const auto drawn = lot_.starts.find(outcome.name);
    if (!outcome.asked || drawn == lot_.starts.end() || start >= drawn->second.size()) return;
    if (drawn->second[start] > Duration{0}) ++outcome_.drawn.slow_starts;
}

OutcomeReader::Target* OutcomeReader::find(const std::string& name) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &targets_[found->second];
}

void OutcomeReader::take(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted) return;
    if (record.at > now_) look();
    strike_until(record.at);
    now_ = record.at;
    note(record, noted->fact);
    const auto found = index_.find(record.target);
    if (found == index_.end()) return;
    Target& target = targets_[found->second];
    if (const auto* phase = std::get_if<fact::PhaseChanged>(&noted->fact.body)) target.phase = phase->to;
    if (target.phase == Phase::running && !std::exchange(target.began, true)) count_start(found->second, 0);
    const auto* health = std::get_if<fact::HealthChanged>(&noted->fact.body);
    if (health && health->to != Health::unknown) target.health = health->to;
    const bool is_state = health || std::holds_alternative<fact::PhaseChanged>(noted->fact.body);
    if (is_state && target.first_well && !target.well()) target.fell = true;
    if (!std::exchange(target.touched, true)) touched_.push_back(found->second);
}

void OutcomeReader::note(const journal::Record& record, const Fact& fact) {
    const auto found = index_.find(record.target);
    const auto* finished = std::get_if<fact::RemedyFinished>(&fact.body);
    const bool begins_anew =
        finished && (finished->remedy == Remedy::restart || finished->remedy == Remedy::replace) && finished->success;
    if (begins_anew && found != index_.end()) {
        count_start(found->second, ++targets_[found->second].starts[finished->remedy]);
    }
    if (const auto* started = std::get_if<fact::RemedyStarted>(&fact.body)) ++outcome_.remedies[remedy_text(*started)];
    if (const auto* held = std::get_if<fact::RemedyHeld>(&fact.body)) ++outcome_.holds[held->reason];
    if (const auto* raised = std::get_if<fact::AlertRaised>(&fact.body); raised && raised->alert == "storm") {
        ++outcome_.storms;
    }
    if (!std::holds_alternative<fact::Quarantined>(fact.body)) return;
    ++outcome_.quarantines;
    if (found != index_.end()) ++outcome_.targets[found->second].quarantines;
}

void OutcomeReader::strike_until(Instant at) {
    const std::vector<Fault>& faults = lot_.faults;
    while (next_fault_ < faults.size() && faults[next_fault_].at <= at) strike(faults[next_fault_++]);
}

void OutcomeReader::strike(const Fault& fault) {
    Target* target = find(fault.target);
    if (!target) return;
    TargetOutcome& outcome = outcome_.targets[index_[fault.target]];
    const bool is_hang = fault.kind == Fault::Kind::hang;
    ++outcome.faults;
    outcome.hangs += is_hang ? 1 : 0;
    if (target->struck && target->struck->hidden && fault.kind == Fault::Kind::crash) target->struck->ends = fault.at;
    if (target->struck) pass(*target, outcome, fault.at);
    if (target->struck || target->down_since || !target->first_well) {
        ++outcome_.in_vain;
        return;
    }
    const bool ends = fault.kind == Fault::Kind::outage;
    target->struck = Struck{fault.at, ends ? later(fault.at, fault.lasts) : never, is_hang && !outcome.asked, false};
}

/// A fault that nobody saw, and that is over.
void OutcomeReader::pass(Target& target, TargetOutcome& outcome, Instant at) {
    if (target.struck->noticed || at < target.struck->ends) return;
    ++outcome_.unnoticed;
    outcome.down += target.struck->ends - target.struck->at;
    target.struck.reset();
}

void OutcomeReader::look() {
    for (const std::size_t index : std::exchange(touched_, {})) look_at(index);
}

void OutcomeReader::look_at(std::size_t index) {
    Target& target = targets_[index];
    target.touched = false;
    if (std::exchange(target.fell, false) && !target.down_since) fall(target, outcome_.targets[index]);
    if (target.well()) rise(target, outcome_.targets[index]);
}

void OutcomeReader::fall(Target& target, TargetOutcome& outcome) {
    if (target.struck && target.struck->hidden) {  // it is ended for another reason
        target.struck->ends = now_;
        pass(target, outcome, now_);
    }
    if (target.struck && target.struck->ends != never) pass(target, outcome, now_ - aftermath);
    target.down_since = target.struck ? target.struck->at : now_;
    if (!target.struck) return;
    target.struck->noticed = true;
    ++outcome_.noticed;
    outcome_.to_notice.all.push_back(now_ - target.struck->at);
}

void OutcomeReader::rise(Target& target, TargetOutcome& outcome) {
    if (!target.first_well) target.first_well = now_;
    if (!target.down_since) return;
    outcome.down += now_ - *target.down_since;
    target.down_since.reset();
    if (!target.struck) return;
    outcome_.to_heal.all.push_back(now_ - target.struck->at);
    target.struck.reset();
}

ChaosOutcome OutcomeReader::finish(Instant end) {
    look();
    strike_until(end);
    for (std::size_t index = 0; index < targets_.size(); ++index) this->end(index, end);
    outcome_.played = end.time_since_epoch();
    std::ranges::sort(outcome_.to_notice.all);
    std::ranges::sort(outcome_.to_heal.all);
    return std::move(outcome_);
}

void OutcomeReader::end(std::size_t index, Instant at) {
    Target& target = targets_[index];
    TargetOutcome& outcome = outcome_.targets[index];
    const Instant since = target.first_well.value_or(Instant{});
    outcome.watched = at - since;
    if (target.phase == Phase::stopped) ++outcome_.stopped;
    if (!target.first_well) target.down_since = since;
    if (target.struck) pass(target, outcome, at);
    if (target.struck && target.struck->noticed) ++outcome_.unhealed;
    if (target.struck && !target.struck->noticed) {
        ++outcome_.unnoticed;
        target.down_since = target.struck->at;
    }
    if (target.down_since) outcome.down += at - *target.down_since;
}

ChaosOutcome outcome_of(const Policy& policy, const Lot& lot, Duration length) {
    OutcomeReader reader{policy, lot};
    TellingJournal journal{[&reader](const journal::Record& record) { reader.take(record); }};
    const Script script = script_of(lot, policy);
    House house{policy, journal, script.start};
    Player player{house, script};
    house.begin();
    house.run_until(length);
    return reader.finish(Instant{length});
}

}  // namespace keepwell::simulation
