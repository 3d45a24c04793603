// How the results of policy tests are shown: to people, to CI (JUnit, GitHub), and to programs.
// May know: simulation's results, story, terminal.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "simulation/testing/test_run.hpp"

namespace keepwell::cli {

/// One file that was tested: each result beside its test; no results where the file can not be read.
struct TestedFile {
    const simulation::TestFile* file = nullptr;
    struct One {
        const simulation::TestCase* test = nullptr;
        simulation::TestResult result;
        Duration took{0};
    };
    std::vector<One> tests;
};

/// What no test of a policy has reached.
struct Uncovered {
    std::string policy;  ///< its files
    std::vector<std::string> files;
    std::size_t reachable = 0;
    std::vector<simulation::Reached> missed;
};

struct TestReport {
    std::vector<TestedFile> files;
    std::vector<Uncovered> coverage;
    Duration took{0};
    bool must_cover = false;  ///< what is not reached is a failure as well

    std::size_t tests() const;
    std::size_t failed() const;
    bool readable() const;
    bool covered() const;
    bool passed() const;
};

/// Gathers over all files what each policy offers and what was reached.
std::vector<Uncovered> coverage_of(const std::vector<TestedFile>& files);

std::string test_text(const TestReport& report, bool colours);
/// How many there were, and what no test has reached: the end of test_text().
std::string summary_text(const TestReport& report, bool colours);
std::string test_json(const TestReport& report);
std::string test_junit(const TestReport& report);
std::string test_github(const TestReport& report);

}  // namespace keepwell::cli
