// The body of the house: who is joined to whom.
#include "simulation/world/house.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::simulation {

House::House(Policy policy, supervisor::Memories memories, WallTime start)
    : clock{loop, start}, processes{loop, sink()}, containers{loop, sink()}, probes{loop, sink()}, records_{journal} {
    open(std::move(policy), std::move(memories));
}

House::House(Policy policy, journal::Sink& records, WallTime start)
    : clock{loop, start}, processes{loop, sink()}, containers{loop, sink()}, probes{loop, sink()}, records_{records} {
    open(std::move(policy), {});
}

void House::open(Policy policy, supervisor::Memories memories) {
    const bool asks_an_engine = !policy.templates.empty() || std::ranges::any_of(policy.targets, is_container);
    supervisor::Ports ports{probes, processes, clock, output, records_, asks_an_engine ? &containers : nullptr};
    supervisor = std::make_unique<supervisor::Supervisor>(std::move(policy), ports, std::move(memories));
}

supervisor::EventSink House::sink() {
    return [this](Event event) { supervisor->post(std::move(event)); };
}

}  // namespace keepwell::simulation
