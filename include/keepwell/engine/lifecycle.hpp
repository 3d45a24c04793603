// The transitions that the three machines of a target may take, as data. The engine takes no other; docs/lifecycle.md
// draws the same rows, and a test holds the two together.
// May know: model.
#pragma once

#include <span>
#include <string_view>

#include "keepwell/model/state.hpp"

namespace keepwell::engine {

template <typename State>
struct Transition {
    State from;
    State to;
    std::string_view when;
};

std::span<const Transition<Phase>> phase_transitions();
std::span<const Transition<Health>> health_transitions();
std::span<const Transition<Remediation>> remediation_transitions();

bool allowed(Phase from, Phase to);
bool allowed(Health from, Health to);
bool allowed(Remediation from, Remediation to);

}  // namespace keepwell::engine
