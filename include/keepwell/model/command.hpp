// What the engine asks for: its outputs towards the world. A closed variant of small structs.
// Each command with an id is completed exactly once by the event named beside it, however it ends.
// May know: std, names, spec.
#pragma once

#include <cstdint>
#include <variant>

#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::command {

/// Start an instance of the target. Completed by event::StartFinished; its end is reported by event::Exited.
struct Start {
    CommandId id = 0;
    TargetIndex target = no_target;
};

/// End this instance and everything it started: stop signal to its group, `grace`, then SIGKILL. Completed by
/// event::StopFinished, also when the instance is gone already. A second Stop of one instance (with less grace)
/// hurries the first; both complete.
struct Stop {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    Duration grace{0};
};

/// End the instance and start the same container again, in one request to its engine: nothing else can come between,
/// and a container that is removed by its stop is kept. Completed by event::StartFinished.
struct Restart {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    Duration grace{0};
};

/// By what a new container is made.
enum class MadeFrom : std::uint8_t {
    itself,    ///< a copy of the one that it replaces
    entry,     ///< what the policy says now
    previous,  ///< a copy of the one that an update, which is taken back, had replaced
};

/// Put a new container in the place of this one: created before the old one is touched, then started; the old one is
/// kept until `Settle`. Completed by event::ReplaceFinished.
struct Replace {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;
    Duration grace{0};
    ReplaceOrder order = ReplaceOrder::automatic;
    MadeFrom made_from = MadeFrom::itself;
};

/// The replacement has proven itself, or not: remove the old one (`commit`), or the new one, and have the old one run
/// under its name again. Begins wherever an earlier keepwell left it. Completed by event::SettleFinished.
struct Settle {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;  ///< the new one; empty when it is not known whether there is one
    Instance previous;  ///< the old one
    bool commit = false;
    Duration grace{0};
};

/// End a process, or stop and remove a container, of ours that nothing wants any more. Completed by
/// event::DiscardFinished; of a process by event::StopFinished of no target.
struct Discard {
    CommandId id = 0;
    TargetIndex target = no_target;  ///< always no_target
    Instance instance;
    Duration grace{0};
    int stop_signal = 0;  ///< of a process; 0: a container
};

/// Ask the target how it is, once. Completed by event::ProbeFinished.
struct RunProbe {
    CommandId id = 0;
    TargetIndex target = no_target;
    Instance instance;  ///< empty in dry-run, when what is asked was not started by us
};

/// The answer to this RunProbe is no longer wanted: end it now. The RunProbe still completes (outcome `error`).
struct CancelProbe {
    CommandId id = 0;
    TargetIndex target = no_target;
};

/// Run the command of a `run` rung. Completed by event::HookFinished.
struct RunHook {
    CommandId id = 0;
    TargetIndex target = no_target;
    std::uint32_t rung = 0;
    Duration timeout{0};
};

/// Keep what shows why: the log's tail and the last probe results. Comes before the remedy that would destroy it.
/// Not completed: nothing waits for it.
struct KeepEvidence {
    TargetIndex target = no_target;
    IncidentId incident = 0;
};

/// The container target is new or its entry has changed: look for its container by what the entry says now, and tell
/// event::Found or event::Absent (again). no_target: the same for what may join, and for orphans. Not completed.
struct Look {
    TargetIndex target = no_target;
};

/// The container target has left the policy: its container is nobody's now. Not completed.
struct Release {
    TargetIndex target = no_target;
};

}  // namespace keepwell::command

namespace keepwell {

using Command = std::variant<command::Start, command::Stop, command::Restart, command::Replace, command::Settle,
                             command::Discard, command::RunProbe, command::CancelProbe, command::RunHook,
                             command::KeepEvidence, command::Look, command::Release>;

/// Probes are journaled by their results: when they are asked for follows from what else is journaled.
inline bool is_of_probes(const Command& command) {
    return std::holds_alternative<command::RunProbe>(command) || std::holds_alternative<command::CancelProbe>(command);
}

}  // namespace keepwell
