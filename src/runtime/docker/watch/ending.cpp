// Post-mortem.
#include "runtime/docker/watch/ending.hpp"

#include <chrono>

namespace keepwell::runtime::docker {
namespace {

using event::Successor;

/// "2026-11-20T18:00:00Z"
std::string time_text(EngineTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{seconds - day};
    const auto two = [](auto number) {
        const auto text = std::to_string(number);
        return text.size() < 2 ? '0' + text : text;
    };
    return std::to_string(static_cast<int>(date.year())) + '-' + two(static_cast<unsigned>(date.month())) + '-' +
           two(static_cast<unsigned>(date.day())) + 'T' + two(clock.hours().count()) + ':' +
           two(clock.minutes().count()) + ':' + two(clock.seconds().count()) + 'Z';
}

/// The engine's own codes for what it could not run (moby daemon/errors.go, setExitCodeFromError): 125 itself, 126 not
/// executable, 127 not found, 128 anything else.
bool could_not_start(const ContainerView& view) {
    return !view.error.empty() && view.exit_code >= 125 && view.exit_code <= 128;
}

ExitStatus status_in(const ContainerView& view) {
    if (could_not_start(view)) return {ExitStatus::Kind::exec_failed, view.exit_code, view.error};
    return {ExitStatus::Kind::code, view.exit_code, view.oom_killed ? "out of memory" : ""};
}

ExitStatus status_of(const Corpse& corpse, EngineTime started) {
    const Seen& seen = corpse.seen;
    const bool same = seen.view.started_at == started;
    if (same && !seen.view.lives()) return status_in(seen.view);
    const bool before_next = same || seen.die_event <= seen.view.started_at;
    if (seen.die_event > started && before_next) return {ExitStatus::Kind::code, seen.die_code, {}};
    return {};
}

bool policy_asks(const ContainerView& view) {
    if (view.restart_policy == "always" || view.restart_policy == "unless-stopped") return true;
    if (view.restart_policy != "on-failure" || view.exit_code == 0) return false;
    return view.restart_retries == 0 || view.restart_count < view.restart_retries;
}

bool person_stopped(const Corpse& corpse, EngineTime started) {
    const Seen& seen = corpse.seen;
    const bool of_this_life = !seen.view.lives() || seen.view.started_at == started;
    return seen.stop_event > started && seen.stop_event > corpse.engine_end &&
           (of_this_life || seen.stop_event <= seen.view.started_at);
}

}  // namespace

Ending ending_of(const Corpse& corpse, EngineTime started) {
    const Seen& seen = corpse.seen;
    Ending ending;
    ending.status = status_of(corpse, started);
    const bool replaced = !corpse.gone && seen.view.lives();  // a life after the one that ended
    if (person_stopped(corpse, started)) {
        ending.successor = Successor::nobody;
    } else if (corpse.gone) {
        ending.successor = Successor::keepwell;
    } else if (seen.view.status == ContainerStatus::restarting || (replaced && seen.view.restarts_itself())) {
        ending.successor = Successor::engine;
    } else if (replaced) {
        // A signal ended it, and the `stop` that belongs to it may be on its way, although the next life is seen
        // already.
        const bool signalled = seen.kill_event > started && seen.kill_event <= seen.view.started_at;
        ending.stop_may_follow = signalled && seen.stop_event <= started;
    } else {
        const bool signalled = seen.kill_event > started;  // moby takes that for a person's wish: no restart
        ending.stop_may_follow = signalled && seen.stop_event <= started;
        ending.engine_may_start = !signalled && seen.view.error.empty() && policy_asks(seen.view);
        if (ending.engine_may_start) ending.successor = Successor::engine;
    }
    return ending;
}

std::string not_alive(const ContainerView& container) {
    const auto code = " (" + std::to_string(container.exit_code) + ")";
    switch (container.status) {
        case ContainerStatus::created:
            return container.error.empty() ? "created, never started" : "could not be started: " + container.error;
        case ContainerStatus::exited: {
            const auto failed = could_not_start(container) ? ": " + container.error : std::string{};
            return "exited" + code + ' ' + time_text(container.finished_at) + failed;
        }
        case ContainerStatus::restarting: return "restarting" + code;
        case ContainerStatus::removing: return "being removed";
        case ContainerStatus::dead: return "dead: it could not be removed";
        case ContainerStatus::unknown: return "the container engine does not say how it is";
        case ContainerStatus::running:
        case ContainerStatus::paused: break;
    }
    return std::string{to_string(container.status)};
}

}  // namespace keepwell::runtime::docker
