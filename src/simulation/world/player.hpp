// Plays a script in a house: hands its lives and answers to the ends, makes its happenings happen, and has targets
// behave as they should after each remedy.
// May know: house, script, cue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "simulation/script/script.hpp"
#include "simulation/world/cue.hpp"
#include "simulation/world/house.hpp"

namespace keepwell::simulation {

class Player {
  public:
    /// Both must outlive the player; before House::begin(). Containers that the policy adopts are there, and running.
    Player(House& house, const Script& script);
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    /// Something that was to end, and did not run at its moment.
    struct Missed {
        const Happening& happening;
        Instant at{};

        std::string why() const;
    };
    const std::vector<Missed>& missed() const { return missed_; }

  private:
    /// Something that happens after a sighting.
    struct Awaited {
        const Happening& happening;
        Cue cue;
    };

    void happens(const Happening& happening);
    bool end(const std::string& target, const ExitStatus& status);
    void prepare(const std::string& target, const TargetScript& script);
    void adopt_containers();
    void live(const std::string& target, const std::vector<Life>& lives);
    void person_acts(PersonActs::What what, const std::string& container);
    void noticed(const journal::Record& record);
    void remedied(const std::string& target, const fact::RemedyFinished& finished);
    const TargetSpec* spec_of(const std::string& target) const;

    House& house_;
    const Script& script_;
    std::map<std::string, std::string> containers_;  // a container's name, and the target's
    std::map<std::pair<std::string, Remedy>, std::size_t> done_;
    std::vector<Awaited> awaited_;
    std::vector<Missed> missed_;
    std::uint64_t observer_ = 0;
};

}  // namespace keepwell::simulation
