// What every operation on containers works with, and what an operation is to its owner.
// May know: asking, neighbours, the model. Threads: the loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "runtime/docker/commands/asking.hpp"
#include "runtime/docker/commands/neighbours.hpp"
#include "runtime/docker/commands/predecessors.hpp"

namespace keepwell::runtime::docker {

/// Full id -> full id: which container has taken the place of which. Containers that named the old one by its id (a
/// shared namespace) are made anew with the new one. Kept in memory only, and bounded.
class Successions {
  public:
    void add(const std::string& older, const std::string& newer);
    const std::map<std::string, std::string>& all() const { return newer_; }

  private:
    std::map<std::string, std::string> newer_;
};

/// Owned by Containers; outlives its operations.
struct Workplace {
    Loop& loop;
    Asker& asker;
    Neighbours& neighbours;
    Successions& successions;
    Predecessors& predecessors;
    const Policy* policy = nullptr;
    /// The id of the target's container as it is known now; empty: none is.
    std::function<std::string(TargetIndex)> container_of;
    /// Which target this container is; none: nobody's.
    std::function<std::optional<TargetIndex>(std::string_view id)> target_of;
    /// Why a container does not follow the one it depends on when that is renewed; empty: it may.
    std::function<std::string(const ContainerView& view)> why_left_alone;
    /// The engine's wall clock.
    std::function<EngineTime()> engine_now;
    /// A line for people.
    std::function<void(const std::string&)> log;
    /// How long the old one goes on when the new one is found beside it. An address that the engine's DNS tells is
    /// not there yet for some milliseconds; who asked it too early asks again after 1 s, or turns to the old one.
    Duration drain{0};
    /// By name: who waits for a network that another target's operation is making. The engine would make two of it
    /// (20.10 checks for duplicates without a lock), and no container could name it then.
    std::map<std::string, std::vector<std::function<void()>>> networks_being_made{};
};

/// One command under way. At most one question or deed of it is under way at a time, and it ends only when that has
/// ended, so that nobody calls it afterwards.
class Operation {
  public:
    virtual ~Operation() = default;
    /// Something else is asked for the same target: no further step is begun. It still ends, and soon.
    virtual void give_up() {}
};

inline constexpr std::string_view overtaken = "something else was asked for meanwhile";

/// The target's container: `known`, a full id, or what it is called. Empty: there is nothing to go by.
std::string container_to_ask(const Workplace& place, TargetIndex index, const TargetSpec& target,
                             std::string_view known);
/// What the policy calls the container; empty: it is known by its labels only.
std::string container_name(const TargetSpec& target);

}  // namespace keepwell::runtime::docker
