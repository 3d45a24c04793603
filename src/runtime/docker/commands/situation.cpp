// The table of docs/replace.md.
#include "runtime/docker/commands/situation.hpp"

#include <algorithm>

#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

constexpr int most_tries = 2;

std::string in_words(const Look& look) { return look.view.name + " (" + short_id(look.view.id) + ")"; }

const Look* find(const std::vector<Look>& looks, const std::string& name) {
    const auto found = std::ranges::find_if(looks, [&](const Look& look) { return look.view.name == name; });
    return found == looks.end() ? nullptr : &*found;
}

const Look* find(const std::vector<Look>& looks, Role::Part part) {
    const auto found = std::ranges::find_if(looks, [&](const Look& look) {
        const Role role = role_of(look.view.name);
        return role.part == part && (part == Role::Part::fresh || role.is_of(look.view.id));
    });
    return found == looks.end() ? nullptr : &*found;
}

Step step(Move move, const Look& of, std::string name = {}) {
    return {move, of.view.id, of.view.name, std::move(name), 0};
}

}  // namespace

// ---- what is there ------------------------------------------------------------------------------------------------

Situation situation(const std::string& name, const std::vector<Look>& looks, std::string_view older_id,
                    std::string_view newer_id) {
    Situation now;
    now.name = name;
    const Look* named = find(looks, name);
    const Look* parked = find(looks, Role::Part::parked);
    // Of whom a fresh one is the successor, its name says.
    const auto successor_of = [&](std::string_view id) { return find(looks, fresh_name(name, id)); };
    const Look* fresh = parked ? successor_of(parked->view.id) : named ? successor_of(named->view.id) : nullptr;
    if (!parked && !fresh) {
        fresh = older_id.empty() ? find(looks, Role::Part::fresh) : successor_of(older_id);
        // Its predecessor is gone, and somebody else has its name.
        if (fresh && named) now.stranger = in_words(*named);
        if (now.stranger.empty() && named && named->view.id == older_id) now.older = *named;
        if (now.stranger.empty() && named && named->view.id != older_id) now.newer = *named;
        if (fresh) now.newer = *fresh;
        return now;
    }
    if (!parked) {
        now.older = *named;
        now.newer = *fresh;
        return now;
    }
    now.older = *parked;
    const bool ours = named && !fresh && (newer_id.empty() || named->view.id == newer_id);
    if (named && !ours) now.stranger = in_words(*named);
    if (fresh) now.newer = *fresh;
    if (ours) now.newer = *named;
    return now;
}

// ---- what comes next ----------------------------------------------------------------------------------------------

std::string to_string(const Step& step) {
    switch (step.move) {
        case Move::rest: return "nothing is left to do";
        case Move::create: return "create " + step.name;
        case Move::attach: return "give " + step.subject + " its network aliases";
        case Move::silence: return "take the restart policy of " + step.subject + " away";
        case Move::restore: return "give " + step.subject + " its restart policy `" + step.name + "` back";
        case Move::stop: return "stop " + step.subject;
        case Move::start: return "start " + step.subject;
        case Move::rename: return "rename " + step.subject + " to " + step.name;
        case Move::dependants: return "look after what depends on " + step.subject;
        case Move::drain: return "let " + step.subject + " answer who still has its address";
        case Move::remove: return "remove " + step.subject;
    }
    return {};
}

namespace {

/// One decision: the first step that is wanted and was not passed.
class Choice {
  public:
    Choice(const Situation& situation, Goal goal, const Progress& progress)
        : now_(situation), goal_(goal), progress_(progress) {}

    Step next() const {
        if (now_.older && now_.newer) return next_of_both();
        if (now_.newer) return next_of_newer();
        if (now_.older) return next_of_older();
        return {};
    }

