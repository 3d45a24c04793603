// What a plan says of two policies, and the page that names the effect of every field.
// KEEPWELL_UPDATE_DOCS=1 writes the page's table.
#include "policy/plan.hpp"
#include "policy/fields/field_effects.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "policy/memory_environment.hpp"
#include "support/folder.hpp"

namespace keepwell::policy {
namespace {

Loaded loaded_from(const std::string& text) {
    const Memory memory{{{"/p/policy.yaml", text}}, {}};
    Loaded loaded = memory.load({"policy.yaml"});
    EXPECT_TRUE(loaded.policy) << rendered(loaded);
    if (!loaded.policy) loaded.policy.emplace();
    return loaded;
}

Policy policy_in(const std::string& text) { return *loaded_from(text).policy; }

/// "~ api restart [api]: command [a, b] -> [a, c] (restart, line 3)"
std::string in_words(const Plan& plan) {
    std::string all;
    const auto add = [&all](const FieldChange& field) {
        all += "  " + field.field + ": " + field.before + " -> " + field.after + " (" +
               std::string{to_string(field.effect)} + ", line " + std::to_string(field.origin.line) + ")\n";
    };
    for (const FieldChange& field : plan.host) add(field);
    for (const ServiceChange& service : plan.services) {
        const char* sign = service.kind == ServiceChange::Kind::added     ? "+ "
                           : service.kind == ServiceChange::Kind::removed ? "- "
                                                                          : "~ ";
        all += sign + service.service + " " + std::string{to_string(service.effect)};
        for (const std::string& target : service.targets) all += " " + target;
        for (const std::string& target : service.added) all += " +" + target;
        for (const std::string& target : service.removed) all += " -" + target;
        for (const std::string& cause : service.follows) all += " after " + cause;
        all += "\n";
        for (const FieldChange& field : service.fields) add(field);
    }
    return all;
}

std::string plan_of(const std::string& before, const std::string& after) {
    const Loaded now = loaded_from(after);
    return in_words(make_plan(policy_in(before), *now.policy, now.places));
}

TEST(Plans, comments_order_and_spelling_are_no_change) {
    const Policy before = policy_in("services:\n  a: {command: run}\n  b: {command: go, stop_grace_period: 60s}\n");
    const Policy after =
        policy_in("# said again\nservices:\n  b: {stop_grace_period: 1m, command: [go]}\n  a: {command: run}\n");
    EXPECT_TRUE(make_plan(before, after).empty());
}

TEST(Plans, each_field_is_told_with_its_effect_and_its_line) {
    EXPECT_EQ(plan_of("services:\n"
                      "  api:\n"
                      "    command: [run, one]\n"
                      "    healthcheck:\n"
                      "      tcp: \"h:1\"\n"
                      "      interval: 10s\n"
                      "guard: {max_parallel: 1}\n",
                      "services:\n"
                      "  api:\n"
                      "    command: [run, two]\n"
                      "    healthcheck:\n"
                      "      tcp: \"h:1\"\n"
                      "      interval: 5s\n"
                      "    on_unhealthy: [notify, restart]\n"
                      "guard: {max_parallel: 2}\n"),
              "  guard.max_parallel: 1 -> 2 (rules, line 8)\n"
              "~ api restart api\n"
              "  healthcheck.interval: 10s -> 5s (probes, line 6)\n"
              "  on_unhealthy: restart -> notify, restart (rules, line 7)\n"
              "  command: [run, one] -> [run, two] (restart, line 3)\n");
}

TEST(Plans, values_are_told_as_a_policy_writes_them) {
    EXPECT_EQ(plan_of("guard: {max_unhealthy: 40%, max_actions: 10/10m}\n"
                      "services:\n"
                      "  b: {command: b}\n"
                      "  a: {command: a, depends_on: [b], healthcheck: {http: \"http://h/\"}}\n",
                      "guard: {max_unhealthy: 3, max_actions: 10/1h}\n"
                      "services:\n"
                      "  b: {command: b, stop_signal: SIGINT, healthcheck: {tcp: \"h:81\"}}\n"
                      "  a:\n"
                      "    command: a\n"
                      "    depends_on: {b: {condition: service_healthy, restart: true}}\n"
                      "    healthcheck: {http: {url: \"http://h/\", expect: {body: {matches: UP}}}}\n"
                      "    maintenance: [{from: \"22:00\", to: \"23:30\", days: [mon, fri]}]\n"),
              "  guard.max_actions: 10 in 10m0s -> 10 in 1h0m0s (rules, line 1)\n"
              "  guard.max_unhealthy: 40% -> 3 (rules, line 1)\n"
              "~ b probes b\n"
              "  healthcheck.interval:  -> 30s (probes, line 3)\n"
              "  healthcheck.retries:  -> 3 (probes, line 3)\n"
              "  on_unhealthy:  -> restart (rules, line 3)\n"
              "  healthcheck.start_interval:  -> 5s (probes, line 3)\n"
              "  healthcheck.start_period:  -> 0s (probes, line 3)\n"
              "  healthcheck.timeout:  -> 30s (probes, line 3)\n"
              "  stop_signal: SIGTERM -> SIGINT (rules, line 3)\n"
              "  healthcheck.tcp:  -> h:81 (probes, line 3)\n"
              "~ a probes a\n"
              "  depends_on: b (service_started) -> b (service_healthy, restart) (rules, line 6)\n"
              "  maintenance:  -> 22:00-23:30 on Mon, Fri (rules, line 8)\n"
              "  healthcheck.http.expect.body:  -> matches UP (probes, line 7)\n");
}

TEST(Plans, a_ladder_is_told_whole_and_in_its_order) {
    EXPECT_EQ(
        plan_of("services: {a: {container: c, on_unhealthy: [restart, replace]}}\n",
                "services: {a: {container: c, on_unhealthy: [replace, {replace: {order: stop-first}}, restart]}}\n"),
        "~ a rules a\n"
        "  on_unhealthy: restart, replace -> replace, replace (stop-first), restart (rules, line 1)\n");
    EXPECT_EQ(plan_of("services: {a: {container: c, on_unhealthy: [restart, replace]}}\n",
                      "services: {a: {container: c, on_unhealthy: [replace, restart]}}\n"),
              "~ a rules a\n"
              "  on_unhealthy: restart, replace -> replace, restart (rules, line 1)\n");
}

TEST(Plans, who_is_restarted_after_something_that_is_made_anew_is_named) {
    const auto policy = [](const std::string& db) {
        return "services:\n"
               "  db: {command: [db, " +
               db +
               "]}\n"
               "  api: {command: api, depends_on: {db: {condition: service_started, restart: true}}}\n"
               "  web: {command: web, depends_on: {api: {condition: service_started, restart: true}}}\n"
               "  job: {command: job, depends_on: [db]}\n";
    };
    EXPECT_EQ(plan_of(policy("one"), policy("two")),
              "~ db restart db\n"
              "  command: [db, one] -> [db, two] (restart, line 2)\n"
              "~ api restart api after db\n"
              "~ web restart web after api\n");
}

TEST(Plans, of_another_kind_of_thing_what_is_given_is_told_and_no_default) {
    EXPECT_EQ(plan_of("services:\n"
                      "  a:\n"
                      "    command: run\n",
                      "services:\n"
                      "  a:\n"
                      "    image: i:1\n"
                      "    hostname: h\n"),
              "~ a exchange a\n"
              "  hostname:  -> h (replace, line 4)\n"
              "  image:  -> i:1 (replace, line 3)\n"
              "  image or container:  -> container (exchange, line 2)\n");
}

TEST(Plans, services_and_replicas_come_and_go) {
    EXPECT_EQ(plan_of("services: {a: {command: run, deploy: {replicas: 2}}, old: {command: run}}\n",
                      "services: {a: {command: run, deploy: {replicas: 3}}, new: {command: run}}\n"),
              "~ a none a.1 a.2 +a.3\n"
              "+ new none new\n"
              "- old none old\n");
}

TEST(Plans, what_is_changed_of_the_host_is_told_with_its_line) {
    EXPECT_EQ(plan_of("mode: dry-run\nservices: {a: {image: i, tmpfs: [/x]}}\n",
                      "services:\n  a: {image: i, tmpfs: [/x]}\nquantum: 2ms\nstate_dir: /s\nmode: enforce\n"),
              "  mode: dry-run -> enforce (rules, line 5)\n"
              "  quantum: 1ms -> 2ms (rules, line 3)\n"
              "  state_dir:  -> /s (none, line 4)\n");
}

TEST(Plans, a_slot_that_is_called_otherwise_beside_others_is_no_change) {
    EXPECT_EQ(plan_of("services: {a: {command: run}}\n", "services: {a: {command: run, deploy: {replicas: 2}}}\n"),
              "~ a none a.1 +a.2\n");
    EXPECT_EQ(plan_of("services: {a: {command: run, deploy: {replicas: 2}}}\n", "services: {a: {command: run}}\n"),
              "~ a none a -a.2\n");
    EXPECT_EQ(plan_of("services: {a: {command: 'run {{.Task.Name}}'}}\n",
                      "services: {a: {command: 'run {{.Task.Name}}', deploy: {replicas: 2}}}\n"),
              "~ a none a.1 +a.2\n");
}

TEST(Plans, values_of_variables_are_not_told) {
    const std::string said = plan_of("services: {a: {command: run, environment: {PASSWORD: old-secret, GONE: x}}}\n",
                                     "services: {a: {command: run, environment: {PASSWORD: new-secret, FRESH: y}}}\n");
    EXPECT_EQ(said.find("secret"), std::string::npos);
    EXPECT_NE(said.find("FRESH added, PASSWORD changed, GONE removed (restart"), std::string::npos) << said;
}

TEST(Plans, a_container_is_replaced_for_what_it_is_made_of_and_kept_for_its_rules) {
    const auto effect = [](const std::string& before, const std::string& after) {
        const Plan plan =
            make_plan(policy_in("services: {a: {" + before + "}}"), policy_in("services: {a: {" + after + "}}"));
        return plan.services.empty() ? Effect::none : plan.services.front().effect;
    };
    EXPECT_EQ(effect("image: i", "image: j"), Effect::replace);
    EXPECT_EQ(effect("image: i", "image: i, stop_grace_period: 3s"), Effect::rules);
    EXPECT_EQ(effect("container: c", "container: c, on_unhealthy: [notify]"), Effect::rules);
    EXPECT_EQ(effect("container: c", "container: d"), Effect::exchange);
    EXPECT_EQ(effect("command: c", "image: c"), Effect::exchange);
}

// ---- the page -------------------------------------------------------------------------------------------------------

const char* in_the_page(Effect effect) {
    switch (effect) {
        case Effect::none: return "refused";
        case Effect::rules: return "from now on";
        case Effect::probes: return "asked anew";
        case Effect::restart:
        case Effect::replace: return "made anew";
        case Effect::exchange: return "another thing";
    }
    return "";
}

std::string expected_table() {
    std::string table = "| effect | fields |\n|---|---|\n";
    for (const char* group : {"from now on", "asked anew", "made anew", "another thing", "refused"}) {
        std::vector<std::string_view> fields;
        for (const FieldEffect& row : field_effects()) {
            const bool known = std::find(fields.begin(), fields.end(), row.field) != fields.end();
            if (std::string_view{in_the_page(row.effect)} == group && !known) fields.push_back(row.field);
        }
        table += std::string{"| "} + group + " | ";
        for (const auto field : fields)
            table += std::string{field == fields.front() ? "" : ", "} + "`" + std::string{field} + "`";
        table += " |\n";
    }
    return table;
}

TEST(Pages, the_effects_in_docs_reload_md_are_those_of_the_code) {
    const std::string path = std::string{KEEPWELL_SOURCE} + "/docs/reload.md";
    std::string page = testing::content_of(path);
    const std::size_t begin = page.find('\n', page.find("<!-- table: fields")) + 1;
    const std::size_t end = page.find("<!-- end of table -->");
    ASSERT_LT(begin, end);
    const std::string written = page.substr(begin, end - begin);
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << page.replace(begin, end - begin, expected_table());
    EXPECT_EQ(written, expected_table()) << "run the policy tests with KEEPWELL_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace keepwell::policy
