// The body of the watch.
#include "simulation/testing/event_watch.hpp"

namespace keepwell::simulation {

EventWatch::EventWatch(const std::vector<EventMoment>& events) {
    for (const EventMoment& one : events) {
        const auto at = one.when.after ? std::nullopt : std::optional{Instant{one.when.length}};
        all_.push_back({one, Cue{one.when}, at});
    }
}

void EventWatch::see(const journal::Record& record) {
    for (Watched& one : all_) {
        if (!one.at && one.cue.comes_with(record)) one.at = later(record.at, one.event.when.length);
    }
}

std::vector<EventWatch::Missed> EventWatch::missed(Instant end) const {
    std::vector<Missed> missed;
    for (const Watched& one : all_) {
        const std::string why = never_comes(one.event.when, one.at, end);
        if (!why.empty()) missed.push_back({one.event.at, why});
    }
    return missed;
}

}  // namespace keepwell::simulation
