// Adopting by labels: what each one becomes, who wins over whom, and what is said of a label that is wrong.
#include <gtest/gtest.h>

#include "policy/canonical/canonical.hpp"
#include "policy/labels.hpp"
#include "policy/memory_environment.hpp"
#include "support/folder.hpp"

namespace keepwell::policy {
namespace {

using Words = std::vector<std::string>;

LabelledService good(const Labels& labels, const LabelOptions& options = {}) {
    const auto read = read_labels("web", labels, options);
    EXPECT_TRUE(read) << read.error();
    if (!read) return {};
    EXPECT_TRUE(*read) << "nobody asked for it";
    return read->value_or(LabelledService{});
}

bool asked(const Labels& labels, const LabelOptions& options = {}) {
    const auto read = read_labels("web", labels, options);
    EXPECT_TRUE(read) << read.error();
    return read && *read;
}

std::string refusal(const Labels& labels, const LabelOptions& options = {}) {
    const auto read = read_labels("web", labels, options);
    return read ? (*read ? (*read)->entry : "nobody asked for it") : read.error();
}

/// "redis|shop/redis healthy restart", for each dependency.
Words dependencies(const LabelledService& labelled) {
    Words result;
    for (const auto& one : labelled.depends_on) {
        std::string text;
        for (const auto& name : one.names) text += (text.empty() ? "" : "|") + name;
        text += one.rules.condition == DependencyCondition::service_started   ? " started"
                : one.rules.condition == DependencyCondition::service_healthy ? " healthy"
                                                                              : " completed";
        result.push_back(text + (one.rules.restart ? " restart" : ""));
    }
    return result;
}

/// The policy whose entries labels may name.
LabelOptions beside(const Memory& memory) {
    const auto loaded = memory.load({"etc/policy.yaml"});
    EXPECT_EQ(rendered(loaded), "");
    LabelOptions options;
    options.named = loaded.named;
    return options;
}

LabelOptions beside(const std::string& policy) { return beside(Memory{{{"/p/etc/policy.yaml", policy}}, {}}); }

// ---- who asks -----------------------------------------------------------------------------------------------------

TEST(LabelsAsk, of_autoheal_heals_as_autoheal_does) {
    const auto web = good({{"autoheal", "true"}});
    EXPECT_EQ(web.service.name, "web");
    EXPECT_EQ(web.target.name, "web");
    EXPECT_EQ(web.target.kind, TargetKind::adopted);
    EXPECT_EQ(web.target.selector.name, "web");
    EXPECT_TRUE(web.service.engine_health);
    EXPECT_FALSE(web.service.healthcheck);
    EXPECT_FALSE(web.target.probe);
    ASSERT_EQ(web.service.on_unhealthy.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<RestartRung>(web.service.on_unhealthy[0].action));
    EXPECT_EQ(web.target.hooks.size(), 1U);
    EXPECT_EQ(web.service.restart.condition, RestartCondition::none) << "ends are not its business";
    EXPECT_EQ(web.service.restart.delay, 0s);
    EXPECT_FALSE(web.service.origin.written());
    EXPECT_FALSE(web.service.restart.origin.written());
    EXPECT_EQ(web.service.version.size(), 16U);
    EXPECT_EQ(web.notes, Words{});
    EXPECT_EQ(web.entry, R"({"web": {"container": "web", "on_unhealthy": ["restart"], )"
                         R"("deploy": {"restart_policy": {"condition": "none", "delay": "0s"}}}})");
}

TEST(LabelsAsk, nobody_asks_without_a_label) {
    EXPECT_FALSE(asked({}));
    EXPECT_FALSE(asked({{"com.docker.compose.project", "shop"}, {"maintainer", "x"}, {"keepwellness", "1"}}));
    EXPECT_FALSE(asked({{"autoheal", "false"}}));
    EXPECT_FALSE(asked({{"autoheal", "maybe"}}));
    EXPECT_FALSE(asked({{"deunhealth.restart.on.unhealthy", "false"}}));
    EXPECT_FALSE(asked({{"autoheal.stop.timeout", "20"}}));
    EXPECT_FALSE(asked({{"keepwell.enable", "false"}, {"autoheal", "true"}}));
}

TEST(LabelsAsk, in_any_writing_of_a_boolean) {
    for (const auto* yes : {"true", "True", "TRUE", "yes", "1", "on"}) EXPECT_TRUE(asked({{"autoheal", yes}})) << yes;
    for (const auto* no : {"false", "False", "FALSE", "no", "0", "off"}) EXPECT_FALSE(asked({{"autoheal", no}})) << no;
    EXPECT_TRUE(asked({{"deunhealth.restart.on.unhealthy", "True"}}));
    EXPECT_TRUE(asked({{"autoheal.monitor.enable", "TRUE"}}));
    EXPECT_TRUE(asked({{"keepwell.enable", "Yes"}}));
}

TEST(LabelsAsk, to_be_left_alone_in_any_writing_of_no) {
    for (const auto* no : {"false", "False", "no", "No", "NO", "Off", "OFF", "0"}) {
        EXPECT_TRUE(opts_out({{"keepwell.enable", no}})) << no;
    }
    for (const auto* other : {"true", "Yes", "1", "", "perhaps"}) {
        EXPECT_FALSE(opts_out({{"keepwell.enable", other}})) << other;
    }
    EXPECT_FALSE(opts_out({{"autoheal", "false"}}));
}

TEST(LabelsAsk, by_another_name_or_all_of_them) {
    LabelOptions renamed;
    renamed.autoheal_label = "heal.me";
    EXPECT_TRUE(asked({{"heal.me", "true"}}, renamed));
    EXPECT_FALSE(asked({{"autoheal", "true"}}, renamed));
    renamed.autoheal_label = "";
    EXPECT_TRUE(asked({{"autoheal", "true"}}, renamed)) << "autoheal's own reading of an empty variable";
    LabelOptions all;
    all.autoheal_label = "all";
    EXPECT_TRUE(asked({}, all));
    EXPECT_FALSE(asked({{"autoheal", "False"}}, all));
    EXPECT_FALSE(asked({{"autoheal.monitor.enable", "false"}}, all));
    EXPECT_FALSE(asked({{"keepwell.enable", "0"}}, all));
    EXPECT_TRUE(asked({{"autoheal", "False"}, {"keepwell.enable", "true"}}, all));
}

TEST(LabelsAsk, a_no_of_one_tool_is_heard_beside_a_yes_of_another) {
    EXPECT_FALSE(asked({{"autoheal", "true"}, {"autoheal.monitor.enable", "false"}}));
    EXPECT_FALSE(asked({{"autoheal", "false"}, {"deunhealth.restart.on.unhealthy", "true"}}));
}

TEST(LabelsAsk, any_label_of_ours_asks) {
    EXPECT_TRUE(asked({{"keepwell.probe.tcp", "{{.Container.IP}}:80"}}));
    EXPECT_EQ(good({{"keepwell.verify", "40s"}, {"autoheal", "false"}}).notes,
              Words{"`keepwell.verify` wins over `autoheal`"});
}

// ---- what each label becomes --------------------------------------------------------------------------------------

TEST(LabelsOfOthers, become_rules) {
    EXPECT_EQ(good({{"autoheal", "true"}, {"autoheal.stop.timeout", "20"}}).service.stop_grace_period, 20s);
    const auto watched = good({{"autoheal.monitor.enable", "true"}, {"autoheal.restart.enable", "False"}});
    ASSERT_EQ(watched.service.on_unhealthy.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<NotifyRung>(watched.service.on_unhealthy[0].action));
    EXPECT_EQ(good({{"autoheal", "true"}, {"com.centurylinklabs.watchtower.stop-signal", "SIGHUP"}}).notes,
              Words{"`com.centurylinklabs.watchtower.stop-signal` has no effect: the container has a signal of its "
                    "own"});
    EXPECT_EQ(good({{"deunhealth.restart.on.unhealthy", "true"}, {"autoheal.restart.enable", "si"}}).notes,
              Words{"`autoheal.restart.enable` is neither true nor false, and has no effect"});
}

TEST(LabelsOfOthers, name_dependencies) {
    const auto by_watchtower =
        good({{"autoheal", "true"}, {"com.centurylinklabs.watchtower.depends-on", "/db, cache,"}});
    EXPECT_EQ(by_watchtower.names, Words{"web"});
    EXPECT_EQ(dependencies(by_watchtower), (Words{"db started restart", "cache started restart"}));

    const auto by_compose =
        good({{"autoheal", "true"},
              {"com.docker.compose.project", "shop"},
              {"com.docker.compose.service", "site"},
              {"com.docker.compose.depends_on", "db:service_healthy:true,redis:service_started:false,odd:service_x"}});
    EXPECT_EQ(by_compose.names, (Words{"web", "shop/site"}));
    EXPECT_EQ(dependencies(by_compose), (Words{"shop/db healthy restart", "shop/redis started", "shop/odd started"}));
}

TEST(LabelsOfOurs, become_rules) {
    const auto web = good({{"keepwell.on-unhealthy", "restart, replace,notify,stop"},
                           {"keepwell.verify", "45s"},
                           {"keepwell.stop-timeout", "1m30s"},
                           {"keepwell.dry-run", "1"},
                           {"keepwell.restart", "on-failure"},
                           {"keepwell.restart.delay", "2s"},
                           {"keepwell.restart.max-attempts", "7"},
                           {"keepwell.restart.window", "10m"},
                           {"keepwell.backoff.factor", "3"},
                           {"keepwell.backoff.max", "2m"},
                           {"keepwell.backoff.reset-after", "20s"},
                           {"keepwell.quarantine.first", "5m"},
                           {"keepwell.quarantine.max", "1h"}});
    const auto& spec = web.service;
    ASSERT_EQ(spec.on_unhealthy.size(), 4U);
    EXPECT_TRUE(std::holds_alternative<ReplaceRung>(spec.on_unhealthy[1].action));
    EXPECT_TRUE(std::holds_alternative<StopRung>(spec.on_unhealthy[3].action));
    EXPECT_FALSE(spec.on_unhealthy[0].origin.written());
    EXPECT_EQ(spec.verify, 45s);
    EXPECT_EQ(spec.stop_grace_period, 90s);
    EXPECT_TRUE(spec.dry_run);
    EXPECT_EQ(spec.restart.condition, RestartCondition::on_failure);
    EXPECT_EQ(spec.restart.delay, 2s);
    EXPECT_EQ(spec.restart.max_attempts, 7U);
    EXPECT_EQ(spec.restart.window, 10min);
    EXPECT_EQ(spec.restart.backoff->factor, 3.0);
    EXPECT_EQ(spec.restart.backoff->max, 2min);
    EXPECT_EQ(spec.restart.backoff->reset_after, 20s);
    EXPECT_EQ(spec.quarantine.first, 5min);
    EXPECT_EQ(spec.quarantine.max, 1h);
}

TEST(LabelsOfOurs, ends_that_are_to_be_followed_by_a_start_wait_as_in_a_policy) {
    EXPECT_EQ(good({{"keepwell.restart", "any"}}).service.restart.delay, 5s);
    EXPECT_EQ(good({{"keepwell.enable", "true"}}).service.restart.delay, 0s);
}

TEST(LabelsOfOurs, none_is_a_ladder_without_rungs) {
    EXPECT_TRUE(good({{"keepwell.on-unhealthy", "none"}}).service.on_unhealthy.empty());
}

TEST(LabelsOfOurs, probes) {
    const auto http = good({{"keepwell.probe.http", "http://{{ .Container.IP }}:8080/health"},
                            {"keepwell.probe.interval", "2s"},
                            {"keepwell.probe.timeout", "1s"},
                            {"keepwell.probe.retries", "5"},
                            {"keepwell.probe.start-period", "20s"},
                            {"keepwell.probe.start-interval", "500ms"}});
    EXPECT_FALSE(http.service.engine_health);
    EXPECT_EQ(std::get<HttpProbe>(*http.target.probe).url, "http://{{.Container.IP}}:8080/health");
    EXPECT_EQ(http.service.healthcheck->interval, 2s);
    EXPECT_EQ(http.service.healthcheck->timeout, 1s);
    EXPECT_EQ(http.service.healthcheck->retries, 5U);
    EXPECT_EQ(http.service.healthcheck->start_period, 20s);
    EXPECT_EQ(http.service.healthcheck->start_interval, 500ms);
    EXPECT_FALSE(http.service.healthcheck->origin.written());

    const auto tcp = good({{"keepwell.probe.tcp", "127.0.0.1:6379"}});
    EXPECT_EQ(std::get<TcpProbe>(*tcp.target.probe).port, 6379);
    const auto test_of = [](const std::string& value) {
        return std::get<ExecProbe>(*good({{"keepwell.probe.test", value}}).target.probe).command;
    };
    EXPECT_EQ(test_of("test -n \"$HOME\""), (Words{"/bin/sh", "-c", "test -n \"$HOME\""}));
    EXPECT_EQ(test_of(R"(["CMD", "/bin/app", "--ping"])"), (Words{"/bin/app", "--ping"}));
}

TEST(LabelsOfOurs, name_dependencies) {
    const auto web = good({{"keepwell.depends-on", "vpn:restart, db:service_healthy, cache:service_started:true,web"},
                           {"com.docker.compose.project", "shop"},
                           {"com.docker.compose.service", "web"}});
    EXPECT_EQ(dependencies(web),
              (Words{"vpn|shop/vpn started restart", "db|shop/db healthy", "cache|shop/cache started restart"}));
    EXPECT_FALSE(web.depends_on[0].rules.origin.written());
}

// ---- who wins -----------------------------------------------------------------------------------------------------

TEST(LabelsConflict, ours_win_over_those_of_others) {
    const auto web = good({{"autoheal", "true"},
                           {"autoheal.stop.timeout", "20"},
                           {"autoheal.restart.enable", "false"},
                           {"com.docker.compose.depends_on", "db:service_started:false"},
                           {"keepwell.stop-timeout", "30s"},
                           {"keepwell.on-unhealthy", "replace"},
                           {"keepwell.depends-on", "vpn"}});
    EXPECT_EQ(web.service.stop_grace_period, 30s);
    EXPECT_TRUE(std::holds_alternative<ReplaceRung>(web.service.on_unhealthy.at(0).action));
    EXPECT_EQ(dependencies(web), Words{"vpn started"});
    EXPECT_EQ(web.notes, (Words{"`keepwell.stop-timeout` wins over `autoheal.stop.timeout`",
                                "`keepwell.on-unhealthy` wins over `autoheal.restart.enable`",
                                "`keepwell.depends-on` wins over `com.docker.compose.depends_on`"}));
}

constexpr auto rules = R"(defaults: {environment: {A: 1}, output: {keep: 1}, verify: 50s}
services:
  db: {container: db}
  web-rules:
    container: {label: keepwell.policy=web-rules}
    healthcheck: {http: "http://{{.Container.IP}}/", interval: 3s}
    on_unhealthy: [{run: ./look}, replace]
    stop_grace_period: 15s
    depends_on: [db]
    maintenance: [{from: "1:00", to: "2:00"}]
  process: {command: run}
)";

TEST(LabelsConflict, an_entry_of_a_policy_lies_between_them) {
    const auto options = beside(rules);
    const auto web = good({{"keepwell.policy", "web-rules"},
                           {"autoheal.stop.timeout", "20"},
                           {"keepwell.probe.tcp", "{{.Container.IP}}:80"}},
                          options);
    EXPECT_EQ(web.service.name, "web");
    EXPECT_EQ(web.target.selector.name, "web");
    EXPECT_TRUE(web.target.selector.labels.empty());
    EXPECT_EQ(web.service.stop_grace_period, 15s);
    EXPECT_EQ(web.service.verify, 50s) << "of the policy's defaults";
    EXPECT_TRUE(std::holds_alternative<TcpProbe>(*web.target.probe)) << "the label is ours";
    EXPECT_EQ(web.service.healthcheck->interval, 3s);
    ASSERT_EQ(web.service.on_unhealthy.size(), 2U);
    EXPECT_EQ(web.service.on_unhealthy[0].origin.line, 7U);
    EXPECT_EQ(web.service.on_unhealthy[0].origin.file, 0U);
    EXPECT_EQ(web.target.hooks[0].command, Words{"./look"});
    EXPECT_EQ(web.target.process.working_dir, "/p/etc") << "paths start where the policy is";
    EXPECT_EQ(web.service.origin.line, 5U);
    EXPECT_EQ(web.service.restart.condition, RestartCondition::any) << "a policy's default, not that of labels";
    EXPECT_EQ(dependencies(web), Words{"db started"});
    EXPECT_EQ(web.maintenance.size(), 1U);
    EXPECT_EQ(web.notes, Words{"the policy's `web-rules` wins over `autoheal.stop.timeout`"});
}

TEST(LabelsConflict, an_entry_that_is_not_there_is_a_mistake) {
    EXPECT_EQ(refusal({{"keepwell.policy", "web"}}),
              "container `web`: label `keepwell.policy`: no policy is given that could have `web`");
    EXPECT_EQ(refusal({{"keepwell.policy", "web-rule"}}, beside(rules)),
              "container `web`: label `keepwell.policy`: no entry with `container` in the policy is called `web-rule`; "
              "did you mean `web-rules`?");
    EXPECT_EQ(refusal({{"keepwell.policy", "process"}}, beside(rules)),
              "container `web`: label `keepwell.policy`: no entry with `container` in the policy is called `process`");
}

// ---- mistakes -----------------------------------------------------------------------------------------------------

TEST(LabelMistakes, name_the_container_and_the_label) {
    EXPECT_EQ(refusal({{"keepwell.verify", "10"}, {"keepwell.probe.intervall", "5s"}, {"keepwell.enable", "perhaps"}}),
              "container `web`: label `keepwell.enable`: expected true or false, but this is `perhaps`\n"
              "container `web`: label `keepwell.probe.intervall`: keepwell has no such label; did you mean "
              "`keepwell.probe.interval`?");
    EXPECT_EQ(refusal({{"keepwell.verify", "10"}, {"keepwell.on-unhealthy", "stop, restart"}}),
              "container `web`: label `keepwell.on-unhealthy`: nothing comes after `stop`: the target stays stopped\n"
              "container `web`: label `keepwell.verify`: missing unit; did you mean `10s`?");
    EXPECT_EQ(refusal({{"keepwell.probe.http", "localhost:80"}}),
              "container `web`: label `keepwell.probe.http`: expected a URL that begins with http:// or https://, but "
              "this is `localhost:80`");
    EXPECT_EQ(refusal({{"keepwell.probe.tcp", "{{.Container.IP}}:80"}, {"keepwell.probe.http", "http://x/"}}),
              "container `web`: label `keepwell.probe.tcp`: `tcp` beside `http`: a healthcheck has exactly one of "
              "`http`, `tcp` and `test`");
    EXPECT_EQ(refusal({{"keepwell.probe.interval", "2s"}}),
              "container `web`: label `keepwell.probe.interval`: this healthcheck asks nothing; give it `http`, `tcp` "
              "or `test`, or take it away: then the container's own counts, with its own timings");
    EXPECT_EQ(refusal({{"keepwell.probe.test", "[CMD, a"}}),
              "container `web`: label `keepwell.probe.test`: this list is not closed, or no list: write `[\"CMD\", "
              "\"/bin/app\", \"--ping\"]`");
    EXPECT_EQ(refusal({{"keepwell.depends-on", "db:healthy"}}),
              "container `web`: label `keepwell.depends-on`: `healthy` after the name of a container is neither a "
              "condition, such as `service_healthy`, nor `restart`");
    EXPECT_EQ(refusal({{"keepwell.restart", "always"}}),
              "container `web`: label `keepwell.restart`: `always` is a word of `restart`; here it is `any`");
    EXPECT_EQ(refusal({{"keepwell.dry-run", "perhaps"}}),
              "container `web`: label `keepwell.dry-run`: expected true or false, but this is `perhaps`");
    EXPECT_EQ(refusal({{"autoheal", "true"}, {"autoheal.stop.timeout", "soon"}}),
              "container `web`: label `autoheal.stop.timeout`: `soon` is not a duration; one is written like `30s` or "
              "`1h5m`");
}

TEST(LabelMistakes, no_label_runs_a_command_on_the_host) {
    EXPECT_EQ(refusal({{"keepwell.on-unhealthy", "run,restart"}}),
              "container `web`: label `keepwell.on-unhealthy`: `run` needs a command: write `- run: [command, "
              "argument]`");
    EXPECT_EQ(refusal({{"keepwell.on-unhealthy", "run: [reboot]"}}),
              "container `web`: label `keepwell.on-unhealthy`: expected `restart`, `stop` or `notify`, but this is "
              "`run: [reboot]`");
}

TEST(LabelMistakes, bytes_that_are_no_text) {
    EXPECT_EQ(refusal({{"keepwell.probe.http", "http://x/\xf6\x94"}, {"autoheal", "true"}, {"note\x80", "x"}}),
              "container `web`: label `keepwell.probe.http`: this is not text; labels are written in UTF-8\n"
              "container `web`: label `note?`: this is not text; labels are written in UTF-8");
}

TEST(LabelMistakes, of_a_container_that_is_left_alone_are_of_no_interest) {
    EXPECT_FALSE(asked({{"keepwell.enable", "false"}, {"keepwell.verify", "10"}}));
}

// ---- the entry ----------------------------------------------------------------------------------------------------

TEST(LabelEntry, says_the_same_in_a_policy) {
    const Labels cases[] = {
        {{"autoheal", "true"}, {"autoheal.stop.timeout", "20"}},
        {{"keepwell.probe.test", "test \"$X\" = 'a\\b'\n\ttrue\x1b\x7f\u00e9"}, {"keepwell.on-unhealthy", "none"}},
        {{"keepwell.probe.http", "http://{{.Container.IP}}/"},
         {"keepwell.on-unhealthy", "restart,replace"},
         {"keepwell.backoff.max", "1m"},
         {"keepwell.restart", "any"}},
    };
    for (const auto& labels : cases) {
        const auto web = good(labels);
        const auto loaded = load_text("services: " + web.entry);
        EXPECT_EQ(rendered(loaded), "") << web.entry;
        ASSERT_TRUE(loaded.policy);
        EXPECT_EQ(web.entry.find('\n'), std::string::npos);
        auto policy = *loaded.policy;
        policy.targets[0].process.working_dir = web.target.process.working_dir;  // no file, no folder
        EXPECT_EQ(stable_hash(canonical(policy, 0)), web.service.version) << web.entry;
    }
}

TEST(LabelEntry, has_another_version_where_another_thing_is_asked) {
    const auto version = [](const Labels& labels) { return good(labels).service.version; };
    EXPECT_EQ(version({{"autoheal", "true"}}), version({{"autoheal", "1"}, {"maintainer", "x"}}));
    EXPECT_NE(version({{"autoheal", "true"}}), version({{"autoheal", "true"}, {"autoheal.stop.timeout", "20"}}));
    EXPECT_NE(version({{"autoheal", "true"}}), version({{"autoheal", "true"}, {"keepwell.depends-on", "db"}}));
}

TEST(LabelEntry, is_found_whatever_the_container_is_called) {
    const auto read = read_labels("/x", {{"autoheal", "true"}});
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->target.selector.name, "x");
}

