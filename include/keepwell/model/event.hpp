// What can happen to the engine: its only inputs. A closed variant of small structs; no visit over it has a default.
// May know: std, names, spec, state, time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::event {

/// Before `Begin`, once per target that the journal knows: what was true when keepwell ended.
/// `memory.instance` is kept only if the real end found it alive; its times are already on this boot's clock.
struct Restored {
    TargetIndex target = no_target;
    TargetMemory memory;
};

/// Everything restored has been handed over: work begins.
struct Begin {};

/// Time has passed; nothing else has happened.
struct Tick {};

/// Completes `command::Start`. Without an instance, `failure` says why there is none.
struct StartFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    std::string failure;
};

/// Completes `command::Stop`: nothing of the instance is alive any more, or `survivors` names what is.
struct StopFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    std::string survivors;
};

/// Who starts an instance again that has ended.
enum class Successor : std::uint8_t {
    keepwell,  ///< the policy decides
    engine,    ///< the container's own restart policy: the container engine starts it again
    nobody,    ///< a person stopped it (`docker stop`): it stays so
};

/// An instance ended, whoever caused it. `remains`: processes of its group still live and must be ended before a
/// successor may start.
struct Exited {
    TargetIndex target = no_target;
    Instance instance;
    ExitStatus status;
    bool remains = false;
    Successor successor = Successor::keepwell;
};

/// Completes `command::RunProbe`.
struct ProbeFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Outcome outcome = Outcome::passed;
    int exit_code = 0;
    std::string output;  ///< at most kept_output bytes and "..."
};

/// Completes `command::RunHook`. A timeout is a failure whose text says so.
struct HookFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    ExitStatus status;
    std::string output;
};

// ---- containers -------------------------------------------------------------------------------------------------

/// The container engine does not answer: nothing is known of any container, and nothing is done.
struct BackendLost {
    std::string detail;
};

/// It answers again, and what was missed has been delivered before this.
struct BackendFound {
    std::string detail;  ///< its version, for people
};

/// What labels say of a service beyond its rules.
struct LabelledService {
    std::vector<std::string> names;  ///< by which a NamedDependency may mean it
    std::vector<NamedDependency> depends_on;
    std::vector<MaintenanceWindow> maintenance;
};

/// A container came that a selector or labels ask for: a new target at the next index. `service` is at the end of the
/// services when it is a new one.
struct TargetJoined {
    TargetIndex target = no_target;
    std::shared_ptr<const TargetSpec> spec;
    std::shared_ptr<const ServiceSpec> service;  ///< null: its service is known
    std::string entry;  ///< the equivalent policy entry, where labels made it; for journals and people
    std::shared_ptr<const LabelledService> labelled{};  ///< what labels say of a new service besides; null: nothing
};

/// Its container is gone for good: the target ends with it. Its index may be given to another one later.
struct TargetLeft {
    TargetIndex target = no_target;
};

/// The target's container runs: seen first, or started by somebody else (a person, or the engine's restart policy).
/// It also follows each completion of a command that carries an instance, and says what that instance is like.
struct Found {
    TargetIndex target = no_target;
    Instance instance;
    Instant started_at{};
    std::optional<Healthcheck> healthcheck;  ///< the engine's own, where it has one and runs it
    Duration stop_timeout = 10s;             ///< the container's own
    bool engine_restarts = false;            ///< it has a restart policy of its own
    bool stop_removes = false;               ///< `--rm`: only a restart in place keeps it
    bool outdated = false;                   ///< ours, but made from another version of its entry
    bool frozen = false;                     ///< paused by a person
    bool shares_namespace = false;           ///< it lives in another container's network, ipc or pid namespace
};

/// The target's container does not run, as it is seen first: it has ended earlier, or does not exist.
struct Absent {
    TargetIndex target = no_target;
    bool exists = false;
    std::string detail;  ///< "no such container", "exited (1) 2026-11-20T18:00:00Z"
};

/// A person paused the container, or let it go on (`docker pause`, `docker unpause`).
struct Frozen {
    TargetIndex target = no_target;
    Instance instance;
    bool frozen = false;
};

/// The status that the container engine keeps of its own health check has changed, or is seen first.
struct HealthReported {
    TargetIndex target = no_target;
    Instance instance;
    Health health = Health::starting;  ///< starting, healthy, unhealthy; unknown: the engine's word is stale
    std::uint32_t failing_streak = 0;
    ProbeResult last;  ///< of the engine's log; `started` 0 where it has none
};

/// Completes `command::Replace`. With an instance it is the new one, and the old one is still to be had. Without one
/// the replacement could not be made, `failure` says why, and `survivor` is what runs now, if anything: all is undone.
struct ReplaceFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    Instance survivor;
    std::string failure;
};

/// Completes `command::Settle`. After a commit `instance` is the new one, after a rollback the old one, if it runs.
struct SettleFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    std::string failure;  ///< not empty: something is left over, and named
};

/// A step of a command that has many is begun: for the journal and for people.
struct StepTaken {
    TargetIndex target = no_target;
    std::string step;
};

/// Something of ours that nothing wants any more: a container or a process, started by an earlier keepwell, that no
/// entry of the policy is for, or a copy that no replacement is about to start. How it is to be ended is what its entry
/// said.
struct OrphanSeen {
    std::string name;
    Instance instance;
    int stop_signal = 0;  ///< of a process; 0: a container, which has its own
    Duration grace = std::chrono::seconds{10};
};

/// Completes `command::Discard`.
struct DiscardFinished {
    CommandId id = 0;
    std::string failure;
};

// ---- another policy -------------------------------------------------------------------------------------------------

/// From now on this is the policy. Services and targets are the same ones when they are called the same.
struct PolicyChanged {
    std::shared_ptr<const Policy> policy;
    std::string by;  ///< who asked for it, for the record
};

// ---- the calendar and people ------------------------------------------------------------------------------------

/// A maintenance window of a service began or ended, as the supervisor's calendar says.
struct Maintenance {
    ServiceIndex service = 0;
    bool active = false;
    Instant until = never;  ///< for people, while active
};

enum class Verb : std::uint8_t { start, stop, restart, replace, pause, resume, reset };

/// A person acted. `target` no_target: on the whole host (pause, resume).
struct Operated {
    Verb verb = Verb::start;
    TargetIndex target = no_target;
    std::string by;  ///< who, for the record
};

/// Keepwell is asked to end: everything stops in reverse dependency order. `at_once`: without grace.
struct Shutdown {
    bool at_once = false;
};

}  // namespace keepwell::event

namespace keepwell {

using Event = std::variant<event::Restored, event::Begin, event::Tick, event::StartFinished, event::StopFinished,
                           event::Exited, event::ProbeFinished, event::HookFinished, event::BackendLost,
                           event::BackendFound, event::TargetJoined, event::TargetLeft, event::Found, event::Absent,
                           event::Frozen, event::HealthReported, event::ReplaceFinished, event::SettleFinished,
                           event::StepTaken, event::OrphanSeen, event::DiscardFinished, event::PolicyChanged,
                           event::Maintenance, event::Operated, event::Shutdown>;

std::string_view to_string(event::Verb verb);
std::string_view to_string(event::Successor successor);

}  // namespace keepwell
