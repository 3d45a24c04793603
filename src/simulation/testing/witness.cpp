// The body of the witness.
#include "simulation/testing/witness.hpp"

#include <algorithm>

#include "simulation/facts.hpp"

namespace keepwell::simulation {
namespace {

std::string at_text(Instant at) { return " at " + keepwell::to_string(at.time_since_epoch()); }
std::string from_text(Instant at) { return " from " + keepwell::to_string(at.time_since_epoch()); }

/// Something is due, held or done, or an incident is opened.
bool is_something(const journal::Record& record) {
    return body_of<fact::RemedyDue>(record) || body_of<fact::RemedyHeld>(record) ||
           body_of<fact::RemedyStarted>(record) || body_of<fact::IncidentOpened>(record);
}

bool is_within(const journal::Record& record, const std::string& target, const Window& window) {
    return record.target == target && record.at >= window.from && record.at <= window.to;
}

std::string look_text(const Look& look) {
    std::string text{to_string(look.phase)};
    if (look.health == Health::starting)
        text += ", unproven";
    else if (look.health != Health::none)
        text += ", " + std::string{to_string(look.health)};
    if (look.hold) return text + ", held " + std::string{to_string(*look.hold)};
    if (look.remediation != Remediation::idle) text += ", " + std::string{to_string(look.remediation)};
    return text;
}

/// What was done about a target; empty for everything else.
std::string deed_text(const journal::Record& record) {
    if (const auto* one = body_of<fact::RemedyStarted>(record))
        return std::string{to_string(one->remedy)} + " was begun" + at_text(record.at);
    if (const auto* one = body_of<fact::RemedyHeld>(record))
        return std::string{to_string(one->would)} + " was held (" + std::string{to_string(one->reason)} + ")" +
               from_text(record.at);
    if (const auto* one = body_of<fact::IncidentOpened>(record))
        return "incident " + std::to_string(one->incident) + " was opened" + at_text(record.at);
    return {};
}

/// What happened, where this record is the beginning of it.
std::string happened_text(const Sighting& sighting, const journal::Record& record) {
    if (std::holds_alternative<Ended>(sighting)) return "it ended by itself" + at_text(record.at);
    if (const auto* asked = body_of<fact::OperatorActed>(record))
        return "a person asked for " + std::string{to_string(asked->verb)} + at_text(record.at);
    return describe(sighting) + " was begun" + at_text(record.at);
}

Duration distance(const journal::Record& record, const Window& window) {
    if (record.at > window.to) return record.at - window.to;
    return record.at < window.from ? window.from - record.at : Duration{0};
}

/// The look of the moment itself.
const Look* at_moment(const std::vector<const Look*>& looks, Instant moment) {
    const Look* found = nullptr;
    for (const Look* look : looks) {
        if (!found || look->since <= moment) found = look;
    }
    return found;
}

bool is_claimed(const Alerted& claimed, std::string_view alert) {
    return claimed.name.empty() || claimed.name == alert;
}

}  // namespace

bool Witness::saw(const std::string& target, const Claim& claim, const Window& window) const {
    const auto looks = track_.between(target, window.from, window.to);
    const auto any = [&](auto wanted) {
        return std::ranges::any_of(
            records_, [&](const auto& record) { return is_within(record, target, window) && wanted(record); });
    };
    if (std::holds_alternative<Nothing>(claim.sighting)) {
        const bool is_held = std::ranges::any_of(looks, [](const Look* look) { return look->hold.has_value(); });
        return (is_held || any(is_something)) == claim.negated;
    }
    const auto began = [&](const journal::Record& record) {
        const Fact* fact = fact_of(record);
        return fact && begins(claim.sighting, *fact);
    };
    if (!lasts(claim.sighting)) return any(began) != claim.negated;
    if (looks.empty()) return false;  // nothing was known of it
    const auto as_claimed = [&](const Look* look) { return look->shows(claim.sighting) != claim.negated; };
    if (window.all_along) return std::ranges::all_of(looks, as_claimed);
    // What began within the moment was so, even where the moment has brought more.
    return std::ranges::any_of(looks, as_claimed) || (!claim.negated && any(began));
}

Deviation Witness::instead(const std::string& target, const Claim& claim, const Window& window) const {
    if (std::holds_alternative<Nothing>(claim.sighting))
        return claim.negated ? Deviation{"nothing was done", window.moment} : something(target, window);
    if (std::holds_alternative<Alerted>(claim.sighting)) return other_alerts(target, claim, window);
    if (lasts(claim.sighting)) return other_look(target, claim, window);
    return claim.negated ? begun(target, claim.sighting, window) : not_begun(target, claim.sighting, window);
}

/// The first thing that was done, or was being held when the time began.
Deviation Witness::something(const std::string& target, const Window& window) const {
    for (const Look* look : track_.between(target, window.from, window.to)) {
        if (look->hold && look->since <= window.from)
            return {"it was " + look_text(*look) + at_text(window.begin), window.begin};
    }
    for (const journal::Record& record : records_) {
        if (!is_within(record, target, window)) continue;
        if (std::string deed = deed_text(record); !deed.empty()) return {std::move(deed), record.at};
    }
    return {"something was due", window.moment};
}

/// It was held, or came at another time, or was not due at all.
Deviation Witness::not_begun(const std::string& target, const Sighting& sighting, const Window& window) const {
    const auto looks = track_.between(target, window.from, window.to);
    const bool is_held = std::ranges::any_of(looks, [](const Look* look) { return look->hold.has_value(); });
    const journal::Record* hold = is_held ? last_hold(target, window.to) : nullptr;
    if (hold && std::holds_alternative<Done>(sighting)) return {deed_text(*hold), window.moment};
    if (const journal::Record* other = nearest(target, sighting, window))
        return {happened_text(sighting, *other), window.moment};
    const Look* look = at_moment(looks, window.moment);
    const std::string state = look ? ": it was " + look_text(*look) : std::string{};
    return {(std::holds_alternative<Done>(sighting) ? "it was never due" : "that never happened") + state,
            window.moment};
}

Deviation Witness::begun(const std::string& target, const Sighting& sighting, const Window& window) const {
    for (const journal::Record& record : records_) {
        const Fact* fact = fact_of(record);
        if (fact && is_within(record, target, window) && begins(sighting, *fact))
            return {happened_text(sighting, record), record.at};
    }
    return {"it was so", window.moment};
}

/// The first look that is not as claimed; of a moment that it is not at all: the look of that moment.
const Look* Witness::first_other(const std::string& target, const Claim& claim, const Window& window) const {
    const auto looks = track_.between(target, window.from, window.to);
    if (!window.all_along) return at_moment(looks, window.moment);
    const auto found =
        std::ranges::find_if(looks, [&](const Look* look) { return look->shows(claim.sighting) == claim.negated; });
    return found == looks.end() ? nullptr : *found;
}

Deviation Witness::other_look(const std::string& target, const Claim& claim, const Window& window) const {
    const Look* look = first_other(target, claim, window);
    if (!look) return {"nothing was known of it", window.moment};
    const bool in_incident = look->incident && std::holds_alternative<InIncident>(claim.sighting);
    const std::string text = "it was " + look_text(*look) + (in_incident ? ", in an incident" : "");
    const Instant since = std::max(look->since, window.begin);
    if (window.all_along) return {text + at_text(since), since};
    if (!window.has_tolerance()) return {text, window.moment};
    const std::string done = deeds(target, window);
    const bool is_new = done.empty() && look->since > window.begin;
    return {text + at_text(window.moment) + (is_new ? " (" + from_text(since).substr(1) + ")" : done), window.moment};
}

/// What was done within a time, as the rest of a sentence.
std::string Witness::deeds(const std::string& target, const Window& window) const {
    constexpr int most = 3;
    std::string text;
    int count = 0;
    for (const journal::Record& record : records_) {
        if (!is_within(record, target, window) || body_of<fact::IncidentOpened>(record)) continue;
        const std::string deed = deed_text(record);
        if (!deed.empty() && ++count <= most) text += (text.empty() ? "; " : ", ") + deed;
    }
    return count > most ? text + ", and more" : text;
}

Deviation Witness::other_alerts(const std::string& target, const Claim& claim, const Window& window) const {
    const auto& claimed = std::get<Alerted>(claim.sighting);
    const Look* look = first_other(target, claim, window);
    const Instant at = look && window.all_along ? std::max(look->since, window.begin) : window.moment;
    if (claim.negated) return {look ? raised_text(target, *look, claimed) : "it was raised", at};
    const std::string others = look ? raised_text(target, *look, {}) : std::string{};
    const std::string what = others.empty() ? "no alert of it was raised" : "it was not raised; " + others;
    return {what + raised_elsewhere(target, claimed, window.to), at};
}

/// "notify was raised at 4s, not_restarted was raised at 17s"
std::string Witness::raised_text(const std::string& target, const Look& look, const Alerted& claimed) const {
    std::string text;
    for (const std::string& name : look.alerts) {
        if (!is_claimed(claimed, name)) continue;
        Instant at{};
        for (const journal::Record& record : records_) {
            const auto* raised = body_of<fact::AlertRaised>(record);
            if (raised && record.target == target && raised->alert == name && record.at <= look.since) at = record.at;
        }
        text += (text.empty() ? "" : ", ") + name + " was raised" + at_text(at);
    }
    return text;
}

/// An alert is looked for at the wrong place: the host's and the targets' are not the same.
std::string Witness::raised_elsewhere(const std::string& target, const Alerted& claimed, Instant until) const {
    for (const journal::Record& record : records_) {
        const auto* raised = body_of<fact::AlertRaised>(record);
        if (!raised || record.at > until || record.target == target || !is_claimed(claimed, raised->alert)) continue;
        const bool between_targets = !target.empty() && !record.target.empty();
        if (between_targets) continue;
        const std::string who = record.target.empty() ? "host" : record.target;
        const std::string name{raised->alert};
        return "; " + name + " was raised by " + (record.target.empty() ? "the host" : who) + at_text(record.at) +
               ": say `" + who + ": alert " + name + "`";
    }
    return {};
}

const journal::Record* Witness::nearest(const std::string& target, const Sighting& sighting,
                                        const Window& window) const {
    const journal::Record* found = nullptr;
    for (const journal::Record& record : records_) {
        const Fact* fact = fact_of(record);
        if (!fact || record.target != target || !begins(sighting, *fact)) continue;
        if (!found || distance(record, window) <= distance(*found, window)) found = &record;
    }
    return found;
}

const journal::Record* Witness::last_hold(const std::string& target, Instant until) const {
    const journal::Record* found = nullptr;
    for (const journal::Record& record : records_) {
        if (record.target == target && record.at <= until && body_of<fact::RemedyHeld>(record)) found = &record;
    }
    return found;
}

}  // namespace keepwell::simulation
