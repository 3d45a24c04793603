// The body of the judge: when each expectation is about, in which order they count, and what is told of a failure.
#include "simulation/testing/judge.hpp"

#include <algorithm>
#include <utility>

#include "simulation/facts.hpp"
#include "simulation/testing/remedy_steps.hpp"
#include "simulation/testing/witness.hpp"
#include "simulation/world/cue.hpp"

namespace keepwell::simulation {
namespace {

using Verdict = Judged::Verdict;

std::string moment_text(Instant at) { return keepwell::to_string(at.time_since_epoch()); }

/// "30s ± 10s"
std::string moment_text(const Expectation& one, Instant at) {
    return moment_text(at) + (one.within > Duration{0} ? " ± " + keepwell::to_string(one.within) : "");
}

/// As it stands on the time line.
std::string expected_text(const Expectation& one, Instant at, bool is_met) {
    if (one.until) return is_met ? "until now " + one.claim.text : one.claim.text + " until " + moment_text(at);
    return one.claim.text + (one.within > Duration{0} ? ", " + moment_text(one, at) : "");
}

std::string list_text(const std::vector<Remedy>& remedies) {
    std::string text;
    for (const Remedy remedy : remedies) text += (text.empty() ? "" : ", ") + std::string{to_string(remedy)};
    return text.empty() ? "nothing" : text;
}

/// The target and what it depends on, over all steps; of the host: all, which is none here.
std::set<std::string> related_to(const Policy& policy, const std::string& name) {
    std::set<ServiceIndex> services;
    std::vector<ServiceIndex> to_see;
    for (const TargetSpec& target : policy.targets) {
        if (target.name == name) to_see.push_back(target.service);
    }
    std::set<std::string> related;
    if (!to_see.empty()) related.insert(name);
    while (!to_see.empty()) {
        const ServiceIndex service = to_see.back();
        to_see.pop_back();
        for (const Dependency& one : policy.services[service].depends_on) {
            if (services.insert(one.service).second) to_see.push_back(one.service);
        }
    }
    for (const TargetSpec& target : policy.targets) {
        if (services.contains(target.service)) related.insert(target.name);
    }
    return related;
}

class Judge {
  public:
    Judge(const TestFile& file, const TestCase& test, const Seen& seen, TestResult& result)
        : file_{file}, test_{test}, missed_{seen.missed}, witness_{result.records, seen.track}, result_{result} {}

    void judge() {
        for (const EventMoment& one : test_.events) judge(one);
        for (const Player::Missed& one : missed_) judge(one);
        for (const Expectation& one : test_.expectations) judge(one);
        for (const ExpectedRemedies& one : test_.remedies) judge(one);
    }

  private:
    Instant end() const { return Instant{result_.played}; }

    // ---- moments ----------------------------------------------------------------------------------------------------

    std::optional<Instant> resolve(const Moment& moment) const {
        if (!moment.after) return Instant{moment.length};
        Cue cue{moment};
        for (const journal::Record& record : result_.records) {
            if (cue.comes_with(record)) return later(record.at, moment.length);
        }
        return std::nullopt;
    }

    /// What happens at a moment must happen, or the test has not tried what it says.
    void judge(const EventMoment& one) {
        if (!one.when.after) return;
        const std::string why = never_comes(one.when, resolve(one.when), end());
        if (!why.empty()) did_not_happen(one.at, why, one.when.after_target, end());
    }

    void judge(const Player::Missed& one) { did_not_happen(one.happening.at, one.why(), one.happening.target, one.at); }

    void did_not_happen(const policy::Position& at, const std::string& why, const std::string& target, Instant when) {
        fail(at, why + ", and the event did not happen", target, "the event", when);
    }

    // ---- expectations -----------------------------------------------------------------------------------------------

    void judge(const Expectation& one) {
        const std::optional<Instant> at = resolve(one.when);
        if (const std::string why = not_judged(one, at); !why.empty())
            return fail(one.when_at, why, at ? one.target : one.when.after_target, one.claim.text, end());
        const Window window = window_of(one, *at);
        if (witness_.saw(one.target, one.claim, window)) {
            result_.judged.push_back({*at, one.target, expected_text(one, *at, true), one.at.line, Verdict::met});
        } else {
            fail(one, window);
        }
        reached_ = *at;
        advance(one);
    }

