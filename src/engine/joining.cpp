// Texts, expanded in place.
#include "keepwell/model/joining.hpp"

#include <algorithm>

namespace keepwell {

void expand_name(TargetSpec& target) {
    const auto expand = [&target](std::string& text) {
        constexpr std::string_view placeholder = target_name_placeholder;
        for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at)) {
            text.replace(at, placeholder.size(), target.name);
            at += target.name.size();
        }
    };
    for (HookSpec& hook : target.hooks) std::for_each(hook.command.begin(), hook.command.end(), expand);
    for (auto& [key, value] : target.process.environment) expand(value);
}

}  // namespace keepwell
