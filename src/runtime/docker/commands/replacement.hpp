// Puts a new container in the place of another: the forward way, which is taken once. Whatever fails on it is undone by
// Settling, as after a crash; so is the rest of the way, when the new one has proven itself (docs/replace.md).
// May know: workplace, settling, creation, replica.
// Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keepwell/model/command.hpp"
#include "runtime/docker/commands/creation.hpp"
#include "runtime/docker/commands/settling.hpp"
#include "runtime/docker/commands/steps.hpp"
#include "runtime/docker/commands/workplace.hpp"

namespace keepwell::runtime::docker {

class Replacing final : public Operation {
  public:
    struct Wanted {
        const TargetSpec* target = nullptr;
        std::string container;  ///< id or name of the old one
        Duration grace{0};
        ReplaceOrder order = ReplaceOrder::automatic;
        command::MadeFrom made_from = command::MadeFrom::itself;
    };
    struct Result {
        Look newer;     ///< not existing: it could not be made
        Look survivor;  ///< then: what is there in its place, running or not
        std::string failure;
    };

    Replacing(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell);

    /// Once.
    void begin(std::function<void(Result)> done);
    void give_up() override;

  private:
    using Next = Steps::Next;

    bool is_from_entry() const { return wanted_.made_from == command::MadeFrom::entry; }
    void looked(Look look);
    void refuse(const std::string& failure);

    // What is to be made.
    void gather_previous();
    void gather(const Look& model);
    void gathered(ReplicaSource source);
    void read_entry(const std::vector<CarriedVolume>& volumes);
    void choose_order();
    void chose(const std::string& against);

    // The steps.
    void plan_first();
    void plan_name();
    void plan_stop_first();
    void plan_start_first();
    void add(std::string name, std::function<void(Next)> work);
    void create(const Next& next);
    void compare(const Look& made, const Next& next);
    void stop(const Next& next);
    void start(const Next& next);

    // The end.
    void finish(const std::string& failure);
    void undo(const std::string& failure);
    void undone(const Settling::Result& result, std::string failure);
    void make_again(std::string failure);
    void end(Look newer, Look survivor, std::string failure);

    Workplace& place_;
    const Wanted wanted_;
    const std::function<void(const std::string&)> tell_;
    std::function<void(Result)> done_;
    std::string name_;
    Look older_;
    Look newer_;
    ReplicaSource source_;
    Replica replica_;
    NewContainer to_make_;
    bool start_first_ = false;
    Steps steps_;
    std::unique_ptr<EntryReader> entry_;
    std::unique_ptr<Stopping> stopping_;
    std::unique_ptr<Settling> undoing_;
};

}  // namespace keepwell::runtime::docker
