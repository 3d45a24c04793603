// What an errno says to whoever asked for something: whose fault it is, and how it reads.
// May know: errno and the families of sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keepwell::runtime {

/// The descriptors, pids, buffers, space or memory that this errno speaks of are ours: it says nothing about the other
/// side.
bool is_our_lack(int error);

/// The same for a connection by a socket of this family: EADDRNOTAVAIL means "no free local port" only where the host
/// has such addresses at all.
bool is_our_lack(int error, int family);

/// "connection refused": an errno, for people.
std::string describe_error(int error);

/// "connection refused (127.0.0.1:6767)": why no connection could be made, for people.
std::string describe_connect_error(int error, std::string_view host, std::uint16_t port);

}  // namespace keepwell::runtime
