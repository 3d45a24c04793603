// HTTP on the one loop: libcurl's multi socket interface driven by Asio. Nothing here blocks, and nothing here resolves
// a name: whoever asks hands the addresses in (libcurl's own resolver can stall the loop when a transfer is removed).
// May know: Asio, libcurl. It does not know what an answer means.
// Threads: the loop only. SIGPIPE is ignored, as the Loop sees to (TLS writes raise it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keepwell/model/time.hpp"

namespace keepwell::runtime {

class Loop;

/// One request on a fresh connection. No redirect is followed, no proxy used, certificates are verified.
struct HttpRequest {
    std::string url;  ///< http or https
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// What the host of the URL is known to be, as literals. Needed unless the host is a literal itself.
    std::vector<std::string> addresses;
    Duration timeout{0};  ///< for all of it; rounded up to the millisecond
    /// Bytes of the answer's body that are wanted; a longer one is not read further.
    std::size_t max_body = 0;
};

struct HttpResponse {
    enum class End : std::uint8_t {
        complete,   ///< `status` and `body` are whole
        cut,        ///< as complete, but the body is longer than was wanted
        timed_out,  ///< `timeout` is over
        failed,     ///< the other side, or the request, is at fault; `error` says why
        lack,       ///< we are: no descriptors, ports, memory or certificates; `error` says what
    };
    End end = End::failed;
    int status = 0;
    std::string body;
    std::string error;      ///< one line
    int connect_error = 0;  ///< errno of the connection that could not be made, 0 otherwise
};

/// Where a URL points. `error` is not empty when it cannot be used, and says why.
struct UrlPlace {
    std::string host;  ///< as in the URL, a literal without brackets; names in the form that is resolved
    std::uint16_t port = 0;
    std::string error;
};
UrlPlace place_of(const std::string& url);

class CurlMulti {
  public:
    explicit CurlMulti(Loop& loop);
    /// Every transfer must have been destroyed or have ended before; not from inside a callback.
    ~CurlMulti();
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    /// One request under way. Destroying it ends it without an answer.
    class Transfer {
      public:
        virtual ~Transfer() = default;
    };

    /// Called once, on the loop, never inside start(). It may destroy the transfer and start others.
    using Done = std::function<void(HttpResponse)>;

    std::unique_ptr<Transfer> start(const HttpRequest& request, Done done);

    class Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

/// The descriptors, ports, buffers or memory that this errno speaks of are ours: it says nothing about the other side.
/// `family` is the socket's: EADDRNOTAVAIL means "no free local port" only where the host has such addresses at all.
bool is_our_lack(int error, int family);

/// "connection refused (127.0.0.1:6767)": why no connection could be made, for people.
std::string describe_connect_error(int error, std::string_view host, std::uint16_t port);

}  // namespace keepwell::runtime
