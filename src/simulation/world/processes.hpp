// The ProcessPort of a made-up world: instances live, exit, resist and die by a script, on virtual time. It passes the
// same contract suite as the real end (tests/runtime/process/contract_test.cpp), which is why what is tried here can be
// trusted.
// May know: the ports, loop, script.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation/script/script.hpp"
#include "simulation/world/loop.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::simulation {

class Processes final : public supervisor::ProcessPort {
  public:
    Processes(Loop& loop, supervisor::EventSink sink);

    /// The next lives of the target with this name, in order; the last one stays.
    void lives(const std::string& target, std::deque<Life> all);
    /// The next runs of hooks for this target, in order; the last one stays.
    void hooks(const std::string& target, std::deque<HookLife> all);

    /// The living instance of a target ends now, by nobody's doing here. False: there is none.
    bool end(const std::string& target, const ExitStatus& status);

    /// Keepwell dies and begins anew: what lives goes on living, unwatched, until it is adopted.
    void forget();

    /// The living instance of a target; an empty one when there is none.
    Instance instance(const std::string& target) const;
    /// How many instances of a target live; more than one is what must never be.
    std::size_t alive(const std::string& target) const;
    std::uint32_t started(const std::string& target) const;
    /// The signals that instances of this target were sent, in order.
    const std::vector<int>& signals(const std::string& target);
    /// The commands of the hooks that were run for this target, in order.
    const std::vector<std::vector<std::string>>& hooks_run(const std::string& target);

    void start(CommandId id, TargetIndex index, const TargetSpec& target) override;

    void stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) override;

    void run_hook(CommandId id, TargetIndex index, const TargetSpec& target, const std::vector<std::string>& command,
                  Duration timeout) override;

    bool adopt(TargetIndex index, const TargetSpec&, const Instance& instance) override;

    std::vector<Started> started_before(const std::vector<Instance>& known) override;

  private:
    struct Process {
        TargetIndex index = no_target;
        std::string name;
        Instance instance;
        Life life;
        bool leader_alive = true;
        bool member_alive = false;
        bool watched = true;
        bool adopted = false;
        std::vector<CommandId> stops;
    };

    template <typename Life>
    static Life next(std::map<std::string, std::deque<Life>>& scripts, const std::string& target) {
        auto& script = scripts[target];
        if (script.empty()) return {};
        Life life = script.front();
        if (script.size() > 1) script.pop_front();
        return life;
    }

    // What an earlier keepwell was waiting for is not delivered to the next one.
    void deliver_in(Duration wait, std::function<void()> work);
    Process* living(const std::string& target);
    void begin(CommandId id, TargetIndex index, const std::string& name, const Life& life);
    void ask_to_end(Process& process, int signal);
    void kill(const std::string& key);
    void give_up(const std::string& key);
    void leader_ends(Process& process, const ExitStatus& status);

    // Forgets a process of which nothing lives, and keeps its stops to be answered.
    void finish(Process& process);
    void answer_stops();

    Loop& loop_;
    supervisor::EventSink sink_;
    std::map<std::string, std::deque<Life>> scripts_;
    std::map<std::string, std::deque<HookLife>> hook_scripts_;
    std::map<std::string, Process> processes_;  // by Instance::id
    std::map<std::string, std::uint32_t> started_;
    std::map<std::string, std::vector<int>> signals_;
    std::map<std::string, std::vector<std::vector<std::string>>> hooks_run_;
    std::vector<event::StopFinished> answers_;
    std::int64_t next_pid_ = 1000;
    std::uint64_t generation_ = 0;
};

}  // namespace keepwell::simulation
