// A ProbePort with behaviour and without a world: targets answer by a script, on virtual time. It passes the same
// contract suite as the real end (tests/runtime/probe/contract_test.cpp).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/ports.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::testing {

/// How a target answers one probe. An answer that takes as long as the probe's timeout, or longer, is a timeout.
struct ProbeAnswer {
    Outcome outcome = Outcome::passed;
    Duration takes{0};
    std::string output;
    int exit_code = 0;

    static ProbeAnswer pass(Duration takes = Duration{0}) { return {Outcome::passed, takes, "HTTP 200", 0}; }
    static ProbeAnswer fail(Duration takes = Duration{0}) { return {Outcome::failed, takes, "HTTP 503", 1}; }
    static ProbeAnswer error(Duration takes = Duration{0}) { return {Outcome::error, takes, "no descriptors", -1}; }
    static ProbeAnswer hang() { return {Outcome::passed, Duration::max(), {}, 0}; }
};

class FakeProbes final : public supervisor::ProbePort {
  public:
    FakeProbes(VirtualLoop& loop, supervisor::EventSink sink) : loop_(loop), sink_(std::move(sink)) {}

    /// The next answers of the target with this name, in order; the last one stays. Without a script a target passes.
    void answers(const std::string& target, std::deque<ProbeAnswer> all) { scripts_[target] = std::move(all); }

    /// The same in words: "pass", "fail", "error", "timeout"; any other word is an exit code.
    void script(const std::string& target, const std::vector<std::string>& words) {
        std::deque<ProbeAnswer> all;
        for (const std::string& word : words) all.push_back(answer_of(word));
        answers(target, std::move(all));
    }

    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) override {
        ++asked_[target.name];
        running_[id] = index;
        const ProbeAnswer answer = next_answer(target.name);
        if (answer.takes >= timeout) {
            const std::string text = "Health check exceeded timeout (" + to_string(timeout) + ')';
            return finish_at(later(loop_.now(), timeout), id, {Outcome::failed, timeout, text, -1});
        }
        finish_at(later(loop_.now(), answer.takes), id, answer);
    }

    void cancel(CommandId id) override {
        const auto found = running_.find(id);
        if (found == running_.end()) return;
        const event::ProbeFinished finished{id, found->second, Outcome::error, -1, "cancelled"};
        running_.erase(found);
        loop_.post([this, finished] { sink_(finished); });
    }

    /// How often this target was asked.
    std::uint32_t asked(const std::string& target) const {
        const auto found = asked_.find(target);
        return found == asked_.end() ? 0 : found->second;
    }
    std::size_t under_way() const { return running_.size(); }

  private:
    static ProbeAnswer answer_of(const std::string& word) {
        if (word == "pass") return ProbeAnswer::pass();
        if (word == "fail") return ProbeAnswer::fail();
        if (word == "error") return ProbeAnswer::error();
        if (word == "timeout") return ProbeAnswer::hang();
        const int code = std::stoi(word);
        return {code == 0 ? Outcome::passed : Outcome::failed, Duration{0}, "exit " + word, code};
    }

    ProbeAnswer next_answer(const std::string& target) {
        auto& script = scripts_[target];
        if (script.empty()) return ProbeAnswer::pass();
        ProbeAnswer answer = script.front();
        if (script.size() > 1) script.pop_front();
        return answer;
    }

    void finish_at(Instant at, CommandId id, const ProbeAnswer& answer) {
        loop_.at(at, [this, id, answer] {
            const auto found = running_.find(id);
            if (found == running_.end()) return;
            const TargetIndex index = found->second;
            running_.erase(found);
            sink_(event::ProbeFinished{id, index, answer.outcome, answer.exit_code, answer.output});
        });
    }

    VirtualLoop& loop_;
    supervisor::EventSink sink_;
    std::map<std::string, std::deque<ProbeAnswer>> scripts_;
    std::map<std::string, std::uint32_t> asked_;
    std::map<CommandId, TargetIndex> running_;
};

}  // namespace keepwell::testing
