// A journal's facts as a trace.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "journal/record.hpp"
#include "simulation/world/house.hpp"
#include "support/trace.hpp"

namespace keepwell::testing {

/// Events are causes of facts and not repeated here.
inline std::vector<std::string> trace_of(const Policy& policy, const std::vector<journal::Record>& records) {
    std::vector<std::string> lines;
    for (const journal::Record& record : records) {
        if (const auto* noted = std::get_if<journal::Noted>(&record.body)) {
            lines.push_back(trace_line(policy, noted->fact, record.at));
        }
    }
    return lines;
}
inline std::vector<std::string> trace_of(const simulation::House& house) {
    return trace_of(house.supervisor->engine().policy(), house.journal.records);
}

}  // namespace keepwell::testing
