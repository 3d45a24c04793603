// The store's files. May know: std, and the pid that keeps two services on one folder apart.
#include "store.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace accountservice {
namespace {

std::optional<std::string> read(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    return !file.fail();
}

}  // namespace

Store::Store(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::error_code failed;
    std::filesystem::create_directories(folder_, failed);
    for (int id = 10000; id < 10100; ++id) {
        const auto path = folder_ / (std::to_string(id) + ".json");
        if (std::filesystem::exists(path, failed)) continue;
        write(path, R"({"id":")" + std::to_string(id) + R"(","name":"Person_)" + std::to_string(id - 10000) + R"("})");
    }
}

bool Store::reachable() {
    const auto path = folder_ / ("check." + std::to_string(getpid()));
    const auto text = std::to_string(++checks_);
    const bool same = write(path, text) && read(path) == text;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return same;
}

std::optional<std::string> Store::find(std::string_view id) const {
    return read(folder_ / (std::string(id) + ".json"));
}

}  // namespace accountservice
