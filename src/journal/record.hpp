// The records of the journal: everything that happened, was decided and asked for, in order.
// A record names targets, not indices, so that it can be read under another policy. docs/journal-format.md is the page.
// May know: model.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "keepwell/model/command.hpp"
#include "keepwell/model/event.hpp"
#include "keepwell/model/fact.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::journal {

/// A keepwell began to supervise. Type "policy.loaded": it is the first thing people see of a run.
struct RunStarted {
    std::string keepwell_version;
    std::string policy_version;
    std::vector<std::string> files;
    Mode mode = Mode::enforce;
    std::string boot_id;  ///< monotonic times of one boot can be compared; of two boots they can not
    std::int64_t pid = 0;
    std::size_t targets = 0;
    std::size_t services = 0;
    IncidentId last_incident = 0;  ///< incidents count on from here; the writer brings it up to date in a repetition
};

/// A keepwell ended in order. Type "run.ended".
struct RunEnded {};

/// Something that happened. Types "input.*".
struct Input {
    Event event;
};

/// Something that was asked for. Types "command.*".
struct Asked {
    Command command;
};

/// Something that was decided or noticed. The types of the CLI's events.
struct Noted {
    Fact fact;
};

/// What of a target outlives keepwell. Type "state". The last one of a target counts. One of every target follows each
/// RunStarted, so that both together say all that a later start needs.
struct State {
    TargetMemory memory;
};

/// What was kept before a remedy ended an instance. Type "evidence".
struct Evidence {
    IncidentId incident = 0;
    std::string inspect;  ///< of a container: the engine's JSON about it, as it was
    std::string output_tail;
    std::vector<ProbeResult> probes;
};

/// What the engine reads of a policy beyond its services, so that a replay needs no other file. Type "rules.host".
/// Nothing of what is executed is in the rules: no command, no environment.
struct HostRules {
    Guard guard;
    Duration quantum = 1ms;
    bool record = false;
};

/// Of a target, what the engine reads.
struct TargetRules {
    std::string name;
    std::uint32_t slot = 1;
    TargetKind kind = TargetKind::process;
    // Other names by which a dependency in labels may mean it:
    std::string container;
    std::string compose_project;
    std::string compose_service;
    // What a reload goes by: TargetSpec::version and question.
    std::string version{};
    std::string question{};
};

/// What the engine reads of one service, and its targets in their order. Type "rules.service". One of each service
/// follows HostRules, in the order of the policy: `Dependency::service` counts in it.
struct ServiceRules {
    ServiceSpec spec;
    std::vector<TargetRules> targets;
    std::vector<TargetRules> templates;  ///< targets follow it when their containers are there
};

/// Probes that changed nothing, many in one record; probes.hpp packs and unpacks them. Type "probes". The record's own
/// moment is that of the first.
struct Probes {
    std::uint64_t outcomes = 0;        ///< how many
    std::vector<std::string> targets;  ///< each that one of them is about
    std::vector<std::string> outputs;  ///< each text that one of them brought
    std::string packed;                ///< base64
};

using Body = std::variant<RunStarted, RunEnded, Input, Asked, Noted, State, Evidence, HostRules, ServiceRules, Probes>;

struct Record {
    std::uint64_t seq = 0;  ///< given by the writer, counts up over restarts
    Instant at{};           ///< monotonic
    WallTime time{};        ///< wall
    std::string target;     ///< by name; empty: the whole host, or a service
    std::string service;
    Body body;
    bool repeated = false;  ///< written once more, in a head; everything else is as it was
};

}  // namespace keepwell::journal
