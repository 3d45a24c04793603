// A whole keepwell on virtual time: the real supervisor and the real engine, with ends that follow a script and a
// journal in memory. What it decides is what keepwell would decide, for there is no other engine in it.
// May know: supervisor, engine, journal, and the ends beside it.
#pragma once

#include <memory>

#include "simulation/world/clock.hpp"
#include "simulation/world/containers.hpp"
#include "simulation/world/loop.hpp"
#include "simulation/world/memory_journal.hpp"
#include "simulation/world/probes.hpp"
#include "simulation/world/processes.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::simulation {

class House {
  public:
    explicit House(Policy policy, supervisor::Memories memories = {}, WallTime start = {});
    /// The same, with another journal than the one in memory; it must outlive the house.
    House(Policy policy, journal::Sink& records, WallTime start = {});
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    /// A new keepwell over the same world; what the old one awaited is forgotten.
    void open(Policy policy, supervisor::Memories memories);

    void begin() { supervisor->begin({}); }
    void run_until(Duration at) { loop.advance_to(Instant{at}); }

    Loop loop;
    Clock clock;
    Processes processes;
    Containers containers;
    Probes probes;
    Output output;
    MemoryJournal journal;
    std::unique_ptr<supervisor::Supervisor> supervisor;

  private:
    supervisor::EventSink sink();

    journal::Sink& records_;
};

}  // namespace keepwell::simulation
