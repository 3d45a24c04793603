// Every place of an inspect with something else in it: what an engine might say, and nobody may crash of.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace keepwell::testing {

/// Calls `use` with `inspect` changed at one place, for each place. Long lists of the engine's own are one place.
inline void each_hostile(const nlohmann::json& inspect,
                         const std::function<void(const std::string& what, const nlohmann::json& changed)>& use) {
    using nlohmann::json;
    const std::array<json, 7> values{nullptr, 1, "text", json::array(), json::object(), json{1, "x"}, json{{"a", {1}}}};
    std::set<std::string> places;
    const auto flat = inspect.flatten();
    for (const auto& [path, value] : flat.items()) {
        for (auto at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) places.insert(at);
    }
    for (const auto& place : places) {
        if (place.starts_with("/GraphDriver/") || place.starts_with("/HostConfig/MaskedPaths/")) continue;
        for (const auto& value : values) {
            auto changed = inspect;
            changed[json::json_pointer{place}] = value;
            use(place + ": " + value.dump(), changed);
        }
    }
}

}  // namespace keepwell::testing
