// The body of the track.
#include "simulation/testing/track.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace keepwell::simulation {
namespace {

struct Shows {
    const Look& look;

    bool operator()(Phase phase) const { return look.phase == phase; }
    bool operator()(Health health) const { return look.health == health; }
    bool operator()(Remediation state) const { return look.remediation == state; }
    bool operator()(const Held& held) const { return look.hold && (!held.reason || *look.hold == *held.reason); }
    bool operator()(const InIncident&) const { return look.incident; }
    bool operator()(const Alerted& alerted) const {
        if (alerted.name.empty()) return !look.alerts.empty();
        return std::ranges::find(look.alerts, alerted.name) != look.alerts.end();
    }
    bool operator()(const Ended&) const { return false; }
    bool operator()(const Asked&) const { return false; }
    bool operator()(const EngineSeen&) const { return false; }
    bool operator()(const Done&) const { return false; }
    bool operator()(const Nothing&) const { return false; }
};

bool same(const Look& a, const Look& b) {
    const auto all = [](const Look& one) {
        return std::tie(one.phase, one.health, one.remediation, one.hold, one.incident, one.alerts);
    };
    return all(a) == all(b);
}

}  // namespace

bool Look::shows(const Sighting& sighting) const { return std::visit(Shows{*this}, sighting); }

Track::Track(House& house) : house_{house} {
    observer_ = house_.supervisor->subscribe([this](const journal::Record& record) { note(record); });
}

Track::~Track() { house_.supervisor->unsubscribe(observer_); }

void Track::play_until(Instant end) {
    // The moment of the beginning is one, too, though nothing may be due in it.
    for (Instant now = house_.loop.now(); now <= end && now != never; now = house_.loop.next()) {
        house_.loop.advance_to(now);
        if (std::exchange(changed_, false)) look();
    }
    house_.loop.advance_to(end);
}

void Track::note(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted) return;
    changed_ = true;
    auto& alerts = alerts_[record.target];
    if (const auto* raised = std::get_if<fact::AlertRaised>(&noted->fact.body)) {
        alerts.emplace_back(raised->alert);
    } else if (const auto* resolved = std::get_if<fact::AlertResolved>(&noted->fact.body)) {
        std::erase(alerts, resolved->alert);
    }
}

void Track::look() {
    const engine::Engine& engine = house_.supervisor->engine();
    for (TargetIndex index = 0; index < engine.policy().targets.size(); ++index) {
        add(engine.policy().targets[index].name, look_at(index));
    }
    Look host;
    host.alerts = alerts_[std::string{}];
    add(std::string{}, std::move(host));
}

Look Track::look_at(TargetIndex index) const {
    const engine::Target& target = house_.supervisor->engine().target(index);
    const auto alerts = alerts_.find(house_.supervisor->engine().policy().targets[index].name);
    Look look;
    look.phase = target.phase;
    look.health = target.shown_health;
    look.remediation = target.remediation;
    if (target.hold.active) look.hold = target.hold.reason;
    look.incident = target.incident != 0;
    if (alerts != alerts_.end()) look.alerts = alerts->second;
    return look;
}

void Track::add(const std::string& target, Look look) {
    auto& looks = looks_[target];
    look.since = house_.loop.now();
    if (looks.empty() || !same(looks.back(), look)) looks.push_back(std::move(look));
}

std::vector<const Look*> Track::between(const std::string& target, Instant from, Instant to) const {
    std::vector<const Look*> found;
    const auto looks = looks_.find(target);
    if (looks == looks_.end()) return found;
    for (std::size_t i = 0; i < looks->second.size(); ++i) {
        const bool is_last = i + 1 == looks->second.size();
        const bool begins_late = looks->second[i].since > to;
        const bool ends_early = !is_last && looks->second[i + 1].since <= from;
        if (!begins_late && !ends_early) found.push_back(&looks->second[i]);
    }
    return found;
}

}  // namespace keepwell::simulation
