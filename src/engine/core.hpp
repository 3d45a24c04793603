// The inside of the engine: its state, and the steps that its files share.
//   engine.cpp       takes events, runs timers, settles what follows
//   lifecycle.cpp    the tables of allowed transitions
//   life.cpp         the phase machine: starts, exits, stops, dependencies, keepwell's end
//   probing.cpp      the probe schedule, and what results mean
//   healing.cpp      the remediation machine: ladder, verification, quarantine, incidents
//   gates.cpp        the gates between due and done, and the guard over the host
//   containers.cpp   what the container engine tells, and containers that come and go
//   replacing.cpp    replacing a container, proving the new one, and the way back
//   updating.cpp     how a changed entry reaches the targets of its service
//   reloading.cpp    another policy takes the place of the one that was followed
//   persons.cpp      what people ask for
//   restoring.cpp    what outlives keepwell
// May know: model and engine.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "keepwell/engine/deadlines.hpp"
#include "keepwell/engine/engine.hpp"
#include "keepwell/engine/graph.hpp"
#include "keepwell/engine/guard.hpp"
#include "keepwell/engine/lifecycle.hpp"
#include "keepwell/engine/restart.hpp"

namespace keepwell::engine {

/// An adapter has so long to complete a Start.
inline constexpr Duration start_patience = 60s;
/// An adapter has so long beyond the grace to complete a Stop; then the Stop is asked for again, without grace.
inline constexpr Duration stop_patience = 30s;
/// An adapter has so long beyond the timeout to complete a RunHook.
inline constexpr Duration hook_patience = 30s;
/// An adapter has so long beyond the timeout to complete a RunProbe (docker's guard on starting an exec, and slack).
inline constexpr Duration probe_patience = 40s;

/// Two starts of one target are never closer than this, whatever its delay: a command that fails at once must not
/// become a busy loop. dockerd's first wait (restartmanager.go defaultTimeout).
inline constexpr Duration least_start_distance = 100ms;

/// Which gates are asked.
enum class Asking : std::uint8_t {
    first_start,  ///< nothing is wrong: only what forbids any start
    restart,      ///< after an exit or a healed dependency
    update,       ///< a changed entry
    ladder,       ///< everything
};

/// The line that asks for a restart after a dependency was healed; of its entry, where several may have.
Origin dependency_origin(const ServiceSpec& service);

/// Where a service comes from. One whose entry is gone keeps its place.
enum class Writer : std::uint8_t { policy, labels, nobody };

/// A closed gate.
struct Closed {
    Hold reason = Hold::paused;
    Instant until = never;
    std::string detail;
    Origin rule;
};

class Engine::Impl {
  public:
    Impl(Policy policy, EngineOptions options);

    const Decisions& handle(const Event& event, Instant now);

    // engine.cpp
    void on(const event::Begin&);
    void on(const event::Tick&) {}
    void on(const event::Restored&);
    void on(const event::StartFinished&);
    void on(const event::StopFinished&);
    void on(const event::Exited&);
    void on(const event::ProbeFinished&);
    void on(const event::HookFinished&);
    void on(const event::BackendLost&);
    void on(const event::BackendFound&);
    void on(const event::TargetJoined&);
    void on(const event::TargetLeft&);
    void on(const event::Found&);
    void on(const event::Absent&);
    void on(const event::Frozen&);
    void on(const event::HealthReported&);
    void on(const event::ReplaceFinished&);
    void on(const event::SettleFinished&);
    void on(const event::StepTaken&);
    void on(const event::OrphanSeen&);
    void on(const event::DiscardFinished&);
    void on(const event::PolicyChanged&);
    void on(const event::Maintenance&);
    void on(const event::Operated&);
    void on(const event::Shutdown&);

