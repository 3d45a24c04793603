// One HTTP request over a fresh connection, told apart as a client sees it: who could not be connected to, and who was
// but did not answer. Any thread; it blocks.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace keepwell::bench {

struct Reply {
    int status = 0;  ///< 0: there was no answer
    bool connected = false;
    std::string failure;  ///< why there was none
};

/// `method` and `path` of this address. `patience` is for each of connecting, sending and receiving.
Reply request(in_addr address, std::uint16_t port, const std::string& method, const std::string& path,
              std::chrono::milliseconds patience);

/// The same to an address such as "172.17.0.2"; throws unless it is answered 200.
void must_answer(const std::string& address, std::uint16_t port, const std::string& method, const std::string& path);

}  // namespace keepwell::bench
