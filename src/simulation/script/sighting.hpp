// What can be seen of a target from outside: a state that it is in, or something that is done about it. Tests say what
// they expect in these words, and scripts let things happen after them. May know: model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "keepwell/model/fact.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::simulation {

/// It is held, for this reason or for any.
struct Held {
    std::optional<Hold> reason;
};
/// An incident of it is open.
struct InIncident {};
/// An alert of it, or of the host, is raised: this one, or any.
struct Alerted {
    std::string name;  ///< empty: any
};
/// An instance of it ends by itself.
struct Ended {};
/// A person asks keepwell for this, and no remedy is what comes of it.
struct Asked {
    event::Verb verb = event::Verb::pause;
};
/// The container engine is seen not to answer any more, or to answer again. Of the host.
struct EngineSeen {
    bool lost = true;
};
/// Nothing is due, held or done, and no incident is opened.
struct Nothing {};
/// A remedy is begun.
struct Done {
    Remedy remedy = Remedy::restart;
};

using Sighting =
    std::variant<Phase, Health, Remediation, Held, InIncident, Alerted, Ended, Asked, EngineSeen, Done, Nothing>;

/// The sighting that these words say: "running", "unhealthy", "restart", "held dependency", "alert storm", …
struct WordedSighting {
    std::string_view words;
    Sighting sighting;
    std::string_view meaning;
};

/// All single words, in the order of the documentation.
const std::vector<WordedSighting>& worded_sightings();

/// "running", "restart", "held: dependency": in words.
std::string describe(const Sighting& sighting);

/// Whether this fact is the beginning of it.
bool begins(const Sighting& sighting, const Fact& fact);

/// Whether this fact is the end of it. Only what has_end() is seen to end.
bool ends(const Sighting& sighting, const Fact& fact);
bool has_end(const Sighting& sighting);

/// Something that lasts, and not only happens.
bool lasts(const Sighting& sighting);

}  // namespace keepwell::simulation
