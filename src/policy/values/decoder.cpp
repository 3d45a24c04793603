// Single values: from text to the types of the model.
#include "policy/values/decoder.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "policy/document/text.hpp"
#include "policy/values/quantities.hpp"
#include "policy/values/words.hpp"

namespace keepwell::policy {
namespace {

bool is_variable_name(std::string_view name) {
    const auto bad = [](char c) { return c == '=' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    return !name.empty() && std::none_of(name.begin(), name.end(), bad);
}

/// The value of a line of an env file: quotes taken off, a comment after an unquoted one cut off.
tl::expected<std::string, std::string> env_value(std::string_view written) {
    auto text = trim(written);
    if (text.empty() || (text[0] != '"' && text[0] != '\'')) {
        const auto comment = text.find(" #");
        return std::string{trim(text.substr(0, comment))};
    }
    const char quote_sign = text[0];
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool escaped = quote_sign == '"' && text[i] == '\\' && i + 1 < text.size();
        if (escaped) {
            const char c = text[++i];
            value += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        } else if (text[i] == quote_sign) {
            const auto rest = trim(text.substr(i + 1));
            if (!rest.empty() && rest[0] != '#')
                return tl::unexpected<std::string>("something follows the closing quote");
            return value;
        } else {
            value += text[i];
        }
    }
    return tl::unexpected<std::string>("the quote is never closed");
}

}  // namespace

std::string resolve_path(const std::string& folder, const std::string& written) {
    auto path = (std::filesystem::path{folder} / written).lexically_normal().string();
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::optional<std::string> Decoder::verbatim(const Node& node, std::string_view what) {
    if (node.is_scalar() && !node.is_null()) return node.text;
    error(node, "expected " + std::string{what} + ", but this is " + std::string{describe_kind(node)});
    return std::nullopt;
}

std::optional<std::string> Decoder::plain(const Node& node, std::string_view what) {
    auto value = verbatim(node, what);
    if (!value || !has_template(*value)) return value;
    error(node, "templates such as `{{.Task.Slot}}` are not read here");
    return std::nullopt;
}

std::optional<std::string> Decoder::text(const Node& node, std::string_view what) {
    const auto value = verbatim(node, what);
    return value ? accept(node, expand_templates(*value, values_)) : std::nullopt;
}

std::optional<std::string> Decoder::address(const Node& node, std::string_view what) {
    const auto value = verbatim(node, what);
    auto values = values_;
    values.address = true;
    return value ? accept(node, expand_templates(*value, values)) : std::nullopt;
}

std::optional<std::string> Decoder::path(const Node& node, std::string_view what) {
    const auto value = text(node, what);
    if (!value) return std::nullopt;
    if (!value->empty()) return resolve_path(context_.reporter.folder_of(node.at.file), *value);
    error(node, "expected " + std::string{what} + ", but this is empty");
    return std::nullopt;
}

std::optional<bool> Decoder::boolean(const Node& node) {
    const auto value = plain(node, "true or false");
    if (!value) return std::nullopt;
    const auto word = lower_case(*value);
    if (word == "true" || word == "false") return word == "true";
    const bool yes = word == "yes" || word == "on" || word == "y" || word == "1";
    const bool no = word == "no" || word == "off" || word == "n" || word == "0";
    const auto hint = yes || no ? "; did you mean " + quote(yes ? "true" : "false") + "?" : "";
    error(node, "expected true or false, but this is " + quote(*value) + hint);
    return std::nullopt;
}

std::optional<std::uint32_t> Decoder::count(const Node& node, std::uint32_t least, std::uint32_t most) {
    const auto range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const auto value = plain(node, range);
    if (!value) return std::nullopt;
    std::uint32_t result = 0;
    const auto* end = value->data() + value->size();
    const auto [stop, failure] = std::from_chars(value->data(), end, result);
    if (failure == std::errc{} && stop == end && result >= least && result <= most) return result;
    error(node, "expected " + range + ", but this is " + quote(*value));
    return std::nullopt;
}

std::optional<double> Decoder::number(const Node& node, double least, double most) {
    const auto as_text = [](double value) { return std::to_string(static_cast<int>(value)); };
    const auto range = "a number from " + as_text(least) + " to " + as_text(most);
    const auto value = plain(node, range);
    if (!value) return std::nullopt;
    double result = 0;
    const auto* end = value->data() + value->size();
    const auto [stop, failure] = std::from_chars(value->data(), end, result);
    if (failure == std::errc{} && stop == end && result >= least && result <= most) return result;
    error(node, "expected " + range + ", but this is " + quote(*value));
    return std::nullopt;
}

std::optional<Duration> Decoder::duration(const Node& node, Duration most) {
    const auto value = plain(node, "a duration such as `30s`");
    if (!value) return std::nullopt;
    const auto result = accept(node, parse_duration(*value));
    if (!result || *result <= most) return result;
    const auto days = std::chrono::duration_cast<std::chrono::hours>(most).count() / 24;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most).count();
    error(node, "at most " + quote(days > 0 ? std::to_string(days) + "d" : std::to_string(seconds) + "s") +
                    " is allowed here");
    return std::nullopt;
}

std::optional<std::vector<std::string>> Decoder::command(const Node& node, bool may_be_empty) {
    std::vector<std::string> words;
    if (node.is_sequence()) {
        for (const auto& item : node.items) {
            auto word = text(*item, "text");
            if (!word) return std::nullopt;
            words.push_back(std::move(*word));
        }
    } else {
        const auto whole = text(node, "a command, as text or as a list");
        auto split = whole ? accept(node, split_words(*whole)) : std::nullopt;
        if (!split) return std::nullopt;
        words = std::move(*split);
    }
    if (words.empty() ? may_be_empty : !words.front().empty()) return words;
    error(node, "this command is empty");
    return std::nullopt;
}

std::optional<std::string_view> Decoder::choice(const Node& node, const std::vector<std::string_view>& words) {
    const auto value = plain(node, join_alternatives(words));
    if (!value) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), *value);
    if (found != words.end()) return *found;
    error(node,
          "expected " + join_alternatives(words) + ", but this is " + quote(*value) + did_you_mean(*value, words));
    return std::nullopt;
}

