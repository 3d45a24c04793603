// What was seen in a run, held against one claim: whether it was so, and what was instead.
// May know: notation's claims, track, facts.
#pragma once

#include <string>
#include <vector>

#include "journal/record.hpp"
#include "simulation/script/notation.hpp"
#include "simulation/testing/track.hpp"

namespace keepwell::simulation {

/// The time that a claim is about.
struct Window {
    Instant moment{};  ///< that was named
    Instant begin{};   ///< for people: where the time begins
    Instant from{};    ///< the first moment that counts; both ends do
    Instant to{};
    bool all_along = false;  ///< it must be so all the time, not just once

    bool has_tolerance() const { return !all_along && from != to; }
};

/// What was instead of what was claimed, in words, and where that shows first.
struct Deviation {
    std::string actual;
    Instant at{};
};

class Witness {
  public:
    /// Both must outlive the witness.
    Witness(const std::vector<journal::Record>& records, const Track& track) : records_{records}, track_{track} {}

    /// Whether it was so. An empty target: the host.
    bool saw(const std::string& target, const Claim& claim, const Window& window) const;
    /// Of what was not so.
    Deviation instead(const std::string& target, const Claim& claim, const Window& window) const;

  private:
    Deviation something(const std::string& target, const Window& window) const;
    Deviation not_begun(const std::string& target, const Sighting& sighting, const Window& window) const;
    Deviation begun(const std::string& target, const Sighting& sighting, const Window& window) const;
    Deviation other_alerts(const std::string& target, const Claim& claim, const Window& window) const;
    Deviation other_look(const std::string& target, const Claim& claim, const Window& window) const;

    const Look* first_other(const std::string& target, const Claim& claim, const Window& window) const;
    std::string deeds(const std::string& target, const Window& window) const;
    std::string raised_text(const std::string& target, const Look& look, const Alerted& claimed) const;
    std::string raised_elsewhere(const std::string& target, const Alerted& claimed, Instant until) const;
    const journal::Record* nearest(const std::string& target, const Sighting& sighting, const Window& window) const;
    const journal::Record* last_hold(const std::string& target, Instant until) const;

    const std::vector<journal::Record>& records_;
    const Track& track_;
};

}  // namespace keepwell::simulation
