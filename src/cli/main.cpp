// The `keepwell` program: reads the command line, and hands each command what it is told.
// CLI11 is included here alone. What is mistyped ends with 2 and a suggestion.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/lengths.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "policy/document/text.hpp"

namespace keepwell::cli {
namespace {

/// Everything that the command line can say, and which command was meant.
struct Arguments {
    RunOptions run;
    CheckOptions check;
    TestOptions test;
    SimulateOptions simulate;
    SchemaOptions schema;
    PlanOptions plan;
    ReloadOptions reload;
    StatusOptions status;
    EventsOptions events;
    ExplainOptions explain;
    ReplayOptions replay;
    OperateOptions operate;
    LogsOptions logs;
    PingOptions ping;
    VersionOptions version;
    std::function<int()> chosen;
};

/// Examples come first: they are what people look for.
std::string about(const std::string& sentence, const std::string& examples) {
    return sentence + "\n\nExamples:\n" + examples;
}

/// The list of commands shows the first line of each alone.
class HelpText final : public CLI::Formatter {
  public:
    std::string make_subcommand(const CLI::App* sub) const override {
        const std::string all = sub->get_description();
        std::ostringstream out;
        CLI::detail::format_help(out, sub->get_name(), all.substr(0, all.find('\n')), get_column_width());
        return out.str();
    }
    std::string make_usage(const CLI::App* app, std::string name) const override {
        return "\n" + CLI::Formatter::make_usage(app, std::move(name));
    }
};

/// What is done when this one is chosen.
void choose(CLI::App* sub, Arguments& arguments, std::function<int()> command) {
    sub->callback([&arguments, command = std::move(command)] { arguments.chosen = command; });
}

CLI::App* add(CLI::App& app, const char* name, const std::string& description, std::function<int()> command,
              Arguments& arguments) {
    CLI::App* sub = app.add_subcommand(name, description);
    choose(sub, arguments, std::move(command));
    return sub;
}

void add_socket(CLI::App* sub, std::string& socket) {
    sub->add_option("--socket", socket, "The control socket of the keepwell that is meant (or KEEPWELL_SOCKET)")
        ->type_name("PATH");
}

void add_format(CLI::App* sub, Format& format, const std::map<std::string, Format>& formats) {
    std::string names;
    for (const auto& [name, value] : formats) names += (names.empty() ? "" : "|") + name;
    const auto take = [&format, formats, names](const std::string& text) {
        const auto found = formats.find(text);
        if (found == formats.end()) throw CLI::ValidationError("--output wants " + names + ", not `" + text + "`");
        format = found->second;
    };
    sub->add_option_function<std::string>("-o,--output", take, "How to print")->type_name(names);
}

const std::map<std::string, Format> text_or_json{{"text", Format::text}, {"json", Format::json}};
const std::map<std::string, Format> json_alone{{"json", Format::json}};
const std::map<std::string, Format> any_lines{
    {"text", Format::text}, {"json", Format::jsonl}, {"jsonl", Format::jsonl}};
const std::map<std::string, Format> check_formats{
    {"text", Format::text}, {"json", Format::json}, {"github", Format::github}};

const std::map<std::string, Format> story_formats{
    {"text", Format::text}, {"json", Format::json}, {"jsonl", Format::jsonl}, {"svg", Format::svg}};

constexpr std::chrono::milliseconds no_limit = std::chrono::milliseconds::max();
constexpr std::chrono::milliseconds longest_past = std::chrono::days{3653};

/// A length such as "10s" into milliseconds.
void add_length(CLI::App* sub, const char* name, std::chrono::milliseconds& length, const char* description,
                std::chrono::milliseconds most = no_limit) {
    sub->add_option_function<std::string>(
           name,
           [&length, name, most](const std::string& text) {
               const auto parsed = parse_length(text);
               if (!parsed || parsed->count() == 0) {
                   throw CLI::ValidationError("`" + text + "` is not a length of time such as 500ms, 10s or 1h30m");
               }
               if (*parsed > most) throw CLI::ValidationError(std::string{name} + " " + text + " is too long");
               length = *parsed;
           },
           description)
        ->type_name("TIME");
}

/// An empty name is a variable of a script that is not set: no folder is meant.
CLI::Option* add_files(CLI::App* sub, std::vector<std::string>& files, const char* description) {
    return sub->add_option("FILE", files, description)->check([](const std::string& name) {
        return name.empty() ? std::string{"the name of a file is empty"} : std::string{};
    });
}

void add_run(CLI::App& app, Arguments& arguments) {
    RunOptions& options = arguments.run;
    CLI::App* sub = app.add_subcommand(
        "run", about("Supervise the services of a policy, in the foreground.",
                     "  keepwell run policy.yaml\n"
                     "  keepwell run policy.yaml --dry-run     probe for real, change nothing\n"
                     "  keepwell run conf.d -o jsonl           one JSON line an event\n"
                     "  keepwell run --labels                  heal containers as their labels ask, without a file"));
    add_files(sub, options.files, "Policy files, or folders of them");
    sub->add_flag("--labels", options.labels, "Containers are targets as their labels ask (docs/labels.md)");
    sub->callback([&options, &arguments] {
        if (options.files.empty() && !options.labels) throw CLI::RequiredError("FILE");
        arguments.chosen = [&options] { return run(options); };
    });
    sub->add_flag("-n,--dry-run", options.dry_run, "Say what would be done, and start, stop and run nothing");
    sub->add_option("--journal", options.journal, "Where the journal and the output are kept")->type_name("DIR");
    add_socket(sub, options.socket);
    add_format(sub, options.format, any_lines);
}

void add_check(CLI::App& app, Arguments& arguments) {
    CheckOptions& options = arguments.check;
    CLI::App* sub = add(
        app, "check",
        about("Find every mistake in a policy; nothing is started.",
              "  keepwell check policy.yaml\n"
              "  keepwell check policies/ -o github     annotations for a pull request"),
        [&options] { return check(options); }, arguments);
    add_files(sub, options.files, "Policy files, or folders of them")->required();
    add_format(sub, options.format, check_formats);
}

/// A whole number; `wanted` says in words what else it is not: "a seed such as 7".
template <typename Number>
CLI::Option* add_number(CLI::App* sub, const char* name, Number& number, const char* wanted, const char* description) {
    const auto take = [&number, wanted](const std::string& text) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            throw CLI::ValidationError("`" + text + "` is not " + wanted);
        number = value;
    };
    return sub->add_option_function<std::string>(name, take, description)->type_name("N");
}

CLI::Option* add_seed(CLI::App* sub, std::uint64_t& seed, const char* description) {
    return add_number(sub, "--seed", seed, "a seed such as 7", description);
}

void add_test(CLI::App& app, Arguments& arguments) {
    TestOptions& options = arguments.test;
    CLI::App* sub = add(
        app, "test",
        about("Play tests of a policy on a virtual clock; nothing is started.",
              "  keepwell test shop.test.yaml\n"
              "  keepwell test policies/                every *.test.yaml in it\n"
              "  keepwell test policies/ --run '*redis*'\n"
              "  keepwell test policies/ --junit tests.xml\n"
              "  keepwell test policies/ -o github      annotations for a pull request"),
        [&options] { return test(options); }, arguments);
    add_files(sub, options.files, "Test files, or folders of them")->required();
    sub->add_option("--run", options.run, "Only tests with this in their name, or of this pattern")
        ->type_name("PATTERN");
    sub->add_option("--junit", options.junit, "Write the results as JUnit's XML, too")->type_name("FILE");
    add_seed(sub, options.seed, "Draw by lot which of the answers of one moment comes first; a test should not mind");
    sub->add_flag("--check-coverage", options.check_coverage,
                  "End with 1 where no test reaches a rung, gate or service")
        ->excludes("--run");
    add_format(sub, options.format, check_formats);
}

/// How often something comes, such as "1/7d", into the mean time from one to the next.
CLI::Option* add_rate(CLI::App* sub, const char* name, std::optional<std::chrono::milliseconds>& mean,
                      const char* description) {
    return sub
        ->add_option_function<std::string>(
            name,
            [&mean](const std::string& text) {
                mean = parse_rate(text);
                if (!mean) throw CLI::ValidationError("`" + text + "` is not a rate such as 1/7d, 3/1h or 0 (never)");
            },
            description)
        ->type_name("RATE");
}

/// What --chaos draws, and how much of it.
void add_chaos(CLI::App* sub, SimulateOptions& options) {
    CLI::Option* chaos = sub->add_flag("--chaos", options.chaos, "Draw faults by lot, and tell what becomes of them");
    const auto take_share = [&options](const std::string& text) {
        std::uint32_t share = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
        const std::string rest{end, text.data() + text.size()};
        if (error != std::errc{} || share > 100 || (rest != "%" && !rest.empty())) {
            throw CLI::ValidationError("`" + text + "` is not a share such as 10%");
        }
        options.slow_starts = share;
    };
    const std::vector<CLI::Option*> of_chaos{
        add_seed(sub, options.seed, "Of the lot: one seed, one past"),
        sub->add_option("--compare", options.compare, "Another policy, beside the first, against the same faults")
            ->allow_extra_args(false)
            ->type_name("FILE"),
        add_rate(sub, "--crashes", options.crashes, "Of each target; 1/7d"),
        add_rate(sub, "--hangs", options.hangs, "Of each target; 1/7d"),
        add_rate(sub, "--outages", options.outages, "Of something that many targets need; 1/30d"),
        add_rate(sub, "--engine-restarts", options.engine_restarts, "Of the container engine; 1/30d"),
        sub->add_option_function<std::string>("--slow-starts", take_share, "Of all starts; 10%")->type_name("SHARE")};
    for (CLI::Option* one : of_chaos) one->needs(chaos);
}

void add_simulate(CLI::App& app, Arguments& arguments) {
    SimulateOptions& options = arguments.simulate;
    CLI::App* sub = app.add_subcommand(
        "simulate",
        about("Play a made-up past against a policy, on a virtual clock; nothing is started.",
              "  keepwell simulate shop.yaml --script monday.yaml\n"
              "  keepwell simulate shop.yaml --script monday.yaml -o svg > monday.svg\n"
              "  keepwell simulate shop.yaml --script monday.yaml --journal monday   for explain and replay\n"
              "  keepwell simulate shop.yaml --chaos --seed 7 --for 30d\n"
              "  keepwell simulate shop.yaml --chaos --compare gentle.yaml"));
    add_files(sub, options.files, "Policy files, or folders of them")->required();
    CLI::Option* script =
        sub->add_option("--script", options.script, "What happens: `targets` and `events` as in a test file")
            ->type_name("FILE");
    add_length(sub, "--for", options.length, "How much time is played, ten years at most", longest_past);
    add_chaos(sub, options);
    script->excludes("--chaos");
    sub->add_option("--journal", options.journal, "Also keep it here, for explain, replay and events")
        ->type_name("DIR")
        ->excludes("--compare");
    add_format(sub, options.format, story_formats);
    sub->callback([&options, &arguments] {
        if (options.script.empty() && !options.chaos) throw CLI::RequiredError("--script FILE or --chaos");
        arguments.chosen = [&options] { return simulate(options); };
    });
}

void add_plan(CLI::App& app, Arguments& arguments) {
    PlanOptions& options = arguments.plan;
    CLI::App* sub = add(
        app, "plan",
        about("Say what changed policy files would mean for the running keepwell; nothing is done.",
              "  keepwell plan                            the files that it follows\n"
              "  keepwell plan new.yaml --exit-code       0 the same, 2 changes, 1 an error\n"
              "  keepwell plan --from old.yaml new.yaml   without a running keepwell"),
        [&options] { return plan(options); }, arguments);
    add_files(sub, options.files, "Policy files, or folders of them");
    sub->add_option("--from", options.from, "Compare with these files instead of asking a running keepwell")
        ->type_name("FILE")
        ->allow_extra_args(false);
    sub->add_flag("--exit-code", options.exit_code, "End with 0 when nothing changes, 2 for changes, 1 for an error");
    add_socket(sub, options.socket);
    add_format(sub, options.format, text_or_json);
}

void add_reload(CLI::App& app, Arguments& arguments) {
    ReloadOptions& options = arguments.reload;
    CLI::App* sub = add(
        app, "reload",
        about("Have the running keepwell follow changed policy files: all of it or nothing.",
              "  keepwell reload                the files that it follows; SIGHUP does the same\n"
              "  keepwell reload new.yaml       others from now on"),
        [&options] { return reload(options); }, arguments);
    add_files(sub, options.files, "Policy files, or folders of them");
    sub->add_option("--expect", options.expect, "Only if it is still this plan: what `plan` has named, FROM..TO")
        ->type_name("PLAN");
    add_socket(sub, options.socket);
    add_format(sub, options.format, text_or_json);
}

void add_status(CLI::App& app, Arguments& arguments) {
    StatusOptions& options = arguments.status;
    CLI::App* sub = add(
        app, "status",
        about("Show what is well, what is not, and what comes next. Ends with 3 when something is not well.",
              "  keepwell status\n"
              "  keepwell status api                    all about one, with its last probes\n"
              "  keepwell status -o json"),
        [&options] { return status(options); }, arguments);
    sub->add_option("TARGET", options.target, "A target, or a service with all its replicas");
    add_socket(sub, options.socket);
    add_format(sub, options.format, text_or_json);
}

void add_events(CLI::App& app, Arguments& arguments) {
    EventsOptions& options = arguments.events;
    CLI::App* sub = add(
        app, "events",
        about("Tell what happened, what was decided and what was done.",
              "  keepwell events -f\n"
              "  keepwell events --since 1h --target api\n"
              "  keepwell events --journal /var/lib/keepwell    without a running keepwell"),
        [&options] { return events(options); }, arguments);
    CLI::Option* follow = sub->add_flag("-f,--follow", options.follow, "Go on with what happens from now on");
    sub->add_option("--since", options.since, "How long ago, a time (RFC 3339), or a sequence number")
        ->type_name("1h|TIME|SEQ");
    sub->add_option("--target", options.target, "Of one target, or of one service")->type_name("TARGET");
    sub->add_option("--journal", options.journal, "Read this folder instead of asking a running keepwell")
        ->type_name("DIR")
        ->excludes(follow);
    add_socket(sub, options.socket);
    add_format(sub, options.format, any_lines);
}

void add_explain(CLI::App& app, Arguments& arguments) {
    ExplainOptions& options = arguments.explain;
    CLI::App* sub = add(
        app, "explain",
        about("Say why a target is as it is, by which line of the policy, and what comes next; or what a field means.",
              "  keepwell explain api\n"
              "  keepwell explain api --journal /var/lib/keepwell --at 2026-05-01T10:31:02Z\n"
              "  keepwell explain api --journal /var/lib/keepwell --incident 7\n"
              "  keepwell explain api --journal monday --at +45s      of a simulated past\n"
              "  keepwell explain deploy.restart_policy.delay"),
        [&options] { return explain(options); }, arguments);
    sub->add_option("TARGET", options.target, "A target, a service with all its replicas, or a field of the policy")
        ->required();
    sub->add_flag("--field", options.field, "It is a field of the policy, also where a target is called so");
    CLI::Option* journal =
        sub->add_option("--journal", options.journal, "As it was in this recorded past")->type_name("DIR");
    CLI::Option* at = sub->add_option_function<std::string>(
        "--at", [&options](const std::string& text) { options.at = text; },
        "Then: how long ago, a time (RFC 3339), or so long after the last run began");
    at->type_name("1h|TIME|+45s")->needs(journal);
    add_number(sub, "--incident", options.incident, "the number of an incident", "When this incident was opened")
        ->needs(journal)
        ->excludes(at);
    add_socket(sub, options.socket);
    add_format(sub, options.format, text_or_json);
}

void add_replay(CLI::App& app, Arguments& arguments) {
    ReplayOptions& options = arguments.replay;
    CLI::App* sub = add(
        app, "replay",
        about("Decide a recorded past again; with a policy, say what it would have done instead. "
              "Ends with 1 when today's keepwell decides otherwise.",
              "  keepwell replay /var/lib/keepwell\n"
              "  keepwell replay /var/lib/keepwell --policy new.yaml"),
        [&options] { return replay(options); }, arguments);
    sub->add_option("JOURNAL", options.journal, "The folder that `run --journal` was given, or state_dir")->required();
    sub->add_option("--policy", options.policy, "Compare with what this policy would have done")->type_name("FILE");
    add_format(sub, options.format, text_or_json);
}

CLI::App* add_operate(CLI::App& app, OperateOptions& options, const char* name, const std::string& description) {
    CLI::App* sub = app.add_subcommand(name, description);
    add_socket(sub, options.socket);
    add_format(sub, options.format, text_or_json);
    return sub;
}

/// start, stop, restart and replace wait until it is so.
void add_waiting(CLI::App* sub, OperateOptions& options) {
    sub->add_flag_callback(
        "--no-wait", [&options] { options.wait = false; }, "Only ask for it");
    add_length(sub, "--timeout", options.timeout, "Wait no longer than this, and end with 1");
}

CLI::Option* add_targets(CLI::App* sub, OperateOptions& options) {
    return sub->add_option("TARGET", options.targets, "Targets, or services with all their replicas");
}

/// Every command but replace also takes --all.
CLI::App* add_for_all(CLI::App& app, Arguments& arguments, const char* name, const std::string& description,
                      int (*command)(const OperateOptions&)) {
    CLI::App* sub = add_operate(app, arguments.operate, name, description);
    add_targets(sub, arguments.operate);
    sub->add_flag("--all", arguments.operate.all, "Everything on this host");
    sub->callback([&arguments, command] {
        const OperateOptions& told = arguments.operate;
        if (told.targets.empty() != told.all) throw CLI::ValidationError("name each TARGET, or --all");
        arguments.chosen = [&told, command] { return command(told); };
    });
    return sub;
}

void add_operations(CLI::App& app, Arguments& arguments) {
    OperateOptions& options = arguments.operate;
    add_waiting(
        add_for_all(app, arguments, "start",
                    about("Start what was stopped or has ended, and wait until it is healthy, or has run for 1s "
                          "without a healthcheck. Ends with 1 when it ends meanwhile.",
                          "  keepwell start api\n  keepwell start api web --timeout 30s"),
                    &start),
        options);
    add_waiting(add_for_all(app, arguments, "stop",
                            about("Stop targets, and wait until they are dead. They stay stopped, also over a restart "
                                  "of keepwell.",
                                  "  keepwell stop api\n  keepwell stop api.2 web --no-wait\n  keepwell stop --all"),
                            &stop),
                options);
    add_waiting(
        add_for_all(app, arguments, "restart",
                    about("Restart targets, and wait until the new ones are healthy, or have run for 1s without a "
                          "healthcheck. Ends with 1 when one ends meanwhile.",
                          "  keepwell restart api\n  keepwell restart --all"),
                    &restart),
        options);
    CLI::App* replacing = add_operate(
        app, options, "replace",
        about("Put a new container with the same settings in the place of a target's, and wait until it is healthy, "
              "or has run for 1s without a healthcheck. The old one comes back if it does not.",
              "  keepwell replace web"));
    choose(replacing, arguments, [&options] { return replace(options); });
    add_targets(replacing, options)->required();
    add_waiting(replacing, options);
    add_for_all(
        app, arguments, "pause",
        about("Go on watching, and heal nothing, until `resume`.", "  keepwell pause api\n  keepwell pause --all"),
        &pause_target);
    add_for_all(app, arguments, "resume",
                about("Heal again after `pause`; for everything, also in a storm.",
                      "  keepwell resume api\n  keepwell resume --all"),
                &resume);
    add_for_all(app, arguments, "reset",
                about("Forget restarts and quarantine, and try again at once what was given up.",
                      "  keepwell reset api\n  keepwell reset --all"),
                &reset);
}

void add_logs(CLI::App& app, Arguments& arguments) {
    LogsOptions& options = arguments.logs;
    CLI::App* sub = add(
        app, "logs", about("Show what a target printed.", "  keepwell logs api\n  keepwell logs -f -n 20 api"),
        [&options] { return logs(options); }, arguments);
    sub->add_option("TARGET", options.target, "A target, or a service with one replica")->required();
    sub->add_flag("-f,--follow", options.follow, "Go on with what it prints from now on");
    add_number(sub, "-n,--tail", options.lines, "a number of lines", "Lines before the end to begin with")
        ->type_name("LINES");
    add_socket(sub, options.socket);
}

void add_ping(CLI::App& app, Arguments& arguments) {
    PingOptions& options = arguments.ping;
    CLI::App* sub = add(
        app, "ping",
        about("Probe once, and end with 0 when all of them passed, else with 1.",
              "  keepwell ping http://127.0.0.1:8080/health\n"
              "  keepwell ping tcp://127.0.0.1:6379 --timeout 500ms"),
        [&options] { return ping(options); }, arguments);
    sub->add_option("URL", options.urls, "http://..., https://... or tcp://HOST:PORT")->required();
    add_length(sub, "--timeout", options.timeout, "For each of them; 3s");
    add_format(sub, options.format, text_or_json);
}

void add_others(CLI::App& app, Arguments& arguments) {
    SchemaOptions& of = arguments.schema;
    CLI::App* schemas = add(
        app, "schema",
        about("Print the JSON schema of a policy, for editors.",
              "  keepwell schema > keepwell.schema.json\n"
              "  keepwell schema --tests > keepwell-test.schema.json\n"
              "  keepwell schema --scripts > keepwell-script.schema.json"),
        [&of] { return schema(of); }, arguments);
    CLI::Option* tests = schemas->add_flag("--tests", of.tests, "Of test files (*.test.yaml), not of policies");
    schemas->add_flag("--scripts", of.scripts, "Of the scripts of `simulate`")->excludes(tests);
    add_format(schemas, of.format, json_alone);
    VersionOptions& options = arguments.version;
    CLI::App* sub = add(
        app, "version", about("Print which keepwell this is.", "  keepwell version -o json"),
        [&options] { return version(options); }, arguments);
    add_format(sub, options.format, text_or_json);
}

std::vector<std::string> subcommands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return names;
}

