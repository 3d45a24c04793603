// One step after the other, each read from what is there.
#include "runtime/docker/commands/settling.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/commands/gathering.hpp"
#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/own_labels.hpp"
#include "runtime/docker/watch/claims.hpp"
#include "runtime/docker/watch/engine_event.hpp"
#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;

constexpr int network_patience = 4;       // times an asker's slack
constexpr Duration stop_slack = 15s;      // an engine takes so long beyond a grace
constexpr Duration events_patience = 5s;  // of what it remembers

// The engine's name filter is a regular expression; a name holds no other character that means something there.
std::string name_filter(const std::string& name) {
    std::string pattern;
    for (const char c : name) pattern += c == '.' ? std::string{"\\."} : std::string{c};
    return url_encode(json_line(Json{{"name", {pattern}}}));
}

bool is_same_entry(const Look& one, const Look& other) {
    return label(one.view.labels, version_label) == label(other.view.labels, version_label);
}

std::vector<std::string> aliases_of(const Look& look, const std::string& network) {
    const Json inspect = json_object(look.json).value_or(Json::object());
    return json_texts(json_at(inspect, {"NetworkSettings", "Networks", network, "Aliases"}));
}

std::vector<std::string> wanted_aliases(const Connection& connection) {
    return json_texts(json_at(json_object(connection.endpoint).value_or(Json::object()), "Aliases"));
}

bool lacks_aliases(const Look& look, const Connection& connection) {
    const auto has = aliases_of(look, connection.network);
    const auto lacks = [&has](const std::string& alias) { return std::ranges::find(has, alias) == has.end(); };
    return is_user_defined(connection.network) && std::ranges::any_of(wanted_aliases(connection), lacks);
}

// Its aliases, and the container's own name: between the two renames nobody would be found under it.
std::string connect_with_aliases(const Connection& connection, const std::string& name, const std::string& id) {
    Json endpoint = json_object(connection.endpoint).value_or(Json::object());
    auto aliases = wanted_aliases(connection);
    if (std::ranges::find(aliases, name) == aliases.end()) aliases.push_back(name);
    endpoint["Aliases"] = aliases;
    return connect_body({connection.network, json_line(endpoint)}, id);
}

// On a network a container is found by its own name, whether that is an alias as well or not.
std::string without_own_alias(const std::string& json, const std::string& name) {
    Json inspect = json_object(json).value_or(Json::object());
    if (!json_at(inspect, {"NetworkSettings", "Networks"}).is_object()) return json;
    for (auto& network : inspect["NetworkSettings"]["Networks"]) {
        if (!json_at(network, "Aliases").is_array()) continue;
        auto& aliases = network["Aliases"];
        aliases.erase(std::remove(aliases.begin(), aliases.end(), Json(name)), aliases.end());
    }
    return json_line(inspect);
}

// Docker's DNS tells others on its networks where it is.
bool has_names(const Look& look) {
    return std::ranges::any_of(look.view.networks, [](const auto& network) { return is_user_defined(network.name); });
}

}  // namespace

Settling::Settling(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell)
    : place_(place), wanted_(std::move(wanted)), tell_(std::move(tell)), draining_(place.loop), goal_(wanted_.goal) {
    progress_.was_up = wanted_.was_up;
}

Settling::~Settling() = default;

void Settling::begin(std::function<void(Result)> done) {
    done_ = std::move(done);
    look_around();
}

void Settling::give_up() {
    given_up_ = true;
    if (drained_) draining_.arm(place_.loop.now(), [this] { std::exchange(drained_, {})({}); });
}

// ---- look ---------------------------------------------------------------------------------------------------------

