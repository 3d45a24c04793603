// What all field tables share: keys that have no row.
#include "policy/fields/fields.hpp"

#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"

namespace keepwell::policy {
namespace {

std::vector<std::string_view> names_of(const BlockInfo& block) {
    std::vector<std::string_view> names;
    for (const auto& field : block.fields) names.push_back(field.name);
    return names;
}

/// "belongs under `healthcheck`", if the key is a field of other blocks.
std::string other_places(const BlockInfo& here, std::string_view key) {
    std::string text;
    for (const auto* block : here.family ? here.family() : all_blocks()) {
        const auto names = names_of(*block);
        if (std::find(names.begin(), names.end(), key) == names.end()) continue;
        text += (text.empty() ? " belongs " : " or ") + std::string{block->belongs};
    }
    return text;
}

std::string why_unknown(const BlockInfo& block, const std::string& name) {
    for (const auto& refusal : block.refusals) {
        if (refusal.key == name) return quote(name) + " " + std::string{refusal.why};
    }
    const auto& compose = block.compose_keys;
    if (std::find(compose.begin(), compose.end(), name) != compose.end()) {
        return quote(name) + " is a Compose key that keepwell does not support";
    }
    const auto elsewhere = other_places(block, name);
    const std::string place{block.place};
    if (!elsewhere.empty()) return quote(name) + " is not read " + place + "; it" + elsewhere;
    const std::string unknown = "unknown key " + quote(name) + " " + place;
    const auto names = names_of(block);
    constexpr std::size_t few = 8;  // a longer list hides what is wrong
    const std::string meant = did_you_mean(name, names);
    const bool all_are_told = meant.empty() && !names.empty() && names.size() <= few;
    return unknown + (all_are_told ? "; it can be " + join_alternatives(names) : meant);
}

}  // namespace

const std::vector<const BlockInfo*>& all_blocks() {
    static const std::vector<const BlockInfo*> blocks{
        &policy_block().info,
        &guard_block().info,
        &service_block().info,
        &dependency_block().info,
        &healthcheck_block().info,
        &http_block().info,
        &expect_block().info,
        &expect_body_block().info,
        &rung_block().info,
        &quarantine_block().info,
        &deploy_block().info,
        &restart_policy_block().info,
        &backoff_block().info,
        &output_block().info,
        &maintenance_block().info,
        &env_file_block().info,
        &replace_block().info,
        &update_config_block().info,
        &resources_block().info,
        &limits_block().info,
        &reservations_block().info,
        &selector_block().info,
        &compose_selector_block().info,
        &port_block().info,
        &mount_block().info,
        &mount_bind_block().info,
        &mount_volume_block().info,
        &mount_tmpfs_block().info,
        &attachment_block().info,
        &ulimit_block().info,
        &device_block().info,
        &logging_block().info,
        &network_block().info,
        &volume_block().info,
    };
    return blocks;
}

bool report_unknown_key(Decoder& decoder, const BlockInfo& block, const Node& key) {
    if (key.text.compare(0, 2, "x-") == 0) return false;
    decoder.error(key, why_unknown(block, key.text));
    return true;
}

void report_missing_keys(Decoder& decoder, const BlockInfo& block, const Node& node) {
    for (const auto name : block.required) {
        if (!node.find(name)) decoder.error(node, quote(name) + " is missing " + std::string{block.place});
    }
}

bool expect_mapping(Decoder& decoder, const BlockInfo& block, const Node& node) {
    if (node.is_mapping()) return true;
    decoder.error(
        node, "expected a mapping " + std::string{block.place} + ", but this is " + std::string{describe_kind(node)});
    return false;
}

}  // namespace keepwell::policy