/// The words that could have been meant in the place of a mistyped one.
std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> candidates{known.begin(), known.end()};
    return policy::did_you_mean(word, candidates);
}

int usage(const std::string& text, const std::string& hint) {
    complain(text);
    complain("see `keepwell " + (hint.empty() ? hint : hint + " ") + "--help`");
    return exit_usage;
}

/// The options that a command has, as they are written.
std::vector<std::string> options_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options({})) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
    return names;
}

int unknown_argument(const CLI::App& app, const std::string& word) {
    const auto chosen = app.get_subcommands();
    const std::string quoted = "`" + one_line(word, 60) + "`";
    if (chosen.empty() && !word.starts_with('-'))
        return usage("there is no command " + quoted + suggestion(word, subcommands(app)), "");
    const CLI::App& command = chosen.empty() ? app : *chosen[0];
    const std::string name = chosen.empty() ? "" : command.get_name();
    const std::vector<std::string> known = options_of(command);
    if (std::ranges::find(known, word) != known.end())
        return usage(quoted + " stands after its command: `keepwell " + name + " " + word + "`", name);
    return usage("not expected: " + quoted + suggestion(word, known), name);
}

int parse_failed(const CLI::App& app, const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const bool asked_for_help = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    if (asked_for_help) return print(app.help()) ? exit_ok : exit_failure;
    const std::vector<std::string> rest = app.remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty())
        return unknown_argument(app, rest[0]);
    return usage(error.what(), chosen.empty() ? "" : chosen[0]->get_name());
}

