// The tables of one service, and of what stands directly under it. Grammar: Compose's where Compose has the field.
#include <csignal>
#include <cstring>

#include "keepwell/model/awaited.hpp"
#include "keepwell/model/fact.hpp"
#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/quantities.hpp"

namespace keepwell::policy {
namespace {

// ---- signals ----------------------------------------------------------------------------------------------------

std::optional<int> real_time_signal(std::string_view name) {
    const bool from_min = name.substr(0, 5) == "RTMIN";
    if (!from_min && name.substr(0, 5) != "RTMAX") return std::nullopt;
    const auto rest = name.substr(5);
    const char sign = from_min ? '+' : '-';
    const int base = from_min ? SIGRTMIN : SIGRTMAX;
    if (rest.empty()) return base;
    if (rest[0] != sign || !is_digits(rest.substr(1)) || rest.size() > 3) return std::nullopt;
    const int offset = std::stoi(std::string{rest.substr(1)});
    const int number = from_min ? base + offset : base - offset;
    return number >= SIGRTMIN && number <= SIGRTMAX ? std::optional{number} : std::nullopt;
}

std::optional<int> signal_number(std::string_view written) {
    if (is_digits(written)) {
        const int number = written.size() <= 2 ? std::stoi(std::string{written}) : 0;
        return number >= 1 && number <= SIGRTMAX ? std::optional{number} : std::nullopt;
    }
    const auto name = written.substr(0, 3) == "SIG" ? written.substr(3) : written;
    for (int number = 1; number < SIGRTMIN; ++number) {
        const char* known = ::sigabbrev_np(number);
        if (known && name == known) return number;
    }
    return real_time_signal(name);
}

/// As the engine reads it: names of ordinary signals, numbers of real-time ones.
std::string signal_text(int number) {
    const char* known = number < SIGRTMIN ? ::sigabbrev_np(number) : nullptr;
    return known ? std::string{"SIG"} + known : std::to_string(number);
}

void decode_stop_signal(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "a signal such as `SIGTERM`");
    if (!text) return;
    if (const auto number = signal_number(*text)) {
        if (is_container(draft.target)) {
            draft.container.spec.stop_signal = signal_text(*number);
        } else {
            draft.target.process.stop_signal = *number;
        }
    } else {
        const std::vector<std::string_view> usual{"SIGTERM", "SIGINT",  "SIGQUIT", "SIGHUP",
                                                  "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGWINCH"};
        decoder.error(*member.value, "unknown signal " + quote(*text) + did_you_mean(*text, usual));
    }
}

// ---- what is executed -------------------------------------------------------------------------------------------

void decode_command(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const bool in_container = is_container(draft.target);
    auto words = decoder.command(*member.value, in_container);
    if (!words) return;
    if (in_container) {
        draft.container.spec.command = std::move(*words);
    } else {
        draft.target.process.command = std::move(*words);
    }
}

void decode_working_dir(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (!is_container(draft.target)) {
        return assign(decoder.path(*member.value, "the name of a folder"), draft.target.process.working_dir);
    }
    const auto text = decoder.text(*member.value, "the name of a folder");
    if (!text) return;
    if (text->empty() || text->front() != '/') {
        return decoder.error(*member.value, "expected an absolute path in the container, but this is " + quote(*text));
    }
    draft.container.spec.working_dir = *text;
}

void decode_user(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "a user, such as `nobody` or `1000:1000`");
    if (!text) return;
    const auto colon = text->find(':');
    const auto name = text->substr(0, colon);
    const auto group = colon == std::string::npos ? std::string{"-"} : text->substr(colon + 1);
    const bool odd = text->find_first_of(" \t\n/") != std::string::npos || group.find(':') != std::string::npos;
    if (name.empty() || group.empty() || odd) {
        return decoder.error(
            *member.value,
            "expected a user, such as `nobody`, `1000` or `nobody:nogroup`, but this is " + quote(*text));
    }
    (is_container(draft.target) ? draft.container.spec.user : draft.target.process.user) = *text;
}

