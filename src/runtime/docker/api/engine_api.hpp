// The Docker Engine API over HTTP: one negotiated version, kept-alive connections for calls, a connection of its own
// for each stream. It knows how to ask and what an error looks like; what is asked, and what follows, is not its.
// May know: the loop, curl_multi. JSON only behind it.
// Sources: moby api/server (router, middleware/version.go, httpstatus), client/ping.go.
// Threads: the loop only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "keepwell/model/time.hpp"

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::runtime::docker {

/// Where the engine is: DOCKER_HOST's grammar, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_API_VERSION.
struct EngineAddress {
    std::string socket;    ///< path of a unix socket; empty for tcp
    std::string base_url;  ///< "http://engine" for a unix socket, "http://HOST:PORT" or "https://HOST:PORT" for tcp
    std::string ca;        ///< PEM files for TLS; empty: the system's authorities, and no certificate of ours
    std::string certificate;
    std::string key;
    bool verify = true;          ///< false: whoever answers is believed to be the engine
    std::string pinned_version;  ///< "1.41": spoken without asking; empty: negotiated
    std::string error;           ///< not empty: the address cannot be used, and says why
};

/// `host` as DOCKER_HOST has it; empty: unix:///var/run/docker.sock. TLS is used for tcp:// when either of the two is
/// given, as docker does; `cert_path` holds ca.pem, cert.pem and key.pem.
EngineAddress engine_address(std::string_view host, bool tls_verify, std::string_view cert_path);
/// The same from the environment of this process, with the version that it pins.
EngineAddress engine_address_from_environment();

/// How one call ended.
struct Answer {
    enum class End : std::uint8_t {
        answered,     ///< the engine answered: `status` and `body` are whole
        timed_out,    ///< no whole answer in time; what was asked may have been done
        unreachable,  ///< no connection, or it broke; what was asked may have been done
        lack,         ///< we could not ask: no descriptors or memory
    };
    End end = End::unreachable;
    int status = 0;
    std::string body;
    std::string error;  ///< one line, for people: the engine's `message`, or why there is no answer; empty below 400

    bool ok() const { return end == End::answered && status >= 200 && status < 300; }
    bool is(int wanted) const { return end == End::answered && status == wanted; }
};

class EngineApi {
  public:
    EngineApi(Loop& loop, EngineAddress address);
    /// What is under way ends without an answer; nobody is called any more. Streams may live on, and are silent.
    ~EngineApi();
    EngineApi(const EngineApi&) = delete;
    EngineApi& operator=(const EngineApi&) = delete;

    /// Called once, on the loop, never from inside call(). It may call, and may destroy this.
    using Done = std::function<void(Answer)>;

    /// One request to a versioned path ("/containers/json?all=1", without the version's prefix). A JSON body, or empty.
    /// The version is negotiated first where it is not known, and anew when the engine says that it is not served any
    /// more. An idempotent request (GET, HEAD, DELETE) whose kept connection turns out to be dead is sent once more;
    /// any other has a connection of its own, so that there is no doubt whether a dead one still did it. An answer of
    /// more than `longest_answer` is none. `timeout` counts from here, the negotiation included.
    void call(std::string_view method, std::string path, std::string body, Duration timeout, Done done);

    /// An answer without an end, as it comes. Destroying it ends it without a word, also from inside a handler.
    class Stream {
      public:
        virtual ~Stream() = default;
    };
    struct StreamHandlers {
        /// The engine accepted: its answer's head is there, and status is 2xx or 101.
        std::function<void()> opened;
        /// A piece of the body, in any size.
        std::function<void(std::string_view)> data;
        /// It ended, for whatever reason; once, last. An error status comes here, with its message.
        std::function<void(Answer)> ended;
    };
    /// `hijack`: with the headers of an upgrade, as exec's start wants it. No timeout but `connect_timeout`.
    /// `registry_auth`: of the header X-Registry-Auth; empty: it is not sent.
    std::unique_ptr<Stream> stream(std::string_view method, std::string path, std::string body, bool hijack,
                                   StreamHandlers handlers, std::string registry_auth = {});

    /// "1.41"; empty until negotiated. 1.40 is the oldest that is spoken, `newest_version` the newest.
    const std::string& version() const;
    /// Whether the negotiated version is at least this one.
    bool at_least(int major, int minor) const;
    /// Forget the version: the engine was lost, and may come back as another.
    void forget_version();

    const EngineAddress& address() const;

    class Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

inline constexpr std::string_view oldest_version = "1.40";
inline constexpr std::string_view newest_version = "1.54";
inline constexpr Duration connect_timeout = std::chrono::seconds{10};  ///< of streams, and of each negotiation
inline constexpr std::size_t longest_answer = 32 * 1024 * 1024;        ///< bytes of a call's body

/// `text` as one path segment or query value, percent-encoded.
std::string url_encode(std::string_view text);

}  // namespace keepwell::runtime::docker
