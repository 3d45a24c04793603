// Containers for the tests of what is seen: built as inspect would say it, on an engine's clock that a test sets.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "runtime/docker/watch/seen.hpp"

namespace keepwell::runtime::docker {

/// Seconds after the moment at which a test begins, on the engine's clock.
inline EngineTime second(double seconds) {
    const EngineTime zero = engine_time("2026-11-20T18:00:00Z");
    return zero + std::chrono::milliseconds{std::llround(seconds * 1000)};
}

/// As the engine would write it; unlike for each moment, which is all that counts.
inline std::string started_text(EngineTime time) { return std::to_string(time.time_since_epoch().count()); }

/// The full id that stands for a short one.
inline std::string full_id(char letter) { return std::string(64, letter); }

/// A container that was started at second 0 and runs.
inline Seen container(char letter, std::string name, EngineTime started = second(0)) {
    Seen seen;
    seen.view.id = full_id(letter);
    seen.view.name = std::move(name);
    seen.view.image = "shop/" + seen.view.name;
    seen.view.created = started;
    seen.view.status = ContainerStatus::running;
    seen.view.started_at = started;
    seen.view.started_text = started_text(started);
    return seen;
}

/// It ended at that moment.
inline Seen exited(Seen seen, int code, EngineTime at) {
    seen.view.status = ContainerStatus::exited;
    seen.view.exit_code = code;
    seen.view.finished_at = at;
    seen.die_event = at;
    seen.die_code = code;
    return seen;
}

/// The engine told of a kill.
inline Seen killed(Seen seen, EngineTime at) {
    seen.kill_event = seen.asked = at;
    return seen;
}

/// The engine told of a stop.
inline Seen stopped(Seen seen, EngineTime at) {
    seen.stop_event = at;
    return seen;
}

/// Its next life.
inline Seen started(Seen seen, EngineTime at) {
    seen.view.status = ContainerStatus::running;
    seen.view.started_at = at;
    seen.view.started_text = started_text(at);
    return seen;
}

/// With a check of interval 10 s, timeout 3 s, retries 3, and a status that the engine keeps.
inline Seen checked(Seen seen, std::string status, std::uint32_t streak = 0) {
    seen.view.healthcheck = Healthcheck{.interval = std::chrono::seconds{10},
                                        .timeout = std::chrono::seconds{3},
                                        .start_period = {},
                                        .start_interval = std::chrono::seconds{5},
                                        .retries = 3,
                                        .origin = {}};
    seen.view.health = EngineHealth{std::move(status), streak, {}};
    return seen;
}

/// One more entry of its log: a probe that began at that moment and took a tenth of a second.
inline Seen probed(Seen seen, EngineTime at, int code, std::string output = {}) {
    seen.view.health->log.push_back({at, at + std::chrono::milliseconds{100}, code, std::move(output)});
    return seen;
}

}  // namespace keepwell::runtime::docker
