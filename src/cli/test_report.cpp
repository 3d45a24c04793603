// Results of policy tests for people: what failed, what happened instead, and why.
#include "cli/test_report.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "cli/terminal.hpp"
#include "cli/test_excerpt.hpp"
#include "simulation/place.hpp"

namespace keepwell::cli {
namespace {

using simulation::Failure;
using simulation::place_of;
using simulation::Reached;
using simulation::RemedyStep;

/// So many steps of `remedies` are shown, from a little before the first one that differs.
constexpr std::ptrdiff_t most_steps = 12;
constexpr std::ptrdiff_t steps_before = 3;

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

std::string sign_of(RemedyStep::Kind kind) {
    switch (kind) {
        case RemedyStep::Kind::as_expected: return "  ";
        case RemedyStep::Kind::extra: return "+ ";
        case RemedyStep::Kind::missing: return "- ";
    }
    return {};
}

/// "+ notify at 10s (shop.yaml:5)", "- restart"
std::string step_text(const RemedyStep& step, const std::vector<std::string>& files, bool colours) {
    const bool as_expected = step.kind == RemedyStep::Kind::as_expected;
    std::string text = sign_of(step.kind) + std::string{to_string(step.remedy)};
    if (step.kind != RemedyStep::Kind::missing) text += " at " + to_string(step.at.time_since_epoch());
    const std::string place = place_of(step.rule, files);
    if (!place.empty()) text += " (" + one_line(place) + ")";
    return paint(text, as_expected ? Colour::plain : Colour::bad, colours) + "\n";
}

/// Of `remedies`: what was begun (+) and what was not (-), beside what was expected.
std::string steps_text(const std::vector<RemedyStep>& steps, const std::vector<std::string>& files, bool colours) {
    const auto differs = [](const RemedyStep& step) { return step.kind != RemedyStep::Kind::as_expected; };
    const auto first = std::ranges::find_if(steps, differs);
    if (first == steps.end()) return {};
    const auto begin = first - std::min(steps_before, first - steps.begin());
    const auto end = begin + std::min(most_steps, steps.end() - begin);
    std::string text = begin == steps.begin() ? "" : "  …\n";
    for (auto step = begin; step != end; ++step) text += step_text(*step, files, colours);
    return text + (end == steps.end() ? "" : "  …\n");
}

std::string why_text(const Failure& failure, const std::vector<std::string>& files) {
    std::string text;
    for (const engine::Sentence& sentence : failure.why) {
        const std::string place = sentence.by_default ? "default" : place_of(sentence.rule, files);
        text += "  " + sentence.topic + std::string(sentence.topic.size() < 6 ? 6 - sentence.topic.size() : 0, ' ') +
                one_line(sentence.text) + (place.empty() ? "" : " (" + one_line(place) + ")") + "\n";
    }
    if (text.empty()) return text;
    const std::string who = failure.target.empty() ? "the host" : failure.target;
    return "why, " + who + " at " + to_string(failure.at.time_since_epoch()) + ":\n" + text;
}

/// Those of one target together, in the order of the test.
std::vector<std::vector<const Failure*>> by_target(const std::vector<Failure>& failures) {
    std::vector<std::vector<const Failure*>> groups;
    for (const Failure& failure : failures) {
        const auto same = [&failure](const auto& group) { return group.front()->target == failure.target; };
        const auto found = std::ranges::find_if(groups, same);
        auto& group = found == groups.end() ? groups.emplace_back() : *found;
        group.push_back(&failure);
    }
    return groups;
}

/// What was not met of one target, and where that shows first: what happened around it, and why.
std::string failed_text(const simulation::TestFile& file, const TestedFile::One& one, std::vector<const Failure*> group,
                        bool colours) {
    std::string text;
    for (const Failure* failure : group) {
        text += "\n" + policy::render(failure->diagnostic);
        const std::string steps = steps_text(failure->steps, file.policy->files, colours);
        if (!steps.empty()) text += "\n" + indented(steps, "  ");
    }
    std::ranges::stable_sort(group, {}, [](const Failure* failure) { return failure->at; });
    text += "\n" + excerpt(file, one, group, colours);
    if (const std::string why = why_text(*group.front(), file.policy->files); !why.empty()) text += "\n" + why;
    return indented(text, "      ");
}

std::string tested_text(const TestedFile& tested, bool colours) {
    std::string text = paint(one_line(tested.file->name), Colour::strong, colours) + "\n";
    for (const TestedFile::One& one : tested.tests) {
        const bool passed = one.result.passed();
        text += "  " + paint(passed ? "ok  " : "FAIL", passed ? Colour::good : Colour::bad, colours) + "  " +
                one_line(one.test->name) + "\n";
        for (const auto& group : by_target(one.result.failures)) text += failed_text(*tested.file, one, group, colours);
        if (!passed) text += "\n";
    }
    return text;
}

std::string coverage_text(const TestReport& report, bool colours) {
    std::vector<std::vector<Cell>> rows;
    std::size_t reachable = 0;
    for (const Uncovered& policy : report.coverage) {
        reachable += policy.reachable;
        for (const Reached& one : policy.missed) {
            rows.push_back(
                {{"  " + one_line(owner_of(one))}, {describe(one)}, {one_line(place_of(one.rule, policy.files))}});
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

bool TestReport::covered() const {
    return std::ranges::all_of(coverage, [](const Uncovered& one) { return one.missed.empty(); });
}

bool TestReport::passed() const { return readable() && failed() == 0 && (covered() || !must_cover); }

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
        one.policy = joined(names);
        const std::set<Reached> all = simulation::reachable(*policy);
        one.reachable = all.size();
        const std::set<Reached>& seen = reached[names];
        std::set_difference(all.begin(), all.end(), seen.begin(), seen.end(), std::back_inserter(one.missed));
        result.push_back(std::move(one));
    }
    return result;
}

std::string summary_text(const TestReport& report, bool colours) {
    if (report.tests() == 0) return {};
    Duration played{0};
    for (const TestedFile& file : report.files) {
        for (const auto& one : file.tests) played += one.result.played;
    }
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(report.took);
    return "\n" + counted(report.tests(), "test") + ", " + std::to_string(report.failed()) + " failed; " +
           to_string(played) + " played in " + to_string(Duration{milliseconds}) + "\n" +
           coverage_text(report, colours);
}

std::string test_text(const TestReport& report, bool colours) {
    std::string text;
    for (const TestedFile& one : report.files) {
        for (const policy::Diagnostic& diagnostic : one.file->diagnostics) text += policy::render(diagnostic);
        if (one.file->policy) text += tested_text(one, colours);
    }
    return text + summary_text(report, colours);
}

}  // namespace keepwell::cli
