// Reads single values of a document into the types of the model, and reports what does not fit.
// Every reader gives nullopt after it has reported a mistake. May know: document, environment, templates.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "policy/document/document.hpp"
#include "policy/document/environment.hpp"
#include "policy/values/templates.hpp"

namespace keepwell::policy {

/// `KEY=VALUE` pairs, sorted by key.
using VariableMap = std::map<std::string, std::string>;

/// A network or volume at the top level.
struct NamedResource {
    std::string name;  ///< the engine's; empty: follows from the key
    bool external = false;
};

/// Compose's project: what names on the engine are made of.
struct Project {
    std::string name;
    std::map<std::string, NamedResource> networks{};  ///< by the key that services use
    std::map<std::string, NamedResource> volumes{};
};

/// Where a field is written.
struct FieldPlace {
    Origin at;
    std::string_view field;  ///< of a table, which lives for ever
    std::string_view block;  ///< its id; likewise
};

/// What decoding every value of one load shares.
struct DecodeContext {
    Reporter& reporter;
    const Environment& environment;
    Project project{};                                              ///< whole before the first service is decoded
    std::map<std::string, std::optional<VariableMap>> env_files{};  ///< by path; nullopt: could not be read
    std::vector<FieldPlace> places{};                               ///< of every field that was decoded
};

class Decoder {
  public:
    Decoder(DecodeContext& context, TemplateValues values) : context_{context}, values_{std::move(values)} {}

    void error(const Node& at, std::string message) { context_.reporter.error(at.at, std::move(message)); }
    void warning(const Node& at, std::string message) { context_.reporter.warning(at.at, std::move(message)); }
    Reporter& reporter() { return context_.reporter; }
    DecodeContext& context() { return context_; }
    const TemplateValues& values() const { return values_; }

    /// A text where templates have no meaning; one that holds a template is a mistake. `what` names it in messages.
    std::optional<std::string> plain(const Node& node, std::string_view what);
    /// A text with its templates expanded.
    std::optional<std::string> text(const Node& node, std::string_view what);
    /// The address of a probe: a text with its templates expanded, in which `{{.Container.IP}}` may stay.
    std::optional<std::string> address(const Node& node, std::string_view what);
    /// A text exactly as it is written.
    std::optional<std::string> verbatim(const Node& node, std::string_view what);
    /// A text with templates, as a path that starts at the folder of its file.
    std::optional<std::string> path(const Node& node, std::string_view what);
    std::optional<bool> boolean(const Node& node);
    std::optional<std::uint32_t> count(const Node& node, std::uint32_t least, std::uint32_t most);
    std::optional<double> number(const Node& node, double least, double most);
    std::optional<Duration> duration(const Node& node, Duration most = Duration::max());
    /// A text split into words, or a list of words; never empty, unless `may_be_empty`.
    std::optional<std::vector<std::string>> command(const Node& node, bool may_be_empty = false);
    /// One of these words.
    std::optional<std::string_view> choice(const Node& node, const std::vector<std::string_view>& words);
    /// The items of a list; a single text counts as a list of one where `single` says so.
    std::optional<std::vector<NodePtr>> list(const NodePtr& node, std::string_view what, bool single = false);
    /// `environment:`, as a mapping or a list.
    void variables(const Node& node, VariableMap& into);
    /// One file of `env_file:`. One that is not there is a mistake, unless it is not `required`.
    void env_file(const Node& node, VariableMap& into, bool required = true);

    /// Lets a value through, or reports what is wrong with it at `node`.
    template <typename T>
    std::optional<T> accept(const Node& node, tl::expected<T, std::string> value) {
        if (value) return std::move(*value);
        error(node, value.error());
        return std::nullopt;
    }

  private:
    void add_variable(const Node& node, std::string key, std::optional<std::string> value, VariableMap& into);
    void inherit(const Position& at, const std::string& key, VariableMap& into);
    std::optional<VariableMap> read_env_file(const Node& node, const std::string& path);

    DecodeContext& context_;
    TemplateValues values_;
};

inline Origin origin_of(const Node& node) { return Origin{node.at.file, node.at.line}; }

/// `written`, seen from `folder`; without `.` and `..`.
std::string resolve_path(const std::string& folder, const std::string& written);

template <typename T, typename U>
void assign(std::optional<T> value, U& into) {
    if (value) into = std::move(*value);
}

}  // namespace keepwell::policy
