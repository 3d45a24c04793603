// What the control API says about the keepwell that it speaks for, handed in by whoever joins everything.
// May know: model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::control {

/// What another policy would mean, or what it means from now on.
struct PolicyRequest {
    bool apply = false;
    std::vector<std::string> files;  ///< empty: those that are followed already
    std::string expect;              ///< only this version of them is followed; empty: any
    std::string user;
};

struct PolicyReply {
    int status = 200;
    std::string body;  ///< JSON, with a newline at its end
};

struct About {
    std::string version;  ///< of keepwell
    std::int64_t pid = 0;
    WallTime started{};   ///< when this keepwell began
    std::string journal;  ///< the journal's folder
    /// Reads policy files, and follows them where that is asked for. Null: this keepwell can not.
    std::function<PolicyReply(const PolicyRequest&)> change_policy;
    /// The file that a target's output goes to.
    std::function<std::string(const TargetSpec&)> output_file;
    /// What is wrong with the journal at the moment; empty when nothing is.
    std::function<std::string()> journal_trouble;
};

}  // namespace keepwell::control