void Settling::look_around() {
    const std::string path = "/containers/json?all=1&filters=" + name_filter(wanted_.name);
    place_.asker.get(path, [this](const Answer& answer) {
        std::vector<std::string> ids;
        for (const auto& container : container_list(answer.body).value_or(std::vector<ListedContainer>{})) {
            if (role_of(container.name).name == wanted_.name) ids.push_back(container.id);
        }
        if (!answer.ok()) {
            fail(answer.error);
            return finish();
        }
        place_.asker.look_at_all(ids, [this](const std::vector<Look>& looks) { looked(looks); });
    });
}

void Settling::looked(const std::vector<Look>& looks) {
    std::vector<Look> there;
    std::ranges::copy_if(looks, std::back_inserter(there), &Look::exists);
    now_ = situation(wanted_.name, there, wanted_.older_id, wanted_.newer_id);
    // Nothing was made, as far as anybody knows: who bears the name is the old one.
    const bool undecided = wanted_.older_id.empty() && now_.newer && !now_.older;
    if (goal_ == Goal::roll_back && undecided && now_.newer->view.id != wanted_.newer_id) {
        std::swap(now_.older, now_.newer);
    }
    if (now_.older && now_.newer) place_.successions.add(now_.older->view.id, now_.newer->view.id);
    progress_.has_clients = now_.older && now_.newer && now_.older->up() && now_.newer->up() && has_names(*now_.older);
    if (goal_ == Goal::renew && now_.older) {
        const auto& view = now_.older->view;
        const bool runs = now_.older->up() && view.name == wanted_.name;
        progress_.was_up = runs || ended_with(view, wanted_.renewed_since);
    }
    compare_aliases([this] { look_for_a_stop([this] { decide(); }); });
}

// A keepwell that ended while it had the old one stopped leaves an engine that goes on with that: the old one runs, but
// not for long. The engine remembers that it sent the signal.
void Settling::look_for_a_stop(std::function<void()> then) {
    const bool runs = now_.older && now_.older->up() && now_.older->view.name == wanted_.name;
    const bool asked = goal_ != Goal::roll_back || !now_.newer || !runs;
    if (asked || std::exchange(looked_for_a_stop_, true)) return then();
    const EngineTime now = place_.engine_now();
    const EngineTime from =
        std::max(now_.older->view.started_at, now - std::max<Duration>(wanted_.grace, 0s) - stop_slack);
    const Json filters{{"container", {now_.older->view.id}}, {"event", {"kill"}}};
    const std::string path =
        "/events?since=" + unix_time(from) + "&until=" + unix_time(now) + "&filters=" + url_encode(json_line(filters));
    place_.asker.once("GET", path, {}, events_patience, [this, then = std::move(then)](const Answer& answer) {
        progress_.being_stopped = answer.ok() && json_object(answer.body.substr(0, answer.body.find('\n'))).has_value();
        then();
    });
}

// Who takes over while both run gets the aliases first, so that at each moment somebody answers.
void Settling::compare_aliases(std::function<void()> then) {
    const bool both = now_.older && now_.newer;
    const bool before_swap = both && now_.older->view.name == wanted_.name;
    if (goal_ != Goal::commit || !before_swap) {
        progress_.aliases_missing = false;
        return then();
    }
    const auto compare = [this, then] {
        progress_.aliases_missing = std::ranges::any_of(
            endpoints_, [this](const Connection& connection) { return lacks_aliases(*now_.newer, connection); });
        then();
    };
    if (endpoints_known_) return compare();
    find_endpoints([this, compare](std::vector<Connection> endpoints) {
        endpoints_known_ = true;
        endpoints_ = std::move(endpoints);
        compare();
    });
}

