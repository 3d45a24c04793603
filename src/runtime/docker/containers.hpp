// The real end of the ContainerPort: the client, the one that watches and the one that knows whose container is whose,
// wired together, and one command after the other for each target.
// It decides nothing: what is to be done is the engine's, how it is done the operations'.
// May know: the ports, and this folder. Threads: the loop only.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/commands/asking.hpp"
#include "runtime/docker/commands/neighbours.hpp"
#include "runtime/docker/commands/operations.hpp"
#include "runtime/docker/commands/replacement.hpp"
#include "runtime/docker/commands/workplace.hpp"
#include "runtime/docker/watch/bindings.hpp"
#include "runtime/docker/watch/watcher.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime::docker {

/// A command that is asked for while another one for the same target is under way has it give up, and begins when that
/// has ended: both complete. A second stop hurries the first instead. While the container engine is away everything
/// waits, and goes on with a look at what is there.
class Containers final : public supervisor::ContainerPort {
  public:
    struct Options {
        Watcher::Options watcher;
        Asker::Options asker;
        Bindings::Options bindings;                ///< engine_now and refresh are set here
        Duration drain = std::chrono::seconds{2};  ///< Workplace::drain
        std::string predecessors;  ///< the folder for what updates replace; empty: it is kept in memory only
    };

    Containers(Loop& loop, EngineAddress address, supervisor::EventSink sink, Options options);
    /// Leaves everything as it is at the moment; nobody is told any more.
    ~Containers() override;
    Containers(const Containers&) = delete;
    Containers& operator=(const Containers&) = delete;

    void watch(Watch watch) override;
    void start(CommandId id, TargetIndex index, const TargetSpec& target) override;
    void stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
              Duration grace) override;
    void restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                 Duration grace) override;
    void replace(const command::Replace& command, const TargetSpec& target) override;
    void settle(const command::Settle& command, const TargetSpec& target) override;
    void discard(CommandId id, const Instance& instance, Duration grace) override;
    void look(TargetIndex index) override;
    void release(TargetIndex index) override;
    void evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                  std::function<void(Evidence)> done) override;

    // What the probes of containers need as well.
    EngineApi& engine() { return api_; }
    Watcher& watcher() { return watcher_; }
    Bindings& bindings() { return bindings_; }

  private:
    using Begin = std::function<std::shared_ptr<Operation>()>;
    /// The commands of one target.
    struct Line {
        std::shared_ptr<Operation> running;
        Begin begun;  ///< has made it, and holds what it works from: the policy may change meanwhile
        std::deque<Begin> waiting;
        bool called = false;                  ///< begin_next() is on its way
        std::shared_ptr<StopOperation> stop;  ///< the last one that is asked for and has not ended
    };

    Bindings::Options wire(Bindings::Options options);
    Watcher::Listener listener();
    void found(const std::string& detail);
    void begin_watching();
    void queue(TargetIndex index, Begin begin);
    void call_next(TargetIndex index);
    void begin_next(TargetIndex index);
    void retire(TargetIndex index);
    std::function<void(const std::string&)> teller(TargetIndex index);
    void stopped(TargetIndex index, StopOperation& stop, const Look& look, const std::string& survivors);
    void replaced(const command::Replace& command, const Replacing::Result& result);
    void settled(const command::Settle& command, const Settling::Result& result);
    /// `lives`: the completion says, or leaves it said, that the look's container lives.
    void conclude(TargetIndex index, Event completion, const Look& look, bool lives);
    Seen seen_of(const Look& look) const;

    Loop& loop_;
    const supervisor::EventSink sink_;
    const bool labels_;  ///< containers may join by their labels alone
    EngineApi api_;
    Bindings bindings_;
    Watcher watcher_;
    Asker asker_;
    Neighbours neighbours_;
    Successions successions_;
    Predecessors predecessors_;
    Workplace place_;
    std::list<std::unique_ptr<EvidenceOperation>> evidence_;
    std::map<CommandId, std::unique_ptr<DiscardOperation>> discards_;
    std::map<TargetIndex, Line> lines_;
    bool watching_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keepwell::runtime::docker
