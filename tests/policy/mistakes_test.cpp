// Every mistake that a policy can hold, and the whole text that is shown for it. The cases are in mistakes.txt:
//
//     === name of the case [schema]
//     the policy
//     ~~~
//     what is shown
//
// Those marked [schema] must be refused by the JSON schema as well (validate_schema.py). KEEPWELL_UPDATE_MISTAKES=1
// writes what is shown now into the file; read the difference before you keep it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "policy/memory_environment.hpp"

namespace keepwell::policy {
namespace {

struct Case {
    std::string name;
    std::string title;
    std::string policy;
    std::string shown;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

const std::string cases_file = std::string{KEEPWELL_POLICY_TESTS} + "/mistakes.txt";

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    std::ifstream file{cases_file};
    bool in_policy = true;
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, 4, "=== ") == 0) {
            const auto title = line.substr(4);
            cases.push_back(Case{title.substr(0, title.find(' ')), title, {}, {}});
            in_policy = true;
        } else if (line == "~~~") {
            in_policy = false;
        } else {
            (in_policy ? cases.back().policy : cases.back().shown) += line + "\n";
        }
    }
    return cases;
}

std::string shown_for(const Case& one) { return rendered(load_text(one.policy)); }

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, are_shown_in_full) {
    EXPECT_NE(GetParam().shown, "") << "every case shows something";
    EXPECT_EQ(shown_for(GetParam()), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(Policy, Mistakes, testing::ValuesIn(read_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(MistakesFile, names_each_case_once) {
    const auto cases = read_cases();
    std::set<std::string> names;
    for (const auto& one : cases) EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_GT(cases.size(), 200U);
    if (!std::getenv("KEEPWELL_UPDATE_MISTAKES")) return;
    std::ofstream file{cases_file};
    for (const auto& one : cases) file << "=== " << one.title << "\n" << one.policy << "~~~\n" << shown_for(one);
}

}  // namespace
}  // namespace keepwell::policy
