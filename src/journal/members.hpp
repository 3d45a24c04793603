// The one list of members of each struct that a record can hold, for writing and for reading alike: a member that is
// not listed here is not in the journal. Private to the codec.
// May know: record, target_rules, and the words of the model.
//
// An archive `a` is the codec's Encoder or Decoder:
//   a("name", x)        always written (an empty text or list and Reason::none are left out)
//   a.rare("name", x)   left out while it has the value of a fresh T{}
//   a.moment("x", t)    `x_at` and `x`; left out is `never`
//   a.length("x", d)    `x_ns` and `x_ms`
//   a.maybe("x", o)     an optional: a length, a number or a nested struct
//   a.place("x", o)     a line of the policy, where it was written
//   a.object, a.list    nested structs
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <variant>

#include "journal/record.hpp"
#include "journal/target_rules.hpp"

namespace keepwell::journal {

/// T or const T: written from a const record, read into another.
template <typename T, typename Struct>
concept Same = std::same_as<std::remove_const_t<T>, Struct>;

// ---- of the model -----------------------------------------------------------------------------------------------

void members(auto& a, Same<Origin> auto& x) {
    a("file", x.file);
    a("line", x.line);
}

void members(auto& a, Same<ExitStatus> auto& x) {
    a("kind", x.kind);
    a("value", x.value);
    a("detail", x.detail);
}

void members(auto& a, Same<ProbeResult> auto& x) {
    a.moment("started", x.started);
    a.moment("ended", x.ended);
    a("outcome", x.outcome);
    a("exit_code", x.exit_code);
    a("output", x.output);
}

/// `target` is the record's own.
void members(auto& a, Same<TargetMemory> auto& x) {
    a.instance(x.instance);
    a("version", x.version);
    a("phase", x.phase);
    a("health", x.health);
    a("remediation", x.remediation);
    a.moment("started", x.started_at);
    a.rare("failing_streak", x.failing_streak);
    a.rare("operator_stopped", x.operator_stopped);
    a.rare("paused", x.paused);
    a.rare("rung", x.rung);
    a.rare("attempt", x.attempt);
    a.rare("in_a_row", x.in_a_row);
    a.rare("restarts", x.restarts);
    a.moments("history", x.history);
    a.rare("quarantines", x.quarantines);
    a.moment("retry", x.retry_at);
    a.rare("incident", x.incident);
    a("incident_reason", x.incident_reason);
    a.rare("has_exited", x.has_exited);
    a.object("last_exit", x.last_exit);
    a.rare("replacing", x.replacing);
    a.rare("previous", x.previous.id);
    a.rare("owes_start", x.owes_start);
    a.rare("updated_to", x.updated_to);
    a.rare("gave_up", x.gave_up);
    a("made_of", x.made_of);
    a("stop_signal", x.stop_signal);
    a.length("stop_grace", x.stop_grace);
}

/// Where it was written is not of interest: it is a container's own.
void members(auto& a, Same<Healthcheck> auto& x) {
    a.length("interval", x.interval);
    a.length("timeout", x.timeout);
    a.length("start_period", x.start_period);
    a.length("start_interval", x.start_interval);
    a("retries", x.retries);
}

// ---- the rules of a policy, as the engine reads them ----------------------------------------------------------------

/// A healthcheck of the policy: with the line that it stands on.
struct WrittenHealthcheck : Healthcheck {};

void members(auto& a, Same<WrittenHealthcheck> auto& x) {
    a.length("interval", x.interval);
    a.length("timeout", x.timeout);
    a.length("start_period", x.start_period);
    a.length("start_interval", x.start_interval);
    a("retries", x.retries);
    a.rule(x.origin);
}

void members(auto& a, Same<Backoff> auto& x) {
    a("factor", x.factor);
    a.length("max", x.max);
    a.length("reset_after", x.reset_after);
}

void members(auto& a, Same<RestartPolicy> auto& x) {
    a("condition", x.condition);
    a.length("delay", x.delay);
    a.rare("max_attempts", x.max_attempts);
    a.length("window", x.window);
    a.maybe("backoff", x.backoff);
    a.rule(x.origin);
}

inline RungAction action_of(Remedy remedy) {
    switch (remedy) {
        case Remedy::start:
        case Remedy::restart: return RestartRung{};
        case Remedy::replace: return ReplaceRung{};
        case Remedy::run: return RunRung{};
        case Remedy::stop: return StopRung{};
        case Remedy::notify: return NotifyRung{};
    }
    return RestartRung{};
}

void members(auto& a, Same<Rung> auto& x) {
    Remedy remedy = remedy_of(x.action);
    a("remedy", remedy);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(x)>>) x.action = action_of(remedy);
    if (auto* replace = std::get_if<ReplaceRung>(&x.action)) a("order", replace->order);
    if (auto* run = std::get_if<RunRung>(&x.action)) a.length("timeout", run->timeout);
    a.rule(x.origin);
}

