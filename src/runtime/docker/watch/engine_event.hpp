// What the engine's event stream says of a container, and how to subscribe to no more of it than is needed.
// May know: view's times. Pure: no I/O, no clock.
// Source: moby api/types/events, daemon/events/filter.go; podman pkg/domain/entities/events.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/docker/watch/view.hpp"

namespace keepwell::runtime::docker {

struct EngineEvent {
    enum class Action : std::uint8_t {
        create,
        start,
        die,
        stop,
        kill,
        restart,
        pause,
        unpause,
        rename,
        update,
        destroy,
        oom,
        health_status,
    };
    Action action = Action::start;
    std::string id;
    EngineTime time;
    int exit_code = 0;   ///< of die
    int signal = 0;      ///< of kill
    std::string health;  ///< of health_status: "healthy", "unhealthy", "starting"
};

/// One line of the stream; nothing for what is no such event of a container, or no JSON at all.
std::optional<EngineEvent> engine_event(std::string_view line);

/// The path that subscribes to just these. Events of health probes (exec_create and its kind) are most of what an
/// engine tells, and must not reach us. `since`: events from then on that the engine still knows come first.
std::string events_path(EngineTime since);

/// "1763661600.000000001": how the API takes a time.
std::string unix_time(EngineTime time);

}  // namespace keepwell::runtime::docker
