// What a start waits for, as facts and `status` say it: "db: service_healthy". Written and read here alone.
// May know: spec.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "keepwell/model/spec.hpp"

namespace keepwell {

inline constexpr std::array dependency_conditions{DependencyCondition::service_started,
                                                  DependencyCondition::service_healthy,
                                                  DependencyCondition::service_completed_successfully};

/// The reverse of to_string(); nullopt for any other text.
std::optional<DependencyCondition> dependency_condition_from(std::string_view text);

struct Awaited {
    std::string service;
    DependencyCondition condition = DependencyCondition::service_started;
};

std::string to_string(const Awaited& awaited);
/// The reverse; nullopt for any other text.
std::optional<Awaited> awaited_from(std::string_view text);

}  // namespace keepwell
