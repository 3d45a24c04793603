// What another policy would have done to a recorded past: its remedies and holds beside the recorded ones.
// May know: journal, engine, model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/model/spec.hpp"
#include "simulation/replay/recorded_world.hpp"

namespace keepwell::simulation {

/// A remedy that was started or held, or a quarantine.
struct Deed {
    Instant at{};
    std::string target;
    std::string what;   ///< by its codes: "restart (unhealthy)", "restart is held (backoff)"; equal ones are of a kind
    std::string words;  ///< for people: "restart, because its probes failed too often in a row"
    std::string place;  ///< the line that asks for it: "shop.yaml:14"; empty: a default
};

/// One line of the comparison.
struct Change {
    enum class Kind : std::uint8_t { same, moved, added, missing };
    Kind kind = Kind::same;
    Deed deed;       ///< under the other policy; as recorded, where it is missing
    Duration by{0};  ///< moved: so much later than recorded; negative: earlier
};

struct Comparison {
    bool same_policy = false;                ///< the run's own: nothing was to be compared
    std::vector<Change> changes;             ///< by time; `same` ones included
    std::vector<std::string> not_in_record;  ///< targets of the other policy that the record does not have
    std::vector<std::string> not_in_policy;  ///< the reverse
};

/// What this fact says of a remedy; nothing for most. `files` are those that its rule counts in.
std::optional<Deed> deed_of(const Fact& fact, Instant at, const std::string& target,
                            const std::vector<std::string>& files);

/// Of the run's own policy: everything stays.
Comparison unchanged(const std::vector<Deed>& recorded);

/// Plays the recorded world to an engine with `policy`, and compares with what was recorded.
Comparison compare(const RecordedWorld& world, const std::vector<Deed>& recorded, const Policy& policy,
                   IncidentId last_incident);

}  // namespace keepwell::simulation
