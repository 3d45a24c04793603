// What `record: true` costs on disk for each probe that passes (the limit is 24 bytes, names and records included), and
// how fast such a past is decided again. Each answer takes another drawn time, as real ones do.
// Usage: bench_replay
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "journal/codec.hpp"
#include "simulation/replay/replay.hpp"
#include "simulation/world/house.hpp"
#include "support/policies.hpp"

namespace {

using namespace keepwell;

constexpr std::size_t drawn_answers = 2'000;

/// Healthy targets, for so long.
std::vector<journal::Record> past(std::uint32_t targets, Duration interval, Duration length) {
    Policy policy = bench::watched(targets, interval);
    policy.record = true;
    simulation::House house{std::move(policy)};
    std::mt19937 lot{targets};
    for (const TargetSpec& target : house.supervisor->engine().policy().targets) {
        simulation::Timeline answers;
        for (std::size_t i = 0; i < drawn_answers; ++i) {
            answers.push_back({simulation::Answer::pass(Duration{200'000 + lot() % 5'000'000}), 1, {}});
        }
        house.probes.answers(target.name, std::move(answers));
    }
    house.begin();
    house.run_until(length);
    house.supervisor->end();
    return std::move(house.journal.records);
}

/// range(0) targets that are probed every range(1) seconds, for range(2) hours.
void a_recorded_past(benchmark::State& state) {
    const Duration length = std::chrono::hours{state.range(2)};
    const auto records = past(static_cast<std::uint32_t>(state.range(0)), std::chrono::seconds{state.range(1)}, length);
    double bytes = 0;
    double probes = 0;
    for (const journal::Record& record : records) {
        const auto* packed = std::get_if<journal::Probes>(&record.body);
        if (!packed) continue;
        bytes += static_cast<double>(journal::encode(record).size() + 1);
        probes += static_cast<double>(packed->outcomes);
    }
    const simulation::KeptAnswers answers;
    bool same = true;
    for (auto unused : state) {
        simulation::Replay replay{answers, nullptr};
        for (const journal::Record& record : records) replay.take(record);
        same = same && !replay.finish().front().difference;
    }
    if (!same) state.SkipWithError("decided otherwise");
    state.counters["bytes_a_probe"] = bytes / probes;
    state.counters["probes"] = probes;
    state.counters["times_real_time"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * std::chrono::duration<double>(length).count(),
                           benchmark::Counter::kIsRate);
}
BENCHMARK(a_recorded_past)->Args({1, 30, 12})->Args({20, 1, 1})->Args({200, 10, 3})->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
