// Names to addresses, by literal, /etc/hosts, and a DNS server of /etc/resolv.conf over UDP, in this order.
#pragma once

#include <string_view>

#include "ping/clock.hpp"
#include "ping/dns.hpp"

namespace keepwell::ping {

/// False: nobody knows the name, or nobody answered in time.
bool resolve(std::string_view name, const Deadline& deadline, Addresses& found);

}  // namespace keepwell::ping
