// The rows of what a container may use: memory, CPUs, processes, `ulimits`, and Swarm's `deploy.resources`.
// Grammar: Compose's. Limits of the engine: moby daemon/daemon_unix.go (verifyPlatformContainerResources).
#include <map>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/setters.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

constexpr std::int64_t most_processes = 4'194'304;  // the kernel's
constexpr std::int64_t least_memory = 6 * 1024 * 1024;

std::optional<std::int64_t> memory(Decoder& decoder, const Node& node) {
    const auto value = values::bytes(decoder, node);
    if (!value || *value == 0 || *value >= least_memory) return value;
    decoder.error(node, "a container has at least `6mb`");
    return std::nullopt;
}

/// -1 is without limit.
std::optional<std::int64_t> processes(Decoder& decoder, const Node& node) {
    return values::integer(decoder, node, -1, most_processes);
}

std::optional<std::int64_t> ulimit(Decoder& decoder, const Node& node) {
    return values::integer(decoder, node, -1, std::int64_t{1} << 62);
}

void decode_ulimits(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value,
                             "expected a mapping of limits, but this is " + std::string{describe_kind(*member.value)});
    }
    std::map<std::string, Ulimit> sorted;
    for (const auto& one : member.value->members) {
        Ulimit limit;
        const auto errors = decoder.reporter().errors();
        if (one.value->is_mapping()) {
            decode_block(decoder, *one.value, ulimit_block(), limit);
        } else if (const auto value = ulimit(decoder, *one.value)) {
            limit.soft = limit.hard = *value;
        }
        limit.name = one.key->text;
        if (decoder.reporter().errors() > errors) continue;
        if (limit.hard != -1 && (limit.soft == -1 || limit.soft > limit.hard)) {
            decoder.error(*one.value, "`soft` is more than `hard`");
        }
        sorted[limit.name] = limit;
    }
    for (auto& [name, limit] : sorted) draft.container.spec.ulimits.push_back(std::move(limit));
}

void decode_cpuset(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "CPUs such as `0-3` or `0,1`");
    if (!text) return;
    if (text->find_first_not_of("0123456789,-") != std::string::npos) {
        return decoder.error(*member.value, "expected CPUs such as `0-3` or `0,1`, but this is " + quote(*text));
    }
    draft.container.spec.cpuset = *text;
}

template <std::int64_t ContainerSpec::*field, std::optional<std::int64_t> (*read)(Decoder&, const Node&)>
void set_amount(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(read(decoder, *member.value), draft.container.spec.*field);
}

template <std::optional<std::int64_t> ResourcesDraft::*field,
          std::optional<std::int64_t> (*read)(Decoder&, const Node&)>
void set_resource(Decoder& decoder, const Member& member, ResourcesDraft& resources) {
    if (const auto value = read(decoder, *member.value)) resources.*field = *value;
}

constexpr Shape cpus_shape{"number of CPUs",
                           R"({"type": ["number", "string"], "minimum": 0, "pattern": "^[0-9.]+$|\\$"})"};
constexpr Shape swap_shape{
    "size with b, kb, mb or gb, or -1",
    R"({"type": ["string", "integer"], "minimum": -1, "pattern": "^(-1|[0-9.]+([bB]|[kKmMgG][bB]?)?)$|\\$"})"};
constexpr Shape pids_shape{"whole number, or -1",
                           R"({"type": ["integer", "string"], "minimum": -1, "pattern": "^(-1|[0-9]+)$|\\$"})"};
constexpr Shape score_shape{
    "whole number from -1000 to 1000",
    R"({"type": ["integer", "string"], "minimum": -1000, "maximum": 1000, "pattern": "^-?[0-9]+$|\\$"})"};
