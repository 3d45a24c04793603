// The engine: decides what is done about every target of one policy. Pure and deterministic: the same policy and the
// same events at the same times give the same decisions. It owns no clock, thread or file, and never throws but for
// lack of memory.
//
//   keepwell::engine::Engine engine{policy};
//   const auto& decisions = engine.handle(event, now);   // journal decisions.facts, execute decisions.commands
//   arm_timer(engine.next_deadline());                   // and handle(event::Tick{}, now) when it is due
//
// May know: model, and the rules beside it in this folder.
// Threads: none of its own; all calls from one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keepwell/engine/target.hpp"
#include "keepwell/model/command.hpp"
#include "keepwell/model/event.hpp"
#include "keepwell/model/fact.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::engine {

/// What one event led to, in order.
struct Decisions {
    std::vector<Fact> facts;
    std::vector<Command> commands;
    std::vector<TargetIndex> changed;  ///< targets whose memory() is not what it was; each once, ascending
};

/// What carries over from an earlier keepwell, besides its targets.
struct EngineOptions {
    IncidentId last_incident = 0;  ///< incidents count on from here
};

class Engine {
  public:
    /// Keeps its own copy of the policy; its dependencies must be acyclic and its indices valid (the policy reader
    /// sees to both). Nothing happens before event::Begin.
    explicit Engine(Policy policy, EngineOptions options = {});
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// Takes one event at `now`, which never goes back. The result is valid until the next call.
    const Decisions& handle(const Event& event, Instant now);

    /// When handle(event::Tick{}) has something to do; `never` when all is at rest.
    Instant next_deadline() const;

    const Policy& policy() const;
    std::span<const Target> targets() const;
    const Target& target(TargetIndex index) const;
    std::optional<TargetIndex> find(std::string_view name) const;
    const ServiceSpec& service_of(TargetIndex index) const;

    /// The index that the next event::TargetJoined must carry; `own_service`: it brings a service of its own.
    TargetIndex next_index(bool own_service) const;

    /// What of this target outlives keepwell.
    TargetMemory memory(TargetIndex index) const;

    /// Whether dry-run holds what is decided for this target.
    bool dry_run(TargetIndex index) const;
    /// More targets than `guard.max_unhealthy` allows are unhealthy at once, and no person has resumed since.
    bool storm() const;
    bool shutting_down() const;
    /// Shutdown was asked for, and nothing lives any more.
    bool finished() const;
    /// Impossible events so far; each one was a fact.
    std::uint64_t unexpected() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keepwell::engine
