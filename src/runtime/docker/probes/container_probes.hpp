// The ProbePort of the supervisor where there are containers: what asks a process goes to the host's probes as it is,
// `http` and `tcp` go there with the address of the container put in, and `test` runs in the container.
// May know: the port, engine_api, view, container_exec. It does not know what a result leads to.
// Threads: the loop only.
#pragma once

#include <functional>
#include <memory>

#include "runtime/docker/watch/view.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::runtime::docker {

class EngineApi;
struct ExecTimes;

class ContainerProbes final : public supervisor::ProbePort {
  public:
    /// The target's container as it is known to be now; null where there is none. Read before the call returns.
    using Lookup = std::function<const ContainerView*(TargetIndex)>;

    /// A timed-out command that can not be killed goes on in its container; with so many of them no other is begun.
    static constexpr std::size_t most_left_running = 3;

    /// `host` delivers to the same sink by itself. What is passed by reference must outlive it. Deliveries end when it
    /// is destroyed; commands in containers that are under way then end by themselves.
    ContainerProbes(Loop& loop, EngineApi& api, supervisor::ProbePort& host, Lookup lookup, supervisor::EventSink sink);
    ContainerProbes(Loop& loop, EngineApi& api, supervisor::ProbePort& host, Lookup lookup, supervisor::EventSink sink,
                    const ExecTimes& times);
    ~ContainerProbes() override;
    ContainerProbes(const ContainerProbes&) = delete;
    ContainerProbes& operator=(const ContainerProbes&) = delete;

    /// Beyond the port's contract, for containers: one that does not run, or an engine that does not answer, is an
    /// `error`. The timeout of a `test` counts from the moment at which its command runs, so that it is answered up to
    /// 30 s later than `timeout` when the engine takes long to start it (Docker's own guard), and 10 s more when the
    /// engine then stops answering.
    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) override;
    void cancel(CommandId id) override;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// The probe with the container's address put in, in brackets where a URL wants them for IPv6.
Probe with_address(const Probe& probe, const std::string& address);
/// Whether there is one to be put in.
bool wants_address(const Probe& probe);

}  // namespace keepwell::runtime::docker
