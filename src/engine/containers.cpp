// What the container engine tells of a target's container: that it runs, is gone, is paused, how it is; that the engine
// itself is lost; and which containers come and go. docs/containers.md has the rules.
// Sources: moby daemon/internal/restartmanager (who restarts), daemon/health.go (whose status counts).
#include <algorithm>
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

// ---- the engine itself --------------------------------------------------------------------------------------------

void Engine::Impl::on(const event::BackendLost& event) {
    if (!has_begun() || backend_ == Backend::lost) return;
    backend_ = Backend::lost;
    note(no_target, fact::BackendChanged{true, event.detail});
    for_each_container([this](TargetIndex index) {
        Target& target = targets_[index];
        cancel_probe(index);
        target.probe_at = never;
        target.proven_at = never;
        show_health(index, Reason::backend_lost, {});
        wake(index);
    });
}

void Engine::Impl::on(const event::BackendFound& event) {
    if (!has_begun() || backend_ == Backend::there) return;
    backend_ = Backend::there;
    note(no_target, fact::BackendChanged{false, event.detail});
    for_each_container([this](TargetIndex index) {
        Target& target = targets_[index];
        const bool lives = target.phase == Phase::running && !target.container.frozen && !target.leaving;
        if (lives && is_asked(index) && !target.probe_id) arm_probe(index);
        if (lives) await_proof(index);
        if (target.command_overdue != never) guard_commands(index);
        show_health(index, Reason::backend_found, {});
        wake(index);
    });
}

bool Engine::Impl::out_of_reach(TargetIndex index) const { return is_container(index) && backend_ != Backend::there; }

// ---- containers that come and go ----------------------------------------------------------------------------------

void Engine::Impl::on(const event::TargetJoined& event) {
    if (!has_begun()) return;
    const bool reused = event.target < targets_.size() && targets_[event.target].container.left;
    if (!event.spec || (!reused && event.target != targets_.size())) {
        return unexpected(no_target, "a target joined at a place that is not free");
    }
    TargetSpec spec = *event.spec;
    if (event.service) {
        std::optional<ServiceIndex> freed;
        if (reused) freed = policy_.targets[event.target].service;
        spec.service = place_for(*event.service, freed);
    }
    if (spec.service >= policy_.services.size()) return unexpected(no_target, "a target of a service that is unknown");
    if (reused) {
        policy_.targets[event.target] = std::move(spec);
        targets_[event.target] = Target{};
    } else {
        policy_.targets.push_back(std::move(spec));
        grow();
    }
    targets_[event.target].joined = true;
    ++present_;
    const ServiceIndex service = policy_.targets[event.target].service;
    graph_.add_target(service, event.target);
    if (event.service) {
        const event::LabelledService said = event.labelled ? *event.labelled : event::LabelledService{};
        labelled_[service] = {said.names, said.depends_on};
        policy_.maintenance[service] = said.maintenance;
    }
    follow_names();
    targets_[event.target].phase_since = now_;
    note(event.target, fact::Membership{true, event.entry}, this->spec(event.target).origin);
    affects_others(event.target);
}

/// Labels make a service of their own: at the place of one that is gone, or at the end.
ServiceIndex Engine::Impl::place_for(const ServiceSpec& service, std::optional<ServiceIndex> freed) {
    if (freed && written_by_[*freed] == Writer::labels) {
        policy_.services[*freed] = service;
        graph_.exchange_service(*freed, service);
        maintenance_until_[*freed] = Instant::min();
        return *freed;
    }
    policy_.services.push_back(service);
    policy_.maintenance.emplace_back();
    maintenance_until_.push_back(Instant::min());
    updates_.emplace_back();
    labelled_.emplace_back();
    written_by_.push_back(Writer::labels);
    return graph_.add_service(service);
}

void Engine::Impl::grow() {
    targets_.emplace_back();
    deadlines_.grow();
    restored_.emplace_back();
    counted_unhealthy_.push_back(false);
    queued_.push_back(false);
    marked_.push_back(false);
}

TargetIndex Engine::Impl::next_index(bool own_service) const {
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
        if (!targets_[index].container.left) continue;
        const bool by_labels = written_by_[policy_.targets[index].service] == Writer::labels;
        if (by_labels == own_service) return index;
    }
    return static_cast<TargetIndex>(targets_.size());
}

