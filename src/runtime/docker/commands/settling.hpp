// Takes a replacement to its end, one way or the other, from wherever it is: looks at what is there, takes the one step
// that comes next (situation.hpp), looks again. Also what a replacement that failed is undone with, and how a dependant
// is made anew.
// May know: workplace, situation, deeds, dependant_restarts, replica. Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/docker/commands/creation.hpp"
#include "runtime/docker/commands/deeds.hpp"
#include "runtime/docker/commands/dependant_restarts.hpp"
#include "runtime/docker/commands/situation.hpp"
#include "runtime/docker/commands/workplace.hpp"

namespace keepwell::runtime::docker {

class Settling final : public Operation {
  public:
    struct Wanted {
        Goal goal = Goal::commit;
        std::string name;      ///< of the container, without marks
        std::string older_id;  ///< as far as they are known
        std::string newer_id;
        Duration grace{0};
        bool was_up = true;                  ///< the old one ran when it began
        const TargetSpec* target = nullptr;  ///< null: nobody's target
        EngineTime renewed_since{};          ///< renew: one that ended after this ended because of what it depends on
        std::vector<std::string> above{};    ///< renew: ids of those whose dependant it is, and theirs
    };
    struct Result {
        Look older;  ///< as they are now; not existing where there is none
        Look newer;
        std::string failure;  ///< not empty: something is left over or could not be had, and is named
    };

    Settling(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell);
    ~Settling() override;

    /// Once.
    void begin(std::function<void(Result)> done);
    void give_up() override;

  private:
    using Next = std::function<void(std::string failure)>;

    void look_around();
    void looked(const std::vector<Look>& looks);
    void compare_aliases(std::function<void()> then);
    void look_for_a_stop(std::function<void()> then);
    void find_endpoints(const std::function<void(std::vector<Connection>)>& then);
    void decide();
    void take(const Step& step);
    void taken(const Step& step, const std::string& failure);
    void create(const Next& next);
    void attach(const Next& next);
    void attach(std::vector<Connection> left, const Next& next);
    void verify_attached(const Next& next);
    void drain(const Next& next);
    void dependants(const Next& next);
    void look_after(std::vector<Dependant> left, const Next& next);
    void look_after(const Dependant& dependant, const Next& next);
    void restart_dependant(const Dependant& dependant, const Next& next);
    void renew_dependant(const Dependant& dependant, const Next& next);
    void finish();

    Workplace& place_;
    const Wanted wanted_;
    const std::function<void(const std::string&)> tell_;
    std::function<void(Result)> done_;
    Situation now_;
    Progress progress_;
    std::vector<Connection> endpoints_;  ///< that the new one should have
    bool endpoints_known_ = false;
    bool looked_for_a_stop_ = false;
    Timer draining_;
    Next drained_;  ///< empty: it does not drain
    std::unique_ptr<Stopping> stopping_;
    std::unique_ptr<EntryReader> entry_;
    std::unique_ptr<Settling> inner_;
    std::unique_ptr<DependantRestarts> restarts_;
    struct Failure {
        Step step;
        std::string text;
    };
    void fail(std::string text) { failures_.push_back({{}, std::move(text)}); }

    Goal goal_;
    std::vector<Failure> failures_;
    bool given_up_ = false;
};

/// The command: finds out what the container is called, and settles.
class SettleOperation final : public Operation {
  public:
    struct Wanted {
        bool commit = false;
        std::string ask;       ///< id or name of one of them
        std::string fallback;  ///< what the policy calls it, where there is none of that id
        std::string older_id;  ///< as far as they are known
        std::string newer_id;
        Duration grace{0};
        const TargetSpec* target = nullptr;
    };
    SettleOperation(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell);
    /// Once.
    void begin(std::function<void(Settling::Result)> done);
    void give_up() override;

  private:
    void find_name(const std::string& container, const std::function<void(std::string)>& then);
    void settle(const std::string& name, std::function<void(Settling::Result)> done);

    Workplace& place_;
    const Wanted wanted_;
    const std::function<void(const std::string&)> tell_;
    std::unique_ptr<Settling> settling_;
    bool given_up_ = false;
};

}  // namespace keepwell::runtime::docker
