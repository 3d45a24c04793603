// The facts in the records of a run. May know: journal's records.
#pragma once

#include "journal/record.hpp"

namespace keepwell::simulation {

inline const Fact* fact_of(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    return noted ? &noted->fact : nullptr;
}

template <typename Body>
const Body* body_of(const journal::Record& record) {
    const Fact* fact = fact_of(record);
    return fact ? std::get_if<Body>(&fact->body) : nullptr;
}

}  // namespace keepwell::simulation
