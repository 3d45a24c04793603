// The ports: what the supervisor needs of the world. src/runtime has the real ends, tests and simulation others.
// May know: model. Nothing here says how anything is done.
// Threads: every call and every delivery happens on the supervisor's loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "keepwell/model/command.hpp"
#include "keepwell/model/event.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::supervisor {

/// Where the ends deliver what happened. Never called from inside a port's own function: the engine is not re-entered.
using EventSink = std::function<void(Event)>;

/// Asks targets how they are.
class ProbePort {
  public:
    virtual ~ProbePort() = default;

    /// Runs one probe of `target` and delivers event::ProbeFinished with `id` exactly once, within `timeout` of the
    /// moment the question was put, or soon after a cancel(). `test` commands run with the target's user, folder and
    /// environment. A failure of the target or the command is `failed` (exit code -1 when it could not be run or
    /// timed out, with Docker's text); a lack of ours (descriptors, pids, memory) is `error`.
    virtual void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) = 0;

    /// Ends that probe now, its command's whole group included. It still delivers (outcome `error`). An id that is
    /// unknown or already delivered is ignored.
    virtual void cancel(CommandId id) = 0;
};

/// Starts and ends processes.
class ProcessPort {
  public:
    virtual ~ProcessPort() = default;

    /// Starts an instance in a process group of its own and delivers event::StartFinished with `id` exactly once,
    /// after exec has succeeded or failed. Its end is delivered later as event::Exited, exactly once.
    virtual void start(CommandId id, TargetIndex index, const TargetSpec& target) = 0;

    /// Ends `instance` and its group (and what is left of it when the leader is gone already): `signal`, and after
    /// `grace` SIGKILL. Delivers event::StopFinished with `id` exactly once, when nothing of it is alive, or when
    /// something outlives SIGKILL (its `survivors`). A second stop with less grace hurries the first.
    virtual void stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) = 0;

    /// Runs the command of a `run` rung with the target's environment, and delivers event::HookFinished exactly once.
    /// After `timeout` its whole group is killed.
    virtual void run_hook(CommandId id, TargetIndex index, const TargetSpec& target,
                          const std::vector<std::string>& command, Duration timeout) = 0;

    /// Takes over an instance that an earlier keepwell started, if exactly that one is still alive: from then on its
    /// end is delivered as event::Exited (status unknown). False: it is not alive.
    virtual bool adopt(TargetIndex index, const TargetSpec& target, const Instance& instance) = 0;

    /// An instance that an earlier keepwell of this state_dir started.
    struct Started {
        std::string target;
        Instance instance;
    };
    /// Those that live and that no record names, each life once: keepwell may be killed between a start and its record.
    /// `known`: what records name; what descends from one of these that lives belongs to it. Nothing is watched by
    /// this. Asked once, at the start: it looks at every process of the host.
    virtual std::vector<Started> started_before(const std::vector<Instance>& known) = 0;
};

/// Watches and changes containers.
///
/// What it tells (each about the truth that the container engine knows, in the order in which it became true):
///   event::BackendLost, once, when the engine does not answer, also at the start; event::BackendFound when it does.
///   Between the two nothing is told but what brings the state up to date, just before BackendFound.
///   event::Found or event::Absent for each container target of the policy, once before the first BackendFound;
///   then Found, Exited, Frozen and HealthReported as things change, TargetJoined and TargetLeft for templates.
/// While a command for a target is under way, what happens to its containers is part of the command and not told.
class ContainerPort {
  public:
    virtual ~ContainerPort() = default;

    /// What a port needs of the supervisor.
    struct Watch {
        /// The engine's own policy; its targets grow at the end and never move.
        const Policy* policy = nullptr;
        /// A container came that a template or labels ask for: gives its index, where it is a target from now on.
        std::function<TargetIndex(event::TargetJoined)> join;
    };
    virtual void watch(Watch watch) = 0;

    /// Starts the target's container. One that keepwell owns is created first where there is none (its image pulled as
    /// the policy says); an adopted one must exist. Delivers event::StartFinished exactly once; verified by inspect.
    virtual void start(CommandId id, TargetIndex index, const TargetSpec& target) = 0;

    /// Stops it with its own stop signal, and after `grace` with SIGKILL. Delivers event::StopFinished exactly once.
    virtual void stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                      Duration grace) = 0;

    /// Stops it and starts it again in one request. Delivers event::StartFinished exactly once.
    virtual void restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                         Duration grace) = 0;

    /// Puts a new container in its place (docs/replace.md). Delivers event::StepTaken before each step, and
    /// event::ReplaceFinished exactly once.
    virtual void replace(const command::Replace& command, const TargetSpec& target) = 0;

    /// Ends a replacement one way or the other, from wherever it was left. Delivers event::StepTaken before each step,
    /// and event::SettleFinished exactly once.
    virtual void settle(const command::Settle& command, const TargetSpec& target) = 0;

    /// Stops and removes a container that keepwell owns. Delivers event::DiscardFinished exactly once.
    virtual void discard(CommandId id, const Instance& instance, Duration grace) = 0;

    /// The target's entry is new or has changed, and the policy says it already: tells event::Found or event::Absent of
    /// its container (again). no_target: looks again for what may join, and for what is nobody's.
    virtual void look(TargetIndex index) = 0;

    /// The target has left the policy: its container is nobody's from now on.
    virtual void release(TargetIndex index) = 0;

    /// What shows why, of the container as it is now: the end of its log (at most `bytes`) and inspect's JSON. Calls
    /// `done` exactly once, within a second, with what could be had.
    struct Evidence {
        std::string log_tail;
        std::string inspect;
    };
    virtual void evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                          std::function<void(Evidence)> done) = 0;
};

/// Time and the loop's one timer.
class ClockPort {
  public:
    virtual ~ClockPort() = default;

    virtual Instant now() const = 0;
    virtual WallTime wall() const = 0;
    /// Minutes since local midnight, and the weekday (0 Sunday), for maintenance windows.
    struct LocalTime {
        std::chrono::minutes since_midnight{0};
        int weekday = 0;
    };
    virtual LocalTime local(WallTime wall) const = 0;

    /// Calls `due` once at `at` or soon after; replaces what was armed before. `never` disarms.
    virtual void arm(Instant at, std::function<void()> due) = 0;
};

/// What a target has printed lately, for evidence.
class OutputPort {
  public:
    virtual ~OutputPort() = default;

    /// The last `bytes` bytes of the target's output file, or an empty text.
    virtual std::string tail(const TargetSpec& target, std::size_t bytes) const = 0;
};

}  // namespace keepwell::supervisor
