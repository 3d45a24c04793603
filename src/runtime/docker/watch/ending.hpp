// How a life ended, and who begins the next: read from what is there after it, and from what the event stream said.
// May know: model, seen. Pure: no I/O, no clock.
// Sources: moby daemon/monitor.go (handleContainerExit), daemon/kill.go, daemon/internal/restartmanager; compose
// pkg/compose/monitor.go (which events follow each other).
#pragma once

#include <string>

#include "keepwell/model/event.hpp"
#include "runtime/docker/watch/seen.hpp"

namespace keepwell::runtime::docker {

/// A container in which a life was, as it is now.
struct Corpse {
    const Seen& seen;
    bool gone = false;      ///< removed; `seen` is the last that was known of it
    EngineTime engine_end;  ///< `stop` events up to this one were the engine's own end, not a person's
};

struct Ending {
    ExitStatus status;
    event::Successor successor = event::Successor::keepwell;
    /// A signal was sent, and a `stop` may be about to follow it: it is a person's only then.
    bool stop_may_follow = false;
    /// Its own restart policy asks for a new start, and nothing shows yet that it comes.
    bool engine_may_start = false;
};

/// Of the life that began at `started`.
Ending ending_of(const Corpse& corpse, EngineTime started);

/// Why it does not live, for people: "exited (1) 2026-11-20T18:00:00Z".
std::string not_alive(const ContainerView& container);

}  // namespace keepwell::runtime::docker
