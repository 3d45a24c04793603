// The probe schedule of a target, and what a result leads to. The rules themselves are in health.cpp.
// Source of the semantic: moby daemon/health.go, monitor() and handleProbeResult().
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {

const Healthcheck* check_of(const ServiceSpec& service, const Target& target) {
    if (service.healthcheck) return &*service.healthcheck;
    const auto& engines = target.container.healthcheck;
    return service.engine_health && engines ? &*engines : nullptr;
}

const Healthcheck* Engine::Impl::check_of(TargetIndex index) const {
    return engine::check_of(spec(index), targets_[index]);
}

Health Engine::Impl::health_of(TargetIndex index) const {
    const Target& target = targets_[index];
    if (out_of_reach(index) && backend_ == Backend::lost && !target.container.left) return Health::unknown;
    if (target.container.stale && target.health.answered != Health::none) return Health::unknown;
    const Healthcheck* check = check_of(index);
    return check ? target.health.status(*check) : Health::none;
}

void Engine::Impl::begin_probing(TargetIndex index, Instant started_at) {
    Target& target = targets_[index];
    if (!check_of(index) || target.leaving || target.container.frozen) return;
    begin_health(target.health, started_at);
    target.container.stale = false;
    target.streak_base = 0;
    arm_probe(index);
    show_health(index, Reason::started, {});
}

void Engine::Impl::arm_probe(TargetIndex index) {
    Target& target = targets_[index];
    const bool ask = is_asked(index) && !out_of_reach(index);
    target.probe_at = ask ? later(now_, probe_wait(target.health, *check_of(index), now_)) : never;
}

void Engine::Impl::await_proof(TargetIndex index) {
    Target& target = targets_[index];
    const bool something_to_prove = target.incident != 0 || target.in_a_row > 0 || target.renewed;
    if (check_of(index) || !something_to_prove || out_of_reach(index)) return;
    target.proven_at = later(now_, proving_time(spec(index).restart));
}

void Engine::Impl::end_probing(TargetIndex index) {
    Target& target = targets_[index];
    const bool is_probed = target.probe_id || target.probe_at != never;
    if (!check_of(index) && target.health.answered == Health::none && !is_probed) return;
    cancel_probe(index);
    target.probe_at = never;
    target.streak_base = 0;
    target.container.stale = false;
    end_health(target.health);
    show_health(index, Reason::none, {});
}

void Engine::Impl::issue_probe(TargetIndex index) {
    Target& target = targets_[index];
    if (target.phase != Phase::running || out_of_reach(index)) return;
    target.probe_id = new_id();
    target.probe_started = now_;
    target.probe_overdue = later(now_, spec(index).healthcheck->timeout + probe_patience);
    decisions_.commands.push_back(command::RunProbe{target.probe_id, index, target.instance});
}

void Engine::Impl::cancel_probe(TargetIndex index) {
    Target& target = targets_[index];
    target.probe_overdue = never;
    const CommandId id = std::exchange(target.probe_id, 0);
    if (id) decisions_.commands.push_back(command::CancelProbe{id, index});
}

void Engine::Impl::on(const event::ProbeFinished& event) {
    if (!known(event.target)) return;
    if (!was_issued(event.id)) return unexpected(event.target, "the result of a probe that was not asked for");
    Target& target = targets_[event.target];
    if (event.id != target.probe_id) return;  // cancelled, or too late
    target.probe_id = 0;
    target.probe_overdue = never;
    take_result(event.target, {target.probe_started, now_, event.outcome, event.exit_code, event.output});
    rearm(event.target);
}

void Engine::Impl::take_result(TargetIndex index, ProbeResult result) {
    Target& target = targets_[index];
    const Healthcheck& check = *spec(index).healthcheck;
    const Health before = target.health.answered;
    const std::uint32_t streak = target.health.failing_streak;
    const Outcome outcome = result.outcome;
    const ProbeResult* last = target.health.log.last();
    const bool news =
        !last || last->started < target.health.started_at || last->outcome != outcome || last->output != result.output;
    const bool counted = apply_result(target.health, check, std::move(result));
    target.probe_at = later(now_, probe_wait(target.health, check, now_));
    follow_streak(index, streak);

    if (outcome == Outcome::passed && before == Health::healthy && target.shown_health == Health::healthy) {
        const bool at_rest = target.remediation == Remediation::idle || target.dependency_restart;
        if (at_rest && !target.incident) return;  // all is well: nothing to say
    }
    if (counted) excuse_for_dependency(index);
    const bool told = news || (counted && target.health.failing_streak <= check.retries);
    if (outcome != Outcome::passed && told) note_failure(index, counted);
    const std::string& output = target.health.log.last()->output;
    const Health now_shown = target.health.status(check);
    const Reason reason = now_shown == Health::healthy && outcome == Outcome::passed ? Reason::probe_passed
                          : now_shown == Health::unknown                             ? Reason::probe_errors
                                                                                     : Reason::unhealthy;
    show_health(index, reason, outcome == Outcome::passed ? std::string{} : output);
    if (outcome == Outcome::passed) proven_healthy(index, Reason::recovered);
    if (outcome == Outcome::failed && target.health.answered == Health::unhealthy) {
        judge_unhealthy(index, before == Health::starting, output);
    }
}

/// The last result was no success.
void Engine::Impl::note_failure(TargetIndex index, bool counted) {
    const HealthState& health = targets_[index].health;
    const ProbeResult& last = *health.log.last();
    const std::uint32_t retries = check_of(index)->retries;
    note(index, fact::ProbeFailed{last.outcome, health.failing_streak, retries, counted, last.exit_code, last.output},
         check_origin(index));
}

/// Those that depend on it wait while its last probe failed, and look again when that is over.
void Engine::Impl::follow_streak(TargetIndex index, std::uint32_t before) {
    if (before > 0 && targets_[index].health.failing_streak == 0) affects_others(index);
}

/// Says so when what the probes say has changed.
void Engine::Impl::show_health(TargetIndex index, Reason reason, std::string detail) {
    Target& target = targets_[index];
    const Health to = health_of(index);
    if (to == target.shown_health) return;
    const Origin rule = check_origin(index);
    if (!allowed(target.shown_health, to)) {
        unexpected(index,
                   "health " + std::string{to_string(target.shown_health)} + " to " + std::string{to_string(to)});
    }
    const Health from = std::exchange(target.shown_health, to);
    const bool of_probes = reason != Reason::backend_lost && reason != Reason::backend_found;
    if (to == Health::unknown && of_probes) raise(index, "probe_errors", detail, rule);
    if (from == Health::unknown && of_probes)
        resolve(index, "probe_errors",
                to == Health::none ? "nobody is asked any more" : "the probes can be asked again");
    note(index, fact::HealthChanged{from, to, reason, target.health.failing_streak, std::move(detail)}, rule);
    affects_others(index);
}

}  // namespace keepwell::engine
