// URLs and `host:port`.
#include "policy/values/probe_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/values/templates.hpp"

namespace keepwell::policy {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    if (!is_digits(text) || text.size() > 5) return std::nullopt;
    const int port = std::stoi(std::string{text});
    return port >= 1 && port <= 65535 ? std::optional{static_cast<std::uint16_t>(port)} : std::nullopt;
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    const auto zone = host.find('%');
    return ::inet_pton(AF_INET6, host.substr(0, zone).c_str(), &address) == 1;
}

bool is_host(std::string_view host) {
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
               c == '_';
    };
    return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), fits);
}

struct Authority {
    std::string host;
    std::string_view port;  ///< as written; empty with has_port: "host:"
    bool has_port = false;
};

tl::expected<Authority, std::string> split_authority(std::string_view text) {
    Authority result;
    auto rest = text;
    if (!text.empty() && text[0] == '[') {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return tl::unexpected<std::string>("a `[` is never closed in " + quote(text));
        result.host = std::string{text.substr(1, end - 1)};
        if (!is_ipv6(result.host)) return tl::unexpected(quote(result.host) + " is not an IPv6 address");
        rest = text.substr(end + 1);
        if (!rest.empty() && rest[0] != ':')
            return tl::unexpected<std::string>("expected `:` and a port after `]` in " + quote(text));
    } else {
        const auto colon = text.find(':');
        result.host = std::string{text.substr(0, colon)};
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
        if (rest.find(':', 1) != std::string_view::npos) {
            return tl::unexpected<std::string>("an IPv6 address is written in brackets, such as `[::1]:80`");
        }
        if (result.host.empty()) return tl::unexpected<std::string>("the name or address of the host is missing");
        if (!is_host(result.host) && result.host != container_ip_placeholder)
            return tl::unexpected(quote(result.host) + " is not the name or address of a host");
    }
    result.has_port = !rest.empty();
    result.port = result.has_port ? rest.substr(1) : rest;
    return result;
}

std::string wrong_port(std::string_view port) { return quote(port) + " is not a port; one is from 1 to 65535"; }

}  // namespace

std::optional<std::string> check_url(std::string_view url) {
    const auto lower = lower_case(url);
    const std::size_t scheme = lower.compare(0, 7, "http://") == 0 ? 7 : lower.compare(0, 8, "https://") == 0 ? 8 : 0;
    if (scheme == 0) return "expected a URL that begins with http:// or https://, but this is " + quote(url);
    const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    if (std::any_of(url.begin(), url.end(), bad)) return "a URL has no blanks in it";
    const auto rest = url.substr(scheme);
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos) {
        return "no user and password in a URL; send an `Authorization` header instead";
    }
    const auto parts = split_authority(authority);
    if (!parts) return parts.error();
    if (parts->has_port && !parse_port(parts->port)) return wrong_port(parts->port);
    return std::nullopt;
}

tl::expected<TcpProbe, std::string> parse_tcp(std::string_view address) {
    const auto parts = split_authority(address);
    if (!parts) return tl::unexpected(parts.error());
    if (!parts->has_port) return tl::unexpected<std::string>("expected `host:port`, but this is " + quote(address));
    const auto port = parse_port(parts->port);
    if (!port) return tl::unexpected(wrong_port(parts->port));
    return TcpProbe{parts->host, *port};
}

}  // namespace keepwell::policy
