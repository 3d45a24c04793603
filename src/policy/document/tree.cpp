// Small changes to trees of nodes.
#include "policy/document/tree.hpp"

namespace keepwell::policy {

NodePtr make_text(const Node& like, std::string text) {
    auto node = std::make_shared<Node>();
    node->at = like.at;
    node->text = std::move(text);
    return node;
}

NodePtr child(const NodePtr& node, std::string_view name) {
    const auto* member = node ? node->find(name) : nullptr;
    return member ? member->value : nullptr;
}

NodePtr with(const NodePtr& node, std::string_view name, NodePtr value) {
    if (value) return with(node, Member{make_text(*value, std::string{name}), value});
    auto result = std::make_shared<Node>(*node);
    auto& members = result->members;
    const auto is_meant = [&](const Member& member) { return member.key->text == name; };
    members.erase(std::remove_if(members.begin(), members.end(), is_meant), members.end());
    return result;
}

NodePtr with(const NodePtr& node, const Member& member) {
    auto result = std::make_shared<Node>(*node);
    auto& members = result->members;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const Member& one) { return one.key->text == member.key->text; });
    if (found == members.end()) {
        members.push_back(member);
    } else {
        found->value = member.value;
    }
    return result;
}

}  // namespace keepwell::policy