void Engine::Impl::on(const event::TargetLeft& event) {
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (target.container.left) return;
    forget_container(event.target);
    target.container.left = true;
    --present_;
    note(event.target, fact::Membership{false, {}}, spec(event.target).origin);
    const ServiceIndex service = policy_.targets[event.target].service;
    graph_.remove_target(service, event.target);
    if (written_by_[service] == Writer::labels) {
        labelled_[service] = {};
        policy_.maintenance[service].clear();
    }
    follow_names();
    affects_others(event.target);
    rearm(event.target);
}

// ---- dependencies that labels name ----------------------------------------------------------------------------------

namespace {

/// "shop/web", of a selector that asks for one service of a Compose project.
bool selects_service(const ContainerSelector& selector, std::string_view name) {
    std::string_view project;
    std::string_view service;
    for (const auto& label : selector.labels) {
        if (label.key == "com.docker.compose.project" && label.value) project = *label.value;
        if (label.key == "com.docker.compose.service" && label.value) service = *label.value;
    }
    return !project.empty() && !service.empty() && std::string{project} + '/' + std::string{service} == name;
}

bool same(const Dependency& one, const Dependency& other) {
    return one.service == other.service && one.condition == other.condition && one.restart == other.restart &&
           one.required == other.required;
}

}  // namespace

/// Whom labels mean is looked up again whenever a target comes or goes. A dependency that would close a circle is left
/// out: the two would wait for each other for ever.
void Engine::Impl::follow_names() {
    const auto by_labels = [](Writer writer) { return writer == Writer::labels; };
    if (std::none_of(written_by_.begin(), written_by_.end(), by_labels)) return;
    std::vector<std::vector<Dependency>> meant(policy_.services.size());
    for (ServiceIndex service = 0; service < meant.size(); ++service) {
        for (const NamedDependency& named : labelled_[service].depends_on) {
            Dependency dependency = named.rules;
            const std::optional<ServiceIndex> who = service_meant(named.names);
            if (!who || leads_to(meant, *who, service)) continue;
            dependency.service = *who;
            meant[service].push_back(std::move(dependency));
        }
    }
    for (ServiceIndex service = 0; service < meant.size(); ++service) {
        if (!by_labels(written_by_[service])) continue;
        ServiceSpec& spec = policy_.services[service];
        if (std::equal(spec.depends_on.begin(), spec.depends_on.end(), meant[service].begin(), meant[service].end(),
                       same))
            continue;
        spec.depends_on = std::move(meant[service]);
        graph_.exchange_service(service, spec);
        for (const TargetIndex index : graph_.targets_of(service)) wake(index);
    }
}

std::optional<ServiceIndex> Engine::Impl::service_meant(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
        for (TargetIndex index = 0; index < targets_.size(); ++index) {
            const TargetSpec& target = policy_.targets[index];
            const auto& own = labelled_[target.service].names;
            if (targets_[index].container.left) continue;
            const bool called = target.name == name || target.selector.name == name ||
                                (target.container && target.container->name == name);
            if (called || selects_service(target.selector, name) ||
                std::find(own.begin(), own.end(), name) != own.end()) {
                return target.service;
            }
        }
    }
    return std::nullopt;
}

bool Engine::Impl::leads_to(const std::vector<std::vector<Dependency>>& edges, ServiceIndex from, ServiceIndex to) {
    return from == to || std::any_of(edges[from].begin(), edges[from].end(),
                                     [&](const Dependency& next) { return leads_to(edges, next.service, to); });
}

// ---- a container that is gone ---------------------------------------------------------------------------------------

/// There is no container any more: nothing is due for it.
void Engine::Impl::forget_container(TargetIndex index) {
    Target& target = targets_[index];
    end_probing(index);
    target.start_at = target.proven_at = target.verify_until = never;
    target.instance = {};
    target.container.exists = false;
    target.container.engine_is_restarting = false;
    if (target.phase == Phase::running) set_phase(index, Phase::backoff, Reason::exited);  // its end was not seen
    end_remediation(index);
    if (target.phase != Phase::stopping && target.phase != Phase::starting) {
        set_phase(index, Phase::waiting, Reason::no_container);
    }
    close_incident(index, Reason::no_container);
}

// ---- one container --------------------------------------------------------------------------------------------------

