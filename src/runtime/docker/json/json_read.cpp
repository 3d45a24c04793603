// Lookups, and a parser with a limit.
#include "runtime/docker/json/json_read.hpp"

#include <nlohmann/json.hpp>

namespace keepwell::runtime::docker {
namespace {

const Json& nothing() {
    static const Json null;
    return null;
}

}  // namespace

tl::expected<Json, std::string> json_value(std::string_view text) {
    bool too_deep = false;
    const auto keep = [&too_deep](int depth, Json::parse_event_t, const Json&) {
        too_deep = too_deep || depth > deepest_json;
        return !too_deep;
    };
    auto parsed = Json::parse(text, keep, false);
    if (!too_deep && !parsed.is_discarded()) return parsed;
    return tl::unexpected<std::string>(too_deep ? "JSON that is nested too deep" : "no valid JSON");
}

tl::expected<Json, std::string> json_object(std::string_view text) {
    auto parsed = json_value(text);
    if (parsed && !parsed->is_object()) return tl::unexpected<std::string>("JSON that is no object");
    return parsed;
}

const Json& json_at(const Json& value, std::string_view key) {
    if (!value.is_object()) return nothing();
    const auto found = value.find(key);
    return found == value.end() ? nothing() : *found;
}

const Json& json_at(const Json& value, std::initializer_list<std::string_view> path) {
    const Json* at = &value;
    for (const auto key : path) at = &json_at(*at, key);
    return *at;
}

std::string json_text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }

std::string json_text(const Json& value, std::string_view key) { return json_text(json_at(value, key)); }

std::string json_text(const Json& value, std::initializer_list<std::string_view> path) {
    return json_text(json_at(value, path));
}

std::vector<std::string> json_texts(const Json& value) {
    std::vector<std::string> texts;
    if (!value.is_array()) return texts;
    for (const auto& item : value) {
        if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    return texts;
}

bool json_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

bool is_blank(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
}

std::string json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace keepwell::runtime::docker
