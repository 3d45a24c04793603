// What a made-up world does, as plain data: how targets answer probes, how their instances live and end, and how they
// behave after each remedy. A test file and a script of `keepwell simulate` both become a Script; Player plays it.
// May know: model, policy's positions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "keepwell/model/event.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "policy/document/reporter.hpp"
#include "simulation/script/sighting.hpp"

namespace keepwell::simulation {

/// How a target answers one probe. An answer that takes as long as the probe's timeout, or longer, is a timeout.
struct Answer {
    Outcome outcome = Outcome::passed;
    Duration takes{0};
    std::string output{};
    int exit_code = 0;

    static Answer pass(Duration takes = Duration{0}) { return {Outcome::passed, takes, "HTTP 200", 0}; }
    static Answer fail(Duration takes = Duration{0}) { return {Outcome::failed, takes, "HTTP 503", 1}; }
    static Answer error(Duration takes = Duration{0}) { return {Outcome::error, takes, "no descriptors", -1}; }
    static Answer hang() { return {Outcome::passed, Duration::max(), {}, 0}; }
    static Answer exits(int code);  ///< of a `test` command
};

/// A run of equal answers: so many, or for so long.
struct Answers {
    Answer answer;
    std::uint32_t times = 1;          ///< counts while `lasts` is not given
    std::optional<Duration> lasts{};  ///< from its first answer; the first run: from when it was given
};

/// Runs of answers, one after the other; the last one stays. Empty: every probe passes.
using Timeline = std::vector<Answers>;

/// How one life of a target goes. By default: it starts at once, runs for ever, and ends at once when asked to.
struct Life {
    std::string failure{};                           ///< not empty: it can not be started, and this is why
    Duration starts_in{0};                           ///< from the request to its start
    std::optional<Duration> exits_after{};           ///< by itself, counted from its start
    ExitStatus exit{ExitStatus::Kind::code, 0, {}};  ///< of that exit
    std::optional<Duration> stops_in{Duration{0}};   ///< after the stop signal; nullopt: it ignores that
    // Of processes only.
    bool leaves_member = false;  ///< a member of its group outlives it, and ends by SIGKILL only
    std::string survives{};      ///< not empty: outlives SIGKILL, and is called so
    // Of containers only.
    std::vector<std::pair<Duration, Health>> says{};  ///< the engine's own health check, counted from its start

    static Life runs() { return {}; }
    static Life exits(int code, Duration after = Duration{0});
    static Life killed(int signal, Duration after = Duration{0});
    static Life fails(std::string why);
    static Life ignores_stop();
    static Life turns(std::vector<std::pair<Duration, Health>> says);
};

/// How the command of a `run` rung goes.
struct HookLife {
    ExitStatus status{ExitStatus::Kind::code, 0, {}};
    Duration takes{0};
    std::string output{};
};

/// What one target does.
struct TargetScript {
    Timeline probes;              ///< over all its lives, until a remedy of `after` is done
    std::vector<Life> lives;      ///< in order, whoever begins them; the last one stays. Empty: all run for ever.
    std::vector<HookLife> hooks;  ///< the runs of its hooks, in order; the last one stays. Empty: all succeed.
    /// How it answers from the moment on that this remedy is done: the first time, the second, …; the last one stays.
    std::map<Remedy, std::vector<Timeline>> after;
    // Of a container that the policy adopts.
    std::optional<bool> exists{};              ///< and runs, at the beginning; it does unless it is said
    std::optional<bool> engine_restarts{};     ///< it has a restart policy of its own; it has none unless it is said
    std::optional<Healthcheck> healthcheck{};  ///< its own; it is asked for the same answers
};

// ---- what happens ------------------------------------------------------------------------------------------------

/// The living instance ends, by nobody's doing here.
struct Ends {
    ExitStatus status;
};
/// From now on it answers so.
struct Answering {
    Timeline probes;
};
/// For so long it answers so, whatever is done about it: something that it needs is away.
struct Suffering {
    Answer answer;
    Duration lasts{0};
};
/// From now on its instances live so.
struct Living {
    std::vector<Life> lives;
};
/// A person asks keepwell for it.
struct Operates {
    event::Verb verb = event::Verb::stop;
    std::string by;
};
/// The container engine does not answer any more, or again. Of the host.
struct EngineLost {};
struct EngineFound {};
/// A person acts on a container, past keepwell.
struct PersonActs {
    enum class What : std::uint8_t { start, stop, pause, unpause, remove };
    What what = What::stop;
};

using Action = std::variant<Ends, Answering, Suffering, Living, Operates, EngineLost, EngineFound, PersonActs>;

/// When something happens or is looked at: so long after the beginning, or after something was seen of a target.
struct Moment {
    Duration length{0};
    std::optional<Sighting> after{};
    bool after_end = false;         ///< when that was over, not when it began
    std::uint32_t after_times = 1;  ///< how often it must have begun
    std::string after_target{};     ///< by name; empty: the host
};

/// One thing that happens to a target, or to the host (an empty name).
struct Happening {
    Moment when;
    std::string target;
    Action action;
    policy::Position at{};  ///< where it is written; of what was drawn: nowhere
};

/// A whole made-up past.
struct Script {
    WallTime start{};                             ///< the wall clock at the beginning, local
    std::map<std::string, TargetScript> targets;  ///< by name; others are always well
    std::vector<Happening> happenings;
};

}  // namespace keepwell::simulation
