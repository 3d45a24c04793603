// The rows of a container: what it is made from, what it is called, what it may do; and which existing one is adopted.
// Grammar: Compose's; `container` is ours.
#include <algorithm>
#include <tuple>

#include "policy/document/document.hpp"
#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/setters.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

// ---- which one is adopted ---------------------------------------------------------------------------------------

void add_label(Decoder& decoder, const Node& at, std::string key, std::optional<std::string> value,
               ContainerSelector& selector) {
    if (key.empty()) return decoder.error(at, "the key of the label is missing");
    selector.labels.push_back(ContainerSelector::Label{std::move(key), std::move(value)});
}

/// Without a value it may have any.
void add_label(Decoder& decoder, const Member& written, ContainerSelector& selector) {
    std::optional<std::string> value;
    if (!written.value->is_null()) {
        value = decoder.plain(*written.value, "text");
        if (!value) return;
    }
    add_label(decoder, *written.key, written.key->text, std::move(value), selector);
}

void decode_label(Decoder& decoder, const Member& member, ContainerSelector& selector) {
    if (member.value->is_mapping()) {
        for (const auto& one : member.value->members) add_label(decoder, one, selector);
        return;
    }
    const auto items = decoder.list(member.value, "`KEY=VALUE`, a list of them, or a mapping", true);
    for (const auto& item : items.value_or(std::vector<NodePtr>{})) {
        const auto text = decoder.plain(*item, "`KEY=VALUE` or `KEY`");
        if (!text) continue;
        const auto equals = text->find('=');
        auto value = equals == std::string::npos ? std::nullopt : std::optional{text->substr(equals + 1)};
        add_label(decoder, *item, text->substr(0, equals), std::move(value), selector);
    }
}

template <int which>  // 0: the project, 1: the service
void decode_compose_part(Decoder& decoder, const Member& member, ContainerSelector& selector) {
    const auto text = decoder.plain(*member.value, "a name");
    if (!text) return;
    if (text->empty()) return decoder.error(*member.value, "this name is empty");
    add_label(decoder, *member.key, which == 0 ? "com.docker.compose.project" : "com.docker.compose.service", *text,
              selector);
}

void decode_compose(Decoder& decoder, const Member& member, ContainerSelector& selector) {
    decode_block(decoder, *member.value, compose_selector_block(), selector);
    // What `docker-compose run` makes is nobody's service.
    add_label(decoder, *member.key, "com.docker.compose.oneoff", "False", selector);
}

void decode_selector(Decoder& decoder, const Node& node, ContainerSelector& selector) {
    const auto errors = decoder.reporter().errors();
    decode_block(decoder, node, selector_block(), selector);
    if (decoder.reporter().errors() > errors) return;
    if (selector.labels.empty()) {
        return decoder.error(node, node.find("label") ? "no label is named: this would be every container"
                                                      : "expected `label` or `compose` in container");
    }
    const auto key_is_less = [](const auto& left, const auto& right) {
        return std::tie(left.key, left.value) < std::tie(right.key, right.value);
    };
    std::sort(selector.labels.begin(), selector.labels.end(), key_is_less);
}

void decode_container(Decoder& decoder, const Member& member, EntryDraft& draft) {
    auto& selector = draft.target.selector;
    if (member.value->is_mapping()) return decode_selector(decoder, *member.value, selector);
    const auto name = decoder.plain(*member.value, "the name of a container, or a mapping with `label` or `compose`");
    if (!name) return;
    if (!values::is_engine_name(*name)) {
        return decoder.error(*member.value, quote(*name) + " can not be the name of a container");
    }
    selector.name = *name;
}

// ---- what it is made from ---------------------------------------------------------------------------------------

void decode_image(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "an image such as `redis:7`");
    if (!text) return;
    if (text->empty()) return decoder.error(*member.value, "the name of the image is empty");
    if (text->find_first_of(" \t\r\n") != std::string::npos || text->front() == '-') {
        return decoder.error(*member.value, quote(*text) + " can not be the name of an image");
    }
    draft.container.spec.image = *text;
}

