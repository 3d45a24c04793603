// The field tables: one table a block of the policy. A row says what a field is called, what it takes, what it means
// when it is absent, what it does, and how it is decoded. Decoding, unknown keys, the schema and the reference page
// all come from these rows. May know: decoder.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/values/decoder.hpp"

namespace keepwell::policy {

/// What a field takes: in words, and as a fragment of JSON schema.
struct Shape {
    std::string_view words;
    std::string_view schema;
};

/// The kinds of an entry that a field means something for.
enum class For : std::uint8_t {
    all,
    process,    ///< a bare process
    container,  ///< a container that keepwell creates
    created,    ///< either of these: what keepwell starts itself
};

struct FieldInfo {
    std::string_view name;
    const Shape* shape;
    std::string_view fallback;  ///< what holds when it is not given, in words
    std::string_view doc;
    std::string_view sample;  ///< a value that is not the default, in YAML's flow style
    For kinds = For::all;
};

/// A key that is known and refused, with the sentence that says why.
struct Refusal {
    std::string_view key;
    std::string_view why;
};

struct BlockInfo {
    std::string_view id;       ///< its name in the schema
    std::string_view place;    ///< "in healthcheck": after an unknown key
    std::string_view belongs;  ///< "under `healthcheck`": where a key that is in the wrong place should go
    std::string_view doc;
    std::vector<std::string_view> required;
    std::vector<Refusal> refusals;
    std::vector<std::string_view> compose_keys;  ///< Compose's keys of this block that are not read
    std::string_view constraints;                ///< JSON schema beyond the single fields; may be empty
    std::vector<FieldInfo> fields;
    /// All blocks of the kind of file that this one is of, to say where a misplaced key belongs; null: of a policy.
    const std::vector<const BlockInfo*>& (*family)() = nullptr;
    std::string_view
        others{};  ///< JSON schema of what stands beside the fields, under names of the user's; may be empty
};

template <typename T>
struct Field {
    FieldInfo info;
    void (*decode)(Decoder&, const Member&, T&);
};

template <typename T>
struct Block {
    BlockInfo info;
    std::vector<Field<T>> fields;

    Block(BlockInfo block_info, std::vector<Field<T>> rows) : info{std::move(block_info)}, fields{std::move(rows)} {
        for (const auto& field : fields) info.fields.push_back(field.info);
    }
};

/// Every block of a policy, from the outside in.
const std::vector<const BlockInfo*>& all_blocks();

/// The rows of several lists, as one table.
template <typename T>
std::vector<Field<T>> joined(std::vector<std::vector<Field<T>>> lists) {
    std::vector<Field<T>> rows;
    for (auto& list : lists) rows.insert(rows.end(), list.begin(), list.end());
    return rows;
}

/// Reports a key that has no row: refused, in the wrong block, or mistyped. False for `x-…`, which is nothing to
/// report.
bool report_unknown_key(Decoder& decoder, const BlockInfo& block, const Node& key);
void report_missing_keys(Decoder& decoder, const BlockInfo& block, const Node& node);
bool expect_mapping(Decoder& decoder, const BlockInfo& block, const Node& node);

/// Decodes a mapping by its table, in the order of the file. `x-…` keys are left alone.
template <typename T>
void decode_block(Decoder& decoder, const Node& node, const Block<T>& block, T& out) {
    if (!expect_mapping(decoder, block.info, node)) return;
    bool complete = true;
    for (const auto& member : node.members) {
        const Field<T>* found = nullptr;
        for (const auto& field : block.fields) {
            if (field.info.name == member.key->text) found = &field;
        }
        if (!found) {
            complete &= !report_unknown_key(decoder, block.info, *member.key);
        } else if (member.value->is_null()) {
            decoder.error(*member.key, "`" + std::string{found->info.name} + "` has no value");
        } else {
            decoder.context().places.push_back({origin_of(*member.key), found->info.name, block.info.id});
            found->decode(decoder, member, out);
        }
    }
    if (complete) report_missing_keys(decoder, block.info, node);  // else what is missing may be what is mistyped
}

/// The sentence for what keepwell will read one day and does not read now.
inline constexpr std::string_view not_yet = "is not supported yet";

}  // namespace keepwell::policy