    bool has_begun();
    bool known(TargetIndex target);
    void run_timers();
    void run_timers_of(TargetIndex index);
    void settle();
    void step(TargetIndex index);
    void wake(TargetIndex index);
    void rearm(TargetIndex index);
    void mark(TargetIndex index);
    void note(TargetIndex index, fact::Body body, Origin rule = {});
    void unexpected(TargetIndex index, std::string detail);
    void raise(TargetIndex index, std::string_view alert, std::string detail, Origin rule = {});
    void resolve(TargetIndex index, std::string_view alert, std::string detail);
    CommandId new_id() { return ++last_id_; }
    bool was_issued(CommandId id) const { return id != 0 && id <= last_id_; }

    const ServiceSpec& spec(TargetIndex index) const { return policy_.services[policy_.targets[index].service]; }
    const std::string& name(TargetIndex index) const { return policy_.targets[index].name; }
    bool is_container(TargetIndex index) const { return keepwell::is_container(policy_.targets[index]); }
    bool is_adopted(TargetIndex index) const { return policy_.targets[index].kind == TargetKind::adopted; }
    bool is_process(TargetIndex index) const { return policy_.targets[index].kind == TargetKind::process; }
    bool is_dry(TargetIndex index) const { return policy_.mode == Mode::dry_run || spec(index).dry_run; }

    // life.cpp
    void set_phase(TargetIndex index, Phase to, Reason reason, std::string detail = {}, Instant until = never);
    void try_first_start(TargetIndex index);
    void try_restart(TargetIndex index);
    void start(TargetIndex index);
    /// When the next start may come, `wait` from now: `never` where it may come at once.
    Instant next_start(TargetIndex index, Duration wait) const;
    void take_as_started(TargetIndex index);
    bool is_nobodys(const event::StartFinished& event) const;
    void began_to_run(TargetIndex index, Reason reason);
    /// How long a stop may take before it is forced.
    Duration grace(TargetIndex index) const;
    /// Ends the instance so that a new one follows: in place where that can be, else by a stop and a start.
    void renew(TargetIndex index, Reason reason);
    void restart_in_place(TargetIndex index, Reason reason);
    void begin_stop(TargetIndex index, Reason reason, Duration grace);
    void await_nothing(TargetIndex index);
    void after_stop(TargetIndex index);
    void ended_by_itself(TargetIndex index, Reason reason);
    void not_restarted(TargetIndex index, Reason reason, const std::string& how);
    void restart_after_end(TargetIndex index, Reason reason, const std::string& how);
    void stay_dead(TargetIndex index, Reason reason);
    void come_to_rest(TargetIndex index, Reason reason);
    bool taken_back(const event::Exited& event);
    void container_exited(TargetIndex index, event::Successor successor, bool given_up);
    void leave_container(TargetIndex index);
    void try_shutdown(TargetIndex index);
    void command_is_overdue(TargetIndex index);
    void ask_to_stop_again(TargetIndex index);
    void ask_to_stop_without_grace(TargetIndex index);
    void guard_commands(TargetIndex index);
    void end_stray(TargetIndex index, const Instance& instance);
    void affects_others(TargetIndex index);
    bool clear_to_start(const Target& target) const {
        return !target.stop_id && target.strays.empty() && !target.container.replace_id && !target.container.settle_id;
    }
    /// Why a target that is dead now is to stay so.
    Reason why_stopped(TargetIndex index) const;

    /// What a dependency's condition says at the moment.
    enum class Readiness : std::uint8_t { met, wait, impossible };
    Readiness readiness(const Dependency& dependency) const;
    Readiness readiness(DependencyCondition condition, TargetIndex of) const;
    bool unwell(TargetIndex index) const;
    bool doubtful(TargetIndex index) const;
    using Judgement = bool (Impl::*)(TargetIndex) const;
    const Dependency* required_dependency(TargetIndex index, Judgement is_so) const;
    const Dependency* unwell_dependency(TargetIndex index) const { return required_dependency(index, &Impl::unwell); }