void decode_pull_policy(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto& text = member.value->text;
    if (text == "build") {
        return decoder.error(*member.value, "`build` is not supported: nothing is built here; build the image first");
    }
    if (text == "daily" || text == "weekly" || text == "refresh" || text.compare(0, 6, "every_") == 0) {
        return decoder.error(*member.value, quote(text) + " is not supported: nothing is pulled by the clock");
    }
    const auto word = decoder.choice(*member.value, {"missing", "if_not_present", "always", "never"});
    if (!word) return;
    draft.container.spec.pull_policy = *word == "always"  ? PullPolicy::always
                                       : *word == "never" ? PullPolicy::none
                                                          : PullPolicy::missing;
}

void decode_container_name(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto text = decoder.plain(*member.value, "the name of the container");
    if (!text) return;
    if (!values::is_engine_name(*text) || text->size() < 2) {
        return decoder.error(*member.value, quote(*text) + " can not be the name of a container");
    }
    draft.container.spec.name = *text;
}

void decode_labels(Decoder& decoder, const Member& member, EntryDraft& draft) {
    auto labels = values::pairs(decoder, *member.value);
    if (!labels) return;
    for (const auto& [key, value] : *labels) {
        if (key.compare(0, 19, "com.docker.compose.") == 0 || key.compare(0, 12, "io.keepwell.") == 0) {
            decoder.error(*member.key, "the label " + quote(key) + " is not for people: it says who made a container");
        }
    }
    draft.container.spec.labels = std::move(*labels);
}

// ---- what it may do ---------------------------------------------------------------------------------------------

std::optional<std::string> seccomp_profile(Decoder& decoder, const Node& node, const std::string& file) {
    const auto path = resolve_path(decoder.reporter().folder_of(node.at.file), file);
    auto content = decoder.context().environment.read(path);
    if (content && content->size() <= max_file_size) return *content;
    decoder.error(node, quote(path) + " can not be read: " + (content ? "it is larger than 1 MiB" : content.error()));
    return std::nullopt;
}

/// `key=value`, or `key:value` as it was written once. A seccomp profile is handed over by its content.
/// Source: docker/compose pkg/compose/create.go (parseSecurityOpts).
void decode_security_opt(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a list of options such as `no-new-privileges`");
    for (const auto& item : items.value_or(std::vector<NodePtr>{})) {
        auto text = decoder.text(*item, "an option such as `no-new-privileges`");
        if (!text) continue;
        const auto separator = std::min({text->find('='), text->find(':'), text->size()});
        const auto key = text->substr(0, separator);
        auto value = text->substr(std::min(separator + 1, text->size()));
        if (key.empty() || (value.empty() && key != "no-new-privileges")) {
            decoder.error(*item, "expected an option such as `seccomp=profile.json`, but this is " + quote(*text));
            continue;
        }
        if (key == "seccomp" && value != "unconfined" && value != "builtin") {
            auto profile = seccomp_profile(decoder, *item, value);
            if (!profile) continue;
            value = std::move(*profile);
        }
        draft.container.spec.security_opt.push_back(value.empty() ? key : key + "=" + value);
    }
}

void check_device(Decoder& decoder, const Node& at, const Device& device, EntryDraft& draft) {
    const auto is_path = [](const std::string& path) { return !path.empty() && path[0] == '/'; };
    if (!is_path(device.host) || !is_path(device.container)) {
        return decoder.error(at, "a device is an absolute path: `HOST[:CONTAINER[:PERMISSIONS]]`");
    }
    if (device.permissions.empty() || device.permissions.find_first_not_of("rwm") != std::string::npos) {
        return decoder.error(at, quote(device.permissions) + " is not made of `r`, `w` and `m`");
    }
    draft.container.spec.devices.push_back(device);
}

void decode_devices(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a list of devices");
    for (const auto& item : items.value_or(std::vector<NodePtr>{})) {
        Device device;
        if (item->is_mapping()) {
            const auto errors = decoder.reporter().errors();
            decode_block(decoder, *item, device_block(), device);
            if (decoder.reporter().errors() > errors) continue;
        } else {
            const auto text = decoder.text(*item, "a device such as `/dev/snd`");
            if (!text) continue;
            const auto first = std::min(text->find(':'), text->size());
            const auto second = std::min(text->find(':', std::min(first + 1, text->size())), text->size());
            device.host = text->substr(0, first);
            if (first < text->size()) device.container = text->substr(first + 1, second - first - 1);
            if (second < text->size()) device.permissions = text->substr(second + 1);
        }
        if (device.container.empty()) device.container = device.host;
        check_device(decoder, *item, device, draft);
    }
}

