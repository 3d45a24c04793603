// Replays a journal: does today's engine take every recorded decision again, and what would another policy have done?
// May know: journal, engine, model. It reads no file and no clock: whoever reads the journal hands over its records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/record.hpp"
#include "simulation/replay/follower.hpp"
#include "simulation/replay/kept_answers.hpp"
#include "simulation/replay/recorded_rules.hpp"
#include "simulation/replay/recorded_world.hpp"
#include "simulation/replay/what_if.hpp"

namespace keepwell::simulation {

/// From here on the run followed another policy.
struct RecordedReload {
    std::uint64_t seq = 0;
    WallTime time{};
    std::string policy_version;
    Mode mode = Mode::enforce;
    std::vector<std::string> files;
};

/// One run of keepwell, and how far it could be verified.
struct RunReport {
    std::uint64_t first_seq = 0;
    WallTime began{};
    journal::RunStarted run;
    std::vector<RecordedReload> reloads;  ///< that changed the policy, as far as the run could be followed
    bool probes_are_kept = false;
    std::uint64_t records = 0;
    std::uint64_t events = 0;     ///< that the engine was given
    std::uint64_t probes = 0;     ///< answers among them
    std::uint64_t decisions = 0;  ///< that were compared
    std::uint64_t assumed = 0;    ///< probes that were not kept, and are taken to have passed
    std::uint64_t strangers = 0;  ///< records about what the policy does not have
    std::uint64_t last_seq = 0;
    std::uint64_t verified_to = 0;  ///< from the first record to this one all was decided again; 0: nothing was
    WallTime verified_until{};
    std::string not_verified;  ///< why the run, or the rest of it, is not verified; empty: all of it is
    std::optional<Difference> difference;
    std::optional<Comparison> comparison;  ///< with another policy, where it was asked for
    Instant began_at{};

    /// The wall clock's time of a moment in this run.
    WallTime wall(Instant at) const;
    /// Today's engine decides otherwise.
    bool differs() const { return difference && difference->certain; }
    /// From the difference on it can not be told: what was not kept may explain it.
    bool in_doubt() const { return difference && !difference->certain; }
};

class Replay {
  public:
    /// `answers` has read the whole journal. With a policy, each run is compared with what it would have done; it also
    /// serves for runs of its version that have no rules of their own.
    Replay(const KeptAnswers& answers, const Policy* policy) : answers_{answers}, policy_{policy} {}

    /// The next record, in the order of `seq`.
    void take(const journal::Record& record);
    /// Nothing more comes.
    std::vector<RunReport> finish();

  private:
    void begin_run(const journal::Record& record, const journal::RunStarted& run);
    void follow(const journal::Record& record);
    void note_reload(const journal::Record& record);
    bool is_policy_of(const RunReport& report) const;
    void end_run();
    void begin_following();
    void not_verified(std::string why);

    const KeptAnswers& answers_;
    const Policy* policy_;
    RecordedRules rules_;
    std::unique_ptr<Follower> follower_;
    WorldRecorder recorder_;
    std::vector<Deed> deeds_;         ///< recorded ones
    std::vector<std::string> files_;  ///< of the policy that the run follows now
    std::vector<RunReport> runs_;
    std::uint64_t last_seq_ = 0;
};

}  // namespace keepwell::simulation