std::optional<std::vector<NodePtr>> Decoder::list(const NodePtr& node, std::string_view what, bool single) {
    if (node->is_sequence()) return node->items;
    if (single && node->is_scalar() && !node->is_null()) return std::vector<NodePtr>{node};
    error(*node, "expected " + std::string{what} + ", but this is " + std::string{describe_kind(*node)});
    return std::nullopt;
}

void Decoder::variables(const Node& node, VariableMap& into) {
    if (node.is_mapping()) {
        for (const auto& member : node.members) {
            auto value = member.value->is_null() ? std::optional<std::string>{} : text(*member.value, "text");
            if (!member.value->is_null() && !value) continue;
            add_variable(*member.key, member.key->text, std::move(value), into);
        }
        return;
    }
    if (!node.is_sequence()) {
        return error(node,
                     "expected a mapping or a list of `KEY=VALUE`, but this is " + std::string{describe_kind(node)});
    }
    for (const auto& item : node.items) {
        const auto pair = text(*item, "`KEY=VALUE`");
        if (!pair) continue;
        const auto equals = pair->find('=');
        auto value = equals == std::string::npos ? std::nullopt : std::optional{pair->substr(equals + 1)};
        add_variable(*item, pair->substr(0, equals), std::move(value), into);
    }
}

void Decoder::add_variable(const Node& node, std::string key, std::optional<std::string> value, VariableMap& into) {
    if (key.empty()) return error(node, "the name of the variable is missing");
    if (!is_variable_name(key)) return error(node, quote(key) + " can not be the name of a variable");
    if (!value) return inherit(node.at, key, into);
    into[std::move(key)] = std::move(*value);
}

void Decoder::inherit(const Position& at, const std::string& key, VariableMap& into) {
    auto value = context_.environment.variable(key);
    if (value) {
        into[key] = std::move(*value);
    } else {
        context_.reporter.warning(at, quote(key) + " has no value here, and is not set in keepwell's own environment");
    }
}

void Decoder::env_file(const Node& node, VariableMap& into, bool required) {
    const auto file = path(node, "the name of a file");
    if (!file || (!required && !context_.environment.read(*file))) return;
    auto& files = context_.env_files;
    auto found = files.find(*file);
    if (found == files.end()) found = files.emplace(*file, read_env_file(node, *file)).first;
    if (!found->second) return;
    for (const auto& [key, value] : *found->second) into[key] = value;
}

std::optional<VariableMap> Decoder::read_env_file(const Node& node, const std::string& file) {
    auto content = context_.environment.read(file);
    const auto refuse = [&](std::string why) {
        error(node, quote(file) + " can not be read: " + std::move(why));
        return std::nullopt;
    };
    if (!content) return refuse(content.error());
    if (content->size() > max_file_size) return refuse("it is larger than 1 MiB");
    if (find_not_text(*content)) return refuse("it is not text");
    const auto source = context_.reporter.add_source(file, file, *content);
    VariableMap variables;
    std::uint32_t number = 0;
    for (std::size_t begin = 0; begin < content->size();) {
        const auto end = std::min(content->find('\n', begin), content->size());
        auto line = trim(std::string_view{*content}.substr(begin, end - begin));
        begin = end + 1;
        const Position at{source, ++number, 1, static_cast<std::uint32_t>(count_characters(line))};
        if (line.empty() || line[0] == '#') continue;
        if (line.substr(0, 7) == "export ") line = trim(line.substr(7));
        const auto equals = line.find('=');
        const std::string key{trim(line.substr(0, equals))};
        if (!is_variable_name(key)) {
            reporter().error(at, quote(key) + " can not be the name of a variable");
        } else if (equals == std::string_view::npos) {
            inherit(at, key, variables);
        } else if (auto value = env_value(line.substr(equals + 1))) {
            variables[key] = std::move(*value);
        } else {
            reporter().error(at, value.error());
        }
    }
    return variables;
}

}  // namespace keepwell::policy
