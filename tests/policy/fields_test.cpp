// The field tables: every row changes the model, and the pages that are made from the tables are up to date.
// KEEPWELL_UPDATE_DOCS=1 writes the pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "policy/canonical/canonical.hpp"
#include "policy/fields/field_effects.hpp"
#include "policy/fields/fields.hpp"
#include "policy/fields/kinds.hpp"
#include "policy/fields/schema.hpp"
#include "policy/memory_environment.hpp"
#include "policy/plan.hpp"
#include "support/folder.hpp"

namespace keepwell::policy {
namespace {

/// For each block a policy in which `@` stands where one of its fields can be written.
const std::map<std::string_view, std::string> contexts{
    {"policy", "services: {a: {command: run}}\n@\n"},
    {"guard", "services: {a: {command: run}}\nguard: {@}\n"},
    {"service", "services: {other: {command: run}, a: {command: run, @}}\n"},
    {"service of a container", "services: {other: {command: run}, a: {image: i, @}}\n"},
    {"service of an adopted container", "services: {other: {command: run}, a: {container: c, @}}\n"},
    {"dependency",
     "services: {b: {command: run, healthcheck: {tcp: \"h:1\"}}, a: {command: run, depends_on: {b: {@}}}}\n"},
    {"healthcheck", "services: {a: {command: run, healthcheck: {start_period: 3s, tcp: \"h:1\", @}}}\n"},
    {"http", "services: {a: {command: run, healthcheck: {http: {url: \"http://h/\", @}}}}\n"},
    {"expect", "services: {a: {command: run, healthcheck: {http: {url: \"http://h/\", expect: {@}}}}}\n"},
    {"expect_body", "services: {a: {command: run, healthcheck: {http: {url: \"http://h/\", expect: {body: {@}}}}}}\n"},
    {"rung", "services: {a: {command: run, healthcheck: {tcp: \"h:1\"}, on_unhealthy: [{run: [old], @}]}}\n"},
    {"quarantine", "services: {a: {command: run, restart: \"on-failure:3\", quarantine: {@}}}\n"},
    {"deploy", "services: {a: {command: run, deploy: {@}}}\n"},
    {"deploy of a container", "services: {a: {image: i, deploy: {@}}}\n"},
    {"deploy of an adopted container", "services: {a: {container: c, deploy: {@}}}\n"},
    {"restart_policy", "services: {a: {command: run, deploy: {restart_policy: {@}}}}\n"},
    {"backoff", "services: {a: {command: run, deploy: {restart_policy: {backoff: {@}}}}}\n"},
    {"output", "services: {a: {command: run, output: {@}}}\n"},
    {"maintenance", "services: {a: {command: run, maintenance: [{from: \"1:00\", to: \"2:00\", @}]}}\n"},
    {"env_file", "services: {a: {image: i, env_file: [{path: none.env, required: false, @}]}}\n"},
    {"replace", "services: {a: {image: i, on_unhealthy: [{replace: {@}}]}}\n"},
    {"update_config", "services: {a: {image: i, deploy: {update_config: {@}}}}\n"},
    {"resources", "services: {a: {image: i, deploy: {resources: {@}}}}\n"},
    {"limits", "services: {a: {image: i, deploy: {resources: {limits: {@}}}}}\n"},
    {"reservations", "services: {a: {image: i, deploy: {resources: {reservations: {@}}}}}\n"},
    {"container", "services: {a: {container: {label: a, @}}}\n"},
    {"container_compose", "services: {a: {container: {compose: {project: p, @}}}}\n"},
    {"port", "services: {a: {image: i, ports: [{target: 80, @}]}}\n"},
    {"mount", "services: {a: {image: i, volumes: [{type: volume, target: /t, @}]}}\n"},
    {"mount_bind", "services: {a: {image: i, volumes: [{type: bind, source: /s, target: /t, bind: {@}}]}}\n"},
    {"mount_volume", "services: {a: {image: i, volumes: [{type: volume, target: /t, volume: {@}}]}}\n"},
    {"mount_tmpfs", "services: {a: {image: i, volumes: [{type: tmpfs, target: /t, tmpfs: {@}}]}}\n"},
    {"attachment", "services: {a: {image: i, networks: {n: {@}}}}\n"},
    {"ulimit", "services: {a: {image: i, ulimits: {nofile: {soft: 7, hard: 8, @}}}}\n"},
    {"device", "services: {a: {image: i, devices: [{source: /dev/null, @}]}}\n"},
    {"logging", "services: {a: {image: i, logging: {@}}}\n"},
    {"network", "networks: {n: {@}}\nservices: {a: {image: i, networks: [n]}}\n"},
    {"volume", "volumes: {v: {@}}\nservices: {a: {image: i, volumes: [\"v:/v\"]}}\n"},
};

/// Where one field needs a context of its own.
const std::map<std::string, std::string> own_contexts{
    {"policy.networks", "services: {a: {image: i, networks: [back]}}\n@\n"},
    {"policy.volumes", "services: {a: {image: i, volumes: [\"data:/d\"]}}\n@\n"},
    {"rung.replace", "services: {a: {image: i, on_unhealthy: [@]}}\n"},
    {"env_file.required", "services: {a: {image: i, env_file: [{path: more.env, @}]}}\n"},
    {"mount.bind", "services: {a: {image: i, volumes: [{type: bind, source: /s, target: /t, @}]}}\n"},
    {"mount.tmpfs", "services: {a: {image: i, volumes: [{type: tmpfs, target: /t, @}]}}\n"},
};

/// Read because Compose files have them, and of no effect by themselves.
const std::set<std::string> idle{
    "port.mode",          // Swarm's; the same on one host
    "env_file.required",  // tested in container_test
};

/// What stands in the way of one field, and is taken out of the context for it.
const std::map<std::string, std::string> in_the_way{
    {"policy.services", "services: {a: {command: run}}"},
    {"service.command", "command: run, "},
    {"service.image", "command: run, "},
    {"service.container", "command: run, "},
    {"env_file.path", "path: none.env, "},
    {"container.label", "label: a, "},
    {"container_compose.project", "project: p, "},
    {"port.target", "target: 80, "},
    {"mount.type", "type: volume, "},
    {"mount.target", "target: /t, "},
    {"ulimit.soft", "soft: 7, "},
    {"ulimit.hard", "hard: 8, "},
    {"device.source", "source: /dev/null, "},
    {"healthcheck.http", "tcp: \"h:1\", "},
    {"healthcheck.tcp", "tcp: \"h:1\", "},
    {"healthcheck.test", "tcp: \"h:1\", "},
    {"healthcheck.start_period", "start_period: 3s, "},
    {"http.url", "url: \"http://h/\", "},
    {"rung.run", "run: [old], "},
    {"maintenance.from", "from: \"1:00\", "},
    {"maintenance.to", "to: \"2:00\", "},
};

/// What a field needs beside it in order to mean anything.
const std::map<std::string, std::string> beside{
    {"service.on_unhealthy", "healthcheck: {tcp: \"h:1\"}, "},
    {"service.verify", "healthcheck: {tcp: \"h:1\"}, "},
    {"service.quarantine", "restart: \"on-failure:3\", "},
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string lookup(const std::map<std::string, std::string>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? "" : found->second;
}

Loaded load_with_more(const std::string& text) {
    const Memory memory{{{"/p/policy.yaml", text},
                         {"/p/more.yaml", "services: {included: {command: run}}"},
                         {"/p/docker-compose.yml", "services: {adopted: {image: x}}"},
                         {"/p/more.env", "FROM_FILE=1"}},
                        {}};
    return memory.load({"policy.yaml"});
}

/// Where a field can be written: once, or once for each kind of an entry that it is for.
std::vector<std::string> contexts_of(const BlockInfo& block, const FieldInfo& field) {
    const auto id = std::string{block.id} + "." + std::string{field.name};
    if (const auto own = lookup(own_contexts, id); !own.empty()) return {own};
    const std::string name{block.id};
    std::vector<std::string> found;
    if (name != "service" && name != "deploy") return {contexts.at(name)};
    if (applies(field.kinds, TargetKind::process)) found.push_back(contexts.at(name));
    if (field.name == "image" || field.name == "container") return found;
    if (applies(field.kinds, TargetKind::container)) found.push_back(contexts.at(name + " of a container"));
    if (applies(field.kinds, TargetKind::adopted)) found.push_back(contexts.at(name + " of an adopted container"));
    return found;
}

/// A plan tells of it in the words of the policy, with the effect that the engine will find.
void expect_plan(const std::string& id, const Policy& before, const Policy& after) {
    const Plan plan = make_plan(before, after);
    EXPECT_FALSE(plan.empty()) << id;
    std::vector<FieldChange> all = plan.host;
    for (const ServiceChange& service : plan.services) {
        if (service.kind != ServiceChange::Kind::changed) continue;
        Effect strongest = Effect::none;
        for (const FieldChange& field : service.fields) strongest = std::max(strongest, field.effect);
        EXPECT_EQ(to_string(strongest), to_string(service.effect)) << id << " of " << service.service;
        EXPECT_FALSE(service.fields.empty() && service.added.empty()) << id;
        all.insert(all.end(), service.fields.begin(), service.fields.end());
    }
    const auto& rows = field_effects();
    for (const FieldChange& change : all) {
        const auto is_row = [&](const FieldEffect& row) { return row.field == change.field; };
        EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), is_row)) << id << " changes " << change.field;
        EXPECT_NE(change.before, change.after) << id << ": " << change.field;
    }
}

