// The words for states, reasons and facts: one table each, checked for completeness by the compiler.
#include <csignal>
#include <cstring>

#include "keepwell/model/awaited.hpp"
#include "keepwell/model/event.hpp"
#include "keepwell/model/fact.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell {
namespace {

template <typename Enum, typename All = std::initializer_list<Enum>>
std::optional<Enum> find(std::string_view text, const All& all) {
    for (const Enum one : all) {
        if (to_string(one) == text) return one;
    }
    return std::nullopt;
}

/// `value` / `unit` as a decimal without trailing zeros: (1500, 1000) is "1.5". `unit` is a power of ten.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
    std::string text = std::to_string(value / unit);
    if (value % unit == 0) return text;
    text += '.' + std::to_string(unit + value % unit).substr(1);
    return text.erase(text.find_last_not_of('0') + 1);
}

}  // namespace

std::string to_string(Duration duration) {
    const bool negative = duration < Duration::zero();
    const auto count = static_cast<std::uint64_t>(duration.count());
    const std::uint64_t all = negative ? 0 - count : count;
    const std::string sign = negative ? "-" : "";
    constexpr std::uint64_t us = 1'000, ms = 1'000 * us, s = 1'000 * ms, minute = 60 * s, hour = 60 * minute;
    if (all == 0) return "0s";
    if (all < us) return sign + std::to_string(all) + "ns";
    if (all < ms) return sign + decimal(all, us) + "\u00b5s";
    if (all < s) return sign + decimal(all, ms) + "ms";
    std::string text = sign;
    if (all >= hour) text += std::to_string(all / hour) + "h";
    if (all >= minute) text += std::to_string(all % hour / minute) + "m";
    return text + decimal(all % minute, s) + "s";
}

std::string timed_out_text(Duration timeout) { return "Health check exceeded timeout (" + to_string(timeout) + ')'; }

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::waiting: return "waiting";
        case Phase::starting: return "starting";
        case Phase::running: return "running";
        case Phase::stopping: return "stopping";
        case Phase::backoff: return "backoff";
        case Phase::stopped: return "stopped";
        case Phase::completed: return "completed";
    }
    return "?";
}

std::string_view to_string(Health health) {
    switch (health) {
        case Health::none: return "none";
        case Health::starting: return "starting";
        case Health::healthy: return "healthy";
        case Health::unhealthy: return "unhealthy";
        case Health::unknown: return "unknown";
    }
    return "?";
}

std::string_view to_string(Remediation remediation) {
    switch (remediation) {
        case Remediation::idle: return "idle";
        case Remediation::due: return "due";
        case Remediation::held: return "held";
        case Remediation::acting: return "acting";
        case Remediation::verifying: return "verifying";
        case Remediation::quarantined: return "quarantined";
    }
    return "?";
}

std::string_view to_string(Hold hold) {
    switch (hold) {
        case Hold::backend: return "backend";
        case Hold::paused: return "paused";
        case Hold::maintenance: return "maintenance";
        case Hold::dependency: return "dependency";
        case Hold::storm: return "storm";
        case Hold::parallel: return "parallel";
        case Hold::budget: return "budget";
        case Hold::backoff: return "backoff";
        case Hold::dry_run: return "dry_run";
    }
    return "?";
}

std::string_view describe(Hold hold) {
    switch (hold) {
        case Hold::backend: return "the container engine does not answer";
        case Hold::paused: return "a person has paused it, until `keepwell resume`";
        case Hold::maintenance: return "a maintenance window is open";
        case Hold::dependency: return "something it depends on is not well; healing it would not help";
        case Hold::storm: return "too many targets are unhealthy at once, so the cause is shared";
        case Hold::parallel: return "as many remedies as guard.max_parallel allows are under way";
        case Hold::budget: return "guard.max_actions is used up";
        case Hold::backoff: return "its delay has not passed";
        case Hold::dry_run: return "it is shown, and not done";
    }
    return "?";
}

std::string_view to_string(Remedy remedy) {
    switch (remedy) {
        case Remedy::start: return "start";
        case Remedy::restart: return "restart";
        case Remedy::replace: return "replace";
        case Remedy::run: return "run";
        case Remedy::stop: return "stop";
        case Remedy::notify: return "notify";
    }
    return "?";
}

Remedy remedy_of(const RungAction& action) {
    struct Of {
        Remedy operator()(const RestartRung&) const { return Remedy::restart; }
        Remedy operator()(const ReplaceRung&) const { return Remedy::replace; }
        Remedy operator()(const RunRung&) const { return Remedy::run; }
        Remedy operator()(const StopRung&) const { return Remedy::stop; }
        Remedy operator()(const NotifyRung&) const { return Remedy::notify; }
    };
    return std::visit(Of{}, action);
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed: return "passed";
        case Outcome::failed: return "failed";
        case Outcome::error: return "error";
    }
    return "?";
}

