// One file a target, whole or not at all.
#include "runtime/docker/commands/predecessors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

bool write_all(int file, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto count = ::write(file, text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR) return false;
        if (count > 0) done += static_cast<std::size_t>(count);
    }
    return true;
}

/// False: errno says why. What was there before is kept then.
bool write_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) return false;
    const bool written = write_all(file, text) && ::fsync(file) == 0;
    ::close(file);
    return written && std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

Predecessors::Predecessors(std::string folder, std::function<void(const std::string&)> log)
    : folder_(std::move(folder)), log_(std::move(log)) {}

void Predecessors::keep(const std::string& target, std::string inspect) {
    std::string& kept = known_[target];
    kept = std::move(inspect);
    if (folder_.empty()) return;
    ::mkdir(folder_.c_str(), S_IRWXU);
    if (write_file(path_of(target), kept)) return;
    log_(target + ": what its update replaced can not be written to " + path_of(target) + " (" + std::strerror(errno) +
         "); until keepwell ends it can be taken back all the same");
}

std::optional<std::string> Predecessors::find(const std::string& target) const {
    const auto known = known_.find(target);
    if (known != known_.end()) return known->second;
    if (folder_.empty()) return std::nullopt;
    std::ifstream file{path_of(target), std::ios::binary};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

void Predecessors::drop(const std::string& target) {
    known_.erase(target);
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove(path_of(target), ignored);
}

}  // namespace keepwell::runtime::docker
