// Reading config.json, and base64 both ways.
#include "runtime/docker/json/registry_auth.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

constexpr std::string_view docker_hub = "docker.io";
constexpr std::string_view url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648 section 5, with padding, as Go's base64.URLEncoding.
std::string base64url(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            const bool beyond = at + i > bytes.size();
            text += beyond ? '=' : url_digits[group >> (18 - 6 * i) & 63U];
        }
    }
    return text;
}

/// Either alphabet; what is none of it ends it.
std::string from_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const char same = c == '+' ? '-' : c == '/' ? '_' : c;
        const auto digit = url_digits.find(same);
        if (digit == std::string_view::npos) break;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255U);
    }
    return bytes;
}

/// "https://index.docker.io/v1/" is what `docker login` writes for the hub; other keys may have a scheme and a path
/// too.
std::string host_of(std::string_view key) {
    if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
    const auto host = key.substr(0, key.find('/'));
    const bool is_hub = host == "index.docker.io" || host == "registry-1.docker.io";
    return std::string{is_hub ? docker_hub : host};
}

/// What the engine is to be told; null: there is nothing in the entry.
Json told(const Json& entry, const std::string& key) {
    const auto identity = json_text(entry, "identitytoken");
    if (!identity.empty()) return {{"identitytoken", identity}, {"serveraddress", key}};
    const auto token = json_text(entry, "registrytoken");
    if (!token.empty()) return {{"registrytoken", token}, {"serveraddress", key}};
    const std::string pair = from_base64(json_text(entry, "auth"));
    const auto colon = pair.find(':');
    std::string user = json_text(entry, "username");
    std::string password = json_text(entry, "password");
    if (colon != std::string::npos) {
        user = pair.substr(0, colon);
        password = pair.substr(colon + 1);
    }
    if (user.empty()) return nullptr;
    return {{"username", user}, {"password", password}, {"serveraddress", key}};
}

/// The helper that keeps the credentials of this registry; empty: none does.
std::string helper_of(const Json& config, const std::string& registry) {
    const Json& helpers = json_at(config, "credHelpers");
    if (helpers.is_object()) {
        for (const auto& [key, helper] : helpers.items()) {
            if (host_of(key) == registry) return json_text(helper);
        }
    }
    return json_text(config, "credsStore");
}

}  // namespace

std::string registry_of(std::string_view image) {
    const auto slash = image.find('/');
    const auto first = image.substr(0, slash);
    const bool is_host = slash != std::string_view::npos &&
                         (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
    return host_of(is_host ? first : docker_hub);
}

RegistryAuth registry_auth(std::string_view config_text, std::string_view image) {
    if (config_text.empty()) return {};
    const std::string registry = registry_of(image);
    const auto config = json_object(config_text);
    if (!config) return {{}, "docker's config.json can not be read (" + config.error() + ")"};
    const Json& auths = json_at(*config, "auths");
    if (auths.is_object()) {
        for (const auto& [key, entry] : auths.items()) {
            if (host_of(key) != registry) continue;
            const Json auth = told(entry, key);
            if (!auth.is_null()) return {base64url(json_line(auth)), {}};
        }
    }
    const std::string helper = helper_of(*config, registry);
    if (helper.empty()) return {};
    return {{},
            "what docker-credential-" + helper + " keeps for " + registry +
                " is not asked for: put it into `auths` of docker's config.json"};
}

std::string docker_config() {
    const char* const folder = std::getenv("DOCKER_CONFIG");
    const char* const home = std::getenv("HOME");
    std::string path;
    if (home) path = std::string{home} + "/.docker";
    if (folder && *folder) path = folder;
    if (path.empty()) return {};
    std::ifstream file{path + "/config.json", std::ios::binary};
    if (!file) return {};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

}  // namespace keepwell::runtime::docker