void members(auto& a, Same<Quarantine> auto& x) {
    a.length("first", x.first);
    a.length("max", x.max);
    a.rule(x.origin);
}

void members(auto& a, Same<UpdateConfig> auto& x) {
    a("parallelism", x.parallelism);
    a.length("delay", x.delay);
    a.length("monitor", x.monitor);
    a("failure_action", x.failure_action);
    a("order", x.order);
    a.rule(x.origin);
}

void members(auto& a, Same<Dependency> auto& x) {
    a("on", x.service);
    a("condition", x.condition);
    a("restart", x.restart);
    a("required", x.required);
    a.rule(x.origin);
}

/// The name is the record's own.
void members(auto& a, Same<ServiceSpec> auto& x) {
    a("version", x.version);
    a("container_version", x.container_version);
    if constexpr (std::is_const_v<std::remove_reference_t<decltype(x)>>) {
        if (x.healthcheck) a.object("healthcheck", WrittenHealthcheck{*x.healthcheck});
    } else {
        std::optional<WrittenHealthcheck> check;
        a.maybe("healthcheck", check);
        if (check) x.healthcheck = *check;
    }
    a.object("restart", x.restart);
    a.list("on_unhealthy", x.on_unhealthy);
    a.maybe("verify", x.verify);
    a.object("quarantine", x.quarantine);
    a.list("depends_on", x.depends_on);
    a.length("stop_grace_period", x.stop_grace_period);
    a.rare("stop_grace_written", x.stop_grace_written);
    a.rare("engine_health", x.engine_health);
    a.object("update", x.update);
    a.rare("dry_run", x.dry_run);
    a.rule(x.origin);
    a.place("ladder", x.ladder_origin);
}

void members(auto& a, Same<MaxUnhealthy> auto& x) {
    a("is_percent", x.is_percent);
    a("value", x.value);
}

void members(auto& a, Same<MaxActions> auto& x) {
    a("count", x.count);
    a.length("per", x.per);
}

void members(auto& a, Same<Guard> auto& x) {
    a.maybe("max_unhealthy", x.max_unhealthy);
    a.maybe("max_parallel", x.max_parallel);
    a.maybe("max_actions", x.max_actions);
    a.rule(x.origin);
}

void members(auto& a, Same<TargetRules> auto& x) {
    a("name", x.name);
    a("slot", x.slot);
    a("kind", x.kind);
    a("container", x.container);
    a("compose_project", x.compose_project);
    a("compose_service", x.compose_service);
    a.rare("version", x.version);
    a.rare("question", x.question);
}

/// Whom it means is found by its names.
void members(auto& a, Same<NamedDependency> auto& x) {
    a("names", x.names);
    a("condition", x.rules.condition);
    a("restart", x.rules.restart);
    a("required", x.rules.required);
    a.rule(x.rules.origin);
}

// ---- events -----------------------------------------------------------------------------------------------------

void members(auto& a, Same<event::Restored> auto& x) { members(a, x.memory); }
void members(auto&, Same<event::Begin> auto&) {}
void members(auto&, Same<event::Tick> auto&) {}

void members(auto& a, Same<event::StartFinished> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a("failure", x.failure);
}

void members(auto& a, Same<event::StopFinished> auto& x) {
    a("id", x.id);
    a("survivors", x.survivors);
}

