// The rows of the top level that say how things are called on the engine: Compose's `name`, `networks`, `volumes`.
// Grammar and names: compose-go loader/normalize.go (setNameFromKey), loader/loader.go (NormalizeProjectName).
#include <algorithm>
#include <map>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/project.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

bool fits_project(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }
bool begins_project(char c) { return fits_project(c) && c != '-' && c != '_'; }

void decode_name(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    const auto name = decoder.plain(*member.value, "the name of a project");
    if (!name) return;
    if (name->empty() || !begins_project(name->front()) || !std::all_of(name->begin(), name->end(), fits_project)) {
        return decoder.error(*member.value, quote(*name) +
                                                " can not be the name of a project: small letters, digits, `-` and "
                                                "`_`, beginning with a letter or digit");
    }
    draft.policy.name = *name;
}

void decode_resources(Decoder& decoder, const Member& member, const Block<NamedResource>& block,
                      std::map<std::string, NamedResource>& into) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value,
                             "expected a mapping of names, but this is " + std::string{describe_kind(*member.value)});
    }
    for (const auto& one : member.value->members) {
        NamedResource resource;
        if (!one.value->is_null()) decode_block(decoder, *one.value, block, resource);
        into[one.key->text] = std::move(resource);
    }
}

void decode_resource_name(Decoder& decoder, const Member& member, NamedResource& resource) {
    const auto name = decoder.plain(*member.value, "the name that the engine has for it");
    if (!name) return;
    if (!values::is_engine_name(*name)) {
        return decoder.error(*member.value, quote(*name) + " can not be a name on an engine");
    }
    resource.name = *name;
}

void decode_external(Decoder& decoder, const Member& member, NamedResource& resource) {
    if (member.value->is_mapping()) {
        return decoder.error(*member.value, "an old form; write `external: true`, and `name` beside it");
    }
    assign(decoder.boolean(*member.value), resource.external);
}

std::vector<Field<NamedResource>> resource_rows() {
    return {
        {{"name", &shapes::text, "PROJECT_KEY; with `external` the key", "How the engine calls it.", "other"},
         decode_resource_name},
        {{"external", &shapes::boolean, "false", "It is not this policy's: it must be there already.", "true"},
         decode_external},
    };
}

constexpr Shape project_networks_shape{"mapping of names to mappings (`networks`) or nothing",
                                       R"({"type": "object", "additionalProperties": {"anyOf": [{"type": "null"},)"
                                       R"( {"$ref": "#/definitions/network"}]}})"};
constexpr Shape project_volumes_shape{"mapping of names to mappings (`volumes`) or nothing",
                                      R"({"type": "object", "additionalProperties": {"anyOf": [{"type": "null"},)"
                                      R"( {"$ref": "#/definitions/volume"}]}})"};

std::string engine_name(const std::map<std::string, NamedResource>& resources, const std::string& project,
                        const std::string& key) {
    const auto found = resources.find(key);
    if (found == resources.end()) return key;
    const auto& resource = found->second;
    if (!resource.name.empty()) return resource.name;
    return resource.external ? key : project + "_" + key;
}

}  // namespace

std::string project_name_of_folder(std::string_view folder) {
    std::string name;
    for (const char c : lower_case(folder.substr(folder.rfind('/') + 1))) {
        if (name.empty() ? begins_project(c) : fits_project(c)) name += c;
    }
    return name.empty() ? "keepwell" : name;
}

std::string network_name(const Project& project, const std::string& key) {
    if (key == "default" && project.networks.count(key) == 0) return project.name + "_default";
    return engine_name(project.networks, project.name, key);
}

namespace {

bool is_external(const std::map<std::string, NamedResource>& resources, const std::string& key) {
    const auto found = resources.find(key);
    return found != resources.end() && found->second.external;
}

}  // namespace

bool is_external_network(const Project& project, const std::string& key) { return is_external(project.networks, key); }
bool is_external_volume(const Project& project, const std::string& key) { return is_external(project.volumes, key); }

std::string volume_name(const Project& project, const std::string& key) {
    return engine_name(project.volumes, project.name, key);
}

std::vector<Field<PolicyDraft>> project_rows() {
    using D = Decoder;
    return {
        {{"name", &shapes::text, "the folder of the first file, in small letters",
          "Compose's name of the project: the first part of the names of its containers, networks and volumes, and "
          "which containers are this policy's own.",
          "shop"},
         decode_name},
        {{"networks", &project_networks_shape, "",
          "Names of networks. A key that is used in a service and not named here is the engine's name itself.",
          "{back: {name: shop-back}}"},
         [](D& d, const Member& m, PolicyDraft&) {
             decode_resources(d, m, network_block(), d.context().project.networks);
         }},
        {{"volumes", &project_volumes_shape, "",
          "Names of volumes. A key that is used in a service and not named here is the engine's name itself.",
          "{data: {name: shop-data}}"},
         [](D& d, const Member& m, PolicyDraft&) {
             decode_resources(d, m, volume_block(), d.context().project.volumes);
         }},
    };
}

const Block<NamedResource>& network_block() {
    static const Block<NamedResource> block{
        BlockInfo{"network",
                  "in networks",
                  "under an entry of the top level's `networks`",
                  "How a network is called on the engine. One that is not there is made, as a bridge, unless it is "
                  "`external`.",
                  {},
                  {},
                  {"attachable", "driver", "driver_opts", "enable_ipv4", "enable_ipv6", "internal", "ipam", "labels"},
                  "",
                  {}},
        resource_rows()};
    return block;
}

const Block<NamedResource>& volume_block() {
    static const Block<NamedResource> block{BlockInfo{"volume",
                                                      "in volumes",
                                                      "under an entry of the top level's `volumes`",
                                                      "How a volume is called on the engine.",
                                                      {},
                                                      {},
                                                      {"driver", "driver_opts", "labels"},
                                                      "",
                                                      {}},
                                            resource_rows()};
    return block;
}

}  // namespace keepwell::policy
