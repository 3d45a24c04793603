// A YAML or JSON text as a tree whose every node knows where it was written.
// Scalars stay text: what `no`, `08` or `1e3` mean is decided by the field they are given to, never guessed.
// Aliases and `<<` merge keys are resolved here, within limits. May know: reporter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/document/reporter.hpp"

namespace keepwell::policy {

struct Node;
/// Nodes are shared (aliases, defaults) and never change.
using NodePtr = std::shared_ptr<const Node>;

struct Member {
    NodePtr key;  ///< a scalar
    NodePtr value;
};

struct Node {
    enum class Kind : std::uint8_t { scalar, sequence, mapping };
    /// Compose's tags for a value that lies over another one: take that one away, or be put in its place whole.
    enum class Tag : std::uint8_t { none, reset, override };

    Kind kind = Kind::scalar;
    Tag tag = Tag::none;
    Position at;
    std::string text;             ///< of a scalar
    bool plain = false;           ///< a scalar written without quotes
    std::vector<NodePtr> items;   ///< of a sequence
    std::vector<Member> members;  ///< of a mapping, in the order of the file, keys unique
    std::size_t size = 1;         ///< nodes, with aliases expanded
    std::uint32_t depth = 1;      ///< levels, with aliases expanded

    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_mapping() const { return kind == Kind::mapping; }
    /// Nothing was written, or YAML's word for that.
    bool is_null() const;

    /// The member of this name; nullptr when there is none.
    const Member* find(std::string_view name) const;
};

/// What is read at most: enough for any policy, and little enough for any machine.
inline constexpr std::size_t max_file_size = 1024 * 1024;
inline constexpr std::uint32_t max_depth = 32;
inline constexpr std::size_t max_nodes = 500'000;
inline constexpr std::size_t max_aliased_nodes = 100'000;  ///< that aliases may stand for, in all

/// Whose file it is: what messages call it, and whether tags may stand in it.
enum class Grammar : std::uint8_t { policy, compose, test, script };

/// Reads the text of source `file`; its mistakes go to `reporter`. nullptr when it is not one document.
NodePtr parse_document(std::uint32_t file, std::string_view text, Reporter& reporter,
                       Grammar grammar = Grammar::policy);

/// A mapping with these members, at the place of `like`.
NodePtr make_mapping(const Node& like, std::vector<Member> members);

/// `base` with `over` laid on top: mappings merge key by key, anything else replaces.
NodePtr merge(const NodePtr& base, const NodePtr& over);

/// Same content, wherever it was written.
bool same_content(const Node& a, const Node& b);

/// "a list", "a mapping", "text", "nothing": for messages.
std::string_view describe_kind(const Node& node);

}  // namespace keepwell::policy