void Engine::Impl::on(const event::Found& event) {
    if (!known(event.target) || !is_container(event.target)) return;
    const TargetIndex index = event.target;
    Target& target = targets_[index];
    const bool first_sight = !std::exchange(target.container.seen, true);
    take_traits(index, event);
    if (in_command(target)) return;
    if (target.leaving) {  // its new life ends with it
        if (target.phase == Phase::running) target.instance = event.instance;
        return wake(index);
    }
    if (restored_[index]) {
        restore_found(index, event);
    } else if (target.phase == Phase::running && target.instance == event.instance) {
        if (target.health.answered == Health::none && check_of(index)) begin_probing(index, event.started_at);
    } else if (target.phase != Phase::stopping) {
        take_over(index, event, first_sight);
    }
    freeze(index, event.frozen);
    wake(index);
}

void Engine::Impl::take_traits(TargetIndex index, const event::Found& event) {
    ContainerState& container = targets_[index].container;
    container.exists = true;
    container.healthcheck = event.healthcheck;
    container.stop_timeout = event.stop_timeout;
    container.engine_restarts = event.engine_restarts;
    container.stop_removes = event.stop_removes;
    container.shares_namespace = event.shares_namespace;
    container.outdated = event.outdated && !container.update_given_up;
    mark(index);
}

/// It lives, and keepwell did not start it.
void Engine::Impl::take_over(TargetIndex index, const event::Found& event, bool first_sight) {
    Target& target = targets_[index];
    end_probing(index);
    target.container.frozen = false;
    if (target.phase == Phase::running && target.instance.exists()) {  // the end of the old life was not seen
        set_phase(index, Phase::backoff, Reason::exited);
        target.container.engine_is_restarting = true;
    }
    const bool by_engine = std::exchange(target.container.engine_is_restarting, false);
    if (!first_sight && !by_engine && target.phase != Phase::running) {
        note(index, fact::OperatorActed{event::Verb::start, "the container engine's API"});
    }
    drop_hold(index);
    target.start_at = never;
    target.operator_stopped = target.final_stop = target.taken_as_started = false;
    if (by_engine) {
        leave_unproven(index);
        ++target.restarts;
    } else if (!first_sight) {
        forget_history(index);
    }
    target.instance = event.instance;
    target.would_last.reset();
    target.owes_start = false;
    target.renewed = !first_sight;
    target.health.started_at = event.started_at;
    set_phase(index, Phase::running,
              first_sight ? Reason::adopted
              : by_engine ? Reason::engine_restarts
                          : Reason::started_elsewhere);
    begin_probing(index, event.started_at);
    await_proof(index);
}

void Engine::Impl::on(const event::Absent& event) {
    if (!known(event.target) || !is_container(event.target)) return;
    const TargetIndex index = event.target;
    Target& target = targets_[index];
    const bool first_sight = !std::exchange(target.container.seen, true);
    target.container.exists = event.exists;
    if (in_command(target)) return;
    if (restored_[index]) {
        restore_absent(index, event);
    } else if (is_adopted(index) && !event.exists) {
        forget_container(index);
    } else if (is_adopted(index) && first_sight) {
        set_phase(index, Phase::stopped, Reason::not_running, event.detail);
    }
    wake(index);
}

void Engine::Impl::on(const event::Frozen& event) {
    if (!known(event.target) || !is_container(event.target)) return;
    const Target& target = targets_[event.target];
    if (target.phase != Phase::running || !(target.instance == event.instance)) return;
    freeze(event.target, event.frozen);
    wake(event.target);
}

/// A paused container is asked nothing, and nothing is done about it: the status that its engine shows says nothing
/// (moby container/health.go, CloseMonitorChannel).
void Engine::Impl::freeze(TargetIndex index, bool frozen) {
    Target& target = targets_[index];
    if (target.container.frozen == frozen) return;
    target.container.frozen = frozen;
    note(index, fact::OperatorActed{frozen ? event::Verb::pause : event::Verb::resume, "the container engine's API"});
    if (frozen) {
        target.proven_at = never;
        drop_hold(index);
        if (target.remediation == Remediation::due || target.remediation == Remediation::held) leave_unproven(index);
        return end_probing(index);
    }
    begin_probing(index, target.health.started_at);
    await_proof(index);
}

// ---- its health as the engine sees it -------------------------------------------------------------------------------

