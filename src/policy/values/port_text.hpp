// Ports as Compose writes them, read and spread out. Source of the grammar: docker/go-connections nat/nat.go
// (ParsePortSpec), nat/parse.go. May know: model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"

namespace keepwell::policy {

struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    std::size_t size() const { return static_cast<std::size_t>(last - first) + 1; }
};

/// "80" or "8000-8010", from `least`.
tl::expected<PortRange, std::string> parse_port_range(std::string_view text, std::uint16_t least = 1);

/// Each port of `container` with its own of `host`; one port with a range of the host: the engine chooses. No host
/// range, or 0: it chooses from all.
tl::expected<std::vector<PublishedPort>, std::string> publish(const std::string& host_ip,
                                                              const std::optional<PortRange>& host,
                                                              const PortRange& container, const std::string& protocol);

/// `[[ip:]host[range]:]container[range][/protocol]`
tl::expected<std::vector<PublishedPort>, std::string> parse_ports(std::string_view text);

/// `container[range][/protocol]`, as "8080/tcp" each.
tl::expected<std::vector<std::string>, std::string> parse_exposed(std::string_view text);

/// "tcp", "udp" or "sctp", in small letters.
tl::expected<std::string, std::string> parse_protocol(std::string_view text);

}  // namespace keepwell::policy
