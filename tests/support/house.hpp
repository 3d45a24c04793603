// A whole keepwell on virtual time: the real supervisor and engine, a journal in memory, and ends that follow scripts.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/supervisor.hpp"
#include "support/fake_probes.hpp"
#include "support/fake_processes.hpp"
#include "support/memory_journal.hpp"
#include "support/trace.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::tests {

/// The supervisor's clock on a VirtualLoop. The wall clock begins on Thursday, 1 January 1970, 00:00, and is local.
class VirtualClock final : public supervisor::ClockPort {
  public:
    explicit VirtualClock(testing::VirtualLoop& loop) : loop_{loop} {}

    Instant now() const override { return loop_.now(); }
    WallTime wall() const override {
        return WallTime{std::chrono::duration_cast<WallTime::duration>(loop_.now().time_since_epoch())};
    }
    LocalTime local(WallTime wall) const override {
        const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(wall.time_since_epoch());
        return {minutes % (24h), static_cast<int>((minutes / (24h) + 4) % 7)};
    }
    void arm(Instant at, std::function<void()> due) override {
        const std::uint64_t mine = ++armed_;
        if (at == never) return;
        loop_.at(at, [this, mine, due = std::move(due)] {
            if (mine == armed_) due();
        });
        ++armings;
    }

    std::size_t armings = 0;

  private:
    testing::VirtualLoop& loop_;
    std::uint64_t armed_ = 0;
};

class FakeOutput final : public supervisor::OutputPort {
  public:
    std::string tail(const TargetSpec& target, std::size_t) const override {
        return "the last words of " + target.name;
    }
};

class House {
  public:
    explicit House(Policy policy, supervisor::Memories memories = {})
        : processes{loop, [this](Event event) { supervisor->post(std::move(event)); }},
          probes{loop, [this](Event event) { supervisor->post(std::move(event)); }} {
        open(std::move(policy), std::move(memories));
    }

    /// A new keepwell over the same world; what the old one awaited is forgotten.
    void open(Policy policy, supervisor::Memories memories) {
        supervisor = std::make_unique<supervisor::Supervisor>(
            std::move(policy), supervisor::Ports{probes, processes, clock, output, journal}, std::move(memories));
    }
    void begin() { supervisor->begin({}); }
    void run_until(Duration at) { loop.advance_to(Instant{at}); }

    /// The journal's facts and commands as a trace. Events are its causes and not repeated here.
    std::vector<std::string> trace() const {
        std::vector<std::string> lines;
        for (const journal::Record& record : journal.records) {
            if (const auto* noted = std::get_if<journal::Noted>(&record.body)) {
                lines.push_back(trace_line(supervisor->engine().policy(), noted->fact, record.at));
            }
        }
        return lines;
    }

    testing::VirtualLoop loop;
    VirtualClock clock{loop};
    testing::FakeProcesses processes;
    testing::FakeProbes probes;
    FakeOutput output;
    journal::MemoryJournal journal;
    std::unique_ptr<supervisor::Supervisor> supervisor;
};

}  // namespace keepwell::tests
