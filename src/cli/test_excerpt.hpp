// What happened in a test and what was expected, on one time line, around what was not met.
// May know: simulation's results, story, test_report.
#pragma once

#include <string>
#include <vector>

#include "cli/test_report.hpp"

namespace keepwell::cli {

/// `failures`: of this test, and of one target; at least one. The first one is shown with more around it.
std::string excerpt(const simulation::TestFile& file, const TestedFile::One& one,
                    const std::vector<const simulation::Failure*>& failures, bool colours);

}  // namespace keepwell::cli
