// Results of policy tests for programs: JSON, JUnit's XML as CI systems read it, and annotations on GitHub.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/annotations.hpp"
#include "cli/test_report.hpp"
#include "simulation/picture/svg.hpp"
#include "simulation/place.hpp"

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
    json["default"] = sentence.by_default;
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

Json coverage_json(const Uncovered& policy) {
    Json missed = Json::array();
    for (const simulation::Reached& one : policy.missed) {
        Json json{{"what", word_of(one.what)}, {"service", one.service}, {"detail", one.detail}};
        add_place(json, one.rule, policy.files);
        missed.push_back(std::move(json));
    }
    return {{"policy", policy.policy},
            {"reachable", policy.reachable},
            {"reached", policy.reachable - policy.missed.size()},
            {"never", missed}};
}

/// "web, gate dependency"
std::string unreached_text(const simulation::Reached& one) { return owner_of(one) + ", " + describe(one); }

/// At the line of the policy that no test reaches; at the policy as a whole for what is written nowhere.
policy::Diagnostic unreached(const simulation::Reached& one, const std::vector<std::string>& files) {
    policy::Diagnostic diagnostic;
    const bool written = one.rule.written() && one.rule.file < files.size();
    const std::size_t file = written ? one.rule.file : 0;
    if (file < files.size()) diagnostic.file = files[file];
    diagnostic.line = written ? one.rule.line : 0;
    diagnostic.message = "never reached by a test: " + unreached_text(one);
    return diagnostic;
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

/// Policies of which everything must be reached: a test of its own for each.
std::vector<Uncovered> to_be_covered(const TestReport& report) {
    return report.must_cover ? report.coverage : std::vector<Uncovered>{};
}

std::string coverage_xml(const Uncovered& policy) {
    const std::string name = xml_text(policy.policy);
    std::string xml = "  <testsuite name=\"" + name + "\"" +
                      totals_xml(1, policy.missed.empty() ? 0 : 1, 0, Duration{0}) + ">\n    <testcase classname=\"" +
                      name + "\" name=\"all services, rungs and gates are reached\"";
    if (policy.missed.empty()) return xml + "/>\n  </testsuite>\n";
    std::string body;
    for (const simulation::Reached& one : policy.missed) {
        const std::string place = simulation::place_of(one.rule, policy.files);
        body += unreached_text(one) + (place.empty() ? "" : " (" + place + ")") + "\n";
    }
    return xml + ">\n      <failure message=\"never reached by a test\">" + xml_text(body) +
           "</failure>\n    </testcase>\n  </testsuite>\n";
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
    Json json{
        {"ok", report.passed()}, {"tests", Json::array()}, {"coverage", Json::array()}, {"diagnostics", Json::array()}};
    for (const TestedFile& file : report.files) {
        for (const TestedFile::One& one : file.tests) json["tests"].push_back(test_json_of(file, one));
        for (const policy::Diagnostic& one : file.file->diagnostics)
            json["diagnostics"].push_back(diagnostic_json(one));
    }
    for (const Uncovered& one : report.coverage) json["coverage"].push_back(coverage_json(one));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string test_junit(const TestReport& report) {
    const std::vector<Uncovered> covers = to_be_covered(report);
    std::size_t cases = covers.size();
    std::size_t failed = report.failed();
    std::size_t errors = 0;
    Duration took{0};
    for (const TestedFile& file : report.files) {
        cases += cases_of(file);
        errors += errors_of(file);
        took += took_of(file);
    }
    for (const Uncovered& one : covers) failed += one.missed.empty() ? 0 : 1;
    std::string xml =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + totals_xml(cases, failed, errors, took) + ">\n";
    for (const TestedFile& file : report.files) xml += suite_xml(file);
    for (const Uncovered& one : covers) xml += coverage_xml(one);
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
    for (const Uncovered& policy : to_be_covered(report)) {
        for (const simulation::Reached& one : policy.missed) text += github_annotation(unreached(one, policy.files));
    }
    return text + summary_text(report, false);
}

}  // namespace keepwell::cli
