// The rows of a container's networks and names: `networks`, `network_mode`, `extra_hosts`, `dns` and their like.
// Grammar: Compose's; order of networks: compose-go types/types.go (NetworksByPriority).
#include <algorithm>
#include <set>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/setters.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/project.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

void add_network(Decoder& decoder, const Node& key, NetworkAttachment network, EntryDraft& draft) {
    const auto& project = decoder.context().project;
    network.name = network_name(project, key.text);
    network.external = is_external_network(project, key.text);
    if (network.name == "host" || network.name == "none") {
        return decoder.error(
            key, quote(network.name) + " is not a network to join; write `network_mode: " + network.name + "`");
    }
    if (!values::is_engine_name(network.name)) {
        return decoder.error(key, quote(network.name) + " can not be the name of a network");
    }
    if (network.name == "bridge" && !network.aliases.empty()) {
        decoder.error(key, "the engine's own `bridge` has no `aliases`");
    }
    auto& networks = draft.container.spec.networks;
    const auto is_same = [&](const NetworkAttachment& other) { return other.name == network.name; };
    if (std::any_of(networks.begin(), networks.end(), is_same)) {
        return decoder.error(key, "the network " + quote(network.name) + " is joined twice");
    }
    networks.push_back(std::move(network));
}

void decode_networks(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (member.value->is_mapping()) {
        for (const auto& one : member.value->members) {
            NetworkAttachment network;
            if (!one.value->is_null()) decode_block(decoder, *one.value, attachment_block(), network);
            add_network(decoder, *one.key, std::move(network), draft);
        }
    } else if (const auto names = decoder.list(member.value, "a list or a mapping of networks")) {
        for (const auto& name : *names) {
            if (decoder.plain(*name, "the name of a network")) add_network(decoder, *name, {}, draft);
        }
    }
}

/// "container:NAME" and "service:NAME"; the service is a dependency. False: it is neither.
bool takes_shared(Decoder& decoder, const Node& node, const std::string& text, EntryDraft& draft) {
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    if (colon == std::string::npos || (kind != "container" && kind != "service")) return false;
    const auto name = text.substr(colon + 1);
    if (name.empty()) {
        decoder.error(node, "the name after " + quote(kind + ":") + " is missing");
    } else if (kind == "service") {
        draft.container.shared.push_back(SharedNamespace{name, node.at});
    }
    return true;
}

/// One of these words, or where `may_share` another's.
std::optional<std::string> mode(Decoder& decoder, const Node& node, std::vector<std::string_view> words, bool may_share,
                                EntryDraft& draft) {
    auto text = decoder.plain(node, "a mode");
    if (!text || text->empty() || std::find(words.begin(), words.end(), *text) != words.end()) return text;
    if (may_share && takes_shared(decoder, node, *text, draft)) return text;
    if (may_share) words.insert(words.end(), {"container:NAME", "service:NAME"});
    decoder.error(node, "expected " + join_alternatives(words) + ", but this is " + quote(*text));
    return std::nullopt;
}

void decode_network_mode(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(mode(decoder, *member.value, {"bridge", "host", "none"}, true, draft), draft.container.spec.network_mode);
}
void decode_ipc(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(mode(decoder, *member.value, {"host", "none", "private", "shareable"}, true, draft),
           draft.container.spec.ipc);
}
void decode_pid(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(mode(decoder, *member.value, {"host"}, true, draft), draft.container.spec.pid);
}
void decode_uts(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(mode(decoder, *member.value, {"host"}, false, draft), draft.container.spec.uts);
}

void add_host(Decoder& decoder, const Node& at, const std::string& name, std::string address,
              std::set<std::string>& hosts) {
    const bool brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
    if (brackets) address = address.substr(1, address.size() - 2);
    if (name.empty() || name.find_first_of(":= \t") != std::string::npos) {
        return decoder.error(at, quote(name) + " can not be the name of a host");
    }
    if (address != "host-gateway" && !values::is_ip_address(address)) {
        return decoder.error(at, quote(address) + " is not an IP address");
    }
    hosts.insert(name + ":" + address);
}