  private:
    bool open(const Step& step) const {
        const auto passed = progress_.passed.find(step);
        const bool never_shows = step.move == Move::dependants || step.move == Move::drain;
        const int tries = never_shows ? 1 : most_tries;
        return passed == progress_.passed.end() || passed->second < tries;
    }
    bool bears_name(const Look& look) const { return look.view.name == now_.name; }
    std::string id() const { return now_.older->view.id; }

    Step first_open(std::initializer_list<std::pair<bool, Step>> steps) const {
        for (const auto& [wanted, step] : steps) {
            if (wanted && open(step)) return step;
        }
        return {};
    }

    Step next_of_both() const {
        switch (goal_) {
            case Goal::commit:
            case Goal::renew: return forward();
            case Goal::roll_back: return back();
        }
        return {};
    }

    Step forward() const {
        const Look& older = *now_.older;
        const Look& newer = *now_.newer;
        const bool renews = goal_ == Goal::renew;
        if (bears_name(older)) {
            return first_open({
                {!renews && progress_.aliases_missing, step(Move::attach, newer)},
                {older.view.restarts_itself(), step(Move::silence, older)},
                {renews && older.up(), step(Move::stop, older)},
                {true, step(Move::rename, older, parked_name(now_.name, older.view.id))},
            });
        }
        if (!bears_name(newer)) return first_open({{true, step(Move::rename, newer, now_.name)}});
        return first_open({
            {renews && progress_.was_up && !newer.up(), step(Move::start, newer)},
            {true, step(Move::dependants, older)},
            {!renews && progress_.has_clients, step(Move::drain, older)},
            {older.up(), step(Move::stop, older)},
            {true, step(Move::remove, older)},
        });
    }

    Step back() const {
        const Look& older = *now_.older;
        const Look& newer = *now_.newer;
        const bool named = bears_name(newer);
        if (!bears_name(older)) {
            return first_open({
                {newer.up(), step(Move::stop, newer)},
                {named, step(Move::rename, newer, fresh_name(now_.name, older.view.id))},
                {!named, step(Move::rename, older, now_.name)},
            });
        }
        Step restore = step(Move::restore, older, newer.view.restart_policy);
        restore.retries = newer.view.restart_retries;
        return first_open({
            {newer.up(), step(Move::stop, newer)},
            {older.up() && progress_.being_stopped, step(Move::stop, older)},
            {newer.view.restarts_itself() && !older.view.restarts_itself(), restore},
            {progress_.was_up && !older.up(), step(Move::start, older)},
            {true, step(Move::dependants, older)},
            {true, step(Move::remove, newer)},
        });
    }

    /// The old one is gone: removed by its stop (`--rm`), by a person, or by the last step.
    Step next_of_newer() const {
        const Look& newer = *now_.newer;
        if (!bears_name(newer)) {
            const bool taken = !now_.stranger.empty();
            return first_open({{!taken, step(Move::rename, newer, now_.name)}});
        }
        const bool never_started = !newer.life().exists();
        const bool runs_again = goal_ == Goal::roll_back || (goal_ == Goal::renew && never_started);
        return first_open({{progress_.was_up && runs_again && !newer.up(), step(Move::start, newer)}});
    }

    /// The new one is gone: it was never made, was removed by a person, or by the last step.
    Step next_of_older() const {
        const Look& older = *now_.older;
        Step create;
        create.move = Move::create;
        create.name = fresh_name(now_.name, older.view.id);
        const bool came_back = progress_.passed.contains(step(Move::rename, older, now_.name));
        if (bears_name(older)) {
            return first_open({
                {goal_ == Goal::renew, create},
                {goal_ == Goal::roll_back && came_back && progress_.was_up && !older.up(), step(Move::start, older)},
            });
        }
        return now_.stranger.empty() ? first_open({{true, step(Move::rename, older, now_.name)}}) : Step{};
    }

    const Situation& now_;
    const Goal goal_;
    const Progress& progress_;
};

}  // namespace

Step next_step(const Situation& situation, Goal goal, const Progress& progress) {
    return Choice{situation, goal, progress}.next();
}

}  // namespace keepwell::runtime::docker
