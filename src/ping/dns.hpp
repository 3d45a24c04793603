// Just enough of DNS (RFC 1035) and of /etc/hosts for a static program: glibc's getaddrinfo() needs shared libraries.
// Pure: bytes in, bytes out. Every byte of a reply is read within bounds; a reply may be hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keepwell::ping {

struct Address {
    int family = 0;  ///< AF_INET or AF_INET6
    unsigned char bytes[16] = {};
};

/// The first few addresses of a name.
struct Addresses {
    static constexpr std::size_t most = 8;
    Address list[most];
    std::size_t count = 0;

    void add(const Address& address) {
        if (count < most) list[count++] = address;
    }
};

/// "127.0.0.1", "::1". False: it is none.
bool parse_literal(std::string_view text, Address& address);

/// Adds what the text of a hosts file says of `name`.
void find_in_hosts(std::string_view hosts, std::string_view name, Addresses& found);

/// The part of resolv.conf that is read.
struct Resolv {
    Addresses servers;           ///< 127.0.0.1 when none is written
    std::string_view search[6];  ///< views into the text
    std::size_t search_count = 0;
    unsigned ndots = 1;
};
Resolv parse_resolv(std::string_view text);

enum class RecordType : std::uint16_t { a = 1, aaaa = 28 };

inline constexpr std::size_t largest_query = 12 + 256 + 4;

/// Writes a query into `out` (largest_query bytes); returns its size, 0 when `name` can be no name.
std::size_t write_query(std::uint16_t id, std::string_view name, RecordType type, unsigned char* out);

enum class Reply : std::uint8_t {
    found,
    none,      ///< there is no such name, or no such address of it
    not_ours,  ///< an answer to something else, or no answer at all: wait on
    refused,   ///< this server can not say
};

/// Reads the reply to such a query, and adds the addresses in it (those at the end of CNAMEs as well).
Reply read_reply(const unsigned char* data, std::size_t size, std::uint16_t id, RecordType type, Addresses& found);

}  // namespace keepwell::ping
