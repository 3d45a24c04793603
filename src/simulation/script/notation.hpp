// The small languages of scripts and tests, as text: `ok x5 fail for 2s ok`, `exit 137 after 10s, ignores stop`,
// `3s after redis unhealthy`. Each is read, or told what is wrong with it and where.
// docs/testing-policies.md describes them. May know: script, and how policies write amounts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "simulation/script/script.hpp"
#include "simulation/script/sighting.hpp"

namespace keepwell::simulation {

/// What is wrong with a text, and with which part of it.
struct Slip {
    std::string message;
    std::size_t offset = 0;
    std::size_t length = 1;
};

template <typename T>
using Read = tl::expected<T, Slip>;

/// "ok x5 fail x3 timeout error", "fail for 2s ok", "ok in 300ms", "exit 7".
Read<Timeline> read_timeline(std::string_view text);

/// "run", "exit 1 after 10s", "signal SEGV x3", "cannot start"; with ", starts in 2s", ", stops in 5s", ", ignores
/// stop".
Read<std::vector<Life>> read_lives(std::string_view text);

/// "exit 1", "exit 0 in 5s": how the command of a `run` rung goes.
Read<HookLife> read_hook(std::string_view text);

/// "exit 137", "signal SEGV", "pause", "stop", "docker stop", "engine lost", …: what happens to a target.
Read<Action> read_action(std::string_view text);

/// "lost" or "found": what happens to the container engine.
Read<Action> read_engine_action(std::string_view text);

/// "90s", "3s after redis unhealthy", "after api restart x2", "5s after api not healthy", "5s after engine lost".
Read<Moment> read_moment(std::string_view text);

/// "unhealthy", "no restart", "held dependency", "alert storm", "nothing".
struct Claim {
    bool negated = false;
    Sighting sighting;
    std::string text;  ///< as it was written
};
Read<Claim> read_claim(std::string_view text);

/// The remedy of this name.
Read<Remedy> read_remedy(std::string_view text);

/// "2026-11-28 03:00": a moment on the local wall clock.
Read<WallTime> read_wall_time(std::string_view text);

}  // namespace keepwell::simulation
