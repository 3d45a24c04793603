// One status, read with suspicion.
#include "runtime/docker/watch/health_view.hpp"

#include <algorithm>

namespace keepwell::runtime::docker {
namespace {

constexpr Duration start_guard = 30s;       // moby daemon/health.go: for creating and starting the probe's exec
constexpr Duration slack = 500ms;           // between a probe's end and what inspect says of it
constexpr Duration first_stale_look = 10s;  // a status that is stale is looked at again after this
constexpr Duration last_stale_look = 5min;  // to this

/// Everything that one reading rests on.
struct Reading {
    const Seen& seen;
    const EngineHealth& health;
    const Healthcheck check;
    const EngineTime now;
    const Instant at;
    const EngineTime fresh_since = std::max(seen.view.started_at, seen.unpaused);
    const EngineProbe* const newest = newest_entry();

    /// Of this run and since the last pause; null where there is none.
    const EngineProbe* newest_entry() const {
        if (health.log.empty() || health.log.back().started < fresh_since) return nullptr;
        return &health.log.back();
    }

    EngineTime renewed() const { return newest ? std::max(newest->ended, fresh_since) : fresh_since; }
    bool was_paused() const { return seen.unpaused > seen.view.started_at; }
    /// Podman can be told to keep no log; then there is nothing to hold a verdict against.
    bool has_no_log() const { return health.log.empty() && !was_paused() && is_verdict(); }
    bool is_verdict() const { return health.status == "healthy" || health.status == "unhealthy"; }
    bool is_stale() const { return !has_no_log() && now - renewed() > patience_with(check); }
};

/// What the status says if it is fresh; nothing where it is no verdict.
std::optional<Health> verdict(const Reading& reading) {
    const auto& health = reading.health;
    if (health.status == "starting" || health.status.empty()) return Health::starting;
    if (!reading.is_verdict()) return std::nullopt;
    const bool proven = reading.newest || reading.has_no_log();
    if (!proven) return std::nullopt;
    if (health.status == "healthy") return Health::healthy;
    const bool passed_last = reading.newest && reading.newest->exit_code == 0;
    if (passed_last || health.failing_streak < reading.check.retries) return std::nullopt;
    return Health::unhealthy;
}

ProbeResult result_of(const EngineProbe& entry, EngineTime now, Instant at) {
    return {instant_of(entry.started, now, at), instant_of(entry.ended, now, at),
            entry.exit_code == 0 ? Outcome::passed : Outcome::failed, entry.exit_code, entry.output};
}

event::HealthReported report(TargetIndex target, const Reading& reading, Health health) {
    event::HealthReported reported{target, reading.seen.view.instance(), health, reading.health.failing_streak, {}};
    if (reading.newest) reported.last = result_of(*reading.newest, reading.now, reading.at);
    return reported;
}

/// When the next entry of the log can be there. No sooner than a quarter of the interval, while it is late.
Instant next_entry(const Reading& reading) {
    const auto step = std::clamp<Duration>(reading.check.interval / 4, slack, 5s);
    const auto due = reading.renewed() + reading.check.interval + slack;
    return later(reading.at, std::max(due - reading.now, step));
}

}  // namespace

Duration patience_with(const Healthcheck& check) {
    const auto early = check.start_period > Duration{0} ? check.start_interval : Duration{0};
    return 2 * (std::max(check.interval, early) + check.timeout) + start_guard;
}

Instant instant_of(EngineTime time, EngineTime now, Instant at) {
    const auto ago = std::clamp<Duration>(now - time, Duration{0}, at - Instant{});
    return at - ago;
}

HealthView health_view(TargetIndex target, const Seen& container, EngineTime now, Instant at) {
    const auto& view = container.view;
    if (!view.runs() || !view.health || view.health->status == "none") return {};
    const Reading reading{container, *view.health, view.healthcheck.value_or(Healthcheck{}), now, at};
    if (reading.is_stale()) {
        const auto round = reading.check.interval + reading.check.timeout;
        return {report(target, reading, Health::unknown),
                later(at, std::clamp<Duration>(round, first_stale_look, last_stale_look)), true};
    }
    const auto health = verdict(reading);
    if (!health) return {std::nullopt, next_entry(reading), true};
    const auto said = report(target, reading, *health);
    if (*health == Health::unhealthy) return {said, next_entry(reading), true};
    if (reading.has_no_log()) return {said, never, false};
    const auto left = patience_with(reading.check) - (now - reading.renewed());
    return {said, later(at, left + slack), false};
}

std::optional<event::HealthReported> reported_health(TargetIndex target, const Seen& container, EngineTime now,
                                                     Instant at) {
    return health_view(target, container, now, at).report;
}

}  // namespace keepwell::runtime::docker
