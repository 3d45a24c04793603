// A loop whose time is a number: what is due runs in the order of its moment, then of its making. Nothing waits.
// May know: time. Work that captures no more than two pointers costs no allocation.
#pragma once

#include <cstdint>
#include <functional>
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

    /// The moment of the next work; `never` when there is none.
    Instant next() const { return heap_.empty() ? never : heap_.front().at; }

    /// Lets time pass, and runs what becomes due on the way.
    void advance(Duration length) { advance_to(later(now_, length)); }
    void advance_to(Instant end);

    /// Runs the next work, at its moment. False: there is none.
    bool step();

  private:
    struct Entry {
        Instant at;
        std::uint64_t made;   ///< counts up: first made, first run
        std::uint32_t place;  ///< in works_
    };
    struct Later {
        bool operator()(const Entry& a, const Entry& b) const { return a.at != b.at ? a.at > b.at : a.made > b.made; }
    };

    Instant now_{};
    std::uint64_t made_ = 0;
    std::vector<Entry> heap_;          // the next one at the front
    std::vector<Work> works_;          // places are used again
    std::vector<std::uint32_t> free_;  // places of works_
};

}  // namespace keepwell::simulation
