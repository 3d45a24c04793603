// Small changes to trees of nodes, which themselves never change: each gives a new one.
// May know: document.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "policy/document/document.hpp"

namespace keepwell::policy {

template <typename Words>
bool is_one_of(std::string_view word, const Words& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// `x-…`: a key that is nobody's business but its writer's.
inline bool is_extension(std::string_view key) { return key.substr(0, 2) == "x-"; }

/// A text at the place of `like`.
NodePtr make_text(const Node& like, std::string text);

/// The value under `name`; nullptr when there is none, or no mapping.
NodePtr child(const NodePtr& node, std::string_view name);

/// `node` with `value` under `name`, in the place of what was there; nullptr takes it away.
NodePtr with(const NodePtr& node, std::string_view name, NodePtr value);

/// The same, under a key that was written somewhere.
NodePtr with(const NodePtr& node, const Member& member);

/// The members of `node` with one of these keys.
template <typename Words>
NodePtr only(const NodePtr& node, const Words& keys) {
    std::vector<Member> kept;
    for (const auto& member : node->members) {
        if (is_one_of(member.key->text, keys)) kept.push_back(member);
    }
    return make_mapping(*node, std::move(kept));
}

}  // namespace keepwell::policy
