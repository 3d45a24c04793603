// How much faster than real time a made-up world goes: 200 targets that are probed every 10 s, for a day, which is 1.7
// million probes. The limit is 2 s, 40,000 times faster than the day. Usage: bench_simulation
#include <benchmark/benchmark.h>

#include "simulation/chaos/outcome.hpp"
#include "simulation/world/house.hpp"
#include "support/policies.hpp"

namespace {

using namespace keepwell;

constexpr std::uint32_t targets = 200;
constexpr Duration length = 24h;

void tell_speed(benchmark::State& state) {
    state.counters["times_real_time"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * std::chrono::duration<double>(length).count(),
                           benchmark::Counter::kIsRate);
}

void all_is_well(benchmark::State& state) {
    std::uint64_t probes = 0;
    for (auto unused : state) {
        simulation::House house{bench::watched(targets, 10s)};
        house.begin();
        house.run_until(length);
        probes = 0;
        for (std::uint32_t i = 0; i < targets; ++i) probes += house.probes.asked("shop-api-" + std::to_string(i));
    }
    tell_speed(state);
    state.counters["probes"] = static_cast<double>(probes);
}
BENCHMARK(all_is_well)->Unit(benchmark::kMillisecond);

/// Each target crashes and hangs once a day, and is healed.
void chaos(benchmark::State& state) {
    const Policy policy = bench::watched(targets, 10s);
    std::vector<std::string> names;
    for (const TargetSpec& target : policy.targets) names.push_back(target.name);
    simulation::Chaos chaos;
    chaos.length = chaos.crashes = chaos.hangs = length;
    const simulation::Lot lot = simulation::draw(chaos, names);
    std::uint64_t noticed = 0;
    for (auto unused : state) noticed = simulation::outcome_of(policy, lot, length).noticed;
    tell_speed(state);
    state.counters["noticed"] = static_cast<double>(noticed);
}
BENCHMARK(chaos)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
