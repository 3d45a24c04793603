// Test files -> tests: reads YAML, with the diagnostics of policy files. docs/testing-policies.md is the page.
// May know: policy's reader, script.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/document/environment.hpp"
#include "policy/document/reporter.hpp"
#include "simulation/script/notation.hpp"
#include "simulation/script/script.hpp"

namespace keepwell::simulation {

/// One claim about one target, at a moment or over the time up to it.
struct Expectation {
    Moment when;
    bool until = false;  ///< all the time from the expectation before to `when`
    Duration within{0};  ///< so much earlier or later is as good
    std::string target;  ///< empty: the host
    Claim claim;
    policy::Position at;       ///< of the claim
    policy::Position when_at;  ///< of the moment

    /// What is said in one entry begins where the entry before ended.
    bool is_of_entry(const Expectation& other) const {
        return when_at.line == other.when_at.line && when_at.column == other.when_at.column;
    }
};

/// All remedies of a target, in order.
struct ExpectedRemedies {
    std::string target;
    std::vector<Remedy> remedies;
    policy::Position at;
};

/// The moment of an event, which must come.
struct EventMoment {
    Moment when;
    policy::Position at;
};

struct TestCase {
    std::string name;
    policy::Position at;
    std::optional<Duration> length;  ///< of the time that is played
    Script script;
    std::vector<EventMoment> events;
    std::vector<Expectation> expectations;
    std::vector<ExpectedRemedies> remedies;

    /// As asked for, or: ten minutes, or until the last moment that is named.
    Duration played() const;
};

struct TestFile {
    std::string name;                   ///< as people see it
    std::vector<std::string> policies;  ///< as people see them; seen from where keepwell was started
    std::optional<Policy> policy;       ///< present exactly when no diagnostic is an error
    std::vector<TestCase> tests;
    std::vector<policy::Diagnostic> diagnostics;
    /// To point at a line of it.
    std::shared_ptr<const policy::Reporter> reporter;
};

/// Reads these files, and the policies that they test; a folder stands for its *.test.yaml, *.test.yml and *.test.json
/// files, sorted by name. What can not be read is a TestFile with a diagnostic.
std::vector<TestFile> load_tests(const std::vector<std::string>& files_or_folders,
                                 const policy::Environment& environment);

/// What a test file may hold, as a JSON schema and as tables of a page.
std::string test_schema();
std::string test_reference();

}  // namespace keepwell::simulation
