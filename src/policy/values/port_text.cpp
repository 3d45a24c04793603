// Compose's short form of ports.
#include "policy/values/port_text.hpp"

#include "policy/document/text.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

constexpr auto none = std::string_view::npos;

std::optional<std::uint16_t> parse_port(std::string_view text, std::uint16_t least) {
    if (!is_digits(text) || text.size() > 5) return std::nullopt;
    const int port = std::stoi(std::string{text});
    return port >= least && port <= 65535 ? std::optional{static_cast<std::uint16_t>(port)} : std::nullopt;
}

/// Takes "/udp" off the end.
tl::expected<std::string, std::string> take_protocol(std::string_view& text) {
    const auto slash = text.rfind('/');
    if (slash == none) return std::string{"tcp"};
    const auto protocol = text.substr(slash + 1);
    text = text.substr(0, slash);
    return parse_protocol(protocol);
}

/// What stands after the last colon, taken off the end with the colon.
std::string_view take_last(std::string_view& text) {
    const auto colon = text.rfind(':');
    const auto last = colon == none ? text : text.substr(colon + 1);
    text = colon == none ? std::string_view{} : text.substr(0, colon);
    return last;
}

}  // namespace

tl::expected<std::string, std::string> parse_protocol(std::string_view text) {
    auto protocol = lower_case(text);
    if (protocol == "tcp" || protocol == "udp" || protocol == "sctp") return protocol;
    return tl::unexpected("expected `tcp`, `udp` or `sctp`, but this is " + quote(text));
}

tl::expected<PortRange, std::string> parse_port_range(std::string_view text, std::uint16_t least) {
    const auto dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash), least);
    const auto last = dash == none ? first : parse_port(text.substr(dash + 1), least);
    if (!first || !last || *first > *last || (*first == 0 && *last != 0)) {
        return tl::unexpected(quote(text) + " is not a port; one is from " + std::to_string(least) +
                              " to 65535, several are written like `8000-8010`");
    }
    return PortRange{*first, *last};
}

tl::expected<std::vector<PublishedPort>, std::string> publish(const std::string& host_ip,
                                                              const std::optional<PortRange>& host,
                                                              const PortRange& container, const std::string& protocol) {
    if (!host_ip.empty() && !values::is_ip_address(host_ip)) {
        return tl::unexpected(quote(host_ip) + " is not an IP address");
    }
    const bool choose_from_range = host && container.size() == 1 && host->size() > 1;
    if (host && !choose_from_range && host->size() != container.size()) {
        return tl::unexpected("the host and the container have to have as many ports as each other; these are " +
                              std::to_string(host->size()) + " and " + std::to_string(container.size()));
    }
    std::vector<PublishedPort> ports;
    for (std::size_t i = 0; i < container.size(); ++i) {
        PublishedPort port;
        port.host_ip = host_ip;
        if (host) port.host_port = static_cast<std::uint16_t>(host->first + (choose_from_range ? 0 : i));
        if (choose_from_range) port.host_port_last = host->last;
        port.container_port = static_cast<std::uint16_t>(container.first + i);
        port.protocol = protocol;
        ports.push_back(std::move(port));
    }
    return ports;
}

tl::expected<std::vector<PublishedPort>, std::string> parse_ports(std::string_view text) {
    auto rest = text;
    const auto protocol = take_protocol(rest);
    if (!protocol) return tl::unexpected(protocol.error());
    const bool has_host = rest.find(':') != none;
    const auto container = parse_port_range(take_last(rest));
    if (!container) return tl::unexpected(container.error());
    std::optional<PortRange> host;
    const auto written = has_host ? take_last(rest) : std::string_view{};
    if (!written.empty()) {
        const auto range = parse_port_range(written, 0);
        if (!range) return tl::unexpected(range.error());
        host = *range;
    }
    const bool brackets = rest.size() > 2 && rest.front() == '[' && rest.back() == ']';
    return publish(std::string{brackets ? rest.substr(1, rest.size() - 2) : rest}, host, *container, *protocol);
}

tl::expected<std::vector<std::string>, std::string> parse_exposed(std::string_view text) {
    auto rest = text;
    const auto protocol = take_protocol(rest);
    if (!protocol) return tl::unexpected(protocol.error());
    const auto range = parse_port_range(rest);
    if (!range) return tl::unexpected(range.error());
    std::vector<std::string> ports;
    for (unsigned port = range->first; port <= range->last; ++port) {
        ports.push_back(std::to_string(port) + "/" + *protocol);
    }
    return ports;
}

}  // namespace keepwell::policy