    // containers.cpp
    /// The container engine, as it was last told of.
    enum class Backend : std::uint8_t { unseen, there, lost };
    /// What labels say of a service beyond its spec.
    struct Labelled {
        std::vector<std::string> names;
        std::vector<NamedDependency> depends_on;
    };
    /// What nobody wants any more, and is being ended.
    struct Orphan {
        CommandId id = 0;
        std::string name;
        bool process = false;
    };
    template <typename Do>
    void for_each_container(const Do& act) {
        for (TargetIndex index = 0; index < targets_.size(); ++index) {
            if (is_container(index) && !targets_[index].container.left) act(index);
        }
    }
    /// Nothing can be done about it: its engine does not answer.
    bool out_of_reach(TargetIndex index) const;
    ServiceIndex place_for(const ServiceSpec& service, std::optional<ServiceIndex> freed);
    void grow();
    TargetIndex next_index(bool own_service) const;
    void follow_names();
    std::optional<ServiceIndex> service_meant(const std::vector<std::string>& names) const;
    static bool leads_to(const std::vector<std::vector<Dependency>>& edges, ServiceIndex from, ServiceIndex to);
    void take_traits(TargetIndex index, const event::Found& event);
    void take_over(TargetIndex index, const event::Found& event, bool first_sight);
    void forget_container(TargetIndex index);
    void freeze(TargetIndex index, bool frozen);
    void engine_restarts_it(TargetIndex index);
    void engine_gave_up(TargetIndex index);
    void person_stopped_it(TargetIndex index);
    void discard(const event::OrphanSeen& orphan);
    bool is_orphan(CommandId id) const;
    void orphan_ended(CommandId id, const std::string& failure);

    // replacing.cpp
    static bool in_command(const Target& target);
    /// What keepwell owns is made from its entry, what it adopted from itself.
    command::MadeFrom newest(TargetIndex index) const {
        return is_adopted(index) ? command::MadeFrom::itself : command::MadeFrom::entry;
    }
    void replace(TargetIndex index, Reason reason, ReplaceOrder order, command::MadeFrom from);
    void replaced(TargetIndex index, const Instance& instance);
    void replacing_failed(TargetIndex index, const Instance& survivor, const std::string& why);
    void replacement_ended(TargetIndex index, const std::string& how);
    void back_in_place(TargetIndex index, const Instance& survivor, const std::string& why);
    void replacement_is_well(TargetIndex index);
    void commit(TargetIndex index);
    void roll_back(TargetIndex index, Reason reason);
    void settle_replacement(TargetIndex index, Replacing how);
    void committed(TargetIndex index, const Instance& instance);

    // updating.cpp
    /// How far a changed entry has come in its service.
    struct Update {
        bool under_way = false;
        bool paused = false;
        TargetIndex paused_by = no_target;
        Instant next_at = Instant::min();
    };
    void try_update(TargetIndex index);
    /// What the instance should be made of now; empty: that is not known.
    const std::string& made_of_now(TargetIndex index) const;
    /// Its instance is made of an older version of its entry.
    bool outdated(TargetIndex index) const;
    const Dependency* outdated_dependency(TargetIndex index) const;
    void begin_update(TargetIndex index, Remedy remedy, bool back);
    bool may_update_one_more(ServiceIndex service) const;
    bool is_to_go_back(TargetIndex index) const;
    void complete_update(ServiceIndex service);
    void update_done(TargetIndex index);
    void update_left(TargetIndex index);
    void gone_back(TargetIndex index);
    /// What failed, or is to be taken back, is what the entry says now; it may have changed meanwhile.
    bool updates_to_entry(TargetIndex index) const;
    void update_failed(TargetIndex index, const std::string& why);
    void update_stalls(TargetIndex index, const std::string& why);
    void pause_update(TargetIndex index, const std::string& why);
    void pause_rollback(TargetIndex index, const std::string& why);
    void forget_update(ServiceIndex service);
    void resume_update(TargetIndex index, std::string_view why);

