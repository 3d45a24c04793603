// Volumes without a name of their own: create would make new, empty ones. Each is handed over by the name that the
// engine gave it. (moby daemon/volumes.go#registerMountPoints, daemon/create_unix.go, volume/mounts/linux_parser.go)
#include <set>

#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/replica_draft.hpp"

namespace keepwell::runtime::docker {
namespace {

// "nocopy", because create copies the image's files into a volume that is empty at the moment, and the old container
// is still using it.
std::string mode_of(const Json& mount, bool podman) {
    std::string mode = json_at(mount, "RW") == false ? "ro" : "";
    if (!podman) mode += mode.empty() ? "nocopy" : ",nocopy";
    return mode.empty() ? mode : ":" + mode;
}

// Destinations that are mounted from a source that is named, or that no volume can be mounted on.
std::set<std::string> explained(const Draft& draft) {
    std::set<std::string> destinations;
    for (const auto& entry : json_texts(json_at(draft.host, "Binds"))) {
        const auto bind = parse_bind(entry);
        if (!bind.source.empty()) destinations.insert(bind.destination);
    }
    for (const auto& mount : json_at(draft.host, "Mounts")) {
        const bool unnamed = json_text(mount, "Type") == "volume" && json_text(mount, "Source").empty();
        if (!unnamed) destinations.insert(clean_path(json_text(mount, "Target")));
    }
    const auto& tmpfs = json_at(draft.host, "Tmpfs");
    if (!tmpfs.is_object()) return destinations;
    for (const auto& [destination, options] : tmpfs.items()) destinations.insert(clean_path(destination));
    return destinations;
}

// The mounts of the containers in VolumesFrom: those that are the same will come from there again.
tl::expected<std::vector<Json>, std::string> inherited(const Draft& draft) {
    std::vector<Json> mounts;
    for (const auto& entry : json_texts(json_at(draft.container, {"HostConfig", "VolumesFrom"}))) {
        const auto name = volumes_from_container(entry);
        const auto found = draft.source.volumes_from.find(name);
        const auto parent = found == draft.source.volumes_from.end() ? json_object("") : json_object(found->second);
        if (!parent) return tl::unexpected("the container whose volumes it uses, " + name + ", is gone");
        for (const auto& mount : json_at(*parent, "Mounts")) mounts.push_back(mount);
    }
    return mounts;
}

bool is_inherited(const Json& mount, const std::vector<Json>& mounts) {
    for (const auto& other : mounts) {
        if (json_text(other, "Destination") == json_text(mount, "Destination") &&
            json_text(other, "Name") == json_text(mount, "Name")) {
            return true;
        }
    }
    return false;
}

// `--mount type=volume,target=…` without a source.
bool name_in_mounts(Draft& draft, const CarriedVolume& volume) {
    if (!json_at(draft.host, "Mounts").is_array()) return false;
    for (auto& mount : draft.host["Mounts"]) {
        if (json_text(mount, "Type") != "volume" || !json_text(mount, "Source").empty()) continue;
        if (clean_path(json_text(mount, "Target")) != volume.destination) continue;
        mount["Source"] = volume.name;
        if (!draft.source.podman) object_at(mount, "VolumeOptions")["NoCopy"] = true;
        return true;
    }
    return false;
}

// In Binds; in place of a bare destination where one is there. Config.Volumes stays: where something is mounted
// already, create makes no volume.
void name_in_binds(Draft& draft, const CarriedVolume& volume, const std::string& mode) {
    auto& binds = draft.host["Binds"];
    if (!binds.is_array()) binds = Json::array();
    const auto spec = volume.name + ":" + volume.destination + mode;
    for (auto& entry : binds) {
        const auto bind = parse_bind(json_text(entry));
        if (!bind.source.empty() || bind.destination != volume.destination) continue;
        entry = spec;
        return;
    }
    binds.push_back(spec);
}

void warn_of_image_mounts(Draft& draft) {
    for (const auto& mount : json_at(draft.host, "Mounts")) {
        if (json_text(mount, "Type") != "image") continue;
        draft.warn("the image mounted at " + json_text(mount, "Target") + " is what " + json_text(mount, "Source") +
                   " is now");
    }
}

}  // namespace

Refusal fit_volumes(Draft& draft) {
    const auto from_others = inherited(draft);
    if (!from_others) return from_others.error();
    const auto named = explained(draft);
    for (const auto& mount : json_at(draft.container, "Mounts")) {
        const CarriedVolume volume{json_text(mount, "Name"), json_text(mount, "Destination")};
        if (json_text(mount, "Type") != "volume" || volume.name.empty() || volume.destination.empty()) continue;
        if (named.contains(volume.destination) || is_inherited(mount, *from_others)) continue;
        if (!name_in_mounts(draft, volume)) name_in_binds(draft, volume, mode_of(mount, draft.source.podman));
        draft.replica.volumes.push_back(volume);
    }
    warn_of_image_mounts(draft);
    return {};
}

}  // namespace keepwell::runtime::docker
