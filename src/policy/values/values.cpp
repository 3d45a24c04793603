// Values that the keys of a container take.
#include "policy/values/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "policy/document/text.hpp"
#include "policy/values/quantities.hpp"

namespace keepwell::policy::values {
namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

std::optional<std::int64_t> integer(Decoder& decoder, const Node& node, std::int64_t least, std::int64_t most) {
    const auto range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const auto value = decoder.plain(node, range);
    if (!value) return std::nullopt;
    std::int64_t result = 0;
    const auto* end = value->data() + value->size();
    const auto [stop, failure] = std::from_chars(value->data(), end, result);
    if (failure == std::errc{} && stop == end && result >= least && result <= most) return result;
    decoder.error(node, "expected " + range + ", but this is " + quote(*value));
    return std::nullopt;
}

std::optional<std::int64_t> bytes(Decoder& decoder, const Node& node, bool unlimited) {
    const auto value = decoder.plain(node, "a size such as `512mb`");
    if (!value) return std::nullopt;
    if (unlimited && *value == "-1") return -1;
    const auto size = decoder.accept(node, parse_size(*value));
    return size ? std::optional{static_cast<std::int64_t>(*size)} : std::nullopt;
}

std::optional<std::int64_t> nano_cpus(Decoder& decoder, const Node& node) {
    const auto value = decoder.number(node, 0, 10'000);
    return value ? std::optional{static_cast<std::int64_t>(std::llround(*value * 1e9))} : std::nullopt;
}

std::optional<std::vector<std::string>> texts(Decoder& decoder, const NodePtr& node, std::string_view what,
                                              bool single) {
    const auto items = decoder.list(node, what, single);
    if (!items) return std::nullopt;
    std::vector<std::string> result;
    for (const auto& item : *items) {
        auto text = decoder.text(*item, "text");
        if (!text) continue;
        if (text->empty()) decoder.error(*item, "this text is empty");
        result.push_back(std::move(*text));
    }
    return result;
}

std::optional<Pairs> pairs(Decoder& decoder, const Node& node) {
    VariableMap sorted;
    const auto add = [&](const Node& at, const std::string& key, std::string value) {
        if (key.empty()) return decoder.error(at, "the key before `=` is missing");
        sorted[key] = std::move(value);
    };
    if (node.is_mapping()) {
        for (const auto& member : node.members) {
            auto value = member.value->is_null() ? std::string{} : decoder.text(*member.value, "text");
            if (value) add(*member.key, member.key->text, std::move(*value));
        }
    } else if (node.is_sequence()) {
        for (const auto& item : node.items) {
            const auto pair = decoder.text(*item, "`KEY=VALUE`");
            if (!pair) continue;
            const auto equals = std::min(pair->find('='), pair->size());
            add(*item, pair->substr(0, equals), pair->substr(std::min(equals + 1, pair->size())));
        }
    } else {
        decoder.error(node,
                      "expected a mapping or a list of `KEY=VALUE`, but this is " + std::string{describe_kind(node)});
        return std::nullopt;
    }
    return Pairs(sorted.begin(), sorted.end());
}

bool is_ip_address(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1 || ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<std::string> ip_address(Decoder& decoder, const Node& node) {
    auto value = decoder.text(node, "an IP address");
    if (!value || is_ip_address(*value)) return value;
    decoder.error(node, quote(*value) + " is not an IP address");
    return std::nullopt;
}

std::optional<std::string> mac_address(Decoder& decoder, const Node& node) {
    auto value = decoder.text(node, "a MAC address");
    if (!value) return std::nullopt;
    bool fits = value->size() == 17;
    for (std::size_t i = 0; i < value->size(); ++i) fits &= i % 3 == 2 ? (*value)[i] == ':' : is_hex((*value)[i]);
    if (fits) return value;
    decoder.error(node, quote(*value) + " is not a MAC address; one is written like `02:42:ac:11:00:02`");
    return std::nullopt;
}

bool is_engine_name(std::string_view name) {
    const auto fits = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; };
    return !name.empty() && is_letter_or_digit(name[0]) && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace keepwell::policy::values