void Settling::find_endpoints(const std::function<void(std::vector<Connection>)>& then) {
    const bool updated = wanted_.target && wanted_.target->container && !is_same_entry(*now_.older, *now_.newer);
    Look model = *now_.older;
    if (updated && is_current(now_.newer->view, *place_.policy, *wanted_.target)) {
        entry_ = std::make_unique<EntryReader>(place_, *wanted_.target, std::string{}, tell_);
        return entry_->read([this, then](const NewContainer& container, const std::string& failure) {
            if (!failure.empty()) fail("its network aliases are not known: " + failure);
            then(endpoints_of(container));
        });
    }
    if (updated) model = previous_of(place_, *wanted_.target).value_or(std::move(model));
    gather_source(place_, model, wanted_.name, [this, then](const ReplicaSource& source) {
        auto replica = make_replica(source);
        if (replica) return then(endpoints_of(NewContainer::from(std::move(*replica))));
        fail("its network aliases are not known: " + replica.error());
        then({});
    });
}

// ---- step ---------------------------------------------------------------------------------------------------------

void Settling::decide() {
    if (given_up_) {
        fail(std::string{overtaken});
        return finish();
    }
    const Step step = next_step(now_, goal_, progress_);
    if (step.move == Move::rest) return finish();
    if (goal_ == Goal::commit && progress_.aliases_missing && step.move != Move::attach) {
        goal_ = Goal::roll_back;  // nobody would find the new one: the old one, which is found, stays
        return look_around();
    }
    ++progress_.passed[step];
    if (step.move != Move::dependants) tell_(to_string(step));
    take(step);
}

void Settling::take(const Step& step) {
    const Done done = [this, step](const Look&, const std::string& failure) { taken(step, failure); };
    const Next next = [this, step](const std::string& failure) { taken(step, failure); };
    switch (step.move) {
        case Move::rest: return finish();
        case Move::create: return create(next);
        case Move::attach: return attach(next);
        case Move::silence: return set_restart_policy(place_.asker, step.id, "no", 0, done);
        case Move::restore: return set_restart_policy(place_.asker, step.id, step.name, step.retries, done);
        case Move::stop:
            stopping_ = std::make_unique<Stopping>(place_.loop, place_.asker, step.id, wanted_.grace);
            return stopping_->begin(done);
        case Move::start: return start_container(place_.asker, step.id, done);
        case Move::rename: return rename_container(place_.asker, step.id, step.name, done);
        case Move::dependants: return dependants(next);
        case Move::drain: return drain(next);
        case Move::remove: return remove_container(place_.asker, step.id, false, done);
    }
}

void Settling::taken(const Step& step, const std::string& failure) {
    std::erase_if(failures_,
                  [&step](const Failure& earlier) { return !(earlier.step < step) && !(step < earlier.step); });
    if (failure.empty()) return look_around();
    // Where the container is gone, the step was none; the next look says what that means.
    if (step.id.empty()) {
        failures_.push_back({step, failure});
        return look_around();
    }
    place_.asker.look(step.id, [this, step, failure](const Look& look) {
        if (look.exists || !look.trouble.empty())
            failures_.push_back({step, "cannot " + to_string(step) + ": " + failure});
        look_around();
    });
}

void Settling::finish() {
    Result result;
    if (now_.older) result.older = *now_.older;
    if (now_.newer) result.newer = *now_.newer;
    if (failures_.empty() && !now_.stranger.empty()) {
        fail("the name " + wanted_.name + " is taken by " + now_.stranger);
    }
    if (failures_.empty() && !now_.older && !now_.newer) fail("there is no container " + wanted_.name);
    if (failures_.empty() && goal_ == Goal::commit && !now_.newer) {
        fail("the new container is gone");
    }
    if (failures_.empty() && goal_ == Goal::roll_back && !now_.older) {
        fail("the old container is gone; the new one was kept");
    }
    for (const auto& one : failures_) result.failure += (result.failure.empty() ? "" : "; ") + one.text;
    const auto done = std::move(done_);
    done(std::move(result));
}

// ---- a dependant's new container ----------------------------------------------------------------------------------