std::string_view to_string(event::Verb verb) {
    switch (verb) {
        case event::Verb::start: return "start";
        case event::Verb::stop: return "stop";
        case event::Verb::restart: return "restart";
        case event::Verb::replace: return "replace";
        case event::Verb::pause: return "pause";
        case event::Verb::resume: return "resume";
        case event::Verb::reset: return "reset";
    }
    return "?";
}

std::string_view to_string(event::Successor successor) {
    switch (successor) {
        case event::Successor::keepwell: return "keepwell";
        case event::Successor::engine: return "engine";
        case event::Successor::nobody: return "nobody";
    }
    return "?";
}

std::string_view to_string(Replacing replacing) {
    switch (replacing) {
        case Replacing::none: return "none";
        case Replacing::swapping: return "swapping";
        case Replacing::proving: return "proving";
        case Replacing::committing: return "committing";
        case Replacing::rolling_back: return "rolling_back";
    }
    return "?";
}

std::string_view to_string(RestartCondition condition) {
    switch (condition) {
        case RestartCondition::none: return "none";
        case RestartCondition::on_failure: return "on-failure";
        case RestartCondition::any: return "any";
    }
    return "?";
}

std::string_view to_string(DependencyCondition condition) {
    switch (condition) {
        case DependencyCondition::service_started: return "service_started";
        case DependencyCondition::service_healthy: return "service_healthy";
        case DependencyCondition::service_completed_successfully: return "service_completed_successfully";
    }
    return "?";
}

std::optional<DependencyCondition> dependency_condition_from(std::string_view text) {
    return find<DependencyCondition>(text, dependency_conditions);
}

std::string to_string(const Awaited& awaited) {
    return awaited.service + ": " + std::string{to_string(awaited.condition)};
}

std::optional<Awaited> awaited_from(std::string_view text) {
    const std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    const auto condition = dependency_condition_from(text.substr(colon + 2));
    if (!condition) return std::nullopt;
    return Awaited{std::string{text.substr(0, colon)}, *condition};
}

std::string to_string(const ExitStatus& status) {
    switch (status.kind) {
        case ExitStatus::Kind::code: return "exit code " + std::to_string(status.value);
        case ExitStatus::Kind::signal: {
            const char* name = ::sigabbrev_np(status.value);
            return "signal " + std::to_string(status.value) + (name ? " (SIG" + std::string{name} + ")" : "");
        }
        case ExitStatus::Kind::exec_failed: return "could not be executed: " + status.detail;
        case ExitStatus::Kind::unknown: return "ended unseen";
    }
    return "?";
}

std::optional<Phase> phase_from(std::string_view text) {
    using enum Phase;
    return find<Phase>(text, {waiting, starting, running, stopping, backoff, stopped, completed});
}

std::optional<Health> health_from(std::string_view text) {
    using enum Health;
    return find<Health>(text, {none, starting, healthy, unhealthy, unknown});
}

std::optional<Remediation> remediation_from(std::string_view text) {
    using enum Remediation;
    return find<Remediation>(text, {idle, due, held, acting, verifying, quarantined});
}

std::optional<Replacing> replacing_from(std::string_view text) {
    using enum Replacing;
    return find<Replacing>(text, {none, swapping, proving, committing, rolling_back});
}

std::string_view to_string(Reason reason) {
    switch (reason) {
        case Reason::none: return "none";
        case Reason::policy: return "policy";
        case Reason::dependency_wait: return "dependency_wait";
        case Reason::dependency_failed: return "dependency_failed";
        case Reason::dependency_healed: return "dependency_healed";
        case Reason::started: return "started";
        case Reason::adopted: return "adopted";
        case Reason::exited: return "exited";
        case Reason::start_failed: return "start_failed";
        case Reason::unhealthy: return "unhealthy";
        case Reason::recovered: return "recovered";
        case Reason::probe_passed: return "probe_passed";
        case Reason::probe_errors: return "probe_errors";
        case Reason::remedy: return "remedy";
        case Reason::remedy_failed: return "remedy_failed";
        case Reason::operated: return "operated";
        case Reason::condition: return "condition";
        case Reason::attempts_used_up: return "attempts_used_up";
        case Reason::half_open: return "half_open";
        case Reason::ladder_stop: return "ladder_stop";
        case Reason::overdue: return "overdue";
        case Reason::shutdown: return "shutdown";
        case Reason::dry_run: return "dry_run";
        case Reason::backend_lost: return "backend_lost";
        case Reason::backend_found: return "backend_found";
        case Reason::started_elsewhere: return "started_elsewhere";
        case Reason::engine_restarts: return "engine_restarts";
        case Reason::engine_gave_up: return "engine_gave_up";
        case Reason::not_running: return "not_running";
        case Reason::no_container: return "no_container";
        case Reason::reported: return "reported";
        case Reason::changed: return "changed";
        case Reason::removed: return "removed";
        case Reason::rolled_back: return "rolled_back";
        case Reason::update_failed: return "update_failed";
    }
    return "?";
}

