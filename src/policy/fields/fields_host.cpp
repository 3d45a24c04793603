// The tables of the top of a policy file, and of `guard:`.
#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/quantities.hpp"

namespace keepwell::policy {
namespace {

void decode_mode(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    const auto word = decoder.choice(*member.value, {"enforce", "dry-run"});
    if (word) draft.policy.mode = *word == "enforce" ? Mode::enforce : Mode::dry_run;
}

void decode_services(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value, "expected a mapping of names to services, but this is " +
                                                std::string{describe_kind(*member.value)});
    }
    draft.services = member.value->members;
}

void decode_include(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    assign(decoder.list(member.value, "the name of a file, or a list of them", true), draft.includes);
}

void decode_compose(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    assign(decoder.list(member.value, "the name of a Compose file, or a list of them", true), draft.compose);
}

void decode_quantum(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    assign(decoder.duration(*member.value, 1s), draft.policy.quantum);
}

void decode_guard(Decoder& decoder, const Member& member, PolicyDraft& draft) {
    draft.policy.guard.origin = origin_of(*member.key);
    decode_block(decoder, *member.value, guard_block(), draft.policy.guard);
}

void decode_max_unhealthy(Decoder& decoder, const Member& member, Guard& guard) {
    const auto text = decoder.plain(*member.value, "a share such as `40%`, or a count");
    if (!text) return;
    const bool percent = !text->empty() && text->back() == '%';
    const auto number = percent ? text->substr(0, text->size() - 1) : *text;
    const int value = is_digits(number) && number.size() <= 6 ? std::stoi(number) : 0;
    if (value < 1 || (percent && value > 100)) {
        return decoder.error(*member.value,
                             "expected a share from `1%` to `100%`, or a count from 1, but this is " + quote(*text));
    }
    guard.max_unhealthy = MaxUnhealthy{percent, static_cast<std::uint32_t>(value)};
}

void decode_max_actions(Decoder& decoder, const Member& member, Guard& guard) {
    const auto text = decoder.plain(*member.value, "so many remedies in so long, such as `10/10m`");
    if (!text) return;
    const auto slash = text->find('/');
    const auto number = text->substr(0, slash);
    const int count = is_digits(number) && number.size() <= 6 ? std::stoi(number) : 0;
    if (slash == std::string::npos || count < 1) {
        return decoder.error(*member.value,
                             "expected so many remedies in so long, such as `10/10m`, but this is " + quote(*text));
    }
    const auto per = decoder.accept(*member.value, parse_duration(text->substr(slash + 1)));
    if (!per) return;
    if (*per < 1ms) return decoder.error(*member.value, "the time after `/` is at least `1ms`");
    guard.max_actions = MaxActions{static_cast<std::uint32_t>(count), *per};
}

constexpr Shape mode_shape{"`enforce` or `dry-run`",
                           R"({"type": "string", "anyOf": [{"enum": ["enforce", "dry-run"]}, {"pattern": "\\$"}]})"};
constexpr Shape services_shape{
    "mapping of names to services",
    R"({"type": "object", "additionalProperties": false, "patternProperties": {"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$":)"
    R"( {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/entry"}]}}})"};
constexpr Shape defaults_shape{"mapping (the fields of a service)", R"({"$ref": "#/definitions/service"})"};
constexpr Shape include_shape{"name of a file, or list of names",
                              R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})"};
constexpr Shape guard_shape{"mapping (`guard`)", R"({"$ref": "#/definitions/guard"})"};
constexpr Shape max_unhealthy_shape{"share of all targets, or count",
                                    R"({"type": ["integer", "string"], "minimum": 1, "pattern": "^[0-9]+%?$|\\$"})"};
constexpr Shape max_actions_shape{"count, `/`, duration", R"({"type": "string", "pattern": "^[0-9]+/.|\\$"})"};

}  // namespace

const Block<PolicyDraft>& policy_block() {
    using D = Decoder;
    static const Block<PolicyDraft> block{
        BlockInfo{"policy",
                  "at the top level",
                  "at the top level",
                  "A policy is one file or several; services come from all of them. Anything but `services`, "
                  "`include` and `compose` is given in one file, or the same in all. Keys that begin with `x-` are "
                  "left alone.",
                  {},
                  {{"notifications", not_yet},
                   {"policies", "is for test files, which `keepwell test` plays"},
                   {"tests", "is for test files, which `keepwell test` plays"},
                   {"version", "is a Compose key that means nothing; remove it"}},
                  {"configs", "models", "secrets"},
                  "",
                  {}},
        joined<PolicyDraft>(
            {{
                 {{"services", &services_shape, "", "What should run.", "{b: {command: two}}"}, decode_services},
                 {{"defaults", &defaults_shape, "",
                   "Laid under every service: mappings are merged key by key, anything else is replaced by what the "
                   "service "
                   "says.",
                   "{stop_grace_period: 3s}"},
                  [](D&, const Member& m, PolicyDraft& out) { out.defaults = m.value; }},
                 {{"include", &include_shape, "", "More files, seen from the folder of this one.", "more.yaml"},
                  decode_include},
                 {{"compose", &include_shape, "",
                   "The Compose file of a project, or the files that Compose is given with `-f`, in their order: its "
                   "services exist already, and are kept well. What keepwell should know of them beyond Compose stands "
                   "there, under `x-keepwell`.",
                   "docker-compose.yml"},
                  decode_compose},
                 {{"mode", &mode_shape, "enforce",
                   "`dry-run` probes and decides, says what it would do, and does nothing.", "dry-run"},
                  decode_mode},
                 {{"guard", &guard_shape, "no limits", "Limits for all healing on this host.", "{max_parallel: 3}"},
                  decode_guard},
                 {{"state_dir", &shapes::text, "the platform's",
                   "Where the journal and the output of processes are kept.", "/tmp/keepwell"},
                  [](D& d, const Member& m, PolicyDraft& out) {
                      if (d.plain(*m.value, "the name of a folder")) {
                          assign(d.path(*m.value, "the name of a folder"), out.policy.state_dir);
                      }
                  }},
                 {{"quantum", &shapes::duration, "1ms",
                   "Timers are rounded up to it, so that what is due together is done together; at most 1s.", "10ms"},
                  decode_quantum},
                 {{"record", &shapes::boolean, "false",
                   "Put every probe into the journal, also those that change nothing.", "true"},
                  [](D& d, const Member& m, PolicyDraft& out) { assign(d.boolean(*m.value), out.policy.record); }},
             },
             project_rows()})};
    return block;
}

const Block<Guard>& guard_block() {
    using D = Decoder;
    static const Block<Guard> block{
        BlockInfo{
            "guard",
            "in guard",
            "under `guard`",
            "Limits for remedies over the whole host. What is not given does not limit. Restarts of what ended by "
            "itself are not limited by it.",
            {},
            {},
            {},
            "",
            {}},
        {
            {{"max_unhealthy", &max_unhealthy_shape, "no limit",
              "When more than this share (or number) of all targets is unhealthy at once, the cause is shared: nothing "
              "is healed until that ends. From 3 targets up.",
              "\"40%\""},
             decode_max_unhealthy},
            {{"max_parallel", &shapes::positive, "no limit", "So many remedies at once.", "2"},
             [](D& d, const Member& m, Guard& out) {
                 if (const auto value = d.count(*m.value, 1, 1'000'000)) out.max_parallel = *value;
             }},
            {{"max_actions", &max_actions_shape, "no limit", "So many remedies in so long.", "10/10m"},
             decode_max_actions},
        }};
    return block;
}

}  // namespace keepwell::policy
