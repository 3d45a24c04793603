// What became of a past full of faults: how available targets were, how long it took to notice and to heal, what was
// done for it and what was held back. It is read off the records as they are made, beside the faults that were drawn.
// May know: house, player, chaos.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/model/spec.hpp"
#include "simulation/chaos/chaos.hpp"

namespace keepwell::simulation {

/// Some lengths of time; of none, all of these are zero.
struct Lengths {
    std::vector<Duration> all;  ///< sorted

    /// The smallest that is not exceeded by so many of 100.
    Duration percentile(std::uint32_t percent) const;
};

struct TargetOutcome {
    std::string name;
    bool asked = true;    ///< something looks at its health; else a hang of it is never noticed
    Duration watched{0};  ///< since it was first well; all the time if it never was
    Duration down{0};     ///< of that: from each fault, or from the first sign, until it was seen well again
    std::uint32_t faults = 0;
    std::uint32_t hangs = 0;  ///< of these
    std::uint32_t quarantines = 0;

    /// Of 100,000.
    std::int64_t availability() const;
};

/// What of a lot is meant for the targets of one policy, whatever else was drawn beside it.
struct DrawnFaults {
    std::uint32_t crashes = 0;
    std::uint32_t hangs = 0;
    std::uint32_t outages = 0;          ///< of the host, whomever they hit
    std::uint32_t engine_restarts = 0;  ///< of the host
    std::uint32_t slow_starts = 0;      ///< of the starts that came about, where something asks
};

struct ChaosOutcome {
    Duration played{0};
    DrawnFaults drawn;
    std::vector<TargetOutcome> targets;
    std::uint32_t noticed = 0;                      ///< faults that keepwell has seen
    std::uint32_t unnoticed = 0;                    ///< that passed unseen, or are unseen still
    std::uint32_t in_vain = 0;                      ///< that hit a target that was not well anyway
    std::uint32_t unhealed = 0;                     ///< noticed ones that last at the end
    Lengths to_notice;                              ///< from the fault to its first sign
    Lengths to_heal;                                ///< from the fault until the target was seen well again
    std::map<std::string, std::uint32_t> remedies;  ///< "restart (step 1)", "restart, because it ended by itself"
    std::map<Hold, std::uint32_t> holds;            ///< how often a remedy was held back, and why
    std::uint32_t storms = 0;
    std::uint32_t quarantines = 0;
    std::uint32_t stopped = 0;  ///< targets that a `stop` rung has stopped, at the end

    /// Of all targets together, of 100,000.
    std::int64_t availability() const;
};

/// Follows the records of one run.
class OutcomeReader {
  public:
    OutcomeReader(const Policy& policy, const Lot& lot);

    void take(const journal::Record& record);
    ChaosOutcome finish(Instant end);

  private:
    struct Struck {
        Instant at{};
        Instant ends = never;  ///< by itself
        bool hidden = false;   ///< a hang where nothing asks: it ends unnoticed with its instance
        bool noticed = false;
    };
    struct Target {
        bool checked = false;
        bool began = false;  ///< has run once
        Phase phase = Phase::waiting;
        Health health = Health::none;
        bool fell = false;     ///< was not well within this moment
        bool touched = false;  ///< something of it was told in this moment
        std::optional<Instant> first_well;
        std::optional<Instant> down_since;
        std::optional<Struck> struck;
        std::map<Remedy, std::size_t> starts;  ///< how often it was begun anew so

        bool well() const;
    };

    Target* find(const std::string& name);
    void count_drawn();
    void count_start(std::size_t index, std::size_t start);
    void strike_until(Instant at);
    void strike(const Fault& fault);
    void pass(Target& target, TargetOutcome& outcome, Instant at);
    void look();
    void look_at(std::size_t index);
    void fall(Target& target, TargetOutcome& outcome);
    void rise(Target& target, TargetOutcome& outcome);
    void note(const journal::Record& record, const Fact& fact);
    void end(std::size_t index, Instant at);

    const Lot& lot_;
    std::size_t next_fault_ = 0;
    std::unordered_map<std::string, std::size_t> index_;
    std::vector<Target> targets_;
    std::vector<std::size_t> touched_;
    Instant now_{};
    ChaosOutcome outcome_;
};

/// Plays these faults against a policy.
ChaosOutcome outcome_of(const Policy& policy, const Lot& lot, Duration length);

}  // namespace keepwell::simulation
