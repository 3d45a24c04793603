// Texts, expanded in place.
#include "keepwell/model/joining.hpp"

#include <algorithm>

namespace keepwell {

void expand_name(TargetSpec& target) {
    const auto expand = [&target](std::string& text) {
        for (auto at = text.find(target_name); at != std::string::npos; at = text.find(target_name, at)) {
            text.replace(at, target_name.size(), target.name);
            at += target.name.size();
        }
    };
    for (HookSpec& hook : target.hooks) std::for_each(hook.command.begin(), hook.command.end(), expand);
    for (auto& [key, value] : target.process.environment) expand(value);
}

}  // namespace keepwell