/// "name=address", "name:address"; several addresses are separated by commas.
void add_host_line(Decoder& decoder, const Node& at, const std::string& line, std::set<std::string>& hosts) {
    const auto equals = line.find('=');
    const auto separator = equals == std::string::npos ? line.find(':') : equals;
    if (separator == std::string::npos) {
        return decoder.error(at, "expected `NAME=ADDRESS`, but this is " + quote(line));
    }
    for (auto rest = line.substr(separator + 1);;) {
        const auto comma = rest.find(',');
        add_host(decoder, at, line.substr(0, separator), rest.substr(0, comma), hosts);
        if (comma == std::string::npos) return;
        rest = rest.substr(comma + 1);
    }
}

void add_addresses(Decoder& decoder, const Member& host, std::set<std::string>& hosts) {
    const auto addresses = decoder.list(host.value, "an IP address, or a list of them", true);
    for (const auto& node : addresses.value_or(std::vector<NodePtr>{})) {
        const auto address = decoder.text(*node, "an IP address");
        if (address) add_host(decoder, *node, host.key->text, *address, hosts);
    }
}

void decode_extra_hosts(Decoder& decoder, const Member& member, EntryDraft& draft) {
    std::set<std::string> hosts;
    if (member.value->is_mapping()) {
        for (const auto& host : member.value->members) add_addresses(decoder, host, hosts);
    } else if (const auto lines = decoder.list(member.value, "a mapping or a list of `NAME=ADDRESS`")) {
        for (const auto& node : *lines) {
            const auto line = decoder.text(*node, "`NAME=ADDRESS`");
            if (line) add_host_line(decoder, *node, *line, hosts);
        }
    }
    draft.container.spec.extra_hosts.assign(hosts.begin(), hosts.end());
}

void decode_dns(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "an IP address, or a list of them", true);
    for (const auto& item : items.value_or(std::vector<NodePtr>{})) {
        if (auto address = values::ip_address(decoder, *item)) draft.container.spec.dns.push_back(*address);
    }
}

void decode_ipv4(Decoder& decoder, const Member& member, NetworkAttachment& network) {
    const auto address = values::ip_address(decoder, *member.value);
    if (!address) return;
    if (address->find(':') != std::string::npos) {
        return decoder.error(*member.value, quote(*address) + " is not an IPv4 address");
    }
    network.ipv4_address = *address;
}

void decode_ipv6(Decoder& decoder, const Member& member, NetworkAttachment& network) {
    const auto address = values::ip_address(decoder, *member.value);
    if (!address) return;
    if (address->find(':') == std::string::npos) {
        return decoder.error(*member.value, quote(*address) + " is not an IPv6 address");
    }
    network.ipv6_address = *address;
}

void decode_link_local(Decoder& decoder, const Member& member, NetworkAttachment& network) {
    const auto items = decoder.list(member.value, "a list of IP addresses");
    for (const auto& item : items.value_or(std::vector<NodePtr>{})) {
        if (auto address = values::ip_address(decoder, *item)) network.link_local_ips.push_back(*address);
    }
}

void decode_priority(Decoder& decoder, const Member& member, NetworkAttachment& network) {
    const auto value = values::integer(decoder, *member.value, -1'000'000, 1'000'000);
    if (value) network.priority = static_cast<int>(*value);
}

constexpr Shape networks_shape{
    "list of networks, or mapping (`networks`)",
    R"({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object", "additionalProperties":)"
    R"( {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/attachment"}]}}]})"};
constexpr Shape network_mode_shape{
    "`bridge`, `host`, `none`, `container:NAME` or `service:NAME`",
    R"({"type": "string", "pattern": "^(|bridge|host|none|container:.+|service:.+)$|\\$"})"};
constexpr Shape ipc_shape{
    "`host`, `none`, `private`, `shareable`, `container:NAME` or `service:NAME`",
    R"({"type": "string", "pattern": "^(|host|none|private|shareable|container:.+|service:.+)$|\\$"})"};
constexpr Shape pid_shape{"`host`, `container:NAME` or `service:NAME`",
                          R"({"type": "string", "pattern": "^(|host|container:.+|service:.+)$|\\$"})"};
constexpr Shape uts_shape{"`host`", R"({"type": "string", "pattern": "^(|host)$|\\$"})"};
constexpr Shape extra_hosts_shape{
    "mapping of names to addresses, or list of `NAME=ADDRESS`",
    R"({"anyOf": [{"type": "object", "additionalProperties": {"anyOf": [{"type": "string"},)"
    R"( {"type": "array", "items": {"type": "string"}}]}}, {"type": "array", "items": {"type": "string"}}]})"};
