// The rows of `volumes` and `tmpfs`. Grammar: Compose's; relative paths start at the folder of the policy file.
#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/mount_text.hpp"
#include "policy/values/project.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {
namespace {

/// A path of the host, seen from the folder of the file; `~` is the home of keepwell's own user.
std::optional<std::string> host_path(Decoder& decoder, const Node& at, const std::string& written) {
    const bool from_home = written == "~" || written.compare(0, 2, "~/") == 0;
    if (!from_home) return resolve_path(decoder.reporter().folder_of(at.at.file), written);
    const auto home = decoder.context().environment.variable("HOME");
    if (home && !home->empty()) return resolve_path(*home, "." + written.substr(1));
    decoder.error(at, "`~` needs `HOME` in keepwell's own environment");
    return std::nullopt;
}

/// What both forms have in common: names and paths put in, and what can not be refused.
void add_mount(Decoder& decoder, const Node& at, Mount mount, EntryDraft& draft) {
    if (mount.target.empty() || mount.target[0] != '/') {
        return decoder.error(at, "expected an absolute path in the container, but this is " + quote(mount.target));
    }
    mount.target = resolve_path("/", mount.target);
    if (mount.type == Mount::Type::bind) {
        auto source = host_path(decoder, at, mount.source);
        if (!source) return;
        mount.source = std::move(*source);
    } else if (!mount.source.empty()) {
        mount.external = is_external_volume(decoder.context().project, mount.source);
        mount.source = volume_name(decoder.context().project, mount.source);
        if (!values::is_engine_name(mount.source)) {
            return decoder.error(
                at, quote(mount.source) + " can not be the name of a volume; a path begins with `.`, `/` or `~`");
        }
    }
    auto& mounts = draft.container.spec.mounts;
    const auto is_same = [&](const Mount& other) { return other.target == mount.target; };
    if (std::any_of(mounts.begin(), mounts.end(), is_same)) {
        return decoder.error(at, quote(mount.target) + " is mounted twice");
    }
    mounts.push_back(std::move(mount));
}

std::optional<Mount> long_form(Decoder& decoder, const Node& node) {
    Mount mount;
    const auto errors = decoder.reporter().errors();
    decode_block(decoder, node, mount_block(), mount);
    if (decoder.reporter().errors() > errors) return std::nullopt;
    const auto refuse = [&](std::string_view key, std::string_view type) {
        const auto* found = node.find(key);
        if (found) decoder.error(*found->key, quote(key) + " is for mounts of type " + quote(type));
    };
    const bool bind = mount.type == Mount::Type::bind;
    if (!bind) refuse("bind", "bind");
    if (mount.type != Mount::Type::volume) refuse("volume", "volume");
    if (mount.type != Mount::Type::tmpfs) refuse("tmpfs", "tmpfs");
    if (mount.type == Mount::Type::tmpfs && !mount.source.empty()) decoder.error(node, "a tmpfs has no `source`");
    if (!mount.selinux.empty() && !mount.create_host_path) {
        decoder.error(node, "`selinux` does not go with `create_host_path: false`: no engine takes both");
    }
    if (bind && mount.source.empty()) decoder.error(node, "`source` is missing: a bind mount has one");
    return decoder.reporter().errors() > errors ? std::nullopt : std::optional{mount};
}

void decode_volumes(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a list of volumes");
    if (!items) return;
    for (const auto& item : *items) {
        std::optional<Mount> mount;
        if (item->is_mapping()) {
            mount = long_form(decoder, *item);
        } else if (const auto text = decoder.text(*item, "a volume such as `data:/var/lib/data`")) {
            mount = decoder.accept(*item, parse_volume(*text));
        }
        if (mount) add_mount(decoder, *item, std::move(*mount), draft);
    }
}

void decode_tmpfs(Decoder& decoder, const Member& member, EntryDraft& draft) {
    const auto items = decoder.list(member.value, "a path such as `/run`, or a list of them", true);
    if (!items) return;
    for (const auto& item : *items) {
        const auto text = decoder.text(*item, "a path such as `/run:size=64m`");
        auto mount = text ? decoder.accept(*item, parse_tmpfs(*text)) : std::nullopt;
        if (mount) add_mount(decoder, *item, std::move(*mount), draft);
    }
}

void decode_type(Decoder& decoder, const Member& member, Mount& mount) {
    const auto& text = member.value->text;
    if (text == "npipe" || text == "cluster" || text == "image") {
        return decoder.error(*member.value, "mounts of type " + quote(text) + " are not supported");
    }
    const auto word = decoder.choice(*member.value, {"bind", "volume", "tmpfs"});
    if (!word) return;
    mount.type = *word == "bind" ? Mount::Type::bind : *word == "volume" ? Mount::Type::volume : Mount::Type::tmpfs;
}

void decode_propagation(Decoder& decoder, const Member& member, Mount& mount) {
    const auto word = decoder.choice(*member.value, {"rprivate", "private", "rshared", "shared", "rslave", "slave"});
    if (word) mount.propagation = *word;
}

void decode_selinux(Decoder& decoder, const Member& member, Mount& mount) {
    const auto word = decoder.choice(*member.value, {"z", "Z"});
    if (word) mount.selinux = *word;
}

void decode_mode(Decoder& decoder, const Member& member, Mount& mount) {
    const auto text = decoder.plain(*member.value, "the mode of a folder, such as `1777`");
    assign(text ? decoder.accept(*member.value, parse_file_mode(*text)) : std::nullopt, mount.tmpfs_mode);
}

constexpr Shape volumes_shape{
    "list of `[SOURCE:]TARGET[:OPTIONS]` and mappings (`volumes`)",
    R"({"type": "array", "items": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/definitions/mount"}]}})"};
