// What one event costs the engine with 10,000 targets: a probe that becomes due, and its result.
// The limit is 1 microsecond an event. Usage: bench_engine_events
#include <benchmark/benchmark.h>

#include <vector>

#include "keepwell/engine/engine.hpp"
#include "support/policies.hpp"

namespace {

using namespace keepwell;

constexpr std::uint32_t targets = 10'000;

/// An engine whose targets all run, with their probes spread over the interval.
engine::Engine running(Instant& now) {
    engine::Engine engine{bench::watched(targets, 10s)};
    const std::vector<Command> starts = engine.handle(event::Begin{}, now).commands;
    for (const Command& command : starts) {
        const auto& start = std::get<command::Start>(command);
        now += 1ms;
        engine.handle(event::StartFinished{start.id, start.target, {std::to_string(start.target) + "@1", 1}, {}}, now);
    }
    return engine;
}

/// Each round is two events: the tick at which one probe is due, and its answer.
void probe_rounds(benchmark::State& state, Outcome outcome, const char* output) {
    Instant now{};
    engine::Engine engine = running(now);
    std::uint64_t events = 0;
    for (auto unused : state) {
        now = std::max(now, engine.next_deadline());
        const std::vector<Command>& due = engine.handle(event::Tick{}, now).commands;
        ++events;
        std::vector<command::RunProbe> probes;
        for (const Command& command : due) {
            if (const auto* probe = std::get_if<command::RunProbe>(&command)) probes.push_back(*probe);
        }
        for (const command::RunProbe& probe : probes) {
            engine.handle(event::ProbeFinished{probe.id, probe.target, outcome, 0, output}, now);
            ++events;
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
    state.counters["time_per_event"] =
        benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void passing(benchmark::State& state) { probe_rounds(state, Outcome::passed, "HTTP 200"); }
BENCHMARK(passing);

/// We can not ask: every answer is kept and nothing is healed.
void erroring(benchmark::State& state) { probe_rounds(state, Outcome::error, "no descriptors"); }
BENCHMARK(erroring);

}  // namespace

BENCHMARK_MAIN();
