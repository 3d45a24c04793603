// Takes the control socket for this keepwell alone, and gives it back: a second keepwell is refused, and a socket that
// a dead one left behind is taken over. May know: POSIX. It does not serve: it hands out a listening descriptor.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace keepwell::control {

/// Owns PATH and PATH.lock; both are removed at the end of its life, if they are still its own.
/// The lock is what decides: it is held as long as this lives, and the kernel gives it up when keepwell dies.
class SocketClaim {
  public:
    /// Makes the folder if needed (0700, as root 0755), takes the lock, and listens on PATH with mode 0600.
    /// The error is a sentence for people; it names the socket and, where one is there, the other keepwell's pid.
    static tl::expected<std::unique_ptr<SocketClaim>, std::string> take(const std::string& path);

    ~SocketClaim();
    SocketClaim(const SocketClaim&) = delete;
    SocketClaim& operator=(const SocketClaim&) = delete;

    /// The listening descriptor (non-blocking, close-on-exec), given away once.
    int release_listener();
    const std::string& path() const { return path_; }

  private:
    explicit SocketClaim(std::string path) : path_(std::move(path)) {}
    std::string lock();
    std::string clear_path() const;
    std::string listen();

    std::string path_;
    int lock_ = -1;
    int listener_ = -1;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace keepwell::control
