// The image and the body's top level: what was typed and what the image gave are one in inspect, and create gives the
// image's again wherever a field is empty. (moby daemon/commit.go#merge)

#include "keepwell/model/names.hpp"
#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/replica_draft.hpp"

namespace keepwell::runtime::docker {
namespace {

// ---- image ------------------------------------------------------------------------------------------------------

std::string platform_text(const std::string& os, const std::string& architecture, const std::string& variant) {
    if (os.empty() || architecture.empty()) return {};
    return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

// What the container really runs on (API 1.48, containerd's image store), or what its image is for.
std::string platform_of(const Draft& draft) {
    const auto& exact = json_at(draft.container, {"ImageManifestDescriptor", "platform"});
    const auto named =
        platform_text(json_text(exact, "os"), json_text(exact, "architecture"), json_text(exact, "variant"));
    if (!named.empty()) return named;
    return platform_text(json_text(draft.image, "Os"), json_text(draft.image, "Architecture"),
                         json_text(draft.image, "Variant"));
}

// ---- hostname ---------------------------------------------------------------------------------------------------

// Given by the engine or by another container: in a copy it would be wrong, or refused.
bool is_given_hostname(const Draft& draft, const std::string& hostname) {
    const auto id = json_text(draft.container, "Id");
    const auto mode = json_text(draft.host, "NetworkMode");
    if (!joined_container(mode).empty() || json_text(draft.host, "UTSMode") == "host") return true;
    if (hostname == short_id(id) || hostname == id) return true;
    return mode == "host" && hostname == draft.source.hostname;
}

void fit_hostname(Draft& draft) {
    const auto hostname = json_text(draft.config, "Hostname");
    if (!is_given_hostname(draft, hostname)) return;
    draft.config["Hostname"] = "";
    // The start of a container in another one's network copies both names of that one.
    if (!joined_container(json_text(draft.host, "NetworkMode")).empty()) draft.config["Domainname"] = "";
    if (!draft.source.podman || !json_at(draft.config, "Env").is_array()) return;
    auto& environment = draft.config["Env"];  // Podman shows its own variables as well
    for (auto it = environment.begin(); it != environment.end();) {
        it = json_text(*it) == "HOSTNAME=" + hostname ? environment.erase(it) : it + 1;
    }
}

// ---- command ----------------------------------------------------------------------------------------------------

bool is_no_entrypoint(const Json& entrypoint) {
    return is_blank(entrypoint) ||
           (entrypoint.is_array() && entrypoint.size() == 1 && json_text(entrypoint[0]).empty());
}

// `--entrypoint ""` is null in inspect, and null in create is the image's entrypoint. [""] is what becomes null again.
void fit_entrypoint(Draft& draft) {
    const auto& entrypoint = json_at(draft.config, "Entrypoint");
    if (!is_no_entrypoint(entrypoint) || is_no_entrypoint(json_at(draft.image, {"Config", "Entrypoint"}))) return;
    const bool is_list = entrypoint.is_array() && entrypoint.empty();
    if (!is_list || draft.source.podman) draft.config["Entrypoint"] = Json::array({""});
}

}  // namespace

void fit_image(Draft& draft) {
    const auto id = json_text(draft.container, "Image");
    const auto reference = json_text(draft.config, "Image");
    if (reference.empty() || draft.source.reference_id != id) {
        draft.config["Image"] = id;
        const auto now = draft.source.reference_id.empty() ? std::string{"nothing"} : "another image";
        if (!reference.empty() && reference != id)
            draft.warn(reference + " is " + now + " now: the replica is made from " + id);
    }
    const auto platform = platform_of(draft);
    if (draft.at_least(41) && platform != draft.source.host_platform) draft.replica.platform = platform;
}

void fit_config(Draft& draft) {
    auto& config = draft.config;
    fit_hostname(draft);
    fit_entrypoint(draft);
    config.erase("OnBuild");
    // Refused there, whatever is in it; what is exposed without it is the image's, and comes from there again.
    if (!joined_container(json_text(draft.host, "NetworkMode")).empty()) config.erase("ExposedPorts");
    for (const auto& [key, value] : draft.source.labels) object_at(config, "Labels")[key] = value;
}

}  // namespace keepwell::runtime::docker