    /// Why nothing can be said of this moment.
    std::string not_judged(const Expectation& one, const std::optional<Instant>& at) const {
        if (std::string why = never_comes(one.when, at, end()); !why.empty()) return why;
        if (one.until && *at < before_)
            return "this moment, " + moment_text(*at) + ", is before that of the entry above, " + moment_text(before_) +
                   ", from which `until` counts";
        return {};
    }

    /// What only happens, and did so at the moment of the entry before, was judged there.
    Window window_of(const Expectation& one, Instant at) const {
        if (!one.until)
            return {at, std::max(at - one.within, Instant{}), at - one.within, later(at, one.within), false};
        const bool happens_after = !lasts(one.claim.sighting) && before_ > Instant{};
        return {at, before_, happens_after ? before_ + Duration{1} : before_, at, true};
    }

    void advance(const Expectation& one) {
        const bool is_last = &one == &test_.expectations.back();
        if (is_last || !(&one + 1)->is_of_entry(one)) before_ = reached_;
    }

    void fail(const Expectation& one, const Window& window) {
        Deviation deviation = witness_.instead(one.target, one.claim, window);
        const std::string when =
            one.until ? "until " + moment_text(window.moment) : "at " + moment_text(one, window.moment);
        Failure failure;
        failure.diagnostic = file_.reporter->shown(one.at, "expected `" + one.claim.text + "` of " +
                                                               (one.target.empty() ? "the host" : one.target) + " " +
                                                               when + ", but " + deviation.actual);
        failure.target = one.target;
        failure.expected = one.claim.text;
        failure.actual = std::move(deviation.actual);
        failure.from = window.begin;
        failure.to = window.to;
        failure.at = deviation.at;
        result_.judged.push_back(
            {failure.at, one.target, expected_text(one, window.moment, false), one.at.line, Verdict::missed});
        add(std::move(failure), one.when);
    }

    // ---- remedies ---------------------------------------------------------------------------------------------------

    void judge(const ExpectedRemedies& one) {
        auto steps = remedy_steps(result_.records, one, end());
        const auto first = std::ranges::find_if(
            steps, [](const RemedyStep& step) { return step.kind != RemedyStep::Kind::as_expected; });
        if (first == steps.end()) return;
        const bool is_extra = first->kind == RemedyStep::Kind::extra;
        result_.judged.push_back({first->at, one.target, std::string{to_string(first->remedy)}, one.at.line,
                                  is_extra ? Verdict::unexpected : Verdict::missed});
        Failure failure;
        failure.expected = list_text(one.remedies);
        failure.actual = begun_text(steps);
        failure.diagnostic = file_.reporter->shown(
            one.at, "expected of " + one.target + " in all: " + failure.expected + "; begun: " + failure.actual);
        failure.target = one.target;
        failure.to = end();
        failure.at = first->at;
        failure.steps = std::move(steps);
        add(std::move(failure));
    }

    // ---- failures ---------------------------------------------------------------------------------------------------

    /// What does not come; `when` that shows.
    void fail(const policy::Position& at, const std::string& message, const std::string& target,
              const std::string& expected, Instant when) {
        Failure failure;
        failure.diagnostic = file_.reporter->shown(at, message);
        failure.target = target;
        failure.expected = expected;
        failure.actual = message;
        failure.to = failure.at = when;
        add(std::move(failure));
    }

    /// What the moment counts from has a part in it as well.
    void add(Failure failure, const Moment& moment = {}) {
        if (!failure.target.empty()) failure.related = related_to(*file_.policy, failure.target);
        if (!failure.related.empty() && !moment.after_target.empty()) failure.related.insert(moment.after_target);
        result_.failures.push_back(std::move(failure));
    }

    const TestFile& file_;
    const TestCase& test_;
    const std::vector<Player::Missed>& missed_;
    const Witness witness_;
    TestResult& result_;
    Instant before_{};
    Instant reached_{};
};

}  // namespace

void judge(const TestFile& file, const TestCase& test, const Seen& seen, TestResult& result) {
    Judge{file, test, seen, result}.judge();
}

}  // namespace keepwell::simulation
