// A container as it is known: what inspect said of it, and what only the event stream says.
// May know: view. Plain data.
#pragma once

#include "runtime/docker/watch/view.hpp"

namespace keepwell::runtime::docker {

/// The times are those of the newest event of their kind, also of an earlier life: compare them with StartedAt.
struct Seen {
    ContainerView view;
    EngineTime stop_event;  ///< `stop`: somebody asked the engine to stop it
    EngineTime kill_event;  ///< `kill`, whatever its signal: a `stop` may follow
    EngineTime asked;       ///< `kill` with another signal than SIGKILL: where a stop begins
    EngineTime unpaused;    ///< `unpause`: health said before it is stale
    EngineTime die_event;   ///< `die`
    int die_code = 0;       ///< its exit code
};

}  // namespace keepwell::runtime::docker
