// Serves the router over HTTP/1.1 on the control socket. Boost.Beast stays inside server.cpp.
// May know: router, event log. It decides nothing.
// Threads: the loop's. No client can hold it up: requests are bounded, every wait for a client has an end, and a client
// that does not read its stream is dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "control/event_log.hpp"
#include "control/router.hpp"
#include "control/socket_claim.hpp"

namespace boost::asio {
class io_context;
}

namespace keepwell::control {

struct ServerLimits {
    std::size_t request_bytes = 64 * 1024;                          ///< of head and body each
    std::size_t clients = 256;                                      ///< at once; more wait to be accepted
    std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< for a request to come, and for bytes to leave
    std::chrono::milliseconds output_poll{200};                     ///< how often a followed output file is looked at
};

class Server {
  public:
    /// Serves on the claimed socket until it is destroyed; `router` and `events` must outlive it.
    Server(boost::asio::io_context& context, std::unique_ptr<SocketClaim> claim, Router& router, EventLog& events,
           ServerLimits limits = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Takes no more clients, and ends each stream when its client has got all that was there until now.
    void finish();
    /// Clients that are connected.
    std::size_t clients() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace keepwell::control
