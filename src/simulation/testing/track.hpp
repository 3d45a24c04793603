// How each target was at every moment of a run, as it looked when all that a moment brought was decided.
// May know: house, sighting.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/script/sighting.hpp"
#include "simulation/world/house.hpp"

namespace keepwell::simulation {

/// What a target looks like from some moment on.
struct Look {
    Instant since{};
    Phase phase = Phase::waiting;
    Health health = Health::none;
    Remediation remediation = Remediation::idle;
    std::optional<Hold> hold;
    bool incident = false;
    std::vector<std::string> alerts;

    bool shows(const Sighting& sighting) const;
};

class Track {
  public:
    explicit Track(House& house);
    ~Track();
    Track(const Track&) = delete;
    Track& operator=(const Track&) = delete;

    /// Plays so far, and looks after every moment.
    void play_until(Instant end);

    /// The looks of a target (the host: an empty name) that were to be seen between these moments, both included.
    std::vector<const Look*> between(const std::string& target, Instant from, Instant to) const;

  private:
    void note(const journal::Record& record);
    void look();
    Look look_at(TargetIndex index) const;
    void add(const std::string& target, Look look);

    House& house_;
    bool changed_ = true;
    std::map<std::string, std::vector<std::string>> alerts_;
    std::map<std::string, std::vector<Look>> looks_;
    std::uint64_t observer_ = 0;
};

}  // namespace keepwell::simulation
