// Which services, rungs and gates a policy offers to tests, and which of them a run has reached. May know: model,
// journal.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::simulation {

/// What a policy offers that a test can reach: one rung, gate or service.
struct Reached {
    enum class What : std::uint8_t { service, rung, gate };
    What what = What::service;
    std::string service;  ///< empty: the whole host's
    std::string detail;   ///< "2: replace", "dependency"
    Origin rule;
    auto key() const { return std::tie(what, service, detail); }
    friend bool operator<(const Reached& a, const Reached& b) { return a.key() < b.key(); }
};

std::string_view word_of(Reached::What what);
/// "service", "rung 2: replace", "gate dependency"
std::string describe(const Reached& one);
/// The service, or "guard" for what is the whole host's.
std::string owner_of(const Reached& one);

std::set<Reached> reached_by(const std::vector<journal::Record>& records);

/// All that tests of this policy can reach.
std::set<Reached> reachable(const Policy& policy);

}  // namespace keepwell::simulation