std::string_view describe(Reason reason) {
    switch (reason) {
        case Reason::none: return "";
        case Reason::policy: return "the policy asks for it";
        case Reason::dependency_wait: return "it waits for what it depends on";
        case Reason::dependency_failed: return "what it depends on can not be had";
        case Reason::dependency_healed: return "something it depends on was healed";
        case Reason::started: return "it was started";
        case Reason::adopted: return "it was found alive";
        case Reason::exited: return "it ended by itself";
        case Reason::start_failed: return "it could not be started";
        case Reason::unhealthy: return "its probes failed too often in a row";
        case Reason::recovered: return "it is healthy again";
        case Reason::probe_passed: return "its probe passed";
        case Reason::probe_errors: return "its probes can not be asked";
        case Reason::remedy: return "it is being healed";
        case Reason::remedy_failed: return "the remedy did not help";
        case Reason::operated: return "a person asked for it";
        case Reason::condition: return "its restart policy asks for no restart";
        case Reason::attempts_used_up: return "its restart attempts are used up";
        case Reason::half_open: return "one try out of quarantine";
        case Reason::ladder_stop: return "its on_unhealthy says stop";
        case Reason::overdue: return "no answer came in time";
        case Reason::shutdown: return "keepwell ends";
        case Reason::dry_run: return "dry-run takes it as started";
        case Reason::backend_lost: return "the container engine does not answer";
        case Reason::backend_found: return "the container engine answers again";
        case Reason::started_elsewhere: return "somebody else started the container";
        case Reason::engine_restarts: return "the container's own restart policy starts it again";
        case Reason::engine_gave_up: return "the container's own restart policy starts it no more";
        case Reason::not_running: return "the container was not running when it was first seen";
        case Reason::no_container: return "there is no such container";
        case Reason::reported: return "the container engine's own health check says so";
        case Reason::changed: return "its entry in the policy has changed";
        case Reason::removed: return "no entry of the policy wants it any more";
        case Reason::rolled_back: return "the old container is in its place again";
        case Reason::update_failed: return "the update of its service failed, and is taken back";
    }
    return "?";
}

namespace {

struct TypeName {
    std::string_view operator()(const fact::PhaseChanged&) const { return "target.phase"; }
    std::string_view operator()(const fact::HealthChanged&) const { return "target.health"; }
    std::string_view operator()(const fact::ProbeFailed&) const { return "probe.failed"; }
    std::string_view operator()(const fact::RemedyDue&) const { return "remedy.due"; }
    std::string_view operator()(const fact::RemedyHeld&) const { return "remedy.held"; }
    std::string_view operator()(const fact::RemedyStarted&) const { return "remedy.started"; }
    std::string_view operator()(const fact::RemedyFinished&) const { return "remedy.finished"; }
    std::string_view operator()(const fact::RemedyVerified&) const { return "remedy.verified"; }
    std::string_view operator()(const fact::IncidentOpened&) const { return "incident.opened"; }
    std::string_view operator()(const fact::IncidentClosed&) const { return "incident.closed"; }
    std::string_view operator()(const fact::Quarantined&) const { return "target.quarantined"; }
    std::string_view operator()(const fact::AlertRaised&) const { return "alert.raised"; }
    std::string_view operator()(const fact::AlertResolved&) const { return "alert.resolved"; }
    std::string_view operator()(const fact::OperatorActed& acted) const {
        switch (acted.verb) {
            case event::Verb::start: return "operator.start";
            case event::Verb::stop: return "operator.stop";
            case event::Verb::restart: return "operator.restart";
            case event::Verb::replace: return "operator.replace";
            case event::Verb::pause: return "operator.pause";
            case event::Verb::resume: return "operator.resume";
            case event::Verb::reset: return "operator.reset";
        }
        return "?";
    }
    std::string_view operator()(const fact::MaintenanceChanged& changed) const {
        return changed.active ? "maintenance.began" : "maintenance.ended";
    }
    std::string_view operator()(const fact::StepTaken&) const { return "remedy.step"; }
    std::string_view operator()(const fact::BackendChanged& changed) const {
        return changed.lost ? "backend.lost" : "backend.found";
    }
    std::string_view operator()(const fact::Membership& membership) const {
        return membership.joined ? "target.joined" : "target.left";
    }
    std::string_view operator()(const fact::UpdateChanged& changed) const {
        switch (changed.step) {
            case fact::UpdateChanged::Step::started: return "update.started";
            case fact::UpdateChanged::Step::paused: return "update.paused";
            case fact::UpdateChanged::Step::completed: return "update.completed";
            case fact::UpdateChanged::Step::rollback_started: return "update.rollback_started";
            case fact::UpdateChanged::Step::rollback_completed: return "update.rollback_completed";
        }
        return "?";
    }
    std::string_view operator()(const fact::OrphanChanged& orphan) const {
        return orphan.held ? "orphan.held" : "orphan.removed";
    }
    std::string_view operator()(const fact::PolicyReloaded&) const { return "policy.reloaded"; }
    std::string_view operator()(const fact::Unexpected&) const { return "engine.unexpected"; }
};

}  // namespace

std::string_view type_name(const Fact& fact) { return std::visit(TypeName{}, fact.body); }

}  // namespace keepwell
