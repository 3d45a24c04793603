// The outside as it is on this host.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "policy/document/document.hpp"
#include "policy/document/environment.hpp"

namespace keepwell::policy {
namespace {

tl::expected<std::string, std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return tl::unexpected(std::string{std::strerror(errno)});
    std::string content;
    std::array<char, 65536> buffer{};
    ssize_t got = 1;
    while (got != 0 && content.size() <= max_file_size) {
        got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const int error = got < 0 ? errno : 0;
    ::close(fd);
    if (error != 0) return tl::unexpected(std::string{std::strerror(error)});
    return content;
}

tl::expected<std::vector<std::string>, std::string> list_folder(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator it{path, error};
    for (; !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
        std::error_code unknown;
        if (!it->is_other(unknown)) names.push_back(it->path().filename().string());
    }
    if (error) return tl::unexpected(error.message());
    return names;
}

}  // namespace

Environment host_environment() {
    Environment environment;
    environment.variable = [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string{name}.c_str());
        return value ? std::optional<std::string>{value} : std::nullopt;
    };
    environment.read = read_file;
    environment.is_folder = [](const std::string& path) {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    };
    environment.list = list_folder;
    std::error_code error;
    const auto folder = std::filesystem::current_path(error);
    if (!error) environment.folder = folder.string();
    return environment;
}

}  // namespace keepwell::policy
