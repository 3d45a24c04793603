// A deque in the order of seq; a reader holds only a number into it.
#include "control/event_log.hpp"

#include <algorithm>

#include "journal/codec.hpp"

namespace keepwell::control {

EventLog::EventLog(supervisor::Supervisor& supervisor, std::size_t limit) : supervisor_(supervisor), limit_(limit) {
    observer_ = supervisor_.subscribe([this](const journal::Record& record) { take(record); });
}

EventLog::~EventLog() { supervisor_.unsubscribe(observer_); }

void EventLog::take(const journal::Record& record) {
    last_seq_ = std::max(last_seq_, record.seq);
    if (!journal::is_event(record)) return;
    entries_.push_back({record.seq, record.time, record.target, record.service, journal::event_json(record) + "\n"});
    bytes_ += entries_.back().line.size();
    while (bytes_ > limit_ && entries_.size() > 1) {
        bytes_ -= entries_.front().line.size();
        forgotten_ = entries_.front().seq;
        entries_.pop_front();
    }
    // A listener may unsubscribe itself or another one from inside its call.
    const auto listeners = listeners_;
    for (const auto& [key, wake] : listeners) {
        if (listeners_.contains(key)) wake();
    }
}

std::uint64_t EventLog::begin(const EventFilter& filter) const {
    if (const auto* seq = std::get_if<std::uint64_t>(&filter.since)) return *seq;
    const auto* time = std::get_if<WallTime>(&filter.since);
    if (time == nullptr) return 0;
    // The wall clock may have been set back between two events: the first that is late enough counts.
    const auto first = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.time >= *time; });
    return first == entries_.end() ? last_seq_ : first->seq - 1;
}

std::uint64_t EventLog::read(const EventFilter& filter, std::uint64_t cursor, std::size_t budget,
                             std::string& lines) const {
    auto entry = std::ranges::upper_bound(entries_, cursor, {}, &Entry::seq);
    for (; entry != entries_.end(); ++entry) {
        const bool wanted = filter.target.empty() || entry->target == filter.target || entry->service == filter.target;
        if (wanted) lines += entry->line;
        if (lines.size() >= budget) return entry->seq;
    }
    return std::max(cursor, last_seq_);
}

std::uint64_t EventLog::subscribe(std::function<void()> wake) {
    listeners_.emplace(next_listener_, std::move(wake));
    return next_listener_++;
}

void EventLog::unsubscribe(std::uint64_t key) { listeners_.erase(key); }

}  // namespace keepwell::control