void Settling::create(const Next& next) {
    const Look older = *now_.older;
    gather_source(place_, older, fresh_name(wanted_.name, older.view.id),
                  [this, older, next](const ReplicaSource& source) {
                      auto replica = make_replica(source);
                      if (!replica) return next(replica.error());
                      const DifferenceOptions allowed = allowed_difference(source, *replica);
                      create_container(
                          place_, NewContainer::from(std::move(*replica)), [](const Look&) { return true; },
                          [this, older, allowed, next](const Look& made, const std::string& failure) {
                              if (!failure.empty()) return next(failure);
                              const auto lines = difference(older.json, made.json, allowed);
                              if (lines.empty()) return next({});
                              remove_container(place_.asker, made.view.id, false, [lines, next](const Look&, auto) {
                                  next("its copy is not the same: " + in_one_line(lines));
                              });
                          });
                  });
}

// ---- aliases ------------------------------------------------------------------------------------------------------

// Aliases are set when a network is connected, and only then: the new one loses its connections for a moment. Nobody
// uses it yet; one without aliases is found by its name, and keeps them.
void Settling::attach(const Next& next) {
    std::vector<Connection> left;
    std::ranges::copy_if(endpoints_, std::back_inserter(left),
                         [this](const Connection& connection) { return lacks_aliases(*now_.newer, connection); });
    attach(std::move(left), next);
}

void Settling::attach(std::vector<Connection> left, const Next& next) {
    if (left.empty()) return verify_attached(next);
    const Connection connection = left.back();
    left.pop_back();
    const std::string id = now_.newer->view.id;
    const std::string path = "/networks/" + url_encode(connection.network);
    const std::string leave = json_line(Json{{"Container", id}});
    const auto connected = [this, left, next](const Look&, const std::string& failure) {
        if (!failure.empty()) return next(failure);
        attach(left, next);
    };
    place_.asker.once("POST", path + "/disconnect", leave, network_patience * place_.asker.slack(),
                      [this, connection, id, path, connected](auto) {
                          Deed deed;
                          deed.container = id;
                          deed.path = path + "/connect";
                          deed.body = connect_with_aliases(connection, wanted_.name, id);
                          deed.timeout = network_patience * place_.asker.slack();
                          deed.again_after_timeout = true;
                          deed.is_so = [connection](const Look& look) {
                              return look.exists && !lacks_aliases(look, connection);
                          };
                          place_.asker.bring_about(std::move(deed), connected);
                      });
}

void Settling::verify_attached(const Next& next) {
    place_.asker.look(now_.newer->view.id, [this, next](const Look& newer) {
        gather_source(place_, *now_.older, wanted_.name, [this, newer, next](const ReplicaSource& source) {
            const auto replica = make_replica(source);
            const bool same_entry = is_same_entry(*now_.older, newer);
            if (!replica || !same_entry) return next({});
            const auto lines =
                difference(without_own_alias(now_.older->json, wanted_.name),
                           without_own_alias(newer.json, wanted_.name), allowed_difference(source, *replica));
            next(lines.empty() ? std::string{} : "it is not the same as the old one: " + in_one_line(lines));
        });
    });
}

void Settling::drain(const Next& next) {
    drained_ = next;
    draining_.arm(later(place_.loop.now(), place_.drain), [this] { std::exchange(drained_, {})({}); });
}

// ---- dependants ---------------------------------------------------------------------------------------------------

void Settling::dependants(const Next& next) {
    if (goal_ == Goal::roll_back) {
        restarts_ = std::make_unique<DependantRestarts>(place_, *now_.older, tell_);
        return restarts_->begin([next] { next({}); });
    }
    place_.neighbours.dependants(now_.older->view.id, [this, next](std::vector<Dependant> all) {
        std::erase_if(all, [this](const Dependant& one) {
            return std::ranges::find(wanted_.above, one.id) != wanted_.above.end() ||
                   (now_.newer && one.id == now_.newer->view.id) || place_.target_of(one.id).has_value();
        });
        std::ranges::reverse(all);  // taken from the end
        look_after(std::move(all), next);
    });
}

