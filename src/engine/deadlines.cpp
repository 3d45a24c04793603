// The bodies of the deadline heap.
#include "keepwell/engine/deadlines.hpp"

namespace keepwell::engine {

Deadlines::Deadlines(std::size_t targets) : at_(targets, never), position_(targets, nowhere) { heap_.reserve(targets); }

void Deadlines::grow() {
    at_.push_back(never);
    position_.push_back(nowhere);
}

void Deadlines::set(TargetIndex target, Instant at) {
    if (at_[target] == at) return;
    const bool earlier = at < at_[target];
    at_[target] = at;
    const std::uint32_t position = position_[target];
    if (position == nowhere) {
        heap_.push_back(target);
        place(heap_.size() - 1, target);
        sift_up(heap_.size() - 1);
    } else if (at == never) {
        const TargetIndex last = heap_.back();
        heap_.pop_back();
        position_[target] = nowhere;
        if (last == target) return;
        place(position, last);
        sift_up(position);
        sift_down(position_[last]);
    } else if (earlier) {
        sift_up(position);
    } else {
        sift_down(position);
    }
}

void Deadlines::place(std::size_t position, TargetIndex target) {
    heap_[position] = target;
    position_[target] = static_cast<std::uint32_t>(position);
}

void Deadlines::sift_up(std::size_t position) {
    const TargetIndex target = heap_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (!before(target, heap_[parent])) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, target);
}

void Deadlines::sift_down(std::size_t position) {
    const TargetIndex target = heap_[position];
    for (std::size_t child = 2 * position + 1; child < heap_.size(); child = 2 * position + 1) {
        if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], target)) break;
        place(position, heap_[child]);
        position = child;
    }
    place(position, target);
}

}  // namespace keepwell::engine
