// A search in the field tables, and where the words of each block come from.
#include "policy/fields/explain_field.hpp"

#include <algorithm>
#include <array>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"

namespace keepwell::policy {
namespace {

constexpr std::string_view ours = "keepwell";
constexpr std::string_view compose = "Compose";
constexpr std::string_view health = "Docker's HEALTHCHECK (moby daemon/health.go), in Compose's words";
constexpr std::string_view swarm_restart = "Swarm's restart policy (swarmkit orchestrator/restart), in Compose's words";
constexpr std::string_view swarm_update = "Swarm's update (swarmkit api/defaults/service.go), in Compose's words";

/// Blocks that are not Compose's, and the fields that keepwell adds to those that are.
struct BlockSource {
    std::string_view block;
    std::string_view source;
    std::array<std::string_view, 9> own{};
};

constexpr std::array<BlockSource, 16> sources{{
    {"policy", compose, {"mode", "defaults", "compose", "guard", "quantum", "record", "state_dir"}},
    {"service",
     compose,
     {"container", "on_unhealthy", "verify", "quarantine", "ready", "output", "dry_run", "maintenance"}},
    {"healthcheck", health, {"http", "tcp", "grpc", "watchdog", "name", "jitter", "success_threshold", "on_failure"}},
    {"restart_policy", swarm_restart, {"backoff"}},
    {"update_config", swarm_update},
    {"guard", ours},
    {"http", ours},
    {"expect", ours},
    {"expect_body", ours},
    {"rung", ours},
    {"quarantine", ours},
    {"backoff", ours},
    {"output", ours},
    {"maintenance", ours},
    {"replace", ours},
    {"container", ours},
}};

std::string_view source_of(const BlockInfo& block, std::string_view field) {
    if (block.id == "container_compose") return ours;
    for (const BlockSource& one : sources) {
        if (one.block != block.id) continue;
        const bool own = std::find(one.own.begin(), one.own.end(), field) != one.own.end();
        return own ? ours : one.source;
    }
    return compose;
}

/// "deploy.restart_policy" out of "under `deploy.restart_policy`"; empty for the top level and a service.
std::string_view path_of(const BlockInfo& block) {
    if (block.id == "replace") return "on_unhealthy.replace";  // more than a mistake in it is told
    const auto first = block.belongs.find('`');
    if (first == std::string_view::npos) return {};
    return block.belongs.substr(first + 1, block.belongs.rfind('`') - first - 1);
}

std::string full_name(const BlockInfo& block, const FieldInfo& field) {
    const auto path = path_of(block);
    return (path.empty() ? "" : std::string{path} + ".") + std::string{field.name};
}

/// The same, or its last parts.
bool ends_with_parts(std::string_view full, std::string_view wanted) {
    if (!full.ends_with(wanted)) return false;
    return full.size() == wanted.size() || full[full.size() - wanted.size() - 1] == '.';
}

/// The fields of just this name, or whose last parts it is.
std::vector<FieldMeaning> called(std::string_view wanted) {
    std::vector<FieldMeaning> found;
    if (wanted.empty()) return found;
    for (const auto* block : all_blocks()) {
        for (const auto& row : block->fields) {
            if (!ends_with_parts(full_name(*block, row), wanted)) continue;
            found.push_back({std::string{block->belongs}, full_name(*block, row), std::string{row.shape->words},
                             std::string{row.fallback}, std::string{row.doc}, std::string{row.sample},
                             std::string{source_of(*block, row.name)}});
        }
    }
    const auto exact = [&](const FieldMeaning& one) { return one.name == wanted; };
    const bool has_exact = wanted.find('.') != std::string_view::npos && std::any_of(found.begin(), found.end(), exact);
    if (has_exact) std::erase_if(found, [&](const FieldMeaning& one) { return !exact(one); });
    return found;
}

}  // namespace

std::vector<FieldMeaning> meanings_of(std::string_view field) {
    constexpr std::string_view services = "services.";
    if (!field.starts_with(services)) return called(field);
    field.remove_prefix(services.size());
    const auto found = called(field);
    if (!found.empty()) return found;
    const auto name = field.find('.');  // of the service
    return name == std::string_view::npos ? found : called(field.substr(name + 1));
}

std::string closest_field(std::string_view field) {
    const auto dot = field.rfind('.');
    const auto name = dot == std::string_view::npos ? field : field.substr(dot + 1);
    std::vector<std::string_view> names;
    for (const auto* block : all_blocks()) {
        for (const auto& row : block->fields) names.push_back(row.name);
    }
    return std::string{closest(name, names).value_or("")};
}

std::string field_did_you_mean(std::string_view field) {
    const std::string near = closest_field(field);
    return near.empty() ? near : "; did you mean " + quote(near) + "?";
}

}  // namespace keepwell::policy
