// Speaks with a running keepwell: HTTP on its unix socket.
// May know: libcurl (in its body). Waits for answers: commands are programs of their own, without a loop.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace keepwell::cli {

/// Why a request came to nothing: what to say, and how the command ends.
struct Failure {
    int exit_code = 1;
    std::string text;
};

class Client {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Client(std::string socket) : socket_(std::move(socket)) {}

    /// The body of a good answer. An answer with an error is a Failure with its text.
    tl::expected<std::string, Failure> get(const std::string& path) const;
    tl::expected<std::string, Failure> post(const std::string& path) const;
    /// As get(), parsed.
    tl::expected<nlohmann::ordered_json, Failure> get_json(const std::string& path) const;

    /// Hands over the bytes of a streamed answer as they come, until it ends, `take` returns false, or `until`.
    /// The value says whether `until` came first.
    tl::expected<bool, Failure> stream(const std::string& path, const std::function<bool(std::string_view)>& take,
                                       std::optional<Time> until = {}) const;

    const std::string& socket() const { return socket_; }

  private:
    struct Transfer;
    tl::expected<bool, Failure> perform(const char* method, const std::string& path, Transfer& transfer) const;
    std::optional<Failure> reach() const;

    std::string socket_;
};

/// `text` as it may stand inside a path or a query.
std::string escape(std::string_view text);

/// Cuts a stream of bytes into lines, without their newlines.
class Lines {
  public:
    /// Calls `take` with each line that is complete now; false from it stops and is returned.
    bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& take);

  private:
    std::string rest_;
};

}  // namespace keepwell::cli