void Engine::Impl::on(const event::HealthReported& event) {
    if (!known(event.target) || !is_container(event.target)) return;
    const TargetIndex index = event.target;
    Target& target = targets_[index];
    const bool meant = target.phase == Phase::running && target.instance == event.instance && !target.container.frozen;
    if (!meant || !check_of(index) || is_asked(index)) return;
    const Health before = target.health.answered;
    target.container.stale = event.health == Health::unknown;
    if (event.health != Health::unknown && event.health != Health::none) target.health.answered = event.health;
    follow_streak(index, std::exchange(target.health.failing_streak, event.failing_streak));
    target.health.error_streak = 0;
    const ProbeResult* last = target.health.log.last();
    const bool news = event.last.ended != Instant{} && (!last || last->ended != event.last.ended);
    if (news) target.health.log.append(event.last);
    if (news && event.last.outcome == Outcome::failed) note_failure(index, event.failing_streak > 0);
    show_health(index, target.container.stale ? Reason::probe_errors : Reason::reported, event.last.output);
    if (event.health == Health::healthy) proven_healthy(index, Reason::recovered);
    if (event.health == Health::unhealthy) {
        excuse_for_dependency(index);
        judge_unhealthy(index, before == Health::starting, event.last.output);
    }
    rearm(index);
    wake(index);
}

// ---- who starts it again --------------------------------------------------------------------------------------------

/// Two masters: the container's own restart policy starts it again, so keepwell does not.
void Engine::Impl::engine_restarts_it(TargetIndex index) {
    Target& target = targets_[index];
    const std::string how = to_string(target.last_exit);
    await_nothing(index);
    drop_hold(index);
    guard_commands(index);
    open_incident(index, Reason::exited, how);
    if (target.container.replacing == Replacing::proving) return roll_back(index, Reason::exited);
    if (target.remediation == Remediation::verifying) {
        note(index, fact::RemedyVerified{target.remedy, target.rung, false}, rung_origin(index));
    }
    leave_unproven(index);
    target.container.engine_is_restarting = true;
    set_phase(index, Phase::backoff, Reason::engine_restarts, how);
}

/// Its own restart policy has given up. Where the policy says nothing of exits, they are the engine's alone.
void Engine::Impl::engine_gave_up(TargetIndex index) {
    Target& target = targets_[index];
    target.container.engine_is_restarting = false;
    if (spec(index).restart.origin.written()) return ended_by_itself(index, Reason::exited);
    await_nothing(index);
    drop_hold(index);
    target.dependency_restart = false;
    guard_commands(index);
    const std::string how = to_string(target.last_exit);
    raise(index, "not_restarted", how, spec(index).origin);
    end_remediation(index);
    set_phase(index, Phase::completed, Reason::engine_gave_up, how);
    close_incident(index, Reason::engine_gave_up);
}

void Engine::Impl::person_stopped_it(TargetIndex index) {
    Target& target = targets_[index];
    note(index, fact::OperatorActed{event::Verb::stop, "the container engine's API"});
    target.operator_stopped = target.final_stop = true;
    ended_by_itself(index, Reason::operated);
}

// ---- what nobody wants any more -------------------------------------------------------------------------------------

void Engine::Impl::on(const event::OrphanSeen& event) {
    if (!has_begun() || shutting_down_) return;
    if (policy_.mode == Mode::dry_run) {
        const std::string would =
            event.instance.is_process() ? "dry-run: it would be stopped" : "dry-run: it would be stopped and removed";
        return note(no_target, fact::OrphanChanged{event.name, true, would});
    }
    discard(event);
}

void Engine::Impl::discard(const event::OrphanSeen& orphan) {
    orphans_.push_back({new_id(), orphan.name, orphan.instance.is_process()});
    decisions_.commands.push_back(
        command::Discard{last_id_, no_target, orphan.instance, orphan.grace, orphan.stop_signal});
}

bool Engine::Impl::is_orphan(CommandId id) const {
    return std::any_of(orphans_.begin(), orphans_.end(), [id](const Orphan& one) { return one.id == id; });
}

void Engine::Impl::on(const event::DiscardFinished& event) { orphan_ended(event.id, event.failure); }

void Engine::Impl::orphan_ended(CommandId id, const std::string& failure) {
    const auto known = std::find_if(orphans_.begin(), orphans_.end(), [id](const Orphan& one) { return one.id == id; });
    if (known == orphans_.end()) return unexpected(no_target, "the end of an orphan that was not asked for");
    if (failure.empty()) {
        note(no_target, fact::OrphanChanged{known->name, false, {}});
    } else {
        raise(no_target, "leftover", known->name + ": " + failure);
    }
    orphans_.erase(known);
}

void Engine::Impl::on(const event::StepTaken& event) {
    if (known(event.target)) note(event.target, fact::StepTaken{event.step}, rung_origin(event.target));
}

}  // namespace keepwell::engine
