// The entries of a policy that labels may name (`keepwell.policy=NAME`), as they were written: what a label says is
// laid over them before they are decoded. May know: document, environment.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "policy/document/document.hpp"
#include "policy/document/environment.hpp"

namespace keepwell::policy {

struct NamedEntries {
    struct Source {
        std::string name;  ///< as people see it
        std::string path;  ///< absolute
    };
    std::vector<Source> sources;                          ///< what the positions of the entries count; `Policy::files`
    std::map<std::string, NodePtr, std::less<>> entries;  ///< by name; the policy's defaults are laid under them
    Environment environment;                              ///< the one that the policy was read with
};

}  // namespace keepwell::policy
