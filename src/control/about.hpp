// What the control API says about the keepwell that it speaks for, handed in by whoever joins everything.
// May know: model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::control {

struct About {
    std::string version;  ///< of keepwell
    std::int64_t pid = 0;
    WallTime started{};   ///< when the policy was loaded
    std::string journal;  ///< the journal's folder
    /// The file that a target's output goes to.
    std::function<std::string(const TargetSpec&)> output_file;
    /// What is wrong with the journal at the moment; empty when nothing is.
    std::function<std::string()> journal_trouble;
};

}  // namespace keepwell::control
