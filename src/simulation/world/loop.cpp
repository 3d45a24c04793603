// The body of the loop: a binary heap of small entries, and the work itself at places that are used again.
#include "simulation/world/loop.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::simulation {
namespace {

constexpr std::uint64_t behind_all = std::uint64_t{1} << 63;

}  // namespace

void Loop::at(Instant at, Work work) { push(at, made_++, std::move(work)); }

void Loop::at_any_turn(Instant at, Work work) { push(at, lot_ ? behind_all | (*lot_)() : made_++, std::move(work)); }

void Loop::draw_turns(std::uint64_t seed) {
    lot_.reset();
    if (seed != 0) lot_.emplace(seed);
}

void Loop::push(Instant at, std::uint64_t turn, Work work) {
    std::uint32_t place = static_cast<std::uint32_t>(works_.size());
    if (free_.empty()) {
        works_.push_back(std::move(work));
    } else {
        place = free_.back();
        free_.pop_back();
        works_[place] = std::move(work);
    }
    heap_.push_back({std::max(at, now_), turn, place});
    std::push_heap(heap_.begin(), heap_.end(), Later{});
}

void Loop::advance_to(Instant end) {
    while (!heap_.empty() && next() <= end) step();
    now_ = end;
}

bool Loop::step() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = entry.at;
    const Work work = std::exchange(works_[entry.place], nullptr);
    free_.push_back(entry.place);
    work();
    return true;
}

}  // namespace keepwell::simulation
