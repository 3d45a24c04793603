// From an entry, or a body that is ready, to a container that is not started yet.
#include "runtime/docker/commands/creation.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "runtime/docker/commands/deeds.hpp"
#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/own_labels.hpp"
#include "runtime/docker/watch/claims.hpp"

namespace keepwell::runtime::docker {
namespace {

// Times an asker's slack:
constexpr int create_patience = 8;  // the image's files are unpacked
constexpr int connect_patience = 4;
/// So often a container is asked for while each time the connection breaks and a look says that it is not there.
constexpr int most_creations = 5;

bool is_connected(const Look& look, const std::string& network) {
    const Json inspect = json_object(look.json).value_or(Json::object());
    return look.exists && json_at(inspect, {"NetworkSettings", "Networks", network}).is_object();
}

}  // namespace

// ---- requests -----------------------------------------------------------------------------------------------------

NewContainer NewContainer::from(Replica replica) {
    return {std::move(replica.name), std::move(replica.platform), std::move(replica.body),
            std::move(replica.connections), std::move(replica.warnings)};
}

NewContainer NewContainer::from(CreateRequest request) {
    return {std::move(request.name), std::move(request.platform), std::move(request.body),
            std::move(request.connections), std::move(request.warnings)};
}

std::vector<Connection> endpoints_of(const NewContainer& container) {
    std::vector<Connection> endpoints;
    const Json body = json_object(container.body).value_or(Json::object());
    const auto& first = json_at(body, {"NetworkingConfig", "EndpointsConfig"});
    if (first.is_object()) {
        for (const auto& [network, endpoint] : first.items()) endpoints.push_back({network, json_line(endpoint)});
    }
    endpoints.insert(endpoints.end(), container.connections.begin(), container.connections.end());
    return endpoints;
}

NewContainer without_aliases(NewContainer container) {
    Json body = json_object(container.body).value_or(Json::object());
    if (json_at(body, {"NetworkingConfig", "EndpointsConfig"}).is_object()) {
        for (auto& endpoint : body["NetworkingConfig"]["EndpointsConfig"]) {
            if (endpoint.is_object()) endpoint.erase("Aliases");
        }
        container.body = json_line(body);
    }
    for (auto& connection : container.connections) {
        Json endpoint = json_object(connection.endpoint).value_or(Json::object());
        endpoint.erase("Aliases");
        connection.endpoint = json_line(endpoint);
    }
    return container;
}

NewContainer with_volumes(NewContainer container, const std::vector<CarriedVolume>& volumes, std::string_view image) {
    Json body = json_object(container.body).value_or(Json::object());
    const Json of_image = json_object(image).value_or(Json::object());
    std::set<std::string> taken;
    for (const auto& bind : json_texts(json_at(body, {"HostConfig", "Binds"})))
        taken.insert(parse_bind(bind).destination);
    for (const auto& mount : json_at(body, {"HostConfig", "Mounts"})) {
        taken.insert(clean_path(json_text(mount, "Target")));
    }
    for (const auto& volume : volumes) {
        const bool wanted = !json_at(body, {"Volumes", volume.destination}).is_null() ||
                            !json_at(of_image, {"Config", "Volumes", volume.destination}).is_null();
        if (!wanted || taken.contains(volume.destination)) continue;
        body["HostConfig"]["Binds"].push_back(volume.name + ":" + volume.destination);
    }
    container.body = json_line(body);
    return container;
}

// ---- create -------------------------------------------------------------------------------------------------------

namespace {

struct Making {
    Workplace& place;
    NewContainer wanted;
    std::function<bool(const Look&)> is_ours;
    std::function<void(Look, std::string)> done;
    std::string id;
    std::size_t connected = 0;
    int attempts = 0;
};
using SharedMaking = std::shared_ptr<Making>;

void create(const SharedMaking& making);

void fail(const SharedMaking& making, const std::string& failure) {
    if (making->id.empty()) return making->done({}, failure);
    remove_container(making->place.asker, making->id, true, [making, failure](Look, const std::string& leftover) {
        making->done(
            {}, leftover.empty() ? failure : failure + "; and " + making->wanted.name + " is left over: " + leftover);
    });
}

void connect_next(const SharedMaking& making) {
    const auto& connections = making->wanted.connections;
    if (making->connected == connections.size()) {
        return making->place.asker.look(making->id, [making](Look look) {
            if (!look.exists) return fail(making, look.trouble.empty() ? "it was removed at once" : look.trouble);
            making->done(std::move(look), {});
        });
    }
    const Connection& connection = connections[making->connected++];
    Deed deed;
    deed.container = making->id;
    deed.path = "/networks/" + url_encode(connection.network) + "/connect";
    deed.body = connect_body(connection, making->id);
    deed.timeout = connect_patience * making->place.asker.slack();
    deed.again_after_timeout = true;
    deed.is_so = [network = connection.network](const Look& look) { return is_connected(look, network); };
    making->place.asker.bring_about(std::move(deed), [making, network = connection.network](Look, std::string failure) {
        if (!failure.empty()) return fail(making, "it cannot be connected to " + network + ": " + failure);
        connect_next(making);
    });
}

void created(const SharedMaking& making, std::string id) {
    making->id = std::move(id);
    connect_next(making);
}

// Somebody has the name, or the answer was lost: who is it?
void look_by_name(const SharedMaking& making, const Answer& answer) {
    making->place.asker.look(making->wanted.name, [making, answer](const Look& look) {
        const bool lost = making->attempts > 1 || answer.end != Answer::End::answered;
        if (look.exists && lost && making->is_ours(look)) return created(making, look.view.id);
        if (look.exists) {
            return fail(making, "the name " + making->wanted.name + " is taken by container " + short_id(look.view.id) +
                                    " (" + look.view.image + ")");
        }
        const bool again = answer.end != Answer::End::answered && look.trouble.empty();
        if (again && making->attempts < most_creations) return create(making);
        fail(making, look.trouble.empty() ? answer.error : look.trouble);
    });
}

void create(const SharedMaking& making) {
    ++making->attempts;
    std::string path = "/containers/create?name=" + url_encode(making->wanted.name);
    if (!making->wanted.platform.empty()) path += "&platform=" + url_encode(making->wanted.platform);
    making->place.asker.once("POST", std::move(path), making->wanted.body,
                             create_patience * making->place.asker.slack(), [making](Answer answer) {
                                 if (answer.end != Answer::End::answered || answer.is(409))
                                     return look_by_name(making, answer);
                                 if (!answer.ok()) return fail(making, answer.error);
                                 const Json reply = json_object(answer.body).value_or(Json::object());
                                 for (const auto& warning : json_texts(json_at(reply, "Warnings"))) {
                                     making->place.log(making->wanted.name + ": " + warning);
                                 }
                                 const auto id = json_text(reply, "Id");
                                 if (id.empty())
                                     return fail(making,
                                                 "the engine says that it was created, and not which one it is");
                                 created(making, id);
                             });
}

}  // namespace

void create_container(Workplace& place, NewContainer container, std::function<bool(const Look&)> is_ours,
                      std::function<void(Look, std::string failure)> done) {
    for (const auto& warning : container.warnings) place.log(container.name + ": " + warning);
    create(
        std::make_shared<Making>(Making{place, std::move(container), std::move(is_ours), std::move(done), {}, 0, 0}));
}

// ---- entries ------------------------------------------------------------------------------------------------------

EntryReader::EntryReader(Workplace& place, const TargetSpec& target, std::string name,
                         std::function<void(const std::string&)> tell)
    : place_(place), target_(target), tell_(std::move(tell)) {
    const ServiceSpec& service = place_.policy->services[target_.service];
    context_.name = std::move(name);
    context_.service = service.name;
    context_.slot = target_.slot;
    context_.entry_version = target_.version.empty() ? service.container_version : target_.version;
    context_.stop_grace_period = service.stop_grace_period;
    context_.probed_by_policy = target_.probe.has_value();
}

void EntryReader::begin(Done done) {
    const ContainerSpec& spec = *target_.container;
    if (spec.network_mode.empty()) {
        for (const auto& one : spec.networks) {
            if (one.external && is_user_defined(one.name)) check("network", "/networks/", one.name);
        }
    }
    for (const auto& mount : spec.mounts) {
        if (mount.external) check("volume", "/volumes/", mount.source);
    }
    image_ = std::make_unique<ImageBringer>(place_.asker,
                                            ImageBringer::Wanted{spec.image, spec.platform, spec.pull_policy}, tell_);
    steps_.then({}, [this](Steps::Next next) { image_->begin(std::move(next)); });
    if (spec.network_mode.empty()) std::ranges::for_each(spec.networks, [this](const auto& one) { add_network(one); });
    read(std::move(done));
}

void EntryReader::read(Done done) {
    done_ = std::move(done);
    const ContainerSpec& spec = *target_.container;
    find_shared(spec.network_mode, context_.network_container);
    find_shared(spec.ipc, context_.ipc_container);
    find_shared(spec.pid, context_.pid_container);
    steps_.run(tell_, [this](const std::string& failure) { finish(failure); });
}

/// Before anything is made: what is not this policy's must be there.
void EntryReader::check(const std::string& what, const std::string& path, const std::string& name) {
    steps_.then({}, [this, what, path, name](const Steps::Next& next) {
        place_.asker.get(path + url_encode(name), [what, name, next](const Answer& answer) {
            if (!answer.is(404)) return next(answer.ok() ? std::string{} : answer.error);
            next("the " + what + " " + name + " does not exist, and it is external");
        });
    });
}

void EntryReader::add_network(const NetworkAttachment& network) {
    if (network.external || !is_user_defined(network.name)) return;
    const std::string path = "/networks/" + url_encode(network.name);
    const auto look = [this, path](const Steps::Next& then) {
        place_.asker.get(path, [then](const Answer& answer) { then(answer.ok() ? std::string{} : answer.error); });
    };
    const auto make = [this, path, look, &network](const Steps::Next& next_step) {
        const auto [others, first] = place_.networks_being_made.try_emplace(network.name);
        if (!first) return others->second.push_back([look, next_step] { look(next_step); });
        const Steps::Next next = [&place = place_, name = network.name, next_step](const std::string& failure) {
            const auto waiting = place.networks_being_made.extract(name);
            for (const auto& one : waiting.mapped()) one();
            next_step(failure);
        };
        tell_("create the network " + network.name);
        const Json body{{"Name", network.name},
                        {"CheckDuplicate", true},
                        {"Driver", "bridge"},
                        {"Labels", {{std::string{project_label}, target_.container->project}}}};
        place_.asker.once("POST", "/networks/create", json_line(body), connect_patience * place_.asker.slack(),
                          [this, path, next](const Answer& made) {
                              place_.asker.get(path, [made, next](const Answer& answer) {
                                  if (answer.ok()) return next({});
                                  next(made.error.empty() ? answer.error : made.error);
                              });
                          });
    };
    steps_.then({}, [this, path, make](const Steps::Next& next) {
        place_.asker.get(path, [make, next](const Answer& answer) {
            if (answer.is(404)) return make(next);
            next(answer.ok() ? std::string{} : answer.error);
        });
    });
}

/// Who is meant by "container:NAME" and "service:NAME", as an id that stays when names change.
void EntryReader::find_shared(const std::string& mode, std::string& id) {
    const SharedNamespace shared = shared_namespace(mode);
    const std::string name = shared.service.empty() ? shared.container : container_of_service(shared.service);
    if (name.empty()) return;
    steps_.then({}, [this, name, &id](const Steps::Next& next) {
        place_.asker.look(name, [&id, next](const Look& look) {
            id = look.view.id;
            next(look.trouble);
        });
    });
}

std::string EntryReader::container_of_service(const std::string& service) const {
    const auto& targets = place_.policy->targets;
    for (TargetIndex index = 0; index < targets.size(); ++index) {
        if (place_.policy->services[targets[index].service].name != service) continue;
        return container_to_ask(place_, index, targets[index], {});
    }
    return {};
}

void EntryReader::finish(const std::string& failure) {
    const auto done = std::move(done_);
    if (!failure.empty()) return done({}, failure);
    context_.version = api_version(place_.asker.engine().version());
    auto request = create_request(*target_.container, context_);
    if (!request) return done({}, request.error());
    done(NewContainer::from(std::move(*request)), {});
}

// ---- whose it is --------------------------------------------------------------------------------------------------

bool is_target_of(const ContainerView& view, const TargetSpec& target) {
    return target.container && is_of_slot(*target.container, target.slot, view.labels);
}

bool is_current(const ContainerView& view, const Policy& policy, const TargetSpec& target) {
    return label(view.labels, version_label) == policy.services[target.service].container_version;
}

std::string slot_key(const TargetSpec& target) { return target.container->service + "." + std::to_string(target.slot); }

std::optional<Look> previous_of(const Workplace& place, const TargetSpec& target) {
    const auto inspect = place.predecessors.find(slot_key(target));
    auto view = container_view(inspect.value_or(""));
    if (!view) return std::nullopt;
    Look look;
    look.exists = true;
    look.json = *inspect;
    look.view = std::move(*view);
    return look;
}

}  // namespace keepwell::runtime::docker
