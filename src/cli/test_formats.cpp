// Results of policy tests for programs: JSON, and JUnit's XML as CI systems read it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/terminal.hpp"
#include "cli/test_report.hpp"
#include "simulation/svg.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;
using simulation::xml_text;

Json diagnostic_json(const policy::Diagnostic& one) {
    return {{"severity", policy::to_string(one.severity)},
            {"file", one.file},
            {"line", one.line},
            {"column", one.column},
            {"length", one.length},
            {"message", one.message}};
}

Json failure_json(const simulation::Failure& failure) {
    Json json = diagnostic_json(failure.diagnostic);
    json["target"] = failure.target;
    json["expected"] = failure.expected;
    json["why"] = Json::array();
    for (const engine::Sentence& sentence : failure.why) json["why"].push_back(sentence.text);
    return json;
}

Json test_json_of(const TestedFile& file, const TestedFile::One& one) {
    Json json{{"file", file.file->name},
              {"line", one.test->at.line},
              {"name", one.test->name},
              {"passed", one.result.passed()},
              {"played", to_string(one.result.played)},
              {"failures", Json::array()}};
    for (const simulation::Failure& failure : one.result.failures) json["failures"].push_back(failure_json(failure));
    return json;
}

std::string_view kind_of(simulation::Reached::What what) {
    switch (what) {
        case simulation::Reached::What::service: return "service";
        case simulation::Reached::What::rung: return "rung";
        case simulation::Reached::What::gate: return "gate";
    }
    return "";
}

Json coverage_json(const Uncovered& policy) {
    Json missed = Json::array();
    for (const simulation::Reached& one : policy.missed) {
        missed.push_back(
            {{"what", kind_of(one.what)}, {"service", one.service}, {"detail", one.detail}, {"line", one.rule.line}});
    }
    return {{"policy", policy.policy},
            {"reachable", policy.reachable},
            {"reached", policy.reachable - policy.missed.size()},
            {"never", missed}};
}

std::string case_xml(const TestedFile& file, const TestedFile::One& one) {
    std::string xml = "    <testcase classname=\"" + xml_text(file.file->name) + "\" name=\"" +
                      xml_text(one.test->name) + "\" file=\"" + xml_text(file.file->name) + "\" line=\"" +
                      std::to_string(one.test->at.line) + "\"";
    if (one.result.passed()) return xml + "/>\n";
    xml += ">\n";
    for (const simulation::Failure& failure : one.result.failures) {
        std::string body = policy::render(failure.diagnostic);
        for (const engine::Sentence& sentence : failure.why) body += sentence.text + "\n";
        xml += "      <failure message=\"" + xml_text(failure.diagnostic.message) + "\">" + xml_text(body) +
               "</failure>\n";
    }
    return xml + "    </testcase>\n";
}

std::string suite_xml(const TestedFile& file) {
    const auto failed = std::ranges::count_if(file.tests, [](const auto& one) { return !one.result.passed(); });
    const bool readable = file.file->policy.has_value();
    std::string xml = "  <testsuite name=\"" + xml_text(file.file->name) + "\" tests=\"" +
                      std::to_string(readable ? file.tests.size() : 1) + "\" failures=\"" + std::to_string(failed) +
                      "\" errors=\"" + (readable ? "0" : "1") + "\">\n";
    for (const TestedFile::One& one : file.tests) xml += case_xml(file, one);
    if (!readable) {
        std::string all;
        for (const policy::Diagnostic& one : file.file->diagnostics) all += policy::render(one);
        xml += "    <testcase classname=\"" + xml_text(file.file->name) +
               "\" name=\"is valid\">\n      <error message=\"" + "the file or its policy is not valid\">" +
               xml_text(all) + "</error>\n    </testcase>\n";
    }
    return xml + "  </testsuite>\n";
}

}  // namespace

std::string test_json(const TestReport& report) {
    Json json{{"ok", report.readable() && report.failed() == 0},
              {"tests", Json::array()},
              {"coverage", Json::array()},
              {"diagnostics", Json::array()}};
    for (const TestedFile& file : report.files) {
        for (const TestedFile::One& one : file.tests) json["tests"].push_back(test_json_of(file, one));
        for (const policy::Diagnostic& one : file.file->diagnostics)
            json["diagnostics"].push_back(diagnostic_json(one));
    }
    for (const Uncovered& one : report.coverage) json["coverage"].push_back(coverage_json(one));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string test_junit(const TestReport& report) {
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const TestedFile& file : report.files) xml += suite_xml(file);
    return xml + "</testsuites>\n";
}

}  // namespace keepwell::cli