// ---- shapes -----------------------------------------------------------------------------------------------------

constexpr Shape container_shape{
    "name of a container, or mapping (`container`)",
    R"({"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/definitions/container"}]})"};
constexpr Shape label_shape{
    "`KEY[=VALUE]`, list of them, or mapping",
    R"({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1, "items": {"type": "string"}},)"
    R"( {"type": "object", "minProperties": 1,)"
    R"( "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}]})"};
constexpr Shape compose_shape{"mapping (`container.compose`)", R"({"$ref": "#/definitions/container_compose"})"};
constexpr Shape image_shape{"name of an image", R"({"type": "string", "minLength": 1})"};
constexpr Shape pull_shape{
    "`missing`, `if_not_present`, `always` or `never`",
    R"({"type": "string", "anyOf": [{"enum": ["missing", "if_not_present", "always", "never"]}, {"pattern": "\\$"}]})"};
constexpr Shape entrypoint_shape{
    "text split into words, or list of words",
    R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]})"};
constexpr Shape logging_shape{"mapping (`logging`)", R"({"$ref": "#/definitions/logging"})"};
constexpr Shape devices_shape{
    "list of `HOST[:CONTAINER[:PERMISSIONS]]` and mappings (`devices`)",
    R"({"type": "array", "items": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/definitions/device"}]}})"};

EntryRows made_from_rows() {
    using D = Decoder;
    return {
        {{"image", &image_shape, "", "A container that keepwell creates from this image, and keeps.", "redis:7"},
         decode_image},
        {{"container", &container_shape, "",
          "A container that exists already, or each of those that labels choose, as long as it exists.", "shop-web"},
         decode_container},
        {{"platform", &shapes::text, "the engine's", "The platform of the image.", "linux/arm64", For::container},
         set_text<&ContainerSpec::platform>},
        {{"pull_policy", &pull_shape, "missing", "When the image is pulled.", "always", For::container},
         decode_pull_policy},
        {{"entrypoint", &entrypoint_shape, "the image's",
          "What `command` is handed to; empty: nothing, not even the image's.", "[sh, -c]", For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             if (auto words = d.command(*m.value, true)) out.container.spec.entrypoint = std::move(*words);
         }},
        {{"container_name", &shapes::text, "PROJECT-SERVICE-SLOT", "How the container is called.", "the-one",
          For::container},
         decode_container_name},
        {{"labels", &shapes::pairs, "none", "Labels of the container.", "{shop.role: web}", For::container},
         decode_labels},
    };
}

