// The ProbePort of a made-up world: targets answer by their time lines, on virtual time. It passes the same contract
// suite as the real ends (tests/runtime/probe/contract_test.cpp), which is why what is tried here can be trusted.
// May know: the ports, loop, script.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simulation/script/script.hpp"
#include "simulation/world/loop.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::simulation {

class Probes final : public supervisor::ProbePort {
  public:
    Probes(Loop& loop, supervisor::EventSink sink);

    /// How the target with this name answers from now on. Without a time line a target passes.
    void answers(const std::string& target, Timeline timeline);

    /// Until then it answers so, and its time line waits.
    void suffers(const std::string& target, Answer answer, Instant until);

    /// The next answer of that target, taken as if it had been asked: what a container engine's own health check sees.
    const Answer& take(const std::string& target);

    /// How often keepwell has asked this target.
    std::uint32_t asked(const std::string& target) const;
    std::size_t under_way() const { return asking_.size() - free_.size(); }

    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) override;
    void cancel(CommandId id) override;

  private:
    /// Where a target is on its time line.
    struct Answering {
        std::string target;
        Timeline timeline;
        std::size_t run = 0;     ///< of the time line
        std::uint32_t used = 0;  ///< answers of that run
        Instant since{};         ///< when that run began
        std::uint32_t asked = 0;
        Answer suffered;
        Instant suffers_until{};

        const Answer& next(Instant now);
    };
    /// A probe that is under way.
    struct Asking {
        CommandId id = 0;  ///< 0: a place that is free
        TargetIndex index = no_target;
        std::uint32_t use = 0;  ///< of this place: a timer of an earlier use is late
        event::ProbeFinished finished;
    };

    Answering& answering(const std::string& target);
    Answering& answering(TargetIndex index, const std::string& target);
    std::uint32_t place();
    void finish(std::uint32_t place, std::uint32_t use);

    Loop& loop_;
    supervisor::EventSink sink_;
    std::map<std::string, Answering> by_name_;
    std::vector<Answering*> by_index_;  // into by_name_; an index may be given to another name
    std::vector<Asking> asking_;
    std::vector<std::uint32_t> free_;  // places of asking_
};

}  // namespace keepwell::simulation
