// The next deadline of every target, as an indexed binary heap: one entry a target, ties broken by index so that the
// order never depends on history.
// May know: model's time and names.
#pragma once

#include <cstdint>
#include <vector>

#include "keepwell/model/names.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::engine {

class Deadlines {
  public:
    explicit Deadlines(std::size_t targets);

    /// One target more, at the end, without a deadline.
    void grow();

    /// Sets the deadline of a target; `never` takes it out. O(log n).
    void set(TargetIndex target, Instant at);

    /// The earliest deadline, `never` when there is none.
    Instant next() const { return heap_.empty() ? never : at_[heap_.front()]; }
    /// The target of next(); only when there is one.
    TargetIndex first() const { return heap_.front(); }

  private:
    bool before(TargetIndex a, TargetIndex b) const { return at_[a] != at_[b] ? at_[a] < at_[b] : a < b; }
    void place(std::size_t position, TargetIndex target);
    void sift_up(std::size_t position);
    void sift_down(std::size_t position);

    static constexpr std::uint32_t nowhere = UINT32_MAX;

    std::vector<Instant> at_;
    std::vector<std::uint32_t> position_;  ///< in heap_, or nowhere
    std::vector<TargetIndex> heap_;
};

}  // namespace keepwell::engine