void members(auto& a, Same<event::Exited> auto& x) {
    a.instance(x.instance);
    a.object("status", x.status);
    a("remains", x.remains);
    a.rare("successor", x.successor);
}

void members(auto& a, Same<event::ProbeFinished> auto& x) {
    a("id", x.id);
    a("outcome", x.outcome);
    a("exit_code", x.exit_code);
    a("output", x.output);
}

void members(auto& a, Same<event::HookFinished> auto& x) {
    a("id", x.id);
    a.object("status", x.status);
    a("output", x.output);
}

void members(auto& a, Same<event::BackendLost> auto& x) { a("detail", x.detail); }
void members(auto& a, Same<event::BackendFound> auto& x) { a("detail", x.detail); }

/// What the engine reads of the target, and of the service that it brings. A label's entry is for people; its windows
/// of maintenance come as events.
void members(auto& a, Same<event::TargetJoined> auto& x) {
    TargetRules target = x.spec ? rules_of(*x.spec) : TargetRules{{}, 1, TargetKind::adopted, {}, {}, {}};
    bool own_rules = x.service != nullptr;
    ServiceSpec rules = own_rules ? *x.service : ServiceSpec{};
    a("entry", x.entry);
    a("kind", target.kind);
    a("slot", target.slot);
    a("container", target.container);
    a("compose_project", target.compose_project);
    a("compose_service", target.compose_service);
    a.rare("version", target.version);
    a.rare("question", target.question);
    a.rare("own_rules", own_rules);
    if (own_rules) a.object("rules", rules);
    event::LabelledService said = x.labelled ? *x.labelled : event::LabelledService{};
    a("names", said.names);
    a.list("depends_on", said.depends_on);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(x)>>) {
        const bool says_nothing = said.names.empty() && said.depends_on.empty();
        if (!says_nothing) x.labelled = std::make_shared<const event::LabelledService>(std::move(said));
        x.spec = std::make_shared<const TargetSpec>(target_of(target));
        if (own_rules) x.service = std::make_shared<const ServiceSpec>(std::move(rules));
    }
}
void members(auto&, Same<event::TargetLeft> auto&) {}

void members(auto& a, Same<event::Found> auto& x) {
    a.instance(x.instance);
    a.moment("started", x.started_at);
    bool has_healthcheck = x.healthcheck.has_value();
    a.rare("has_healthcheck", has_healthcheck);
    if (has_healthcheck) {
        if constexpr (!std::is_const_v<std::remove_reference_t<decltype(x)>>) x.healthcheck.emplace();
        a.object("healthcheck", *x.healthcheck);
    }
    a.length("stop_timeout", x.stop_timeout);
    a.rare("engine_restarts", x.engine_restarts);
    a.rare("stop_removes", x.stop_removes);
    a.rare("outdated", x.outdated);
    a.rare("frozen", x.frozen);
    a.rare("shares_namespace", x.shares_namespace);
}

void members(auto& a, Same<event::Absent> auto& x) {
    a("exists", x.exists);
    a("detail", x.detail);
}

void members(auto& a, Same<event::Frozen> auto& x) {
    a.instance(x.instance);
    a("frozen", x.frozen);
}

void members(auto& a, Same<event::HealthReported> auto& x) {
    a.instance(x.instance);
    a("health", x.health);
    a("failing_streak", x.failing_streak);
    a.object("last", x.last);
}

void members(auto& a, Same<event::ReplaceFinished> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a("survivor", x.survivor.id);
    a("failure", x.failure);
}

void members(auto& a, Same<event::SettleFinished> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a("failure", x.failure);
}

void members(auto& a, Same<event::StepTaken> auto& x) { a("step", x.step); }

void members(auto& a, Same<event::OrphanSeen> auto& x) {
    a.instance(x.instance);
    a("name", x.name);
    a.rare("stop_signal", x.stop_signal);
    a.length("grace", x.grace);
}

void members(auto& a, Same<event::DiscardFinished> auto& x) {
    a("id", x.id);
    a("failure", x.failure);
}

