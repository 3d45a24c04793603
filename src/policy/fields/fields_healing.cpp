// The tables of what is done when something is wrong: `on_unhealthy`, `quarantine`, `deploy`, and below.
// Grammar: Swarm's restart policy (swarmkit), with a backoff of ours.
#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/quantities.hpp"

namespace keepwell::policy {
namespace {

constexpr std::uint32_t most_attempts = 1'000'000;
constexpr std::uint32_t most_replicas = 1000;

void positive_duration(Decoder& decoder, const Member& member, Duration& into) {
    const auto value = decoder.duration(*member.value);
    if (!value) return;
    if (*value < 1ms) return decoder.error(*member.value, quote(member.key->text) + " is at least `1ms`");
    into = *value;
}

void decode_condition(Decoder& decoder, const Member& member, RestartPolicy& policy) {
    const auto& node = *member.value;
    if (node.text == "always" || node.text == "unless-stopped") {
        return decoder.error(node, quote(node.text) + " is a word of `restart`; here it is `any`");
    }
    if (node.text == "no") return decoder.error(node, "`no` is a word of `restart`; here it is `none`");
    const auto word = decoder.choice(node, {"none", "on-failure", "any"});
    if (!word) return;
    policy.condition = *word == "none"         ? RestartCondition::none
                       : *word == "on-failure" ? RestartCondition::on_failure
                                               : RestartCondition::any;
}

void decode_backoff(Decoder& decoder, const Member& member, RestartPolicy& policy) {
    Backoff backoff;
    decode_block(decoder, *member.value, backoff_block(), backoff);
    policy.backoff = backoff;
}

std::optional<ReplaceOrder> replace_order(Decoder& decoder, const Node& node) {
    const auto word = decoder.choice(node, {"start-first", "stop-first"});
    if (!word) return std::nullopt;
    return *word == "start-first" ? ReplaceOrder::start_first : ReplaceOrder::stop_first;
}

void decode_failure_action(Decoder& decoder, const Member& member, UpdateConfig& update) {
    using enum UpdateConfig::FailureAction;
    const auto word = decoder.choice(*member.value, {"pause", "continue", "rollback"});
    if (word) update.failure_action = *word == "pause" ? pause : *word == "continue" ? go_on : rollback;
}

constexpr Shape replace_shape{"mapping (`replace`)", R"({"$ref": "#/definitions/replace"})"};
constexpr Shape resources_shape{"mapping (`deploy.resources`)", R"({"$ref": "#/definitions/resources"})"};
constexpr Shape update_config_shape{"mapping (`deploy.update_config`)", R"({"$ref": "#/definitions/update_config"})"};
constexpr Shape order_shape{
    "`start-first` or `stop-first`",
    R"({"type": "string", "anyOf": [{"enum": ["start-first", "stop-first"]}, {"pattern": "\\$"}]})"};
constexpr Shape failure_action_shape{
    "`pause`, `continue` or `rollback`",
    R"({"type": "string", "anyOf": [{"enum": ["pause", "continue", "rollback"]}, {"pattern": "\\$"}]})"};
constexpr Shape condition_shape{
    "`none`, `on-failure` or `any`",
    R"({"type": "string", "anyOf": [{"enum": ["none", "on-failure", "any"]}, {"pattern": "\\$"}]})"};
constexpr Shape backoff_shape{"mapping (`deploy.restart_policy.backoff`)", R"({"$ref": "#/definitions/backoff"})"};
constexpr Shape restart_policy_shape{"mapping (`deploy.restart_policy`)",
                                     R"({"$ref": "#/definitions/restart_policy"})"};
constexpr Shape factor_shape{
    "number from 1 to 100",
    R"({"type": ["number", "string"], "minimum": 1, "maximum": 100, "pattern": "^[0-9.]+$|\\$"})"};
constexpr Shape replicas_shape{
    "whole number to 1000",
    R"({"type": ["integer", "string"], "minimum": 0, "maximum": 1000, "pattern": "^[0-9]+$|\\$"})"};

}  // namespace

const Block<RungDraft>& rung_block() {
    using D = Decoder;
    static const Block<RungDraft> block{
        BlockInfo{"rung",
                  "in a rung of on_unhealthy",
                  "under a rung of `on_unhealthy`",
                  "A rung that runs a command on the host, or one that says more about `replace`. The command goes to "
                  "the next rung when it exits with anything but 0, or outlives `timeout`.",
                  {},
                  {{"restart", "is a rung without anything beside it: write `- restart`"},
                   {"stop", "is a rung without anything beside it: write `- stop`"},
                   {"notify", "is a rung without anything beside it: write `- notify`"}},
                  {},
                  R"({"oneOf": [{"required": ["run"]}, {"required": ["replace"], "not": {"required": ["timeout"]}}]})",
                  {}},
        {
            {{"run", &shapes::command, "",
              "The command, executed on this host: in the service's `working_dir`, for a container in the policy's "
              "folder.",
              "[./repair, now]"},
             [](D& d, const Member& m, RungDraft& out) { assign(d.command(*m.value), out.command); }},
            {{"timeout", &shapes::duration, "30s", "How long the command may take.", "5s"},
             [](D& d, const Member& m, RungDraft& out) { positive_duration(d, m, out.run.timeout); }},
            {{"replace", &replace_shape, "", "How the container is replaced.", "{order: start-first}"},
             [](D& d, const Member& m, RungDraft& out) {
                 out.replace = ReplaceRung{};
                 decode_block(d, *m.value, replace_block(), *out.replace);
             }},
        }};
    return block;
}

const Block<Quarantine>& quarantine_block() {
    using D = Decoder;
    static const Block<Quarantine> block{
        BlockInfo{"quarantine",
                  "in quarantine",
                  "under `quarantine`",
                  "When the restarts are used up: one try after `first`, then after twice as long each time, up to "
                  "`max`.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"first", &shapes::duration, "30m", "How long until the first try.", "10m"},
             [](D& d, const Member& m, Quarantine& out) { positive_duration(d, m, out.first); }},
            {{"max", &shapes::duration, "6h", "The longest time between two tries.", "2h"},
             [](D& d, const Member& m, Quarantine& out) { positive_duration(d, m, out.max); }},
        }};
    return block;
}

const Block<EntryDraft>& deploy_block() {
    using D = Decoder;
    static const Block<EntryDraft> block{
        BlockInfo{"deploy",
                  "in deploy",
                  "under `deploy`",
                  "How many, and what happens when one ends. Compose's and Swarm's block.",
                  {},
                  {},
                  {"endpoint_mode", "labels", "mode", "placement", "rollback_config"},
                  "",
                  {}},
        {
            {{"replicas", &replicas_shape, "1",
              "How many targets. With more than one they are called `api.1`, `api.2` and so on.", "2", For::created},
             [](D& d, const Member& m, EntryDraft& out) { assign(d.count(*m.value, 0, most_replicas), out.replicas); }},
            {{"restart_policy", &restart_policy_shape, "", "What happens when an instance ends by itself.",
              "{condition: on-failure}"},
             [](D& d, const Member& m, EntryDraft& out) {
                 out.spec.restart.origin = origin_of(*m.key);
                 decode_block(d, *m.value, restart_policy_block(), out.spec.restart);
             }},
            {{"resources", &resources_shape, "", "What each container may use.", "{limits: {memory: 80m}}",
              For::container},
             [](D& d, const Member& m, EntryDraft& out) {
                 decode_block(d, *m.value, resources_block(), out.container.resources);
             }},
            {{"update_config", &update_config_shape, "", "How a changed entry reaches its containers.", "{delay: 10s}",
              For::container},
             [](D& d, const Member& m, EntryDraft& out) {
                 out.spec.update.origin = origin_of(*m.key);
                 decode_block(d, *m.value, update_config_block(), out.spec.update);
             }},
        }};
    return block;
}

const Block<ReplaceRung>& replace_block() {
    static const Block<ReplaceRung> block{
        BlockInfo{"replace",
                  "in replace",
                  "under `replace`",
                  "A new container, of the same image and settings, in the place of the old one, which comes back if "
                  "the new one does not get well.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"order", &order_shape, "start-first where nothing speaks against it", "Which of the two is up first.",
              "stop-first"},
             [](Decoder& d, const Member& m, ReplaceRung& out) { assign(replace_order(d, *m.value), out.order); }},
        }};
    return block;
}

const Block<UpdateConfig>& update_config_block() {
    using D = Decoder;
    static const Block<UpdateConfig> block{
        BlockInfo{
            "update_config",
            "in deploy.update_config",
            "under `deploy.update_config`",
            "How a changed entry reaches the containers of a service; Swarm's words with Swarm's meaning. What is "
            "not of the container itself (`healthcheck`, `on_unhealthy`, `restart`, `deploy` but for `resources`, "
            "`depends_on`, `stop_grace_period`, `pull_policy` and what keepwell does besides) changes without a "
            "new container.",
            {},
            {{"max_failure_ratio", "is not supported: the first new container that fails ends the update"}},
            {},
            "",
            {}},
        {
            {{"parallelism", &shapes::count, "1", "So many containers at a time; 0 is all at once.", "2"},
             [](D& d, const Member& m, UpdateConfig& out) {
                 assign(d.count(*m.value, 0, most_replicas), out.parallelism);
             }},
            {{"delay", &shapes::duration, "0s", "From one to the next.", "20s"},
             [](D& d, const Member& m, UpdateConfig& out) { assign(d.duration(*m.value), out.delay); }},
            {{"monitor", &shapes::duration, "5s", "A new one that fails within this time makes the update fail.",
              "30s"},
             [](D& d, const Member& m, UpdateConfig& out) { assign(d.duration(*m.value), out.monitor); }},
            {{"failure_action", &failure_action_shape, "pause", "What is done when the update fails.", "rollback"},
             decode_failure_action},
            {{"order", &order_shape, "stop-first", "Which of the two is up first.", "start-first"},
             [](D& d, const Member& m, UpdateConfig& out) { assign(replace_order(d, *m.value), out.order); }},
        }};
    return block;
}

const Block<RestartPolicy>& restart_policy_block() {
    using D = Decoder;
    static const Block<RestartPolicy> block{
        BlockInfo{"restart_policy",
                  "in deploy.restart_policy",
                  "under `deploy.restart_policy`",
                  "Swarm's words with Swarm's meaning. A remedy that ends an instance counts in the same history.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"condition", &condition_shape, "any", "Which ends are followed by a new start.", "on-failure"},
             decode_condition},
            {{"delay", &shapes::duration, "5s", "From an end to the next start, and from one replacement to the next.",
              "1s"},
             [](D& d, const Member& m, RestartPolicy& out) { assign(d.duration(*m.value), out.delay); }},
            {{"max_attempts", &shapes::count, "0", "So many restarts, then quarantine; 0 is without limit.", "5"},
             [](D& d, const Member& m, RestartPolicy& out) {
                 assign(d.count(*m.value, 0, most_attempts), out.max_attempts);
             }},
            {{"window", &shapes::duration, "0s",
              "Only the restarts of so long back are counted for `max_attempts`; 0 is all of them.", "60s"},
             [](D& d, const Member& m, RestartPolicy& out) { assign(d.duration(*m.value), out.window); }},
            {{"backoff", &backoff_shape, "none", "Makes the delay grow from one restart to the next.", "{factor: 3}"},
             decode_backoff},
        }};
    return block;
}

const Block<Backoff>& backoff_block() {
    using D = Decoder;
    static const Block<Backoff> block{
        BlockInfo{"backoff",
                  "in deploy.restart_policy.backoff",
                  "under `deploy.restart_policy.backoff`",
                  "The first restart waits `delay`; each further one in a row waits `factor` times as long, up to "
                  "`max`. Proven health begins it anew.",
                  {},
                  {{"jitter", not_yet}},
                  {},
                  "",
                  {}},
        {
            {{"factor", &factor_shape, "2", "By how much the wait grows.", "1.5"},
             [](D& d, const Member& m, Backoff& out) { assign(d.number(*m.value, 1, 100), out.factor); }},
            {{"max", &shapes::duration, "5m", "The longest wait.", "1m"},
             [](D& d, const Member& m, Backoff& out) { positive_duration(d, m, out.max); }},
            {{"reset_after", &shapes::duration, "10s", "Being up for so long is proven health, without a healthcheck.",
              "30s"},
             [](D& d, const Member& m, Backoff& out) { positive_duration(d, m, out.reset_after); }},
        }};
    return block;
}

}  // namespace keepwell::policy
