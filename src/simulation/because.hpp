// Why something was done, as the end of a sentence. May know: model.
#pragma once

#include <string>
#include <string_view>

#include "keepwell/model/fact.hpp"

namespace keepwell::simulation {

/// ", because it ended by itself"; empty for no reason.
inline std::string because(Reason reason) {
    const std::string_view why = describe(reason);
    return why.empty() ? std::string{} : ", because " + std::string{why};
}

}  // namespace keepwell::simulation
