// What a change of each field means for what runs, and how the field is called where people write it.
// May know: model's change.
#pragma once

#include <string_view>
#include <vector>

#include "keepwell/model/change.hpp"

namespace keepwell::policy {

/// A row of the table of docs/reload.md.
struct FieldEffect {
    std::string_view canonical;  ///< its name in the canonical text
    std::string_view field;      ///< as it is written in a policy
    Effect effect;
};
const std::vector<FieldEffect>& field_effects();

}  // namespace keepwell::policy
