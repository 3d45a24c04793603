// The rows of `ports` and `expose`. Grammar: Compose's.

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/port_text.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

void append(Decoder& decoder, const Node& at, std::vector<PublishedPort>& into,
            tl::expected<std::vector<PublishedPort>, std::string> ports) {
    const auto found = decoder.accept(at, std::move(ports));
    if (found) into.insert(into.end(), found->begin(), found->end());
}

void decode_ports(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a list of ports");
    if (!items) return;
    auto& ports = draft.container.spec.ports;
    for (const auto& item : *items) {
        if (item->is_mapping()) {
            PortDraft port;
            const auto errors = decoder.reporter().errors();
            decode_block(decoder, *item, port_block(), port);
            if (decoder.reporter().errors() > errors) continue;
            append(decoder, *item, ports, publish(port.host_ip, port.published, port.target, port.protocol));
        } else if (const auto text = decoder.plain(*item, "a port such as `8080:80`")) {
            append(decoder, *item, ports, parse_ports(*text));
        }
    }
}

void decode_expose(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a list of ports");
    if (!items) return;
    auto& expose = draft.container.spec.expose;
    for (const auto& item : *items) {
        const auto text = decoder.plain(*item, "a port such as `8080`");
        const auto ports = text ? decoder.accept(*item, parse_exposed(*text)) : std::nullopt;
        if (ports) expose.insert(expose.end(), ports->begin(), ports->end());
    }
}

void decode_target(Decoder& decoder, const Member& member, PortDraft& port) {
    const auto text = decoder.plain(*member.value, "a port");
    assign(text ? decoder.accept(*member.value, parse_port_range(*text)) : std::nullopt, port.target);
}

void decode_published(Decoder& decoder, const Member& member, PortDraft& port) {
    const auto text = decoder.plain(*member.value, "a port");
    const auto range = text ? decoder.accept(*member.value, parse_port_range(*text, 0)) : std::nullopt;
    if (range) port.published = *range;
}

void decode_protocol(Decoder& decoder, const Member& member, PortDraft& port) {
    const auto text = decoder.plain(*member.value, "`tcp`, `udp` or `sctp`");
    assign(text ? decoder.accept(*member.value, parse_protocol(*text)) : std::nullopt, port.protocol);
}

constexpr Shape ports_shape{
    "list of `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each a port or a range, or of mappings (`ports`)",
    R"({"type": "array", "items": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535},)"
    R"( {"type": "string", "minLength": 1}, {"$ref": "#/definitions/port"}]}})"};
constexpr Shape expose_shape{
    "list of ports or ranges, with `/PROTOCOL` or without",
    R"({"type": "array", "items": {"type": ["integer", "string"], "minimum": 1, "maximum": 65535, "minLength": 1}})"};
constexpr Shape port_shape{"port or range", R"({"type": ["integer", "string"], "minimum": 0, "maximum": 65535})"};
constexpr Shape protocol_shape{
    "`tcp`, `udp` or `sctp`", R"({"type": "string", "pattern": "^([Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ss][Cc][Tt][Pp])$|\\$"})"};
constexpr Shape publish_mode_shape{
    "`host` or `ingress`", R"({"type": "string", "anyOf": [{"enum": ["host", "ingress"]}, {"pattern": "\\$"}]})"};

}  // namespace

EntryRows port_rows() {
    return {
        {{"ports", &ports_shape, "none",
          "Ports of the container that the host has as well. Without a port of the host the engine chooses one.",
          "[\"8080:80\"]", For::container},
         decode_ports},
        {{"expose", &expose_shape, "the image's", "Ports that the container says it listens on.", "[\"8080\"]",
          For::container},
         decode_expose},
    };
}

const Block<PortDraft>& port_block() {
    using D = Decoder;
    static const Block<PortDraft> block{
        BlockInfo{"port",
                  "in ports",
                  "under an entry of `ports`",
                  "One port, or as many of the container as of the host.",
                  {"target"},
                  {},
                  {"app_protocol", "name"},
                  "",
                  {}},
        {
            {{"target", &port_shape, "", "The container's.", "81"}, decode_target},
            {{"published", &port_shape, "chosen by the engine", "The host's; a range for one: the engine chooses.",
              "\"8081\""},
             decode_published},
            {{"host_ip", &shapes::text, "all addresses", "The address of the host that it is bound to.",
              "\"127.0.0.1\""},
             [](D& d, const Member& m, PortDraft& out) { assign(values::ip_address(d, *m.value), out.host_ip); }},
            {{"protocol", &protocol_shape, "tcp", "The protocol.", "udp"}, decode_protocol},
            {{"mode", &publish_mode_shape, "ingress", "Swarm's word; on one host both are the same.", "host"},
             [](D& d, const Member& m, PortDraft&) {
                 d.choice(*m.value, {"host", "ingress"});
             }},
        }};
    return block;
}

}  // namespace keepwell::policy
