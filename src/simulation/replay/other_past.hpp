// Plays a recorded world to an engine with another policy. As long as that engine asks for the same at the same
// moments, everything happens exactly as it was recorded; from then on the record can only be stretched:
//   - each life of a target goes as it went in the record at the same age: the same answers, the same end;
//   - of what the record does not have (a life that keepwell ended there goes on, one more life begins), the last
//     answer of that life stays, a life without any answer is well, and nothing ends by itself;
//   - what is asked for takes as long, and ends, as it did the same time in the record, else at once and well;
//   - what came from outside comes at its own time: people, the calendar, the container engine;
//   - the other policy is followed all the time, also where the recorded one was changed by a reload; but a target that
//     such a reload brought is there from then on, because the record can not say what it would have done before.
// May know: supervisor's words, journal, engine, model.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "keepwell/engine/engine.hpp"
#include "simulation/replay/recorded_world.hpp"

namespace keepwell::simulation {

class OtherPast {
  public:
    using Observer = std::function<void(const Fact& fact, Instant at)>;

    OtherPast(const RecordedWorld& world, Policy policy, IncidentId last_incident, Observer observer);

    /// From the recorded beginning to the recorded end.
    void play();

    const engine::Engine& engine() const { return engine_; }

  private:
    /// How far the record of one target has been used up, and the life that it lives now.
    struct Place {
        const RecordedTarget* record = nullptr;
        std::size_t starts = 0;
        std::size_t stops = 0;
        std::size_t hooks = 0;
        std::size_t replaces = 0;
        std::size_t settles = 0;
        std::size_t life = 0;      ///< of the record; of one that is not there: past its end
        Duration shift{0};         ///< how much later it began than in the record
        std::uint64_t number = 0;  ///< counts lives up: what was to happen to an earlier one does not
        CommandId probe = 0;       ///< that is under way
    };

    struct Outside;
    struct Execute;

    void give(const Event& event);
    void at(Instant when, std::function<void()> what);
    void bring(const OutsideEvent& outside);
    Instant awake_at(Instant due) const;
    Place& place(TargetIndex target);
    const RecordedLife* life(const Place& place) const;
    void begin_life(TargetIndex target, std::size_t number, const Instance& instance);
    void end_life(Place& place) { ++place.number; }
    void answer(const command::RunProbe& probe);
    Instance made_up(TargetIndex target);
    std::optional<TargetIndex> find_target(const std::string& name) const;
    std::optional<ServiceIndex> find_service(const std::string& name) const;

    const RecordedWorld& world_;
    const Policy policy_;  ///< whole; the engine has of it what was there by now
    engine::Engine engine_;
    Observer observer_;
    std::map<TargetIndex, Place> places_;
    std::multimap<Instant, std::function<void()>> due_;
    Instant now_{};
    std::uint64_t made_up_ = 0;
};

}  // namespace keepwell::simulation
