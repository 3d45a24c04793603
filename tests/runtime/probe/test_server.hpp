// A small HTTP server with bad manners, on a thread and a port of its own. The path says how it behaves:
//   /ok /503 /down      answers at once: 200 {"status":"UP"}, 503 {"status":"Database unaccessible"}, 200
//   {"status":"DOWN"} /slow               never answers             /slow-headers   one byte of header every 5 ms, for
//   ever /closes             closes without an answer  /closes-early   closes inside the body /huge               a
//   body without an end     /chunked        three chunks, "beta" in the second /redirect           302 to /503 /garbage
//   no HTTP at all /many-headers       headers without an end    /echo           answers with the request that it got
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace keepwell::runtime {

class TestServer {
  public:
    /// `address`: a literal to listen on. Throws when there is no such address here.
    explicit TestServer(const std::string& address = "127.0.0.1");
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    std::uint16_t port() const;
    /// "http://127.0.0.1:PORT" + path
    std::string url(const std::string& path) const;
    /// Connections accepted so far.
    unsigned accepted() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A port on 127.0.0.1 whose queue is full: connections are neither accepted nor refused.
class SilentPort {
  public:
    SilentPort();
    ~SilentPort();
    SilentPort(const SilentPort&) = delete;
    SilentPort& operator=(const SilentPort&) = delete;
    std::uint16_t port() const { return port_; }

  private:
    int listener_;
    std::uint16_t port_ = 0;
    int waiting_[4];
};

/// A port on 127.0.0.1 on which nobody listens.
std::uint16_t closed_port();

}  // namespace keepwell::runtime
