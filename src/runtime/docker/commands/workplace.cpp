// Who is meant.
#include "runtime/docker/commands/workplace.hpp"

namespace keepwell::runtime::docker {
namespace {
constexpr std::size_t most_successions = 4096;
}

void Successions::add(const std::string& older, const std::string& newer) {
    if (older.empty() || older == newer) return;
    for (auto& [first, last] : newer_) {
        if (last == older) last = newer;
    }
    if (newer_.size() >= most_successions) newer_.erase(newer_.begin());
    newer_[older] = newer;
    newer_.erase(newer);
}

std::string container_name(const TargetSpec& target) {
    return target.container ? target.container->name : target.selector.name;
}

std::string container_to_ask(const Workplace& place, TargetIndex index, const TargetSpec& target,
                             std::string_view known) {
    if (!known.empty()) return std::string{known};
    const std::string bound = place.container_of(index);
    return bound.empty() ? container_name(target) : bound;
}

}  // namespace keepwell::runtime::docker
