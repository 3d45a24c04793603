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

/// Whom to trust and how to show who we are, as paths of PEM files; empty: the system's authorities, and not at all.
struct TlsFiles {
    std::string authorities;
    std::string certificate;
    std::string key;
    bool verify = true;  ///< false: whoever answers is believed
};

/// One request on a fresh connection. No redirect is followed, no proxy used, certificates are verified.
struct HttpRequest {
    std::string url;  ///< http or https
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// What the host of the URL is known to be, as literals. Needed unless the host is a literal itself, or
    /// `unix_socket` is given.
    std::vector<std::string> addresses;
    /// For all of it, of a stream for the connecting only; rounded up to the millisecond. 0: none but libcurl's own, of
    /// five minutes for the connecting.
    Duration timeout{0};
    /// Bytes of the answer's body that are wanted; a longer one is not read further. A stream has no bound.
    std::size_t max_body = 0;
    /// Path of the socket to connect to. The URL's host is then only what the Host header says.
    std::string unix_socket{};
    /// On a connection that an earlier request left, where there is one, and left for later ones again. Nothing is ever
    /// sent twice: see HttpResponse::kept_died.
    bool keep_alive = false;
    TlsFiles tls{};
    /// Name of a header of the answer that is wanted; empty: none.
    std::string wanted_header{};
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
    /// The line came that ends the headers. curl takes an answer that broke off before it for a whole one without a
    /// body, and for a probe it is one.
    bool head_whole = false;
    bool kept_died = false;  ///< failed, because a kept connection ended before a byte of an answer had come
    std::string header;      ///< the value of `wanted_header`; empty when there is none
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
    /// Every transfer must have been destroyed or have ended before. Kept connections are closed.
    ~CurlMulti();
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    /// One request under way. Destroying it ends it without an answer.
    class Transfer {
      public:
        virtual ~Transfer() = default;
    };

    /// Called once, on the loop, never inside start(). It may destroy the transfer and start others, and may destroy
    /// this.
    using Done = std::function<void(HttpResponse)>;

    std::unique_ptr<Transfer> start(const HttpRequest& request, Done done);

    /// What is told of an answer that is handed over as it comes. Each may do what Done may.
    struct StreamHandlers {
        std::function<void(int status)> head;        ///< the answer's head is there; once, first
        std::function<void(std::string_view)> data;  ///< a piece of the body, in any size, also of an error's
        Done done;                                   ///< last; `body` is empty
    };

    /// A request whose answer may have no end. What comes is kept until the handlers are called, which is at once: one
    /// that is slow holds up the loop, not the memory.
    std::unique_ptr<Transfer> stream(const HttpRequest& request, StreamHandlers handlers);

    class Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace keepwell::runtime
