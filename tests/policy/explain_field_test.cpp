// What `keepwell explain FIELD` finds: by its whole name, by its last parts, and never the wrong one.
#include "policy/fields/explain_field.hpp"

#include <gtest/gtest.h>

#include "policy/fields/blocks.hpp"

namespace keepwell::policy {
namespace {

std::vector<std::string> names_of(std::string_view field) {
    std::vector<std::string> names;
    for (const FieldMeaning& one : meanings_of(field)) names.push_back(one.name);
    return names;
}

using Names = std::vector<std::string>;

TEST(ExplainField, a_field_is_found_by_its_whole_name_and_by_its_last_parts) {
    EXPECT_EQ(names_of("healthcheck.start_period"), Names{"healthcheck.start_period"});
    EXPECT_EQ(names_of("start_period"), Names{"healthcheck.start_period"});
    EXPECT_EQ(names_of("deploy.restart_policy.delay"), Names{"deploy.restart_policy.delay"});
    EXPECT_EQ(names_of("restart_policy.delay"), Names{"deploy.restart_policy.delay"});
    EXPECT_EQ(names_of("services.on_unhealthy"), Names{"on_unhealthy"});
    EXPECT_EQ(names_of("services.api.healthcheck.retries"), Names{"healthcheck.retries"});
    EXPECT_EQ(names_of("on_unhealthy.replace.order"), Names{"on_unhealthy.replace.order"});
    EXPECT_EQ(names_of("replace.order"), Names{"on_unhealthy.replace.order"});
}

TEST(ExplainField, a_name_that_several_fields_have_brings_them_all) {
    const Names names = names_of("delay");
    EXPECT_GE(names.size(), 2u);
    EXPECT_NE(std::find(names.begin(), names.end(), "deploy.restart_policy.delay"), names.end());
}

TEST(ExplainField, what_is_no_field_finds_nothing) {
    EXPECT_EQ(names_of("intervall"), Names{});
    EXPECT_EQ(names_of("period"), Names{}) << "parts are whole words";
    EXPECT_EQ(names_of(""), Names{});
    EXPECT_EQ(field_did_you_mean("healthcheck.intervall"), "; did you mean `interval`?");
}

TEST(ExplainField, it_says_what_the_tables_say_and_where_it_comes_from) {
    const FieldMeaning meaning = meanings_of("healthcheck.retries").at(0);
    EXPECT_EQ(meaning.place, "under `healthcheck`");
    EXPECT_EQ(meaning.fallback, "3");
    EXPECT_EQ(meaning.meaning, "So many failures in a row are unhealthy. 0 is the default.");
    EXPECT_EQ(meaning.source, "Docker's HEALTHCHECK (moby daemon/health.go), in Compose's words");
    EXPECT_EQ(meanings_of("healthcheck.tcp").at(0).source, "keepwell");
    EXPECT_EQ(meanings_of("restart_policy.window").at(0).source,
              "Swarm's restart policy (swarmkit orchestrator/restart), in Compose's words");
}

TEST(ExplainField, every_field_is_found_by_the_name_that_is_shown) {
    for (const BlockInfo* block : all_blocks()) {
        for (const FieldInfo& row : block->fields) {
            for (const FieldMeaning& one : meanings_of(row.name)) {
                const Names again = names_of(one.name);
                EXPECT_NE(std::find(again.begin(), again.end(), one.name), again.end()) << one.name;
            }
        }
    }
}

}  // namespace
}  // namespace keepwell::policy
