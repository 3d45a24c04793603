// The engine's frame: it takes an event, runs what is due, and settles what follows before it answers.
#include "keepwell/engine/engine.hpp"

#include <algorithm>
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

// ---- the public face --------------------------------------------------------------------------------------------

Engine::Engine(Policy policy, EngineOptions options) : impl_{std::make_unique<Impl>(std::move(policy), options)} {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const Decisions& Engine::handle(const Event& event, Instant now) { return impl_->handle(event, now); }
Instant Engine::next_deadline() const { return impl_->deadlines_.next(); }
const Policy& Engine::policy() const { return impl_->policy_; }
std::span<const Target> Engine::targets() const { return impl_->targets_; }
const Target& Engine::target(TargetIndex index) const { return impl_->targets_[index]; }
const ServiceSpec& Engine::service_of(TargetIndex index) const { return impl_->spec(index); }
TargetMemory Engine::memory(TargetIndex index) const { return impl_->memory(index); }
bool Engine::dry_run(TargetIndex index) const { return impl_->is_dry(index); }
TargetIndex Engine::next_index(bool own_service) const { return impl_->next_index(own_service); }
bool Engine::storm() const { return impl_->storm_ && !impl_->storm_overruled_; }
bool Engine::shutting_down() const { return impl_->shutting_down_; }
std::uint64_t Engine::unexpected() const { return impl_->unexpected_; }

std::optional<TargetIndex> Engine::find(std::string_view name) const {
    const auto& targets = impl_->policy_.targets;
    for (TargetIndex index = 0; index < targets.size(); ++index) {
        if (targets[index].name == name && !impl_->targets_[index].container.left) return index;
    }
    return std::nullopt;
}

bool Engine::finished() const {
    if (!impl_->shutting_down_) return false;
    const auto& orphans = impl_->orphans_;
    if (std::any_of(orphans.begin(), orphans.end(), [](const auto& one) { return one.process; })) return false;
    return std::all_of(impl_->targets_.begin(), impl_->targets_.end(), [](const Target& target) {
        return target.container.left ||
               (target.phase == Phase::stopped && target.strays.empty() && !target.stop_id && !target.start_id);
    });
}

// ---- one event --------------------------------------------------------------------------------------------------

Engine::Impl::Impl(Policy policy, EngineOptions options)
    : policy_{std::move(policy)},
      graph_{policy_},
      targets_(policy_.targets.size()),
      deadlines_{policy_.targets.size()},
      restored_(policy_.targets.size()),
      maintenance_until_(policy_.services.size(), Instant::min()),
      counted_unhealthy_(policy_.targets.size(), false),
      written_by_(policy_.services.size(), Writer::policy),
      present_{policy_.targets.size()},
      labelled_(policy_.services.size()),
      updates_(policy_.services.size()),
      last_incident_{options.last_incident},
      queued_(policy_.targets.size(), false),
      marked_(policy_.targets.size(), false) {
    policy_.maintenance.resize(policy_.services.size());
}

const Decisions& Engine::Impl::handle(const Event& event, Instant now) {
    now_ = std::max(now_, now);
    decisions_.facts.clear();
    decisions_.commands.clear();
    decisions_.changed.clear();

    std::visit([this](const auto& one) { on(one); }, event);
    run_timers();
    settle();

    for (const TargetIndex index : decisions_.changed) marked_[index] = false;
    std::sort(decisions_.changed.begin(), decisions_.changed.end());
    return decisions_;
}

bool Engine::Impl::has_begun() {
    if (!begun_) unexpected(no_target, "an event before Begin");
    return begun_;
}

bool Engine::Impl::known(TargetIndex target) {
    if (!has_begun()) return false;
    if (target < targets_.size()) return !targets_[target].container.left;  // what comes too late is of nobody
    unexpected(no_target, "an event for a target that does not exist");
    return false;
}

void Engine::Impl::run_timers() {
    while (deadlines_.next() <= now_) {
        const TargetIndex index = deadlines_.first();
        run_timers_of(index);
        rearm(index);
    }
}

/// Takes what is due for one target. Each timer is disarmed before it acts, so this always gets on.
void Engine::Impl::run_timers_of(TargetIndex index) {
    Target& target = targets_[index];
    const auto due = [this](Instant& at) { return at <= now_ && std::exchange(at, never) != never; };
    if (due(target.probe_overdue)) {
        const CommandId late = std::exchange(target.probe_id, 0);
        decisions_.commands.push_back(command::CancelProbe{late, index});
        take_result(index, {target.probe_started, now_, Outcome::error, -1, "the probe gave no answer"});
    }
    if (due(target.command_overdue)) command_is_overdue(index);
    if (due(target.probe_at)) issue_probe(index);
    if (due(target.proven_at)) proven_healthy(index, Reason::recovered);
    if (due(target.verify_until)) not_proven(index, Reason::remedy_failed);
    if (due(target.retry_at)) try_out_of_quarantine(index);
    const bool may_start = due(target.start_at);
    const bool hold_ends = due(target.hold_until);
    if (may_start || hold_ends) wake(index);
}

/// Follows every consequence, one target at a time: a queue instead of recursion through dependants.
void Engine::Impl::settle() {
    while (!queue_.empty()) {
        const TargetIndex index = queue_.front();
        queue_.pop_front();
        queued_[index] = false;
        step(index);
        rearm(index);
    }
}

/// Looks at one target again: is something that it waits for there now?
void Engine::Impl::step(TargetIndex index) {
    Target& target = targets_[index];
    if (target.container.left) return;
    if (shutting_down_) return try_shutdown(index);
    if (target.leaving) return try_leave(index);
    switch (target.phase) {
        case Phase::waiting: return try_first_start(index);
        case Phase::backoff: return try_restart(index);
        case Phase::running:
            if (target.container.settle_id) return;
            if (target.operator_stopped && !is_dry(index)) return stop_when_dependants_have_ended(index);
            if (target.container.frozen) return;
            if (target.dependency_restart) try_dependency_restart(index);
            if (target.phase == Phase::running && target.by_ladder) try_remedy(index);
            if (target.phase == Phase::running && (outdated(index) || is_to_go_back(index))) try_update(index);
            return;
        case Phase::starting:
        case Phase::stopping:
        case Phase::stopped:
        case Phase::completed: return;
    }
}

void Engine::Impl::wake(TargetIndex index) {
    if (queued_[index]) return;
    queued_[index] = true;
    queue_.push_back(index);
}

void Engine::Impl::rearm(TargetIndex index) {
    const Target& target = targets_[index];
    deadlines_.set(index, std::min({target.probe_at, target.probe_overdue, target.command_overdue, target.start_at,
                                    target.verify_until, target.retry_at, target.proven_at, target.hold_until}));
}

void Engine::Impl::mark(TargetIndex index) {
    if (marked_[index]) return;
    marked_[index] = true;
    decisions_.changed.push_back(index);
}

void Engine::Impl::note(TargetIndex index, fact::Body body, Origin rule) {
    Fact fact;
    fact.target = index;
    if (index != no_target) {
        fact.instance = targets_[index].instance;
        fact.incident = targets_[index].incident;
        mark(index);
    }
    fact.rule = rule;
    fact.body = std::move(body);
    decisions_.facts.push_back(std::move(fact));
}

void Engine::Impl::unexpected(TargetIndex index, std::string detail) {
    ++unexpected_;
    note(index, fact::Unexpected{std::move(detail)});
}

void Engine::Impl::raise(TargetIndex index, std::string_view alert, std::string detail, Origin rule) {
    note(index, fact::AlertRaised{alert, std::move(detail)}, rule);
}

void Engine::Impl::resolve(TargetIndex index, std::string_view alert, std::string detail) {
    note(index, fact::AlertResolved{alert, std::move(detail)});
}

// ---- events that concern no single machine ------------------------------------------------------------------------

void Engine::Impl::on(const event::Begin&) {
    if (begun_) return unexpected(no_target, "a second Begin");
    begun_ = true;
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
        targets_[index].phase_since = now_;
        if (!is_container(index) && restored_[index]) {  // a container: when it is seen
            const TargetMemory memory = *std::exchange(restored_[index], std::nullopt);
            restore(index, memory);
        }
        wake(index);
    }
}

void Engine::Impl::on(const event::Maintenance& event) {
    if (event.service >= policy_.services.size()) return unexpected(no_target, "maintenance of an unknown service");
    maintenance_until_[event.service] = event.active ? event.until : Instant::min();
    for (const TargetIndex index : graph_.targets_of(event.service)) {
        note(index, fact::MaintenanceChanged{event.active, event.until}, spec(index).origin);
        if (begun_) wake(index);
    }
}

void Engine::Impl::on(const event::Operated& event) {
    if (event.target != no_target) {
        if (known(event.target)) operate(event.target, event);
        return;
    }
    if (!has_begun()) return;
    if (event.verb == event::Verb::resume && storm_ && !storm_overruled_) {
        storm_overruled_ = true;
        resolve(no_target, "storm", "resumed by a person");
        wake_held(Hold::storm);
    }
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
        if (!targets_[index].container.left) operate(index, event);
    }
}

void Engine::Impl::on(const event::Shutdown& event) {
    if (!has_begun()) return;
    shutting_down_ = true;
    at_once_ = at_once_ || event.at_once;
    for (TargetIndex index = 0; index < targets_.size(); ++index) wake(index);
}

}  // namespace keepwell::engine
