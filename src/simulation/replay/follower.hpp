// Follows one recorded run with an engine of today: feeds it what happened, when it happened, and holds what it decides
// against what was decided then. Where probes were not kept it fills in those that must have passed.
// May know: journal, engine, model.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "journal/record.hpp"
#include "keepwell/engine/engine.hpp"
#include "simulation/replay/kept_answers.hpp"
#include "simulation/replay/recorded_world.hpp"

namespace keepwell::simulation {

/// The first decision that today's engine takes otherwise.
struct Difference {
    std::uint64_t seq = 0;  ///< of the record, or of the one after which something is missing
    WallTime time{};
    std::string target;    ///< empty: the host
    std::string expected;  ///< what was recorded, as JSON; empty: nothing
    std::string actual;    ///< what is decided today, as JSON; empty: nothing
    std::string cause;     ///< the event that led to it: "input.exited of api (record 17)"
    bool certain = true;   ///< false: something that was not kept may explain it
};

struct FollowerOptions {
    std::uint64_t run = 0;                 ///< seq of the run's first record
    IncidentId last_incident = 0;          ///< before the run
    bool probes_are_kept = false;          ///< the run was recorded with `record: true`
    bool lines_are_known = true;           ///< the policy is the recorded one, its lines included
    const KeptAnswers* answers = nullptr;  ///< where probes were not kept
    WorldRecorder* recorder = nullptr;     ///< sees what the engine is fed and asks for
};

class Follower {
  public:
    Follower(Policy policy, FollowerOptions options);

    /// The next record of the run.
    void take(const journal::Record& record);
    /// Nothing more comes: what was decided last may not be in the records, but when the run ended in order.
    void finish();
    /// Only until then, the record's own clock: what a `probes` record says of later is left out.
    void stop_at(Instant at) { stop_at_ = at; }

    const engine::Engine& engine() const { return engine_; }
    const std::optional<Difference>& difference() const { return difference_; }
    // Until the difference, where there is one:
    std::uint64_t events() const { return events_; }
    std::uint64_t probes() const { return probes_; }
    std::uint64_t decisions() const { return decisions_; }
    /// Probes that were not kept and are taken to have passed.
    std::uint64_t assumed() const { return assumed_; }
    /// Records that could not be fed: they are about what the policy does not have.
    std::uint64_t strangers() const { return strangers_; }

  private:
    using Decided = std::variant<Fact, Command>;

    void take_input(const journal::Record& record, const journal::Input& input);
    void take_probes(const journal::Record& record, const journal::Probes& probes);
    void take_decision(const journal::Record& record);
    void compare(const journal::Record& record, Decided decided);
    void begin_group(const journal::Record& record, std::string cause);
    void finish_group();
    void leave_group();
    void handle(const Event& event, Instant at);
    std::uint64_t asked_in_group() const;
    const Decided* front();

    bool place(const journal::Record& record, Event& event) const;
    std::optional<TargetIndex> find_target(const std::string& name) const;
    std::optional<ServiceIndex> find_service(const std::string& name) const;
    void set_id(Event& event, Instant at);

    void fill_until(Instant at, Duration patience);
    void answer_open_probes(Instant until);
    bool must_have_passed(TargetIndex target, Instant asked, Instant until) const;
    bool only_probes_are_due(Instant at) const;

    journal::Record comparable(journal::Record record) const;
    journal::Record record_of(const journal::Record& like, Decided decided) const;
    void differ(const journal::Record& record, std::string target, std::string expected, std::string actual);

    engine::Engine engine_;
    FollowerOptions options_;
    Instant stop_at_ = never;
    std::deque<Decided> group_;  ///< decided today, and not met in the records yet
    Instant group_at_ = Instant::min();
    bool in_group_ = false;
    journal::Record last_;  ///< the last record that was fed, without its body
    std::string cause_;
    std::map<CommandId, CommandId> ids_;   ///< recorded -> today's
    bool guessed_ = false;                 ///< what was not kept may have led to what follows
    CommandId last_id_ = 0;                ///< today's
    std::map<TargetIndex, Instant> open_;  ///< probes that were asked for and not answered yet
    std::optional<Difference> difference_;
    std::uint64_t events_ = 0;
    std::uint64_t probes_ = 0;
    std::uint64_t decisions_ = 0;
    std::uint64_t assumed_ = 0;
    std::uint64_t strangers_ = 0;
};

}  // namespace keepwell::simulation