    // probing.cpp
    const Healthcheck* check_of(TargetIndex index) const;
    /// Keepwell asks it itself.
    bool is_asked(TargetIndex index) const { return spec(index).healthcheck.has_value(); }
    Origin check_origin(TargetIndex index) const {
        return is_asked(index) ? spec(index).healthcheck->origin : spec(index).origin;
    }
    Health health_of(TargetIndex index) const;
    /// Without a probe, being up for a while is the proof of health: begins to wait for it where there is something to
    /// prove.
    void await_proof(TargetIndex index);
    void begin_probing(TargetIndex index, Instant started_at);
    /// Sets the time of its next probe: never where keepwell does not ask it itself, or its engine does not answer.
    void arm_probe(TargetIndex index);
    void end_probing(TargetIndex index);
    void issue_probe(TargetIndex index);
    void cancel_probe(TargetIndex index);
    void take_result(TargetIndex index, ProbeResult result);
    void note_failure(TargetIndex index, bool counted);
    void follow_streak(TargetIndex index, std::uint32_t before);
    void show_health(TargetIndex index, Reason reason, std::string detail);

    // healing.cpp
    static bool active(const Target& target);
    void set_remediation(TargetIndex index, Remediation to);
    void excuse(TargetIndex index, bool by_dependency);
    void excuse_for_dependency(TargetIndex index);
    bool is_proven_anew(TargetIndex index) const;
    void judge_unhealthy(TargetIndex index, bool fresh_verdict, const std::string& output);
    void proven_healthy(TargetIndex index, Reason reason);
    void make_due(TargetIndex index, Reason reason);
    void make_restart_due(TargetIndex index, Reason reason);
    void try_remedy(TargetIndex index);
    void act(TargetIndex index);
    void act_restart(TargetIndex index);
    void act_replace(TargetIndex index);
    void act_run(TargetIndex index, const RunRung& rung);
    void act_stop(TargetIndex index);
    void act_notify(TargetIndex index);
    void forget_hook(TargetIndex index);
    void hook_done(TargetIndex index, bool success, std::string detail);
    void climb(TargetIndex index);
    void next_rung(TargetIndex index, Reason reason);
    void not_proven(TargetIndex index, Reason reason);
    void leave_unproven(TargetIndex index);
    void verify(TargetIndex index);
    void quarantine(TargetIndex index, Reason reason);
    void try_out_of_quarantine(TargetIndex index);
    void end_remediation(TargetIndex index);
    void count_restart(TargetIndex index);
    void restart_dependants(TargetIndex index);
    void try_dependency_restart(TargetIndex index);
    void open_incident(TargetIndex index, Reason reason, std::string detail);
    void close_incident(TargetIndex index, Reason reason);
    Duration verify_time(TargetIndex index) const;
    Remedy remedy_of(TargetIndex index) const;
    Origin rung_origin(TargetIndex index) const;

    // gates.cpp
    std::optional<Closed> closed_gate(TargetIndex index, Asking asking);
    std::optional<Closed> closed_by_person_or_window(TargetIndex index, Asking asking) const;
    std::optional<Closed> closed_by_dependency(TargetIndex index, Asking asking) const;
    std::optional<Closed> closed_by_guard(TargetIndex index);
    std::optional<Closed> closed_by_backoff(TargetIndex index, Asking asking) const;
    bool keep_hold(TargetIndex index, Remedy would, const Closed& closed);
    void hold(TargetIndex index, Remedy would, const Closed& closed);
    void hold_quietly(TargetIndex index, Remedy would, const Closed& closed);
    void note_held(TargetIndex index, fact::RemedyHeld held, const Origin& rule);
    void drop_hold(TargetIndex index);
    bool is_sick(TargetIndex index) const;
    bool is_explained(TargetIndex index) const;
    void recount(TargetIndex index);
    void follow_storm();
    std::string unhealthy_share() const;
    void wake_held(Hold reason);

