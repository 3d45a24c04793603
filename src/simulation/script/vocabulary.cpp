// The words, each list once.
#include "simulation/script/vocabulary.hpp"

#include <csignal>
#include <initializer_list>

namespace keepwell::simulation {
namespace {

/// Of values whose words the model has.
template <typename T>
std::vector<Worded<T>> as_in_model(std::initializer_list<T> values) {
    std::vector<Worded<T>> all;
    for (const T value : values) all.push_back({keepwell::to_string(value), value});
    return all;
}

}  // namespace

const std::vector<Worded<Answer>>& answer_words() {
    static const std::vector<Worded<Answer>> all{
        {"ok", Answer::pass()}, {"fail", Answer::fail()}, {"timeout", Answer::hang()}, {"error", Answer::error()}};
    return all;
}

const std::vector<Worded<int>>& signal_words() {
    static const std::vector<Worded<int>> all{
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},   {"ABRT", SIGABRT},
        {"BUS", SIGBUS},   {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"SEGV", SIGSEGV}, {"PIPE", SIGPIPE},
        {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
    };
    return all;
}

const std::vector<Worded<PersonActs::What>>& docker_words() {
    using enum PersonActs::What;
    static const std::vector<Worded<PersonActs::What>> all{
        {"start", start}, {"stop", stop}, {"pause", pause}, {"unpause", unpause}, {"rm", remove}};
    return all;
}

const std::vector<Worded<event::Verb>>& verb_words() {
    using enum event::Verb;
    static const auto all = as_in_model({start, stop, restart, replace, pause, resume, reset});
    return all;
}

const std::vector<Worded<Action>>& engine_words() {
    static const std::vector<Worded<Action>> all{{"lost", EngineLost{}}, {"found", EngineFound{}}};
    return all;
}

const std::vector<Worded<Sighting>>& engine_sightings() {
    static const std::vector<Worded<Sighting>> all{{"lost", EngineSeen{true}}, {"found", EngineSeen{false}}};
    return all;
}

const std::vector<Worded<Hold>>& hold_words() {
    using enum Hold;
    static const auto all =
        as_in_model({backend, paused, maintenance, dependency, storm, parallel, budget, backoff, dry_run});
    return all;
}

const std::vector<Worded<Remedy>>& remedy_words() {
    using enum Remedy;
    static const auto all = as_in_model({restart, replace, run, stop, notify});
    return all;
}

}  // namespace keepwell::simulation
