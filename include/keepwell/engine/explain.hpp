// Why a target is as it is, in sentences for people: what was seen, which rule says so, what holds, what comes next.
// May know: model, engine. It decides nothing.
#pragma once

#include <string>
#include <vector>

#include "keepwell/engine/engine.hpp"

namespace keepwell::engine {

/// What comes next for a target, and when; `what` is empty when nothing is due.
struct NextStep {
    std::string what;  ///< "probe", "start", "start when db is healthy", "restart", …
    Instant at = never;
};

NextStep next_step(const Engine& engine, TargetIndex target);

/// One sentence of an explanation, with the place in the policy that it rests on.
struct Sentence {
    std::string topic;  ///< "state", "seen", "done", "held", "next": stable
    std::string text;
    Origin rule;
    bool by_default = false;  ///< it rests on a rule that the policy leaves to its default
};

std::vector<Sentence> explain(const Engine& engine, TargetIndex target, Instant now);

}  // namespace keepwell::engine
