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
        const bool is_valid = files_[0].policy.has_value();
        for (const auto& test : files_[0].tests) {
            if (is_valid) tested.tests.push_back({&test, run_test(files_[0], test)});
        }
        report_.files.push_back(std::move(tested));
        report_.coverage = coverage_of(report_.files);
    }
    const TestReport& report() const { return report_; }
    /// With `--check-coverage`.
    const TestReport& report_that_must_cover() {
        report_.must_cover = true;
        return report_;
    }

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
           30s web       EXPECTED: nothing until 30s (line 6)
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
    EXPECT_EQ(
        test_json(reported.report()),
        R"({"ok":true,"tests":[{"file":"shop.test.yaml","line":3,"name":"all is well","passed":true,)"
        R"("played_ms":60000,"took_ms":0,"failures":[]}],"coverage":[{"policy":"shop.yaml","reachable":4,"reached":0,"never":[)"
        R"({"what":"service","service":"redis","detail":"","file":"shop.yaml","line":2},)"
        R"({"what":"service","service":"web","detail":"","file":"shop.yaml","line":3},)"
        R"({"what":"rung","service":"web","detail":"1: restart","file":"shop.yaml","line":7},)"
        R"({"what":"gate","service":"web","detail":"dependency","file":"shop.yaml","line":5}]}],"diagnostics":[]})"
        "\n");
}

TEST(TestReport, is_junit_for_ci_with_its_signs_escaped) {
    const Reported reported{"  - {name: \"a < b & \\\"c\\\"\", for: 1m, remedies: {}}\n"};
    EXPECT_EQ(test_junit(reported.report()), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="1" failures="0" errors="0" time="0.000">
  <testsuite name="shop.test.yaml" tests="1" failures="0" errors="0" time="0.000">
    <testcase classname="shop.test.yaml" name="a &lt; b &amp; &quot;c&quot;" file="shop.test.yaml" line="3" time="0.000"/>
  </testsuite>
</testsuites>
)");
}

/// `redis` is restarted when nobody expects it, and `web` is not when somebody does.
const char* const two_failures =
    "  - name: redis crashes\n"
    "    for: 1m\n"
    "    events: [{at: 20s, redis: exit 1}]\n"
    "    expect: [{at: 30s, within: 5s, web: restart}]\n"
    "    remedies: {redis: []}\n";

TEST(TestReport, explains_the_first_difference_of_each_target_without_what_has_no_part_in_it) {
    const Reported reported{two_failures};
    EXPECT_EQ(test_text(reported.report(), false), R"(shop.test.yaml
  FAIL  redis crashes

      shop.test.yaml:6:41: error: expected `restart` of web at 30s ± 5s, but it was never due: it was running, healthy
          6 |     expect: [{at: 30s, within: 5s, web: restart}]
            |                                         ^~~~~~~

            0s web       waits for redis to be started
            0s redis     started: pid 1000
            0s web       started: pid 1001
           10s web       healthy
           20s redis     pid 1000 ended: exit code 1; the next start is in 5s
           25s redis     healing: restart, because it ended by itself
           25s redis     started again: pid 1002
           25s redis     NOT EXPECTED: restart (line 7)
           30s web       EXPECTED: restart, 30s ± 5s (line 6)
           35s redis     keeps running: incident 1 closed after 15s

      why, web at 30s:
        state It runs as pid 1001 and is healthy. (shop.yaml:3)
        seen  Its last probe passed. (shop.yaml:6)
        next  Next: probe in 10s.

      shop.test.yaml:7:23: error: expected of redis in all: nothing; begun: restart at 25s
          7 |     remedies: {redis: []}
            |                       ^

        + restart at 25s

            0s redis     started: pid 1000
           20s redis     pid 1000 ended: exit code 1; the next start is in 5s
           25s redis     healing: restart, because it ended by itself
           25s redis     started again: pid 1002
           25s redis     NOT EXPECTED: restart (line 7)
           35s redis     keeps running: incident 1 closed after 15s

      why, redis at 25s:
        state It runs as pid 1002. (shop.yaml:2)
        seen  Its last instance ended: exit code 1.
        seen  It has no healthcheck: only its exit is seen.
        done  Incident 1 is open: it ended by itself.
        done  It was restarted 1 time. (default)
        done  Its restart was done, and is not yet proven to have helped. (default)
        next  Next: proven good in 10s.


1 test, 1 failed; 1m0s played in 0s
Reached: 1 of 4 services, rungs and gates. Never reached by a test:
  web  service          shop.yaml:3
  web  rung 1: restart  shop.yaml:7
  web  gate dependency  shop.yaml:5
)");
}

