// The container half of a run: the ends that talk to the container engine. They ask it nothing before the policy has a
// container, or labels may bring one.
// May know: everything below it. Threads: the loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/about.hpp"
#include "policy/labels.hpp"
#include "policy/named_entries.hpp"
#include "runtime/docker/containers.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::cli {

/// What `run --labels` asks for.
struct LabelMode {
    bool on = false;
    std::shared_ptr<const policy::NamedEntries> named;  ///< of the policy beside it; null: none
};

class ContainerEnds {
  public:
    /// `state`: the folder for what outlives keepwell.
    ContainerEnds(runtime::Loop& loop, const LabelMode& labels, const std::string& state,
                  supervisor::ProbePort& host_probes, const supervisor::EventSink& sink);
    ~ContainerEnds();

    /// Another policy is followed: labels may name these entries from now on.
    void name_entries(std::shared_ptr<const policy::NamedEntries> named);
    /// What asks every target, processes included.
    supervisor::ProbePort& probes();
    supervisor::ContainerPort* port() const;
    /// As control::About has it. Only where there is a port.
    std::unique_ptr<control::RemoteOutput> log(TargetIndex target, std::uint64_t lines, bool follow,
                                               std::function<void()> news) const;

  private:
    runtime::Loop& loop_;
    std::shared_ptr<policy::LabelOptions> labels_;  ///< null: containers do not join by labels
    std::unique_ptr<runtime::docker::Containers> containers_;
    std::unique_ptr<supervisor::ProbePort> probes_;
};

}  // namespace keepwell::cli
