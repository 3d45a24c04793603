// docs/lifecycle.md draws the transitions of the three machines; this holds the drawing against the code.
// KEEPWELL_UPDATE_DOCS=1 in the environment writes the page's tables anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/folder.hpp"

#include "keepwell/engine/lifecycle.hpp"

namespace keepwell::engine {
namespace {

template <typename State>
std::string table(std::span<const Transition<State>> rows) {
    std::string text = "| from | to | when |\n|---|---|---|\n";
    for (const Transition<State>& row : rows) {
        text += "| `" + std::string{to_string(row.from)} + "` | `" + std::string{to_string(row.to)} + "` | " +
                std::string{row.when} + " |\n";
    }
    return text;
}

/// The text between the markers of a machine's table.
std::string between(const std::string& page, const std::string& machine, const std::string& replacement,
                    std::string* replaced) {
    const std::string begin = "<!-- table: " + machine + " -->\n", end = "<!-- end of table -->";
    const std::size_t from = page.find(begin);
    if (from == std::string::npos) return "no marker for " + machine;
    const std::size_t start = from + begin.size(), stop = page.find(end, start);
    if (replaced) *replaced = page.substr(0, start) + replacement + page.substr(stop);
    return page.substr(start, stop - start);
}

void hold(const std::string& machine, const std::string& expected) {
    const std::string page = testing::content_of(KEEPWELL_LIFECYCLE_PAGE);
    if (std::getenv("KEEPWELL_UPDATE_DOCS")) {
        std::string updated;
        between(page, machine, expected, &updated);
        std::ofstream{KEEPWELL_LIFECYCLE_PAGE} << updated;
        return;
    }
    EXPECT_EQ(between(page, machine, {}, nullptr), expected);
}

TEST(LifecyclePage, draws_the_phases) { hold("phase", table(phase_transitions())); }
TEST(LifecyclePage, draws_the_healths) { hold("health", table(health_transitions())); }
TEST(LifecyclePage, draws_the_remediations) { hold("remediation", table(remediation_transitions())); }

}  // namespace
}  // namespace keepwell::engine
