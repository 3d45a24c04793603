// Docker's and Podman's words for the same events.
#include "runtime/docker/watch/engine_event.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

using Action = EngineEvent::Action;

/// Podman says `died` and `remove` (libpod/events/config.go).
constexpr std::array<std::pair<std::string_view, Action>, 15> words{{
    {"create", Action::create},
    {"start", Action::start},
    {"die", Action::die},
    {"died", Action::die},
    {"stop", Action::stop},
    {"kill", Action::kill},
    {"restart", Action::restart},
    {"pause", Action::pause},
    {"unpause", Action::unpause},
    {"rename", Action::rename},
    {"update", Action::update},
    {"destroy", Action::destroy},
    {"remove", Action::destroy},
    {"oom", Action::oom},
    {"health_status", Action::health_status},
}};

int number_in(const Json& attributes, std::string_view key) {
    const auto text = json_text(attributes, key);
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

EngineTime time_in(const Json& json) {
    const auto& nanoseconds = json_at(json, "timeNano");
    if (nanoseconds.is_number_integer())
        return EngineTime{std::max(Duration{nanoseconds.get<std::int64_t>()}, Duration{})};
    const auto& seconds = json_at(json, "time");
    if (!seconds.is_number_integer()) return {};
    return EngineTime{std::chrono::seconds{std::clamp<std::int64_t>(seconds.get<std::int64_t>(), 0, 4'000'000'000)}};
}

/// "health_status: unhealthy", or, as Podman has it, in a field of its own.
std::string health_in(const Json& json, std::string_view action) {
    const auto colon = action.find(": ");
    if (colon != std::string_view::npos) return std::string{action.substr(colon + 2)};
    auto health = json_text(json, "HealthStatus");
    if (health.empty()) health = json_text(json_at(json, {"Actor", "Attributes"}), "health_status");
    return health;
}

std::optional<Action> action_in(std::string_view text) {
    const auto word = text.substr(0, text.find(':'));
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& one) { return one.first == word; });
    return found == words.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace

std::optional<EngineEvent> engine_event(std::string_view line) {
    const auto json = json_object(line);
    if (!json || json_text(*json, "Type") != "container") return std::nullopt;
    const auto text = json_text(*json, "Action");
    const auto action = action_in(text);
    auto id = json_text(json_at(*json, {"Actor", "ID"}));
    if (!action || !is_container_id(id)) return std::nullopt;
    EngineEvent event;
    event.action = *action;
    event.id = std::move(id);
    event.time = time_in(*json);
    const auto& attributes = json_at(*json, {"Actor", "Attributes"});
    if (*action == Action::die) event.exit_code = number_in(attributes, "exitCode");
    if (*action == Action::kill) event.signal = number_in(attributes, "signal");
    if (*action == Action::health_status) event.health = health_in(*json, text);
    return event;
}

// A value `health_status` makes Docker take every value as a prefix (filter.go matchEvent): none of these is the
// beginning of an event that we do not want, since those of a probe begin with `exec_`.
std::string events_path(EngineTime since) {
    Json events = Json::array();
    for (const auto& [word, action] : words) events.push_back(word);
    const Json filters{{"type", Json::array({"container"})}, {"event", std::move(events)}};
    return "/events?since=" + unix_time(since) + "&filters=" + url_encode(filters.dump());
}

std::string unix_time(EngineTime time) {
    const auto nanoseconds = time.time_since_epoch().count();
    const std::string fraction = std::to_string(1'000'000'000 + nanoseconds % 1'000'000'000).substr(1);
    return std::to_string(nanoseconds / 1'000'000'000) + "." + fraction;
}

}  // namespace keepwell::runtime::docker
