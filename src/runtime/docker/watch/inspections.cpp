// A queue of questions.
#include "runtime/docker/watch/inspections.hpp"

#include <utility>

#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {

Inspections::Inspections(Loop& loop, EngineApi& api, Duration timeout, std::size_t at_once, Answered answered)
    : loop_(loop), api_(api), timeout_(timeout), at_once_(at_once), answered_(std::move(answered)) {}

void Inspections::need(const std::string& key) { queue(key, states_[key]); }

void Inspections::urgently(const std::string& key, Done done) {
    State& state = states_[key];
    state.urgent = true;
    state.next.push_back(std::move(done));
    queue(key, state);
}

void Inspections::queue(const std::string& key, State& state) {
    if (!std::exchange(state.queued, true)) {
        queue_.push_back(key);
    }
    pump_later();
}

/// Later, so that what comes in the same turn of the loop is one question.
void Inspections::pump_later() {
    if (std::exchange(pumping_, true)) return;
    loop_.post([this, round = std::weak_ptr(round_)] {
        if (!round.expired()) pump();
    });
}

void Inspections::pump() {
    pumping_ = false;
    std::deque<std::string> waiting;
    for (const auto& key : std::exchange(queue_, {})) {
        State& state = states_.at(key);
        const bool may_go = state.urgent || under_way_ < at_once_;
        if (may_go && !state.under_way) {
            send(key, state);
        } else {
            waiting.push_back(key);
        }
    }
    queue_ = std::move(waiting);
}

void Inspections::send(const std::string& key, State& state) {
    state.queued = state.urgent = false;
    state.under_way = true;
    state.current = std::exchange(state.next, {});
    ++under_way_;
    api_.call("GET", "/containers/" + url_encode(key) + "/json", {}, timeout_,
              [this, key, round = std::weak_ptr(round_)](Answer answer) {
                  if (!round.expired()) came(key, std::move(answer));
              });
}

void Inspections::came(const std::string& key, Answer answer) {
    const auto found = states_.find(key);
    const auto done = std::exchange(found->second.current, {});
    found->second.under_way = false;
    if (!found->second.queued) states_.erase(found);
    --under_way_;
    if (!queue_.empty()) pump_later();
    const bool is_answer = answer.end == Answer::End::answered;
    const auto round = std::weak_ptr(round_);
    answered_(key, std::move(answer));
    for (const auto& one : done) one(is_answer && !round.expired());
}

void Inspections::clear() {
    round_ = std::make_shared<int>();
    const auto states = std::exchange(states_, {});
    queue_.clear();
    under_way_ = 0;
    pumping_ = false;
    for (const auto& [key, state] : states) {
        for (const auto& done : state.current) done(false);
        for (const auto& done : state.next) done(false);
    }
}

}  // namespace keepwell::runtime::docker
