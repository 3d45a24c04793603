// Questions whose answers make a ReplicaSource.
#include "runtime/docker/commands/gathering.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

// The order of the questions.
enum : std::size_t { version, networks, changes, image, reference, info, parents };

std::string image_path(const std::string& name) { return "/images/" + url_encode(name) + "/json"; }

bool is_podman(const Json& version_answer) {
    for (const auto& component : json_at(version_answer, "Components")) {
        if (json_text(component, "Name").starts_with("Podman")) return true;
    }
    return false;
}

Json object_in(const Answer& answer) {
    auto parsed = answer.ok() ? json_object(answer.body) : tl::expected<Json, std::string>(Json::object());
    return parsed ? std::move(*parsed) : Json::object();
}

void fill(ReplicaSource& source, const std::vector<Answer>& answers, const std::vector<std::string>& parent_names) {
    const Json about = object_in(answers[version]);
    source.podman = is_podman(about);
    const auto os = json_text(about, "Os");
    const auto architecture = json_text(about, "Arch");
    if (!os.empty() && !architecture.empty()) source.host_platform = os + "/" + architecture;
    if (answers[networks].ok()) source.networks = known_networks(answers[networks].body);
    if (answers[changes].ok()) source.changes = answers[changes].body;
    if (answers[image].ok()) source.image = answers[image].body;
    source.reference_id = json_text(object_in(answers[reference]), "Id");
    source.hostname = json_text(object_in(answers[info]), "Name");
    for (std::size_t i = 0; i < parent_names.size(); ++i) {
        if (answers[parents + i].ok()) source.volumes_from[parent_names[i]] = answers[parents + i].body;
    }
}

}  // namespace

void gather_source(Workplace& place, const Look& container, std::string name, std::function<void(ReplicaSource)> done) {
    const auto source = std::make_shared<ReplicaSource>();
    source->container = container.json;
    source->version = api_version(place.asker.engine().version());
    source->replaced = place.successions.all();
    source->name = std::move(name);
    const Json inspect = json_object(container.json).value_or(Json::object());
    const bool needs_hostname = json_text(json_at(inspect, {"HostConfig", "NetworkMode"})) == "host";
    std::vector<std::string> paths{"/version",
                                   "/networks",
                                   container_path(container.view.id, "/changes"),
                                   image_path(container.view.image_id),
                                   image_path(container.view.image),
                                   needs_hostname ? "/info" : "/version"};
    std::vector<std::string> parent_names;
    for (const auto& entry : json_texts(json_at(inspect, {"HostConfig", "VolumesFrom"}))) {
        parent_names.push_back(volumes_from_container(entry));
        paths.push_back(container_path(after_replacements(parent_names.back(), source->replaced), "/json"));
    }
    place.asker.get_all(std::move(paths), [source, parent_names, done = std::move(done)](std::vector<Answer> answers) {
        fill(*source, answers, parent_names);
        done(std::move(*source));
    });
}

}  // namespace keepwell::runtime::docker
