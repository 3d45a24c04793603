// The records of a run as lanes of a time line: how each target looked when, what its probes said, what was done for it
// and what was held back. svg.hpp draws them.
// May know: journal's records.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.hpp"

namespace keepwell::simulation {

/// How a target looks: its phase, and while it runs its health.
enum class Shade : std::uint8_t {
    waiting,
    starting,
    running,   ///< and nothing is known of its health
    unproven,  ///< runs, and its probes have not said anything yet
    healthy,
    unhealthy,
    unknown,
    stopping,
    backoff,
    stopped,
    completed,
};
std::string_view to_string(Shade shade);

/// A target looks so for a while.
struct Stretch {
    Instant from{};
    Instant to{};
    Shade shade = Shade::waiting;
};

/// A remedy is held back for a while.
struct HeldStretch {
    Instant from{};
    Instant to{};
    std::string what;  ///< "restart is held back: dependency (redis)"
};

struct ProbeTick {
    Instant at{};
    Outcome outcome = Outcome::passed;
    std::string output;
};

/// Something that happens at a moment.
struct Mark {
    enum class Kind : std::uint8_t { remedy, failure, alert, person, engine };
    Instant at{};
    Kind kind = Kind::remedy;
    std::string label;  ///< one or two words
    std::string what;   ///< all of it
};

struct Lane {
    std::string name;  ///< empty: the host
    std::vector<Stretch> stretches;
    std::vector<HeldStretch> holds;
    std::vector<ProbeTick> probes;
    std::vector<Mark> marks;
};

/// Sorts records into lanes as they come.
class LaneReader {
  public:
    explicit LaneReader(std::vector<std::string> targets);
    ~LaneReader();
    LaneReader(const LaneReader&) = delete;
    LaneReader& operator=(const LaneReader&) = delete;

    void take(const journal::Record& record);
    /// One lane for each of the targets, in their order, and before them one for the host if anything was marked there.
    /// Probes that passed are there if they were recorded.
    std::vector<Lane> finish(Instant end);

  private:
    class Followers;
    std::unique_ptr<Followers> followers_;
};

}  // namespace keepwell::simulation