constexpr Shape priority_shape{"whole number", R"({"type": ["integer", "string"], "pattern": "^-?[0-9]+$|\\$"})"};

template <std::vector<std::string> ContainerSpec::*field>
void set_one_or_more(Decoder& decoder, const Member& member, EntryDraft& draft) {
    assign(values::texts(decoder, member.value, "text, or a list of texts", true), draft.container.spec.*field);
}

}  // namespace

EntryRows network_rows() {
    using Spec = ContainerSpec;
    return {
        {{"networks", &networks_shape, "`PROJECT_default`, as in Compose",
          "The networks that it joins; a service is found there by its own name. One that is not there is made.",
          "[back]", For::container},
         decode_networks},
        {{"network_mode", &network_mode_shape, "`networks`",
          "Instead of `networks`: the host's network, none, the engine's own bridge, or another container's. "
          "`service:NAME` is a dependency with `restart: true` as well.",
          "host", For::container},
         decode_network_mode},
        {{"hostname", &shapes::text, "the engine's", "What it calls itself.", "box", For::container},
         set_text<&Spec::hostname>},
        {{"domainname", &shapes::text, "none", "The domain of `hostname`.", "example.org", For::container},
         set_text<&Spec::domainname>},
        {{"mac_address", &shapes::text, "the engine's", "Its MAC address.", "\"02:42:ac:11:00:02\"", For::container},
         [](Decoder& d, const Member& m, EntryDraft& out) {
             assign(values::mac_address(d, *m.value), out.container.spec.mac_address);
         }},
        {{"extra_hosts", &extra_hosts_shape, "none", "Further names of hosts; `host-gateway` is this host.",
          "[\"one=10.0.0.1\"]", For::container},
         decode_extra_hosts},
        {{"dns", &shapes::texts_or_text, "the engine's", "Servers of names.", "\"10.0.0.53\"", For::container},
         decode_dns},
        {{"dns_search", &shapes::texts_or_text, "the engine's", "Domains that names are looked for in.", "example.org",
          For::container},
         set_one_or_more<&Spec::dns_search>},
        {{"dns_opt", &shapes::texts, "the engine's", "Options of looking up names.", "[\"ndots:1\"]", For::container},
         set_texts<&Spec::dns_opt>},
        {{"ipc", &ipc_shape, "the engine's", "Its shared memory and queues; `service:NAME` as for `network_mode`.",
          "shareable", For::container},
         decode_ipc},
        {{"pid", &pid_shape, "its own", "The processes that it sees; `service:NAME` as for `network_mode`.", "host",
          For::container},
         decode_pid},
        {{"uts", &uts_shape, "its own", "The host's name instead of its own.", "host", For::container}, decode_uts},
    };
}

const Block<NetworkAttachment>& attachment_block() {
    using D = Decoder;
    static const Block<NetworkAttachment> block{
        BlockInfo{"attachment",
                  "in an entry of a service's networks",
                  "under an entry of a service's `networks`",
                  "How one network is joined.",
                  {},
                  {},
                  {"gw_priority", "interface_name"},
                  "",
                  {}},
        {
            {{"aliases", &shapes::texts, "none", "Further names in this network, beside the service's.", "[db]"},
             [](D& d, const Member& m, NetworkAttachment& out) {
                 assign(values::texts(d, m.value, "a list of names"), out.aliases);
             }},
            {{"ipv4_address", &shapes::text, "the engine's", "A fixed address.", "\"10.5.0.9\""}, decode_ipv4},
            {{"ipv6_address", &shapes::text, "the engine's", "A fixed address.", "\"fd00::9\""}, decode_ipv6},
            {{"link_local_ips", &shapes::texts, "none", "Link-local addresses.", "[\"169.254.8.8\"]"},
             decode_link_local},
            {{"mac_address", &shapes::text, "the engine's", "A fixed MAC address.", "\"02:42:ac:11:00:03\""},
             [](D& d, const Member& m, NetworkAttachment& out) {
                 assign(values::mac_address(d, *m.value), out.mac_address);
             }},
            {{"priority", &priority_shape, "0", "The highest one is joined first.", "5"}, decode_priority},
            {{"driver_opts", &shapes::pairs, "none", "Options for the network's driver.", "{mtu: \"1400\"}"},
             [](D& d, const Member& m, NetworkAttachment& out) {
                 assign(values::pairs(d, *m.value), out.driver_opts);
             }},
        }};
    return block;
}

}  // namespace keepwell::policy
