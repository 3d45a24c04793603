// The control API without a wire: what is asked, and what is answered. docs/man/keepwell.8 lists the paths.
// May know: supervisor, engine, journal, model. Nothing of sockets or HTTP framing.
// Threads: the supervisor's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/about.hpp"
#include "control/event_log.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::control {

struct Request {
    std::string method;             ///< "GET", "POST"
    std::vector<std::string> path;  ///< its parts, decoded: "/v1/status" is {"v1", "status"}
    std::map<std::string, std::string> query;
    std::string user;  ///< who asks, as the kernel says
};

/// Takes the request line apart; nullopt when the target is malformed.
std::optional<Request> parse_request(std::string_view method, std::string_view target, std::string user);

/// One whole answer: JSON, with a newline at its end.
struct Reply {
    int status = 200;
    std::string body;
};

/// Answered by a stream of JSON lines out of the EventLog.
struct EventStream {
    EventFilter filter;
    bool follow = false;
};

/// Answered by a stream of a file's bytes.
struct OutputStream {
    std::string file;
    std::uint64_t lines = 0;
    bool follow = false;
};

/// Answered by what a container's engine has of its log; Router::open() begins it.
struct ContainerStream {
    TargetIndex target = no_target;
    std::uint64_t lines = 0;
    bool follow = false;
};

using Answer = std::variant<Reply, EventStream, OutputStream, ContainerStream>;

/// {"error": text, "code": code}
Reply error_reply(int status, std::string_view code, const std::string& text);

class Router {
  public:
    Router(supervisor::Supervisor& supervisor, const EventLog& events, About about);

    /// Never throws but for lack of memory; what can not be answered is a Reply with an error.
    Answer answer(const Request& request);
    /// `news` is called on the loop, never from inside this.
    std::unique_ptr<RemoteOutput> open(const ContainerStream& log, std::function<void()> news) const;
    /// The answer to one that could not be opened.
    Reply cannot_open(const ContainerStream& log, const std::string& why) const;

  private:
    Answer answer_get(const Request& request);
    Answer status(const Request& request) const;
    Answer events(const Request& request) const;
    Answer explain(const std::string& name) const;
    Answer logs(const std::string& name, const Request& request) const;
    Answer change_policy(const Request& request, bool apply);
    Answer operate(const std::string& name, const std::string& verb, const std::string& user);
    Answer operate_host(event::Verb verb, const std::string& user);
    /// `asked` are told; `targets` are those whom it concerns.
    Reply acknowledge(std::span<const TargetIndex> targets, std::span<const TargetIndex> asked, event::Verb verb,
                      const std::string& user);
    Reply no_such_target(const std::string& name) const;
    std::string why_without_targets(const std::string& name) const;
    std::vector<TargetIndex> resolve(const std::string& name) const;
    std::vector<TargetIndex> all() const;

    supervisor::Supervisor& supervisor_;
    const EventLog& events_;
    About about_;
};

}  // namespace keepwell::control
