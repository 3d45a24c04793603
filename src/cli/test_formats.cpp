// Results of policy tests for programs: JSON, JUnit's XML as CI systems read it, and annotations on GitHub.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/annotations.hpp"
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

std::int64_t in_ms(Duration length) { return std::chrono::duration_cast<std::chrono::milliseconds>(length).count(); }
std::int64_t in_ms(Instant at) { return in_ms(at.time_since_epoch()); }

/// The line of the policy that something rests on; nothing where there is none.
void add_place(Json& json, const Origin& rule, const std::vector<std::string>& files) {
    if (!rule.written() || rule.file >= files.size()) return;
    json["file"] = files[rule.file];
    json["line"] = rule.line;
}

std::string_view kind_of(simulation::RemedyStep::Kind kind) {
    switch (kind) {
        case simulation::RemedyStep::Kind::as_expected: return "as_expected";
        case simulation::RemedyStep::Kind::extra: return "extra";
        case simulation::RemedyStep::Kind::missing: return "missing";
    }
    return "";
}

Json step_json(const simulation::RemedyStep& step, const std::vector<std::string>& files) {
    Json json{{"kind", kind_of(step.kind)}, {"remedy", to_string(step.remedy)}, {"at_ms", in_ms(step.at)}};
    add_place(json, step.rule, files);
    return json;
}

Json sentence_json(const engine::Sentence& sentence, const std::vector<std::string>& files) {
    Json json{{"topic", sentence.topic}, {"text", sentence.text}};
    add_place(json, sentence.rule, files);
    return json;
}

Json failure_json(const simulation::Failure& failure, const std::vector<std::string>& files) {
    Json json = diagnostic_json(failure.diagnostic);
    json["target"] = failure.target;
    json["expected"] = failure.expected;
    json["from_ms"] = in_ms(failure.from);
    json["to_ms"] = in_ms(failure.to);
    json["actual"] = failure.actual;
    json["at_ms"] = in_ms(failure.at);
    json["steps"] = Json::array();
    for (const simulation::RemedyStep& step : failure.steps) json["steps"].push_back(step_json(step, files));
    json["why"] = Json::array();
    for (const engine::Sentence& sentence : failure.why) json["why"].push_back(sentence_json(sentence, files));
    return json;
}

Json test_json_of(const TestedFile& file, const TestedFile::One& one) {
    Json json{{"file", file.file->name},
              {"line", one.test->at.line},
              {"name", one.test->name},
              {"passed", one.result.passed()},
              {"played_ms", in_ms(one.result.played)},
              {"took_ms", in_ms(one.took)},
              {"failures", Json::array()}};
    for (const simulation::Failure& failure : one.result.failures)
        json["failures"].push_back(failure_json(failure, file.file->policy->files));
    return json;
}

/// "0.012"
std::string seconds_text(Duration took) {
    const std::string milliseconds = std::to_string(in_ms(took) % 1000);
    return std::to_string(in_ms(took) / 1000) + "." + std::string(3 - milliseconds.size(), '0') + milliseconds;
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

std::size_t failed_of(const TestedFile& file) {
    const auto failed = std::ranges::count_if(file.tests, [](const auto& one) { return !one.result.passed(); });
    return static_cast<std::size_t>(failed);
}

/// What is not valid counts as one test, which is an error.
std::size_t cases_of(const TestedFile& file) { return file.file->policy ? file.tests.size() : 1; }
std::size_t errors_of(const TestedFile& file) { return file.file->policy ? 0 : 1; }

Duration took_of(const TestedFile& file) {
    Duration took{0};
    for (const TestedFile::One& one : file.tests) took += one.took;
    return took;
}

/// " tests=\"3\" failures=\"1\" errors=\"0\" time=\"0.012\""
std::string totals_xml(std::size_t tests, std::size_t failures, std::size_t errors, Duration took) {
    return " tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"" +
           std::to_string(errors) + "\" time=\"" + seconds_text(took) + "\"";
}

std::string case_xml(const TestedFile& file, const TestedFile::One& one) {
    std::string xml = "    <testcase classname=\"" + xml_text(file.file->name) + "\" name=\"" +
                      xml_text(one.test->name) + "\" file=\"" + xml_text(file.file->name) + "\" line=\"" +
                      std::to_string(one.test->at.line) + "\" time=\"" + seconds_text(one.took) + "\"";
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
    std::string xml = "  <testsuite name=\"" + xml_text(file.file->name) + "\"" +
                      totals_xml(cases_of(file), failed_of(file), errors_of(file), took_of(file)) + ">\n";
    for (const TestedFile::One& one : file.tests) xml += case_xml(file, one);
    if (!file.file->policy) {
        std::string all;
        for (const policy::Diagnostic& one : file.file->diagnostics) all += policy::render(one);
        xml += "    <testcase classname=\"" + xml_text(file.file->name) +
               "\" name=\"is valid\">\n      <error message=\"" + "the file or its policy is not valid\">" +
               xml_text(all) + "</error>\n    </testcase>\n";
    }
    return xml + "  </testsuite>\n";
}

/// With the test's name before it, and why below it.
policy::Diagnostic annotated(const simulation::Failure& failure, const std::string& test) {
    policy::Diagnostic diagnostic = failure.diagnostic;
    diagnostic.message.insert(0, test + ": ");
    for (const engine::Sentence& sentence : failure.why) diagnostic.message += "\n" + sentence.text;
    return diagnostic;
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
    std::size_t cases = 0;
    std::size_t errors = 0;
    Duration took{0};
    for (const TestedFile& file : report.files) {
        cases += cases_of(file);
        errors += errors_of(file);
        took += took_of(file);
    }
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
                      totals_xml(cases, report.failed(), errors, took) + ">\n";
    for (const TestedFile& file : report.files) xml += suite_xml(file);
    return xml + "</testsuites>\n";
}

std::string test_github(const TestReport& report) {
    std::string text;
    for (const TestedFile& file : report.files) {
        for (const policy::Diagnostic& one : file.file->diagnostics) text += github_annotation(one);
        for (const TestedFile::One& one : file.tests) {
            for (const simulation::Failure& failure : one.result.failures)
                text += github_annotation(annotated(failure, one.test->name));
        }
    }
    return text + summary_text(report, false);
}

}  // namespace keepwell::cli
