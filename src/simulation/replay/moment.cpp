// Two readings: where the moment is, then everything of its run until then.
#include "simulation/replay/moment.hpp"

#include <algorithm>
#include <utility>

#include "journal/reader.hpp"
#include "simulation/replay/recorded_rules.hpp"

namespace keepwell::simulation {
namespace {

/// Where in the journal the moment is.
struct Place {
    std::uint64_t run = 0;   ///< seq of the run's first record
    bool has_begin = false;  ///< which is in the journal
    Instant at{};
    WallTime time{};
    std::string target{};  ///< of the incident that is wanted
};

/// Notes the last record that is not later than what is wanted.
class Search {
  public:
    explicit Search(const MomentWanted& wanted) : wanted_{wanted} {}

    /// False: no more is needed.
    bool take(const journal::Record& record) {
        if (std::holds_alternative<journal::RunStarted>(record.body)) {
            run_ = record.seq;
            has_begin_ = !record.repeated;
            began_ = record.time;
        }
        if (record.repeated) return true;
        const auto time = wanted_.age ? began_ + *wanted_.age : wanted_.time;
        if (time) {
            ends_ = std::max(ends_, record.time);
            if (record.time > *time) {
                note_what_follows(record);
                return true;  // a clock that was set back: look on
            }
            found_ = Place{run_, has_begin_, record.at + (*time - record.time), *time};
            last_ = BetweenRuns{record.time, std::holds_alternative<journal::RunEnded>(record.body), {}};
            is_last_of_run_.reset();
            return true;
        }
        if (!wanted_.incident) {
            found_ = Place{run_, has_begin_, record.at, record.time};
            return true;
        }
        const auto* noted = std::get_if<journal::Noted>(&record.body);
        const auto* opened = noted ? std::get_if<fact::IncidentOpened>(&noted->fact.body) : nullptr;
        if (!opened || opened->incident != wanted_.incident) return true;
        found_ = Place{run_, has_begin_, record.at, record.time, record.target};
        return false;
    }

    const std::optional<Place>& found() const { return found_; }

    /// Where it is after the last record of its run, and another run follows.
    std::optional<BetweenRuns> between_runs() const {
        return is_last_of_run_.value_or(false) ? std::optional{last_} : std::nullopt;
    }

    /// When the journal ends, where that is before the time that is wanted.
    std::optional<WallTime> ends_before() const {
        return found_ && ends_ != WallTime{} && ends_ < found_->time ? std::optional{ends_} : std::nullopt;
    }

  private:
    void note_what_follows(const journal::Record& record) {
        if (!found_ || is_last_of_run_) return;
        is_last_of_run_ = std::holds_alternative<journal::RunStarted>(record.body);
        last_.next = record.time;
    }

    const MomentWanted& wanted_;
    std::uint64_t run_ = 0;
    bool has_begin_ = false;
    WallTime began_{};
    WallTime ends_{};
    std::optional<Place> found_;
    BetweenRuns last_;
    std::optional<bool> is_last_of_run_;  ///< the record before; known when one follows that is later
};

/// Follows one run until the moment.
class Rebuilding {
  public:
    Rebuilding(const Place& place, const KeptAnswers& answers) : place_{place}, answers_{answers} {}

    bool take(const journal::Record& record) {
        if (const auto* run = std::get_if<journal::RunStarted>(&record.body)) {
            if (record.seq > place_.run) return false;
            rules_.begin(*run);
        } else if (const auto* host = std::get_if<journal::HostRules>(&record.body)) {
            rules_.take(*host);
            if (!follower_) recorded_ = host->record;
        } else if (const auto* service = std::get_if<journal::ServiceRules>(&record.body)) {
            rules_.take(*service);
        } else if (record.seq > place_.run && record.at <= place_.at) {
            if (!follower_ && rules_.complete()) begin();
            if (follower_) follower_->take(rules_.reload(record).value_or(record));
        }
        return true;
    }

    std::unique_ptr<Follower> finish() {
        if (follower_) follower_->finish();
        return std::move(follower_);
    }

  private:
    void begin() {
        FollowerOptions options;
        options.run = place_.run;
        options.last_incident = rules_.run().last_incident;
        options.probes_are_kept = recorded_;
        options.answers = &answers_;
        follower_ = std::make_unique<Follower>(rules_.policy(), options);
        follower_->stop_at(place_.at);
    }

    const Place& place_;
    const KeptAnswers& answers_;
    RecordedRules rules_;
    bool recorded_ = false;
    std::unique_ptr<Follower> follower_;
};

}  // namespace

tl::expected<PastMoment, std::string> moment_of(const std::string& folder, const MomentWanted& wanted,
                                                const KeptAnswers& answers) {
    Search search{wanted};
    journal::read(folder, {}, [&search](const journal::Record& record) { return search.take(record); }, {});
    const auto& place = search.found();
    if (!place) {
        if (wanted.incident) {
            return tl::make_unexpected("the journal has no incident " + std::to_string(*wanted.incident));
        }
        const bool any = !wanted.time && !wanted.age;
        return tl::make_unexpected(std::string{any ? "the journal is empty" : "the journal begins later"});
    }
    if (!place->has_begin) {
        return tl::make_unexpected(
            std::string{"the beginning of that run is no longer in the journal, and the state of its timers with it"});
    }
    Rebuilding rebuilding{*place, answers};
    journal::read(folder, {}, [&rebuilding](const journal::Record& record) { return rebuilding.take(record); }, {});
    PastMoment moment{rebuilding.finish(), place->at, place->time, search.ends_before(), search.between_runs(),
                      place->target,       0};
    if (!moment.follower) return tl::make_unexpected(std::string{"the rules of that run are not in the journal"});
    moment.assumed = moment.follower->assumed();
    return moment;
}

}  // namespace keepwell::simulation
