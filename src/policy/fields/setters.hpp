// What most keys of a container do: read one value into one member of it. May know: drafts, values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/fields/drafts.hpp"
#include "policy/values/values.hpp"

namespace keepwell::policy {

template <std::string ContainerSpec::*field>
void set_text(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (auto value = decoder.text(*member.value, "text")) draft.container.spec.*field = std::move(*value);
}

template <bool ContainerSpec::*field>
void set_flag(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (const auto value = decoder.boolean(*member.value)) draft.container.spec.*field = *value;
}

template <std::vector<std::string> ContainerSpec::*field>
void set_texts(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (auto value = values::texts(decoder, member.value, "a list of texts"))
        draft.container.spec.*field = std::move(*value);
}

template <std::int64_t ContainerSpec::*field>
void set_bytes(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (const auto value = values::bytes(decoder, *member.value)) draft.container.spec.*field = *value;
}

template <values::Pairs ContainerSpec::*field>
void set_pairs(Decoder& decoder, const Member& member, EntryDraft& draft) {
    if (auto value = values::pairs(decoder, *member.value)) draft.container.spec.*field = std::move(*value);
}

}  // namespace keepwell::policy
