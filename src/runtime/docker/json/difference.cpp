// Two normalised inspects, compared value by value.
#include "runtime/docker/json/difference.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/normalise.hpp"

namespace keepwell::runtime::docker {
namespace {

constexpr std::size_t shown_value = 200;  // characters

// ---- lines ------------------------------------------------------------------------------------------------------

bool is_plain(const std::string& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '_' || letter == '-' || letter == '/';
    });
}

std::string under(const std::string& path, const std::string& key) {
    if (!is_plain(key)) return path + "[" + json_line(key) + "]";
    return path.empty() ? key : path + "." + key;
}

// Variables hold passwords: their names are enough.
std::string shown(const std::string& path, const Json& value) {
    if (value.is_null()) return "(none)";
    if (path.starts_with("Config.Env") && value.is_array()) return std::to_string(value.size()) + " variables";
    if (path.starts_with("Config.Env")) {
        const auto text = json_text(value);
        return text.substr(0, text.find('=')) + "=…";
    }
    auto text = json_line(value);
    if (text.size() <= shown_value) return text;
    std::size_t end = shown_value;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // not within a character
    return text.substr(0, end) + "…";
}

// ---- comparing --------------------------------------------------------------------------------------------------

struct Comparison {
    std::vector<std::string> lines;

    void values(const std::string& path, const Json& a, const Json& b);

  private:
    void objects(const std::string& path, const Json& a, const Json& b);
    void lists(const std::string& path, const Json& a, const Json& b);
    void differ(const std::string& path, const Json& a, const Json& b) {
        lines.push_back(path + ": " + shown(path, a) + " -> " + shown(path, b));
    }
};

// null is the engine's own list there, and [] none at all.
bool blanks_differ(const std::string& path) {
    return path == "HostConfig.MaskedPaths" || path == "HostConfig.ReadonlyPaths";
}

// Its keys are the user's, not fields of a struct: a key with a blank value is not the same as none.
bool has_own_keys(const std::string& path) {
    constexpr std::array<std::string_view, 12> maps{"Mounts",  "Networks",     "Config.Labels",    "Config.Volumes",
                                                    "Sysctls", "StorageOpt",   "LogConfig.Config", "ExposedPorts",
                                                    "Tmpfs",   "PortBindings", "Annotations",      "DriverOpts"};
    return std::any_of(maps.begin(), maps.end(), [&path](std::string_view map) { return path.ends_with(map); });
}

void Comparison::values(const std::string& path, const Json& a, const Json& b) {
    if (a == b || (is_blank(a) && is_blank(b) && !blanks_differ(path))) return;
    const auto is_object = [](const Json& value) { return value.is_object() || value.is_null(); };
    if (is_object(a) && is_object(b)) return objects(path, a, b);
    if (a.is_array() && b.is_array() && a.size() == b.size()) return lists(path, a, b);
    differ(path, a, b);
}

void Comparison::objects(const std::string& path, const Json& a, const Json& b) {
    std::set<std::string> keys;
    for (const auto* side : {&a, &b}) {
        if (!side->is_object()) continue;
        for (const auto& [key, value] : side->items()) keys.insert(key);
    }
    for (const auto& key : keys) {
        const bool one_sided = has_own_keys(path) && !(a.contains(key) && b.contains(key));
        if (one_sided) differ(under(path, key), json_at(a, key), json_at(b, key));
        if (!one_sided) values(under(path, key), json_at(a, key), json_at(b, key));
    }
}

void Comparison::lists(const std::string& path, const Json& a, const Json& b) {
    for (std::size_t i = 0; i < a.size(); ++i) values(path + "[" + std::to_string(i) + "]", a[i], b[i]);
}

// ---- what one side alone cannot say -----------------------------------------------------------------------------

// By its id in place of a tag that has moved: `Image` says that the bits are the same.
void accept_image_id(Json& old_one, Json& new_one) {
    const auto reference = json_text(json_at(new_one, "Config"), "Image");
    if (!reference.empty() && reference == json_text(new_one, "Image")) old_one["Config"]["Image"] = reference;
}

// Derived by the engine: at the first start, or since a version that the old one is older than.
void accept_where_one_has_none(Json& old_one, Json& new_one) {
    for (const auto* key : {"AppArmorProfile", "ImageManifestDescriptor"}) {
        if (!is_blank(json_at(old_one, key)) && !is_blank(json_at(new_one, key))) continue;
        old_one.erase(key);
        new_one.erase(key);
    }
}

// A container that was disconnected from everything is connected to its own network by each start.
void accept_first_network(const Json& old_one, Json& new_one) {
    if (!is_blank(json_at(old_one, {"NetworkSettings", "Networks"}))) return;
    auto& settings = new_one["NetworkSettings"];
    const auto& networks = json_at(settings, "Networks");
    if (!networks.is_object() || networks.size() != 1) return;
    const auto mode = json_text(json_at(new_one, "HostConfig"), "NetworkMode");
    if (!main_network(mode, networks, {}).empty()) settings.erase("Networks");
}

}  // namespace

DifferenceOptions allowed_difference(const ReplicaSource& source, const Replica& replica) {
    DifferenceOptions options;
    options.replaced = source.replaced;
    options.carried = replica.volumes;
    options.labels = source.labels;
    options.podman = source.podman;
    for (const auto& [name, network] : source.networks) {
        if (network.scope == "swarm") options.given_addresses.insert(name);
    }
    return options;
}

std::vector<std::string> difference(std::string_view old_inspect, std::string_view new_inspect,
                                    const DifferenceOptions& options) {
    auto old_one = json_object(old_inspect);
    if (!old_one) return {"the old container's inspect is " + old_one.error()};
    auto new_one = json_object(new_inspect);
    if (!new_one) return {"the new container's inspect is " + new_one.error()};
    normalise(*old_one, Side::old_one, options);
    normalise(*new_one, Side::new_one, options);
    accept_image_id(*old_one, *new_one);
    accept_where_one_has_none(*old_one, *new_one);
    accept_first_network(*old_one, *new_one);
    Comparison comparison;
    comparison.values("", *old_one, *new_one);
    return std::move(comparison.lines);
}

std::string in_one_line(const std::vector<std::string>& differences) {
    std::string all;
    for (const auto& one : differences) all += (all.empty() ? "" : "; ") + one;
    return all;
}

}  // namespace keepwell::runtime::docker
