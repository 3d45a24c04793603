// Where the engine is, as DOCKER_HOST and its companions say it.
// May know: the environment, the files' existence. Sources: moby client/options.go, docker/cli opts/hosts.go.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/curl_multi.hpp"
#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/api/engine_message.hpp"

namespace keepwell::runtime::docker {
namespace {

constexpr std::string_view default_socket = "/var/run/docker.sock";
constexpr std::size_t longest_socket = 107;  // of sockaddr_un
constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view tcp_scheme = "tcp://";

EngineAddress unusable(std::string error) {
    EngineAddress address;
    address.error = std::move(error);
    return address;
}

EngineAddress bad_host(std::string_view host, std::string_view why) {
    return unusable("DOCKER_HOST `" + std::string{host} + "`: " + std::string{why});
}

EngineAddress unix_address(std::string_view host) {
    std::string_view path = host.substr(unix_scheme.size());
    if (path.empty()) path = default_socket;
    if (path.front() != '/') return bad_host(host, "the socket's path does not begin with /");
    if (path.size() > longest_socket) return bad_host(host, "the socket's path is longer than 107 bytes");
    EngineAddress address;
    address.socket = path;
    address.base_url = "http://engine";
    return address;
}

/// "host:port" with the port that docker takes where none is given.
std::string with_port(std::string_view authority, bool tls) {
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    const std::string host{authority.substr(0, has_port ? colon : authority.size())};
    const std::string port{has_port ? authority.substr(colon + 1) : std::string_view{}};
    return (host.empty() ? "localhost" : host) + ':' + (port.empty() ? tls ? "2376" : "2375" : port);
}

EngineAddress tcp_address(std::string_view host, bool tls) {
    std::string_view authority = host.substr(tcp_scheme.size());
    while (!authority.empty() && authority.back() == '/') authority.remove_suffix(1);
    if (authority.find_first_of("/?#@") != std::string_view::npos) return bad_host(host, "not tcp://HOST:PORT");
    EngineAddress address;
    address.base_url = (tls ? "https://" : "http://") + with_port(authority, tls);
    const UrlPlace place = place_of(address.base_url);
    if (!place.error.empty()) return bad_host(host, place.error);
    return address;
}

/// The three files of DOCKER_CERT_PATH; the first one that cannot be read is the address's error.
void take_certificates(EngineAddress& address, const std::string& folder) {
    const auto take = [&](const char* name) {
        std::string path = folder + (folder.back() == '/' ? "" : "/") + name;
        if (::access(path.c_str(), R_OK) != 0 && address.error.empty()) {
            address.error = "DOCKER_CERT_PATH: cannot read " + path + ": " + ::strerrordesc_np(errno);
        }
        return path;
    };
    if (address.verify) address.ca = take("ca.pem");
    address.certificate = take("cert.pem");
    address.key = take("key.pem");
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// Where docker looks when DOCKER_TLS_VERIFY is set and DOCKER_CERT_PATH is not; empty when there is nothing.
std::string usual_certificates() {
    const std::string config = variable("DOCKER_CONFIG");
    const std::string folder = config.empty() ? variable("HOME") + "/.docker" : config;
    return ::access((folder + "/ca.pem").c_str(), F_OK) == 0 ? folder : std::string{};
}

/// DOCKER_API_VERSION, where it can be spoken.
void take_pinned(EngineAddress& address, const std::string& text) {
    if (text.empty()) return;
    const auto version = parse_version(text);
    const bool spoken =
        version && *version >= *parse_version(oldest_version) && *version <= *parse_version(newest_version);
    if (spoken) {
        address.pinned_version = to_string(*version);
    } else if (address.error.empty()) {
        address.error = "DOCKER_API_VERSION `" + text + "`: keepwell speaks " + std::string{oldest_version} + " to " +
                        std::string{newest_version};
    }
}

}  // namespace

EngineAddress engine_address(std::string_view host, bool tls_verify, std::string_view cert_path) {
    if (host.empty()) host = unix_scheme;
    if (host.starts_with(unix_scheme)) return unix_address(host);
    if (!host.starts_with(tcp_scheme)) {
        return bad_host(host, "keepwell reaches an engine by unix:///PATH or tcp://HOST:PORT only");
    }
    EngineAddress address = tcp_address(host, tls_verify || !cert_path.empty());
    address.verify = tls_verify;
    if (address.error.empty() && !cert_path.empty()) take_certificates(address, std::string{cert_path});
    return address;
}

EngineAddress engine_address_from_environment() {
    const bool verify = !variable("DOCKER_TLS_VERIFY").empty();
    std::string certificates = variable("DOCKER_CERT_PATH");
    if (verify && certificates.empty()) certificates = usual_certificates();
    EngineAddress address = engine_address(variable("DOCKER_HOST"), verify, certificates);
    take_pinned(address, variable("DOCKER_API_VERSION"));
    return address;
}

std::string url_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (plain || std::string_view{"-._~"}.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += {'%', digits[byte / 16], digits[byte % 16]};
        }
    }
    return encoded;
}

}  // namespace keepwell::runtime::docker
