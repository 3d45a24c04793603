// The field tables as a JSON schema.
#include "policy/fields/schema.hpp"

#include <nlohmann/json.hpp>

#include "policy/fields/blocks.hpp"
#include "policy/fields/kinds.hpp"

namespace keepwell::policy {
namespace {

using Json = nlohmann::ordered_json;

Json field_schema(const FieldInfo& field) {
    auto result = Json::parse(field.shape->schema);
    auto description = std::string{field.doc};
    if (!field.fallback.empty()) description += " Default: " + std::string{field.fallback} + ".";
    if (!result.contains("$ref")) {
        result["description"] = description;
        return result;
    }
    // In draft-07 everything beside a `$ref` is ignored.
    Json wrapped;
    wrapped["allOf"] = Json::array({result});
    wrapped["description"] = description;
    return wrapped;
}

Json block_schema(const BlockInfo& block) {
    auto result = block.constraints.empty() ? Json::object() : Json::parse(block.constraints);
    result["type"] = "object";
    result["description"] = block.doc;
    auto& properties = result["properties"] = Json::object();
    for (const auto& field : block.fields) properties[std::string{field.name}] = field_schema(field);
    result["patternProperties"] = {{"^x-", Json::object()}};
    result["additionalProperties"] = block.others.empty() ? Json(false) : Json::parse(block.others);
    if (!block.required.empty())
        result["required"] = std::vector<std::string>(block.required.begin(), block.required.end());
    return result;
}

/// The keys of this block that mean nothing for this kind, each refused.
Json idle_keys(const BlockInfo& block, TargetKind kind) {
    auto properties = Json::object();
    for (const auto& field : block.fields) {
        if (!applies(field.kinds, kind)) properties[std::string{field.name}] = false;
    }
    return properties;
}

Json of_kind(TargetKind kind) {
    auto properties = idle_keys(service_block().info, kind);
    properties["deploy"]["properties"] = idle_keys(deploy_block().info, kind);
    return {{"properties", properties}};
}

/// One service where it stands for itself: its keys go with its kind. In `defaults` all of them may stand.
Json entry_schema() {
    auto process = of_kind(TargetKind::process);
    process["properties"]["command"] = Json::parse(R"({"minLength": 1, "minItems": 1})");
    process["properties"]["on_unhealthy"]["items"] =
        Json::parse(R"({"not": {"anyOf": [{"const": "replace"}, {"type": "object", "required": ["replace"]}]}})");
    auto container = of_kind(TargetKind::container);
    auto adopted = of_kind(TargetKind::adopted);
    Json if_image{{"if", {{"required", {"image"}}}}, {"then", container}, {"else", process}};
    Json by_kind{{"if", {{"required", {"container"}}}}, {"then", adopted}, {"else", if_image}};
    return {{"allOf", {{{"$ref", "#/definitions/service"}}, by_kind}}};
}

Json with_definitions(std::string_view title, const std::vector<const BlockInfo*>& blocks, Json more) {
    auto result = block_schema(*blocks.front());
    result["$schema"] = "http://json-schema.org/draft-07/schema#";
    result["title"] = title;
    auto& definitions = result["definitions"];
    for (auto it = blocks.begin() + 1; it != blocks.end(); ++it) {
        definitions[std::string{(*it)->id}] = block_schema(**it);
    }
    definitions.update(more);
    return result;
}

std::string print(const Json& schema) { return schema.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string schema_of(std::string_view title, const std::vector<const BlockInfo*>& blocks,
                      std::string_view definitions) {
    return print(with_definitions(title, blocks, Json::parse(definitions)));
}

std::string schema() {
    auto result = with_definitions("keepwell policy", all_blocks(), Json::object());
    auto& definitions = result["definitions"];
    definitions["entry"] = entry_schema();
    definitions["status"] = Json::parse(R"({"type": ["integer", "string"], "minimum": 100, "maximum": 599,)"
                                        R"( "pattern": "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$|\\$"})");
    definitions["days"] =
        Json::parse(R"({"type": "string", "pattern": "^([Ss]un|[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|-)+$|\\$"})");
    return print(result);
}

}  // namespace keepwell::policy
