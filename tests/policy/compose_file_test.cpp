// Adopting by Compose file: which targets its services become, what stands under `x-keepwell`, how several files and
// variables come together, and what is said of the rest.
#include <gtest/gtest.h>

#include "policy/canonical/canonical.hpp"
#include "policy/memory_environment.hpp"
#include "support/folder.hpp"

namespace keepwell::policy {
namespace {

using Words = std::vector<std::string>;

/// A policy that names Compose files in the folder "shop".
Memory files_of(std::map<std::string, std::string> files, std::map<std::string, std::string> variables = {},
                const std::string& policy = "compose: shop/docker-compose.yml") {
    Memory memory{{{"/p/policy.yaml", policy}}, std::move(variables)};
    for (const auto& [name, text] : files) memory.files["/p/shop/" + name] = text;
    return memory;
}

Loaded load_compose(const std::string& text, std::map<std::string, std::string> variables = {}) {
    return files_of({{"docker-compose.yml", text}}, std::move(variables)).load({"policy.yaml"});
}

/// Without the notes of what is left to Compose; they have tests of their own.
std::string mistakes(Loaded loaded) {
    std::string text;
    for (const auto& diagnostic : loaded.diagnostics) {
        if (diagnostic.severity != Diagnostic::Severity::note) text += render(diagnostic);
    }
    return text;
}

Policy good(const Loaded& loaded) {
    EXPECT_EQ(mistakes(loaded), "");
    return loaded.policy.value_or(Policy{});
}

Policy good_compose(const std::string& text) { return good(load_compose(text)); }

std::string labels_of(const TargetSpec& target) {
    std::string text = target.selector.name;
    for (const auto& label : target.selector.labels) text += label.key + "=" + label.value.value_or("*") + " ";
    return text;
}

std::string labels_for(const std::string& project, const std::string& service, int number) {
    return "com.docker.compose.container-number=" + std::to_string(number) +
           " com.docker.compose.oneoff=False com.docker.compose.project=" + project +
           " com.docker.compose.service=" + service + " ";
}

/// "redis service_healthy restart", for each dependency.
Words dependencies(const Policy& policy, std::size_t service) {
    Words result;
    for (const auto& one : policy.services.at(service).depends_on) {
        std::string text = policy.services.at(one.service).name;
        text += one.condition == DependencyCondition::service_started   ? " started"
                : one.condition == DependencyCondition::service_healthy ? " healthy"
                                                                        : " completed";
        result.push_back(text + (one.restart ? " restart" : "") + (one.required ? "" : " optional"));
    }
    return result;
}

Words names(const Policy& policy) {
    Words result;
    for (const auto& target : policy.targets) result.push_back(target.name);
    return result;
}

// ---- the stories --------------------------------------------------------------------------------------------------

Memory story(const std::string& name) {
    Memory memory{{{"/p/policy.yaml", "compose: " + name + "/docker-compose.yml"}}, {}};
    const std::string file = name + "/docker-compose.yml";
    memory.files["/p/" + file] = testing::content_of(std::string{KEEPWELL_POLICY_TESTS} + "/compose/" + file);
    return memory;
}

TEST(ComposeStories, an_api_and_its_database_without_a_word_for_keepwell) {
    const auto loaded = story("fastapi-mongodb").load({"policy.yaml"});
    EXPECT_EQ(rendered(loaded),
              "fastapi-mongodb/docker-compose.yml: note: left to Compose: `volumes`; in services `build`, "
              "`environment`, `image`, `ports`, `volumes`\n");
    ASSERT_TRUE(loaded.policy);
    const auto& policy = *loaded.policy;
    EXPECT_EQ(policy.files, (Words{"policy.yaml", "fastapi-mongodb/docker-compose.yml"}));
    ASSERT_EQ(names(policy), (Words{"fastapi", "mongodb"}));
    EXPECT_EQ(labels_of(policy.targets[0]), labels_for("fastapi-mongodb", "fastapi", 1));
    for (const auto& service : policy.services) {
        EXPECT_TRUE(service.engine_health) << "the engine runs the healthcheck itself";
        EXPECT_FALSE(service.healthcheck);
        EXPECT_FALSE(service.restart.origin.written());
        EXPECT_EQ(service.restart.condition, RestartCondition::any);
        ASSERT_EQ(service.on_unhealthy.size(), 1U);
        EXPECT_TRUE(std::holds_alternative<RestartRung>(service.on_unhealthy[0].action));
    }
    for (const auto& target : policy.targets) {
        EXPECT_EQ(target.kind, TargetKind::adopted);
        EXPECT_FALSE(target.probe);
    }
    EXPECT_EQ(dependencies(policy, 0), Words{"mongodb started"});
    EXPECT_EQ(policy.services[0].origin.file, 1U);
    EXPECT_EQ(policy.services[0].origin.line, 5U);
    EXPECT_EQ(policy.services[0].depends_on[0].origin.line, 13U);
}

TEST(ComposeStories, a_web_app_that_needs_redis_with_rules_of_its_own) {
    const auto policy = good(story("flask-redis").load({"policy.yaml"}));
    EXPECT_EQ(policy.mode, Mode::dry_run);
    EXPECT_EQ(policy.guard.max_parallel, 1U);
    ASSERT_EQ(names(policy), (Words{"flask", "redis"}));

    const auto& flask = policy.services[0];
    EXPECT_EQ(dependencies(policy, 0), Words{"redis healthy restart"});
    EXPECT_FALSE(flask.engine_health) << "keepwell asks itself";
    EXPECT_EQ(std::get<HttpProbe>(*policy.targets[0].probe).url, "http://{{.Container.IP}}:5000/");
    EXPECT_EQ(flask.healthcheck->interval, 2s);
    EXPECT_EQ(flask.healthcheck->timeout, 3s) << "what is not given again is Compose's";
    EXPECT_EQ(flask.healthcheck->origin.line, 18U);
    ASSERT_EQ(flask.on_unhealthy.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<ReplaceRung>(flask.on_unhealthy[1].action));
    EXPECT_EQ(flask.restart.condition, RestartCondition::any) << "`restart` is the engine's to do";
    EXPECT_EQ(flask.restart.max_attempts, 5U);
    EXPECT_EQ(flask.restart.backoff->max, 1min);
    EXPECT_EQ(flask.restart.origin.line, 22U);
    EXPECT_EQ(flask.restart.origin.file, 1U);
    EXPECT_EQ(flask.verify, 45s) << "of the defaults";
    EXPECT_EQ(policy.maintenance[0].size(), 1U);

    const auto& redis = policy.services[1];
    EXPECT_TRUE(redis.engine_health);
    EXPECT_FALSE(redis.stop_grace_written) << "the container has its own";
    EXPECT_EQ(redis.restart.condition, RestartCondition::on_failure);
    EXPECT_EQ(redis.restart.delay, 1s);
    EXPECT_EQ(redis.restart.origin.line, 33U);
}

TEST(ComposeStories, the_example_of_the_page_works) {
    const auto text = testing::content_of(std::string{KEEPWELL_SOURCE} + "/docs/compose.md");
    const auto begin = text.find("```yaml\nversion: ") + 8;
    const auto policy = good_compose(text.substr(begin, text.find("```", begin) - begin));
    EXPECT_EQ(names(policy), (Words{"flask", "redis"}));
    EXPECT_EQ(policy.services[0].healthcheck->interval, 1s);
    EXPECT_EQ(policy.services[0].healthcheck->timeout, 3s);
    EXPECT_EQ(policy.guard.max_parallel, 1U);
}

// ---- targets ------------------------------------------------------------------------------------------------------

TEST(Compose, each_replica_is_a_target) {
    const auto policy = good_compose(R"(services:
  one: {image: x}
  scaled: {image: x, scale: 2}
  deployed: {image: x, deploy: {replicas: "3"}}
  none: {image: x, scale: 0}
  global: {image: x, deploy: {mode: global}}
)");
    EXPECT_EQ(names(policy),
              (Words{"one", "scaled.1", "scaled.2", "deployed.1", "deployed.2", "deployed.3", "global"}));
    EXPECT_EQ(labels_of(policy.targets[0]), labels_for("shop", "one", 1));
    EXPECT_EQ(labels_of(policy.targets[2]), labels_for("shop", "scaled", 2));
    EXPECT_EQ(policy.targets[2].slot, 2U);
    EXPECT_EQ(policy.services.size(), 5U);
    EXPECT_TRUE(policy.templates.empty());
}

TEST(Compose, rules_are_read_for_each_replica) {
    const auto policy = good_compose(R"(services:
  web:
    image: x
    scale: 2
    x-keepwell:
      healthcheck: {http: "http://127.0.0.1:808{{.Task.Slot}}/"}
      on_unhealthy: [{run: [./look, "{{.Target.Name}}"]}, restart]
)");
    EXPECT_EQ(std::get<HttpProbe>(*policy.targets[1].probe).url, "http://127.0.0.1:8082/");
    EXPECT_EQ(policy.targets[1].hooks[0].command, (Words{"./look", "web.2"}));
    EXPECT_EQ(policy.targets[1].process.working_dir, "/p/shop") << "the folder of the Compose file";
}

TEST(Compose, a_service_is_left_alone_where_it_says_so) {
    const auto policy = good_compose(R"(services:
  kept: {image: x, depends_on: [off, disabled], x-keepwell: true}
  off: {image: x, x-keepwell: false}
  disabled: {image: x, x-keepwell: {enable: false, on_unhealthy: [stop]}}
  said: {image: x, x-keepwell: {enable: true}}
  empty: {image: x, x-keepwell: }
)");
    EXPECT_EQ(names(policy), (Words{"kept", "said", "empty"}));
    EXPECT_EQ(dependencies(policy, 0), Words{});
}

TEST(Compose, a_project_that_is_left_alone_in_full_is_no_policy) {
    EXPECT_EQ(mistakes(load_compose("services: {a: {image: x, x-keepwell: false}}")),
              "policy.yaml: error: there is no service; a policy needs at least one under `services:`\n");
}

TEST(Compose, services_of_a_profile_are_targets_all_the_same) {
    EXPECT_EQ(names(good_compose("services: {debug: {image: x, profiles: [debug]}}")), Words{"debug"});
}

// ---- health -------------------------------------------------------------------------------------------------------

TEST(Compose, the_engines_health_counts_unless_there_is_none_or_one_of_ours) {
    const auto policy = good_compose(R"(services:
  image_only: {image: x}
  disabled: {image: x, healthcheck: {disable: "true"}}
  none: {image: x, healthcheck: {test: [NONE]}}
  ours: {image: x, healthcheck: {test: "true"}, x-keepwell: {healthcheck: {tcp: "127.0.0.1:80"}}}
  ours_beside_none: {image: x, healthcheck: {disable: true}, x-keepwell: {healthcheck: {tcp: "127.0.0.1:80"}}}
  refused: {image: x, healthcheck: {test: "true"}, x-keepwell: {healthcheck: {disable: true}}}
)");
    const bool expected[] = {true, false, false, false, false, false};
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(policy.services[i].engine_health, expected[i]) << i;
    EXPECT_TRUE(policy.services[3].healthcheck);
    EXPECT_TRUE(policy.services[4].healthcheck);
    EXPECT_FALSE(policy.services[5].healthcheck);
    EXPECT_TRUE(policy.services[5].on_unhealthy.empty());
}

TEST(Compose, timings_alone_do_not_make_a_probe_of_ours) {
    EXPECT_EQ(mistakes(load_compose(R"(services:
  web:
    image: x
    healthcheck: {test: "true", interval: 5s}
    x-keepwell:
      healthcheck: {interval: 1s}
)")),
              "shop/docker-compose.yml:6:7: error: this healthcheck asks nothing; give it `http`, `tcp` or `test`, or "
              "take it away: then the container's own counts, with its own timings\n"
              "    6 |       healthcheck: {interval: 1s}\n"
              "      |       ^~~~~~~~~~~\n");
}

// ---- restarts -----------------------------------------------------------------------------------------------------

TEST(Compose, restart_is_the_engines_but_nothing_is_started_that_nobody_asked_for) {
    const auto policy = good_compose(R"(services:
  silent: {image: x}
  always: {image: x, restart: always}
  never: {image: x, restart: "no"}
  failing: {image: x, restart: on-failure:3}
  deployed: {image: x, restart: "no", deploy: {restart_policy: {condition: any, delay: 2s}}}
  ruled: {image: x, restart: on-failure, x-keepwell: {restart_policy: {delay: 3s}}}
  asked: {image: x, restart: "no", x-keepwell: {restart: always}}
)");
    using enum RestartCondition;
    const RestartCondition conditions[] = {any, any, none, on_failure, any, on_failure, any};
    for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(policy.services[i].restart.condition, conditions[i]) << policy.services[i].name;
        EXPECT_EQ(policy.services[i].restart.max_attempts, 0U);
    }
    EXPECT_FALSE(policy.services[1].restart.origin.written());
    EXPECT_EQ(policy.services[4].restart.delay, 2s);
    EXPECT_EQ(policy.services[5].restart.delay, 3s);
    EXPECT_TRUE(policy.services[2].on_unhealthy.empty()) << "who asked for no restarts gets none";
}

TEST(Compose, words_of_restart_are_understood_in_a_restart_policy) {
    const auto policy = good_compose(R"(services:
  a: {image: x, deploy: {restart_policy: {condition: unless-stopped}}}
  b: {image: x, deploy: {restart_policy: {condition: "no"}}}
  c: {image: x, deploy: {restart_policy: {condition: on-failure, max_attempts: 4, window: 2m, x-note: 1}}}
)");
    EXPECT_EQ(policy.services[0].restart.condition, RestartCondition::any);
    EXPECT_EQ(policy.services[1].restart.condition, RestartCondition::none);
    EXPECT_EQ(policy.services[2].restart.max_attempts, 4U);
    EXPECT_EQ(policy.services[2].restart.window, 2min);
}

TEST(Compose, a_job_that_others_wait_for_is_not_started_again) {
    const auto policy = good_compose(R"(services:
  web: {image: x, depends_on: {migrate: {condition: service_completed_successfully}}}
  migrate: {image: x}
)");
    EXPECT_EQ(policy.services[1].restart.condition, RestartCondition::none);
    EXPECT_EQ(policy.services[1].restart.origin.line, 2U) << "because of whoever waits";
}

// ---- dependencies -------------------------------------------------------------------------------------------------

TEST(Compose, dependencies_in_every_form) {
    const auto policy = good_compose(R"(services:
  short: {image: x, depends_on: [db, vpn]}
  long:
    image: x
    depends_on:
      db: {condition: service_healthy, restart: true, required: false}
      vpn: {condition: service_started}
  linked: {image: x, links: ["db:database", vpn]}
  shared: {image: x, network_mode: "service:vpn", ipc: "service:db", pid: host}
  volumes: {image: x, volumes_from: ["db:ro", "container:other"]}
  silent_on_restart: {image: x, network_mode: "service:vpn", depends_on: [vpn]}
  against_restart: {image: x, network_mode: "service:vpn", depends_on: {vpn: {condition: service_started, restart: false}}}
  hidden: {image: x, links: [db], depends_on: [db]}
  db: {image: x}
  vpn: {image: x}
)");
    EXPECT_EQ(dependencies(policy, 0), (Words{"db started", "vpn started"}));
    EXPECT_EQ(dependencies(policy, 1), (Words{"db healthy restart optional", "vpn started"}));
    EXPECT_EQ(dependencies(policy, 2), (Words{"db started restart", "vpn started restart"}));
    EXPECT_EQ(dependencies(policy, 3), (Words{"vpn started restart", "db started restart"}));
    EXPECT_EQ(dependencies(policy, 4), (Words{"db started"}));
    EXPECT_EQ(dependencies(policy, 5), (Words{"vpn started restart"})) << "its network is gone when vpn starts anew";
    EXPECT_EQ(dependencies(policy, 6), (Words{"vpn started"})) << "somebody said so";
    EXPECT_EQ(dependencies(policy, 7), (Words{"db started"})) << "as Compose has it";
    EXPECT_EQ(policy.services[3].depends_on[0].origin.line, 9U);
}

TEST(Compose, a_dependency_that_is_not_there_is_a_mistake) {
    EXPECT_EQ(mistakes(load_compose("services:\n  web: {image: x, depends_on: [dp]}\n  db: {image: x}\n")),
              "shop/docker-compose.yml:2:32: error: there is no service `dp`; did you mean `db`?\n"
              "    2 |   web: {image: x, depends_on: [dp]}\n"
              "      |                                ^~\n");
}

TEST(Compose, services_of_the_policy_and_of_the_project_may_depend_on_each_other) {
    const auto memory = files_of({{"docker-compose.yml", R"(services:
  db: {image: x}
  web: {image: x, x-keepwell: {depends_on: {tunnel: {restart: true}}}}
)"}},
                                 {}, R"(compose: [shop/docker-compose.yml]
services:
  worker: {command: ./worker, depends_on: {db: {condition: service_healthy}}}
  tunnel: {command: ./tunnel}
)");
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(dependencies(policy, 0), Words{"db healthy"});
    EXPECT_EQ(dependencies(policy, 3), Words{"tunnel started restart"});
}

// ---- x-keepwell ---------------------------------------------------------------------------------------------------

TEST(ComposeRules, mistakes_are_shown_where_they_stand) {
    EXPECT_EQ(mistakes(load_compose(R"(services:
  web:
    image: x
    x-keepwell:
      on_unhealty: [restart]
      verify: 10
      image: y
      deploy: {replicas: 2}
  db:
    image: x
    x-keepwell: [restart]
  cache:
    image: x
    x-keepwell: "no"
x-keepwell:
  servces: {}
)")),
              "shop/docker-compose.yml:5:7: error: unknown key `on_unhealty` in a service; did you mean "
              "`on_unhealthy`?\n"
              "    5 |       on_unhealty: [restart]\n"
              "      |       ^~~~~~~~~~~\n"
              "shop/docker-compose.yml:6:15: error: missing unit; did you mean `10s`?\n"
              "    6 |       verify: 10\n"
              "      |               ^~\n"
              "shop/docker-compose.yml:7:7: error: `image` is not read under `x-keepwell`: it is Compose's, and stands "
              "beside it\n"
              "    7 |       image: y\n"
              "      |       ^~~~~\n"
              "shop/docker-compose.yml:8:16: error: `replicas` is not read under `x-keepwell`: it is Compose's, and "
              "stands beside it\n"
              "    8 |       deploy: {replicas: 2}\n"
              "      |                ^~~~~~~~\n"
              "shop/docker-compose.yml:11:17: error: expected a mapping, or `false`, under `x-keepwell`, but this is a "
              "list\n"
              "   11 |     x-keepwell: [restart]\n"
              "      |                 ^\n"
              "shop/docker-compose.yml:14:17: error: expected true or false, but this is `no`; did you mean `false`?\n"
              "   14 |     x-keepwell: \"no\"\n"
              "      |                 ^~~~\n"
              "shop/docker-compose.yml:16:3: error: unknown key `servces` in the top-level `x-keepwell`, which holds "
              "`mode`, `guard` and `defaults`\n"
              "   16 |   servces: {}\n"
              "      |   ^~~~~~~\n");
}

TEST(ComposeRules, a_mistyped_x_keepwell_is_pointed_out) {
    EXPECT_EQ(mistakes(load_compose(R"(x-keepwel: {mode: dry-run}
x-common: {}
services: {a: {image: x, x-keepwel: false, x-logging: {}}}
)")),
              "shop/docker-compose.yml:1:1: warning: unknown key `x-keepwel`; did you mean `x-keepwell`?\n"
              "    1 | x-keepwel: {mode: dry-run}\n"
              "      | ^~~~~~~~~\n"
              "shop/docker-compose.yml:3:26: warning: unknown key `x-keepwel`; did you mean `x-keepwell`?\n"
              "    3 | services: {a: {image: x, x-keepwel: false, x-logging: {}}}\n"
              "      |                          ^~~~~~~~~\n");
}

TEST(ComposeRules, defaults_lie_under_the_services_the_policys_below_those_of_the_file) {
    const auto memory = files_of({{"docker-compose.yml", R"(x-keepwell:
  defaults: {verify: 20s, quarantine: {max: 2h}}
services:
  plain: {image: x}
  own: {image: x, x-keepwell: {verify: 30s}}
)"}},
                                 {}, R"(compose: shop/docker-compose.yml
defaults: {verify: 10s, quarantine: {first: 10m}, environment: {A: 1}, output: {keep: 1}}
services: {p: {command: run, healthcheck: {tcp: "h:1"}, verify: 31s}}
)");
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(policy.services[1].verify, 20s);
    EXPECT_EQ(policy.services[1].quarantine.first, 10min);
    EXPECT_EQ(policy.services[1].quarantine.max, 2h);
    EXPECT_EQ(policy.services[2].verify, 30s);
    EXPECT_EQ(policy.services[0].quarantine.max, 6h) << "those of a Compose file are for its own services";
}

TEST(ComposeRules, a_setting_that_the_policy_has_as_well_must_be_the_same) {
    const auto memory = files_of({{"docker-compose.yml", "x-keepwell: {mode: dry-run}\nservices: {a: {image: x}}\n"}},
                                 {}, "compose: shop/docker-compose.yml\nmode: enforce\n");
    EXPECT_EQ(mistakes(memory.load({"policy.yaml"})),
              "shop/docker-compose.yml:1:14: error: `mode` is given twice, and not the same; first at policy.yaml:2\n"
              "    1 | x-keepwell: {mode: dry-run}\n"
              "      |              ^~~~\n");
}

TEST(ComposeRules, a_restart_policy_is_given_once) {
    EXPECT_EQ(mistakes(load_compose(R"(services:
  web:
    image: x
    x-keepwell:
      restart_policy: {delay: 1s}
      deploy: {restart_policy: {delay: 2s}}
)")),
              "shop/docker-compose.yml:5:7: error: `restart_policy` is given twice: here, and under `deploy`\n"
              "    5 |       restart_policy: {delay: 1s}\n"
              "      |       ^~~~~~~~~~~~~~\n");
}

// ---- several files ------------------------------------------------------------------------------------------------

TEST(ComposeFiles, lie_over_one_another_as_compose_has_it) {
    const auto memory = files_of({{"docker-compose.yml", R"(services:
  web:
    image: x
    scale: 2
    depends_on: [db]
    links: [db]
    healthcheck: {test: [CMD, a], interval: 5s, retries: 7}
    x-keepwell: {on_unhealthy: [restart, notify], healthcheck: {tcp: "127.0.0.1:80", timeout: 2s}}
  db: {image: x}
)"},
                                  {"override.yml", R"(services:
  cache: {image: x}
  web:
    scale: 1
    depends_on: {cache: {condition: service_healthy}, db: {condition: service_started, restart: true}}
    links: [cache]
    healthcheck: {interval: 6s}
    x-keepwell: {on_unhealthy: [stop], healthcheck: {timeout: 3s}}
  db:
)"}},
                                 {}, "compose: [shop/docker-compose.yml, shop/override.yml]");
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(policy.files, (Words{"policy.yaml", "shop/docker-compose.yml", "shop/override.yml"}));
    EXPECT_EQ(names(policy), (Words{"web", "db", "cache"}));
    EXPECT_EQ(dependencies(policy, 0), (Words{"db started restart", "cache healthy"}));
    EXPECT_EQ(policy.services[0].healthcheck->interval, 6s);
    EXPECT_EQ(policy.services[0].healthcheck->retries, 7U);
    EXPECT_EQ(policy.services[0].healthcheck->timeout, 3s);
    ASSERT_EQ(policy.services[0].on_unhealthy.size(), 1U);
    EXPECT_EQ(policy.services[0].on_unhealthy[0].origin.file, 2U);
}

TEST(ComposeFiles, tags_of_compose_take_away_and_put_in_place) {
    const auto memory = files_of({{"docker-compose.yml", R"(services:
  web:
    image: x
    depends_on: [db, cache]
    restart: "no"
    x-keepwell: {healthcheck: {tcp: "127.0.0.1:80", interval: 1s}}
  db: {image: x}
  cache: {image: x}
)"},
                                  {"override.yml", R"(services:
  web:
    depends_on: !override [cache]
    restart: !reset null
    environment: !custom {}
    x-keepwell: {healthcheck: !override {tcp: "127.0.0.1:81"}}
  db: !reset null
)"}},
                                 {}, "compose: [shop/docker-compose.yml, shop/override.yml]");
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(names(policy), (Words{"web", "cache"}));
    EXPECT_EQ(dependencies(policy, 0), Words{"cache started"});
    EXPECT_EQ(policy.services[0].restart.condition, RestartCondition::any);
    EXPECT_EQ(policy.services[0].healthcheck->interval, 30s);
}

TEST(ComposeFiles, of_two_projects_are_told_apart) {
    Memory memory{{{"/p/policy.yaml", "compose: shop/docker-compose.yml\ninclude: more.yaml"},
                   {"/p/more.yaml", "compose: blog/compose.yaml"},
                   {"/p/shop/docker-compose.yml", "services: {db: {image: x}, web: {image: x, depends_on: [db]}}"},
                   {"/p/blog/compose.yaml", "services: {db: {image: x}, site: {image: x, depends_on: [db]}}"}},
                  {}};
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(names(policy), (Words{"db", "web", "blog.db", "site"}));
    EXPECT_EQ(labels_of(policy.targets[2]), labels_for("blog", "db", 1));
    EXPECT_EQ(dependencies(policy, 1), Words{"db started"});
    EXPECT_EQ(dependencies(policy, 3), Words{"blog.db started"});
}

TEST(ComposeFiles, are_read_once) {
    Memory memory{{{"/p/a.yaml", "compose: docker-compose.yml"},
                   {"/p/b.yaml", "compose: [./docker-compose.yml]"},
                   {"/p/docker-compose.yml", "services: {db: {image: x}}"}},
                  {}};
    EXPECT_EQ(names(good(memory.load({"a.yaml", "b.yaml"}))), Words{"db"});
}

TEST(ComposeFiles, a_change_that_matters_is_a_new_version) {
    const auto one = good_compose("services: {a: {image: x}, b: {image: x}}");
    const auto same = good_compose("# comment\nservices: {a: {image: y, ports: [80]}, b: {image: x}}");
    const auto other = good_compose("services: {a: {image: x, x-keepwell: {verify: 9s}}, b: {image: x}}");
    EXPECT_EQ(one.version, same.version);
    EXPECT_NE(one.version, other.version);
    EXPECT_NE(one.services[0].version, other.services[0].version);
    EXPECT_EQ(one.services[1].version, other.services[1].version);
}

// ---- the project's name -------------------------------------------------------------------------------------------

std::string project_of(const Loaded& loaded) {
    if (!loaded.policy) return rendered(loaded);
    return loaded.policy->targets.at(0).selector.labels.at(2).value.value_or("");
}

TEST(ComposeProjectName, is_the_variables_the_files_or_the_folders) {
    const std::string plain = "services: {a: {image: x}}\n";
    EXPECT_EQ(project_of(load_compose(plain)), "shop");
    EXPECT_EQ(project_of(load_compose("name: My.Store\n" + plain)), "mystore");
    EXPECT_EQ(project_of(load_compose("name: ${STAGE:-dev}-store\n" + plain)), "dev-store");
    EXPECT_EQ(project_of(load_compose("name: store\n" + plain, {{"COMPOSE_PROJECT_NAME", "other"}})), "other");
    EXPECT_EQ(project_of(files_of({{"docker-compose.yml", plain}, {".env", "COMPOSE_PROJECT_NAME=from-env\n"}})
                             .load({"policy.yaml"})),
              "from-env");
    const Memory named_twice{{{"/p/policy.yaml", "compose: [a.yml, b.yml]"},
                              {"/p/a.yml", "name: one\n" + plain},
                              {"/p/b.yml", "name: two\n"}},
                             {}};
    EXPECT_EQ(project_of(named_twice.load({"policy.yaml"})), "two");
}

TEST(ComposeProjectName, is_made_of_the_folder_as_compose_2_does_and_says_where_1_29_differs) {
    const Memory memory{{{"/p/policy.yaml", "compose: _My Shop.2/docker-compose.yml"},
                         {"/p/_My Shop.2/docker-compose.yml", "services: {a: {image: x}}"}},
                        {}};
    const auto loaded = memory.load({"policy.yaml"});
    EXPECT_EQ(project_of(loaded), "myshop2");
    EXPECT_EQ(mistakes(loaded),
              "_My Shop.2/docker-compose.yml: warning: its project is `myshop2` to Compose 2 and to keepwell, but "
              "`_myshop2` to docker-compose 1.29; set COMPOSE_PROJECT_NAME for all of them\n");
}

TEST(ComposeProjectName, must_have_a_letter) {
    const Memory memory{
        {{"/p/policy.yaml", "compose: ../docker-compose.yml"}, {"/docker-compose.yml", "services: {a: {image: x}}"}},
        {}};
    EXPECT_EQ(mistakes(memory.load({"policy.yaml"})),
              "../docker-compose.yml: error: its project has no name: `` has no letter or digit that one could have; "
              "give it a `name`\n");
}

// ---- variables ----------------------------------------------------------------------------------------------------

TEST(ComposeVariables, come_from_the_environment_and_from_env) {
    const auto memory = files_of({{"docker-compose.yml", R"(services:
  a:
    image: ${UNSET_BUT_NOT_OURS}
    scale: ${REPLICAS:-3}
    deploy: {restart_policy: {delay: $DELAY}}
    x-keepwell: {verify: "${VERIFY}", on_unhealthy: [{run: [echo, "$$HOME"]}]}
)"},
                                  {".env", "# ours\nREPLICAS=2\nDELAY=7s\nVERIFY=\"9s\"\n"}},
                                 {{"DELAY", "8s"}});
    const auto policy = good(memory.load({"policy.yaml"}));
    EXPECT_EQ(policy.targets.size(), 2U);
    EXPECT_EQ(policy.services[0].restart.delay, 8s) << "the environment wins";
    EXPECT_EQ(policy.services[0].verify, 9s);
    EXPECT_EQ(policy.targets[0].hooks[0].command, (Words{"echo", "$HOME"}));
}

TEST(ComposeVariables, that_are_not_set_are_empty_with_a_warning_but_not_in_what_is_ours) {
    EXPECT_EQ(mistakes(load_compose(R"(services:
  a:
    image: x
    network_mode: ${MODE}
    x-keepwell: {verify: "${VERIFY}"}
)")),
              "shop/docker-compose.yml:4:19: warning: variable `MODE` is not set; Compose takes it as empty\n"
              "    4 |     network_mode: ${MODE}\n"
              "      |                   ^~~~~~~\n"
              "shop/docker-compose.yml:5:26: error: variable `VERIFY` is not set; set it, or give a default: "
              "`${VERIFY:-default}`\n"
              "    5 |     x-keepwell: {verify: \"${VERIFY}\"}\n"
              "      |                          ^~~~~~~~~~~\n"
              "shop/docker-compose.yml:5:26: error: `${VERIFY}` is not a duration; one is written like `30s` or "
              "`1h5m`\n"
              "    5 |     x-keepwell: {verify: \"${VERIFY}\"}\n"
              "      |                          ^~~~~~~~~~~\n");
}

TEST(ComposeVariables, an_env_that_is_not_all_understood_is_no_hindrance) {
    const auto memory = files_of({{"docker-compose.yml", "services: {a: {image: x, scale: $N}}"},
                                  {".env", "N=2\nKEY=\"-----BEGIN\nabc def\n-----END\"\n"}});
    const auto loaded = memory.load({"policy.yaml"});
    EXPECT_EQ(mistakes(loaded),
              "shop/docker-compose.yml: warning: `.env` beside it is not all understood in line 2: the quote is never "
              "closed\n");
    EXPECT_EQ(loaded.policy->targets.size(), 2U);
}

// ---- what is not followed, and what is no Compose file ------------------------------------------------------------

TEST(ComposeMistakes, what_is_not_followed_is_said) {
    EXPECT_EQ(rendered(load_compose(R"(include: [other.yml]
networks: {}
services:
  a: {extends: {file: base.yml, service: base}, depends_on: [in_other], command: x, deploy: {resources: {}, replicas: 1}}
)")),
              "shop/docker-compose.yml: note: left to Compose: `networks`; in services `command`, `deploy.resources`\n"
              "shop/docker-compose.yml:1:1: warning: `include` is not followed; name those files under `compose` as "
              "well, or let `docker-compose config` write all into one\n"
              "    1 | include: [other.yml]\n"
              "      | ^~~~~~~\n"
              "shop/docker-compose.yml:4:7: warning: `extends` is not followed: what keepwell should know of `a` "
              "stands here; `docker-compose config` writes all of it out\n"
              "    4 |   a: {extends: {file: base.yml, service: base}, depends_on: [in_other], command: x, deploy: "
              "{resources: {}, replicas: 1}}\n"
              "      |       ^~~~~~~\n");
}

TEST(ComposeMistakes, who_starts_again_what_has_ended_is_said) {
    EXPECT_EQ(rendered(load_compose(R"(services:
  a: {restart: always}
  b: {restart: "on-failure:3"}
  c: {restart: unless-stopped, deploy: {restart_policy: {delay: 1s}}}
  d: {restart: always, x-keepwell: {restart_policy: {delay: 1s}}}
  e: {restart: "no", deploy: {restart_policy: {delay: 1s}}}
  f: {}
)")),
              "shop/docker-compose.yml: note: after an exit the container engine starts them again (`restart`), not "
              "keepwell: `a`, `b`\n"
              "shop/docker-compose.yml: note: after an exit the container engine starts them again (`restart`), and "
              "keepwell by `restart_policy` when it gives up: `c`, `d`\n");
}

TEST(ComposeMistakes, a_file_that_is_missing_names_where_it_was_looked_for) {
    EXPECT_EQ(mistakes(load_text("compose:\n  - docker-compose.yml\n  - ../other/compose.yaml\n")),
              "policy.yaml:2:5: error: `docker-compose.yml` can not be read: No such file or directory; it is looked "
              "for at /p/docker-compose.yml\n"
              "    2 |   - docker-compose.yml\n"
              "      |     ^~~~~~~~~~~~~~~~~~\n"
              "policy.yaml:3:5: error: `../other/compose.yaml` can not be read: No such file or directory; it is "
              "looked for at /other/compose.yaml\n"
              "    3 |   - ../other/compose.yaml\n"
              "      |     ^~~~~~~~~~~~~~~~~~~~~\n");
}

TEST(ComposeMistakes, what_is_no_compose_file) {
    EXPECT_EQ(mistakes(load_compose("")),
              "shop/docker-compose.yml: error: is empty; a Compose file needs `services:`\n");
    EXPECT_EQ(mistakes(load_compose("networks: {a: {}}")),
              "shop/docker-compose.yml: error: is no Compose file: it has no `services`\n");
    EXPECT_EQ(mistakes(load_compose("web:\n  image: nginx\ndb:\n  build: .\n")),
              "shop/docker-compose.yml: error: is a Compose file of version 1; write its services under `services:`\n");
    EXPECT_EQ(mistakes(load_compose("[a]")),
              "shop/docker-compose.yml:1:1: error: expected a mapping at the top level of a Compose file, but this is "
              "a list\n"
              "    1 | [a]\n"
              "      | ^\n");
    EXPECT_EQ(mistakes(load_compose("services: [a]")),
              "shop/docker-compose.yml:1:11: error: expected a mapping of names to services, but this is a list\n"
              "    1 | services: [a]\n"
              "      |           ^\n");
    EXPECT_EQ(mistakes(load_compose("services: {a: text}")),
              "shop/docker-compose.yml:1:15: error: expected a mapping in service `a`, but this is text\n"
              "    1 | services: {a: text}\n"
              "      |               ^~~~\n");
    EXPECT_EQ(mistakes(load_compose("services: {a: {image: x}}\n---\nb: 1\n")),
              "shop/docker-compose.yml:2:1: error: a second document begins here; a Compose file is one document\n"
              "    2 | ---\n"
              "      | ^\n");
    EXPECT_EQ(mistakes(load_compose("services: {a: {image: \"}\n")),
              "shop/docker-compose.yml:1:24: error: this double quote is never closed\n"
              "    1 | services: {a: {image: \"}\n"
              "      |                        ^\n");
    EXPECT_EQ(mistakes(load_compose(std::string(max_file_size + 1, '#'))),
              "shop/docker-compose.yml: error: is larger than 1 MiB; no Compose file is\n");
}

TEST(ComposeMistakes, a_service_of_compose_has_no_second_entry) {
    const auto memory = files_of({{"docker-compose.yml", "services:\n  web: {image: x}\n  db: {image: x}\n"}}, {},
                                 R"(compose: shop/docker-compose.yml
services:
  web: {on_unhealthy: [restart], container: shop_web_1}
  other: {container: {compose: {project: shop, service: db}}}
  far: {container: {compose: {project: blog, service: db}}}
)");
    EXPECT_EQ(mistakes(memory.load({"policy.yaml"})),
              "policy.yaml:3:3: error: `web` is a service of the Compose file as well, at shop/docker-compose.yml:2; "
              "write what keepwell should know of it there, under `x-keepwell`\n"
              "    3 |   web: {on_unhealthy: [restart], container: shop_web_1}\n"
              "      |   ^~~\n"
              "policy.yaml:4:57: error: `db` is a service of the Compose file as well, at shop/docker-compose.yml:3; "
              "write what keepwell should know of it there, under `x-keepwell`\n"
              "    4 |   other: {container: {compose: {project: shop, service: db}}}\n"
              "      |                                                         ^~\n");
}

TEST(ComposeMistakes, so_many_replicas_and_services_are_too_many) {
    std::string text = "services:\n";
    for (int i = 0; i < 101; ++i) text += "  s" + std::to_string(i) + ": {image: x, scale: 1000}\n";
    EXPECT_EQ(mistakes(load_compose(text)),
              "shop/docker-compose.yml:102:3: error: more than 100000 targets\n"
              "  102 |   s100: {image: x, scale: 1000}\n"
              "      |   ^~~~\n");
    EXPECT_EQ(mistakes(load_compose("services: {a: {image: x, scale: 1001}}")),
              "shop/docker-compose.yml:1:33: error: expected a whole number from 0 to 1000, but this is `1001`\n"
              "    1 | services: {a: {image: x, scale: 1001}}\n"
              "      |                                 ^~~~\n");
}

TEST(ComposeMistakes, thousands_of_services_are_read) {
    std::string text = "services:\n";
    for (int i = 0; i < 3000; ++i) text += "  s" + std::to_string(i) + ": {image: x, depends_on: [s0]}\n";
    text += "  last: {image: x}\n";
    const auto at = text.find(", depends_on: [s0]");
    const auto policy = good_compose(text.erase(at, 18));
    EXPECT_EQ(policy.targets.size(), 3001U);
}

}  // namespace
}  // namespace keepwell::policy
