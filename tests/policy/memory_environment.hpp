// An outside that is a map: files by path, variables by name. "/p" is the current folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/load.hpp"

namespace keepwell::policy {

struct Memory {
    std::map<std::string, std::string> files;  ///< by absolute path
    std::map<std::string, std::string> variables;

    Environment environment() const {
        Environment result;
        result.variable = [this](std::string_view name) -> std::optional<std::string> {
            const auto found = variables.find(std::string{name});
            return found == variables.end() ? std::nullopt : std::optional{found->second};
        };
        result.read = [this](const std::string& path) -> tl::expected<std::string, std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return tl::unexpected<std::string>("No such file or directory");
            return found->second;
        };
        result.is_folder = [this](const std::string& path) {
            const auto first = files.lower_bound(path + "/");
            return first != files.end() && first->first.compare(0, path.size() + 1, path + "/") == 0;
        };
        result.list = [this](const std::string& path) -> tl::expected<std::vector<std::string>, std::string> {
            std::vector<std::string> names;
            for (const auto& [name, content] : files) {
                if (name.compare(0, path.size() + 1, path + "/") != 0) continue;
                const auto rest = name.substr(path.size() + 1);
                if (rest.find('/') == std::string::npos) names.insert(names.begin(), rest);
            }
            return names;
        };
        result.folder = "/p";
        return result;
    }

    Loaded load(const std::vector<std::string>& names) const { return policy::load(names, environment()); }
};

/// Loads this text as /p/policy.yaml.
inline Loaded load_text(const std::string& text, std::map<std::string, std::string> variables = {}) {
    return Memory{{{"/p/policy.yaml", text}}, std::move(variables)}.load({"policy.yaml"});
}

inline std::string rendered(const Loaded& loaded) {
    std::string text;
    for (const auto& diagnostic : loaded.diagnostics) text += render(diagnostic);
    return text;
}

}  // namespace keepwell::policy
