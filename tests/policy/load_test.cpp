// From files to the model: what each part of a policy becomes, and how several files come together.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/canonical/canonical.hpp"
#include "policy/document/document.hpp"
#include "policy/memory_environment.hpp"
#include "support/folder.hpp"

namespace keepwell::policy {
namespace {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

Policy good(const std::string& text, std::map<std::string, std::string> variables = {}) {
    const auto loaded = load_text(text, std::move(variables));
    EXPECT_EQ(rendered(loaded), "");
    return loaded.policy.value_or(Policy{});
}

Policy good_files(const Memory& memory, const std::vector<std::string>& names) {
    const auto loaded = memory.load(names);
    EXPECT_EQ(rendered(loaded), "");
    return loaded.policy.value_or(Policy{});
}

constexpr auto shop = R"(mode: enforce
services:
  redis:
    command: [redis-server, --port, "6390", --save, ""]
    healthcheck: {tcp: "127.0.0.1:6390", interval: 1s, timeout: 500ms, retries: 2}
  api:
    command: python3 app.py
    working_dir: ./app
    environment: {PORT: "800{{.Task.Slot}}"}
    user: nobody
    depends_on: {redis: {condition: service_healthy, restart: true}}
    healthcheck:
      http: http://127.0.0.1:800{{.Task.Slot}}/health
      interval: 5s
      timeout: 3s
      retries: 3
      start_period: 5s
    stop_signal: SIGTERM
    stop_grace_period: 10s
    on_unhealthy:
      - restart
      - run: [./collect-evidence, "{{.Target.Name}}"]
        timeout: 7s
      - notify
      - stop
    deploy:
      replicas: 2
      restart_policy: {condition: any, delay: 1s, max_attempts: 5, window: 60s, backoff: {factor: 2, max: 1m}}
guard: {max_parallel: 1, max_unhealthy: 40%, max_actions: 10/10m}
state_dir: /var/lib/keepwell
)";

TEST(Load, the_policy_of_the_design_becomes_the_model) {
    const auto policy = good(shop);
    ASSERT_EQ(policy.services.size(), 2U);
    ASSERT_EQ(policy.targets.size(), 3U);
    EXPECT_EQ(policy.files, Words{"policy.yaml"});
    EXPECT_EQ(policy.state_dir, "/var/lib/keepwell");

    const auto& api = policy.services[1];
    EXPECT_EQ(api.name, "api");
    EXPECT_EQ(api.healthcheck->interval, 5s);
    EXPECT_EQ(api.healthcheck->start_period, 5s);
    EXPECT_EQ(api.restart.delay, 1s);
    EXPECT_EQ(api.restart.max_attempts, 5U);
    EXPECT_EQ(api.restart.backoff->max, 1min);
    ASSERT_EQ(api.depends_on.size(), 1U);
    EXPECT_EQ(api.depends_on[0].service, 0U);
    EXPECT_EQ(api.depends_on[0].condition, DependencyCondition::service_healthy);
    EXPECT_TRUE(api.depends_on[0].restart);
    ASSERT_EQ(api.on_unhealthy.size(), 4U);
    EXPECT_TRUE(std::holds_alternative<RestartRung>(api.on_unhealthy[0].action));
    EXPECT_EQ(std::get<RunRung>(api.on_unhealthy[1].action).timeout, 7s);
    EXPECT_TRUE(std::holds_alternative<NotifyRung>(api.on_unhealthy[2].action));
    EXPECT_TRUE(std::holds_alternative<StopRung>(api.on_unhealthy[3].action));

    const auto& second = policy.targets[2];
    EXPECT_EQ(second.name, "api.2");
    EXPECT_EQ(second.service, 1U);
    EXPECT_EQ(second.slot, 2U);
    EXPECT_EQ(second.process.command, (Words{"python3", "app.py"}));
    EXPECT_EQ(second.process.working_dir, "/p/app");
    EXPECT_EQ(second.process.environment, (Variables{{"PORT", "8002"}}));
    EXPECT_EQ(second.process.user, "nobody");
    EXPECT_EQ(std::get<HttpProbe>(*second.probe).url, "http://127.0.0.1:8002/health");
    ASSERT_EQ(second.hooks.size(), 4U);
    EXPECT_EQ(second.hooks[1].command, (Words{"./collect-evidence", "api.2"}));

    EXPECT_EQ(policy.guard.max_parallel, 1U);
    EXPECT_TRUE(policy.guard.max_unhealthy->is_percent);
    EXPECT_EQ(policy.guard.max_unhealthy->value, 40U);
    EXPECT_EQ(policy.guard.max_actions->count, 10U);
    EXPECT_EQ(policy.guard.max_actions->per, 10min);
}

TEST(Load, the_sample_with_every_field_has_no_mistake) {
    auto environment = host_environment();
    environment.folder = KEEPWELL_POLICY_TESTS;
    const auto loaded = load({"sample.yaml"}, environment);
    EXPECT_EQ(rendered(loaded), "");
    ASSERT_TRUE(loaded.policy);
    EXPECT_EQ(loaded.policy->targets.size(), 10U);
    EXPECT_EQ(loaded.policy->templates.size(), 1U);
}

TEST(Load, every_origin_is_the_line_it_was_written_in) {
    const auto policy = good(shop);
    const auto& redis = policy.services[0];
    const auto& api = policy.services[1];
    EXPECT_EQ(redis.origin.line, 3U);
    EXPECT_EQ(redis.healthcheck->origin.line, 5U);
    EXPECT_EQ(redis.ladder_origin.line, 0U) << "the default is written nowhere";
    ASSERT_EQ(redis.on_unhealthy.size(), 1U);
    EXPECT_FALSE(redis.on_unhealthy[0].origin.written());
    EXPECT_FALSE(redis.restart.origin.written());
    EXPECT_EQ(api.origin.line, 6U);
    EXPECT_EQ(api.depends_on[0].origin.line, 11U);
    EXPECT_EQ(api.healthcheck->origin.line, 12U);
    EXPECT_EQ(api.ladder_origin.line, 20U);
    EXPECT_EQ(api.on_unhealthy[0].origin.line, 21U);
    EXPECT_EQ(api.on_unhealthy[1].origin.line, 22U);
    EXPECT_EQ(api.on_unhealthy[3].origin.line, 25U);
    EXPECT_EQ(api.restart.origin.line, 28U);
    EXPECT_EQ(policy.guard.origin.line, 29U);
}

TEST(Load, a_service_that_says_little_gets_the_defaults_of_docker_and_swarm) {
    const auto policy = good("services: {a: {command: run, healthcheck: {tcp: \"h:1\"}}}");
    const auto& spec = policy.services[0];
    EXPECT_EQ(spec.healthcheck->interval, 30s);
    EXPECT_EQ(spec.healthcheck->timeout, 30s);
    EXPECT_EQ(spec.healthcheck->retries, 3U);
    EXPECT_EQ(spec.healthcheck->start_period, 0s);
    EXPECT_EQ(spec.healthcheck->start_interval, 5s);
    EXPECT_EQ(spec.restart.condition, RestartCondition::any);
    EXPECT_EQ(spec.restart.delay, 5s);
    EXPECT_EQ(spec.stop_grace_period, 10s);
    EXPECT_FALSE(spec.verify);
    EXPECT_EQ(spec.quarantine.first, 30min);
    EXPECT_EQ(policy.targets[0].name, "a");
    EXPECT_EQ(policy.targets[0].process.stop_signal, 15);
    EXPECT_EQ(policy.targets[0].process.working_dir, "/p");
    EXPECT_EQ(policy.quantum, 1ms);
    EXPECT_EQ(policy.state_dir, "");
}

TEST(Load, timings_of_zero_are_dockers_defaults) {
    const auto policy = good(
        "services: {a: {command: run, healthcheck: {tcp: \"h:1\", interval: 0, timeout: 0s, retries: 0, start_period: "
        "1s, "
        "start_interval: 0ms}}}");
    EXPECT_EQ(policy.services[0].healthcheck->interval, 30s);
    EXPECT_EQ(policy.services[0].healthcheck->timeout, 30s);
    EXPECT_EQ(policy.services[0].healthcheck->retries, 3U);
    EXPECT_EQ(policy.services[0].healthcheck->start_interval, 5s);
}

TEST(Load, nothing_is_restarted_that_nobody_asked_for) {
    const auto policy = good(R"(services:
  silent: {command: run, restart: no, healthcheck: {tcp: "h:1"}}
  asked: {command: run, restart: no, healthcheck: {tcp: "h:1"}, on_unhealthy: [restart]}
  report: {command: run, healthcheck: {tcp: "h:1"}, on_unhealthy: []}
  unprobed: {command: run}
)");
    EXPECT_EQ(policy.services[0].on_unhealthy.size(), 0U);
    EXPECT_EQ(policy.services[1].on_unhealthy.size(), 1U);
    EXPECT_EQ(policy.services[2].on_unhealthy.size(), 0U);
    EXPECT_TRUE(policy.services[2].ladder_origin.written());
    EXPECT_EQ(policy.services[3].on_unhealthy.size(), 0U);
    for (const auto& target : policy.targets) {
        EXPECT_EQ(target.hooks.size(), policy.services[target.service].on_unhealthy.size());
        EXPECT_EQ(target.probe.has_value(), policy.services[target.service].healthcheck.has_value());
    }
}

TEST(Load, restart_is_read_as_compose_does) {
    const auto policy = good(R"(services:
  a: {command: run, restart: no}
  b: {command: run, restart: "no"}
  c: {command: run, restart: always}
  d: {command: run, restart: unless-stopped}
  e: {command: run, restart: on-failure}
  f: {command: run, restart: on-failure:7}
  g: {command: run, restart: false}
)");
    using enum RestartCondition;
    const RestartCondition expected[] = {none, none, any, any, on_failure, on_failure, none};
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(policy.services[i].restart.condition, expected[i]) << i;
    EXPECT_EQ(policy.services[5].restart.max_attempts, 7U);
    EXPECT_EQ(policy.services[5].restart.origin.line, 7U);
}

TEST(Load, tests_are_read_as_compose_does) {
    const auto policy = good(R"(services:
  text: {command: run, healthcheck: {test: "redis-cli ping || exit 1"}}
  cmd: {command: run, healthcheck: {test: [CMD, redis-cli, "{{.Target.Name}}"]}}
  shell: {command: run, healthcheck: {test: [CMD-SHELL, "test -n \"$$PORT\""]}}
  none: {command: run, healthcheck: {test: [NONE]}, on_unhealthy: [restart], verify: 5s}
  disabled: {command: run, healthcheck: {test: x, disable: "true"}}
)");
    const auto test_of = [&](std::size_t i) { return std::get<ExecProbe>(*policy.targets[i].probe).command; };
    EXPECT_EQ(test_of(0), (Words{"/bin/sh", "-c", "redis-cli ping || exit 1"}));
    EXPECT_EQ(test_of(1), (Words{"redis-cli", "cmd"}));
    EXPECT_EQ(test_of(2), (Words{"/bin/sh", "-c", "test -n \"$PORT\""}));
    EXPECT_FALSE(policy.services[3].healthcheck);
    EXPECT_FALSE(policy.services[4].healthcheck);
}

TEST(Load, an_http_probe_in_full) {
    const auto policy = good(R"(services:
  a:
    command: run
    healthcheck:
      http:
        url: https://[::1]:8443/x
        method: POST
        headers: {Host: "{{.Target.Name}}.local", X-N: 7}
        body: "{}"
        expect: {status: [200, 300-302], body: {contains: UP, matches: "^ok$$"}}
)");
    const auto& probe = std::get<HttpProbe>(*policy.targets[0].probe);
    EXPECT_EQ(probe.url, "https://[::1]:8443/x");
    EXPECT_EQ(probe.method, "POST");
    EXPECT_EQ(probe.headers, (Variables{{"Host", "a.local"}, {"X-N", "7"}}));
    EXPECT_EQ(probe.body, "{}");
    ASSERT_EQ(probe.expect_status.size(), 2U);
    EXPECT_EQ(probe.expect_status[1].last, 302);
    EXPECT_EQ(probe.expect_body_contains, "UP");
    EXPECT_EQ(probe.expect_body_matches, "^ok$");
}

TEST(Load, a_tcp_probe_of_an_ipv6_address_loses_its_brackets) {
    const auto policy = good("services: {a: {command: run, healthcheck: {tcp: \"[::1]:80\"}}}");
    EXPECT_EQ(std::get<TcpProbe>(*policy.targets[0].probe).host, "::1");
}

TEST(Load, targets_may_share_what_nobody_rotates) {
    for (const std::string file : {"/dev/stdout", "/dev/stderr", "/dev/null"}) {
        const auto policy = good("services: {a: {command: run, deploy: {replicas: 2}, output: {file: " + file + "}}}");
        ASSERT_EQ(policy.targets.size(), 2U);
        EXPECT_EQ(policy.targets[1].output.file, file);
    }
}

TEST(Load, maintenance_windows) {
    const auto policy = good(R"(services:
  a:
    command: run
    maintenance:
      - {from: "22:30", to: "24:00"}
      - {from: 6:00, to: "7:15", days: fri-mon}
      - {from: "1:00", to: "2:00", days: [Mon, wed-thu]}
)");
    ASSERT_EQ(policy.maintenance.size(), 1U);
    const auto& windows = policy.maintenance[0];
    EXPECT_EQ(windows[0].from, 22h + 30min);
    EXPECT_EQ(windows[0].to, 0min);
    EXPECT_EQ(windows[0].days, 0x7f);
    EXPECT_EQ(windows[1].days, 0b1100011);
    EXPECT_EQ(windows[2].days, 0b0011010);
}

TEST(Load, replicas_are_numbered_and_none_is_allowed) {
    const auto policy =
        good("services: {a: {command: run, deploy: {replicas: 0}}, b: {command: run, deploy: {replicas: 3}}}");
    ASSERT_EQ(policy.targets.size(), 3U);
    EXPECT_EQ(policy.targets[0].name, "b.1");
    EXPECT_EQ(policy.targets[2].name, "b.3");
}

TEST(Load, defaults_lie_under_every_service) {
    const auto policy = good(R"(defaults:
  healthcheck: {interval: 1s, retries: 9}
  stop_signal: INT
  on_unhealthy: [notify]
  deploy: {restart_policy: {delay: 2s, condition: on-failure}}
  environment: {A: 1, B: 2}
services:
  plain: {command: run}
  probed:
    command: run
    healthcheck: {tcp: "h:1", interval: 3s}
    deploy: {restart_policy: {delay: 4s}}
    environment: {B: 3}
  empty:
    command: run
    on_unhealthy: []
    healthcheck: {tcp: "h:1"}
)");
    EXPECT_FALSE(policy.services[0].healthcheck) << "timings alone are no healthcheck";
    EXPECT_TRUE(policy.services[0].on_unhealthy.empty());
    EXPECT_EQ(policy.targets[0].process.stop_signal, 2);
    EXPECT_EQ(policy.services[1].healthcheck->interval, 3s);
    EXPECT_EQ(policy.services[1].healthcheck->retries, 9U);
    EXPECT_EQ(policy.services[1].restart.delay, 4s);
    EXPECT_EQ(policy.services[1].restart.condition, RestartCondition::on_failure);
    EXPECT_TRUE(std::holds_alternative<NotifyRung>(policy.services[1].on_unhealthy.at(0).action));
    EXPECT_EQ(policy.services[1].on_unhealthy[0].origin.line, 4U);
    EXPECT_EQ(policy.targets[1].process.environment, (Variables{{"A", "1"}, {"B", "3"}}));
    EXPECT_TRUE(policy.services[2].on_unhealthy.empty());
}

TEST(Load, what_a_service_says_beats_another_kind_of_the_same_in_the_defaults) {
    const auto policy = good(R"(defaults:
  healthcheck: {http: "http://h/", interval: 2s}
  deploy: {restart_policy: {condition: on-failure, delay: 1s}}
services:
  other_probe: {command: run, healthcheck: {tcp: "h:1"}}
  no_probe: {command: run, healthcheck: {disable: true}}
  short_form: {command: run, restart: no}
)");
    EXPECT_TRUE(std::holds_alternative<TcpProbe>(*policy.targets[0].probe));
    EXPECT_EQ(policy.services[0].healthcheck->interval, 2s);
    EXPECT_FALSE(policy.services[1].healthcheck);
    EXPECT_EQ(policy.services[2].restart.condition, RestartCondition::none);
    EXPECT_EQ(policy.services[2].restart.delay, 1s);
}

TEST(Load, environment_from_everywhere) {
    Memory memory{
        {{"/p/policy.yaml", R"(services:
  a:
    command: [run, "$HOME_OF_A"]
    env_file: [one.env, sub/two.env]
    environment: ["B=from the list", INHERITED]
)"},
         {"/p/one.env", "# comment\nexport A=one\nB = x # not this\nQ='single # kept' # gone\nE=\nINHERITED\n"},
         {"/p/sub/two.env", "A=\"two\\nlines\"\r\n"}},
        {{"HOME_OF_A", "/home/a b"}, {"INHERITED", "yes"}}};
    const auto policy = good_files(memory, {"policy.yaml"});
    EXPECT_EQ(policy.targets[0].process.command, (Words{"run", "/home/a b"}));
    EXPECT_EQ(
        policy.targets[0].process.environment,
        (Variables{
            {"A", "two\nlines"}, {"B", "from the list"}, {"E", ""}, {"INHERITED", "yes"}, {"Q", "single # kept"}}));
}

TEST(Load, what_has_no_effect_is_a_mistake_also_where_the_defaults_have_timings) {
    const auto loaded = load_text("defaults: {healthcheck: {interval: 1s}}\nservices: {a: {command: run, verify: 5s}}");
    EXPECT_EQ(rendered(loaded),
              "policy.yaml:2:30: error: `verify` has no effect without a healthcheck\n"
              "    2 | services: {a: {command: run, verify: 5s}}\n"
              "      |                              ^~~~~~\n");
}

TEST(Load, origins_know_their_file_whatever_else_is_read_on_the_way) {
    const Memory memory{{{"/p/a.yaml", "defaults: {env_file: a.env}\nservices: {a: {command: run}}"},
                         {"/p/a.env", "A=1"},
                         {"/p/b.yaml", "services:\n  b: {command: run}"}},
                        {}};
    const auto policy = good_files(memory, {"a.yaml", "b.yaml"});
    EXPECT_EQ(policy.files, (Words{"a.yaml", "b.yaml"}));
    EXPECT_EQ(policy.services[1].origin.file, 1U);
    EXPECT_EQ(policy.targets[1].process.environment, (Variables{{"A", "1"}}));
}

TEST(Load, a_mistake_in_an_env_file_is_shown_there) {
    const Memory memory{{{"/p/policy.yaml", "services: {a: {command: run, env_file: a.env, deploy: {replicas: 2}}}"},
                         {"/p/a.env", "A=1\n=2\nB='x\nC=\"x\" y\n"}},
                        {}};
    EXPECT_EQ(rendered(memory.load({"policy.yaml"})),
              "/p/a.env:2:1: error: `` can not be the name of a variable\n"
              "    2 | =2\n"
              "      | ^~\n"
              "/p/a.env:3:1: error: the quote is never closed\n"
              "    3 | B='x\n"
              "      | ^~~~\n"
              "/p/a.env:4:1: error: something follows the closing quote\n"
              "    4 | C=\"x\" y\n"
              "      | ^~~~~~~\n");
}

TEST(Load, an_env_file_that_is_not_text_is_refused) {
    const Memory memory{{{"/p/policy.yaml", "services: {a: {command: run, env_file: a.env}}"}, {"/p/a.env", "A=\x01"}},
                        {}};
    EXPECT_EQ(rendered(memory.load({"policy.yaml"})),
              "policy.yaml:1:40: error: `/p/a.env` can not be read: it is not text\n"
              "    1 | services: {a: {command: run, env_file: a.env}}\n"
              "      |                                        ^~~~~\n");
}

TEST(Load, aliases_and_merge_keys_as_in_compose_files) {
    const auto policy = good(R"(x-base: &base
  command: run
  stop_signal: SIGINT
  environment: &env {A: 1}
services:
  a: *base
  b:
    <<: *base
    stop_signal: SIGHUP
  c:
    <<: [*base, {user: nobody}]
    environment: {<<: *env, B: 2}
)");
    EXPECT_EQ(policy.targets[0].process.stop_signal, 2);
    EXPECT_EQ(policy.targets[1].process.stop_signal, 1);
    EXPECT_EQ(policy.targets[2].process.user, "nobody");
    EXPECT_EQ(policy.targets[2].process.environment, (Variables{{"A", "1"}, {"B", "2"}}));
}

TEST(Load, keys_with_x_are_left_alone_wherever_keys_are_fixed) {
    good(R"(x-top: {a: "$UNSET"}
services:
  a:
    command: run
    x-s: [1]
    healthcheck: {tcp: "h:1", x-h: 1}
    deploy: {x-d: 1, restart_policy: {x-r: {}}}
guard: {x-g: 1}
)");
}

TEST(Load, values_of_variables_can_not_become_syntax_or_nothing) {
    const auto policy = good("services: {a: {command: [run, \"$V\"], environment: {E: $EMPTY}}}",
                             {{"V", "}, evil: {command: x"}, {"EMPTY", ""}});
    EXPECT_EQ(policy.targets[0].process.command.at(1), "}, evil: {command: x");
    EXPECT_EQ(policy.targets[0].process.environment, (Variables{{"E", ""}}));
}

TEST(Load, json_is_read_as_well) {
    const Memory memory{
        {{"/p/policy.json", "{\n\t\"services\": {\n\t\t\"a\": {\"command\": [\"run\", \"x\\/\\u00e4\"]}\n\t}\n}\n"}},
        {}};
    EXPECT_EQ(good_files(memory, {"policy.json"}).targets[0].process.command, (Words{"run", "x/ä"}));
}

TEST(Load, a_byte_order_mark_and_windows_line_ends_are_no_hindrance) {
    const auto policy = good("\xef\xbb\xbfservices:\r\n  a:\r\n    command: run\r\n");
    EXPECT_EQ(policy.targets[0].process.command, Words{"run"});
}

// ---- several files ------------------------------------------------------------------------------------------------

TEST(Files, services_come_from_all_of_them_and_folders_are_sorted) {
    const Memory memory{{{"/p/conf/b.yml", "services: {b: {command: run}}"},
                         {"/p/conf/a.yaml", "services: {a: {command: run, working_dir: w, depends_on: [z]}}"},
                         {"/p/conf/c.json", "{\"services\": {\"c\": {\"command\": \"run\"}}}"},
                         {"/p/conf/notes.txt", "not a policy"},
                         {"/p/conf/.#a.yaml", "not: saved"},
                         {"/p/conf/sub/d.yaml", "not: read"},
                         {"/p/z.yaml", "services: {z: {command: run}}\nguard: {max_parallel: 2}"}},
                        {}};
    const auto policy = good_files(memory, {"conf", "z.yaml", "conf/a.yaml"});
    EXPECT_EQ(policy.files, (Words{"conf/a.yaml", "conf/b.yml", "conf/c.json", "z.yaml"}));
    ASSERT_EQ(policy.services.size(), 4U);
    EXPECT_EQ(policy.services[0].name, "a");
    EXPECT_EQ(policy.services[3].name, "z");
    EXPECT_EQ(policy.services[0].depends_on[0].service, 3U);
    EXPECT_EQ(policy.targets[0].process.working_dir, "/p/conf/w");
    EXPECT_EQ(policy.services[3].origin.file, 3U);
    EXPECT_EQ(policy.guard.origin.file, 3U);
}

TEST(Files, includes_are_seen_from_the_file_that_names_them_and_read_once) {
    const Memory memory{
        {{"/p/etc/main.yaml", "include: [parts/one.yaml]\nservices: {m: {command: run}}"},
         {"/p/etc/parts/one.yaml", "include: [two.yaml, ../main.yaml]\nservices: {one: {command: run}}"},
         {"/p/etc/parts/two.yaml", "include: one.yaml\nservices: {two: {command: run}}"}},
        {}};
    const auto policy = good_files(memory, {"etc/main.yaml"});
    EXPECT_EQ(policy.files, (Words{"etc/main.yaml", "etc/parts/one.yaml", "etc/parts/two.yaml"}));
    EXPECT_EQ(policy.services.size(), 3U);
}

TEST(Files, a_service_or_setting_given_twice_names_both_places) {
    const Memory memory{{{"/p/a.yaml", "mode: enforce\nguard: {max_parallel: 1}\nservices:\n  s: {command: run}\n"},
                         {"/p/b.yaml", "mode: dry-run\nguard: {max_parallel: 1}\nservices:\n  s: {command: run}\n"}},
                        {}};
    EXPECT_EQ(rendered(memory.load({"a.yaml", "b.yaml"})),
              "b.yaml:1:1: error: `mode` is given twice, and not the same; first at a.yaml:1\n"
              "    1 | mode: dry-run\n"
              "      | ^~~~\n"
              "b.yaml:4:3: error: service `s` is given twice; first at a.yaml:4\n"
              "    4 |   s: {command: run}\n"
              "      |   ^\n");
}

TEST(Files, mistakes_of_all_files_come_sorted_in_one_run) {
    const Memory memory{{{"/p/a.yaml", "services: {a: {command: run, usr: x}}\ninclude: [c.yaml]"},
                         {"/p/b.yaml", "services: {b: {command: [}}"},
                         {"/p/c.yaml", "services: {c: {command: run, depends_on: [d]}}"}},
                        {}};
    EXPECT_EQ(rendered(memory.load({"a.yaml", "b.yaml", "missing.yaml"})),
              "a.yaml:1:30: error: unknown key `usr` in a service; did you mean `user`?\n"
              "    1 | services: {a: {command: run, usr: x}}\n"
              "      |                              ^~~\n"
              "b.yaml:1:26: error: this closes something else than what is open here\n"
              "    1 | services: {b: {command: [}}\n"
              "      |                          ^\n"
              "missing.yaml: error: can not be read: No such file or directory\n"
              "c.yaml:1:43: error: there is no service `d`\n"
              "    1 | services: {c: {command: run, depends_on: [d]}}\n"
              "      |                                           ^\n");
}

TEST(Files, a_folder_without_a_policy_and_no_file_at_all_are_mistakes) {
    const Memory memory{{{"/p/conf/notes.txt", ""}}, {}};
    EXPECT_EQ(rendered(memory.load({"conf"})),
              "conf: error: holds no policy: no file in it ends with .yaml, .yml or .json\n");
    EXPECT_EQ(rendered(memory.load({})), "policy: error: no file was named\n");
}

TEST(Files, the_real_file_system_is_read_and_its_refusals_are_said) {
    const testing::Folder place;
    const std::string& folder = place.path();
    std::ofstream{folder + "/a.yaml"} << "services: {a: {command: run}}\n";
    std::filesystem::create_directory(folder + "/folder.yaml");
    ASSERT_EQ(::mkfifo((folder + "/pipe.yaml").c_str(), 0600), 0);  // nobody will ever write to it
    auto environment = host_environment();
    environment.folder = folder;
    const auto loaded = load({folder}, environment);
    EXPECT_EQ(rendered(loaded), "");
    EXPECT_EQ(loaded.policy->targets[0].process.working_dir, folder);
    EXPECT_EQ(rendered(load({"none.yaml"}, environment)),
              "none.yaml: error: can not be read: No such file or directory\n");
    EXPECT_EQ(rendered(load({"a.yaml/x"}, environment)), "a.yaml/x: error: can not be read: Not a directory\n");
    if (::geteuid() != 0) {
        ::chmod((folder + "/a.yaml").c_str(), 0);
        EXPECT_EQ(rendered(load({"a.yaml"}, environment)), "a.yaml: error: can not be read: Permission denied\n");
    }
    EXPECT_TRUE(environment.variable("PATH"));
    EXPECT_FALSE(environment.variable("KEEPWELL_NOT_SET_ANYWHERE"));
    EXPECT_EQ(rendered(load({"/dev/zero"}, environment)), "/dev/zero: error: is larger than 1 MiB; no policy is\n");
}

// ---- limits -------------------------------------------------------------------------------------------------------

TEST(Limits, a_huge_file_is_refused_unread) {
    EXPECT_EQ(rendered(load_text(std::string(max_file_size + 1, '#'))),
              "policy.yaml: error: is larger than 1 MiB; no policy is\n");
}

TEST(Limits, deep_nesting_is_refused) {
    EXPECT_EQ(rendered(load_text("x: " + std::string(40, '[') + std::string(40, ']'))),
              "policy.yaml:1:35: error: this is nested too deeply\n"
              "    1 | x: " +
                  std::string(40, '[') + std::string(40, ']') +
                  "\n"
                  "      | " +
                  std::string(34, ' ') + "^\n");
    EXPECT_FALSE(load_text("x: " + std::string(500'000, '[')).policy);
    EXPECT_FALSE(load_text(std::string(500'000, '-')).policy);
    std::string chain = "x0: &a0 [1]\n";
    for (int i = 1; i < 40; ++i) {
        chain += "x" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    }
    EXPECT_NE(rendered(load_text(chain)).find("this is nested too deeply"), std::string::npos);
}

TEST(Limits, an_alias_bomb_is_refused) {
    std::string bomb = "x0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    for (int i = 1; i < 12; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += "x" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 0; j < 9; ++j) bomb += ", " + before;
        bomb += "]\n";
    }
    EXPECT_EQ(rendered(load_text(bomb)),
              "policy.yaml:5:45: error: the aliases of this file expand to too much\n"
              "    5 | x4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]\n"
              "      |                                             ^~~\n");
}

TEST(Limits, so_many_values_are_refused) {
    std::string list = "x: [";
    for (int i = 0; i < 520'000; ++i) list += "1,";
    EXPECT_EQ(rendered(load_text(list + "]")).substr(0, 60),
              "policy.yaml:1:1000003: error: this file holds too much\n");
}

TEST(Limits, hundreds_of_mistakes_are_cut_short) {
    std::string text = "services:\n";
    for (int i = 0; i < 2000; ++i) text += "  s" + std::to_string(i) + ": {command: run, usr: x}\n";
    const auto loaded = load_text(text);
    ASSERT_EQ(loaded.diagnostics.size(), 101U);
    EXPECT_EQ(render(loaded.diagnostics.back()), "policy.yaml: error: 1900 more like these are not shown\n");
}

TEST(Limits, ten_thousand_targets_are_read) {
    std::string text = "services:\n";
    for (int i = 0; i < 10; ++i) {
        text += "  s" + std::to_string(i) +
                ": {command: run, deploy: {replicas: 1000}, environment: {N: \"{{.Task.Slot}}\"}}\n";
    }
    EXPECT_EQ(good(text).targets.size(), 10'000U);
}

TEST(Limits, a_long_chain_of_dependencies_is_walked) {
    std::string text = "services:\n  s0: {command: run}\n";
    for (int i = 1; i < 10'000; ++i) {
        text += "  s" + std::to_string(i) + ": {command: run, depends_on: [s" + std::to_string(i - 1) + "]}\n";
    }
    EXPECT_EQ(good(text).services.size(), 10'000U);
}

TEST(Limits, a_source_line_that_nobody_can_read_is_not_shown) {
    const auto loaded =
        load_text("{\"services\": {\"a\": {\"command\": \"" + std::string(1000, 'x') + "\", \"usr\": 1}}}");
    EXPECT_EQ(rendered(loaded), "policy.yaml:1:1036: error: unknown key `usr` in a service; did you mean `user`?\n");
}

// ---- versions -----------------------------------------------------------------------------------------------------

TEST(Versions, are_of_the_content_alone) {
    const auto one = good(R"(services:
  a: {command: [run, x], stop_signal: SIGINT, environment: {A: 1, B: 2}}
  b: {command: run, depends_on: [a]}
)");
    const auto same = good(R"(# a comment
services:
  b: {depends_on: {a: {condition: service_started}}, command: [run]}
  a:
    environment: [B=2, A=1]
    stop_signal: 2
    command: run $X
)",
                           {{"X", "x"}});
    EXPECT_EQ(one.services[0].version, same.services[1].version);
    EXPECT_EQ(one.services[1].version, same.services[0].version);
    EXPECT_EQ(one.version, same.version);
    EXPECT_EQ(one.services[0].version.size(), 16U);
}

TEST(Versions, change_with_the_service_and_not_with_its_neighbour) {
    const auto one = good("services: {a: {command: run}, b: {command: run}}");
    const auto other = good("services: {a: {command: run, stop_grace_period: 3s}, b: {command: run}}\nquantum: 5ms");
    EXPECT_NE(one.services[0].version, other.services[0].version);
    EXPECT_EQ(one.services[1].version, other.services[1].version);
    EXPECT_NE(one.version, other.version);
}

TEST(Versions, hash_is_fnv_1a) {
    EXPECT_EQ(stable_hash(""), "cbf29ce484222325");
    EXPECT_EQ(stable_hash("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace keepwell::policy
