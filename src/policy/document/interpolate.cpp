// Compose's interpolation.
#include "policy/document/interpolate.hpp"

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

constexpr std::size_t longest_value = max_file_size;
constexpr int deepest = 10;

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

/// A recursive descent over one scalar; stops at the first mistake.
class Interpolator {
  public:
    Interpolator(std::string_view text, const Variables& variables, const OnUnset& on_unset)
        : text_{text}, variables_{variables}, on_unset_{on_unset} {}

    tl::expected<std::string, std::string> run() {
        auto result = sequence(0, true);
        if (!error_.empty()) return tl::unexpected(error_);
        return result;
    }

  private:
    bool at_end() const { return at_ == text_.size(); }
    bool next_is(char c) const { return !at_end() && text_[at_] == c; }

    std::string fail(std::string message) {
        if (error_.empty()) error_ = std::move(message);
        at_ = text_.size();
        return {};
    }

    /// Everything up to the end, or inside braces up to the brace that closes them. `wanted`: its value is used.
    std::string sequence(int level, bool wanted) {
        if (level > deepest) return fail("variables are nested too deeply");
        std::string result;
        while (!at_end() && !(level > 0 && next_is('}'))) {
            if (next_is('$')) {
                result += variable(level, wanted);
            } else {
                result += text_[at_++];
            }
            if (result.size() > longest_value) return fail("the value becomes too long");
        }
        return result;
    }

    std::string variable(int level, bool wanted) {
        ++at_;
        if (next_is('$')) {
            ++at_;
            return "$";
        }
        if (next_is('{')) return braced(level, wanted);
        const auto name = read_name();
        if (name.empty()) return fail("`$` begins a variable here; a plain `$` is written `$$`");
        return wanted ? required(name, {}) : std::string{};
    }

    std::string braced(int level, bool wanted) {
        ++at_;
        const auto name = read_name();
        if (name.empty()) return fail("a variable's name is missing after `${`; a plain `$` is written `$$`");
        const bool or_empty = next_is(':');
        if (or_empty) ++at_;
        const char operation = at_end() ? '\0' : text_[at_];
        if (operation == '}' && !or_empty) {
            ++at_;
            return wanted ? required(name, {}) : std::string{};
        }
        if (operation != '-' && operation != '?' && operation != '+') {
            return fail("`${" + std::string{name} + "` is not closed by `}`, or not followed by `-`, `?` or `+`");
        }
        ++at_;
        return operate(Operation{name, operation, or_empty}, level, wanted);
    }

    struct Operation {
        std::string_view name;
        char sign;
        bool or_empty;  ///< with a colon: an empty variable counts as unset
    };

    std::string operate(const Operation& operation, int level, bool wanted) {
        auto value = variables_(operation.name);
        if (value && value->empty() && operation.or_empty) value.reset();
        const bool use_argument = operation.sign == '+' ? value.has_value() : !value;
        auto argument = sequence(level + 1, wanted && use_argument);
        if (!next_is('}')) {
            return fail("`${" + std::string{operation.name} + "` is not closed by `}`");
        }
        ++at_;
        if (!wanted) return {};
        if (operation.sign == '?' && !value) return required(operation.name, argument, true);
        if (use_argument) return argument;
        return operation.sign == '+' ? std::string{} : *value;
    }

    std::string required(std::string_view name, std::string_view why, bool missing = false) {
        auto value = missing ? std::nullopt : variables_(name);
        if (value) return *value;
        if (on_unset_ && !missing) {
            on_unset_(name);
            return {};
        }
        auto message = "variable " + quote(name) + " is not set";
        if (!why.empty()) return fail(message + ": " + printable(why));
        return fail(message + "; set it, or give a default: `${" + std::string{name} + ":-default}`");
    }

    std::string_view read_name() {
        const auto begin = at_;
        if (!at_end() && begins_name(text_[at_])) {
            while (!at_end() && continues_name(text_[at_])) ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    std::string_view text_;
    const Variables& variables_;
    const OnUnset& on_unset_;
    std::size_t at_ = 0;
    std::string error_;
};

enum class Unset : std::uint8_t { is_mistake, is_empty };

NodePtr interpolate_scalar(const NodePtr& node, const Variables& variables, Reporter& reporter, Unset unset) {
    if (node->text.find('$') == std::string::npos) return node;
    const OnUnset warn = [&](std::string_view name) {
        reporter.warning(node->at, "variable " + quote(name) + " is not set; Compose takes it as empty");
    };
    auto text = interpolate(node->text, variables, unset == Unset::is_empty ? warn : OnUnset{});
    if (!text) {
        reporter.error(node->at, text.error());
        return node;
    }
    auto result = std::make_shared<Node>(*node);
    result->text = std::move(*text);
    result->plain = false;  // a variable that is empty is an empty text, not "nothing was written"
    return result;
}

NodePtr interpolate_tree(const NodePtr& node, const Variables& variables, Reporter& reporter, Unset unset) {
    if (node->is_scalar()) return interpolate_scalar(node, variables, reporter, unset);
    auto result = std::make_shared<Node>(*node);
    for (auto& item : result->items) item = interpolate_tree(item, variables, reporter, unset);
    for (auto& member : result->members) {
        const bool ours = member.key->text.compare(0, 2, "x-") != 0;
        if (ours) member.value = interpolate_tree(member.value, variables, reporter, unset);
    }
    return result;
}

}  // namespace

tl::expected<std::string, std::string> interpolate(std::string_view text, const Variables& variables,
                                                   const OnUnset& on_unset) {
    return Interpolator{text, variables, on_unset}.run();
}

NodePtr interpolate(const NodePtr& node, const Variables& variables, Reporter& reporter) {
    return interpolate_tree(node, variables, reporter, Unset::is_mistake);
}

NodePtr interpolate_compose(const NodePtr& node, const Variables& variables, Reporter& reporter) {
    return interpolate_tree(node, variables, reporter, Unset::is_empty);
}

}  // namespace keepwell::policy
