// Gather, make, swap; and undo.
#include "runtime/docker/commands/replacement.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/commands/gathering.hpp"
#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/json/forbidden.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

// The inspect, as if nobody could find it by an alias.
std::string seen_without_aliases(const std::string& json) {
    Json inspect = json_object(json).value_or(Json::object());
    if (!json_at(inspect, {"NetworkSettings", "Networks"}).is_object()) return json;
    for (auto& network : inspect["NetworkSettings"]["Networks"]) {
        if (network.is_object()) network.erase("Aliases");
    }
    return json_line(inspect);
}

}  // namespace

Replacing::Replacing(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell)
    : place_(place), wanted_(std::move(wanted)), tell_(std::move(tell)) {}

void Replacing::begin(std::function<void(Result)> done) {
    done_ = std::move(done);
    place_.asker.look(wanted_.container, [this](Look look) { looked(std::move(look)); });
}

void Replacing::give_up() {
    steps_.give_up(std::string{overtaken});
    if (entry_) entry_->give_up(std::string{overtaken});
}

void Replacing::looked(Look look) {
    older_ = std::move(look);
    if (!older_.trouble.empty()) return refuse(older_.trouble);
    if (!older_.exists) {
        if (!is_from_entry()) return refuse("no such container: " + wanted_.container);
        return read_entry({});
    }
    const Role role = role_of(older_.view.name);
    const std::string own_name{role.name};
    if (role.is_temporary()) return refuse("an earlier replacement of " + own_name + " is not finished");
    if (is_from_entry() && !is_target_of(older_.view, *wanted_.target)) {
        return refuse("the name " + own_name + " is taken by container " + short_id(older_.view.id) + " (" +
                      older_.view.image + "), which is not this policy's");
    }
    name_ = is_from_entry() ? wanted_.target->container->name : own_name;
    if (const auto reason = is_forbidden(older_.json)) return refuse(name_ + " cannot be replaced: " + *reason);
    if (wanted_.made_from == command::MadeFrom::previous) return gather_previous();
    const bool is_update = is_from_entry() && !is_current(older_.view, *place_.policy, *wanted_.target);
    if (is_update) place_.predecessors.keep(slot_key(*wanted_.target), older_.json);
    gather(older_);
}

void Replacing::gather_previous() {
    const auto previous = previous_of(place_, *wanted_.target);
    if (!previous) return refuse("what its update had replaced is not known any more");
    name_ = role_of(previous->view.name).name;
    gather(*previous);
}

void Replacing::refuse(const std::string& failure) { end({}, older_, failure); }

// ---- what is to be made -------------------------------------------------------------------------------------------

void Replacing::gather(const Look& model) {
    gather_source(place_, model, fresh_name(name_, older_.view.id),
                  [this](ReplicaSource source) { gathered(std::move(source)); });
}

void Replacing::gathered(ReplicaSource source) {
    source_ = std::move(source);
    auto replica = make_replica(source_);
    if (!replica && !is_from_entry()) return refuse(replica.error());
    if (replica) replica_ = std::move(*replica);
    if (is_from_entry()) return read_entry(replica_.volumes);
    to_make_ = NewContainer::from(replica_);
    choose_order();
}

void Replacing::read_entry(const std::vector<CarriedVolume>& volumes) {
    const std::string name = older_.exists ? fresh_name(name_, older_.view.id) : std::string{};
    entry_ = std::make_unique<EntryReader>(place_, *wanted_.target, name, tell_);
    entry_->begin([this, volumes](const NewContainer& container, const std::string& failure) {
        if (!failure.empty()) return refuse(failure);
        to_make_ = container;
        if (!older_.exists) return plan_first();
        place_.asker.get("/images/" + url_encode(wanted_.target->container->image) + "/json",
                         [this, volumes](const Answer& image) {
                             to_make_ = with_volumes(std::move(to_make_), volumes, image.body);
                             choose_order();
                         });
    });
}

void Replacing::choose_order() {
    if (wanted_.order == ReplaceOrder::stop_first) return chose("it is asked for");
    if (source_.podman) return chose("the engine is Podman");
    if (!older_.up()) return chose("it does not run");
    place_.neighbours.dependants(older_.view.id, [this](const std::vector<Dependant>& dependants) {
        auto against = start_first_forbidden(older_.json, source_.networks, dependants);
        if (!against && wanted_.order == ReplaceOrder::automatic) against = start_first_unsafe(older_.json);
        chose(against.value_or(std::string{}));
    });
}

void Replacing::chose(const std::string& against) {
    start_first_ = against.empty();
    const bool asked = wanted_.order != ReplaceOrder::automatic;
    if (start_first_) {
        tell_(asked ? "start-first: it is asked for" : "start-first: nothing forbids it");
        return plan_start_first();
    }
    tell_((wanted_.order == ReplaceOrder::start_first ? "stop-first, and not start-first: " : "stop-first: ") +
          against);
    plan_stop_first();
}

// ---- the steps ----------------------------------------------------------------------------------------------------

void Replacing::add(std::string name, std::function<void(Next)> work) { steps_.then(std::move(name), std::move(work)); }

// There is none that could be replaced.
void Replacing::plan_first() {
    add("create " + to_make_.name, [this](const Next& next) { create(next); });
    add("start " + to_make_.name, [this](const Next& next) { start(next); });
    steps_.run(tell_, [this](const std::string& failure) { finish(failure); });
}

// Its entry calls it otherwise now.
void Replacing::plan_name() {
    if (older_.view.name == name_) return;
    add("rename " + older_.view.name + " to " + name_, [this](const Next& next) {
        rename_container(place_.asker, older_.view.id, name_,
                         [next](const Look&, const std::string& why) { next(why); });
    });
}

