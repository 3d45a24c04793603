// Positions are byte offsets; a rotated file is recognised by its inode.
#include "control/output_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

}  // namespace

OutputReader::OutputReader(std::string path, std::uint64_t lines) : path_(std::move(path)) {
    open();
    if (fd_ >= 0) at_ = tail_begin(lines);
}

OutputReader::~OutputReader() { close(); }

void OutputReader::open() {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    at_ = 0;
    struct stat info {};
    if (fd_ >= 0 && (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode))) close();
}

void OutputReader::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

off_t OutputReader::tail_begin(std::uint64_t lines) const {
    const off_t end = size_of(fd_);
    const off_t earliest = std::max<off_t>(0, end - longest_tail);
    std::uint64_t seen = 0;
    off_t from = end;
    while (from > earliest) {
        const off_t begin = std::max(earliest, from - block);
        const std::string bytes = read_at(fd_, begin, from - begin);
        for (std::size_t i = bytes.size(); i-- > 0;) {
            const off_t here = begin + static_cast<off_t>(i);
            const bool line_end = bytes[i] == '\n' && here + 1 != end;  // the newline at the very end begins no line
            if (line_end && ++seen == lines) return here + 1;
        }
        from = begin;
    }
    return lines == 0 ? end : earliest;
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
    open();
    return read_here();
}

}  // namespace keepwell::control
