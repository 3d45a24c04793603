// What the engine noticed and decided, for people, journals and metrics. A closed variant of small structs.
// Facts cause nothing: they say what was so, and why. Each has one stable type name.
// May know: std, names, state, time.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "keepwell/model/event.hpp"
#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell {

/// Why something is so. Stable codes; describe() has a sentence for each.
enum class Reason : std::uint8_t {
    none,
    policy,             ///< the policy asks for it
    dependency_wait,    ///< a condition of depends_on is not met yet
    dependency_failed,  ///< a condition of depends_on can not be met any more
    dependency_healed,  ///< a dependency was healed, and depends_on says restart
    started,            ///< the instance was executed
    adopted,            ///< found alive by a new keepwell
    exited,             ///< the instance ended by itself
    start_failed,       ///< the instance could not be executed
    unhealthy,          ///< the probes failed `retries` times in a row
    recovered,          ///< healthy again
    probe_passed,
    probe_errors,       ///< `retries` probes in a row could not be asked
    remedy,             ///< part of a remedy
    remedy_failed,      ///< did not help in its time, or could not be done
    operated,           ///< a person asked for it
    condition,          ///< restart_policy.condition asks for no restart
    attempts_used_up,   ///< restart_policy.max_attempts is used up
    half_open,          ///< one try out of quarantine
    ladder_stop,        ///< the ladder says stop
    overdue,            ///< an adapter did not answer in its time
    shutdown,           ///< keepwell ends
    dry_run,            ///< dry-run: taken as started
    backend_lost,       ///< the container engine does not answer
    backend_found,      ///< it answers again
    started_elsewhere,  ///< somebody else started the container
    engine_restarts,    ///< the container's own restart policy starts it again
    engine_gave_up,     ///< the container's own restart policy starts it no more
    not_running,        ///< an adopted container that was not running when it was first seen
    no_container,       ///< there is no such container
    reported,           ///< the container engine's own health check says so
    changed,            ///< its entry changed
    removed,            ///< no entry of the policy wants it any more
    rolled_back,        ///< the old container is in its place again
    update_failed,      ///< another container of its service did not get well with the changed entry
};

}  // namespace keepwell

