// One after the other: a dependant's own dependants come after what is due already.
#include "runtime/docker/commands/dependant_restarts.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;

constexpr Duration default_grace = 10s;  // Docker's, where the container says nothing
/// An engine's times of two ends that belong together lie so far apart at most.
constexpr Duration together = 1s;

}  // namespace

Duration own_grace(const ContainerView& view) {
    return view.stop_timeout && *view.stop_timeout >= 0 ? std::chrono::seconds(*view.stop_timeout) : default_grace;
}

bool ended_with(const ContainerView& view, EngineTime since) {
    return view.started_at != EngineTime{} && view.finished_at >= since - together;
}

bool is_left_alone(const Workplace& place, const Look& dependant, const std::function<void(const std::string&)>& tell) {
    const std::string why = place.why_left_alone(dependant.view);
    if (!why.empty()) tell(dependant.view.name + " depends on it and is left alone: " + why);
    return !why.empty();
}

DependantRestarts::DependantRestarts(Workplace& place, Look parent, std::function<void(const std::string&)> tell)
    : place_(place), parent_(std::move(parent)), tell_(std::move(tell)) {}

void DependantRestarts::begin(std::function<void()> done) {
    done_ = std::move(done);
    dig(parent_);
}

// Those of `parent` come after what is due already.
void DependantRestarts::dig(const Look& parent) {
    seen_.push_back(parent.view.id);
    place_.neighbours.dependants(parent.view.id, [this, parent](const std::vector<Dependant>& all) {
        for (const auto& one : all) {
            const bool again = std::ranges::find(seen_, one.id) != seen_.end();
            if (again || !one.must_be_restarted() || place_.target_of(one.id)) continue;
            due_.push_back({one, parent.view.finished_at, parent.view.started_at});
        }
        next();
    });
}

void DependantRestarts::next() {
    if (due_.empty()) {
        const auto done = std::move(done_);
        return done();
    }
    const Due due = due_.front();
    due_.erase(due_.begin());
    place_.asker.look(due.dependant.id, [this, due](const Look& look) {
        const bool runs_on = look.view.runs() && look.view.started_at < due.parent_started;
        const bool fell = look.exists && !look.up() && due.since != EngineTime{} && ended_with(look.view, due.since);
        if ((!runs_on && !fell) || is_left_alone(place_, look, tell_)) return next();
        tell_("restart " + look.view.name + ", which depends on it");
        restart_container(place_.asker, look.view.id, look.life(), own_grace(look.view),
                          [this, name = look.view.name](const Look& now, const std::string& failure) {
                              if (failure.empty()) return dig(now);
                              tell_(name + " could not be restarted: " + failure);
                              next();
                          });
    });
}

}  // namespace keepwell::runtime::docker
