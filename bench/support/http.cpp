// A socket.
#include "support/http.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace keepwell::bench {
namespace {

class Socket {
  public:
    Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int get() const { return descriptor_; }

    void limit(std::chrono::milliseconds patience) const {
        const timeval limit = {patience.count() / 1000, patience.count() % 1000 * 1000};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // connect() as well
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

  private:
    int descriptor_;
};

std::string why() { return errno == EINPROGRESS || errno == EAGAIN ? "timed out" : std::strerror(errno); }

}  // namespace

Reply request(in_addr address, std::uint16_t port, const std::string& method, const std::string& path,
              std::chrono::milliseconds patience) {
    Reply reply;
    const Socket socket;
    socket.limit(patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr = address;
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        reply.failure = "connect: " + why();
        return reply;
    }
    reply.connected = true;
    const std::string text = method + ' ' + path + " HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n";
    if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
        reply.failure = "send: " + why();
        return reply;
    }
    std::string answer;
    char buffer[4096];
    while (true) {
        const auto got = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (got < 0) reply.failure = "receive: " + why();
        if (got <= 0) break;
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    if (answer.starts_with("HTTP/1.") && answer.size() > 12) reply.status = std::atoi(answer.c_str() + 9);
    if (reply.status == 0 && reply.failure.empty()) reply.failure = "receive: closed without an answer";
    return reply;
}

void must_answer(const std::string& address, std::uint16_t port, const std::string& method, const std::string& path) {
    in_addr to{};
    if (::inet_pton(AF_INET, address.c_str(), &to) != 1) throw std::runtime_error("no address: " + address);
    const auto reply = request(to, port, method, path, std::chrono::seconds{5});
    if (reply.status != 200) throw std::runtime_error(address + path + ": " + reply.failure);
}

}  // namespace keepwell::bench
