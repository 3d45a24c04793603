// Services that are containers: what they are, and what each key becomes, in its short and its long form.
#include <gtest/gtest.h>

#include "policy/canonical/canonical.hpp"
#include "policy/memory_environment.hpp"
#include "policy/values/project.hpp"

namespace keepwell::policy {
namespace {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

Policy good(const std::string& text, std::map<std::string, std::string> variables = {}) {
    const auto loaded = load_text(text, std::move(variables));
    EXPECT_EQ(rendered(loaded), "") << text;
    return loaded.policy.value_or(Policy{});
}

/// The first container of a policy that is this text, with `top` above its services.
ContainerSpec container(const std::string& keys, const std::string& top = "") {
    const auto policy =
        good(top + "services: {a: {image: i, " + keys + "}}\n", {{"HOME", "/home/me"}, {"SET", "here"}});
    EXPECT_EQ(policy.targets.size(), 1U);
    if (policy.targets.empty() || !policy.targets[0].container) return {};
    return *policy.targets[0].container;
}

std::string shown(const std::vector<PublishedPort>& ports) {
    std::string text;
    for (const auto& port : ports) {
        text += port.host_ip + "|" + std::to_string(port.host_port);
        if (port.host_port_last != 0) text += "-" + std::to_string(port.host_port_last);
        text += "|" + std::to_string(port.container_port) + "/" + port.protocol + " ";
    }
    return text;
}

std::string shown(const std::vector<Mount>& mounts) {
    const char* const types[] = {"bind", "volume", "tmpfs"};
    std::string text;
    for (const auto& mount : mounts) {
        text += types[static_cast<std::size_t>(mount.type)] + std::string{" "} + mount.source + " " + mount.target;
        if (mount.read_only) text += " ro";
        if (!mount.create_host_path) text += " must-exist";
        if (!mount.propagation.empty()) text += " " + mount.propagation;
        if (!mount.selinux.empty()) text += " " + mount.selinux;
        if (mount.nocopy) text += " nocopy";
        if (mount.external) text += " external";
        if (mount.tmpfs_size != 0) text += " size=" + std::to_string(mount.tmpfs_size);
        if (mount.tmpfs_mode != 0) text += " mode=" + std::to_string(mount.tmpfs_mode);
        text += "\n";
    }
    return text;
}

// ---- what an entry is -------------------------------------------------------------------------------------------

TEST(Kinds, image_is_created_container_is_adopted_and_neither_is_a_process) {
    const auto policy = good(R"(services:
  created: {image: redis:7}
  adopted: {container: shop-web}
  process: {command: run}
)");
    ASSERT_EQ(policy.targets.size(), 3U);
    EXPECT_EQ(policy.targets[0].kind, TargetKind::container);
    EXPECT_EQ(policy.targets[0].container->image, "redis:7");
    EXPECT_EQ(policy.targets[1].kind, TargetKind::adopted);
    EXPECT_EQ(policy.targets[1].selector.name, "shop-web");
    EXPECT_EQ(policy.targets[1].container, nullptr);
    EXPECT_EQ(policy.targets[2].kind, TargetKind::process);
    EXPECT_TRUE(policy.templates.empty());
    for (const auto& target : policy.targets) EXPECT_EQ(target.process.working_dir, "/p") << "of `run` commands";
}

TEST(Kinds, what_is_said_of_the_inside_of_a_container_does_not_touch_the_host) {
    const auto policy = good(R"(services:
  a:
    image: i
    command: "serve --port 80"
    environment: {A: 1}
    user: nobody
    working_dir: /srv
    stop_signal: INT
    healthcheck: {test: true}
    on_unhealthy: [{run: ./look}]
)");
    const auto& target = policy.targets[0];
    EXPECT_EQ(target.process.command, Words{});
    EXPECT_EQ(target.process.environment, Variables{});
    EXPECT_EQ(target.process.user, "");
    EXPECT_EQ(target.process.working_dir, "/p");
    EXPECT_EQ(target.process.stop_signal, 15);
    EXPECT_EQ(target.hooks[0].command, Words{"./look"});
    EXPECT_EQ(target.container->command, (Words{"serve", "--port", "80"}));
    EXPECT_EQ(target.container->environment, (Variables{{"A", "1"}}));
    EXPECT_EQ(target.container->user, "nobody");
    EXPECT_EQ(target.container->working_dir, "/srv");
    EXPECT_EQ(target.container->stop_signal, "SIGINT");
}

TEST(Kinds, defaults_that_mean_nothing_for_a_kind_are_left_out) {
    const auto policy = good(R"(defaults:
  environment: {A: 1}
  working_dir: /srv
  cap_drop: [ALL]
  output: {keep: 5}
  networks: [back]
  deploy: {replicas: 2, resources: {limits: {memory: 1g}}, restart_policy: {delay: 7s}}
services:
  process: {command: run}
  created: {image: i}
  adopted: {container: c}
  on_the_host: {image: i, network_mode: host}
)");
    ASSERT_EQ(policy.targets.size(), 7U);
    EXPECT_EQ(policy.targets[0].process.environment, (Variables{{"A", "1"}}));
    EXPECT_EQ(policy.targets[0].output.keep, 5U);
    EXPECT_EQ(policy.targets[2].container->cap_drop, Words{"ALL"});
    EXPECT_EQ(policy.targets[2].container->memory, 1024 * 1024 * 1024);
    EXPECT_EQ(policy.targets[4].name, "adopted");
    EXPECT_EQ(policy.targets[4].process.environment, Variables{});
    EXPECT_EQ(policy.services[2].restart.delay, 7s);
    EXPECT_TRUE(policy.targets[5].container->networks.empty());
}

TEST(Kinds, replicas_have_a_container_each) {
    const auto policy = good(R"(name: shop
services:
  a:
    image: i
    hostname: "{{.Task.Name}}"
    environment: ["SLOT={{.Task.Slot}}"]
    volumes: ["data-{{.Task.Slot}}:/data", "./{{.Target.Name}}:/log"]
    labels: {who: "{{.Service.Name}}/{{.Target.Name}}"}
    command: [run, "{{.Task.Slot}}"]
    working_dir: "/srv/{{.Task.Slot}}"
    healthcheck: {http: "http://{{.Container.IP}}:80{{.Task.Slot}}/"}
    deploy: {replicas: 2}
)");
    ASSERT_EQ(policy.targets.size(), 2U);
    const auto& second = policy.targets[1];
    EXPECT_EQ(second.name, "a.2");
    EXPECT_EQ(policy.targets[0].container->name, "shop-a-1");
    EXPECT_EQ(second.container->name, "shop-a-2");
    EXPECT_EQ(second.container->project, "shop");
    EXPECT_EQ(second.container->hostname, "a.2");
    EXPECT_EQ(second.container->environment, (Variables{{"SLOT", "2"}}));
    EXPECT_EQ(shown(second.container->mounts), "volume data-2 /data\nbind /p/a.2 /log\n");
    EXPECT_EQ(second.container->labels, (Variables{{"who", "a/a.2"}}));
    EXPECT_EQ(second.container->command, (Words{"run", "2"}));
    EXPECT_EQ(second.container->working_dir, "/srv/2");
    EXPECT_EQ(std::get<HttpProbe>(*second.probe).url, "http://{{.Container.IP}}:802/");
}

TEST(Kinds, the_project_is_named_by_the_folder_unless_it_is_named) {
    EXPECT_EQ(good("services: {a: {image: i}}").name, "p");
    EXPECT_EQ(good("name: shop_2\nservices: {a: {image: i}}").name, "shop_2");
    const Memory memory{
        {{"/p/My.Shop_1/policy.yaml", "services: {a: {image: i}}"}, {"/p/other/b.yaml", "services: {b: {image: i}}"}},
        {}};
    const auto policy = memory.load({"My.Shop_1/policy.yaml", "other"}).policy.value();
    EXPECT_EQ(policy.name, "myshop_1");
    EXPECT_EQ(policy.targets[1].container->name, "myshop_1-b-1");
    EXPECT_EQ(project_name_of_folder("/srv/-_Ab c"), "abc");
    EXPECT_EQ(project_name_of_folder("/"), "keepwell");
}

// ---- adopted ----------------------------------------------------------------------------------------------------

std::string labels_of(const std::string& selector) {
    const auto policy = good("services: {a: {container: " + selector + "}}");
    EXPECT_TRUE(policy.targets.empty());
    if (policy.templates.size() != 1) return "no template";
    EXPECT_EQ(policy.templates[0].name, "a");
    EXPECT_EQ(policy.templates[0].kind, TargetKind::adopted);
    EXPECT_EQ(policy.templates[0].selector.name, "");
    std::string text;
    for (const auto& label : policy.templates[0].selector.labels) {
        text += label.key + (label.value ? "=" + *label.value : "") + " ";
    }
    return text;
}

TEST(Adopted, by_labels_in_every_form) {
    EXPECT_EQ(labels_of("{label: autoheal}"), "autoheal ");
    EXPECT_EQ(labels_of("{label: autoheal=true}"), "autoheal=true ");
    EXPECT_EQ(labels_of("{label: a=}"), "a= ");
    EXPECT_EQ(labels_of("{label: [b=x=y, a]}"), "a b=x=y ");
    EXPECT_EQ(labels_of("{label: {b: true, a: , c: \"\"}}"), "a b=true c= ");
}

TEST(Adopted, by_compose_project_and_service) {
    EXPECT_EQ(labels_of("{compose: {project: shop, service: web}}"),
              "com.docker.compose.oneoff=False com.docker.compose.project=shop com.docker.compose.service=web ");
    EXPECT_EQ(labels_of("{compose: {project: shop}}"),
              "com.docker.compose.oneoff=False com.docker.compose.project=shop ");
    EXPECT_EQ(labels_of("{compose: {project: shop}, label: tier=back}"),
              "com.docker.compose.oneoff=False com.docker.compose.project=shop tier=back ");
}

TEST(Adopted, dependencies_work_both_ways) {
    const auto policy = good(R"(services:
  db: {container: db}
  all: {container: {label: x}, depends_on: {db: {condition: service_healthy, restart: true}}}
  web: {command: run, depends_on: {all: {condition: service_healthy}}}
)");
    EXPECT_EQ(policy.services[1].depends_on.at(0).service, 0U);
    EXPECT_EQ(policy.services[2].depends_on.at(0).service, 1U);
    EXPECT_EQ(policy.templates.at(0).service, 1U);
}

TEST(Adopted, the_name_of_a_target_that_is_not_there_yet_is_left_for_later) {
    const auto policy = good(R"(services:
  a:
    container: {label: x}
    healthcheck: {tcp: "{{ .Container.IP }}:80"}
    on_unhealthy: [{run: [./look, "{{ .Target.Name }}", "{{.Service.Name}}"]}]
)");
    EXPECT_EQ(policy.templates[0].hooks[0].command, (Words{"./look", "{{.Target.Name}}", "a"}));
    const auto& probe = std::get<TcpProbe>(*policy.templates[0].probe);
    EXPECT_EQ(probe.host, "{{.Container.IP}}");
    EXPECT_EQ(probe.port, 80);
}

// ---- health and healing -----------------------------------------------------------------------------------------

TEST(ContainerHealth, without_a_healthcheck_the_engine_is_asked) {
    const auto policy = good(R"(services:
  own: {image: i, verify: 5s, on_unhealthy: [restart, replace]}
  adopted: {container: c}
  disabled: {image: i, healthcheck: {disable: true}}
  none: {container: d, healthcheck: {test: [NONE]}}
  probed: {image: i, healthcheck: {test: [CMD, ping]}}
  after: {image: i, depends_on: {own: {condition: service_healthy}, adopted: {condition: service_healthy}}}
  process: {command: run}
)");
    const bool expected[] = {true, true, false, false, false, true, false};
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(policy.services[i].engine_health, expected[i]) << i;
    EXPECT_EQ(policy.services[0].verify, 5s);
    EXPECT_EQ(policy.services[0].on_unhealthy.size(), 2U);
    EXPECT_EQ(policy.targets[0].hooks.size(), 2U);
    EXPECT_TRUE(policy.services[2].on_unhealthy.empty());
    EXPECT_EQ(std::get<ExecProbe>(*policy.targets[4].probe).command, Words{"ping"});
}

TEST(ContainerHealth, timings_in_the_defaults_are_no_healthcheck) {
    const auto policy = good("defaults: {healthcheck: {interval: 1s}}\nservices: {a: {image: i}}");
    EXPECT_TRUE(policy.services[0].engine_health);
    EXPECT_FALSE(policy.services[0].healthcheck);
}

TEST(ContainerHealth, the_default_ladder_follows_from_the_kind) {
    const auto policy = good(R"(services:
  own: {image: i}
  adopted: {container: c}
  process: {command: run, healthcheck: {tcp: "h:1"}}
  silent: {image: i, restart: no}
)");
    EXPECT_TRUE(std::holds_alternative<ReplaceRung>(policy.services[0].on_unhealthy.at(0).action));
    EXPECT_TRUE(std::holds_alternative<RestartRung>(policy.services[1].on_unhealthy.at(0).action));
    EXPECT_TRUE(std::holds_alternative<RestartRung>(policy.services[2].on_unhealthy.at(0).action));
    EXPECT_TRUE(policy.services[3].on_unhealthy.empty());
}

TEST(ContainerHealth, replace_in_every_form) {
    const auto policy = good(R"(services:
  a:
    container: c
    on_unhealthy:
      - replace
      - replace: {order: start-first}
      - replace: {order: stop-first}
      - replace: {}
)");
    const ReplaceOrder expected[] = {ReplaceOrder::automatic, ReplaceOrder::start_first, ReplaceOrder::stop_first,
                                     ReplaceOrder::automatic};
    ASSERT_EQ(policy.services[0].on_unhealthy.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(std::get<ReplaceRung>(policy.services[0].on_unhealthy[i].action).order, expected[i]) << i;
    }
    EXPECT_EQ(policy.targets[0].hooks.size(), 4U);
}

TEST(ContainerHealth, the_time_to_stop_is_known_to_be_written_or_not) {
    const auto policy = good("services: {a: {container: c}, b: {container: d, stop_grace_period: 10s}}");
    EXPECT_FALSE(policy.services[0].stop_grace_written);
    EXPECT_TRUE(policy.services[1].stop_grace_written);
}

TEST(ContainerHealth, update_config_in_full) {
    const auto policy = good(R"(services:
  plain: {image: i}
  full:
    image: i
    deploy: {update_config: {parallelism: 0, delay: 3s, monitor: 9s, failure_action: rollback, order: start-first}}
  on: {image: i, deploy: {update_config: {failure_action: continue}}}
)");
    const auto& plain = policy.services[0].update;
    EXPECT_EQ(plain.parallelism, 1U);
    EXPECT_EQ(plain.delay, 0s);
    EXPECT_EQ(plain.monitor, 5s);
    EXPECT_EQ(plain.failure_action, UpdateConfig::FailureAction::pause);
    EXPECT_EQ(plain.order, ReplaceOrder::stop_first);
    EXPECT_FALSE(plain.origin.written());
    const auto& full = policy.services[1].update;
    EXPECT_EQ(full.parallelism, 0U);
    EXPECT_EQ(full.delay, 3s);
    EXPECT_EQ(full.monitor, 9s);
    EXPECT_EQ(full.failure_action, UpdateConfig::FailureAction::rollback);
    EXPECT_EQ(full.order, ReplaceOrder::start_first);
    EXPECT_EQ(full.origin.line, 5U);
    EXPECT_EQ(policy.services[2].update.failure_action, UpdateConfig::FailureAction::go_on);
}

// ---- Compose's keys ---------------------------------------------------------------------------------------------

TEST(ContainerKeys, an_entry_that_says_little_leaves_the_rest_to_the_image_and_the_engine) {
    const auto spec = container("x-note: 1");
    EXPECT_EQ(spec.name, "p-a-1");
    EXPECT_EQ(spec.image, "i");
    EXPECT_FALSE(spec.command);
    EXPECT_FALSE(spec.entrypoint);
    EXPECT_FALSE(spec.init);
    EXPECT_EQ(spec.pull_policy, PullPolicy::missing);
    EXPECT_EQ(spec.stop_signal, "");
    EXPECT_EQ(spec.memory, 0);
    EXPECT_TRUE(spec.mounts.empty());
    ASSERT_EQ(spec.networks.size(), 1U) << "Compose's own network of the project";
    EXPECT_EQ(spec.networks[0].name, "p_default");
}

TEST(ContainerKeys, command_and_entrypoint) {
    EXPECT_EQ(container("command: \"sh -c 'a b'\"").command, (Words{"sh", "-c", "a b"}));
    EXPECT_EQ(container("command: [a, \"b c\", 1]").command, (Words{"a", "b c", "1"}));
    EXPECT_EQ(container("command: []").command, Words{});
    EXPECT_EQ(container("entrypoint: \"tini --\"").entrypoint, (Words{"tini", "--"}));
    EXPECT_EQ(container("entrypoint: [tini, --]").entrypoint, (Words{"tini", "--"}));
    EXPECT_EQ(container("entrypoint: \"\"").entrypoint, Words{});
    EXPECT_EQ(container("entrypoint: []").entrypoint, Words{});
}

TEST(ContainerKeys, environment_and_its_files) {
    EXPECT_EQ(container("environment: {A: 1, SET: , T: true}").environment,
              (Variables{{"A", "1"}, {"SET", "here"}, {"T", "true"}}));
    EXPECT_EQ(container("environment: [A=1, SET, \"E=\"]").environment,
              (Variables{{"A", "1"}, {"E", ""}, {"SET", "here"}}));
    const Memory memory{{{"/p/policy.yaml", R"(services:
  a:
    image: i
    env_file: [one.env, {path: two.env}, {path: missing.env, required: false}]
    environment: {B: over}
)"},
                         {"/p/one.env", "A=1\nB=1\n"},
                         {"/p/two.env", "A=2\n"}},
                        {}};
    const auto loaded = memory.load({"policy.yaml"});
    EXPECT_EQ(rendered(loaded), "");
    EXPECT_EQ(loaded.policy->targets[0].container->environment, (Variables{{"A", "2"}, {"B", "over"}}));
}

TEST(ContainerKeys, a_variable_that_is_set_nowhere_is_left_out_with_a_warning) {
    const auto loaded = load_text("services: {a: {image: i, environment: [UNSET]}}");
    EXPECT_EQ(rendered(loaded),
              "policy.yaml:1:40: warning: `UNSET` has no value here, and is not set in keepwell's own environment\n"
              "    1 | services: {a: {image: i, environment: [UNSET]}}\n"
              "      |                                        ^~~~~\n");
    EXPECT_EQ(loaded.policy->targets[0].container->environment, Variables{});
}

TEST(ContainerKeys, a_missing_file_of_variables_that_is_required_is_a_mistake) {
    EXPECT_EQ(rendered(load_text("services: {a: {image: i, env_file: {path: x.env}}}")),
              "policy.yaml:1:36: error: expected the name of a file, or a list of them, but this is a mapping\n"
              "    1 | services: {a: {image: i, env_file: {path: x.env}}}\n"
              "      |                                    ^\n");
    EXPECT_EQ(rendered(load_text("services: {a: {image: i, env_file: [{path: x.env}]}}")),
              "policy.yaml:1:44: error: `/p/x.env` can not be read: No such file or directory\n"
              "    1 | services: {a: {image: i, env_file: [{path: x.env}]}}\n"
              "      |                                            ^~~~~\n");
}

TEST(ContainerKeys, ports_in_every_short_form) {
    const auto ports = [](const std::string& text) { return shown(container("ports: [" + text + "]").ports); };
    EXPECT_EQ(ports("80"), "|0|80/tcp ");
    EXPECT_EQ(ports("\"80-82\""), "|0|80/tcp |0|81/tcp |0|82/tcp ");
    EXPECT_EQ(ports("\"8080:80\""), "|8080|80/tcp ");
    EXPECT_EQ(ports("\"8080-8081:80-81/udp\""), "|8080|80/udp |8081|81/udp ");
    EXPECT_EQ(ports("\"8000-8010:80\""), "|8000-8010|80/tcp ");
    EXPECT_EQ(ports("\"127.0.0.1:8080:80\""), "127.0.0.1|8080|80/tcp ");
    EXPECT_EQ(ports("\"127.0.0.1::80\""), "127.0.0.1|0|80/tcp ");
    EXPECT_EQ(ports("\"127.0.0.1:8080-8081:80-81\""), "127.0.0.1|8080|80/tcp 127.0.0.1|8081|81/tcp ");
    EXPECT_EQ(ports("\"[::1]:8080:80/SCTP\""), "::1|8080|80/sctp ");
    EXPECT_EQ(ports("\"::1:8080:80\""), "::1|8080|80/tcp ");
    EXPECT_EQ(ports("\":80\", \"0:81\""), "|0|80/tcp |0|81/tcp ");
}

TEST(ContainerKeys, ports_in_the_long_form) {
    const auto ports = [](const std::string& text) { return shown(container("ports: [{" + text + "}]").ports); };
    EXPECT_EQ(ports("target: 80"), "|0|80/tcp ");
    EXPECT_EQ(ports("target: \"80\", published: 8080, mode: host"), "|8080|80/tcp ");
    EXPECT_EQ(ports("target: 80, published: \"8000-8010\", protocol: udp, host_ip: 127.0.0.1, mode: ingress"),
              "127.0.0.1|8000-8010|80/udp ");
}

TEST(ContainerKeys, expose) {
    EXPECT_EQ(container("expose: [80, \"90-91\", \"53/udp\"]").expose, (Words{"80/tcp", "90/tcp", "91/tcp", "53/udp"}));
}

TEST(ContainerKeys, volumes_in_every_short_form) {
    const auto mounts = [](const std::string& text, const std::string& top = "") {
        return shown(container("volumes: [\"" + text + "\"]", top).mounts);
    };
    EXPECT_EQ(mounts("/data"), "volume  /data\n");
    EXPECT_EQ(mounts("data:/data"), "volume data /data\n");
    EXPECT_EQ(mounts("data:/data/../x/"), "volume data /x\n");
    EXPECT_EQ(mounts("data:/data:ro,nocopy,z"), "volume data /data ro nocopy\n");
    EXPECT_EQ(mounts("/srv:/data:rw"), "bind /srv /data\n");
    EXPECT_EQ(mounts("./conf/:/etc:ro,Z,cached"), "bind /p/conf /etc ro Z\n");
    EXPECT_EQ(mounts("../x:/x:rshared,z,delegated"), "bind /x /x rshared z\n");
    EXPECT_EQ(mounts(".:/x"), "bind /p /x\n");
    EXPECT_EQ(mounts("~:/x"), "bind /home/me /x\n");
    EXPECT_EQ(mounts("~/.ssh:/x:consistent"), "bind /home/me/.ssh /x\n");
}

TEST(ContainerKeys, volumes_in_the_long_form) {
    const auto mounts = [](const std::string& text) { return shown(container("volumes: [{" + text + "}]").mounts); };
    EXPECT_EQ(mounts("type: volume, target: /x"), "volume  /x\n");
    EXPECT_EQ(mounts("type: volume, source: v, target: /x, read_only: true, volume: {nocopy: true}"),
              "volume v /x ro nocopy\n");
    EXPECT_EQ(mounts("type: bind, source: ./s, target: /x"), "bind /p/s /x\n");
    EXPECT_EQ(mounts("type: bind, source: s, target: /x, bind: {propagation: slave, create_host_path: false}"),
              "bind /p/s /x must-exist slave\n");
    EXPECT_EQ(mounts("type: bind, source: s, target: /x, bind: {create_host_path: true, selinux: z}"),
              "bind /p/s /x z\n");
    EXPECT_EQ(mounts("type: tmpfs, target: /x, tmpfs: {size: 1024, mode: 1777}"), "tmpfs  /x size=1024 mode=1023\n");
}

TEST(ContainerKeys, tmpfs) {
    EXPECT_EQ(shown(container("tmpfs: /run").mounts), "tmpfs  /run\n");
    EXPECT_EQ(shown(container("tmpfs: [\"/tmp:size=64m,mode=0700,noexec\", \"/run:ro\"]").mounts),
              "tmpfs  /run ro\ntmpfs  /tmp size=67108864 mode=448\n");
}

TEST(ContainerKeys, volumes_have_the_names_that_compose_gives_them) {
    const auto volume = [](const std::string& top) {
        return shown(container("volumes: [\"v:/v\"]", "name: shop\n" + top).mounts);
    };
    EXPECT_EQ(volume(""), "volume v /v\n");
    EXPECT_EQ(volume("volumes: {v: }\n"), "volume shop_v /v\n");
    EXPECT_EQ(volume("volumes: {v: {}}\n"), "volume shop_v /v\n");
    EXPECT_EQ(volume("volumes: {v: {name: x}}\n"), "volume x /v\n");
    EXPECT_EQ(volume("volumes: {v: {external: true}}\n"), "volume v /v external\n");
    EXPECT_EQ(volume("volumes: {v: {external: true, name: x}}\n"), "volume x /v external\n");
}

TEST(ContainerKeys, networks_have_the_names_that_compose_gives_them) {
    const auto network = [](const std::string& top, const std::string& keys = "networks: [n]") {
        const auto spec = container(keys, "name: shop\n" + top);
        std::string text;
        for (const auto& one : spec.networks) text += one.name + (one.external ? "! " : " ");
        return text;
    };
    EXPECT_EQ(network(""), "n ");
    EXPECT_EQ(network("networks: {n: }\n"), "shop_n ");
    EXPECT_EQ(network("networks: {n: {name: x}}\n"), "x ");
    EXPECT_EQ(network("networks: {n: {external: true}}\n"), "n! ");
    EXPECT_EQ(network("networks: {n: {external: true, name: x}}\n"), "x! ");
    EXPECT_EQ(network("", "networks: [default]"), "shop_default ");
    EXPECT_EQ(network("networks: {default: {name: x, external: true}}\n", "tty: true"), "x! ");
}

TEST(ContainerKeys, networks_in_both_forms) {
    const auto list = container("networks: [front, back]").networks;
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].name, "back");
    const auto map = container(R"(networks: {front: , bridge: {}, back: {aliases: [db, x], ipv4_address: 10.5.0.9,
        ipv6_address: "fd00::9", link_local_ips: [169.254.8.8], mac_address: "02:42:ac:11:00:03", priority: 7,
        driver_opts: {mtu: 1400}}})",
                               "networks: {back: {external: true}}\n")
                         .networks;
    ASSERT_EQ(map.size(), 3U);
    EXPECT_EQ(map[0].name, "back") << "the highest priority first";
    EXPECT_EQ(map[0].aliases, (Words{"db", "x"}));
    EXPECT_EQ(map[0].ipv4_address, "10.5.0.9");
    EXPECT_EQ(map[0].ipv6_address, "fd00::9");
    EXPECT_EQ(map[0].link_local_ips, Words{"169.254.8.8"});
    EXPECT_EQ(map[0].mac_address, "02:42:ac:11:00:03");
    EXPECT_EQ(map[0].priority, 7);
    EXPECT_EQ(map[0].driver_opts, (Variables{{"mtu", "1400"}}));
    EXPECT_EQ(map[1].name, "bridge");
    EXPECT_EQ(map[2].name, "front");
}

