// What happens to those that depend on a container when that is restarted, as far as they are nobody's target: which of
// them may be touched, and their restarts in order.
// May know: workplace, deeds. Threads: the loop only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/docker/commands/deeds.hpp"
#include "runtime/docker/commands/workplace.hpp"

namespace keepwell::runtime::docker {

/// The container's own StopTimeout, or Docker's.
Duration own_grace(const ContainerView& view);

/// It ran when what it depends on ended.
bool ended_with(const ContainerView& view, EngineTime since);

/// Somebody else's, or a person wants it so: what was renewed goes on without it.
bool is_left_alone(const Workplace& place, const Look& dependant, const std::function<void(const std::string&)>& tell);

/// Restarts, in order, what shares a namespace with a container that was restarted in place or asks Compose for it, as
/// far as it is nobody's target, and what depends on that.
class DependantRestarts {
  public:
    DependantRestarts(Workplace& place, Look parent, std::function<void(const std::string&)> tell);
    /// Once. Failures are told; they are not the parent's.
    void begin(std::function<void()> done);

  private:
    void next();
    void dig(const Look& parent);

    Workplace& place_;
    const Look parent_;
    const std::function<void(const std::string&)> tell_;
    std::function<void()> done_;
    std::vector<std::string> seen_;  ///< ids, so that a circle ends
    struct Due {
        Dependant dependant;
        EngineTime since;  ///< one that ended after this ended because of its parent
        EngineTime parent_started;
    };
    std::vector<Due> due_;
};

}  // namespace keepwell::runtime::docker
