// Results of policy tests for people: what failed, what happened instead, and why.
#include "cli/test_report.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "cli/story.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

using simulation::Failure;
using simulation::Judged;
using simulation::Reached;

/// So many lines of a time line are shown, those nearest to the failure.
constexpr std::size_t most_lines = 24;

std::string count(std::size_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string indented(std::string_view text, std::string_view by) {
    std::string result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        if (text[0] != '\n') result += by;
        result += text.substr(0, end);
        text.remove_prefix(end);
    }
    return result;
}

std::string place_of(const Origin& rule, const std::vector<std::string>& files) {
    if (!rule.written() || rule.file >= files.size()) return {};
    return one_line(files[rule.file]) + ":" + std::to_string(rule.line);
}

/// A line of a time line, and the moment it is about.
struct Line {
    Instant at;
    std::string text;
};

std::string expected_line(const Judged& one, std::size_t width, bool colours) {
    std::string name = one.target.empty() ? "keepwell" : one.target;
    name.resize(std::max(width, name.size()), ' ');
    std::string time = to_string(one.at.time_since_epoch());
    time.insert(0, time.size() < 8 ? 8 - time.size() : 0, ' ');
    const std::string mark = one.met ? "as expected: " : "EXPECTED: ";
    return time + " " + name + "  " +
           paint(mark + one_line(one.expected) + " (line " + std::to_string(one.line) + ")",
                 one.met ? Colour::good : Colour::bad, colours) +
           "\n";
}

/// What happened and what was expected, on one time line.
std::vector<Line> time_line(const simulation::TestFile& file, const TestedFile::One& one, bool colours) {
    StoryOptions options;
    options.files = file.policy->files;
    options.colours = colours;
    options.elapsed = true;
    for (const TargetSpec& target : file.policy->targets)
        options.name_width = std::max(options.name_width, target.name.size());
    options.name_width = std::max<std::size_t>(options.name_width, 8);
    const std::size_t width = options.name_width;
    Story story{std::move(options)};
    std::vector<Line> lines;
    for (const journal::Record& record : one.result.records) {
        if (std::holds_alternative<journal::RunStarted>(record.body)) continue;
        if (std::string text = story.tell(record); !text.empty()) lines.push_back({record.at, std::move(text)});
    }
    for (const Judged& judged : one.result.judged) {
        const auto after = std::ranges::upper_bound(lines, judged.at, {}, &Line::at);
        lines.insert(after, {judged.at, expected_line(judged, width, colours)});
    }
    return lines;
}

/// The part of a time line around what the failure is about.
std::string around(const std::vector<Line>& lines, const Failure& failure) {
    const auto last =
        static_cast<std::size_t>(std::ranges::upper_bound(lines, failure.to, {}, &Line::at) - lines.begin());
    const std::size_t end = std::min(lines.size(), last + most_lines / 4);
    const std::size_t begin = end > most_lines ? end - most_lines : 0;
    std::string text = begin > 0 ? "       …\n" : "";
    for (std::size_t i = begin; i < end; ++i) text += lines[i].text;
    return text + (end < lines.size() ? "       …\n" : "");
}

std::string why_text(const Failure& failure, const std::vector<std::string>& files) {
    std::string text;
    for (const engine::Sentence& sentence : failure.why) {
        const std::string place = sentence.by_default ? "default" : place_of(sentence.rule, files);
        text += "  " + sentence.topic + std::string(sentence.topic.size() < 6 ? 6 - sentence.topic.size() : 0, ' ') +
                one_line(sentence.text) + (place.empty() ? "" : " (" + place + ")") + "\n";
    }
    if (text.empty()) return text;
    return "why, " + failure.target + " at " + to_string(failure.to.time_since_epoch()) + ":\n" + text;
}

std::string failed_text(const simulation::TestFile& file, const TestedFile::One& one, bool colours) {
    const std::vector<Line> lines = time_line(file, one, colours);
    std::string text;
    for (const Failure& failure : one.result.failures) text += "\n" + policy::render(failure.diagnostic);
    const Failure& first = one.result.failures.front();
    text += "\n" + around(lines, first);
    if (const std::string why = why_text(first, file.policy->files); !why.empty()) text += "\n" + why;
    return indented(text, "      ") + "\n";
}

