// `keepwell check FILE…`: every mistake of a policy, for people, scripts and GitHub's annotations.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "policy/load.hpp"

namespace keepwell::cli {
namespace {

using policy::Diagnostic;

std::string replaced(std::string text, const std::vector<std::pair<char, const char*>>& escapes) {
    std::string escaped;
    for (const char c : text) {
        const auto found = std::ranges::find_if(escapes, [c](const auto& one) { return one.first == c; });
        if (found == escapes.end()) {
            escaped += c;
        } else {
            escaped += found->second;
        }
    }
    return escaped;
}

/// A workflow command of GitHub Actions; its own escapes.
std::string github_line(const Diagnostic& diagnostic) {
    const std::string file =
        replaced(diagnostic.file, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}});
    const std::string message = replaced(diagnostic.message, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}});
    const bool note = diagnostic.severity == Diagnostic::Severity::note;  // GitHub's word for it is another
    std::string line = "::" + std::string{note ? "notice" : to_string(diagnostic.severity)} + " file=" + file;
    if (diagnostic.line > 0) {
        line += ",line=" + std::to_string(diagnostic.line) + ",col=" + std::to_string(diagnostic.column);
    }
    return line + "::" + message + "\n";
}

std::string json_text(const policy::Loaded& loaded) {
    using Json = nlohmann::ordered_json;
    Json json{{"ok", loaded.policy.has_value()}, {"services", 0}, {"targets", 0}, {"diagnostics", Json::array()}};
    if (loaded.policy) {
        json["services"] = loaded.policy->services.size();
        json["targets"] = loaded.policy->targets.size();
    }
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
        json["diagnostics"].push_back({{"severity", to_string(diagnostic.severity)},
                                       {"file", diagnostic.file},
                                       {"line", diagnostic.line},
                                       {"column", diagnostic.column},
                                       {"length", diagnostic.length},
                                       {"message", diagnostic.message}});
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string count(std::size_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string summary(const CheckOptions& options, const policy::Loaded& loaded) {
    std::string files;
    const auto& names = loaded.policy ? loaded.policy->files : options.files;
    for (const std::string& file : names) files += (files.empty() ? "" : ", ") + one_line(file);
    if (loaded.policy) {
        return files + ": " + count(loaded.policy->services.size(), "service") + ", " +
               count(loaded.policy->targets.size(), "target") + ": ok\n";
    }
    const auto errors = std::ranges::count(loaded.diagnostics, Diagnostic::Severity::error, &Diagnostic::severity);
    return files + ": " + count(static_cast<std::size_t>(errors), "error") + "\n";
}

}  // namespace

int check(const CheckOptions& told) {
    CheckOptions options = told;
    std::ranges::replace(options.files, "-", "/dev/stdin");
    const policy::Loaded loaded = policy::load(options.files, policy::host_environment());
    std::string text;
    if (options.format == Format::json) {
        text = json_text(loaded);
    } else {
        for (const Diagnostic& diagnostic : loaded.diagnostics) {
            text += options.format == Format::github ? github_line(diagnostic) : policy::render(diagnostic);
        }
        text += summary(options, loaded);
    }
    const bool printed = print(text);
    if (!loaded.policy) return exit_usage;
    return printed ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