void decode_env_files(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto files = decoder.list(member.value, "the name of a file, or a list of them", true);
    if (!files) return;
    for (const auto& file : *files) {
        EnvFileDraft long_form;
        if (!file->is_mapping()) {
            decoder.env_file(*file, draft.env_files);
            continue;
        }
        decode_block(decoder, *file, env_file_block(), long_form);
        if (long_form.path) decoder.env_file(*long_form.path, draft.env_files, long_form.required);
    }
}

void decode_output(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto* file = member.value->find("file");
    draft.output_at = file ? file->value->at : member.value->at;
    decode_block(decoder, *member.value, output_block(), draft.target.output);
}

void decode_max_size(Decoder& decoder, const Member& member, OutputSpec& output) {
    const auto text = decoder.plain(*member.value, "a size such as `10mb`");
    const auto size = text ? decoder.accept(*member.value, parse_size(*text)) : std::nullopt;
    if (!size) return;
    if (*size < 4096) return decoder.error(*member.value, "`max_size` is at least `4kb`");
    output.max_size = *size;
}

// ---- dependencies -----------------------------------------------------------------------------------------------

void add_dependency(EntryDraft& draft, const Node& name, Dependency dependency, bool restart_written = false) {
    dependency.origin = origin_of(name);
    draft.depends_on.push_back(DependencyDraft{name.text, name.at, dependency, restart_written});
}

void decode_depends_on(Decoder& decoder, const Member& member, EntryDraft& draft) {
    draft.depends_on.clear();
    if (member.value->is_mapping()) {
        for (const auto& one : member.value->members) {
            Dependency dependency;
            if (!one.value->is_null()) decode_block(decoder, *one.value, dependency_block(), dependency);
            add_dependency(draft, *one.key, dependency, one.value->find("restart") != nullptr);
        }
        return;
    }
    const auto names = decoder.list(member.value, "a list or a mapping of services");
    if (!names) return;
    for (const auto& name : *names) {
        if (decoder.plain(*name, "the name of a service")) add_dependency(draft, *name, Dependency{});
    }
}

void decode_dependency_condition(Decoder& decoder, const Member& member, Dependency& dependency) {
    std::vector<std::string_view> words;
    for (const DependencyCondition condition : dependency_conditions) words.push_back(to_string(condition));
    if (const auto word = decoder.choice(*member.value, words))
        dependency.condition = *dependency_condition_from(*word);
}

// ---- health and healing -----------------------------------------------------------------------------------------

void decode_healthcheck(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (member.value->is_sequence()) {
        return decoder.error(*member.value, "a list of healthchecks is not supported yet; write one mapping");
    }
    HealthDraft health;
    health.timings.origin = origin_of(*member.key);
    decode_block(decoder, *member.value, healthcheck_block(), health);
    const Member* first = nullptr;
    for (const auto& one : member.value->members) {
        if (one.key->text != "http" && one.key->text != "tcp" && one.key->text != "test") continue;
        if (first) {
            decoder.error(*one.key, quote(one.key->text) + " beside " + quote(first->key->text) +
                                        ": a healthcheck has exactly one of `http`, `tcp` and `test`");
        }
        if (!first) first = &one;
    }
    if (first) draft.probe_at = first->value->at;
    draft.health = std::move(health);
}

void may_replace(Decoder& decoder, const Node& at, const EntryDraft& draft) {
    if (is_container(draft.target) || draft.any_kind) return;
    decoder.error(at, "`replace` is for containers; a process is replaced by `restart`");
}

