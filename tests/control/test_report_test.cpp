// How the results of policy tests are shown: whole texts.
#include "cli/test_report.hpp"

#include <gtest/gtest.h>

#include "policy/memory_environment.hpp"

namespace keepwell::cli {
namespace {

/// The report on one test file of a shop in which `web` needs `redis`.
class Reported {
  public:
    explicit Reported(const std::string& tests) {
        const policy::Memory memory{{{"/p/shop.test.yaml", "policies: [shop.yaml]\ntests:\n" + tests},
                                     {"/p/shop.yaml",
                                      "services:\n"
                                      "  redis: {command: redis}\n"
                                      "  web:\n"
                                      "    command: web\n"
                                      "    depends_on: [redis]\n"
                                      "    healthcheck: {tcp: \"a:1\", interval: 10s, timeout: 1s, retries: 2}\n"
                                      "    on_unhealthy: [restart]\n"}},
                                    {}};
        files_ = simulation::load_tests({"shop.test.yaml"}, memory.environment());
        TestedFile tested{&files_[0], {}};
        for (const auto& test : files_[0].tests) tested.tests.push_back({&test, run_test(files_[0], test)});
        report_.files.push_back(std::move(tested));
        report_.coverage = coverage_of(report_.files);
    }
    const TestReport& report() const { return report_; }

  private:
    std::vector<simulation::TestFile> files_;
    TestReport report_;
};

TEST(TestReport, shows_expected_beside_actual_and_why) {
    const Reported reported{
        "  - name: web is left alone\n"
        "    for: 40s\n"
        "    targets: {web: ok fail}\n"
        "    expect: [{at: 10s, web: healthy}, {until: 30s, web: nothing}]\n"};
    EXPECT_EQ(test_text(reported.report(), false), R"(shop.test.yaml
  FAIL  web is left alone

      shop.test.yaml:6:57: error: expected `nothing` of web until 30s, but incident 1 was opened at 30s
          6 |     expect: [{at: 10s, web: healthy}, {until: 30s, web: nothing}]
            |                                                         ^~~~~~~

            0s web       waits for redis to be started
            0s redis     started: pid 1000
            0s web       started: pid 1001
           10s web       healthy
           10s web       as expected: healthy (line 6)
           20s web       probe failed (1 of 2): HTTP 503
           30s web       probe failed (2 of 2): HTTP 503
           30s web       unhealthy after 2 failures in a row
           30s web       healing: restart, because its probes failed too often in a row (shop.yaml:7)
           30s web       stopping pid 1001
           30s web       pid 1001 is gone; the next start is in 5s
           30s web       EXPECTED: until now nothing (line 6)
           35s web       replaced: pid 1001 is gone, pid 1002 runs

      why, web at 30s:
        state It does not run (backoff): it was stopped to heal it. (shop.yaml:3)
        seen  Its last instance ended: signal 15 (SIGTERM).
        seen  Its last probe failed: HTTP 503. (shop.yaml:6)
        done  Incident 1 is open: its probes failed too often in a row.
        done  Restart 1 is to come. (default)
        done  Its restart is under way, because its probes failed too often in a row. (shop.yaml:7)
        next  Next: start in 5s.


1 test, 1 failed; 40s played in 0s
Reached: 2 of 4 services, rungs and gates. Never reached by a test:
  redis  service          shop.yaml:2
  web    gate dependency  shop.yaml:5
)");
}

TEST(TestReport, names_what_no_test_has_reached) {
    const Reported reported{"  - {name: all is well, for: 1m, remedies: {web: []}}\n"};
    EXPECT_EQ(test_text(reported.report(), false), R"(shop.test.yaml
  ok    all is well

1 test, 0 failed; 1m0s played in 0s
Reached: 0 of 4 services, rungs and gates. Never reached by a test:
  redis  service          shop.yaml:2
  web    service          shop.yaml:3
  web    rung 1: restart  shop.yaml:7
  web    gate dependency  shop.yaml:5
)");
}

TEST(TestReport, is_json_for_programs) {
    const Reported reported{"  - {name: all is well, for: 1m, targets: {web: ok}, remedies: {}}\n"};
    EXPECT_EQ(test_json(reported.report()),
              R"({"ok":true,"tests":[{"file":"shop.test.yaml","line":3,"name":"all is well","passed":true,)"
              R"("played":"1m0s","failures":[]}],"coverage":[{"policy":"shop.yaml","reachable":4,"reached":0,"never":[)"
              R"({"what":"service","service":"redis","detail":"","line":2},)"
              R"({"what":"service","service":"web","detail":"","line":3},)"
              R"({"what":"rung","service":"web","detail":"1: restart","line":7},)"
              R"({"what":"gate","service":"web","detail":"dependency","line":5}]}],"diagnostics":[]})"
              "\n");
}

TEST(TestReport, is_junit_for_ci_with_its_signs_escaped) {
    const Reported reported{"  - {name: \"a < b & \\\"c\\\"\", for: 1m, remedies: {}}\n"};
    EXPECT_EQ(test_junit(reported.report()), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="shop.test.yaml" tests="1" failures="0" errors="0">
    <testcase classname="shop.test.yaml" name="a &lt; b &amp; &quot;c&quot;" file="shop.test.yaml" line="3"/>
  </testsuite>
</testsuites>
)");
}

}  // namespace
}  // namespace keepwell::cli