/// `plan --exit-code` has 2 for changes, and 1 for every error.
int exit_code_of(const CLI::App& app, int code, const std::vector<std::string>& arguments) {
    const bool is_asked_for =
        app.got_subcommand("plan") && std::ranges::find(arguments, "--exit-code") != arguments.end();
    return code == exit_usage && is_asked_for ? exit_failure : code;
}

/// Else the next file that is opened takes the place of what the shell has closed, and what is told goes into it.
void open_what_is_closed() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        const bool is_closed = ::fcntl(fd, F_GETFD) < 0;
        if (is_closed && ::open("/dev/null", O_RDWR) < 0) return;
    }
}

int main(int argc, char** argv) {
    open_what_is_closed();
    Arguments arguments;
    CLI::App app{about("keepwell keeps the services of one host well: it probes them, heals them, and says why.",
                       "  keepwell run policy.yaml       supervise\n"
                       "  keepwell status                what is well and what is not\n"
                       "  keepwell events -f             what happens\n"
                       "  keepwell explain api           why"),
                 "keepwell"};
    const auto help_text = std::make_shared<HelpText>();
    help_text->column_width(24);
    app.formatter(help_text);  // of the commands, too
    app.require_subcommand(0, 1);
    bool version_wanted = false;
    app.add_flag("--version", version_wanted, "Print which keepwell this is");
    add_run(app, arguments);
    add_check(app, arguments);
    add_test(app, arguments);
    add_simulate(app, arguments);
    add_plan(app, arguments);
    add_reload(app, arguments);
    add_status(app, arguments);
    add_events(app, arguments);
    add_explain(app, arguments);
    add_replay(app, arguments);
    add_operations(app, arguments);
    add_logs(app, arguments);
    add_ping(app, arguments);
    add_others(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return exit_code_of(app, parse_failed(app, error), {argv + 1, argv + argc});
    }
    if (version_wanted) return version({});
    if (!arguments.chosen) {
        std::cerr << app.help();
        return exit_usage;
    }
    return arguments.chosen();
}

}  // namespace
}  // namespace keepwell::cli

int main(int argc, char** argv) {
    try {
        return keepwell::cli::main(argc, argv);
    } catch (const std::exception& error) {
        keepwell::cli::complain(error.what());
        return keepwell::cli::exit_failure;
    }
}
