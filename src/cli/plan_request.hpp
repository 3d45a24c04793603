// How `plan` and `reload` name files to a running keepwell. May know: std.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/client.hpp"

namespace keepwell::cli {

/// "?files=…": absolute paths, one a line; empty for those that it follows already.
inline std::string files_query(const std::vector<std::string>& files) {
    std::string lines;
    for (const std::string& file : files) {
        lines += (lines.empty() ? "" : "\n") + std::filesystem::absolute(file).lexically_normal().string();
    }
    return lines.empty() ? std::string{} : "?files=" + escape(lines);
}

}  // namespace keepwell::cli
