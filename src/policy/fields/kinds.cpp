// The three kinds of an entry, and their keys.
#include "policy/fields/kinds.hpp"

#include <algorithm>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

std::string why_not(std::string_view key, TargetKind kind) {
    const auto name = quote(key);
    switch (kind) {
        case TargetKind::process:
            if (key == "entrypoint") return name + " is for a container; for a process put all of it into `command`";
            return name + " is for a container; this service has no `image`, so it is a process";
        case TargetKind::container:
            return name + " is for a process; what a container writes is kept by its engine, see `logging`";
        case TargetKind::adopted: break;
    }
    if (key == "output") return name + " is for a process; what a container writes is kept by its engine";
    return name + " can not be set for a container that exists already";
}

const FieldInfo* field_of(const BlockInfo& block, std::string_view key) {
    const auto has_name = [&](const FieldInfo& field) { return field.name == key; };
    const auto found = std::find_if(block.fields.begin(), block.fields.end(), has_name);
    return found == block.fields.end() ? nullptr : &*found;
}

}  // namespace

TargetKind kind_of(const Node& entry) {
    if (entry.find("container")) return TargetKind::adopted;
    // Nothing is built here; but who writes `build` means a container.
    return entry.find("image") || entry.find("build") ? TargetKind::container : TargetKind::process;
}

bool applies(For kinds, TargetKind kind) {
    switch (kinds) {
        case For::all: return true;
        case For::process: return kind == TargetKind::process;
        case For::container: return kind == TargetKind::container;
        case For::created: return kind != TargetKind::adopted;
    }
    return true;
}

NodePtr applicable(Decoder& decoder, const BlockInfo& block, const NodePtr& merged, const Node& own, TargetKind kind) {
    if (!merged->is_mapping()) return merged;
    const auto is_idle = [&](const Member& member) {
        const auto* field = field_of(block, member.key->text);
        return field && !applies(field->kinds, kind);
    };
    auto members = merged->members;
    for (const auto& member : members) {
        const auto* written = is_idle(member) ? own.find(member.key->text) : nullptr;
        if (written) decoder.error(*written->key, why_not(written->key->text, kind));
    }
    members.erase(std::remove_if(members.begin(), members.end(), is_idle), members.end());
    return members.size() == merged->members.size() ? merged : make_mapping(*merged, std::move(members));
}

}  // namespace keepwell::policy
