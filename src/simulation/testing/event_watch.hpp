// Watches whether the events of a story happen: an event whose moment never comes is silent otherwise.
// May know: cue, test_file's moments of events.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulation/script/test_file.hpp"
#include "simulation/world/cue.hpp"

namespace keepwell::simulation {

class EventWatch {
  public:
    /// An event that did not happen, and why.
    struct Missed {
        policy::Position at;
        std::string why;
    };

    /// The events must outlive it.
    explicit EventWatch(const std::vector<EventMoment>& events);

    /// Every record of a run must be shown, in order.
    void see(const journal::Record& record);

    std::vector<Missed> missed(Instant end) const;

  private:
    struct Watched {
        const EventMoment& event;
        Cue cue;
        std::optional<Instant> at;  ///< when it happens, once that is known
    };
    std::vector<Watched> all_;
};

}  // namespace keepwell::simulation
