// One command in a container, as a probe runs it: created, started, heard to its end or its timeout, asked for its exit
// code. The engine has no call to end it and does not end it when nobody listens any more: what outlives its time is
// killed as a process of this host where that can be, and otherwise goes on, which is told.
// May know: engine_api, frames, exec_process, exec_verdict, the loop.
// Sources: moby daemon/health.go (cmdProbe.run), daemon/exec.go, api/server/router/container/exec.go.
// Threads: the loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/api/frames.hpp"
#include "runtime/docker/probes/exec_process.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/attempt.hpp"

namespace keepwell::runtime::docker {

struct ExecCommand {
    std::string container;      ///< full id
    std::string started;        ///< the container's StartedAt: its life
    std::int64_t main_pid = 0;  ///< of the container, on its host
    std::vector<std::string> command;
    Duration timeout{0};  ///< from the moment at which the command runs
};

/// How long the engine may take; tests have less patience.
struct ExecTimes {
    Duration start_guard = std::chrono::seconds{30};  ///< to create and start it: Docker's own guard (daemon/health.go)
    Duration look_timeout = std::chrono::seconds{5};  ///< to say how it is
    /// To close the streams of what has ended: 2 s after it, whoever else holds them (moby daemon/monitor.go).
    Duration stream_patience = std::chrono::seconds{3};
};

class ContainerExec final : public std::enable_shared_from_this<ContainerExec> {
  public:
    using Done = std::function<void(Verdict)>;
    /// `exec`: its id when it may still be running in the container; empty when nothing of it is left.
    using Over = std::function<void(std::string exec)>;

    /// The command runs with the user, folder and environment of its container, as an engine's HEALTHCHECK does.
    ContainerExec(Loop& loop, EngineApi& api, ExecCommand command, const ExecTimes& times);
    ContainerExec(const ContainerExec&) = delete;
    ContainerExec& operator=(const ContainerExec&) = delete;

    /// Calls `done` once, on the loop, never from inside begin(); and then `over` once, when there is nothing left to
    /// do for it. Nobody is called when it is destroyed, and what runs then runs on.
    void begin(Done done, Over over);

    /// It is of no interest any more: `done` is not called, and the command is killed where that can be. `over` is.
    void cancel();

  private:
    /// What `GET /exec/{id}/json` says.
    struct State {
        bool running = false;
        std::optional<int> exit_code;
        std::int64_t pid = 0;
    };
    static std::optional<State> state_of(const Answer& answer);

    // Its way.
    void created(const Answer& answer);
    void start();
    void heard(std::string_view bytes);
    void ended(const Answer& answer);
    void judge();
    void container_looked(const Answer& answer);

    // Looks at it: how far it is, since when it runs, how it ended.
    void arm(Instant at);
    void due();
    void look();
    void looked(const Answer& answer);
    void look_again();
    void saw_running(const State& state);
    void saw_end(int exit_code);
    void find_process(std::int64_t pid);
    Instant deadline() const { return started_at_ == never ? never : later(started_at_, command_.timeout); }

    // Its ends.
    void overdue();
    void dispose(const State& state);
    void finish(Verdict verdict);
    void end(bool may_run);
    std::string text() const;

    Loop& loop_;
    EngineApi& api_;
    const ExecCommand command_;
    const ExecTimes times_;
    const bool visible_;  ///< the container's processes are this host's: what they do can be seen without asking
    Done done_;
    Over over_;
    Instant begun_at_{};
    Instant cancelled_at_ = never;

    std::string id_;      ///< empty: not created yet
    Instant asked_at_{};  ///< the engine to start it
    std::uint64_t asked_ticks_ = 0;
    std::unique_ptr<EngineApi::Stream> stream_;  ///< null when it has ended
    FrameOutput output_{Framing::multiplexed, kept_output};
    std::optional<ExecProcess> process_;
    Instant started_at_ = never;     ///< never: not known to run yet
    std::optional<int> exit_code_;   ///< when it has ended
    std::uint64_t newest_look_ = 0;  ///< an older one tells of an older state
    Duration wait_{0};               ///< before the next look
    Timer timer_;
};

}  // namespace keepwell::runtime::docker