constexpr Shape ulimits_shape{
    "mapping of limits to numbers or mappings (`ulimits`)",
    R"({"type": "object", "additionalProperties": {"anyOf": [{"type": ["integer", "string"], "minimum": -1},)"
    R"( {"$ref": "#/definitions/ulimit"}]}})"};
constexpr Shape ulimit_shape{"whole number, or -1 for none",
                             R"({"type": ["integer", "string"], "minimum": -1, "pattern": "^(-1|[0-9]+)$|\\$"})"};
constexpr Shape limits_shape{"mapping (`deploy.resources.limits`)", R"({"$ref": "#/definitions/limits"})"};
constexpr Shape reservations_shape{"mapping (`deploy.resources.reservations`)",
                                   R"({"$ref": "#/definitions/reservations"})"};

}  // namespace

EntryRows limit_rows() {
    using D = Decoder;
    using Spec = ContainerSpec;
    return {
        {{"mem_limit", &shapes::size, "no limit", "The most memory; at least 6mb.", "64m", For::container},
         set_amount<&Spec::memory, memory>},
        {{"memswap_limit", &swap_shape, "twice `mem_limit`", "The most memory and swap together; -1 is no limit.", "-1",
          For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             assign(values::bytes(d, *m.value, true), out.container.spec.memory_swap);
         }},
        {{"mem_reservation", &shapes::size, "none", "Memory that it is left when memory is short.", "32m",
          For::container},
         set_amount<&Spec::memory_reservation, memory>},
        {{"cpus", &cpus_shape, "no limit", "The most CPUs.", "0.5", For::container},
         set_amount<&Spec::nano_cpus, values::nano_cpus>},
        {{"cpu_shares", &shapes::count, "the engine's", "Its share of the CPUs when they are short.", "512",
          For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             assign(values::integer(d, *m.value, 0, 262'144), out.container.spec.cpu_shares);
         }},
        {{"cpuset", &shapes::text, "all", "The CPUs that it may use.", "\"0-1\"", For::container}, decode_cpuset},
        {{"pids_limit", &pids_shape, "no limit", "The most processes and threads; -1 is no limit.", "100",
          For::container},
         set_amount<&Spec::pids_limit, processes>},
        {{"oom_score_adj", &score_shape, "0", "How soon the kernel ends it when memory is out.", "500", For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             const auto value = values::integer(d, *m.value, -1000, 1000);
             if (value) out.container.spec.oom_score_adj = static_cast<int>(*value);
         }},
        {{"oom_kill_disable", &shapes::boolean, "false", "The kernel does not end it when its memory is out.", "true",
          For::container},
         set_flag<&Spec::oom_kill_disable>},
        {{"shm_size", &shapes::size, "the engine's", "How much `/dev/shm` may hold.", "128m", For::container},
         set_bytes<&Spec::shm_size>},
        {{"ulimits", &ulimits_shape, "the engine's", "Limits of its processes; -1 is none.",
          "{nofile: {soft: 1024, hard: 2048}}", For::container},
         decode_ulimits},
    };
}

const Block<Ulimit>& ulimit_block() {
    static const Block<Ulimit> block{
        BlockInfo{"ulimit",
                  "in an entry of ulimits",
                  "under an entry of `ulimits`",
                  "A limit that processes may raise, from `soft` to `hard`.",
                  {"soft", "hard"},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"soft", &ulimit_shape, "", "What holds at first.", "5"},
             [](Decoder& d, const Member& m, Ulimit& out) { assign(ulimit(d, *m.value), out.soft); }},
            {{"hard", &ulimit_shape, "", "The most that it can be raised to.", "9"},
             [](Decoder& d, const Member& m, Ulimit& out) { assign(ulimit(d, *m.value), out.hard); }},
        }};
    return block;
}

const Block<ResourcesDraft>& resources_block() {
    using D = Decoder;
    static const Block<ResourcesDraft> block{
        BlockInfo{"resources",
                  "in deploy.resources",
                  "under `deploy.resources`",
                  "What a container may use; Swarm's way of writing `cpus`, `mem_limit` and others.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"limits", &limits_shape, "", "The most that it gets.", "{cpus: \"0.25\"}"},
             [](D& d, const Member& m, ResourcesDraft& out) { decode_block(d, *m.value, limits_block(), out); }},
            {{"reservations", &reservations_shape, "", "What it is left.", "{memory: 48m}"},
             [](D& d, const Member& m, ResourcesDraft& out) { decode_block(d, *m.value, reservations_block(), out); }},
        }};
    return block;
}

const Block<ResourcesDraft>& limits_block() {
    using R = ResourcesDraft;
    static const Block<ResourcesDraft> block{
        BlockInfo{"limits",
                  "in deploy.resources.limits",
                  "under `deploy.resources.limits`",
                  "The most that a container gets.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"cpus", &cpus_shape, "no limit", "As `cpus` of the service.", "\"0.75\""},
             set_resource<&R::nano_cpus, values::nano_cpus>},
            {{"memory", &shapes::size, "no limit", "As `mem_limit` of the service.", "96m"},
             set_resource<&R::memory, memory>},
            {{"pids", &pids_shape, "no limit", "As `pids_limit` of the service.", "150"},
             set_resource<&R::pids, processes>},
        }};
    return block;
}

const Block<ResourcesDraft>& reservations_block() {
    static const Block<ResourcesDraft> block{
        BlockInfo{"reservations",
                  "in deploy.resources.reservations",
                  "under `deploy.resources.reservations`",
                  "What a container is left when it is short.",
                  {},
                  {},
                  {"cpus", "devices", "generic_resources"},
                  "",
                  {}},
        {
            {{"memory", &shapes::size, "none", "As `mem_reservation` of the service.", "24m"},
             set_resource<&ResourcesDraft::memory_reservation, memory>},
        }};
    return block;
}

}  // namespace keepwell::policy