TEST(ContainerKeys, network_mode_takes_the_place_of_networks) {
    for (const auto* mode : {"host", "none", "bridge", "container:other"}) {
        const auto spec = container("network_mode: \"" + std::string{mode} + "\"");
        EXPECT_EQ(spec.network_mode, mode);
        EXPECT_TRUE(spec.networks.empty());
    }
    EXPECT_EQ(container("network_mode: \"\"").networks.size(), 1U);
}

TEST(ContainerKeys, a_shared_namespace_is_a_dependency_that_restarts) {
    const auto policy = good(R"(services:
  vpn: {image: i}
  net: {image: i, network_mode: "service:vpn"}
  ipc: {image: i, ipc: "service:vpn"}
  pid: {image: i, pid: "service:vpn", network_mode: "service:vpn"}
  explicit: {image: i, network_mode: "service:vpn", depends_on: {vpn: {condition: service_healthy}}}
  refused: {image: i, network_mode: "service:vpn", depends_on: {vpn: {restart: false}}}
  adopted: {container: c}
  with_adopted: {image: i, network_mode: "service:adopted"}
)");
    EXPECT_EQ(policy.targets[1].container->network_mode, "service:vpn");
    EXPECT_EQ(policy.targets[2].container->ipc, "service:vpn");
    EXPECT_EQ(policy.targets[3].container->pid, "service:vpn");
    for (std::size_t i = 1; i <= 5; ++i) {
        ASSERT_EQ(policy.services[i].depends_on.size(), 1U) << i;
        EXPECT_EQ(policy.services[i].depends_on[0].service, 0U) << i;
        EXPECT_EQ(policy.services[i].depends_on[0].restart, i != 5) << i;
        EXPECT_TRUE(policy.services[i].depends_on[0].required) << i;
    }
    EXPECT_EQ(policy.services[1].depends_on[0].condition, DependencyCondition::service_started);
    EXPECT_EQ(policy.services[1].depends_on[0].origin.line, 3U);
    EXPECT_EQ(policy.services[4].depends_on[0].condition, DependencyCondition::service_healthy);
    EXPECT_EQ(policy.services[7].depends_on.at(0).service, 6U);
}

