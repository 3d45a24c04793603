// Plays a test, has it judged, and explains what was not met.
#include "simulation/testing/test_run.hpp"

#include "simulation/testing/host_why.hpp"
#include "simulation/testing/judge.hpp"
#include "simulation/testing/track.hpp"
#include "simulation/world/house.hpp"
#include "simulation/world/player.hpp"

namespace keepwell::simulation {
namespace {

/// The same again, up to the moment in question: by the same lot, so that it comes out the same.
std::vector<engine::Sentence> why(const TestFile& file, const TestCase& test, std::uint64_t seed,
                                  const Failure& failure, const std::vector<journal::Record>& records) {
    House house{*file.policy, {}, test.script.start};
    house.loop.draw_turns(seed);
    Player player{house, test.script};
    house.begin();
    house.run_until(failure.at.time_since_epoch());
    const engine::Engine& engine = house.supervisor->engine();
    if (failure.target.empty()) return explain_host(engine, records, failure.at);
    const auto index = engine.find(failure.target);
    return index ? engine::explain(engine, *index, failure.at) : std::vector<engine::Sentence>{};
}

}  // namespace

TestResult run_test(const TestFile& file, const TestCase& test, std::uint64_t seed) {
    TestResult result;
    result.played = test.played();
    House house{*file.policy, {}, test.script.start};
    house.loop.draw_turns(seed);
    Player player{house, test.script};
    Track track{house};
    house.begin();
    track.play_until(Instant{result.played});
    result.records = std::move(house.journal.records);
    judge(file, test, {track, player.missed()}, result);
    for (Failure& failure : result.failures) failure.why = why(file, test, seed, failure, result.records);
    result.reached = reached_by(result.records);
    return result;
}

}  // namespace keepwell::simulation
