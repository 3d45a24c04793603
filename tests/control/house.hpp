// A supervisor on fake ends and virtual time, with the control API on top: what the tests of this folder speak with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/event_log.hpp"
#include "control/router.hpp"
#include "simulation/world/clock.hpp"
#include "simulation/world/loop.hpp"
#include "simulation/world/memory_journal.hpp"
#include "simulation/world/probes.hpp"
#include "simulation/world/processes.hpp"
#include "supervisor/supervisor.hpp"
#include "support/policies.hpp"

namespace keepwell::control {

/// Virtual time begins at 10:31:00 on the wall clock.
inline WallTime beginning() {
    using namespace std::chrono;
    return sys_days{year{2024} / 5 / 1} + hours{10} + minutes{31};
}

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
    About about() {
        About all;
        all.version = "0.1.0";
        all.pid = 4242;
        all.started = clock.wall();
        all.journal = "/state/journal";
        all.output_file = [this](const TargetSpec& target) { return output_folder + "/" + target.name + ".log"; };
        all.journal_trouble = [this] { return trouble; };
        all.change_policy = [this](const PolicyRequest& request) {
            asked.push_back(request);
            return PolicyReply{200, "{}\n"};
        };
        return all;
    }

    simulation::Loop loop;
    simulation::Probes probes{loop, sink()};
    simulation::Processes processes{loop, sink()};
    simulation::Clock clock{loop, beginning()};
    simulation::Output output;
    simulation::MemoryJournal journal;
    std::string trouble;
    std::vector<PolicyRequest> asked;  ///< plans and reloads
    std::string output_folder = "/state/output";
    supervisor::Supervisor supervisor;
    EventLog events;
    Router router{supervisor, events, about()};
};

/// `api` is probed each 10 s and unhealthy after 2 failures; `worker` has two replicas and no probe.
inline Policy shop() {
    return testing::policy_of({testing::Service{"api"}.probed(10s, 2), testing::Service{"worker"}.replicas(2)});
}

}  // namespace keepwell::control
