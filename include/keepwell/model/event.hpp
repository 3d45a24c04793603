// What can happen to the engine: its only inputs. A closed variant of small structs; no visit over it has a default.
// May know: std, names, state, time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "keepwell/model/names.hpp"
#include "keepwell/model/state.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::event {

/// Before `Begin`, once per target that the journal knows: what was true when keepwell ended.
/// `memory.instance` is kept only if the real end found it alive; its times are already on this boot's clock.
struct Restored {
    TargetIndex target = no_target;
    TargetMemory memory;
};

/// Everything restored has been handed over: work begins.
struct Begin {};

/// Time has passed; nothing else has happened.
struct Tick {};

/// Completes `command::Start`. Without an instance, `failure` says why there is none.
struct StartFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    std::string failure;
};

/// Completes `command::Stop`: nothing of the instance is alive any more, or `survivors` names what is.
struct StopFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    std::string survivors;
};

/// An instance ended, whoever caused it. `remains`: processes of its group still live and must be ended before a
/// successor may start.
struct Exited {
    TargetIndex target = no_target;
    Instance instance;
    ExitStatus status;
    bool remains = false;
};

/// Completes `command::RunProbe`.
struct ProbeFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    Outcome outcome = Outcome::passed;
    int exit_code = 0;
    std::string output;  ///< at most kept_output bytes and "..."
};

/// Completes `command::RunHook`. A timeout is a failure whose text says so.
struct HookFinished {
    CommandId id = 0;
    TargetIndex target = no_target;
    ExitStatus status;
    std::string output;
};

/// A maintenance window of a service began or ended, as the supervisor's calendar says.
struct Maintenance {
    ServiceIndex service = 0;
    bool active = false;
    Instant until = never;  ///< for people, while active
};

enum class Verb : std::uint8_t { start, stop, restart, pause, resume, reset };

/// A person acted. `target` no_target: on the whole host (pause, resume).
struct Operated {
    Verb verb = Verb::start;
    TargetIndex target = no_target;
    std::string by;  ///< who, for the record
};

/// Keepwell is asked to end: everything stops in reverse dependency order. `at_once`: without grace.
struct Shutdown {
    bool at_once = false;
};

}  // namespace keepwell::event

namespace keepwell {

using Event =
    std::variant<event::Restored, event::Begin, event::Tick, event::StartFinished, event::StopFinished, event::Exited,
                 event::ProbeFinished, event::HookFinished, event::Maintenance, event::Operated, event::Shutdown>;

std::string_view to_string(event::Verb verb);

}  // namespace keepwell
