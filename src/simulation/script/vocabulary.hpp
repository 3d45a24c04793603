// The closed lists of words in the small languages of scripts and tests: notation reads them, and the schema names
// them. May know: script, sighting.
#pragma once

#include <string_view>
#include <vector>

#include "simulation/script/script.hpp"
#include "simulation/script/sighting.hpp"

namespace keepwell::simulation {

template <typename T>
struct Worded {
    std::string_view word;
    T value;
};

/// What a probe is answered, but for `exit N`.
const std::vector<Worded<Answer>>& answer_words();
/// Signals, without `SIG`.
const std::vector<Worded<int>>& signal_words();
/// What a person does to a container, after `docker`.
const std::vector<Worded<PersonActs::What>>& docker_words();
/// What a person asks keepwell for.
const std::vector<Worded<event::Verb>>& verb_words();
/// What happens to the container engine.
const std::vector<Worded<Action>>& engine_words();
/// The same as it is seen.
const std::vector<Worded<Sighting>>& engine_sightings();
/// Why something is held.
const std::vector<Worded<Hold>>& hold_words();
/// What can stand in a ladder.
const std::vector<Worded<Remedy>>& remedy_words();

template <typename Table>
std::vector<std::string_view> words_of(const Table& table) {
    std::vector<std::string_view> words;
    for (const auto& one : table) words.push_back(one.word);
    return words;
}

}  // namespace keepwell::simulation