TEST(LabelEntry, holds_what_the_policy_gives) {
    EXPECT_EQ(good({{"keepwell.policy", "cron"}, {"keepwell.verify", "9s"}},
                   beside("services: {cron: {container: {label: a}, on_unhealthy: [notify]}}"))
                  .entry,
              R"({"web": {"container": "web", "verify": "9s", "on_unhealthy": ["notify"]}})");
}

TEST(LabelPolicy, is_empty_and_has_a_version) {
    const auto policy = label_policy(Mode::dry_run);
    EXPECT_EQ(policy.mode, Mode::dry_run);
    EXPECT_TRUE(policy.services.empty());
    EXPECT_TRUE(policy.targets.empty());
    EXPECT_TRUE(policy.files.empty());
    EXPECT_EQ(policy.version.size(), 16U);
    EXPECT_NE(policy.version, label_policy().version);
}

std::string page() { return testing::content_of(std::string{KEEPWELL_SOURCE} + "/docs/labels.md"); }

TEST(LabelPage, names_every_label_and_its_field) {
    for (const auto label : own_labels()) {
        EXPECT_NE(page().find("| `" + std::string{label} + "` | "), std::string::npos) << label;
    }
}

TEST(LabelPage, has_an_example_that_works) {
    const auto text = page();
    Labels labels;
    constexpr std::string_view option = "--label ";
    for (auto at = text.find(option); at != std::string::npos; at = text.find(option, at + 1)) {
        const auto begin = at + option.size();
        const auto written = text.substr(begin, text.find(' ', begin) - begin);
        labels[written.substr(0, written.find('='))] = written.substr(written.find('=') + 1);
    }
    ASSERT_EQ(labels.size(), 3U);
    EXPECT_EQ(std::get<HttpProbe>(*good(labels).target.probe).url, "http://{{.Container.IP}}:8080/health");
}

}  // namespace
}  // namespace keepwell::policy