void Settling::look_after(std::vector<Dependant> left, const Next& next) {
    if (left.empty() || given_up_) return next({});
    const Dependant one = left.back();
    left.pop_back();
    look_after(one, [this, left, name = one.name, next](const std::string& failure) {
        if (!failure.empty()) fail(name + " depends on it: " + failure);
        look_after(left, next);
    });
}

void Settling::look_after(const Dependant& dependant, const Next& next) {
    if (dependant.must_be_recreated()) return renew_dependant(dependant, next);
    if (dependant.must_be_restarted()) return restart_dependant(dependant, next);
    next({});
}

void Settling::restart_dependant(const Dependant& dependant, const Next& next) {
    place_.asker.look(dependant.id, [this, next](const Look& look) {
        const bool older = look.view.runs() && look.view.started_at < now_.newer->view.started_at;
        if (!older || is_left_alone(place_, look, tell_)) return next({});
        tell_("restart " + look.view.name + ", which depends on it");
        restart_container(place_.asker, look.view.id, look.life(), own_grace(look.view),
                          [next](const Look&, const std::string& failure) { next(failure); });
    });
}

void Settling::renew_dependant(const Dependant& dependant, const Next& next) {
    place_.asker.look(dependant.id, [this, next](const Look& look) {
        if (!look.exists) return next(look.trouble);
        if (is_left_alone(place_, look, tell_)) return next({});
        Wanted wanted;
        wanted.goal = Goal::renew;
        wanted.name = role_of(look.view.name).name;
        wanted.older_id = look.view.id;
        wanted.grace = own_grace(look.view);
        // What it depends on may not have ended yet: then only what runs is started again.
        const bool ended = !now_.older->up() && now_.older->view.finished_at != EngineTime{};
        wanted.renewed_since = ended ? now_.older->view.finished_at : EngineTime::max();
        wanted.above = wanted_.above;
        wanted.above.push_back(now_.older->view.id);
        inner_ = std::make_unique<Settling>(place_, std::move(wanted), tell_);
        inner_->begin([this, next](const Result& result) {
            const auto finished = std::shared_ptr<Settling>(std::move(inner_));
            place_.loop.post([finished] {});  // it is still on the stack
            next(result.failure);
        });
    });
}

// ---- the command --------------------------------------------------------------------------------------------------

SettleOperation::SettleOperation(Workplace& place, Wanted wanted, std::function<void(const std::string&)> tell)
    : place_(place), wanted_(std::move(wanted)), tell_(std::move(tell)) {}

void SettleOperation::give_up() {
    given_up_ = true;
    if (settling_) settling_->give_up();
}

void SettleOperation::begin(std::function<void(Settling::Result)> done) {
    find_name(wanted_.ask, [this, done = std::move(done)](std::string name) {
        if (!name.empty()) return settle(name, done);
        // The one that is known is gone: the other one has the name, or had it.
        find_name(wanted_.newer_id, [this, done](std::string other) {
            settle(other.empty() ? std::string{role_of(wanted_.fallback).name} : other, done);
        });
    });
}

void SettleOperation::find_name(const std::string& container, const std::function<void(std::string)>& then) {
    if (container.empty()) return then({});
    place_.asker.look(container, [then](const Look& look) { then(std::string{role_of(look.view.name).name}); });
}

void SettleOperation::settle(const std::string& name, std::function<void(Settling::Result)> done) {
    Settling::Wanted wanted;
    wanted.goal = wanted_.commit ? Goal::commit : Goal::roll_back;
    wanted.name = name;
    wanted.older_id = wanted_.older_id;
    wanted.newer_id = wanted_.newer_id;
    wanted.grace = wanted_.grace;
    wanted.target = wanted_.target;
    settling_ = std::make_unique<Settling>(place_, std::move(wanted), tell_);
    if (given_up_) settling_->give_up();
    settling_->begin(std::move(done));
}

}  // namespace keepwell::runtime::docker
