// Everything that the engine knows about one target: plain data, written by the engine alone, read by status and
// explain.
// May know: model, health.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/engine/health.hpp"
#include "keepwell/model/fact.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::engine {

/// Why the next start is wanted; it decides which gates are asked and what is counted.
enum class StartCause : std::uint8_t { initial, exited, remedy, operated, dependency, changed };

/// What is known of a target's container beyond its life; of a process nothing is.
struct ContainerState {
    bool seen = false;                       ///< the container engine has said whether there is one
    bool exists = false;                     ///< running or not
    bool left = false;                       ///< of a selector or labels, and gone: the index is free
    std::optional<Healthcheck> healthcheck;  ///< the engine's own
    std::optional<Duration> stop_timeout;    ///< the container's own
    bool engine_restarts = false;            ///< it has a restart policy of its own
    bool engine_is_restarting = false;       ///< it ended, and that policy starts it again
    bool stop_removes = false;
    bool shares_namespace = false;
    bool outdated = false;
    bool update_given_up = false;  ///< its update failed, and the update goes on without it
    Instance ended;                ///< the last life, by its own end
    bool frozen = false;
    bool stale = false;  ///< the engine's word on its health is not renewed

    Replacing replacing = Replacing::none;
    Instance previous;                 ///< what is being replaced
    Instant previous_started_at{};     ///< should it live on
    std::string previous_made_of;      ///< as Target::made_of
    std::string new_one_ended;         ///< how; empty: it has not, by itself
    CommandId replace_id = 0;          ///< command::Replace in flight
    CommandId settle_id = 0;           ///< command::Settle in flight
    bool going_back = false;           ///< replaced because the update is taken back
    std::string updated_to;            ///< the version of its entry, by an update that has not come to its end
    bool renewed_by_replace = false;   ///< the new instance is another container
    bool dependency_replaced = false;  ///< what it depends on is another container now
};

/// A remedy that is due but not done.
struct HoldState {
    bool active = false;
    Hold reason = Hold::paused;
    Remedy would = Remedy::restart;
    Instant until = never;
    std::string detail;
    Origin rule{};  ///< the line that closed the gate
};

struct Target {
    // The phase machine.
    Phase phase = Phase::waiting;
    Instant phase_since{};
    Reason phase_reason = Reason::none;
    std::string phase_detail;
    Instance instance;              ///< the live one; empty when there is none
    bool taken_as_started = false;  ///< dry-run holds the start, and the probes run all the same
    Instant last_start = Instant::min();
    CommandId start_id = 0;  ///< command::Start in flight
    CommandId stop_id = 0;   ///< command::Stop in flight for `instance`, or for what an exit left behind
    std::vector<std::pair<CommandId, Instance>> strays;  ///< late instances that are being ended: nothing starts before
    StartCause cause = StartCause::initial;              ///< of the start that is wanted or under way
    bool operator_stopped = false;
    bool final_stop = false;  ///< once dead it stays dead (a person, a `stop` rung, keepwell's end)
    bool hurried = false;     ///< keepwell ends at once, and its stop was asked for again without grace
    ExitStatus last_exit;
    bool has_exited = false;

    bool owes_start = false;         ///< keepwell ended it in order to start it again
    Phase left_in = Phase::waiting;  ///< of a container, when keepwell ended
    ContainerState container;

    Instance remains;       ///< what an exit left behind, which dry-run does not end
    std::string made_of;    ///< the version of the entry that the instance was made of; empty: not known
    bool updating = false;  ///< replaced or restarted because its entry changed
    bool joined = false;    ///< by a template or labels
    bool leaving = false;   ///< its entry is gone: it ends, or is released, and is a target no more

    // The health machine.
    HealthState health;
    Health shown_health = Health::none;  ///< as last said in a fact
    CommandId probe_id = 0;              ///< command::RunProbe in flight
    Instant probe_started{};

    // The remediation machine.
    Remediation remediation = Remediation::idle;
    Remedy remedy = Remedy::restart;  ///< the one that is due, held, acting or being verified
    std::uint32_t rung = 0;
    std::uint32_t attempt = 0;           ///< remedies tried in this incident
    std::uint32_t streak_base = 0;       ///< failures before this count are explained by somebody else's trouble
    bool excused_by_dependency = false;  ///< that trouble was a dependency's
    bool ladder_ended = false;           ///< the ladder has nothing more to do
    CommandId hook_id = 0;               ///< command::RunHook in flight
    HoldState hold;
    std::optional<Remedy> would_last;  ///< what dry-run held last for this instance
    bool paused = false;
    IncidentId incident = 0;
    Instant incident_since{};
    Reason incident_reason = Reason::none;
    std::uint32_t quarantines = 0;    ///< in a row, without proven health
    bool half_open = false;           ///< the try out of quarantine is under way
    bool by_ladder = false;           ///< the remedy is a rung, not a restart after an exit
    bool renewed = false;             ///< a new instance, whose dependants may want a restart once it is well
    bool dependency_restart = false;  ///< to be restarted because a dependency was healed
    Reason remedy_reason = Reason::none;

    // The restart history.
    std::vector<Instant> history;  ///< of restarts that count, oldest first
    std::uint32_t in_a_row = 0;    ///< restarts without proven health
    std::uint32_t restarts = 0;    ///< all, for people
    Instant last_restart{};

    // What is due, and when; `never` where nothing is.
    Instant probe_at = never;         ///< next probe
    Instant probe_overdue = never;    ///< the adapter has not answered
    Instant command_overdue = never;  ///< nor to a start, a stop or a hook
    Instant start_at = never;         ///< in backoff: the earliest next start
    Instant verify_until = never;
    Instant retry_at = never;    ///< next try out of quarantine
    Instant proven_at = never;   ///< without a probe: being up until then is proven health
    Instant hold_until = never;  ///< a hold that ends with time
};

/// The check that says how the target is: the policy's, or the container engine's own; null: none.
const Healthcheck* check_of(const ServiceSpec& service, const Target& target);

/// The line that its remedy rests on: the rung, or the restart policy after an exit.
Origin rung_origin(const ServiceSpec& service, const Target& target);

}  // namespace keepwell::engine
