// Shapes as JSON files.
#include "runtime/docker/shape.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/folder.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;

// "" for a file that does not have it.
std::string member(const json& shape, const char* key) {
    if (!shape.contains(key)) return {};
    return shape[key].is_string() ? shape[key].get<std::string>() : shape[key].dump();
}

std::map<std::string, std::string> texts(const json& shape, const char* key) {
    std::map<std::string, std::string> found;
    const auto members = shape.value(key, json::object());
    for (const auto& [name, value] : members.items()) {
        found[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return found;
}

// What a replica needs of it; the rest is much.
json shortened(const json& whole, std::initializer_list<const char*> keys) {
    json kept = json::object();
    for (const auto* key : keys) {
        if (whole.contains(key)) kept[key] = whole[key];
    }
    return kept;
}

std::string respelled(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); !what.empty() && at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

// Without the paths of its layers, which are long and say nothing.
json described(const std::string& inspect) {
    auto container = json::parse(inspect);
    if (container.contains("GraphDriver")) container["GraphDriver"].erase("Data");
    return container;
}

// The copy that a replica begins with; a recorded body is written as the edits that were made to it.
json unedited(const json& container) {
    json body = container["Config"];
    body["HostConfig"] = container["HostConfig"];
    return body;
}

// What was written as its difference to another: a list of edits, or a merge patch (RFC 7386).
std::string patched(json from, const json& shape, const char* key) {
    if (!shape.contains(key)) return {};
    if (shape[key].is_array()) return from.patch(shape[key]).dump();
    from.merge_patch(shape[key]);
    return from.dump();
}

json read_file(const std::filesystem::path& path) {
    auto file = json::parse(content_of(path), nullptr, false);
    if (file.is_discarded()) throw std::runtime_error(path.string() + " is no valid JSON");
    if (!file.contains("of")) return file;
    auto base = read_file(path.parent_path() / (file["of"].get<std::string>() + ".json"));
    base.merge_patch(file);
    for (const auto* key : {"created", "started"}) {  // patches themselves: not to be merged
        if (file.contains(key)) base[key] = file[key];
    }
    return base;
}

}  // namespace

Shape read_shape(const std::string& path) {
    const auto file = read_file(path);
    Shape shape;
    auto& source = shape.source;
    source.container = member(file, "container");
    source.image = member(file, "image");
    source.reference_id = member(file, "reference_id");
    source.version = api_version(member(file, "version"));
    source.networks = known_networks(member(file, "networks"));
    source.replaced = texts(file, "replaced");
    source.volumes_from = texts(file, "volumes_from");
    source.changes = member(file, "changes");
    source.hostname = member(file, "hostname");
    source.host_platform = member(file, "host_platform");
    source.podman = file.value("podman", false);
    source.name = member(file, "name");
    source.labels = texts(file, "labels");
    shape.refusal = member(file, "refusal");
    shape.replica.name = source.name;
    shape.replica.platform = member(file, "platform");
    shape.replica.body =
        file.contains("edits") ? patched(unedited(file["container"]), file, "edits") : member(file, "body");
    for (const auto& [network, endpoint] : texts(file, "connections")) {
        shape.replica.connections.push_back({network, endpoint});
    }
    for (const auto& [destination, name] : texts(file, "volumes")) shape.replica.volumes.push_back({name, destination});
    shape.replica.warnings = file.value("warnings", std::vector<std::string>{});
    shape.created = patched(file["container"], file, "created");
    shape.started = patched(file["container"], file, "started");
    return shape;
}

void write_shape(const std::string& path, const Shape& shape, const std::string& networks,
                 const std::vector<std::pair<std::string, std::string>>& spellings) {
    const auto& source = shape.source;
    const auto& replica = shape.replica;
    const auto container = described(source.container);
    json file{{"version", std::to_string(source.version.major) + "." + std::to_string(source.version.minor)},
              {"container", container},
              {"image", shortened(json::parse(source.image), {"Id", "Os", "Architecture", "Variant", "Config"})},
              {"reference_id", source.reference_id},
              {"networks", json::array()},
              {"changes", json::parse(source.changes)},
              {"hostname", source.hostname},
              {"host_platform", source.host_platform},
              {"name", source.name},
              {"platform", replica.platform},
              {"edits", json::diff(unedited(container), json::parse(replica.body))},
              {"warnings", replica.warnings},
              {"created", json::diff(container, described(shape.created))},
              {"started", json::diff(container, described(shape.started))}};
    for (const auto& network : json::parse(networks)) {
        file["networks"].push_back(shortened(network, {"Name", "Id", "Driver", "Scope"}));
    }
    if (!source.replaced.empty()) file["replaced"] = source.replaced;
    for (const auto& [name, inspect] : source.volumes_from) file["volumes_from"][name] = described(inspect);
    for (const auto& [network, endpoint] : replica.connections) file["connections"][network] = json::parse(endpoint);
    for (const auto& [name, destination] : replica.volumes) file["volumes"][destination] = name;
    std::string text;
    for (const auto& [key, value] : file.items())
        text += (text.empty() ? "{\"" : ",\n\"") + key + "\": " + value.dump();
    for (const auto& [what, by] : spellings) text = respelled(text, what, by);
    std::ofstream(path) << text << "}\n";
}

}  // namespace keepwell::testing
