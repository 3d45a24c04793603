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