/// The policy itself is not in the journal; its version is in the fact that follows.
/// Its services are the rules before it; here is what else the engine reads.
void members(auto& a, Same<event::PolicyChanged> auto& x) {
    std::string version = x.policy ? x.policy->version : std::string{};
    Mode mode = x.policy ? x.policy->mode : Mode::enforce;
    std::vector<std::string> files = x.policy ? x.policy->files : std::vector<std::string>{};
    a("by", x.by);
    a("mode", mode);
    a("version", version);
    a("files", files);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(x)>>) {
        Policy policy;
        policy.version = std::move(version);
        policy.mode = mode;
        policy.files = std::move(files);
        x.policy = std::make_shared<const Policy>(std::move(policy));
    }
}

void members(auto& a, Same<event::Maintenance> auto& x) {
    a("active", x.active);
    a.moment("until", x.until);
}

void members(auto& a, Same<event::Operated> auto& x) {
    a("verb", x.verb);
    a("by", x.by);
}

void members(auto& a, Same<event::Shutdown> auto& x) { a("at_once", x.at_once); }

// ---- commands ---------------------------------------------------------------------------------------------------

void members(auto& a, Same<command::Start> auto& x) { a("id", x.id); }

void members(auto& a, Same<command::Stop> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a.length("grace", x.grace);
}

void members(auto& a, Same<command::Restart> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a.length("grace", x.grace);
}

void members(auto& a, Same<command::Replace> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a("order", x.order);
    a("made_from", x.made_from);
    a.length("grace", x.grace);
}

void members(auto& a, Same<command::Settle> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a("previous", x.previous.id);
    a("commit", x.commit);
    a.length("grace", x.grace);
}

void members(auto& a, Same<command::Discard> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
    a.rare("stop_signal", x.stop_signal);
    a.length("grace", x.grace);
}

void members(auto& a, Same<command::RunProbe> auto& x) {
    a.instance(x.instance);
    a("id", x.id);
}

void members(auto& a, Same<command::CancelProbe> auto& x) { a("id", x.id); }

void members(auto& a, Same<command::RunHook> auto& x) {
    a("id", x.id);
    a("rung", x.rung);
    a.length("timeout", x.timeout);
}

void members(auto& a, Same<command::KeepEvidence> auto& x) { a("incident", x.incident); }
void members(auto&, Same<command::Look> auto&) {}
void members(auto&, Same<command::Release> auto&) {}

// ---- facts ------------------------------------------------------------------------------------------------------

void members(auto& a, Same<fact::PhaseChanged> auto& x) {
    a("reason", x.reason);
    a("from", x.from);
    a("to", x.to);
    a("detail", x.detail);
    a.moment("until", x.until);
}

void members(auto& a, Same<fact::HealthChanged> auto& x) {
    a("reason", x.reason);
    a("from", x.from);
    a("to", x.to);
    a("failing_streak", x.failing_streak);
    a("detail", x.detail);
}

void members(auto& a, Same<fact::ProbeFailed> auto& x) {
    a("outcome", x.outcome);
    a("failing_streak", x.failing_streak);
    a("retries", x.retries);
    a("counted", x.counted);
    a("exit_code", x.exit_code);
    a("output", x.output);
}

void members(auto& a, Same<fact::RemedyDue> auto& x) {
    a("reason", x.reason);
    a("remedy", x.remedy);
    a("rung", x.rung);
    a("attempt", x.attempt);
}

void members(auto& a, Same<fact::RemedyHeld> auto& x) {
    a("reason", x.reason);
    a("would", x.would);
    a("rung", x.rung);
    a("attempt", x.attempt);
    a.moment("until", x.until);
    a("detail", x.detail);
    a.rare("again", x.again);
}

void members(auto& a, Same<fact::RemedyStarted> auto& x) {
    a("reason", x.reason);
    a("remedy", x.remedy);
    a("rung", x.rung);
    a("attempt", x.attempt);
}

void members(auto& a, Same<fact::RemedyFinished> auto& x) {
    a("remedy", x.remedy);
    a("rung", x.rung);
    a("success", x.success);
    a("detail", x.detail);
}

void members(auto& a, Same<fact::RemedyVerified> auto& x) {
    a("remedy", x.remedy);
    a("rung", x.rung);
    a("success", x.success);
}

