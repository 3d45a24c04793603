// The one list of members of each struct that a record can hold, for writing and for reading alike: a member that is
// not listed here is not in the journal. Private to the codec.
// May know: record, and the words of the model.
//
// An archive `a` is the codec's Encoder or Decoder:
//   a("name", x)        always written (an empty text or list and Reason::none are left out)
//   a.rare("name", x)   left out while it has the value of a fresh T{}
//   a.moment("x", t)    `x_at` and `x`; left out is `never`
//   a.length("x", d)    `x_ns` and `x_ms`
//   a.object, a.list    nested structs
#pragma once

#include <concepts>
#include <optional>
#include <type_traits>
#include <variant>

#include "journal/record.hpp"

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

/// What the container is asks nothing of the past but its entry: a replay reads that.
void members(auto& a, Same<event::TargetJoined> auto& x) { a("entry", x.entry); }
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
void members(auto& a, Same<event::PolicyChanged> auto& x) { a("by", x.by); }

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
    a("from_entry", x.from_entry);
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

}  // namespace keepwell::journal