void Replacing::plan_start_first() {
    to_make_ = without_aliases(std::move(to_make_));
    plan_name();
    add("create " + to_make_.name, [this](const Next& next) { create(next); });
    add("start " + to_make_.name + " beside " + name_, [this](const Next& next) { start(next); });
    steps_.run(tell_, [this](const std::string& failure) { finish(failure); });
}

void Replacing::plan_stop_first() {
    const std::string parked = parked_name(name_, older_.view.id);
    const auto deed = [](const Next& next) { return [next](const Look&, const std::string& why) { next(why); }; };
    plan_name();
    add("create " + to_make_.name, [this](const Next& next) { create(next); });
    if (older_.view.restarts_itself()) {
        add("take the restart policy of " + name_ + " away", [this](const Next& next) {
            // An engine that cannot (Podman's older ones) may bring it back at its own next start, and no sooner.
            const auto log = [this, next](const Look&, const std::string& why) {
                if (!why.empty()) place_.log(name_ + ": its restart policy cannot be taken away: " + why);
                next({});
            };
            set_restart_policy(place_.asker, older_.view.id, "no", 0, log);
        });
    }
    if (older_.up()) add("stop " + name_, [this](const Next& next) { stop(next); });
    if (older_.view.auto_remove) {
        add("see " + name_ + " removed, as `--rm` asks for",
            [this, deed](const Next& next) { remove_container(place_.asker, older_.view.id, false, deed(next)); });
    } else {
        add("rename " + name_ + " to " + parked, [this, deed, parked](const Next& next) {
            rename_container(place_.asker, older_.view.id, parked, deed(next));
        });
    }
    add("rename " + to_make_.name + " to " + name_,
        [this, deed](const Next& next) { rename_container(place_.asker, newer_.view.id, name_, deed(next)); });
    add("start " + name_, [this](const Next& next) { start(next); });
    steps_.run(tell_, [this](const std::string& failure) { finish(failure); });
}

void Replacing::create(const Next& next) {
    const auto make = [this, next] {
        const auto is_ours = [this](const Look& look) {
            return older_.exists || is_target_of(look.view, *wanted_.target);
        };
        create_container(place_, to_make_, is_ours, [this, next](const Look& made, const std::string& failure) {
            if (!failure.empty()) return next(failure);
            newer_ = made;
            compare(made, next);
        });
    };
    if (!older_.exists) return make();
    // What an attempt that was not undone has left.
    place_.asker.look(to_make_.name, [this, make, next](const Look& leftover) {
        if (!leftover.exists) return make();
        remove_container(place_.asker, leftover.view.id, false, [make, next](const Look&, const std::string& failure) {
            failure.empty() ? make() : next(failure);
        });
    });
}

void Replacing::compare(const Look& made, const Next& next) {
    if (is_from_entry()) return next({});
    const std::string& old_json = start_first_ ? seen_without_aliases(source_.container) : source_.container;
    const std::string& new_json = start_first_ ? seen_without_aliases(made.json) : made.json;
    const auto lines = difference(old_json, new_json, allowed_difference(source_, replica_));
    next(lines.empty() ? std::string{} : "its copy is not the same: " + in_one_line(lines));
}

void Replacing::stop(const Next& next) {
    stopping_ = std::make_unique<Stopping>(place_.loop, place_.asker, older_.view.id, wanted_.grace);
    stopping_->begin([next](const Look&, const std::string& survivors) { next(survivors); });
}

void Replacing::start(const Next& next) {
    start_container(place_.asker, newer_.view.id, [this, next](const Look& look, const std::string& failure) {
        if (!failure.empty()) return next(failure);
        newer_ = look;  // where it has ended by now its exit is told, and that is a failed proof
        next({});
    });
}

// ---- the end ------------------------------------------------------------------------------------------------------

void Replacing::finish(const std::string& failure) {
    if (failure.empty()) {
        place_.successions.add(older_.view.id, newer_.view.id);
        return end(newer_, {}, {});
    }
    if (failure == overtaken) return end({}, older_, failure);  // by what will look at it from the beginning
    if (older_.exists) return undo(failure);
    if (!newer_.exists) return end({}, {}, failure);
    // The only one there is: kept for people to look at.
    end({}, newer_, failure);
}

void Replacing::undo(const std::string& failure) {
    Settling::Wanted wanted;
    wanted.goal = Goal::roll_back;
    wanted.name = name_;
    wanted.older_id = older_.view.id;
    wanted.newer_id = newer_.view.id;
    wanted.grace = wanted_.grace;
    wanted.was_up = older_.up();
    undoing_ = std::make_unique<Settling>(place_, std::move(wanted), tell_);
    undoing_->begin([this, failure](const Settling::Result& result) { undone(result, failure); });
}

void Replacing::undone(const Settling::Result& result, std::string failure) {
    if (!result.older.exists && !result.newer.exists && !to_make_.body.empty()) return make_again(std::move(failure));
    if (!result.failure.empty()) failure += "; " + result.failure;
    end({}, result.older.exists ? result.older : result.newer, std::move(failure));
}

// `--rm` took the old one at its stop and the new one at its failed start: nothing is lost that can be kept.
void Replacing::make_again(std::string failure) {
    to_make_.name = name_;
    tell_("create " + name_ + " again, as `--rm` has removed it");
    create_container(
        place_, to_make_, [](const Look&) { return true; },
        [this, failure](const Look& made, const std::string& why) {
            const std::string rest = why.empty() ? "it is there again, and not started" : why;
            end({}, made, failure + "; " + name_ + " was removed by its own end (--rm): " + rest);
        });
}

void Replacing::end(Look newer, Look survivor, std::string failure) {
    const auto done = std::move(done_);
    done({std::move(newer), std::move(survivor), std::move(failure)});
}

}  // namespace keepwell::runtime::docker
