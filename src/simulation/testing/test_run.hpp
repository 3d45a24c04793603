// Plays one test: a house, its script, and what was expected held against what happened.
// May know: house, player, test_file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/engine/explain.hpp"
#include "policy/document/diagnostic.hpp"
#include "simulation/script/test_file.hpp"
#include "simulation/testing/coverage.hpp"

namespace keepwell::simulation {

/// A remedy that was begun or expected.
struct RemedyStep {
    enum class Kind : std::uint8_t { as_expected, extra, missing };
    Kind kind = Kind::as_expected;
    Remedy remedy = Remedy::restart;
    Instant at{};  ///< when it was begun; of a missing one: when it is missed first
    Origin rule;   ///< that asks for it; none of a missing one
};

/// An expectation that was not met.
struct Failure {
    policy::Diagnostic diagnostic;  ///< at the expectation; says what was instead
    std::string target;             ///< empty: the host
    std::string expected;
    std::string actual;  ///< what was instead, in words
    Instant from{};      ///< of the time that it is about
    Instant to{};
    Instant at{};                       ///< where what happened first differs from what was expected
    std::vector<RemedyStep> steps;      ///< of `remedies`: all of them, in order
    std::set<std::string> related;      ///< the targets that could have a part in it; empty: all
    std::vector<engine::Sentence> why;  ///< the explanation of the target, or of the host, at `at`
};

/// An expectation on the time line.
struct Judged {
    enum class Verdict : std::uint8_t { met, missed, unexpected };
    Instant at{};  ///< its moment; where it was not met: where that shows first
    std::string target;
    std::string expected;  ///< as it was written, with its tolerance
    std::uint32_t line = 0;
    Verdict verdict = Verdict::met;
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

}  // namespace keepwell::simulation