TEST(ContainerKeys, names_of_hosts) {
    const auto hosts = [](const std::string& text) { return container("extra_hosts: " + text).extra_hosts; };
    EXPECT_EQ(hosts("[\"b:10.0.0.2\", \"a=10.0.0.1\"]"), (Words{"a:10.0.0.1", "b:10.0.0.2"}));
    EXPECT_EQ(hosts("[\"a=::1\", \"b=[::2]\", \"c:::3\"]"), (Words{"a:::1", "b:::2", "c:::3"}));
    EXPECT_EQ(hosts("[\"a=10.0.0.1,10.0.0.2\"]"), (Words{"a:10.0.0.1", "a:10.0.0.2"}));
    EXPECT_EQ(hosts("{host.docker.internal: host-gateway, b: [10.0.0.1, \"::1\"]}"),
              (Words{"b:10.0.0.1", "b:::1", "host.docker.internal:host-gateway"}));
    const auto spec = container(
        "hostname: box, domainname: example.org, mac_address: \"02:42:ac:11:00:02\", dns: [10.0.0.53, \"fd00::53\"], "
        "dns_search: example.org, dns_opt: [\"ndots:1\"]");
    EXPECT_EQ(spec.hostname, "box");
    EXPECT_EQ(spec.domainname, "example.org");
    EXPECT_EQ(spec.mac_address, "02:42:ac:11:00:02");
    EXPECT_EQ(spec.dns, (Words{"10.0.0.53", "fd00::53"}));
    EXPECT_EQ(spec.dns_search, Words{"example.org"});
    EXPECT_EQ(spec.dns_opt, Words{"ndots:1"});
    EXPECT_EQ(container("dns: 10.0.0.53").dns, Words{"10.0.0.53"});
    EXPECT_EQ(container("dns_search: [a.org, b.org]").dns_search, (Words{"a.org", "b.org"}));
}

