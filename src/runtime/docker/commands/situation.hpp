// What is there of a replacement, and which single step comes next: docs/replace.md has the same table. The steps are
// read from what is there and from nothing else, so that a failure, a crash of keepwell and a lost engine all go on the
// same way: look, take one step, look again.
// It knows containers by name only; it does nothing.
// Pure. May know: role, asking's Look, view.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "runtime/docker/commands/asking.hpp"

namespace keepwell::runtime::docker {

// ---- what is there ------------------------------------------------------------------------------------------------

struct Situation {
    std::string name;  ///< of the target's container
    // Each is null where there is none, or where it has no part in this replacement.
    std::optional<Look> older;
    std::optional<Look> newer;
    std::string stranger;  ///< who bears the name without being either: "shop-web (0123456789ab)"
};

/// Who is who among `looks`: containers whose Role's name is `name`. `older_id`, `newer_id`: full ids as far as they
/// are known, else empty.
Situation situation(const std::string& name, const std::vector<Look>& looks, std::string_view older_id,
                    std::string_view newer_id);

// ---- what comes next ----------------------------------------------------------------------------------------------

enum class Goal : std::uint8_t {
    commit,     ///< the new one has proven itself
    roll_back,  ///< it has not, or could not be made
    renew,      ///< a dependant of a container that was replaced: made anew without being proven
};

enum class Move : std::uint8_t {
    rest,     ///< nothing is left to do
    create,   ///< the new one, under its fresh name (renew only)
    attach,   ///< give the new one the aliases of its networks
    silence,  ///< take the old one's restart policy away, so that no engine's start brings it back
    restore,  ///< give the old one its restart policy back
    stop,
    start,
    rename,      ///< to `name`
    dependants,  ///< those of the old one: made anew (commit, renew) or restarted (roll_back)
    drain,       ///< let the old one answer on, for those who have its address
    remove,
};

struct Step {
    Move move = Move::rest;
    std::string id;             ///< of whom
    std::string subject;        ///< its name now, for people
    std::string name;           ///< rename: the new one; restore: the policy
    std::uint32_t retries = 0;  ///< restore

    friend bool operator<(const Step& a, const Step& b) {
        return std::tie(a.move, a.id, a.name) < std::tie(b.move, b.id, b.name);
    }
};
/// "rename shop-web.keepwell-new-0123456789ab to shop-web"
std::string to_string(const Step& step);

/// What the situation does not show, and what has been done about it.
struct Progress {
    bool aliases_missing = false;  ///< the new one lacks aliases that it should have
    bool was_up = true;            ///< the old one ran when it began
    bool being_stopped = false;    ///< the old one runs, and somebody has asked its engine to stop it
    bool has_clients = false;      ///< both run where they are found by name: some may have the old one's address
    /// Done, or tried in vain: nothing is tried more than twice. What failed is for whoever takes the steps to tell.
    std::map<Step, int> passed;
};

Step next_step(const Situation& situation, Goal goal, const Progress& progress);

}  // namespace keepwell::runtime::docker
