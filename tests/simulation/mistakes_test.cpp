// The mistakes that a test file can hold, and the whole text that is shown for each. The cases are in mistakes.txt, in
// the form of tests/policy/mistakes.txt; KEEPWELL_UPDATE_MISTAKES=1 writes what is shown now. The policy that they test
// has the processes `redis` and `web`, which nobody asks, two of `api`, which are asked, and the container `vpn`. And
// the pages that are made from the tables (KEEPWELL_UPDATE_DOCS=1).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "policy/memory_environment.hpp"
#include "simulation/script/test_file.hpp"
#include "support/folder.hpp"

namespace keepwell::simulation {
namespace {

struct Case {
    std::string title;
    std::string text;
    std::string shown;
};

const std::string cases_file = std::string{KEEPWELL_SIMULATION_TESTS} + "/mistakes.txt";

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    std::ifstream file{cases_file};
    bool in_text = true;
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, 4, "=== ") == 0) {
            cases.push_back({line.substr(4), {}, {}});
            in_text = true;
        } else if (line == "~~~") {
            in_text = false;
        } else {
            (in_text ? cases.back().text : cases.back().shown) += line + "\n";
        }
    }
    return cases;
}

std::string shown_for(const std::string& text) {
    const policy::Memory memory{{{"/p/shop.test.yaml", text},
                                 {"/p/shop.yaml",
                                  "services:\n"
                                  "  redis: {command: redis}\n"
                                  "  web: {command: web}\n"
                                  "  vpn: {container: shop-vpn}\n"
                                  "  api:\n"
                                  "    command: api\n"
                                  "    healthcheck: {tcp: \"a:1\"}\n"
                                  "    deploy: {replicas: 2}\n"},
                                 {"/p/broken.yaml", "services:\n  web: {comand: web}\n"}},
                                {}};
    std::string shown;
    for (const TestFile& file : load_tests({"shop.test.yaml"}, memory.environment())) {
        for (const policy::Diagnostic& one : file.diagnostics) shown += policy::render(one);
    }
    return shown;
}

TEST(TestFileMistakes, are_shown_in_full) {
    const auto cases = read_cases();
    EXPECT_GT(cases.size(), 15u);
    for (const Case& one : cases) {
        EXPECT_NE(one.shown, "") << one.title;
        EXPECT_EQ(shown_for(one.text), one.shown) << one.title;
    }
    if (!std::getenv("KEEPWELL_UPDATE_MISTAKES")) return;
    std::ofstream file{cases_file};
    for (const Case& one : cases) file << "=== " << one.title << "\n" << one.text << "~~~\n" << shown_for(one.text);
}

TEST(TestFileMistakes, an_engine_is_not_lost_where_nothing_is_a_container) {
    const policy::Memory memory{{{"/p/shop.test.yaml",
                                  "policies: [shop.yaml]\n"
                                  "tests: [{name: a, events: [{at: 1s, engine: lost}], remedies: {web: []}}]\n"},
                                 {"/p/shop.yaml", "services:\n  web: {command: web}\n"}},
                                {}};
    const auto files = load_tests({"shop.test.yaml"}, memory.environment());
    ASSERT_EQ(files[0].diagnostics.size(), 1u);
    EXPECT_EQ(files[0].diagnostics[0].column, 45u);
    EXPECT_EQ(files[0].diagnostics[0].message,
              "no target of the policy is a container: what becomes of the container engine means nothing; leave it "
              "out");
}

TEST(TestFiles, of_a_folder_are_those_that_end_with_test_yaml_and_no_policies) {
    const std::string test = "policies: [shop.yaml]\ntests: [{name: all is well, remedies: {}}]\n";
    const policy::Memory memory{{{"/p/shop/b.test.yaml", test},
                                 {"/p/shop/a.test.yml", test},
                                 {"/p/shop/.#b.test.yaml", "not: saved"},
                                 {"/p/shop/shop.yaml", "services:\n  web: {command: web}\n"}},
                                {}};
    const auto files = load_tests({"shop"}, memory.environment());
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].name, "shop/a.test.yml");
    EXPECT_EQ(files[1].name, "shop/b.test.yaml");
    EXPECT_TRUE(files[0].policy);
    const policy::Loaded policy = policy::load({"shop"}, memory.environment());
    EXPECT_EQ(policy::rendered(policy), "");
    EXPECT_EQ(policy.policy->files, std::vector<std::string>{"shop/shop.yaml"});
}

TEST(Pages, the_tables_of_the_testing_page_are_up_to_date) {
    const std::string path = std::string{KEEPWELL_SOURCE} + "/docs/testing-policies.md";
    const std::string page = testing::content_of(path);
    const std::string written = page.substr(0, page.find("\n## Words\n"));
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << written << test_reference();
    EXPECT_TRUE(testing::content_of(path) == written + test_reference())
        << "docs/testing-policies.md is not what the tables say; run the simulation tests with KEEPWELL_UPDATE_DOCS=1";
}

TEST(Pages, the_schema_of_test_files_is_up_to_date) {
    const std::string path = std::string{KEEPWELL_SOURCE} + "/docs/test.schema.json";
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) std::ofstream{path} << test_schema();
    EXPECT_TRUE(testing::content_of(path) == test_schema())
        << "docs/test.schema.json is not what the tables say; run the simulation tests with KEEPWELL_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace keepwell::simulation
