// The order of the steps, the refusals, and the body put together.
#include "runtime/docker/json/replica.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "runtime/docker/json/forbidden.hpp"
#include "runtime/docker/json/host_config.hpp"
#include "runtime/docker/json/replica_draft.hpp"

namespace keepwell::runtime::docker {
namespace {

std::string name_of(const Json& container) {
    const auto name = json_text(container, "Name");
    return name.starts_with('/') ? name.substr(1) : name;
}

Refusal wrong_state(const Json& container) {
    const auto& state = json_at(container, "State");
    const auto status = json_text(state, "Status");
    if (status == "removing") return "the engine is removing it";
    if (status == "dead" || json_true(json_at(state, "Dead")))
        return "it is dead: the engine could not remove it whole";
    if (json_text(container, "Platform") == "windows") return "it is a Windows container";
    return {};
}

tl::expected<Json, std::string> read_container(const ReplicaSource& source) {
    auto container = json_object(source.container);
    if (!container) return tl::unexpected("the engine's inspect is " + container.error());
    if (json_text(*container, "Id").empty() || !json_at(*container, "Config").is_object() ||
        !json_at(*container, "HostConfig").is_object()) {
        return tl::unexpected(std::string{"the engine's inspect is not that of a container"});
    }
    return container;
}

tl::expected<Json, std::string> read_image(const ReplicaSource& source, const Json& container) {
    const auto id = json_text(container, "Image");
    if (source.image.empty()) return tl::unexpected("its image, " + id + ", is gone");
    auto image = json_object(source.image);
    if (!image) return tl::unexpected("the engine's inspect of its image is " + image.error());
    if (json_text(*image, "Id") != id) return tl::unexpected("its image, " + id + ", is gone");
    return image;
}

std::string joined(const std::vector<std::string>& items, std::size_t at_most) {
    std::string text;
    for (std::size_t i = 0; i < std::min(items.size(), at_most); ++i) text += (i == 0 ? "" : ", ") + items[i];
    return items.size() > at_most ? text + "…" : text;
}

void warn_of_what_is_lost(Draft& draft) {
    const auto& source = draft.source;
    if (source.changes.empty()) draft.warn("what it wrote outside of its volumes is not kept; nobody looked for it");
    const auto written = written_outside_volumes(source.changes, source.container);
    if (!written.empty()) draft.warn("what it wrote outside of its volumes is not kept: " + joined(written, 5));
    if (draft.source.podman) {
        draft.warn(
            "Podman's Docker API does not show static addresses, secrets, pods, start-up checks and on-failure actions "
            "of health checks: where there are any, they are not kept");
    }
    if (json_true(json_at(draft.host, "AutoRemove")) && !draft.replica.volumes.empty()) {
        draft.warn("its volumes without a name are named ones of the replica: its end will not remove them");
    }
}

Replica finished(Draft draft) {
    auto body = std::move(draft.config);
    body["HostConfig"] = std::move(draft.host);
    if (!draft.endpoints.empty()) body["NetworkingConfig"] = {{"EndpointsConfig", std::move(draft.endpoints)}};
    draft.replica.name = draft.source.name;
    draft.replica.body = json_line(body);
    return std::move(draft.replica);
}

// ---- what was written -------------------------------------------------------------------------------------------

// Files and folders that the engine makes in each container, and what is mounted there.
std::set<std::string> made_by_engine(std::string_view container) {
    std::set<std::string> paths{"/dev",  "/etc/hostname", "/etc/hosts",  "/etc/mtab",          "/etc/resolv.conf",
                                "/proc", "/sys",          "/.dockerenv", "/run/.containerenv", "/run/secrets"};
    const auto inspect = json_object(container);
    if (!inspect) return paths;
    for (const auto& mount : json_at(*inspect, "Mounts")) paths.insert(json_text(mount, "Destination"));
    const auto& tmpfs = json_at(*inspect, {"HostConfig", "Tmpfs"});
    if (tmpfs.is_object()) {
        for (const auto& [destination, options] : tmpfs.items()) paths.insert(clean_path(destination));
    }
    return paths;
}

bool is_inside(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// A folder is listed as changed for what is in it: only its innermost entries tell something.
bool holds_another(const std::string& path, const std::set<std::string>& paths) {
    const auto within = paths.lower_bound(path + "/");
    return within != paths.end() && is_inside(*within, path);
}

}  // namespace

ApiVersion api_version(std::string_view text) {
    ApiVersion version{0, 0};
    const auto* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return {0, 0};
    const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
    return minor.ec == std::errc{} && minor.ptr == end ? version : ApiVersion{0, 0};
}

KnownNetworks known_networks(std::string_view answer) {
    KnownNetworks networks;
    const auto add = [&networks](const Json& network) {
        const auto name = json_text(network, "Name");
        if (name.empty()) return;
        networks[name] = {json_text(network, "Id"), json_text(network, "Driver"), json_text(network, "Scope")};
    };
    const auto parsed = json_value(answer);
    if (!parsed) return networks;
    if (!parsed->is_array()) add(*parsed);
    if (parsed->is_array()) std::for_each(parsed->begin(), parsed->end(), add);
    return networks;
}

std::string connect_body(const Connection& connection, std::string_view container_id) {
    Json body{{"Container", container_id}};
    auto endpoint = json_object(connection.endpoint);
    if (endpoint) body["EndpointConfig"] = std::move(*endpoint);
    return json_line(body);
}

tl::expected<Replica, std::string> make_replica(const ReplicaSource& source) {
    const auto container = read_container(source);
    if (!container) return tl::unexpected(container.error());
    const auto refuse = [name = name_of(*container)](const std::string& reason) {
        return tl::unexpected(name + " cannot be replaced: " + reason);
    };
    if (const auto reason = is_forbidden(source.container)) return refuse(*reason);
    if (const auto reason = wrong_state(*container)) return refuse(*reason);
    const auto image = read_image(source, *container);
    if (!image) return refuse(image.error());

    Draft draft{source, *container, *image, (*container)["Config"], (*container)["HostConfig"], Json::object(), {}};
    fit_image(draft);
    fit_config(draft);
    fit_host(draft);
    if (const auto reason = fit_volumes(draft)) return refuse(*reason);
    if (const auto reason = fit_networks(draft)) return refuse(*reason);
    warn_of_what_is_lost(draft);
    return finished(std::move(draft));
}

std::vector<std::string> written_outside_volumes(std::string_view changes, std::string_view container) {
    const auto parsed = json_value(changes);
    if (!parsed || !parsed->is_array()) return {};
    const auto ours = made_by_engine(container);
    std::set<std::string> paths;
    for (const auto& change : *parsed) paths.insert(json_text(change, "Path"));
    std::vector<std::string> written;
    for (const auto& path : paths) {
        const bool engine_made = std::any_of(ours.begin(), ours.end(), [&path](const std::string& made) {
            return is_inside(path, made) || is_inside(made, path);
        });
        if (!path.empty() && !engine_made && !holds_another(path, paths)) written.push_back(path);
    }
    return written;
}

}  // namespace keepwell::runtime::docker
