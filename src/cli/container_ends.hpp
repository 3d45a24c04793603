// The container half of a run: the ends that talk to the container engine. They ask it nothing before the policy has a
// container, or labels may bring one.
// May know: everything below it. Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>

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
    /// Finds the service of a target that is called so, for dependencies that labels name.
    using FindService = std::function<std::optional<ServiceIndex>(const std::string& name)>;

    ContainerEnds(runtime::Loop& loop, const LabelMode& labels, supervisor::ProbePort& host_probes,
                  FindService find_service, const supervisor::EventSink& sink);
    ~ContainerEnds();

    /// Another policy is followed: labels may name these entries from now on.
    void name_entries(std::shared_ptr<const policy::NamedEntries> named);
    /// What asks every target, processes included.
    supervisor::ProbePort& probes();
    supervisor::ContainerPort* port() const;

  private:
    std::shared_ptr<policy::LabelOptions> labels_;  ///< null: containers do not join by labels
    std::unique_ptr<runtime::docker::Containers> containers_;
    std::unique_ptr<supervisor::ProbePort> probes_;
};

}  // namespace keepwell::cli
