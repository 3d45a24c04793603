// The outside, as far as reading a policy needs it: variables, files, folders. Tests and fuzzers hand in their own.
// May know: std, tl::expected.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace keepwell::policy {

/// Paths handed to these are absolute. Errors are what strerror says. None of them throws.
struct Environment {
    /// keepwell's own environment variables.
    std::function<std::optional<std::string>(std::string_view name)> variable;
    /// The content of a file; may be cut off after max_file_size and a bit.
    std::function<tl::expected<std::string, std::string>(const std::string& path)> read;
    std::function<bool(const std::string& path)> is_folder;
    /// The names of the files and folders in a folder, without `.` and `..`, in any order. Reading what else is in it,
    /// such as a pipe, could wait for ever.
    std::function<tl::expected<std::vector<std::string>, std::string>(const std::string& path)> list;
    /// Where relative paths that the user named start; absolute.
    std::string folder = "/";
};

/// The real one: this process's variables, the file system, the current folder.
Environment host_environment();

}  // namespace keepwell::policy
