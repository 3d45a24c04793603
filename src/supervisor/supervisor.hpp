// The loop that joins engine and world: event -> engine -> journal -> execute, and one timer.
// May know: engine, model, journal, ports. It does not know what is behind a port, and decides nothing.
// Threads: all calls on one loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/probes.hpp"
#include "journal/record.hpp"
#include "journal/sink.hpp"
#include "keepwell/engine/engine.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::supervisor {

struct Ports {
    ProbePort& probes;
    ProcessPort& processes;
    ClockPort& clock;
    OutputPort& output;
    journal::Sink& journal;
    ContainerPort* containers = nullptr;  ///< null: the policy has no container, and none can join
};

/// What an earlier keepwell left in the journal; times are already on this boot's clock.
struct Memories {
    std::vector<TargetMemory> targets;
    IncidentId last_incident = 0;
};

class Supervisor {
  public:
    Supervisor(Policy policy, Ports ports, Memories memories);

    /// Adopts what still lives, restores what is known, and begins to work. Once.
    /// `run` is journaled first; its policy fields are filled in here.
    void begin(journal::RunStarted run);

    /// Journals that this keepwell ended in order. Last.
    void end();

    /// The policy as it was loaded last; the engine's own has come to hold more.
    const Policy& loaded() const { return *loaded_; }

    /// Another policy from now on (event::PolicyChanged). Why not, when keepwell is not at work or `policy` can not
    /// follow the one that is loaded; empty: it is followed.
    std::string reload(std::shared_ptr<const Policy> policy, std::string by);
    /// The same refusal, and nothing is done.
    std::string why_not(const Policy& policy) const;

    /// Takes one event; safe to call from inside an observer or a port (it is queued then).
    void post(Event event);

    const engine::Engine& engine() const { return engine_; }
    Instant now() const { return ports_.clock.now(); }
    WallTime wall() const { return ports_.clock.wall(); }

    /// Asked to shut down, and nothing lives any more.
    bool finished() const { return engine_.finished(); }

    /// Sees every record as it is journaled, after it was written. Returns a key for unsubscribe(), which an
    /// observer must not call from inside itself.
    using Observer = std::function<void(const journal::Record&)>;
    std::uint64_t subscribe(Observer observer);
    void unsubscribe(std::uint64_t key);

  private:
    TargetIndex join(event::TargetJoined joined);
    std::optional<TargetMemory> take_memory(const std::string& target);
    bool is_taken_over(TargetIndex index, std::optional<TargetMemory>& memory);
    void end_leftovers();
    void take(const Event& event);
    void keep_rules(const Policy& policy);
    bool gather(const Event& event, const engine::Decisions& decisions, bool answer_was_awaited);
    void flush_probes();
    void keep_input(const Event& event);
    void keep(journal::Body body, TargetIndex target);
    void append(std::string target, std::string service, journal::Body body);
    void write(journal::Record record);
    struct Execute;
    void execute(const Command& command);
    void keep_evidence(const command::KeepEvidence& command);
    void follow_calendar(Instant now);
    struct Window {
        bool open = false;
        Instant change = never;  ///< when it opens or closes
    };
    Window window_now(const std::vector<MaintenanceWindow>& windows) const;
    void tell_window(ServiceIndex service, const Window& window);
    void open_windows(const Policy& coming);
    void forget_name(const std::string& name, TargetIndex target);
    void arm();

    Ports ports_;
    std::shared_ptr<const Policy> loaded_;
    engine::Engine engine_;
    bool begun_ = false;
    Memories memories_;
    std::vector<ProcessPort::Started> unrecorded_;  ///< lives that no record names, until they are somebody's
    std::deque<Event> queue_;
    bool taking_ = false;
    Instant at_{};  ///< the moment that the engine was told; records carry it, so that a replay decides the same
    journal::ProbePack probes_;  ///< with `record`: what changed nothing, kept back until something else is journaled
    WallTime probes_since_{};
    Instant armed_ = never;
    Instant calendar_at_ = never;
    std::vector<bool> in_maintenance_;
    std::map<std::uint64_t, Observer> observers_;
    std::uint64_t next_observer_ = 1;
};

}  // namespace keepwell::supervisor
