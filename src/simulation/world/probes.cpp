// The body of the made-up probes.
#include "simulation/world/probes.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::simulation {
namespace {

const Answer passing = Answer::pass();

event::ProbeFinished completion(CommandId id, TargetIndex index, const Answer& answer, Duration timeout) {
    if (answer.takes < timeout) return {id, index, answer.outcome, answer.exit_code, answer.output};
    return {id, index, Outcome::failed, -1, timed_out_text(timeout)};
}

}  // namespace

Probes::Probes(Loop& loop, supervisor::EventSink sink) : loop_{loop}, sink_{std::move(sink)} {}

void Probes::answers(const std::string& target, Timeline timeline) {
    Answering& one = answering(target);
    one.timeline = std::move(timeline);
    one.run = 0;
    one.used = 0;
    one.since = loop_.now();
}

void Probes::suffers(const std::string& target, Answer answer, Instant until) {
    Answering& one = answering(target);
    one.suffered = std::move(answer);
    one.suffers_until = until;
}

const Answer& Probes::take(const std::string& target) { return answering(target).next(loop_.now()); }

std::uint32_t Probes::asked(const std::string& target) const {
    const auto found = by_name_.find(target);
    return found == by_name_.end() ? 0 : found->second.asked;
}

void Probes::run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) {
    Answering& one = answering(index, target.name);
    ++one.asked;
    const Answer& answer = one.next(loop_.now());
    const std::uint32_t at = place();
    Asking& asking = asking_[at];
    asking.id = id;
    asking.index = index;
    asking.finished = completion(id, index, answer, timeout);
    const Instant answered = later(loop_.now(), std::min(answer.takes, timeout));
    loop_.at_any_turn(answered, [this, at, use = asking.use] { finish(at, use); });
}

void Probes::cancel(CommandId id) {
    const auto found = std::find_if(asking_.begin(), asking_.end(), [&](const Asking& one) { return one.id == id; });
    if (id == 0 || found == asking_.end()) return;
    found->finished = {id, found->index, Outcome::error, -1, "cancelled"};
    const auto at = static_cast<std::uint32_t>(found - asking_.begin());
    loop_.post([this, at, use = found->use] { finish(at, use); });
}

const Answer& Probes::Answering::next(Instant now) {
    if (now < suffers_until) return suffered;
    if (timeline.empty()) return passing;
    while (run + 1 < timeline.size()) {
        const Answers& current = timeline[run];
        if (current.lasts ? now < later(since, *current.lasts) : used < current.times) break;
        since = current.lasts ? later(since, *current.lasts) : now;
        used = 0;
        ++run;
    }
    ++used;
    return timeline[run].answer;
}

Probes::Answering& Probes::answering(const std::string& target) {
    Answering& one = by_name_[target];
    if (one.target.empty()) one.target = target;
    return one;
}

Probes::Answering& Probes::answering(TargetIndex index, const std::string& target) {
    if (index >= by_index_.size()) by_index_.resize(index + 1, nullptr);
    Answering*& known = by_index_[index];
    if (!known || known->target != target) known = &answering(target);
    return *known;
}

std::uint32_t Probes::place() {
    if (free_.empty()) {
        asking_.emplace_back();
        return static_cast<std::uint32_t>(asking_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
}

void Probes::finish(std::uint32_t place, std::uint32_t use) {
    Asking& asking = asking_[place];
    if (asking.use != use) return;
    ++asking.use;
    asking.id = 0;
    free_.push_back(place);
    sink_(std::move(asking.finished));
}

}  // namespace keepwell::simulation
