// Plays a test and judges it.
#include "simulation/test_run.hpp"

#include <algorithm>

#include "simulation/house.hpp"
#include "simulation/player.hpp"
#include "simulation/track.hpp"

namespace keepwell::simulation {
namespace {

std::string moment_text(Instant at) { return keepwell::to_string(at.time_since_epoch()); }

const Fact* fact_of(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    return noted ? &noted->fact : nullptr;
}

template <typename Body>
const Body* body_of(const journal::Record& record) {
    const Fact* fact = fact_of(record);
    return fact ? std::get_if<Body>(&fact->body) : nullptr;
}

/// Something is due, held or done, or an incident is opened.
bool is_something(const journal::Record& record) {
    return body_of<fact::RemedyDue>(record) || body_of<fact::RemedyHeld>(record) ||
           body_of<fact::RemedyStarted>(record) || body_of<fact::IncidentOpened>(record);
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

class Judge {
  public:
    Judge(const TestFile& file, const TestCase& test, std::uint64_t seed, const Track& track, TestResult& result)
        : file_{file}, test_{test}, seed_{seed}, track_{track}, result_{result} {}

    void judge() {
        for (const Expectation& one : test_.expectations) judge(one);
        for (const ExpectedRemedies& one : test_.remedies) judge(one);
    }

  private:
    struct Window {
        Instant from;
        Instant to;
    };

    void judge(const Expectation& one) {
        const std::optional<Instant> at = resolve(one.when);
        if (!at) return fail_moment(one);
        if (const std::string why = not_judged(one, *at); !why.empty())
            return add(one.when_at, why, one.target, one.claim.text, {Instant{}, Instant{result_.played}});
        const Window window = window_of(one, *at);
        const bool is_met = met(one, window);
        result_.judged.push_back(
            {*at, one.target, (one.until ? "until now " : "") + one.claim.text, one.at.line, is_met});
        if (!is_met) fail(one, window, *at);
        reached_ = *at;
        advance(one);
    }

    /// Why nothing can be said of this moment.
    std::string not_judged(const Expectation& one, Instant at) const {
        const Instant end{result_.played};
        if (at > end)
            return "this moment, " + moment_text(at) + ", is after the end of what is played, " + moment_text(end) +
                   "; give the test a longer `for`";
        if (one.until && at < before_)
            return "this moment, " + moment_text(at) + ", is before that of the entry above, " + moment_text(before_) +
                   ", from which `until` counts";
        return {};
    }

    /// What only happens, and did so at the moment of the entry before, was judged there.
    Window window_of(const Expectation& one, Instant at) const {
        if (!one.until) return {at - one.within, later(at, one.within)};
        const bool happens_after = !lasts(one.claim.sighting) && before_ > Instant{};
        return {happens_after ? before_ + Duration{1} : before_, at};
    }

    /// What is said in one entry begins where the entry before ended.
    void advance(const Expectation& one) {
        const bool is_last = &one == &test_.expectations.back();
        if (!is_last && (&one + 1)->when_at.line == one.when_at.line &&
            (&one + 1)->when_at.column == one.when_at.column)
            return;
        before_ = reached_;
    }

    std::optional<Instant> resolve(const Moment& moment) const {
        if (!moment.after) return Instant{moment.length};
        std::uint32_t times = 0;
        for (const journal::Record& record : result_.records) {
            const Fact* fact = fact_of(record);
            if (!fact || record.target != moment.after_target || !begins(*moment.after, *fact)) continue;
            if (++times == moment.after_times) return later(record.at, moment.length);
        }
        return std::nullopt;
    }

    template <typename Wanted>
    bool any(const std::string& target, const Window& window, Wanted wanted) const {
        return std::ranges::any_of(result_.records, [&](const journal::Record& record) {
            return record.target == target && record.at >= window.from && record.at <= window.to && wanted(record);
        });
    }

    bool met(const Expectation& one, const Window& window) const {
        const Sighting& sighting = one.claim.sighting;
        const auto looks = track_.between(one.target, window.from, window.to);
        if (std::holds_alternative<Nothing>(sighting)) {
            const bool is_held = std::ranges::any_of(looks, [](const Look* look) { return look->hold.has_value(); });
            return (is_held || any(one.target, window, is_something)) == one.claim.negated;
        }
        const auto began = [&](const journal::Record& record) {
            const Fact* fact = fact_of(record);
            return fact && begins(sighting, *fact);
        };
        if (!lasts(sighting)) return any(one.target, window, began) != one.claim.negated;
        const auto as_claimed = [&](const Look* look) { return look->shows(sighting) != one.claim.negated; };
        if (one.until) return std::ranges::all_of(looks, as_claimed);
        // What began within the moment was so, even where the moment has brought more.
        return std::ranges::any_of(looks, as_claimed) || (!one.claim.negated && any(one.target, window, began));
    }

    void fail_moment(const Expectation& one) {
        const std::string who = one.when.after_target.empty() ? "host" : one.when.after_target;
        const std::string what = who + " " + describe(*one.when.after) +
                                 (one.when.after_times > 1 ? " x" + std::to_string(one.when.after_times) : "");
        add(one.when_at, "this moment never comes: `" + what + "` was not seen", one.when.after_target, one.claim.text,
            {Instant{}, Instant{result_.played}});
    }

    void fail(const Expectation& one, const Window& window, Instant at) {
        const std::string who = one.target.empty() ? "the host" : one.target;
        const std::string when = (one.until ? "until " : "at ") + moment_text(at);
        add(one.at, "expected `" + one.claim.text + "` of " + who + " " + when + ", but " + instead(one, window),
            one.target, one.claim.text, window);
    }

    std::string instead(const Expectation& one, const Window& window) const {
        const auto* done = std::get_if<Done>(&one.claim.sighting);
        const bool about_deeds = done || std::holds_alternative<Nothing>(one.claim.sighting);
        if (!about_deeds) return shown(one, window);
        if (done && !one.claim.negated) return not_done(one.target, *done, window);
        for (const journal::Record& record : result_.records) {
            if (record.target != one.target || record.at < window.from || record.at > window.to) continue;
            const Fact* fact = fact_of(record);
            if (done && fact && begins(*done, *fact))
                return describe(*done) + " was begun at " + moment_text(record.at);
            if (const std::string deed = deed_text(record); !done && !deed.empty()) return deed;
        }
        for (const Look* look : track_.between(one.target, window.from, window.to)) {
            if (look->hold) return "it was " + look_text(*look);
        }
        return "nothing was done";
    }

    std::string shown(const Expectation& one, const Window& window) const {
        if (one.target.empty()) return one.claim.negated ? "it was raised" : "it was not raised";
        for (const Look* look : track_.between(one.target, window.from, window.to)) {
            if (look->shows(one.claim.sighting) == one.claim.negated) {
                const bool in_incident = look->incident && std::holds_alternative<InIncident>(one.claim.sighting);
                const Instant when = std::max(look->since, window.from);
                return "it was " + look_text(*look) + (in_incident ? ", in an incident" : "") +
                       (one.until ? " at " + moment_text(when) : "");
            }
        }
        return "nothing was known of it";
    }

    static std::string deed_text(const journal::Record& record) {
        const std::string when = " at " + moment_text(record.at);
        if (const auto* one = body_of<fact::RemedyStarted>(record))
            return std::string{to_string(one->remedy)} + " was begun" + when;
        if (const auto* one = body_of<fact::RemedyHeld>(record))
            return std::string{to_string(one->would)} + " was held (" + std::string{to_string(one->reason)} + ")" +
                   when;
        if (const auto* one = body_of<fact::IncidentOpened>(record))
            return "incident " + std::to_string(one->incident) + " was opened" + when;
        return {};
    }

    /// The same remedy at another time, or what became of it.
    std::string not_done(const std::string& target, const Done& done, const Window& window) const {
        const journal::Record* nearest = nullptr;
        const auto distance = [&window](const journal::Record& record) {
            return record.at < window.from ? window.from - record.at : record.at - window.to;
        };
        for (const journal::Record& record : result_.records) {
            if (record.target != target) continue;
            const auto* started = body_of<fact::RemedyStarted>(record);
            const bool held = body_of<fact::RemedyHeld>(record) && record.at <= window.to;
            const bool same = started && started->remedy == done.remedy;
            const bool is_nearer = !nearest || distance(record) <= distance(*nearest);
            if ((held || same) && is_nearer) nearest = &record;
        }
        return nearest ? deed_text(*nearest) : "it was not due";
    }

    void judge(const ExpectedRemedies& one) {
        std::vector<Remedy> begun;
        std::string text;
        for (const journal::Record& record : result_.records) {
            const auto* started = body_of<fact::RemedyStarted>(record);
            if (!started || record.target != one.target) continue;
            begun.push_back(started->remedy);
            text +=
                (text.empty() ? "" : ", ") + std::string{to_string(started->remedy)} + " at " + moment_text(record.at);
        }
        if (begun == one.remedies) return;
        std::string expected;
        for (const Remedy remedy : one.remedies)
            expected += (expected.empty() ? "" : ", ") + std::string{to_string(remedy)};
        if (expected.empty()) expected = "nothing";
        add(one.at,
            "expected of " + one.target + ", in all, " + expected + ", but begun was " +
                (text.empty() ? "nothing" : text),
            one.target, expected, {Instant{}, Instant{result_.played}});
    }

    void add(const policy::Position& at, std::string message, const std::string& target, const std::string& expected,
             const Window& window) {
        Failure failure{file_.reporter->shown(at, std::move(message)), target, expected, window.from, window.to, {}};
        failure.why = why(target, window.to);
        result_.failures.push_back(std::move(failure));
    }

    /// The same again, up to the moment in question: by the same lot, so that it comes out the same.
    std::vector<engine::Sentence> why(const std::string& target, Instant at) const {
        if (target.empty()) return {};
        House house{*file_.policy, {}, test_.script.start};
        house.loop.draw_turns(seed_);
        Player player{house, test_.script};
        house.begin();
        house.run_until(at.time_since_epoch());
        const engine::Engine& engine = house.supervisor->engine();
        const auto index = engine.find(target);
        return index ? engine::explain(engine, *index, at) : std::vector<engine::Sentence>{};
    }

    const TestFile& file_;
    const TestCase& test_;
    const std::uint64_t seed_;
    const Track& track_;
    TestResult& result_;
    Instant before_{};
    Instant reached_{};
};

// ---- coverage ------------------------------------------------------------------------------------------------------

std::string rung_text(std::uint32_t rung, Remedy remedy) {
    return std::to_string(rung + 1) + ": " + std::string{to_string(remedy)};
}

bool of_ladder(Reason reason) { return reason == Reason::unhealthy || reason == Reason::remedy_failed; }

/// Of the host, or of one service.
bool is_host_gate(Hold hold) {
    switch (hold) {
        case Hold::storm:
        case Hold::parallel:
        case Hold::budget: return true;
        case Hold::backend:
        case Hold::paused:
        case Hold::maintenance:
        case Hold::dependency:
        case Hold::backoff:
        case Hold::dry_run: return false;
    }
    return false;
}

class Coverage {
  public:
    explicit Coverage(std::set<Reached>& reached) : reached_{reached} {}

    void see(const journal::Record& record) {
        if (body_of<fact::IncidentOpened>(record)) add(Reached::What::service, record.service, {});
        if (body_of<fact::Quarantined>(record)) add(Reached::What::gate, record.service, "quarantine");
        if (const auto* started = body_of<fact::RemedyStarted>(record); started && of_ladder(started->reason)) {
            add(Reached::What::rung, record.service, rung_text(started->rung, started->remedy));
        }
        if (const auto* held = body_of<fact::RemedyHeld>(record)) {
            const std::string service = is_host_gate(held->reason) ? std::string{} : record.service;
            add(Reached::What::gate, service, std::string{to_string(held->reason)});
            if (held->reason == Hold::dry_run) {
                add(Reached::What::rung, record.service, rung_text(held->rung, held->would));
            }
        }
    }

  private:
    void add(Reached::What what, const std::string& service, std::string detail) {
        reached_.insert({what, service, std::move(detail), {}});
    }
    std::set<Reached>& reached_;
};

}  // namespace

TestResult run_test(const TestFile& file, const TestCase& test, std::uint64_t seed) {
    TestResult result;
    result.played = test.played();
    House house{*file.policy, {}, test.script.start};
    house.loop.draw_turns(seed);
    Player player{house, test.script};
    Track track{house};
    house.begin();
    track.play_until(Instant{result.played});
    result.records = std::move(house.journal.records);
    Judge{file, test, seed, track, result}.judge();
    Coverage coverage{result.reached};
    for (const journal::Record& record : result.records) coverage.see(record);
    return result;
}

std::set<Reached> reachable(const Policy& policy) {
    using What = Reached::What;
    std::set<Reached> all;
    const Guard& guard = policy.guard;
    if (guard.max_unhealthy) all.insert({What::gate, {}, "storm", guard.origin});
    if (guard.max_parallel) all.insert({What::gate, {}, "parallel", guard.origin});
    if (guard.max_actions) all.insert({What::gate, {}, "budget", guard.origin});
    for (ServiceIndex index = 0; index < policy.services.size(); ++index) {
        const ServiceSpec& service = policy.services[index];
        all.insert({What::service, service.name, {}, service.origin});
        for (std::uint32_t rung = 0; rung < service.on_unhealthy.size(); ++rung) {
            const Rung& one = service.on_unhealthy[rung];
            const bool checked = service.healthcheck || service.engine_health;
            if (checked) all.insert({What::rung, service.name, rung_text(rung, remedy_of(one.action)), one.origin});
        }
        for (const Dependency& one : service.depends_on) {
            if (one.required) all.insert({What::gate, service.name, "dependency", one.origin});
        }
        if (!policy.maintenance[index].empty()) all.insert({What::gate, service.name, "maintenance", service.origin});
        if (service.restart.max_attempts > 0)
            all.insert({What::gate, service.name, "quarantine", service.restart.origin});
        if (service.restart.backoff) all.insert({What::gate, service.name, "backoff", service.restart.origin});
    }
    return all;
}

}  // namespace keepwell::simulation
