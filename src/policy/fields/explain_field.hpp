// What a field of the policy means, out of the field tables. May know: fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keepwell::policy {

/// One field, in words.
struct FieldMeaning {
    std::string place;  ///< "under `healthcheck`", "at the top level"
    std::string name;
    std::string takes;
    std::string fallback;  ///< empty: none
    std::string meaning;
    std::string example;
    std::string source;  ///< the system that the block's words and rules come from
};

/// The fields that this names: `retries`, `healthcheck.retries`, `deploy.restart_policy.delay`, `services.deploy.…` or
/// `services.api.deploy.…`.
/// The parts before the last are the fields that it stands under, the nearest last; as many as are given must fit.
std::vector<FieldMeaning> meanings_of(std::string_view field);

/// The field that a mistyped one is closest to, by its last part; empty when none is near enough.
std::string closest_field(std::string_view field);
/// "; did you mean `interval`?" for what is no field, or nothing.
std::string field_did_you_mean(std::string_view field);

}  // namespace keepwell::policy
