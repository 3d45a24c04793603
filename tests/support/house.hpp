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
#include "support/virtual_clock.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::testing {

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

    VirtualLoop loop;
    VirtualClock clock{loop};
    FakeProcesses processes;
    FakeProbes probes;
    FakeOutput output;
    journal::MemoryJournal journal;
    std::unique_ptr<supervisor::Supervisor> supervisor;
};

}  // namespace keepwell::testing