TEST(ContainerKeys, labels_in_both_forms) {
    EXPECT_EQ(container("labels: {b: 2, a: , c: true}").labels, (Variables{{"a", ""}, {"b", "2"}, {"c", "true"}}));
    EXPECT_EQ(container("labels: [b=2, a, \"c=x=y\"]").labels, (Variables{{"a", ""}, {"b", "2"}, {"c", "x=y"}}));
}

TEST(ContainerKeys, what_it_may_use) {
    const auto spec = container(
        "mem_limit: 64m, memswap_limit: 1G, mem_reservation: 32MB, cpus: 0.5, cpu_shares: 512, cpuset: \"0-1,3\", "
        "pids_limit: 100, oom_score_adj: -500, oom_kill_disable: true, shm_size: 65536k");
    constexpr std::int64_t mb = 1024 * 1024;
    EXPECT_EQ(spec.memory, 64 * mb);
    EXPECT_EQ(spec.memory_swap, 1024 * mb);
    EXPECT_EQ(spec.memory_reservation, 32 * mb);
    EXPECT_EQ(spec.nano_cpus, 500'000'000);
    EXPECT_EQ(spec.cpu_shares, 512);
    EXPECT_EQ(spec.cpuset, "0-1,3");
    EXPECT_EQ(spec.pids_limit, 100);
    EXPECT_EQ(spec.oom_score_adj, -500);
    EXPECT_TRUE(spec.oom_kill_disable);
    EXPECT_EQ(spec.shm_size, 64 * mb);
    EXPECT_EQ(container("mem_limit: 8388608b, memswap_limit: -1").memory_swap, -1);
    EXPECT_EQ(container("mem_limit: 8388608").memory, 8 * mb);
    EXPECT_EQ(container("cpus: \"1.25\", pids_limit: -1").nano_cpus, 1'250'000'000);
}

TEST(ContainerKeys, swarms_resources_are_the_same_limits) {
    const auto spec = container(
        "deploy: {resources: {limits: {cpus: \"0.25\", memory: 50M, pids: 7}, reservations: {memory: 20M}}}, "
        "mem_limit: 50m");
    EXPECT_EQ(spec.nano_cpus, 250'000'000);
    EXPECT_EQ(spec.memory, 50 * 1024 * 1024);
    EXPECT_EQ(spec.pids_limit, 7);
    EXPECT_EQ(spec.memory_reservation, 20 * 1024 * 1024);
}

TEST(ContainerKeys, ulimits_in_both_forms) {
    const auto limits = container("ulimits: {nproc: 100, nofile: {soft: 1024, hard: \"2048\"}, core: -1}").ulimits;
    ASSERT_EQ(limits.size(), 3U);
    EXPECT_EQ(limits[0].name, "core");
    EXPECT_EQ(limits[0].hard, -1);
    EXPECT_EQ(limits[1].soft, 1024);
    EXPECT_EQ(limits[1].hard, 2048);
    EXPECT_EQ(limits[2].soft, 100);
    EXPECT_EQ(limits[2].hard, 100);
}

TEST(ContainerKeys, what_it_may_do) {
    const auto spec = container(
        "read_only: true, privileged: true, tty: true, stdin_open: true, init: false, cap_add: [NET_ADMIN], "
        "cap_drop: [ALL], group_add: [video, 44], sysctls: [net.core.somaxconn=1024], runtime: runsc, "
        "cgroup_parent: x.slice, userns_mode: host, uts: host, pid: host, ipc: private, platform: linux/arm64, "
        "user: \"1000:1000\"");
    EXPECT_TRUE(spec.read_only && spec.privileged && spec.tty && spec.stdin_open);
    EXPECT_EQ(spec.init, false);
    EXPECT_EQ(spec.cap_add, Words{"NET_ADMIN"});
    EXPECT_EQ(spec.cap_drop, Words{"ALL"});
    EXPECT_EQ(spec.group_add, (Words{"video", "44"}));
    EXPECT_EQ(spec.sysctls, (Variables{{"net.core.somaxconn", "1024"}}));
    EXPECT_EQ(spec.runtime, "runsc");
    EXPECT_EQ(spec.cgroup_parent, "x.slice");
    EXPECT_EQ(spec.userns_mode, "host");
    EXPECT_EQ(spec.uts, "host");
    EXPECT_EQ(spec.pid, "host");
    EXPECT_EQ(spec.ipc, "private");
    EXPECT_EQ(spec.platform, "linux/arm64");
    EXPECT_EQ(spec.user, "1000:1000");
    EXPECT_EQ(container("sysctls: {net.core.somaxconn: 1024}").sysctls, (Variables{{"net.core.somaxconn", "1024"}}));
}

TEST(ContainerKeys, devices_in_both_forms) {
    const auto devices = container(
                             "devices: [/dev/a, \"/dev/b:/dev/c\", \"/dev/d:/dev/e:r\", {source: /dev/f}, "
                             "{source: /dev/g, target: /dev/h, permissions: rw}]")
                             .devices;
    std::string text;
    for (const auto& device : devices) text += device.host + ":" + device.container + ":" + device.permissions + " ";
    EXPECT_EQ(text, "/dev/a:/dev/a:rwm /dev/b:/dev/c:rwm /dev/d:/dev/e:r /dev/f:/dev/f:rwm /dev/g:/dev/h:rw ");
}

TEST(ContainerKeys, security_opt_reads_the_profile_for_the_engine) {
    EXPECT_EQ(container("security_opt: [no-new-privileges, \"label:disable\", apparmor=unconfined, "
                        "\"seccomp:unconfined\"]")
                  .security_opt,
              (Words{"no-new-privileges", "label=disable", "apparmor=unconfined", "seccomp=unconfined"}));
    const Memory memory{{{"/p/policy.yaml", "services: {a: {image: i, security_opt: [seccomp=./profile.json]}}"},
                         {"/p/profile.json", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}"}},
                        {}};
    EXPECT_EQ(memory.load({"policy.yaml"}).policy->targets[0].container->security_opt,
              Words{"seccomp={\"defaultAction\": \"SCMP_ACT_ALLOW\"}"});
}

TEST(ContainerKeys, logging_pulling_and_stopping) {
    const auto spec = container("logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}");
    EXPECT_EQ(spec.logging.driver, "json-file");
    EXPECT_EQ(spec.logging.options, (Variables{{"max-file", "3"}, {"max-size", "10m"}}));
    EXPECT_EQ(container("pull_policy: if_not_present").pull_policy, PullPolicy::missing);
    EXPECT_EQ(container("pull_policy: always").pull_policy, PullPolicy::always);
    EXPECT_EQ(container("pull_policy: never").pull_policy, PullPolicy::none);
    EXPECT_EQ(container("stop_signal: SIGQUIT").stop_signal, "SIGQUIT");
    EXPECT_EQ(container("stop_signal: 3").stop_signal, "SIGQUIT");
    EXPECT_EQ(container("stop_signal: RTMIN+3").stop_signal, "37");
    EXPECT_EQ(container("container_name: the-one").name, "the-one");
}

TEST(ContainerKeys, restart_is_keepwells_own) {
    const auto policy = good("services: {a: {image: i, restart: \"on-failure:3\", stop_grace_period: 1m}}");
    EXPECT_EQ(policy.services[0].restart.condition, RestartCondition::on_failure);
    EXPECT_EQ(policy.services[0].restart.max_attempts, 3U);
    EXPECT_EQ(policy.services[0].stop_grace_period, 1min);
}

TEST(ContainerKeys, ranges_and_addresses_of_their_own_let_replicas_be) {
    const auto policy = good(R"(services:
  a:
    image: i
    ports: ["8000-8010:80", 90]
    networks: {n: {ipv4_address: "10.0.0.1{{.Task.Slot}}"}}
    deploy: {replicas: 2, update_config: {order: stop-first}}
  b: {image: i, ports: ["127.0.0.1:8080:80", "127.0.0.2:8080:80", "8080:80/udp"]}
networks: {n: {external: true}}
)");
    EXPECT_EQ(policy.targets[1].container->networks[0].ipv4_address, "10.0.0.12");
}

// ---- versions ---------------------------------------------------------------------------------------------------

std::string container_version(const std::string& keys) {
    return good("name: shop\nservices: {a: {image: i, " + keys + "}}").services[0].container_version;
}

TEST(ContainerVersions, are_of_what_makes_the_container) {
    const auto version = container_version("environment: {A: 1}");
    EXPECT_EQ(version.size(), 16U);
    EXPECT_NE(version, container_version("environment: {A: 2}"));
    EXPECT_NE(version, container_version("environment: {A: 1}, mem_limit: 1g"));
    for (const auto* rule :
         {"restart: no", "healthcheck: {tcp: \"{{.Container.IP}}:1\"}", "on_unhealthy: [restart]",
          "stop_grace_period: 3s", "pull_policy: always", "deploy: {replicas: 3}", "deploy: {replicas: 1}",
          "deploy: {update_config: {delay: 1s}}", "dry_run: true", "depends_on: []", "quarantine: {first: 1m}"}) {
        EXPECT_EQ(version, container_version(std::string{"environment: {A: 1}, "} + rule)) << rule;
    }
}

TEST(ContainerVersions, do_not_depend_on_the_order_of_writing) {
    EXPECT_EQ(
        container_version("ports: [\"80:80\", \"81:81\"], volumes: [\"a:/a\", \"b:/b\"], tmpfs: [/x], "
                          "networks: [n, m], labels: {a: 1, b: 2}, extra_hosts: [\"a=10.0.0.1\", \"b=10.0.0.2\"]"),
        container_version("extra_hosts: {b: 10.0.0.2, a: 10.0.0.1}, labels: [b=2, a=1], networks: {m: , n: }, "
                          "tmpfs: /x, volumes: [\"b:/b\", \"a:/a\"], ports: [\"80-81:80-81\"]"));
}

TEST(ContainerVersions, the_entrys_version_covers_the_container_and_its_rules) {
    const auto version = [](const std::string& keys) {
        return good("services: {a: {image: i, " + keys + "}}").services[0].version;
    };
    EXPECT_NE(version("tty: true"), version("tty: false"));
    EXPECT_NE(version("pull_policy: always"), version("pull_policy: never"));
    EXPECT_NE(version("on_unhealthy: [replace]"), version("on_unhealthy: [{replace: {order: stop-first}}]"));
    const auto adopted = [](const std::string& container) {
        return good("services: {a: {container: " + container + "}}").services[0];
    };
    EXPECT_NE(adopted("c").version, adopted("d").version);
    EXPECT_NE(adopted("{label: a}").version, adopted("{label: b}").version);
    EXPECT_EQ(adopted("{label: [a, b]}").version, adopted("{label: {b: , a: }}").version);
    EXPECT_EQ(adopted("c").container_version, "");
}

}  // namespace
}  // namespace keepwell::policy