/// A rung that is a mapping does exactly one thing.
void check_rung(Decoder& decoder, const Node& node, const EntryDraft& draft) {
    const auto* run = node.find("run");
    const auto* replace = node.find("replace");
    const auto* timeout = node.find("timeout");
    if (replace) may_replace(decoder, *replace->key, draft);
    if (!replace && !run) decoder.error(node, "`run` is missing in a rung of on_unhealthy");
    if (replace && run) decoder.error(*replace->key, "`replace` beside `run`: a rung does one thing");
    if (replace && timeout) decoder.error(*timeout->key, "`timeout` is for `run`");
}

void decode_rung(Decoder& decoder, const NodePtr& node, EntryDraft& draft) {
    auto& ladder = draft.spec.on_unhealthy;
    Rung rung{RestartRung{}, origin_of(*node)};
    HookSpec hook;
    if (!ladder.empty() && std::holds_alternative<StopRung>(ladder.back().action)) {
        decoder.error(*node, "nothing comes after `stop`: the target stays stopped");
    }
    if (node->is_mapping()) {
        RungDraft written;
        const auto errors = decoder.reporter().errors();
        decode_block(decoder, *node, rung_block(), written);
        if (decoder.reporter().errors() == errors) check_rung(decoder, *node, draft);
        if (written.replace) {
            rung.action = *written.replace;
        } else {
            rung.action = written.run;
        }
        hook.command = std::move(written.command);
    } else if (node->text == "replace") {
        may_replace(decoder, *node, draft);
        rung.action = ReplaceRung{};
    } else if (node->text == "run") {
        return decoder.error(*node, "`run` needs a command: write `- run: [command, argument]`");
    } else {
        const auto word = decoder.choice(*node, {"restart", "stop", "notify"});
        if (!word) return;
        if (*word == "stop") rung.action = StopRung{};
        if (*word == "notify") rung.action = NotifyRung{};
    }
    ladder.push_back(rung);
    draft.target.hooks.push_back(std::move(hook));
}

void decode_on_unhealthy(Decoder& decoder, const Member& member, EntryDraft& draft) {
    draft.ladder_written = true;
    draft.spec.ladder_origin = origin_of(*member.key);
    const auto rungs = decoder.list(member.value, "a list, such as `[restart]`");
    if (!rungs) return;
    for (const auto& rung : *rungs) decode_rung(decoder, rung, draft);
}

void decode_stop_grace_period(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto value = decoder.duration(*member.value);
    if (!value) return;
    draft.spec.stop_grace_period = *value;
    draft.spec.stop_grace_written = true;
}

void decode_verify(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto value = decoder.duration(*member.value);
    if (!value) return;
    if (*value < 1ms) return decoder.error(*member.value, "`verify` is at least `1ms`");
    draft.spec.verify = *value;
}

void decode_quarantine(Decoder& decoder, const Member& member, EntryDraft& draft) {
    auto& quarantine = draft.spec.quarantine;
    quarantine.origin = origin_of(*member.key);
    decode_block(decoder, *member.value, quarantine_block(), quarantine);
    if (quarantine.first > quarantine.max) {
        decoder.error(*member.value, "`first` is longer than `max` (30m and 6h, where they are not given)");
    }
}

void decode_restart(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "`no`, `always`, `unless-stopped` or `on-failure`");
    if (!text) return;
    RestartChoice choice;
    choice.origin = origin_of(*member.key);
    const auto colon = text->find(':');
    const auto word = text->substr(0, colon);
    const auto attempts = colon == std::string::npos ? std::string{"0"} : text->substr(colon + 1);
    const bool counted = colon != std::string::npos;
    if (word == "on-failure" && is_digits(attempts) && attempts.size() <= 6) {
        choice.condition = RestartCondition::on_failure;
        choice.max_attempts = static_cast<std::uint32_t>(std::stoi(attempts));
    } else if (!counted && (word == "no" || word == "false")) {
        choice.condition = RestartCondition::none;
    } else if (counted || (word != "always" && word != "unless-stopped")) {
        return decoder.error(*member.value,
                             "expected `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`, but this is " +
                                 quote(*text) + did_you_mean(*text, {"always", "unless-stopped", "on-failure"}));
    }
    draft.restart = choice;
}

