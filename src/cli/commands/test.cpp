// `keepwell test FILE…`: unit tests of policies, on a virtual clock. Nothing is started.
#include <fnmatch.h>

#include <chrono>
#include <fstream>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "cli/test_report.hpp"
#include "policy/document/environment.hpp"

namespace keepwell::cli {
namespace {

/// A part of the name, or a pattern for all of it.
bool is_wanted(const std::string& name, const std::string& pattern) {
    if (pattern.empty() || name.find(pattern) != std::string::npos) return true;
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

TestedFile tested(const simulation::TestFile& file, const TestOptions& options) {
    TestedFile result{&file, {}};
    if (!file.policy) return result;
    for (const simulation::TestCase& test : file.tests) {
        if (!is_wanted(test.name, options.run)) continue;
        const auto began = std::chrono::steady_clock::now();
        TestedFile::One& one = result.tests.emplace_back();
        one.test = &test;
        one.result = simulation::run_test(file, test, options.seed);
        one.took = std::chrono::steady_clock::now() - began;
    }
    return result;
}

std::string told(const TestReport& report, Format format) {
    if (format == Format::json) return test_json(report);
    return format == Format::github ? test_github(report) : test_text(report, colours_wanted());
}

bool write(const std::string& path, const std::string& text) {
    std::ofstream file{path, std::ios::binary};
    file << text;
    file.close();
    if (!file) complain("cannot write " + one_line(path));
    return static_cast<bool>(file);
}

}  // namespace

int test(const TestOptions& options) {
    const auto began = std::chrono::steady_clock::now();
    const std::vector<simulation::TestFile> files = simulation::load_tests(options.files, policy::host_environment());
    TestReport report;
    for (const simulation::TestFile& file : files) report.files.push_back(tested(file, options));
    report.must_cover = options.check_coverage;
    if (options.run.empty()) report.coverage = coverage_of(report.files);
    report.took = std::chrono::steady_clock::now() - began;

    const bool kept = options.junit.empty() || write(options.junit, test_junit(report));
    const bool printed = print(told(report, options.format));
    if (!report.readable()) return exit_usage;
    if (report.tests() == 0) {
        complain("no test has this name: " + one_line(options.run));
        return exit_usage;
    }
    if (report.must_cover && !report.covered()) complain("tests leave something unreached");
    return kept && printed && report.passed() ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
