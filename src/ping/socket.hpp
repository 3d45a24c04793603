// A descriptor that closes itself, and a socket address, without a library.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "ping/dns.hpp"

namespace keepwell::ping {

class Socket {
  public:
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }

  private:
    int fd_;
};

class Endpoint {
  public:
    Endpoint(const Address& address, std::uint16_t port) {
        if (address.family == AF_INET) {
            place_.v4.sin_family = AF_INET;
            place_.v4.sin_port = htons(port);
            std::memcpy(&place_.v4.sin_addr, address.bytes, sizeof place_.v4.sin_addr);
            size_ = sizeof place_.v4;
        } else {
            place_.v6.sin6_family = AF_INET6;
            place_.v6.sin6_port = htons(port);
            std::memcpy(&place_.v6.sin6_addr, address.bytes, sizeof place_.v6.sin6_addr);
            size_ = sizeof place_.v6;
        }
    }
    /// A unix socket; not valid() when the path is too long.
    explicit Endpoint(std::string_view path) {
        if (path.size() >= sizeof place_.unix.sun_path) return;
        place_.unix.sun_family = AF_UNIX;
        std::memcpy(place_.unix.sun_path, path.data(), path.size());
        size_ = sizeof place_.unix;
    }
    bool valid() const { return size_ > 0; }
    int family() const { return place_.any.sa_family; }
    const sockaddr* get() const { return &place_.any; }
    socklen_t size() const { return size_; }

  private:
    union {
        sockaddr_un unix;
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } place_ = {};
    socklen_t size_ = 0;
};

}  // namespace keepwell::ping
