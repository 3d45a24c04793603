// The table and the page of `keepwell status`.
#include "cli/status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "journal/codec.hpp"

namespace keepwell::cli {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

Json target(const std::string& changes) {
    Json json = Json::parse(R"({"name":"api","service":"api","kind":"process","phase":"running","health":"healthy",
        "well":true,"restarts":0,"remediation":{"state":"idle"},"since":"2024-05-01T10:30:19.000Z","pid":4711,
        "last_exit":null,"incident":null,"paused":false,"hold":null,
        "next":{"what":"probe","at":"2024-05-01T10:31:04.000Z"},"probes":[{"name":"http","kind":"http","last":
        {"at":"2024-05-01T10:30:59.000Z","outcome":"passed","duration_ms":12.3,"exit_code":0,"output":"HTTP 200"}}]})");
    json.merge_patch(Json::parse(changes));
    return json;
}

std::string shown(const std::vector<std::string>& all_changes, const std::string& top = "{}") {
    Json status = Json::parse(R"({"mode":"enforce","policy":{"files":["shop.yaml"]},"targets":[]})");
    status.merge_patch(Json::parse(top));
    for (const std::string& changes : all_changes) status["targets"].push_back(target(changes));
    return status_table(status, {*journal::parse_rfc3339("2024-05-01T10:31:00.000Z"), false});
}

TEST(StatusTable, has_a_line_a_target_and_sums_up) {
    EXPECT_EQ(shown({"{}"}),
              "TARGET  KIND     PHASE    HEALTH   FOR  PROBE      RESTARTS  NEXT\n"
              "api     process  running  healthy  41s  http 12ms  0         probe in 4s\n"
              "shop.yaml: 1 target, all well\n");
}

TEST(StatusTable, says_what_is_not_well_and_why_nothing_is_done) {
    EXPECT_EQ(
        shown({"{}",
               R"({"name":"worker.1","health":"unhealthy","well":false,"restarts":2,"paused":true,
                         "hold":{"reason":"backoff","until":"2024-05-01T10:31:19.000Z","would":"restart"},"next":null,
                         "probes":[{"kind":"tcp","last":{"outcome":"failed","output":"connection refused"}}]})",
               R"({"name":"db","phase":"backoff","health":"none","well":false,"remediation":{"state":"quarantined"},
                         "next":{"what":"retry","at":"2024-05-01T11:00:00.000Z"},"probes":[]})"}),
        "TARGET    KIND     PHASE    HEALTH     FOR  PROBE                           RESTARTS  NEXT\n"
        "api       process  running  healthy    41s  http 12ms                       0         probe in 4s\n"
        "worker.1  process  running  unhealthy  41s  tcp failed: connection refused  2         paused; restart held "
        "(backoff) for 19s\n"
        "db        process  backoff  none       41s  -                               0         given up; retry in "
        "29m\n"
        "shop.yaml: 3 targets, 2 not well: worker.1, db\n");
}

TEST(StatusTable, names_dry_run_storm_and_trouble_with_the_journal) {
    const std::string text =
        shown({R"({"hold":{"reason":"dry_run","would":"start"},"next":null})",
               R"({"hold":{"reason":"storm","would":"restart"}})"},
              R"({"mode":"dry-run","storm":true,"journal":{"trouble":"No space left on device"}})");
    EXPECT_NE(text.find("would start\n"), std::string::npos) << text;
    EXPECT_NE(
        text.find(
            "; dry-run; a storm: nothing is healed until the share falls, or `keepwell resume --all`; journal: No "
            "space left on device\n"),
        std::string::npos)
        << text;
}

TEST(StatusTable, does_not_say_that_nothing_is_healed_once_a_person_has_resumed_in_a_storm) {
    EXPECT_THAT(shown({R"({"hold":{"reason":"parallel","would":"restart"}})"}, R"({"storm":true})"),
                HasSubstr("; a storm: too many are unhealthy at once\n"));
}

TEST(StatusTable, says_in_dry_run_what_would_be_done_and_when) {
    const std::string text = shown(
        {R"({"dry_run":true,"hold":{"reason":"backoff","until":"2024-05-01T10:31:04.000Z","would":"restart"},
                   "next":{"what":"restart","at":"2024-05-01T10:31:04.000Z"}})",
         R"({"dry_run":true,"phase":"backoff","hold":null,"next":{"what":"start","at":"2024-05-01T10:31:04.000Z"}})",
         R"({"dry_run":true,"hold":{"reason":"dependency","until":null,"would":"restart"},
                   "next":{"what":"restart when its dependency is well","at":null}})"},
        R"({"mode":"dry-run"})");
    EXPECT_THAT(text, HasSubstr("would restart in 4s\n"));
    EXPECT_THAT(text, HasSubstr("backoff  healthy  41s  http 12ms  0         would restart in 4s\n"));
    EXPECT_THAT(text, HasSubstr("restart held (dependency); restart when its dependency is well\n"));
}

TEST(StatusTable, names_a_service_that_is_in_dry_run_alone) {
    const std::string one = R"({"dry_run":true,"hold":{"reason":"dry_run","until":null,"would":"restart"}})";
    EXPECT_THAT(shown({one}), HasSubstr("dry-run; would restart; probe in 4s\n"));
    EXPECT_THAT(shown({R"({"dry_run":true})"}), HasSubstr("dry-run; probe in 4s\n"));
    EXPECT_THAT(shown({one}, R"({"mode":"dry-run"})"), HasSubstr("  would restart; probe in 4s\n"))
        << "where all is, the summary says it";
}

TEST(StatusTable, bears_an_answer_that_lacks_everything) {
    EXPECT_EQ(status_table(Json::object(), {}),
              "TARGET  KIND  PHASE  HEALTH  FOR  PROBE  RESTARTS  NEXT\n0 targets, all well\n");
    EXPECT_NE(status_table(Json::parse(R"({"targets":[{},{"name":7,"probes":"x","hold":"y","next":[1]}]})"), {}), "");
}

TEST(StatusDetail, has_the_last_probes) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const Json json = target(R"({"restarts":1,"last_exit":"exit code 1","probes":[{"kind":"http","recent":[
        {"at":"2024-05-01T10:30:54.000Z","outcome":"failed","duration_ms":0.2,"output":"HTTP 503\nsecond line"},
        {"at":"2024-05-01T10:30:59.000Z","outcome":"passed","duration_ms":1234,"output":"HTTP 200"}],
        "last":{"outcome":"passed"}}]})");
    EXPECT_EQ(status_detail(json, {*journal::parse_rfc3339("2024-05-01T10:31:00.000Z"), false}),
              "target     api\n"
              "service    api\n"
              "phase      running for 41s\n"
              "health     healthy\n"
              "pid        4711\n"
              "restarts   1\n"
              "last exit  exit code 1\n"
              "next       probe in 4s\n"
              "last probes:\n"
              "  10:30:54  http  failed  <1ms  HTTP 503 second line\n"
              "  10:30:59  http  passed  1s    HTTP 200\n");
}

}  // namespace
}  // namespace keepwell::cli
