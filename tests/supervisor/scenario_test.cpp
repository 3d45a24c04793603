// Scenarios: a policy and a timeline in, everything that was decided out, compared with a golden trace.
//
// tests/scenario/NAME/ holds policy.yaml, timeline and trace. A line of a timeline is one of
//   TARGET answers pass x5 fail x3 hang        the probes' answers, in order; the last one stays
//   TARGET lives exit 1 after 10s              the lives of its instances, in order; the last one stays:
//   TARGET lives runs | fails | ignores-stop   for ever, not executable, for ever and deaf to its stop signal
//   TARGET hooks 1                             the exit code of its `run` rungs
//   at 12s TARGET stop|start|restart|…         what a person does
//   at 12s TARGET dies 137                     its instance ends by itself
//   until 5m                                   the end
// KEEPWELL_UPDATE_TRACES=1 in the environment writes the traces anew; read the difference before committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/load.hpp"
#include "simulation/house.hpp"
#include "support/trace.hpp"

namespace keepwell::testing {
namespace {

using simulation::House;

std::string read(const std::filesystem::path& path) {
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// "90s", "5m", "1500ms"
Duration duration_of(const std::string& text) {
    std::size_t unit = 0;
    const long value = std::stol(text, &unit);
    const std::string name = text.substr(unit);
    if (name == "ms") return std::chrono::milliseconds{value};
    if (name == "s") return std::chrono::seconds{value};
    if (name == "m") return std::chrono::minutes{value};
    if (name == "h") return std::chrono::hours{value};
    throw std::runtime_error("no duration: " + text);
}

event::Verb verb_of(const std::string& word) {
    using enum event::Verb;
    for (const event::Verb verb : {start, stop, restart, pause, resume, reset}) {
        if (to_string(verb) == word) return verb;
    }
    throw std::runtime_error("no verb: " + word);
}

class Scenario {
  public:
    Scenario(House& house, std::istream& timeline) : house_{house} {
        for (std::string line; std::getline(timeline, line);) {
            std::istringstream words{line.substr(0, line.find('#'))};
            if (std::string first; words >> first) take(first, words);
        }
        for (auto& [target, all] : lives_) house_.processes.lives(target, all);
    }
    Duration end() const { return end_; }

  private:
    void take(const std::string& first, std::istringstream& words) {
        std::string second;
        words >> second;
        if (first == "until") {
            end_ = duration_of(second);
        } else if (first == "at") {
            happens(duration_of(second), words);
        } else if (second == "answers") {
            house_.probes.answers(first, timeline(words));
        } else if (second == "lives") {
            lives_[first].push_back(life(words));
        } else if (second == "hooks") {
            simulation::HookLife hook;
            words >> hook.status.value;
            house_.processes.hooks(first, {hook});
        } else {
            throw std::runtime_error("no such line: " + first + " " + second);
        }
    }

    /// "pass x5 fail".
    static simulation::Timeline timeline(std::istringstream& words) {
        using simulation::Answer;
        const std::map<std::string, Answer> answers{
            {"pass", Answer::pass()}, {"fail", Answer::fail()}, {"error", Answer::error()}, {"hang", Answer::hang()}};
        simulation::Timeline all;
        for (std::string word; words >> word;) {
            if (word[0] == 'x') {
                all.back().times = static_cast<std::uint32_t>(std::stoul(word.substr(1)));
            } else {
                all.push_back({answers.at(word)});
            }
        }
        return all;
    }

    static simulation::Life life(std::istringstream& words) {
        std::string word, after;
        words >> word;
        if (word == "runs") return simulation::Life::runs();
        if (word == "fails") return simulation::Life::fails("cannot execute `it`: No such file or directory");
        if (word == "ignores-stop") return simulation::Life::ignores_stop();
        int code = 0;
        std::string length = "0s";
        words >> code >> after >> length;
        return simulation::Life::exits(code, duration_of(length));
    }

    void happens(Duration at, std::istringstream& words) {
        std::string target, what;
        words >> target >> what;
        int code = 0;
        if (what == "dies") words >> code;
        house_.loop.at(Instant{at}, [this, target, what, code] {
            if (what == "dies") return house_.processes.end(target, {ExitStatus::Kind::code, code, {}});
            house_.supervisor->post(event::Operated{verb_of(what), *house_.supervisor->engine().find(target), "ann"});
        });
    }

    House& house_;
    std::map<std::string, std::deque<simulation::Life>> lives_;
    Duration end_ = 1min;
};

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, decide_as_recorded) {
    const std::filesystem::path folder = std::filesystem::path{KEEPWELL_SCENARIOS} / GetParam();
    const policy::Loaded loaded = policy::load({folder / "policy.yaml"}, policy::host_environment());
    for (const policy::Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << render(diagnostic);
    ASSERT_TRUE(loaded.policy);

    House house{*loaded.policy};
    std::ifstream timeline{folder / "timeline"};
    const Scenario scenario{house, timeline};
    house.begin();
    house.run_until(scenario.end());
    std::string trace;
    for (const std::string& line : trace_of(house)) trace += line + "\n";

    if (std::getenv("KEEPWELL_UPDATE_TRACES")) std::ofstream{folder / "trace"} << trace;
    EXPECT_EQ(trace, read(folder / "trace"));
    EXPECT_EQ(house.supervisor->engine().unexpected(), 0u);
}

std::vector<std::string> folders() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{KEEPWELL_SCENARIOS})
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

INSTANTIATE_TEST_SUITE_P(All, Scenarios, ::testing::ValuesIn(folders()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace keepwell::testing