EntryRows may_do_rows() {
    using D = Decoder;
    using Spec = ContainerSpec;
    return {
        {{"group_add", &shapes::texts, "none", "Further groups of `user`.", "[video]", For::container},
         set_texts<&Spec::group_add>},
        {{"read_only", &shapes::boolean, "false", "Nothing of the image can be written to.", "true", For::container},
         set_flag<&Spec::read_only>},
        {{"privileged", &shapes::boolean, "false", "It may do all that the host's root may.", "true", For::container},
         set_flag<&Spec::privileged>},
        {{"cap_add", &shapes::texts, "the engine's", "Capabilities that it has besides.", "[NET_ADMIN]",
          For::container},
         set_texts<&Spec::cap_add>},
        {{"cap_drop", &shapes::texts, "none", "Capabilities that it does not have.", "[ALL]", For::container},
         set_texts<&Spec::cap_drop>},
        {{"security_opt", &shapes::texts, "none", "Options such as `no-new-privileges` and `seccomp=FILE`.",
          "[no-new-privileges]", For::container},
         decode_security_opt},
        {{"devices", &devices_shape, "none", "Devices of the host.", "[\"/dev/fuse\"]", For::container},
         decode_devices},
        {{"sysctls", &shapes::pairs, "none", "Settings of the kernel that are its own.",
          "{net.core.somaxconn: \"1024\"}", For::container},
         set_pairs<&Spec::sysctls>},
        {{"init", &shapes::boolean, "the engine's", "A small init as its first process, which reaps.", "true",
          For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             if (const auto value = d.boolean(*m.value)) out.container.spec.init = *value;
         }},
        {{"tty", &shapes::boolean, "false", "It has a terminal.", "true", For::container}, set_flag<&Spec::tty>},
        {{"stdin_open", &shapes::boolean, "false", "Its stdin stays open.", "true", For::container},
         set_flag<&Spec::stdin_open>},
        {{"logging", &logging_shape, "the engine's", "Where its output goes.", "{driver: journald}", For::container},
         [](D& d, const Member& m, EntryDraft& out) {
             decode_block(d, *m.value, logging_block(), out.container.spec.logging);
         }},
        {{"runtime", &shapes::text, "the engine's", "What runs it.", "runsc", For::container},
         set_text<&Spec::runtime>},
        {{"cgroup_parent", &shapes::text, "the engine's", "The control group above its own.", "shop.slice",
          For::container},
         set_text<&Spec::cgroup_parent>},
        {{"userns_mode", &shapes::text, "the engine's", "`host`: no user namespace of its own.", "host",
          For::container},
         set_text<&Spec::userns_mode>},
    };
}

}  // namespace

EntryRows container_rows() { return joined<EntryDraft>({made_from_rows(), may_do_rows()}); }

const Block<ContainerSelector>& selector_block() {
    static const Block<ContainerSelector> block{
        BlockInfo{"container",
                  "in container",
                  "under `container`",
                  "Containers that exist already, by what all of their labels must be. Each is a target of its own.",
                  {},
                  {},
                  {},
                  R"({"minProperties": 1})",
                  {}},
        {
            {{"label", &label_shape, "", "Labels that it has; without a value, whatever the value.", "autoheal=true"},
             decode_label},
            {{"compose", &compose_shape, "", "The containers of a Compose project.", "{project: shop}"},
             decode_compose},
        }};
    return block;
}

const Block<ContainerSelector>& compose_selector_block() {
    static const Block<ContainerSelector> block{
        BlockInfo{"container_compose",
                  "in container.compose",
                  "under `container.compose`",
                  "The containers of a Compose project, without those of `docker-compose run`.",
                  {"project"},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"project", &shapes::text, "", "The project's name.", "other"}, decode_compose_part<0>},
            {{"service", &shapes::text, "all of them", "The service's name.", "web"}, decode_compose_part<1>},
        }};
    return block;
}

const Block<Logging>& logging_block() {
    using D = Decoder;
    static const Block<Logging> block{
        BlockInfo{"logging",
                  "in logging",
                  "under `logging`",
                  "Where the engine keeps what a container writes.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"driver", &shapes::text, "the engine's", "What keeps it.", "local"},
             [](D& d, const Member& m, Logging& out) { assign(d.text(*m.value, "a driver"), out.driver); }},
            {{"options", &shapes::pairs, "none", "The driver's options.", "{max-size: 10m}"},
             [](D& d, const Member& m, Logging& out) { assign(values::pairs(d, *m.value), out.options); }},
        }};
    return block;
}

const Block<Device>& device_block() {
    using D = Decoder;
    static const Block<Device> block{
        BlockInfo{"device",
                  "in an entry of devices",
                  "under an entry of `devices`",
                  "A device in full.",
                  {"source"},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"source", &shapes::text, "", "Its path on the host.", "/dev/kvm"},
             [](D& d, const Member& m, Device& out) { assign(d.text(*m.value, "a path"), out.host); }},
            {{"target", &shapes::text, "as `source`", "Its path in the container.", "/dev/other"},
             [](D& d, const Member& m, Device& out) { assign(d.text(*m.value, "a path"), out.container); }},
            {{"permissions", &shapes::text, "rwm", "Read, write, make.", "r"},
             [](D& d, const Member& m, Device& out) { assign(d.text(*m.value, "`r`, `w` and `m`"), out.permissions); }},
        }};
    return block;
}

}  // namespace keepwell::policy
