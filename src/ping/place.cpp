// URLs and lengths of time.
#include "ping/place.hpp"

#include <charconv>

namespace keepwell::ping {
namespace {

constexpr std::uint32_t a_day = 24 * 60 * 60 * 1000;

Place wrong(const char* error) {
    Place place;
    place.error = error;
    return place;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool has_control(std::string_view text) {
    for (const char byte : text) {
        if (static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f') return true;
    }
    return false;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

/// HOST, HOST:PORT, [V6] or [V6]:PORT.
Place parse_authority(std::string_view text, std::uint16_t default_port) {
    if (text.find('@') != std::string_view::npos) return wrong("user names are not supported");
    Place place;
    place.authority = text;
    place.port = default_port;
    std::string_view rest;
    if (take(text, "[")) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return wrong("the bracket of the address is not closed");
        place.host = text.substr(0, end);
        rest = text.substr(end + 1);
    } else {
        place.host = text.substr(0, text.find(':'));
        rest = text.substr(place.host.size());
    }
    if (place.host.empty()) return wrong("no host in it");
    if (rest.empty() && default_port != 0) return place;
    if (!take(rest, ":") || !parse_port(rest, place.port)) return wrong("expected HOST:PORT");
    return place;
}

Place parse_http(std::string_view text) {
    const std::size_t slash = text.find_first_of("/?#");
    Place place = parse_authority(text.substr(0, slash), 80);
    if (place.error) return place;
    place.http_path = "/";
    if (slash == std::string_view::npos) return place;
    if (text[slash] != '/') return wrong("the path begins with a slash");
    place.http_path = text.substr(slash, text.find('#') - slash);
    return place;
}

Place parse_unix(std::string_view text) {
    Place place;
    const std::size_t colon = text.find(":/");
    place.socket_path = text.substr(0, colon);
    if (place.socket_path.empty() || place.socket_path.front() != '/') return wrong("expected unix:///PATH/OF/SOCKET");
    if (colon != std::string_view::npos) place.http_path = text.substr(colon + 1);
    place.authority = "localhost";
    return place;
}

}  // namespace

Place parse_place(std::string_view url) {
    if (has_control(url)) return wrong("white space and control characters are not allowed in it");
    if (take(url, "http://")) return parse_http(url);
    if (take(url, "tcp://")) return parse_authority(url, 0);
    if (take(url, "unix://")) return parse_unix(url);
    if (take(url, "https://")) return wrong("https is not spoken here; `keepwell ping` does");
    return wrong("expected http://HOST[:PORT]/PATH, tcp://HOST:PORT or unix:///SOCKET[:/PATH]");
}

std::uint32_t parse_timeout(std::string_view text) {
    std::uint64_t whole = 0;
    const char* const end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, whole);
    if (error != std::errc{} || whole > a_day) return 0;
    std::uint64_t thousandths = whole * 1000;
    if (at != end && *at == '.') {
        std::uint64_t scale = 1000;
        while (++at != end && *at >= '0' && *at <= '9') {
            scale /= 10;
            thousandths += scale * static_cast<std::uint64_t>(*at - '0');
        }
    }
    const std::string_view unit{at, static_cast<std::size_t>(end - at)};
    std::uint64_t ms = 0;
    if (unit == "ms") ms = thousandths / 1000;
    if (unit == "s" || unit.empty()) ms = thousandths;
    if (unit == "m") ms = thousandths * 60;
    return ms <= a_day ? static_cast<std::uint32_t>(ms) : 0;
}

}  // namespace keepwell::ping
