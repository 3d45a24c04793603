// Scenarios: a policy and a story of a test file in, everything that was decided out, compared with a golden trace.
//
// tests/scenario/NAME/ holds policy.yaml, story.test.yaml (which `keepwell test` reads as well) and trace.
// KEEPWELL_UPDATE_TRACES=1 in the environment writes the traces anew; read the difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "simulation/testing/test_run.hpp"
#include "support/folder.hpp"
#include "support/journal_trace.hpp"
#include "support/replaying.hpp"

namespace keepwell::testing {
namespace {

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, decide_as_recorded) {
    const std::filesystem::path folder = std::filesystem::path{KEEPWELL_SCENARIOS} / GetParam();
    const auto files = simulation::load_tests({folder}, policy::host_environment());
    for (const auto& diagnostic : files.at(0).diagnostics) ADD_FAILURE() << render(diagnostic);
    ASSERT_TRUE(files[0].policy);
    ASSERT_EQ(files[0].tests.size(), 1u);

    const simulation::TestResult result = run_test(files[0], files[0].tests[0]);
    for (const auto& failure : result.failures) ADD_FAILURE() << render(failure.diagnostic);
    std::string trace;
    for (const std::string& line : trace_of(*files[0].policy, result.records)) trace += line + "\n";

    if (std::getenv("KEEPWELL_UPDATE_TRACES")) std::ofstream{folder / "trace"} << trace;
    EXPECT_EQ(trace, content_of(folder / "trace"));
    EXPECT_EQ(trace.find("engine.unexpected"), std::string::npos);
}

/// With every probe in the journal, and with those alone that it keeps anyway.
TEST_P(Scenarios, are_replayed_from_their_journal) {
    const std::filesystem::path folder = std::filesystem::path{KEEPWELL_SCENARIOS} / GetParam();
    auto files = simulation::load_tests({folder}, policy::host_environment());
    ASSERT_TRUE(files.at(0).policy);
    for (const bool record : {true, false}) {
        files[0].policy->record = record;
        const auto runs = replay(run_test(files[0], files[0].tests.at(0)).records);
        ASSERT_EQ(runs.size(), 1u);
        EXPECT_EQ(mismatch(runs[0]), "");
        EXPECT_GT(runs[0].decisions, 0u);
    }
}

std::vector<std::string> folders() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{KEEPWELL_SCENARIOS})
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

INSTANTIATE_TEST_SUITE_P(All, Scenarios, ::testing::ValuesIn(folders()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace keepwell::testing
