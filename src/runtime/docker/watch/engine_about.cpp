// Two lookups.
#include "runtime/docker/watch/engine_about.hpp"

#include <nlohmann/json.hpp>

#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {

std::string engine_name(std::string_view version) {
    const auto json = json_object(version);
    if (!json) return {};
    const auto number = json_text(*json, "Version");
    if (number.empty()) return {};
    const auto& components = json_at(*json, "Components");
    const bool named = components.is_array() && !components.empty();
    const bool podman = named && json_text(components.front(), "Name") == "Podman Engine";
    return (podman ? "Podman " : "Docker ") + number;
}

EngineTime engine_clock(std::string_view info) {
    const auto json = json_object(info);
    return json ? engine_time(json_text(*json, "SystemTime")) : EngineTime{};
}

}  // namespace keepwell::runtime::docker
