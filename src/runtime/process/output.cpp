// Output files. May know: files, the loop.
#include "runtime/process/output.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace keepwell::runtime {
namespace {

constexpr Duration fastest_pace = 5s;
constexpr Duration slowest_pace = 60s;
constexpr std::size_t piece = 256 * 1024;  // copied at a time: about 0.1 ms of the loop

std::string rotated(const std::string& path, std::uint32_t number) { return path + "." + std::to_string(number); }

// FILE.1 -> FILE.2 and so on; the oldest goes. Leaves FILE.1 free.
void shift(const std::string& path, std::uint32_t keep) {
    std::error_code ignored;
    for (auto number = keep; number > 1; --number) {
        std::filesystem::rename(rotated(path, number - 1), rotated(path, number), ignored);
    }
}

void rotate_unused(const std::string& path, std::uint32_t keep) {
    std::error_code ignored;
    if (keep == 0) {
        std::filesystem::resize_file(path, 0, ignored);
        return;
    }
    shift(path, keep);
    std::filesystem::rename(path, rotated(path, 1), ignored);
}

// The size of a regular file; 0 for anything else, which is never rotated.
std::uint64_t size_of(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

std::uint64_t size_of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

// Without O_NONBLOCK a pipe by this name that nobody reads would block us here; the process gets it blocking.
Descriptor open_to_append(const std::string& path) {
    return Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
}

std::string read_end(const std::string& path, std::size_t bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return {};
    const auto size = size_of(file.get());
    std::string text(std::min<std::uint64_t>(size, bytes), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const auto at = static_cast<off_t>(size - text.size() + have);
        const auto count = pread(file.get(), text.data() + have, text.size() - have, at);
        if (count <= 0) break;  // cut by a rotation meanwhile
        have += static_cast<std::size_t>(count);
    }
    text.resize(have);
    return text;
}

}  // namespace

std::string output_path(const std::string& state_dir, const TargetSpec& target) {
    if (!target.output.file.empty()) return target.output.file;
    return state_dir + "/output/" + target.name + ".log";
}

std::string tail_of(const std::string& path, std::size_t bytes) {
    auto text = read_end(path, bytes);
    if (text.size() < bytes) text.insert(0, read_end(rotated(path, 1), bytes - text.size()));
    return text;
}

struct OutputFiles::Copy {
    explicit Copy(Loop& loop) : timer(loop) {}

    Timer timer;  // gives way to others between two pieces
    Descriptor from;
    Descriptor to;
    std::string path;  // of `to`
};

struct OutputFiles::File {
    std::uint32_t writers = 0;
    OutputSpec spec;
    std::uint64_t last_size = 0;
    std::unique_ptr<Copy> copy;
};

OutputFiles::OutputFiles(Loop& loop, std::string state_dir)
    : loop_(loop), state_dir_(std::move(state_dir)), timer_(loop), pace_(fastest_pace) {}

OutputFiles::~OutputFiles() = default;

std::string OutputFiles::tail(const TargetSpec& target, std::size_t bytes) const {
    return tail_of(path_of(target), bytes);
}

tl::expected<Descriptor, std::string> OutputFiles::open(const TargetSpec& target) {
    const auto path = path_of(target);
    auto file = open_to_append(path);
    if (!file.valid() && errno == ENOENT) {
        std::error_code ignored;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
        file = open_to_append(path);
    }
    if (file.valid() && size_of(file.get()) > target.output.max_size && !files_.contains(path)) {
        rotate_unused(path, target.output.keep);
        file = open_to_append(path);
    }
    if (!file.valid()) {
        return tl::unexpected("cannot open `" + path + "`: " + std::generic_category().message(errno));
    }
    fcntl(file.get(), F_SETFL, O_APPEND);
    return file;
}

void OutputFiles::writer_began(const TargetSpec& target) {
    auto& file = files_[path_of(target)];
    ++file.writers;
    file.spec = target.output;
    if (files_.size() == 1 && file.writers == 1) plan_next_look();
}

void OutputFiles::writer_ended(const std::string& path) {
    const auto file = files_.find(path);
    if (file == files_.end() || --file->second.writers > 0) return;
    if (file->second.copy) std::filesystem::remove(file->second.copy->path);
    files_.erase(file);
    if (files_.empty()) timer_.disarm();
}

void OutputFiles::plan_next_look() {
    timer_.arm(later(loop_.now(), pace_), [this] { look(); });
}

void OutputFiles::look() {
    bool grown = false;
    for (auto& [path, file] : files_) {
        const auto size = size_of(path);
        grown = grown || size != file.last_size;
        file.last_size = size;
        if (size > file.spec.max_size && !file.copy) begin_copy(path, file);
    }
    pace_ = grown ? fastest_pace : std::min(pace_ * 2, slowest_pace);
    plan_next_look();
}

void OutputFiles::begin_copy(const std::string& path, File& file) {
    auto copy = std::make_unique<Copy>(loop_);
    copy->path = path + ".new";
    copy->from = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!copy->from.valid()) return;
    if (file.spec.keep == 0) {
        if (ftruncate(copy->from.get(), 0) != 0) return;  // tried again at the next look
        return;
    }
    copy->to = Descriptor(::open(copy->path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!copy->to.valid()) return;
    file.copy = std::move(copy);
    copy_some(path);
}

void OutputFiles::copy_some(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end() || !found->second.copy) return;
    auto& copy = *found->second.copy;
    const auto count = sendfile(copy.to.get(), copy.from.get(), nullptr, piece);
    if (count > 0) return copy.timer.arm(loop_.now(), [this, path] { copy_some(path); });
    if (count < 0 || ftruncate(copy.from.get(), 0) != 0) {
        unlink(copy.path.c_str());  // a full disk, most likely: nothing is lost, and the next look tries again
    } else {
        shift(path, found->second.spec.keep);
        rename(copy.path.c_str(), rotated(path, 1).c_str());
    }
    found->second.copy.reset();
}

}  // namespace keepwell::runtime
