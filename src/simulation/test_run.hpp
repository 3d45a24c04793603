// Plays one test: a house, its script, and what was expected held against what happened.
// May know: house, player, test_file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/engine/explain.hpp"
#include "policy/diagnostic.hpp"
#include "simulation/test_file.hpp"

namespace keepwell::simulation {

/// An expectation that was not met.
struct Failure {
    policy::Diagnostic diagnostic;  ///< at the expectation; says what was instead
    std::string target;             ///< empty: the host
    std::string expected;
    Instant from{};  ///< of the time that it is about
    Instant to{};
    std::vector<engine::Sentence> why;  ///< the target's explanation at `to`
};

/// What a policy offers that a test can reach: one rung, gate or service.
struct Reached {
    enum class What : std::uint8_t { service, rung, gate };
    What what = What::service;
    std::string service;  ///< empty: the whole host's
    std::string detail;   ///< "2: replace", "dependency"
    Origin rule;
    auto key() const { return std::tie(what, service, detail); }
    friend bool operator<(const Reached& a, const Reached& b) { return a.key() < b.key(); }
};

/// An expectation, and when it was about.
struct Judged {
    Instant at{};
    std::string target;
    std::string expected;  ///< as it was written
    std::uint32_t line = 0;
    bool met = false;
};

struct TestResult {
    std::vector<Failure> failures;
    std::vector<Judged> judged;  ///< those whose moment came
    std::vector<journal::Record> records;
    Duration played{0};
    std::set<Reached> reached;

    bool passed() const { return failures.empty(); }
};

/// `seed`: of the lot that says which of the answers that come at one moment is taken first; 0: as they were asked for.
TestResult run_test(const TestFile& file, const TestCase& test, std::uint64_t seed = 0);

/// All that tests of this policy can reach.
std::set<Reached> reachable(const Policy& policy);

}  // namespace keepwell::simulation