// ---- maintenance ------------------------------------------------------------------------------------------------

constexpr std::string_view day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<unsigned> day_number(std::string_view name) {
    for (unsigned day = 0; day < 7; ++day) {
        if (day_names[day] == lower_case(name)) return day;
    }
    return std::nullopt;
}

/// "mon" or "mon-fri"; a range may run over the end of the week.
std::optional<std::uint8_t> days_of(Decoder& decoder, const Node& node) {
    const auto text = decoder.plain(node, "a day such as `mon`, or days such as `mon-fri`");
    if (!text) return std::nullopt;
    const auto dash = text->find('-');
    const auto first = day_number(std::string_view{*text}.substr(0, dash));
    const auto last = dash == std::string::npos ? first : day_number(std::string_view{*text}.substr(dash + 1));
    if (!first || !last) {
        decoder.error(node, "expected a day such as `mon`, or days such as `mon-fri`, but this is " + quote(*text));
        return std::nullopt;
    }
    unsigned days = 0;
    for (auto day = *first;; day = (day + 1) % 7) {
        days |= 1U << day;
        if (day == *last) return static_cast<std::uint8_t>(days);
    }
}

void decode_days(Decoder& decoder, const Member& member, MaintenanceWindow& window) {
    const auto items = decoder.list(member.value, "days such as `mon-fri`, or a list of them", true);
    if (!items) return;
    if (items->empty()) return decoder.error(*member.value, "this list is empty: the window would never open");
    unsigned days = 0;
    for (const auto& item : *items) days |= days_of(decoder, *item).value_or(std::uint8_t{0});
    window.days = static_cast<std::uint8_t>(days);
}

std::optional<std::chrono::minutes> time_of_day(Decoder& decoder, const Node& node, bool may_be_24) {
    const auto text = decoder.plain(node, "a time of day such as \"22:30\"");
    const auto at = text ? decoder.accept(node, parse_time_of_day(*text)) : std::nullopt;
    if (!at || *at < std::chrono::hours{24}) return at;
    if (may_be_24) return std::chrono::minutes{0};
    decoder.error(node, "a window does not begin at \"24:00\"; write \"00:00\"");
    return std::nullopt;
}

void decode_maintenance(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto windows = decoder.list(member.value, "a list of windows");
    if (!windows) return;
    for (const auto& node : *windows) {
        MaintenanceWindow window;
        decode_block(decoder, *node, maintenance_block(), window);
        draft.maintenance.push_back(window);
    }
}

// ---- shapes -----------------------------------------------------------------------------------------------------

constexpr Shape command_shape{
    "text split into words, or list of words",
    R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]})"};
constexpr Shape files_shape{"name of a file, or list of names and mappings (`env_file`)",
                            R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"anyOf":)"
                            R"( [{"type": "string"}, {"$ref": "#/definitions/env_file"}]}}]})"};
constexpr Shape depends_on_shape{
    "list of services, or mapping (`depends_on`)",
    R"({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object", "additionalProperties":)"
    R"( {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/dependency"}]}}]})"};
constexpr Shape dependency_condition_shape{
    "`service_started`, `service_healthy` or `service_completed_successfully`",
    R"({"type": "string", "anyOf": [{"enum": ["service_started", "service_healthy", "service_completed_successfully"]},)"
    R"( {"pattern": "\\$"}]})"};
