// Values that the keys of a container take: whole numbers, bytes, lists of texts, pairs, addresses. May know: decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/values/decoder.hpp"

namespace keepwell::policy::values {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::optional<std::int64_t> integer(Decoder& decoder, const Node& node, std::int64_t least, std::int64_t most);
/// An amount of bytes; with `unlimited` also -1.
std::optional<std::int64_t> bytes(Decoder& decoder, const Node& node, bool unlimited = false);
/// CPUs such as `0.5`, in billionths.
std::optional<std::int64_t> nano_cpus(Decoder& decoder, const Node& node);
/// A list of texts, none of them empty, templates expanded; `single`: or one text.
std::optional<std::vector<std::string>> texts(Decoder& decoder, const NodePtr& node, std::string_view what,
                                              bool single = false);
/// A mapping, or a list of `KEY=VALUE`, sorted by key. A key without a value has an empty one.
std::optional<Pairs> pairs(Decoder& decoder, const Node& node);

bool is_ip_address(const std::string& text);
/// A literal IPv4 or IPv6 address.
std::optional<std::string> ip_address(Decoder& decoder, const Node& node);
std::optional<std::string> mac_address(Decoder& decoder, const Node& node);
/// A name that the engine takes for a container, a network or a volume.
bool is_engine_name(std::string_view name);

}  // namespace keepwell::policy::values