TEST(TestReport, has_expected_and_actual_with_moments_and_lines_in_json) {
    const Reported reported{two_failures};
    const std::string json = test_json(reported.report());
    const std::size_t begin = json.find("\"target\"");
    EXPECT_EQ(
        json.substr(begin, json.find("}]},{", begin) - begin),
        R"("target":"web","expected":"restart","from_ms":25000,"to_ms":35000,)"
        R"("actual":"it was never due: it was running, healthy","at_ms":30000,"steps":[],"why":[)"
        R"({"topic":"state","text":"It runs as pid 1001 and is healthy.","file":"shop.yaml","line":3,"default":false},)"
        R"({"topic":"seen","text":"Its last probe passed.","file":"shop.yaml","line":6,"default":false},)"
        R"({"topic":"next","text":"Next: probe in 10s.","default":false)");
    EXPECT_NE(json.find(R"("steps":[{"kind":"extra","remedy":"restart","at_ms":25000}])"), std::string::npos) << json;
}

TEST(TestReport, says_in_junit_how_many_failed) {
    const Reported reported{two_failures};
    const std::string xml = test_junit(reported.report());
    EXPECT_NE(xml.find("<testsuites tests=\"1\" failures=\"1\" errors=\"0\" time=\"0.000\">"), std::string::npos)
        << xml;
}

TEST(TestReport, tells_programs_as_well_when_what_is_not_reached_fails) {
    Reported reported{
        "  - {name: web fails, for: 2m, targets: {web: ok fail}, expect: [{at: 30s, web: restart}]}\n"
        "  - {name: redis crashes, events: [{at: 20s, redis: exit 1}], expect: [{at: 20s, redis: exit}]}\n"};
    EXPECT_TRUE(test_json(reported.report()).starts_with(R"({"ok":true,)"));
    EXPECT_EQ(test_github(reported.report()).find("::error"), std::string::npos);
    const TestReport& report = reported.report_that_must_cover();
    EXPECT_TRUE(test_json(report).starts_with(R"({"ok":false,)"));
    const std::string xml = test_junit(report);
    EXPECT_NE(xml.find("<testsuites tests=\"3\" failures=\"1\" errors=\"0\""), std::string::npos) << xml;
    EXPECT_TRUE(xml.ends_with(R"(
  <testsuite name="shop.yaml" tests="1" failures="1" errors="0" time="0.000">
    <testcase classname="shop.yaml" name="all services, rungs and gates are reached">
      <failure message="never reached by a test">web, gate dependency (shop.yaml:5)&#10;</failure>
    </testcase>
  </testsuite>
</testsuites>
)")) << xml;
    EXPECT_TRUE(test_github(report).starts_with(
        "::error file=shop.yaml,line=5::never reached by a test: web, gate dependency\n"))
        << test_github(report);
}

TEST(TestReport, shows_of_several_failures_of_a_target_all_that_could_have_a_part_in_one_of_them) {
    const Reported reported{
        "  - name: redis crashes\n"
        "    for: 2m\n"
        "    events: [{at: 100s, web: exit 1}]\n"
        "    expect: [{at: 10s, redis: stopped}, {at: 5s after web exit, redis: stopped}]\n"};
    const std::string text = test_text(reported.report(), false);
    EXPECT_NE(text.find("1m40s web       pid 1001 ended: exit code 1"), std::string::npos) << text;
}

TEST(TestReport, is_annotations_for_a_pull_request) {
    const Reported reported{two_failures};
    const std::string text = test_github(reported.report());
    EXPECT_EQ(text.substr(0, text.find("\n::")),
              "::error file=shop.test.yaml,line=6,col=41::redis crashes: expected `restart` of web at 30s ± 5s, but it "
              "was never due: it was running, healthy%0AIt runs as pid 1001 and is healthy.%0AIts last probe "
              "passed.%0ANext: probe in 10s.");
    EXPECT_NE(text.find("\n\n1 test, 1 failed; 1m0s played in 0s\n"), std::string::npos) << text;
}

TEST(TestReport, counts_no_tests_where_a_file_is_not_valid) {
    const Reported reported{"  - {name: it, expects: []}\n"};
    EXPECT_EQ(test_text(reported.report(), false),
              "shop.test.yaml:3:5: error: expects nothing, and can not fail: say `expect` or `remedies`\n"
              "    3 |   - {name: it, expects: []}\n"
              "      |     ^\n"
              "shop.test.yaml:3:16: error: unknown key `expects` in a test; did you mean `expect`?\n"
              "    3 |   - {name: it, expects: []}\n"
              "      |                ^~~~~~~\n");
    EXPECT_NE(test_junit(reported.report()).find("<testsuites tests=\"1\" failures=\"0\" errors=\"1\""),
              std::string::npos);
}

}  // namespace
}  // namespace keepwell::cli
