// Positions are byte offsets; a rotated file is recognised by its inode: at its end, the one at the path is next.
#include "control/output_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace keepwell::control {
namespace {

constexpr off_t block = 64 * 1024;
constexpr off_t longest_tail = 4 * 1024 * 1024;

off_t size_of(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

std::string read_at(int fd, off_t at, off_t length) {
    std::string bytes(static_cast<std::size_t>(length), '\0');
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), at);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

/// Where so many lines before the end of an output begin, as far as one of its files holds them.
struct Begin {
    off_t at;
    std::uint64_t missing;  ///< line ends that are to be found before this file
};

/// `is_last`: no other file follows with more, so that a newline at the very end begins no line.
Begin begin_of(int fd, std::uint64_t lines, bool is_last) {
    const off_t end = size_of(fd);
    const off_t earliest = std::max<off_t>(0, end - longest_tail);
    if (lines == 0) return {end, 0};
    for (off_t from = end; from > earliest;) {
        const off_t begin = std::max(earliest, from - block);
        const std::string bytes = read_at(fd, begin, from - begin);
        for (std::size_t i = bytes.size(); i-- > 0;) {
            const off_t next = begin + static_cast<off_t>(i) + 1;
            const bool begins_line = bytes[i] == '\n' && !(is_last && next == end);
            if (begins_line && --lines == 0) return {next, 0};
        }
        from = begin;
    }
    return {earliest, earliest == 0 ? lines : 0};
}

/// The last one that was rotated away lies beside the file itself, not beside a link to it.
std::string rotated(const std::string& path) {
    std::error_code error;
    const auto place = std::filesystem::canonical(path, error);
    return (error ? path : place.string()) + ".1";
}

}  // namespace

OutputReader::OutputReader(std::string path, std::uint64_t lines) : path_(std::move(path)) {
    open(path_);
    const bool empty = size_of(fd_) == 0;
    const Begin begin = begin_of(fd_, lines, true);
    if (begin.missing > 0) {
        close();
        open(rotated(path_));
        at_ = begin_of(fd_, begin.missing, empty).at;
    } else {
        at_ = begin.at;
    }
}

OutputReader::~OutputReader() { close(); }

void OutputReader::open(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    at_ = 0;
    struct stat info {};
    if (fd_ >= 0 && (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode))) close();
}

void OutputReader::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

std::string OutputReader::read_here() {
    if (fd_ < 0) return {};
    if (size_of(fd_) < at_) at_ = 0;  // truncated in place
    std::string bytes = read_at(fd_, at_, block);
    at_ += static_cast<off_t>(bytes.size());
    return bytes;
}

std::string OutputReader::read() {
    std::string bytes = read_here();
    if (!bytes.empty()) return bytes;
    // At the end. If the path names another file by now, this one was rotated away and has been read to its end.
    struct stat now {};
    struct stat here {};
    if (::stat(path_.c_str(), &now) != 0) return {};
    const bool same = fd_ >= 0 && ::fstat(fd_, &here) == 0 && here.st_dev == now.st_dev && here.st_ino == now.st_ino;
    if (same) return {};
    close();
    open(path_);
    return read_here();
}

}  // namespace keepwell::control