constexpr Shape healthcheck_shape{"mapping (`healthcheck`)", R"({"$ref": "#/definitions/healthcheck"})"};
constexpr Shape ladder_shape{
    "list of `restart`, `replace`, `stop`, `notify` and mappings (`on_unhealthy`)",
    R"({"type": "array", "items": {"anyOf": [{"enum": ["restart", "replace", "stop", "notify"]},)"
    R"( {"$ref": "#/definitions/rung"}]}})"};
constexpr Shape quarantine_shape{"mapping (`quarantine`)", R"({"$ref": "#/definitions/quarantine"})"};
constexpr Shape restart_shape{"`no`, `always`, `unless-stopped` or `on-failure[:N]`",
                              R"({"anyOf": [{"const": false}, {"type": "string",)"
                              R"( "pattern": "^(no|false|always|unless-stopped|on-failure(:[0-9]+)?)$|\\$"}]})"};
constexpr Shape deploy_shape{"mapping (`deploy`)", R"({"$ref": "#/definitions/deploy"})"};
constexpr Shape signal_shape{"name or number of a signal",
                             R"({"type": ["string", "integer"], "minimum": 1, "maximum": 64})"};
constexpr Shape output_shape{"mapping (`output`)", R"({"$ref": "#/definitions/output"})"};
constexpr Shape size_shape{
    "size with b, kb, mb or gb",
    R"({"type": ["string", "integer"], "minimum": 4096, "pattern": "^[0-9.]+([bB]|[kKmMgG][bB]?)?$|\\$"})"};
constexpr Shape maintenance_shape{"list of mappings (`maintenance`)",
                                  R"({"type": "array", "items": {"$ref": "#/definitions/maintenance"}})"};
constexpr Shape time_shape{"time of day such as \"22:30\"",
                           R"({"type": "string", "pattern": "^([01]?[0-9]|2[0-4]):[0-5][0-9]$|\\$"})"};
constexpr Shape days_shape{"day, range of days, or list of them",
                           R"({"anyOf": [{"$ref": "#/definitions/days"}, {"type": "array", "minItems": 1,)"
                           R"( "items": {"$ref": "#/definitions/days"}}]})"};

/// compose-spec schema/compose-spec.json, definitions.service, without what we read.
const std::vector<std::string_view> compose_service_keys{"annotations",    "attach",
                                                         "blkio_config",   "cgroup",
                                                         "configs",        "cpu_count",
                                                         "cpu_percent",    "cpu_period",
                                                         "cpu_quota",      "cpu_rt_period",
                                                         "cpu_rt_runtime", "credential_spec",
                                                         "develop",        "device_cgroup_rules",
                                                         "extends",        "external_links",
                                                         "gpus",           "isolation",
                                                         "label_file",     "links",
                                                         "mem_swappiness", "models",
                                                         "post_start",     "pre_start",
                                                         "pre_stop",       "profiles",
                                                         "provider",       "pull_refresh_after",
                                                         "secrets",        "storage_opt",
                                                         "use_api_socket", "volumes_from"};

}  // namespace

const Block<EntryDraft>& service_block() {
    using D = Decoder;
    static const Block<EntryDraft> block{
        BlockInfo{"service",
                  "in a service",
                  "under a service",
                  "One entry under `services`: a process that should run, how to tell that it is well, and what to do "
                  "when it is not. The fields of Compose have Compose's grammar. Templates (`{{.Service.Name}}`, "
                  "`{{.Task.Name}}`, `{{.Task.Slot}}`, `{{.Target.Name}}`) are read in `command`, `working_dir`, "
                  "`environment`, `env_file`, `output.file`, probes, `run` and most texts of a container; a plain `{{` "
                  "is written `{{\"{{\"}}`. With `image` it is a container that keepwell creates, with `container` one "
                  "that exists already, and else a process.",
                  {},
                  {{"build", "is not supported: build the image first, and name it by `image`"},
                   {"ready", not_yet},
                   {"scale", "is a Compose key; write `deploy: {replicas: N}`"}},
                  compose_service_keys,
                  R"({"not": {"required": ["image", "container"]}})",
                  {}},
        joined<EntryDraft>(
            {{
                 {{"command", &command_shape, "the image's",
                   "What to execute; a process needs one, here or in `defaults`. Without a shell: write `[sh, -c, "
                   "\"…\"]` "
                   "for one.",
                   "[other, words]", For::created},
                  decode_command},
                 {{"working_dir", &shapes::text, "the folder of the file; the image's",
                   "Where it is executed, seen from the policy's folder; in a container an absolute path there.",
                   "/sub", For::created},
                  decode_working_dir},
                 {{"environment", &shapes::pairs, "",
                   "Variables, added to keepwell's own or the image's. A key without a value takes keepwell's own.",
                   "{PORT: 8080}", For::created},
                  [](D& d, const Member& m, EntryDraft& out) { d.variables(*m.value, out.environment); }},
                 {{"env_file", &files_shape, "",
                   "Files of `KEY=VALUE` lines, read when the policy is; `environment` wins, and later files win. "
                   "Variables "
                   "are not expanded in them.",
                   "more.env", For::created},
                  decode_env_files},
                 {{"user", &shapes::text, "keepwell's own; the image's", "`name`, `name:group`, `uid` or `uid:gid`.",
                   "nobody", For::created},
                  decode_user},
                 {{"depends_on", &depends_on_shape, "", "Services that come first, in Compose's grammar.", "[other]"},
                  decode_depends_on},
                 {{"healthcheck", &healthcheck_shape, "none; a container's own",
                   "How to ask whether it is well. Of a container without this key its engine is asked.",
                   "{tcp: \"127.0.0.1:80\"}"},
                  decode_healthcheck},
                 {{"on_unhealthy", &ladder_shape,
                   "[restart]; [replace] for a container of keepwell's own; none where `condition` is none",
                   "The remedies, tried one after the other until one helps. The last one is repeated, unless it is "
                   "`stop`, which is final, or `notify`, which tells once and leaves it at that. Empty: report only.",
                   "[notify, stop]"},
                  decode_on_unhealthy},
                 {{"verify", &shapes::duration, "start_period + retries × (interval + timeout)",
                   "A remedy has helped when the target is healthy within this time. The default is longer where "
                   "`start_interval` is longer than `interval`: the first probe comes that late.",
                   "90s"},
                  decode_verify},
                 {{"quarantine", &quarantine_shape, "", "What happens when the restarts are used up.", "{first: 5m}"},
                  decode_quarantine},
                 {{"restart", &restart_shape, "always", "Compose's short form of `deploy.restart_policy`.",
                   "on-failure:4"},
                  decode_restart},
                 {{"deploy", &deploy_shape, "", "Replicas, the restart policy, how a change is rolled out.",
                   "{restart_policy: {delay: 3s}}"},
                  [](D& d, const Member& m, EntryDraft& out) { decode_block(d, *m.value, deploy_block(), out); }},
                 {{"stop_signal", &signal_shape, "SIGTERM; the image's", "What asks it to end.", "SIGINT",
                   For::created},
                  decode_stop_signal},
                 {{"stop_grace_period", &shapes::duration, "10s; a container's own",
                   "How long it may take to end; then SIGKILL.", "3s"},
                  decode_stop_grace_period},
                 {{"output", &output_shape, "", "Where its stdout and stderr go.", "{keep: 9}", For::process},
                  decode_output},
                 {{"dry_run", &shapes::boolean, "false", "Dry-run for this service alone.", "true"},
                  [](D& d, const Member& m, EntryDraft& out) { assign(d.boolean(*m.value), out.spec.dry_run); }},
                 {{"maintenance", &maintenance_shape, "", "Windows in which nothing is healed.",
                   "[{from: \"22:00\", to: \"23:00\"}]"},
                  decode_maintenance},
             },
             container_rows(),
             port_rows(),
             mount_rows(),
             network_rows(),
             limit_rows()})};
    return block;
}

const Block<Dependency>& dependency_block() {
    using D = Decoder;
    static const Block<Dependency> block{
        BlockInfo{"dependency",
                  "in depends_on",
                  "under an entry of `depends_on`",
                  "Started in order, stopped in reverse. While a dependency is unhealthy its dependants are held, not "
                  "healed.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"condition", &dependency_condition_shape, "service_started", "What must hold before this service starts.",
              "service_healthy"},
             decode_dependency_condition},
            {{"restart", &shapes::boolean, "false", "Restart this service after the dependency was healed.", "true"},
             [](D& d, const Member& m, Dependency& out) { assign(d.boolean(*m.value), out.restart); }},
            {{"required", &shapes::boolean, "true", "False: a dependency that can not be had is no hindrance.",
              "false"},
             [](D& d, const Member& m, Dependency& out) { assign(d.boolean(*m.value), out.required); }},
        }};
    return block;
}

const Block<EnvFileDraft>& env_file_block() {
    using D = Decoder;
    static const Block<EnvFileDraft> block{
        BlockInfo{"env_file",
                  "in env_file",
                  "under an entry of `env_file`",
                  "A file of variables that need not be there.",
                  {"path"},
                  {},
                  {"format"},
                  "",
                  {}},
        {
            {{"path", &shapes::text, "", "The file.", "more.env"},
             [](D&, const Member& m, EnvFileDraft& out) { out.path = m.value; }},
            {{"required", &shapes::boolean, "true", "False: where it is missing, there are no variables.", "false"},
             [](D& d, const Member& m, EnvFileDraft& out) { assign(d.boolean(*m.value), out.required); }},
        }};
    return block;
}

const Block<OutputSpec>& output_block() {
    using D = Decoder;
    static const Block<OutputSpec> block{
        BlockInfo{"output",
                  "in output",
                  "under `output`",
                  "The file that takes what the process writes. When it is full, FILE.1 takes what it holds. While its "
                  "writer lives it is copied and cut to nothing, and what is written in that instant is lost; before "
                  "the next start it is renamed. A new file belongs to the `user` of the service. A script that "
                  "opens `/dev/stderr` anew with `>` cuts the file: write `>&2`.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"file", &shapes::text, "STATE_DIR/output/TARGET.log",
              "The file; each target needs its own, but for `/dev/stdout` and `/dev/stderr` (keepwell's own) and "
              "`/dev/null`. What is in /dev or /proc, or is no regular file, is never rotated; of a link, that to "
              "which it leads.",
              "one.log"},
             [](D& d, const Member& m, OutputSpec& out) { assign(d.path(*m.value, "the name of a file"), out.file); }},
            {{"max_size", &size_shape, "10mb",
              "When it is full. It is looked at every 5 to 60 seconds, so a burst may be larger.", "64kb"},
             decode_max_size},
            {{"keep", &shapes::count, "3", "So many full ones are kept.", "5"},
             [](D& d, const Member& m, OutputSpec& out) { assign(d.count(*m.value, 0, 1000), out.keep); }},
        }};
    return block;
}

const Block<MaintenanceWindow>& maintenance_block() {
    using D = Decoder;
    static const Block<MaintenanceWindow> block{
        BlockInfo{"maintenance",
                  "in maintenance",
                  "under `maintenance`",
                  "One window, on this host's wall clock. Where `to` is not after `from` it ends on the next day.",
                  {"from", "to"},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"from", &time_shape, "", "When it begins.", "\"21:00\""},
             [](D& d, const Member& m, MaintenanceWindow& out) { assign(time_of_day(d, *m.value, false), out.from); }},
            {{"to", &time_shape, "", "When it ends.", "\"24:00\""},
             [](D& d, const Member& m, MaintenanceWindow& out) { assign(time_of_day(d, *m.value, true), out.to); }},
            {{"days", &days_shape, "every day", "The days on which it begins.", "[mon-wed, sat]"}, decode_days},
        }};
    return block;
}

}  // namespace keepwell::policy
