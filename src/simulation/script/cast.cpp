// The cast of a made-up world.
#include "simulation/script/cast.hpp"

#include <algorithm>

namespace keepwell::simulation {
namespace {

bool is_there(const Policy& policy, const std::string& name) {
    return std::ranges::find(policy.targets, name, &TargetSpec::name) != policy.targets.end();
}

/// As runtime/docker/bindings.cpp (joins_by_template) names what joins.
void join(Policy& policy, const std::string& name) {
    for (const TargetSpec& one : policy.templates) {
        const std::string prefix = one.name + ".";
        if (!name.starts_with(prefix) || name == prefix) continue;
        policy.targets.push_back(one);
        policy.targets.back().name = name;
        policy.targets.back().selector.name = name.substr(prefix.size());
        return;
    }
}

}  // namespace

void cast(Policy& policy, std::span<const std::string> names) {
    for (const std::string& name : names) {
        if (!is_there(policy, name)) join(policy, name);
    }
    for (TargetSpec& target : policy.targets) {
        const bool by_labels = target.kind == TargetKind::adopted && target.selector.name.empty();
        if (by_labels) target.selector.name = target.name;
    }
}

}  // namespace keepwell::simulation
