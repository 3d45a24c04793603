// A supervisor on fake ends and virtual time, with the control API on top: what the tests of this folder speak with.
#pragma once

#include <string>
#include <utility>

#include "control/event_log.hpp"
#include "control/router.hpp"
#include "supervisor/supervisor.hpp"
#include "support/fake_probes.hpp"
#include "support/fake_processes.hpp"
#include "support/memory_journal.hpp"
#include "support/policies.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::control {

/// Virtual time, which begins at 10:31:00 on a wall clock.
class VirtualClock final : public supervisor::ClockPort {
  public:
    explicit VirtualClock(testing::VirtualLoop& loop) : loop_(loop) {}

    Instant now() const override { return loop_.now(); }
    WallTime wall() const override {
        using namespace std::chrono;
        const WallTime begin = sys_days{year{2024} / 5 / 1} + hours{10} + minutes{31};
        return begin + duration_cast<milliseconds>(loop_.now().time_since_epoch());
    }
    LocalTime local(WallTime) const override { return {}; }
    void arm(Instant at, std::function<void()> due) override {
        const std::uint64_t mine = ++armed_;
        if (at == never) return;
        loop_.at(at, [this, mine, due = std::move(due)] {
            if (mine == armed_) due();
        });
    }

  private:
    testing::VirtualLoop& loop_;
    std::uint64_t armed_ = 0;
};

class NoOutput final : public supervisor::OutputPort {
  public:
    std::string tail(const TargetSpec&, std::size_t) const override { return {}; }
};

struct House {
    explicit House(Policy policy, std::size_t kept = 8 * 1024 * 1024)
        : supervisor{std::move(policy), {probes, processes, clock, output, journal}, {}}, events{supervisor, kept} {}

    void begin() {
        supervisor.begin({});
        loop.advance(0s);
    }
    void after(Duration length) { loop.advance(length); }

    supervisor::EventSink sink() {
        return [this](Event event) { supervisor.post(std::move(event)); };
    }
    About about() const {
        About all;
        all.version = "0.1.0";
        all.pid = 4242;
        all.started = clock.wall();
        all.journal = "/state/journal";
        all.output_file = [this](const TargetSpec& target) { return output_folder + "/" + target.name + ".log"; };
        all.journal_trouble = [this] { return trouble; };
        return all;
    }

    testing::VirtualLoop loop;
    testing::FakeProbes probes{loop, sink()};
    testing::FakeProcesses processes{loop, sink()};
    VirtualClock clock{loop};
    NoOutput output;
    journal::MemoryJournal journal;
    std::string trouble;
    std::string output_folder = "/state/output";
    supervisor::Supervisor supervisor;
    EventLog events;
    Router router{supervisor, events, about()};
};

/// `api` is probed each 10 s and unhealthy after 2 failures; `worker` has two replicas and no probe.
inline Policy shop() {
    return tests::policy_of({tests::Service{"api"}.probed(10s, 2), tests::Service{"worker"}.replicas(2)});
}

}  // namespace keepwell::control
