// The real end of the ProbePort: http, tcp and exec probes on the one loop.
// May know: the port, the loop, the command runner. It does not know what a result leads to.
// Threads: the loop only. Names are resolved on a few threads of the resolver.
#pragma once

#include <functional>
#include <memory>

#include "runtime/probe/resolver.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {

class CommandRunner;
class Loop;

/// Outputs, for people: "HTTP 200", "HTTP 503: BODY", "connected", "connection refused (127.0.0.1:6767)",
/// "no such host: NAME", what a command printed, and Docker's "Health check exceeded timeout (3s)". Bytes are passed on
/// as they came; they may be no UTF-8.
class Probes final : public supervisor::ProbePort {
  public:
    /// What is passed by reference must outlive it. Deliveries end when it is destroyed.
    Probes(Loop& loop, CommandRunner& runner, supervisor::EventSink sink, Resolver::Options resolver = {});
    ~Probes() override;
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) override;
    void cancel(CommandId id) override;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace keepwell::runtime
