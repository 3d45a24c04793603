// Faults by lot: what goes wrong with which target when, drawn beforehand from a seed and the targets' names alone. So
// two policies see the same faults, another target changes nothing for the rest, and one seed gives one result
// everywhere: all of it is integer arithmetic on a generator that the standard fixes.
// May know: script.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/script/script.hpp"

namespace keepwell::simulation {

/// How much goes wrong. A mean distance of zero: never.
struct Chaos {
    std::uint64_t seed = 1;
    Duration length = std::chrono::hours{30 * 24};
    Duration crashes = std::chrono::hours{7 * 24};           ///< of one target, from one to the next, on average
    Duration hangs = std::chrono::hours{7 * 24};             ///< likewise
    Duration outages = std::chrono::hours{30 * 24};          ///< of the host
    Duration engine_restarts = std::chrono::hours{30 * 24};  ///< of the host
    std::uint32_t slow_starts = 10;                          ///< of 100 starts
};

/// Something that goes wrong with one target, or with the host.
struct Fault {
    enum class Kind : std::uint8_t {
        crash,           ///< the instance ends
        hang,            ///< no answer any more, until it is restarted or replaced
        outage,          ///< something that many need is away for a while: each of them fails, whatever is done
        engine_restart,  ///< the container engine does not answer for a while
    };
    Kind kind = Kind::crash;
    Instant at{};
    std::string target;   ///< by name; empty: the host
    Duration lasts{0};    ///< of an outage and of an engine's restart
    ExitStatus status{};  ///< of a crash
};

std::string_view to_string(Fault::Kind kind);

/// All that was drawn.
struct Lot {
    std::vector<Fault> faults;  ///< by moment; an outage once for each target that it hits
    /// For how long each start of a target fails its probes, by name: the first start, the second, …
    std::map<std::string, std::vector<Duration>> starts;
    std::uint32_t outages = 0;
};

Lot draw(const Chaos& chaos, const std::vector<std::string>& targets);

/// The past in which these faults happen. Containers that the policy adopts, and does not ask itself, have a health
/// check of their own with Docker's defaults.
Script script_of(const Lot& lot, const Policy& policy);

}  // namespace keepwell::simulation
