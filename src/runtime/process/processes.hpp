// The real end of the ProcessPort: starts, watches and ends the instances of targets as children of this process.
// May know: the ports, the model, Linux. It decides nothing.
// Threads: the loop's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/loop.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "runtime/process/leftovers.hpp"
#include "runtime/process/output.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {

/// An instance runs in a session and group of its own with KEEPWELL_TARGET (the target's name) and KEEPWELL_INSTANCE (a
/// mark that no other instance has, and that begins as all of this state folder do) in its environment; its output goes
/// to its file. When that can not be opened it runs all the same, without one.
///
/// Never signals a stranger: the leader is named by its pidfd, and its group only while the leader is not reaped yet or
/// a member is known to live, as its number can not be given away until then.
class Processes final : public supervisor::ProcessPort {
  public:
    /// `state_folder`: whoever is started is known by it to a later keepwell of the same folder (started_before).
    /// `notice` gets a sentence about what went wrong but hinders nothing.
    Processes(Loop& loop, Children& children, CommandRunner& commands, OutputFiles& output,
              const std::string& state_folder, supervisor::EventSink sink,
              std::function<void(const std::string&)> notice);
    /// Lets go of all instances; they live on.
    ~Processes() override;
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    void start(CommandId id, TargetIndex index, const TargetSpec& target) override;
    void stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) override;
    void run_hook(CommandId id, TargetIndex index, const TargetSpec& target, const std::vector<std::string>& command,
                  Duration timeout) override;

    /// Also true when the leader is dead but members of its group live: event::Exited with `remains` follows at once.
    bool adopt(TargetIndex index, const TargetSpec& target, const Instance& instance) override;

    std::vector<Started> started_before(const std::vector<Instance>& known) override;

  private:
    struct Life;
    struct Ending;

    Life& begin_life(TargetIndex index, const TargetSpec& target, Family family, const Instance& instance);
    void watch_leader(Life& life, Descriptor pidfd);
    void leader_ended(Life& life);
    bool adopt_leftovers(TargetIndex index, const TargetSpec& target, const Instance& instance);
    void begin_ending(Life& life, int signal, bool at_once);
    void pursue(Life& life);
    bool pursue(Life& life, const ProcessStat& leftover);
    void kill_all(Life& life);
    void arm(Life& life);
    void time_is_up(Life& life);
    void finish_ending(Life& life, const std::string& survivors);
    void end_life(Life& life);
    void deliver(Event event);

    Loop& loop_;
    Children& children_;
    CommandRunner& commands_;
    OutputFiles& output_;
    std::string owner_;  // what our marks begin with
    supervisor::EventSink sink_;
    std::function<void(const std::string&)> notice_;
    std::map<std::string, std::unique_ptr<Life>> lives_;  // by Instance::id
    std::shared_ptr<bool> alive_;                         // deliveries on their way end with us
};

}  // namespace keepwell::runtime
