// Cuts pieces out of a time line, as `diff` does.
#include "cli/test_excerpt.hpp"

#include <algorithm>

#include "cli/story.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

using simulation::Failure;
using simulation::Judged;

/// A line of a time line, and what it is about.
struct Line {
    Instant at;
    std::string target;
    std::string text;
};

/// So many lines are shown around a failure.
struct Around {
    std::size_t before;
    std::size_t after;
};
constexpr Around first_one{18, 6};
constexpr Around others{6, 3};

std::string mark_of(Judged::Verdict verdict) {
    switch (verdict) {
        case Judged::Verdict::met: return "as expected: ";
        case Judged::Verdict::missed: return "EXPECTED: ";
        case Judged::Verdict::unexpected: return "NOT EXPECTED: ";
    }
    return {};
}

std::string expected_line(const Judged& one, std::size_t width, bool colours) {
    std::string name = one.target.empty() ? "keepwell" : one.target;
    name.resize(std::max(width, name.size()), ' ');
    std::string time = to_string(one.at.time_since_epoch());
    time.insert(0, time.size() < 8 ? 8 - time.size() : 0, ' ');
    return time + " " + name + "  " +
           paint(mark_of(one.verdict) + one_line(one.expected) + " (line " + std::to_string(one.line) + ")",
                 one.verdict == Judged::Verdict::met ? Colour::good : Colour::bad, colours) +
           "\n";
}

StoryOptions options_of(const simulation::TestFile& file, bool colours) {
    StoryOptions options;
    options.files = file.policy->files;
    options.colours = colours;
    options.elapsed = true;
    options.name_width = 8;
    for (const TargetSpec& target : file.policy->targets)
        options.name_width = std::max(options.name_width, target.name.size());
    return options;
}

/// What happened, and below it what was expected at that moment.
std::vector<Line> time_line(const simulation::TestFile& file, const TestedFile::One& one, bool colours) {
    const StoryOptions options = options_of(file, colours);
    Story story{options};
    std::vector<Line> lines;
    for (const journal::Record& record : one.result.records) {
        if (std::holds_alternative<journal::RunStarted>(record.body)) continue;
        if (std::string text = story.tell(record); !text.empty())
            lines.push_back({record.at, record.target, std::move(text)});
    }
    for (const Judged& judged : one.result.judged) {
        const auto after = std::ranges::upper_bound(lines, judged.at, {}, &Line::at);
        lines.insert(after, {judged.at, judged.target, expected_line(judged, options.name_width, colours)});
    }
    return lines;
}

/// The targets that could have a part in any of these; empty: all.
std::set<std::string> related_to(const std::vector<const Failure*>& failures) {
    std::set<std::string> all;
    for (const Failure* failure : failures) {
        if (failure->related.empty()) return {};
        all.insert(failure->related.begin(), failure->related.end());
    }
    return all;
}

/// Leaves out targets that can have no part in it.
void keep_related(std::vector<Line>& lines, const std::set<std::string>& related) {
    if (related.empty()) return;
    std::erase_if(lines,
                  [&related](const Line& line) { return !line.target.empty() && !related.contains(line.target); });
}

void show(std::vector<bool>& shown, const std::vector<Line>& lines, Instant at, Around around) {
    const auto end = static_cast<std::size_t>(std::ranges::upper_bound(lines, at, {}, &Line::at) - lines.begin());
    const std::size_t first = end > around.before ? end - around.before : 0;
    const std::size_t last = std::min(end + around.after, lines.size());
    for (std::size_t i = first; i < last; ++i) shown[i] = true;
}

}  // namespace

std::string excerpt(const simulation::TestFile& file, const TestedFile::One& one,
                    const std::vector<const Failure*>& failures, bool colours) {
    std::vector<Line> lines = time_line(file, one, colours);
    keep_related(lines, related_to(failures));
    std::vector<bool> shown(lines.size(), false);
    for (const Failure* failure : failures) show(shown, lines, failure->at, others);
    show(shown, lines, failures.front()->at, first_one);

    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (shown[i]) text += lines[i].text;
        const bool gap_begins = !shown[i] && (i == 0 || shown[i - 1]);
        if (gap_begins) text += "       …\n";
    }
    return text;
}

}  // namespace keepwell::cli
