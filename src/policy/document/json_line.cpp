// A tree as one line of JSON.
#include "policy/document/json_line.hpp"

namespace keepwell::policy {
namespace {

class JsonLine {
  public:
    void add(const Node& node) {
        switch (node.kind) {
            case Node::Kind::scalar: return add_text(node.text);
            case Node::Kind::sequence: return add_list(node);
            case Node::Kind::mapping: return add_mapping(node);
        }
    }
    std::string take() { return std::move(line_); }

  private:
    void add_list(const Node& node) {
        std::string_view separator = "[";
        for (const auto& item : node.items) {
            line_ += separator;
            add(*item);
            separator = ", ";
        }
        line_ += node.items.empty() ? "[]" : "]";
    }

    void add_mapping(const Node& node) {
        std::string_view separator = "{";
        for (const auto& [key, value] : node.members) {
            line_ += separator;
            add_text(key->text);
            line_ += ": ";
            add(*value);
            separator = ", ";
        }
        line_ += node.members.empty() ? "{}" : "}";
    }

    void add_text(std::string_view text) {
        line_ += '"';
        for (const char c : text) add_character(c);
        line_ += '"';
    }

    void add_character(char c) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') line_ += '\\';
        if (c == '$') line_ += '$';
        if (byte >= 0x20 && byte != 0x7f) {
            line_ += c;
        } else {
            line_ += "\\u00";
            line_ += digits[byte / 16];
            line_ += digits[byte % 16];
        }
    }

    std::string line_;
};

}  // namespace

std::string json_line(const Node& node) {
    JsonLine line;
    line.add(node);
    return line.take();
}

}  // namespace keepwell::policy