    // reloading.cpp
    Policy merged(const Policy& next);
    std::vector<ServiceIndex> take_services(Policy& into, const Policy& next);
    void take_targets(Policy& into, const Policy& next, const std::vector<ServiceIndex>& at);
    void take_joined(Policy& into);
    void rebuild_graph();
    void enrol(TargetIndex index);
    void begin_leaving(TargetIndex index);
    void try_leave(TargetIndex index);
    static bool may_come_back(const Target& target);
    void come_back(TargetIndex index);
    void give_back(TargetIndex index);
    bool dependants_have_left(TargetIndex index) const;
    void leave(TargetIndex index);
    void follow_changes(TargetIndex index, const Policy& former);
    void leave_dry_run(TargetIndex index);
    void end_remains(TargetIndex index);
    void entry_changed(TargetIndex index, const Policy& former);
    void follow_version(TargetIndex index, const ServiceSpec& old);
    void judge_by_new_rules(TargetIndex index);
    void leave_ladder(TargetIndex index);
    void follow_check(TargetIndex index, const ServiceSpec& old, const TargetSpec& old_target);
    std::vector<std::string> changes_since(const Policy& former, const std::vector<Writer>& before) const;

    // persons.cpp
    void operate(TargetIndex index, const event::Operated& operated);
    void person_starts(TargetIndex index);
    void person_stops(TargetIndex index, bool everything);
    void stop_when_dependants_have_ended(TargetIndex index);
    void person_restarts(TargetIndex index);
    void person_replaces(TargetIndex index);
    void person_resets(TargetIndex index);
    void person_pauses(TargetIndex index, bool paused);
    void forget_history(TargetIndex index);

    // restoring.cpp
    void restore(TargetIndex index, const TargetMemory& memory);
    void restore_history(TargetIndex index, const TargetMemory& memory);
    void restore_update(TargetIndex index, const TargetMemory& memory);
    void ended_unseen(TargetIndex index);
    void restore_adopted_dead(TargetIndex index, const TargetMemory& memory);
    void restore_alive(TargetIndex index, const TargetMemory& memory);
    void restore_dead(TargetIndex index, const TargetMemory& memory);
    void restore_found(TargetIndex index, const event::Found& event);
    void restore_absent(TargetIndex index, const event::Absent& event);
    bool restore_replacing(TargetIndex index, const TargetMemory& memory, const Instance& found);
    TargetMemory memory(TargetIndex index) const;

    Policy policy_;
    Graph graph_;
    std::vector<Target> targets_;
    Deadlines deadlines_;
    ActionBudget budget_;
    std::vector<std::optional<TargetMemory>> restored_;
    std::vector<Instant> maintenance_until_;  ///< by service; Instant::min() when no window is open
    std::vector<bool> counted_unhealthy_;     ///< for the storm
    std::set<TargetIndex> held_;
    std::vector<Writer> written_by_;  ///< by service
    std::size_t present_ = 0;         ///< targets that have not left
    std::vector<Labelled> labelled_;  ///< by service; empty for those of the policy
    Backend backend_ = Backend::unseen;
    std::vector<Update> updates_;  ///< by service
    std::vector<Orphan> orphans_;
    std::map<TargetIndex, TargetSpec> successors_;  ///< of targets that leave: who takes their place and name
    std::vector<TargetIndex> added_;                ///< by the policy that is being taken up
    std::vector<TargetIndex> returned_;             ///< those that were to go, and are wanted again
    std::vector<TargetIndex> gone_;                 ///< those that it does not know, or knows as something else
    std::uint32_t unhealthy_ = 0;
    std::uint32_t active_remedies_ = 0;  ///< of ladders: acting or verifying
    bool storm_ = false;
    bool storm_overruled_ = false;
    bool begun_ = false;
    bool shutting_down_ = false;
    bool at_once_ = false;
    CommandId last_id_ = 0;
    IncidentId last_incident_ = 0;
    std::uint64_t unexpected_ = 0;

    Instant now_ = Instant::min();
    Decisions decisions_;
    std::deque<TargetIndex> queue_;
    std::vector<bool> queued_;
    std::vector<bool> marked_;
};

}  // namespace keepwell::engine