constexpr Shape tmpfs_shape{"path with `:size=…,mode=…` or without, or list of them",
                            R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})"};
constexpr Shape type_shape{"`bind`, `volume` or `tmpfs`",
                           R"({"type": "string", "anyOf": [{"enum": ["bind", "volume", "tmpfs"]},)"
                           R"( {"pattern": "\\$"}]})"};
constexpr Shape propagation_shape{
    "`rprivate`, `private`, `rshared`, `shared`, `rslave` or `slave`",
    R"({"type": "string", "anyOf": [{"enum": ["rprivate", "private", "rshared", "shared", "rslave", "slave"]},)"
    R"( {"pattern": "\\$"}]})"};
constexpr Shape selinux_shape{"`z` or `Z`", R"({"type": "string", "pattern": "^[zZ]$|\\$"})"};
constexpr Shape file_mode_shape{"octal number",
                                R"({"type": ["string", "integer"], "pattern": "^(0o?)?[0-7]{3,4}$|\\$"})"};
constexpr Shape bind_shape{"mapping (`volumes.bind`)", R"({"$ref": "#/definitions/mount_bind"})"};
constexpr Shape volume_shape{"mapping (`volumes.volume`)", R"({"$ref": "#/definitions/mount_volume"})"};
constexpr Shape tmpfs_options_shape{"mapping (`volumes.tmpfs`)", R"({"$ref": "#/definitions/mount_tmpfs"})"};

}  // namespace

EntryRows mount_rows() {
    return {
        {{"volumes", &volumes_shape, "none",
          "Volumes, and paths of the host (those that begin with `.`, `/` or `~`), in the container.",
          "[\"data:/var/lib/data\"]", For::container},
         decode_volumes},
        {{"tmpfs", &tmpfs_shape, "none", "Folders of the container that are kept in memory.", "\"/run:size=64m\"",
          For::container},
         decode_tmpfs},
    };
}

const Block<Mount>& mount_block() {
    using D = Decoder;
    static const Block<Mount> block{
        BlockInfo{"mount",
                  "in an entry of a service's volumes",
                  "under an entry of a service's `volumes`",
                  "One mount in full.",
                  {"type", "target"},
                  {},
                  {"consistency", "image"},
                  "",
                  {}},
        {
            {{"type", &type_shape, "", "A path of the host, a volume, or memory.", "tmpfs"}, decode_type},
            {{"source", &shapes::text, "a new volume without a name", "The path, or the key of the volume.", "other"},
             [](D& d, const Member& m, Mount& out) { assign(d.text(*m.value, "a path or a volume"), out.source); }},
            {{"target", &shapes::text, "", "The path in the container.", "/elsewhere"},
             [](D& d, const Member& m, Mount& out) { assign(d.text(*m.value, "a path"), out.target); }},
            {{"read_only", &shapes::boolean, "false", "The container may not write there.", "true"},
             [](D& d, const Member& m, Mount& out) { assign(d.boolean(*m.value), out.read_only); }},
            {{"bind", &bind_shape, "", "More about a path of the host.", "{propagation: rshared}"},
             [](D& d, const Member& m, Mount& out) { decode_block(d, *m.value, mount_bind_block(), out); }},
            {{"volume", &volume_shape, "", "More about a volume.", "{nocopy: true}"},
             [](D& d, const Member& m, Mount& out) { decode_block(d, *m.value, mount_volume_block(), out); }},
            {{"tmpfs", &tmpfs_options_shape, "", "More about memory.", "{size: 64m}"},
             [](D& d, const Member& m, Mount& out) { decode_block(d, *m.value, mount_tmpfs_block(), out); }},
        }};
    return block;
}

const Block<Mount>& mount_bind_block() {
    using D = Decoder;
    static const Block<Mount> block{
        BlockInfo{"mount_bind",
                  "in volumes.bind",
                  "under `volumes.bind`",
                  "A path of the host.",
                  {},
                  {},
                  {"recursive"},
                  "",
                  {}},
        {
            {{"propagation", &propagation_shape, "the engine's", "How mounts below it are shared.", "rslave"},
             decode_propagation},
            {{"create_host_path", &shapes::boolean, "true", "Make the path where it is missing.", "false"},
             [](D& d, const Member& m, Mount& out) { assign(d.boolean(*m.value), out.create_host_path); }},
            {{"selinux", &selinux_shape, "none", "Label it anew: `z` for several containers, `Z` for this one.", "Z"},
             decode_selinux},
        }};
    return block;
}

const Block<Mount>& mount_volume_block() {
    using D = Decoder;
    static const Block<Mount> block{
        BlockInfo{"mount_volume",
                  "in volumes.volume",
                  "under `volumes.volume`",
                  "A volume.",
                  {},
                  {},
                  {"labels", "subpath"},
                  "",
                  {}},
        {
            {{"nocopy", &shapes::boolean, "false", "Do not fill a new volume with what the image has there.", "true"},
             [](D& d, const Member& m, Mount& out) { assign(d.boolean(*m.value), out.nocopy); }},
        }};
    return block;
}

const Block<Mount>& mount_tmpfs_block() {
    static const Block<Mount> block{
        BlockInfo{"mount_tmpfs", "in volumes.tmpfs", "under `volumes.tmpfs`", "Memory.", {}, {}, {}, "", {}},
        {
            {{"size", &shapes::size, "no limit", "How much it may hold.", "64m"},
             [](Decoder& d, const Member& m, Mount& out) {
                 if (const auto size = values::bytes(d, *m.value)) out.tmpfs_size = static_cast<std::uint64_t>(*size);
             }},
            {{"mode", &file_mode_shape, "the engine's", "Its permissions.", "\"1770\""}, decode_mode},
        }};
    return block;
}

}  // namespace keepwell::policy
