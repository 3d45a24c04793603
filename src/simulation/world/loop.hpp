// A loop whose time is a number: what is due runs in the order of its moment, then of its making. Nothing waits.
// May know: time. Work that captures no more than two pointers costs no allocation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "keepwell/model/time.hpp"

namespace keepwell::simulation {

class Loop {
  public:
    using Work = std::function<void()>;

    Instant now() const { return now_; }

    /// Runs `work` when time reaches `at`; a moment that is past already is now.
    void at(Instant at, Work work);
    void post(Work work) { at(now_, std::move(work)); }
    /// One of those that come at one moment in no order of their own, after all else of that moment: the lot says which
    /// is first, where one is drawn.
    void at_any_turn(Instant at, Work work);
    /// From now on; one seed, one order. 0: first made, first run.
    void draw_turns(std::uint64_t seed);

    /// The moment of the next work; `never` when there is none.
    Instant next() const { return heap_.empty() ? never : heap_.front().at; }

    /// Lets time pass, and runs what becomes due on the way.
    void advance(Duration length) { advance_to(later(now_, length)); }
    void advance_to(Instant end);

    /// Runs the next work, at its moment. False: there is none.
    bool step();

  private:
    void push(Instant at, std::uint64_t turn, Work work);

    struct Entry {
        Instant at;
        std::uint64_t turn;   ///< counts up: first made, first run; or drawn, and behind all of these
        std::uint32_t place;  ///< in works_
    };
    struct Later {
        bool operator()(const Entry& a, const Entry& b) const { return a.at != b.at ? a.at > b.at : a.turn > b.turn; }
    };

    Instant now_{};
    std::uint64_t made_ = 0;
    std::optional<std::mt19937_64> lot_;
    std::vector<Entry> heap_;          // the next one at the front
    std::vector<Work> works_;          // places are used again
    std::vector<std::uint32_t> free_;  // places of works_
};

}  // namespace keepwell::simulation
