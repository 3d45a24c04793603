// Where a rule of the policy is written, as text. May know: model.
#pragma once

#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"

namespace keepwell::simulation {

/// "shop.yaml:14"; empty for what is written nowhere.
inline std::string place_of(const Origin& rule, const std::vector<std::string>& files) {
    if (!rule.written() || rule.file >= files.size()) return {};
    return files[rule.file] + ":" + std::to_string(rule.line);
}

}  // namespace keepwell::simulation
