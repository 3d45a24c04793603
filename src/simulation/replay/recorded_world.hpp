// What a recorded run says of the world: how each target lived, what it answered, how long what was asked for took,
// and what came from outside. What keepwell decided is not in it.
// May know: journal, engine, model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/engine/engine.hpp"
#include "keepwell/model/command.hpp"
#include "keepwell/model/event.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::simulation {

/// 0 for a command that nothing completes.
CommandId id_of(const Command& command);

/// One answer to a probe.
struct RecordedAnswer {
    Instant asked{};
    Instant answered{};
    Outcome outcome = Outcome::passed;
    int exit_code = 0;
    std::string output;
};

/// One life of a target, from its beginning to the next one's. A container that comes back when its replacement has
/// failed begins another one, though it may have lived on meanwhile.
struct RecordedLife {
    Instance instance;  ///< empty: the target was not started (dry-run), or has not lived yet
    Instant began{};
    std::vector<RecordedAnswer> answers;              ///< in the order of `asked`
    std::vector<std::pair<Instant, Event>> happened;  ///< what the container engine told of it
    std::optional<std::pair<Instant, event::Exited>> exit;
    bool ended_by_keepwell = false;
};

/// How long something that was asked for took, and how it ended. Ids and indices are of the record.
template <typename Finished>
struct RecordedEnd {
    Duration took{0};
    Finished finished;
    std::size_t life = 0;  ///< that began with it; 0: none did
};

struct RecordedTarget {
    Instant since = Instant::min();                   ///< when a reload brought it; else it was there from the start
    std::vector<RecordedLife> lives{RecordedLife{}};  ///< the first one is what was there before
    std::vector<RecordedEnd<event::StartFinished>> starts;
    std::vector<RecordedEnd<event::StopFinished>> stops;
    std::vector<RecordedEnd<event::HookFinished>> hooks;
    std::vector<RecordedEnd<event::ReplaceFinished>> replaces;
    std::vector<RecordedEnd<event::SettleFinished>> settles;
};

/// Something that came from outside: a person, the calendar, the container engine, keepwell's own begin and end.
struct OutsideEvent {
    Instant at{};
    std::string target;
    std::string service;
    Event event;
    std::size_t life = 0;  ///< of the target, that begins with it; 0: none does
};

struct RecordedWorld {
    std::map<std::string, RecordedTarget, std::less<>> targets;
    std::vector<OutsideEvent> outside;
    std::vector<Instant> moments;  ///< at which keepwell was awake, ascending
    Instant end{};
};

/// Gathers a RecordedWorld from what a Follower feeds to its engine.
class WorldRecorder {
  public:
    /// `event` is about to be handled by `engine`.
    void happens(const Event& event, Instant at, const engine::Engine& engine);
    /// `command` was asked for.
    void asked(const Command& command, Instant at, const engine::Engine& engine);

    /// Nothing more comes; every target of `policy` was there.
    RecordedWorld take(const Policy& policy);

  private:
    struct Sort;
    void know(const Policy& policy, Instant since);
    template <typename Finished>
    std::optional<Duration> took(const Finished& finished, Instant at);
    RecordedTarget& of(TargetIndex target, const engine::Engine& engine);
    static std::size_t life_of(RecordedTarget& target, const Instance& instance, Instant at);
    static std::size_t begin_life(RecordedTarget& target, const Instance& instance, Instant at);

    RecordedWorld world_;
    std::map<CommandId, Instant> asked_;
    std::map<std::string, bool, std::less<>> stopping_;
};

}  // namespace keepwell::simulation