std::string tested_text(const TestedFile& tested, bool colours) {
    std::string text = paint(one_line(tested.file->name), Colour::strong, colours) + "\n";
    for (const TestedFile::One& one : tested.tests) {
        const bool passed = one.result.passed();
        text += "  " + paint(passed ? "ok  " : "FAIL", passed ? Colour::good : Colour::bad, colours) + "  " +
                one_line(one.test->name) + "\n";
        if (!passed) text += failed_text(*tested.file, one, colours);
    }
    return text;
}

std::string what_of(const Reached& one) {
    switch (one.what) {
        case Reached::What::service: return "service";
        case Reached::What::rung: return "rung " + one.detail;
        case Reached::What::gate: return "gate " + one.detail;
    }
    return {};
}

std::string coverage_text(const TestReport& report, bool colours) {
    std::vector<std::vector<Cell>> rows;
    std::size_t reachable = 0;
    for (const Uncovered& policy : report.coverage) {
        reachable += policy.reachable;
        for (const Reached& one : policy.missed) {
            rows.push_back({{"  " + (one.service.empty() ? "guard" : one_line(one.service))},
                            {what_of(one)},
                            {place_of(one.rule, policy.files)}});
        }
    }
    if (reachable == 0) return {};
    const std::string of_all =
        std::to_string(reachable - rows.size()) + " of " + std::to_string(reachable) + " services, rungs and gates";
    if (rows.empty())
        return "Reached: all " + std::to_string(reachable) + " services, rungs and gates of the policy.\n";
    return "Reached: " + of_all + ". Never reached by a test:\n" + table(rows, colours);
}

}  // namespace

std::size_t TestReport::tests() const {
    std::size_t all = 0;
    for (const TestedFile& one : files) all += one.tests.size();
    return all;
}

std::size_t TestReport::failed() const {
    std::size_t all = 0;
    for (const TestedFile& file : files) {
        all += static_cast<std::size_t>(
            std::ranges::count_if(file.tests, [](const auto& one) { return !one.result.passed(); }));
    }
    return all;
}

bool TestReport::readable() const {
    return std::ranges::all_of(files, [](const TestedFile& one) { return one.file->policy.has_value(); });
}

std::vector<Uncovered> coverage_of(const std::vector<TestedFile>& files) {
    std::map<std::vector<std::string>, Uncovered> policies;
    std::map<std::vector<std::string>, std::set<Reached>> reached;
    std::map<std::vector<std::string>, const Policy*> known;
    for (const TestedFile& file : files) {
        if (!file.file->policy) continue;
        known[file.file->policies] = &*file.file->policy;
        auto& all = reached[file.file->policies];
        for (const auto& one : file.tests) all.insert(one.result.reached.begin(), one.result.reached.end());
    }
    std::vector<Uncovered> result;
    for (const auto& [names, policy] : known) {
        Uncovered one;
        one.files = policy->files;
        for (const std::string& name : names) one.policy += (one.policy.empty() ? "" : ", ") + name;
        const std::set<Reached> all = simulation::reachable(*policy);
        one.reachable = all.size();
        const std::set<Reached>& seen = reached[names];
        std::set_difference(all.begin(), all.end(), seen.begin(), seen.end(), std::back_inserter(one.missed));
        result.push_back(std::move(one));
    }
    return result;
}

std::string test_text(const TestReport& report, bool colours) {
    std::string text;
    for (const TestedFile& one : report.files) {
        for (const policy::Diagnostic& diagnostic : one.file->diagnostics) text += policy::render(diagnostic);
        if (one.file->policy) text += tested_text(one, colours);
    }
    Duration played{0};
    for (const TestedFile& file : report.files) {
        for (const auto& one : file.tests) played += one.result.played;
    }
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(report.took);
    text += "\n" + count(report.tests(), "test") + ", " + std::to_string(report.failed()) + " failed; " +
            to_string(played) + " played in " + to_string(Duration{milliseconds}) + "\n";
    return text + coverage_text(report, colours);
}

}  // namespace keepwell::cli