void members(auto& a, Same<fact::IncidentOpened> auto& x) {
    a("reason", x.reason);
    a("incident", x.incident);
    a("detail", x.detail);
}

void members(auto& a, Same<fact::IncidentClosed> auto& x) {
    a("reason", x.reason);
    a("incident", x.incident);
    a.length("lasted", x.lasted);
}

void members(auto& a, Same<fact::Quarantined> auto& x) {
    a("reason", x.reason);
    a("restarts", x.restarts);
    a.moment("until", x.until);
}

void members(auto& a, Same<fact::AlertRaised> auto& x) {
    a("alert", x.alert);
    a("detail", x.detail);
}

void members(auto& a, Same<fact::AlertResolved> auto& x) {
    a("alert", x.alert);
    a("detail", x.detail);
}

/// The verb is in the type's name.
void members(auto& a, Same<fact::OperatorActed> auto& x) { a("by", x.by); }

/// Whether it began is in the type's name.
void members(auto& a, Same<fact::MaintenanceChanged> auto& x) { a.moment("until", x.until); }

void members(auto& a, Same<fact::StepTaken> auto& x) { a("step", x.step); }

/// Whether it was lost, came or was held, and how far an update is, is in the type's name.
void members(auto& a, Same<fact::BackendChanged> auto& x) { a("detail", x.detail); }
void members(auto& a, Same<fact::Membership> auto& x) { a("entry", x.entry); }
void members(auto& a, Same<fact::UpdateChanged> auto& x) {
    a("name", x.service);
    a("detail", x.detail);
}
void members(auto& a, Same<fact::OrphanChanged> auto& x) {
    a("name", x.name);
    a("detail", x.detail);
}

void members(auto& a, Same<fact::PolicyReloaded> auto& x) {
    a("from_version", x.from_version);
    a("version", x.version);
    a("by", x.by);
    a("changes", x.changes);
}

void members(auto& a, Same<fact::Unexpected> auto& x) { a("detail", x.detail); }

// ---- records ----------------------------------------------------------------------------------------------------

void members(auto& a, Same<RunStarted> auto& x) {
    a("keepwell_version", x.keepwell_version);
    a("mode", x.mode);
    a("policy_version", x.policy_version);
    a("files", x.files);
    a("services", x.services);
    a("targets", x.targets);
    a("pid", x.pid);
    a("boot_id", x.boot_id);
    a("last_incident", x.last_incident);
}

void members(auto&, Same<RunEnded> auto&) {}

void members(auto& a, Same<Input> auto& x) {
    std::visit([&a](auto& event) { members(a, event); }, x.event);
}

void members(auto& a, Same<Asked> auto& x) {
    std::visit([&a](auto& command) { members(a, command); }, x.command);
}

/// The incident that the body itself names, which then is the fact's own too.
inline std::optional<IncidentId> incident_in(const fact::Body& body) {
    if (const auto* opened = std::get_if<fact::IncidentOpened>(&body)) return opened->incident;
    if (const auto* closed = std::get_if<fact::IncidentClosed>(&body)) return closed->incident;
    return std::nullopt;
}

void members(auto& a, Same<Noted> auto& x) {
    a.instance(x.fact.instance);
    std::visit([&a](auto& body) { members(a, body); }, x.fact.body);
    if (!incident_in(x.fact.body)) a.rare("incident", x.fact.incident);
    a.rule(x.fact.rule);
}

void members(auto& a, Same<State> auto& x) { members(a, x.memory); }

void members(auto& a, Same<Evidence> auto& x) {
    a("incident", x.incident);
    a("output_tail", x.output_tail);
    a("inspect", x.inspect);
    a.list("probes", x.probes);
}

void members(auto& a, Same<HostRules> auto& x) {
    a.object("guard", x.guard);
    a.length("quantum", x.quantum);
    a("record", x.record);
}

void members(auto& a, Same<ServiceRules> auto& x) {
    members(a, x.spec);
    a.list("targets", x.targets);
    a.list("templates", x.templates);
}

void members(auto& a, Same<Probes> auto& x) {
    a("outcomes", x.outcomes);
    a("targets", x.targets);
    a("outputs", x.outputs);
    a("packed", x.packed);
}

}  // namespace keepwell::journal
