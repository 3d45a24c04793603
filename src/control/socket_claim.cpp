// Every step returns an empty text, or the sentence that says why not.
#include "control/socket_claim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace keepwell::control {
namespace {

std::string system_error(const std::string& what, int error) { return what + ": " + std::strerror(error); }

std::string make_folders(const std::string& path) {
    const mode_t mode = ::geteuid() == 0 ? 0755 : 0700;
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) return system_error("cannot make " + folder, errno);
    }
    return {};
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

template <typename Call>
int with_address(Call call, int fd, const std::string& path) {
    const sockaddr_un address = address_of(path);
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::string another(const std::string& path, long pid) {
    const std::string who = pid > 0 ? "another keepwell (pid " + std::to_string(pid) + ")" : "another keepwell";
    return who + " is running on " + path + "; stop it first, or give this one its own --socket and --journal";
}

long pid_in(int lock) {
    char text[32] = {};
    const ssize_t got = ::pread(lock, text, sizeof text - 1, 0);
    return got > 0 ? std::strtol(text, nullptr, 10) : 0;
}

long peer_pid(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

}  // namespace

tl::expected<std::unique_ptr<SocketClaim>, std::string> SocketClaim::take(const std::string& path) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        return tl::unexpected("the path of the control socket must have 1 to " +
                              std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes: " + path);
    }
    std::unique_ptr<SocketClaim> claim{new SocketClaim(path)};
    std::string error = make_folders(path);
    if (error.empty()) error = claim->lock();
    if (error.empty()) error = claim->clear_path();
    if (error.empty()) error = claim->listen();
    if (!error.empty()) return tl::unexpected(error);
    return claim;
}

std::string SocketClaim::lock() {
    const std::string name = path_ + ".lock";
    for (;;) {
        const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return system_error("cannot open " + name, errno);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const int error = errno;
            const long pid = pid_in(fd);
            ::close(fd);
            return error == EWOULDBLOCK ? another(path_, pid) : system_error("cannot lock " + name, error);
        }
        // The one before us may have removed the file between our open() and our flock(): then we hold nothing.
        struct stat held {};
        struct stat named {};
        const bool ours = ::fstat(fd, &held) == 0 && ::stat(name.c_str(), &named) == 0 && same_file(held, named);
        if (!ours) {
            ::close(fd);
            continue;
        }
        lock_ = fd;
        const std::string pid = std::to_string(::getpid()) + "\n";
        // The pid is for the message of a second keepwell only; on a full disk that one says no pid.
        if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return {};
        return {};
    }
}

std::string SocketClaim::clear_path() const {
    struct stat info {};
    if (::lstat(path_.c_str(), &info) != 0) return {};
    if (!S_ISSOCK(info.st_mode)) return path_ + " exists and is not a socket; it is left alone";
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return system_error("cannot make a socket", errno);
    const int connected = with_address(::connect, fd, path_);
    const int error = connected == 0 ? 0 : errno;
    const long pid = connected == 0 ? peer_pid(fd) : 0;
    ::close(fd);
    if (error == 0 || error == EAGAIN) return another(path_, pid);  // EAGAIN: somebody listens, with a full backlog
    if (error != ECONNREFUSED && error != ENOENT) return system_error("cannot look at " + path_, error);
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return system_error("cannot remove " + path_, errno);
    return {};
}

std::string SocketClaim::listen() {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener_ < 0) return system_error("cannot make a socket", errno);
    const mode_t before = ::umask(0177);  // never there with a wider mode, not even for a moment
    const int bound = with_address(::bind, listener_, path_);
    const int error = errno;
    ::umask(before);
    if (bound != 0) return system_error("cannot listen on " + path_, error);
    struct stat info {};
    if (::stat(path_.c_str(), &info) == 0) {
        device_ = info.st_dev;
        inode_ = info.st_ino;
    }
    if (::listen(listener_, 128) != 0) return system_error("cannot listen on " + path_, errno);
    return {};
}

SocketClaim::~SocketClaim() {
    if (listener_ >= 0) ::close(listener_);
    struct stat info {};
    const bool ours =
        inode_ != 0 && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
    if (lock_ < 0) return;
    ::unlink((path_ + ".lock").c_str());  // while it is still held, so that nobody else's is removed
    ::close(lock_);
}

int SocketClaim::release_listener() { return std::exchange(listener_, -1); }

}  // namespace keepwell::control
