// Which container is which target's, and what the engine is told of its changes: the level-triggered half of the
// container port. Given the truth before and after, it says the one event that lies between.
// It knows containers as views and targets as specs; it asks the container engine nothing itself and changes nothing.
// May know: model, ports, claims, ending, health_view, seen, the loop's timer.
// Threads: the loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/docker/watch/health_view.hpp"
#include "runtime/docker/watch/seen.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::runtime::docker {

/// What labels alone ask for (`run --labels`): the service and target of one container, or nothing.
struct Labelled {
    std::shared_ptr<const ServiceSpec> service;
    std::shared_ptr<const TargetSpec> target;
    std::string entry;                  ///< the equivalent policy entry
    std::vector<std::string> messages;  ///< for the log: what is wrong or won over what
    // As event::TargetJoined has them:
    std::vector<std::string> names{};
    std::vector<NamedDependency> depends_on{};
    std::vector<MaintenanceWindow> maintenance{};
};
using ReadLabels = std::function<std::optional<Labelled>(const std::string& container_name,
                                                         const std::map<std::string, std::string, std::less<>>&)>;

class Bindings {
  public:
    struct Options {
        ReadLabels read_labels;                             ///< empty: labels alone make no target
        std::function<void(const std::string&)> log;        ///< a line for people
        std::function<bool(const ContainerView&)> is_self;  ///< keepwell's own container is never a target
        /// Labels say that nobody is to touch it, whatever names it; empty: they can not. Not asked of our own.
        std::function<bool(const std::map<std::string, std::string, std::less<>>&)> opts_out;
        /// Watcher::engine_now(); empty: our own wall clock.
        std::function<EngineTime()> engine_now;
        /// Watcher::refresh(): for what no event tells of (a status that is not renewed), and after a command.
        std::function<void(const std::string& id, std::function<void(const Seen*)> done)> refresh;
    };

    Bindings(Loop& loop, supervisor::EventSink sink, Options options);
    ~Bindings();
    Bindings(const Bindings&) = delete;
    Bindings& operator=(const Bindings&) = delete;

    void watch(supervisor::ContainerPort::Watch watch);

    // What another policy asks for, which is the watched one by then.
    /// The target is there, or its entry has changed. no_target: something else has.
    void enter(TargetIndex target);
    /// After enter(), when all that is of interest is known: its container is told (again). no_target: whatever may
    /// join, and what is nobody's.
    void tell_again(TargetIndex target);
    /// The target is no more: nothing is told of it.
    void release(TargetIndex target);
    /// After release(): its container is nobody's, and may be somebody else's.
    void forget(TargetIndex target);

    // What the Watcher tells, in its order.
    bool is_interesting(const ListedContainer& container) const;
    void lost(const std::string& detail);
    void found(const std::string& detail);
    void seen(const Seen& now, const Seen* before);
    void gone(const Seen& last);

    /// The target's container, living or dead; null where there is none.
    const Seen* container_of(TargetIndex target) const;
    std::optional<TargetIndex> target_of(std::string_view container_id) const;
    /// Why a container does not follow the one it depends on when that is renewed; empty: it may.
    std::string why_left_alone(const ContainerView& view) const;

    /// From here to end_command() nothing is told about the target's containers: what happens is the command's doing.
    void begin_command(TargetIndex target);
    /// `now`: the target's container from here on, as just inspected (null: none). Its completion was delivered by
    /// whoever ran the command, or is in this turn of the loop; what changed after that inspect is told then. A life
    /// that the command began and that has ended again is told to have ended; a container that the command made is told
    /// as Found, for its traits.
    void end_command(TargetIndex target, const Seen* now);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keepwell::runtime::docker
