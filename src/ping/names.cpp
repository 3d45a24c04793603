// Files, and datagrams to a DNS server.
#include "ping/names.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ping/socket.hpp"
#include "ping/text.hpp"

namespace keepwell::ping {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::uint32_t one_try = 1000;  // ms

/// The beginning of a file; larger ones are mistakes here.
class File {
  public:
    explicit File(const char* path) {
        const Socket fd{::open(path, O_RDONLY | O_CLOEXEC)};
        ssize_t count = 0;
        while (fd.valid() && size_ < sizeof text_ &&
               (count = ::read(fd.get(), text_ + size_, sizeof text_ - size_)) > 0) {
            size_ += static_cast<std::size_t>(count);
        }
    }
    std::string_view text() const { return {text_, size_}; }

  private:
    char text_[64 * 1024];
    std::size_t size_ = 0;
};

/// One question to one server.
Reply ask(const Address& server, std::string_view name, RecordType type, const Deadline& deadline, Addresses& found) {
    std::uint16_t id = 0;
    if (::getrandom(&id, sizeof id, 0) != sizeof id) return Reply::refused;
    unsigned char query[largest_query];
    const std::size_t size = write_query(id, name, type, query);
    if (size == 0) return Reply::none;
    const Endpoint endpoint{server, dns_port};
    const Socket socket{::socket(server.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket.valid() || ::connect(socket.get(), endpoint.get(), endpoint.size()) != 0) return Reply::refused;
    if (::send(socket.get(), query, size, 0) < 0) return Reply::refused;
    while (deadline.wait(socket.get(), POLLIN)) {
        unsigned char data[1500];
        const ssize_t count = ::recv(socket.get(), data, sizeof data, 0);
        if (count < 0 && errno != EAGAIN) return Reply::refused;
        if (count < 0) continue;
        const Reply reply = read_reply(data, static_cast<std::size_t>(count), id, type, found);
        if (reply != Reply::not_ours) return reply;
    }
    return Reply::refused;
}

/// Asks the servers in turn until one can say. False: nobody could.
bool ask_servers(const Resolv& resolv, std::string_view name, RecordType type, const Deadline& deadline,
                 Addresses& found) {
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < resolv.servers.count && !deadline.over(); ++i) {
            const Reply reply = ask(resolv.servers.list[i], name, type, deadline.within(one_try), found);
            if (reply == Reply::found || reply == Reply::none) return true;
        }
    }
    return false;
}

bool ask_both(const Resolv& resolv, std::string_view name, const Deadline& deadline, Addresses& found) {
    const std::size_t before = found.count;
    const bool answered = ask_servers(resolv, name, RecordType::a, deadline, found);
    if (answered) ask_servers(resolv, name, RecordType::aaaa, deadline, found);
    return found.count > before;
}

bool ask_dns(std::string_view name, const Deadline& deadline, Addresses& found) {
    static const File file{"/etc/resolv.conf"};
    const Resolv resolv = parse_resolv(file.text());
    unsigned dots = 0;
    for (const char byte : name) dots += byte == '.';
    const bool plain_first = dots >= resolv.ndots;
    if (plain_first && ask_both(resolv, name, deadline, found)) return true;
    for (std::size_t i = 0; i < resolv.search_count && name.back() != '.'; ++i) {
        Text<255> longer;
        longer.add(name).add(".").add(resolv.search[i]);
        if (!longer.full() && ask_both(resolv, longer.view(), deadline, found)) return true;
    }
    return !plain_first && ask_both(resolv, name, deadline, found);
}

}  // namespace

bool resolve(std::string_view name, const Deadline& deadline, Addresses& found) {
    Address literal;
    if (parse_literal(name, literal)) {
        found.add(literal);
        return true;
    }
    static const File hosts{"/etc/hosts"};
    find_in_hosts(hosts.text(), name, found);
    if (found.count > 0) return true;
    if (name == "localhost") {
        for (const char* here : {"127.0.0.1", "::1"}) {
            if (parse_literal(here, literal)) found.add(literal);
        }
        return true;
    }
    return ask_dns(name, deadline, found);
}

}  // namespace keepwell::ping
