// Names and labels, compared.
#include "runtime/docker/watch/claims.hpp"

#include <algorithm>
#include <array>

#include "keepwell/model/names.hpp"
#include "runtime/docker/json/own_labels.hpp"
#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

Fit unless_temporary(Fit fit, std::string_view name) { return role_of(name).is_temporary() ? Fit::temporary : fit; }

Fit fit_owned(const TargetSpec& target, const Identity& container) {
    if (!target.container || !is_of_slot(*target.container, target.slot, container.labels)) return Fit::none;
    return unless_temporary(container.name == target.container->name ? Fit::exact : Fit::alike, container.name);
}

Fit fit_named(std::string_view name, const Identity& container) {
    if (container.id == name || container.name == name) return Fit::exact;
    return role_of(container.name).name == name ? Fit::temporary : Fit::none;
}

bool is_one_off(const Labels& labels) {
    const auto text = label(labels, "com.docker.compose.oneoff");
    return text == "True" || text == "true";
}

}  // namespace

Identity identity_of(const ContainerView& container) { return {container.id, container.name, container.labels}; }
Identity identity_of(const ListedContainer& container) { return {container.id, container.name, container.labels}; }

Fit fit(const TargetSpec& target, const Identity& container) {
    switch (target.kind) {
        case TargetKind::process: return Fit::none;
        case TargetKind::container: return fit_owned(target, container);
        case TargetKind::adopted: break;
    }
    if (!target.selector.name.empty()) return fit_named(target.selector.name, container);
    return selects(target.selector, container.labels) ? unless_temporary(Fit::exact, container.name) : Fit::none;
}

Fit fit(std::string_view name, std::string_view place, const Identity& container) {
    if (role_of(container.name).name == name) return unless_temporary(Fit::alike, container.name);
    if (place.empty() || is_one_off(container.labels) || compose_place(container.labels) != place) return Fit::none;
    return unless_temporary(Fit::alike, container.name);
}

bool selects(const ContainerSelector& selector, const Labels& labels) {
    if (selector.labels.empty() || is_one_off(labels)) return false;
    return std::all_of(selector.labels.begin(), selector.labels.end(), [&](const auto& wanted) {
        const auto found = labels.find(wanted.key);
        return found != labels.end() && (!wanted.value || found->second == *wanted.value);
    });
}

std::string compose_place(const Labels& labels) {
    const auto project = label(labels, "com.docker.compose.project");
    const auto service = label(labels, "com.docker.compose.service");
    const auto number = label(labels, "com.docker.compose.container-number");
    if (project.empty() || service.empty() || number.empty()) return {};
    return std::string{project} + '/' + std::string{service} + '/' + std::string{number};
}

bool is_ours(const Labels& labels, std::string_view project) {
    return !project.empty() && label(labels, project_label) == project;
}

bool is_of_slot(const ContainerSpec& spec, std::uint32_t slot, const Labels& labels) {
    return is_ours(labels, spec.project) && label(labels, service_label) == spec.service &&
           label(labels, slot_label) == std::to_string(slot);
}

std::string_view label(const Labels& labels, std::string_view key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string_view{} : found->second;
}

std::string never_a_target(const Labels& labels, bool by_labels_alone) {
    constexpr std::string_view swarm = "com.docker.swarm.task";
    const auto task = labels.lower_bound(swarm);
    if (task != labels.end() && task->first.starts_with(swarm))
        return "it is a task of a Swarm service, which heals it";
    const auto unit = label(labels, "PODMAN_SYSTEMD_UNIT");
    if (!unit.empty()) return "it belongs to the systemd unit " + std::string{unit};
    if (by_labels_alone && label(labels, "com.centurylinklabs.watchtower") == "true") return "it is watchtower";
    return {};
}

bool is_self(const Surroundings& here, std::string_view id) {
    if (!here.contained) return false;
    const bool named = !here.hostname.empty() && short_id(id) == here.hostname;
    return named || here.traces.find("/" + std::string{id}) != std::string::npos;
}

bool is_rival(std::string_view image) {
    static constexpr std::array<std::string_view, 4> programs{"willfarrell/autoheal", "qmcgaw/deunhealth",
                                                              "tmknight/docker-autoheal", "docker-autoheal"};
    const auto fits = [&](std::string_view program) {
        const auto at = image.find(program);
        if (at == std::string_view::npos || (at > 0 && image[at - 1] != '/')) return false;
        const auto rest = image.substr(at + program.size());
        return rest.empty() || rest.front() == ':' || rest.front() == '@';
    };
    return std::any_of(programs.begin(), programs.end(), fits);
}

}  // namespace keepwell::runtime::docker
