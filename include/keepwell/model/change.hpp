// What a changed policy means for what runs: one word for each target that is in both. The plan shows it, and the
// engine does it. May know: std, spec.
#pragma once

#include <cstdint>
#include <string_view>

#include "keepwell/model/spec.hpp"

namespace keepwell {

/// The strongest one last.
enum class Effect : std::uint8_t {
    none,      ///< it means the same as before
    rules,     ///< the instance stays, and is kept by the new rules from now on
    probes,    ///< the instance stays, and is asked anew: another schedule, or another question
    restart,   ///< a new instance of the process
    replace,   ///< a new container in the place of the old one
    exchange,  ///< another kind of thing: the old one is removed, then the new one is added
};

std::string_view to_string(Effect effect);

/// The same timings, whatever line they are written in.
bool same_timings(const Healthcheck& a, const Healthcheck& b);
/// Still the same thing in the world, whatever its rules are.
bool same_being(const TargetSpec& a, const TargetSpec& b);

/// A target of a service before and after.
Effect effect_of(const ServiceSpec& old_service, const TargetSpec& old_target, const ServiceSpec& service,
                 const TargetSpec& target);

}  // namespace keepwell
