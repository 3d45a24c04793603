// The commands for one container that are not a replacement: start, stop, restart, discard, and what is kept as
// evidence. Each ends exactly once, by what inspect says.
// May know: workplace, deeds, dependant_restarts, creation, settling and replacement (for what is made anew by a
// start). Threads: the loop only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keepwell/model/names.hpp"
#include "runtime/docker/commands/deeds.hpp"
#include "runtime/docker/commands/dependant_restarts.hpp"
#include "runtime/docker/commands/replacement.hpp"
#include "runtime/docker/commands/settling.hpp"
#include "runtime/docker/commands/workplace.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime::docker {

/// Starts the target's container. One that keepwell owns is made where there is none, and made anew where the one that
/// is there is dead and of an entry that has changed.
class StartOperation final : public Operation {
  public:
    /// `container`: id or name; empty: nothing is known but the target.
    StartOperation(Workplace& place, const TargetSpec& target, std::string container,
                   std::function<void(const std::string&)> tell);
    /// Once.
    void begin(Done done);
    void give_up() override;

  private:
    void looked(const Look& look);
    void look_at(const std::string& container);
    void look_by_labels();
    void clear_away(const std::string& name);
    void start(const Look& before);
    void make(const std::string& in_place_of);
    void replaced(const Replacing::Result& result);
    void started(const Look& before, Look look, const std::string& failure);
    void end(Look look, const std::string& failure);

    Workplace& place_;
    const TargetSpec& target_;
    const std::string container_;
    const std::function<void(const std::string&)> tell_;
    Done done_;
    std::unique_ptr<Replacing> replacing_;
    std::unique_ptr<Settling> settling_;
    std::unique_ptr<DependantRestarts> dependants_;
    bool given_up_ = false;
    bool cleared_ = false;  ///< what an earlier start had left
};

/// Stops a container. A second stop joins it, and hurries it where that has less grace.
class StopOperation final : public Operation {
  public:
    StopOperation(Workplace& place, CommandId id, std::string container, Duration grace)
        : container_(container), ids_{id}, stopping_(place.loop, place.asker, std::move(container), grace) {}

    /// Once.
    void begin(Done done) { stopping_.begin(std::move(done)); }
    /// Also before begin().
    void join(CommandId id, Duration grace) {
        ids_.push_back(id);
        stopping_.hurry(grace);
    }

    const std::string& container() const { return container_; }
    /// The commands that it completes, the first one first.
    const std::vector<CommandId>& ids() const { return ids_; }

  private:
    const std::string container_;
    std::vector<CommandId> ids_;
    Stopping stopping_;
};

/// Restarts this life of a container, and then what shares a namespace with it and is nobody's target. Where this life
/// is over and another one runs already, somebody else has restarted it, and that is that.
class RestartOperation final : public Operation {
  public:
    RestartOperation(Workplace& place, Instance life, Duration grace, std::function<void(const std::string&)> tell);
    /// Once.
    void begin(Done done);

  private:
    void restarted(Look look, const std::string& failure);

    Workplace& place_;
    const Instance life_;
    const Duration grace_;
    const std::function<void(const std::string&)> tell_;
    Done done_;
    std::unique_ptr<DependantRestarts> dependants_;
};

/// Stops and removes a container of ours, with those of its volumes that have no name.
class DiscardOperation final : public Operation {
  public:
    DiscardOperation(Workplace& place, std::string id, Duration grace)
        : place_(place), id_(id), stopping_(place.loop, place.asker, std::move(id), grace) {}
    /// Once.
    void begin(std::function<void(std::string failure)> done);

  private:
    Workplace& place_;
    const std::string id_;
    Stopping stopping_;
};

/// The end of a container's log, and inspect's JSON, as far as they can be had within a second.
class EvidenceOperation {
  public:
    using Evidence = supervisor::ContainerPort::Evidence;

    EvidenceOperation(Loop& loop, EngineApi& engine, std::string id, std::size_t bytes);
    ~EvidenceOperation();
    /// `done` is called once, within the second; it may destroy this.
    void begin(std::function<void(Evidence)> done);

  private:
    class Tail;
    void finish_if_whole();
    void finish();

    Loop& loop_;
    EngineApi& engine_;
    const std::string id_;
    Timer patience_;
    std::unique_ptr<Tail> tail_;
    std::unique_ptr<EngineApi::Stream> stream_;
    std::string inspect_;
    bool has_inspect_ = false;
    bool has_log_ = false;
    std::function<void(Evidence)> done_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keepwell::runtime::docker