namespace keepwell::fact {

/// target.phase
struct PhaseChanged {
    Phase from = Phase::waiting;
    Phase to = Phase::waiting;
    Reason reason = Reason::none;
    std::string detail;     ///< the exit, the failure, the dependency that is waited for
    Instant until = never;  ///< when the next start is due, where that is known
};
/// target.health
struct HealthChanged {
    Health from = Health::none;
    Health to = Health::none;
    Reason reason = Reason::none;
    std::uint32_t failing_streak = 0;
    std::string detail;  ///< the last probe's output
};
/// probe.failed: one probe failed or could not be asked.
struct ProbeFailed {
    Outcome outcome = Outcome::failed;
    std::uint32_t failing_streak = 0;
    std::uint32_t retries = 0;
    bool counted = true;  ///< false inside the start period, and for errors
    int exit_code = 0;
    std::string output;
};
/// remedy.due
struct RemedyDue {
    Remedy remedy = Remedy::restart;
    std::uint32_t rung = 0;
    std::uint32_t attempt = 0;
    Reason reason = Reason::none;
};
/// remedy.held: due, but not done. Recorded once for each change of the reason.
struct RemedyHeld {
    Remedy would = Remedy::restart;
    std::uint32_t rung = 0;
    std::uint32_t attempt = 0;
    Hold reason = Hold::paused;
    Instant until = never;
    std::string detail;  ///< the dependency, the share
    /// In dry-run: it was already held for this instance, and would not be due again if it had been done and had
    /// helped.
    bool again = false;
};
/// remedy.started
struct RemedyStarted {
    Remedy remedy = Remedy::restart;
    std::uint32_t rung = 0;
    std::uint32_t attempt = 0;
    Reason reason = Reason::none;
};
/// remedy.finished: what the remedy does is done; whether it helped is not known yet.
struct RemedyFinished {
    Remedy remedy = Remedy::restart;
    std::uint32_t rung = 0;
    bool success = true;
    std::string detail;
};
/// remedy.verified: the target is healthy, or was not in its time.
struct RemedyVerified {
    Remedy remedy = Remedy::restart;
    std::uint32_t rung = 0;
    bool success = true;
};
/// incident.opened
struct IncidentOpened {
    IncidentId incident = 0;
    Reason reason = Reason::none;
    std::string detail;
};
/// incident.closed
struct IncidentClosed {
    IncidentId incident = 0;
    Reason reason = Reason::none;
    Duration lasted{0};
};
/// remedy.step: a step of a replacement is begun.
struct StepTaken {
    std::string step;
};
/// backend.lost and backend.found
struct BackendChanged {
    bool lost = false;
    std::string detail;
};
/// target.joined and target.left: a container that a selector or labels ask for came, or is gone.
struct Membership {
    bool joined = false;
    std::string entry;
};
/// update.started, update.paused, update.completed, update.rollback_started, update.rollback_completed: a changed entry
/// reaches the containers of its service, or is taken back.
struct UpdateChanged {
    enum class Step : std::uint8_t { started, paused, completed, rollback_started, rollback_completed };
    Step step = Step::started;
    std::string service;
    std::string detail;
};
/// orphan.held and orphan.removed: a container of ours that nothing wants any more.
struct OrphanChanged {
    std::string name;
    bool held = false;
    std::string detail;
};
/// target.quarantined
struct Quarantined {
    Reason reason = Reason::none;
    std::uint32_t restarts = 0;
    Instant until = never;
};
/// What `alert` can be in the next two: stable names.
inline constexpr std::array<std::string_view, 9> alert_names{"storm",         "quarantined", "probe_errors",
                                                             "survivors",     "notify",      "overdue",
                                                             "not_restarted", "leftover",    "update_paused"};

/// alert.raised and alert.resolved. `alert` is one of `alert_names`.
struct AlertRaised {
    std::string_view alert;
    std::string detail;
};
struct AlertResolved {
    std::string_view alert;
    std::string detail;
};
/// operator.start … operator.reset
struct OperatorActed {
    event::Verb verb = event::Verb::start;
    std::string by;
};
/// maintenance.began and maintenance.ended
struct MaintenanceChanged {
    bool active = false;
    Instant until = never;
};
/// policy.reloaded: another policy is followed. What changed, service by service: "api: restart", "web: added", "db:
/// scaled".
struct PolicyReloaded {
    std::string from_version;
    std::string version;
    std::string by;
    std::vector<std::string> changes;
};
/// engine.unexpected: an event that cannot be; state stays as it was.
struct Unexpected {
    std::string detail;
};

using Body = std::variant<PhaseChanged, HealthChanged, ProbeFailed, RemedyDue, RemedyHeld, RemedyStarted,
                          RemedyFinished, RemedyVerified, IncidentOpened, IncidentClosed, Quarantined, AlertRaised,
                          AlertResolved, OperatorActed, MaintenanceChanged, StepTaken, BackendChanged, Membership,
                          UpdateChanged, OrphanChanged, PolicyReloaded, Unexpected>;

}  // namespace keepwell::fact

namespace keepwell {

struct Fact {
    TargetIndex target = no_target;  ///< no_target: the whole host
    Instance instance;               ///< the life it concerns; empty where there is none
    IncidentId incident = 0;         ///< the incident it belongs to; 0 for none
    Origin rule;                     ///< the line of the policy that it rests on
    fact::Body body;
};

/// "target.phase", "remedy.held", "operator.stop", …: stable names.
std::string_view type_name(const Fact& fact);

/// "dependency_wait", …: stable codes.
std::string_view to_string(Reason reason);
/// One sentence for people, for each code.
std::string_view describe(Reason reason);
std::string_view describe(Hold hold);

std::string_view to_string(RestartCondition condition);
std::string_view to_string(DependencyCondition condition);

}  // namespace keepwell
