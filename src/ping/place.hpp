// What the user of keepwell-ping wrote: places to ask, and for how long. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace keepwell::ping {

/// Where to connect, and whether to speak HTTP there. The views are into the URL.
struct Place {
    std::string_view host;       ///< name or literal, without brackets; empty for a unix socket
    std::string_view authority;  ///< HOST:PORT as written, for the Host header
    std::uint16_t port = 0;
    std::string_view socket_path;  ///< of a unix socket
    std::string_view http_path;    ///< empty: a connection is enough
    const char* error = nullptr;   ///< why it is no place; the rest is empty then
};

/// http://HOST[:PORT][/PATH], tcp://HOST:PORT, unix:///SOCKET[:/PATH].
Place parse_place(std::string_view url);

/// "3s", "500ms", "1m", "1.5s", "2" (seconds) in milliseconds; 0: no length of time between 1 ms and a day.
std::uint32_t parse_timeout(std::string_view text);

}  // namespace keepwell::ping