void expect_change(const std::string& id, const FieldInfo& field, const std::string& context) {
    const auto without = replaced(context, "@", lookup(beside, id));
    auto with = replaced(context, "@", lookup(beside, id) + std::string{field.name} + ": " + std::string{field.sample});
    if (const auto obstacle = lookup(in_the_way, id); !obstacle.empty()) with = replaced(with, obstacle, "");
    const auto before = load_with_more(without);
    const auto after = load_with_more(with);
    ASSERT_TRUE(before.policy) << id << "\n" << without << rendered(before);
    ASSERT_TRUE(after.policy) << id << "\n" << with << rendered(after);
    EXPECT_EQ(canonical(*before.policy) == canonical(*after.policy), idle.count(id) == 1)
        << id << " is accepted and changes nothing\n"
        << with;
    if (idle.count(id) == 0) expect_plan(id, *before.policy, *after.policy);
}

TEST(Fields, each_one_changes_the_model) {
    std::size_t tried = 0;
    for (const auto* block : all_blocks()) {
        for (const auto& field : block->fields) {
            const auto id = std::string{block->id} + "." + std::string{field.name};
            for (const auto& context : contexts_of(*block, field)) {
                expect_change(id, field, context);
                ++tried;
            }
        }
    }
    EXPECT_GT(tried, 200U);
}
TEST(Fields, each_one_is_documented_and_has_its_own_name) {
    for (const auto* block : all_blocks()) {
        EXPECT_FALSE(block->doc.empty()) << block->id;
        std::set<std::string_view> names;
        for (const auto& field : block->fields) {
            EXPECT_TRUE(names.insert(field.name).second) << block->id << "." << field.name;
            EXPECT_FALSE(field.doc.empty()) << block->id << "." << field.name;
            EXPECT_FALSE(field.sample.empty()) << block->id << "." << field.name;
        }
        for (const auto& refusal : block->refusals) EXPECT_EQ(names.count(refusal.key), 0U) << refusal.key;
        for (const auto key : block->compose_keys) EXPECT_EQ(names.count(key), 0U) << key;
    }
}

void expect_page(const std::string& name, const std::string& expected) {
    const auto path = std::string{KEEPWELL_SOURCE} + "/docs/" + name;
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << expected;
    EXPECT_TRUE(testing::content_of(path) == expected)
        << "docs/" << name << " is not what the tables say; run the policy tests with "
        << "KEEPWELL_UPDATE_DOCS=1";
}

TEST(Pages, the_reference_is_up_to_date) { expect_page("policy-reference.md", reference()); }

TEST(Pages, the_schema_for_editors_is_up_to_date) { expect_page("policy.schema.json", schema()); }

}  // namespace
}  // namespace keepwell::policy
