// A loop whose time is a number: what is due runs in the order of its moment, then of its making. Nothing waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "keepwell/model/time.hpp"

namespace keepwell::testing {

class VirtualLoop {
  public:
    Instant now() const { return now_; }

    /// Runs `work` when time reaches `at`; a moment that is past already is now.
    void at(Instant at, std::function<void()> work) {
        work_.emplace(std::pair{at < now_ ? now_ : at, next_++}, std::move(work));
    }
    void post(std::function<void()> work) { at(now_, std::move(work)); }

    /// The moment of the next work; `never` when there is none.
    Instant next() const { return work_.empty() ? never : work_.begin()->first.first; }

    /// Lets time pass, and runs what becomes due on the way.
    void advance(Duration length) { advance_to(later(now_, length)); }
    void advance_to(Instant end) {
        while (next() <= end && !work_.empty()) step();
        now_ = end;
    }

    /// Runs the next work, at its moment. False: there is none.
    bool step() {
        if (work_.empty()) return false;
        auto next = work_.extract(work_.begin());
        now_ = next.key().first;
        next.mapped()();
        return true;
    }

  private:
    Instant now_{};
    std::uint64_t next_ = 0;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> work_;
};

}  // namespace keepwell::testing
