// One Session a connection: read a request, answer it whole or as a chunked stream, and read the next one.
// A session keeps itself alive by the handlers that wait for it, and ends when its socket is closed.
#include "control/server.hpp"

#include <pwd.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <set>

#include "control/output_reader.hpp"

namespace keepwell::control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Socket = asio::local::stream_protocol::socket;

constexpr std::size_t chunk_bytes = 64 * 1024;

std::string user_of(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "somebody";
    char buffer[4096];
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(peer.uid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) return found->pw_name;
    return "uid " + std::to_string(peer.uid);
}

std::string head(int status, const char* type, const std::string& framing, bool keep_alive) {
    return "HTTP/1.1 " + std::to_string(status) + " " +
           std::string{http::obsolete_reason(static_cast<http::status>(status))} + "\r\nServer: keepwell\r\n" +
           "Content-Type: " + type + "\r\nCache-Control: no-store\r\n" + framing + "\r\n" +
           (keep_alive ? "" : "Connection: close\r\n") + "\r\n";
}

std::string chunk(const std::string& bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

/// What a stream sends next.
struct Piece {
    enum class Kind { bytes, nothing_yet, end, lost };
    Kind kind = Kind::end;
    std::string bytes;
};

class Session;

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
    State(asio::io_context& loop, std::unique_ptr<SocketClaim> taken, Router& routes, EventLog& log, ServerLimits limit)
        : context(loop),
          claim(std::move(taken)),
          router(routes),
          events(log),
          limits(limit),
          acceptor(loop),
          pause(loop) {}

    void begin();
    void accept();
    void accepted(const error_code& error, Socket socket);
    void left(const std::shared_ptr<Session>& session);

    asio::io_context& context;
    std::unique_ptr<SocketClaim> claim;
    Router& router;
    EventLog& events;
    ServerLimits limits;
    asio::local::stream_protocol::acceptor acceptor;
    asio::steady_timer pause;  ///< after accept() failed: the descriptors may be used up
    std::set<std::shared_ptr<Session>> sessions;
    bool accepting = false;
    bool finishing = false;
    bool closed = false;  ///< router and events may be gone
};

namespace {

class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(std::shared_ptr<Server::State> server, Socket socket);

    void begin() { read_request(); }
    void close();
    /// A stream may have more to send.
    void wake();
    /// The server ends: a stream sends what is left, an idle connection is closed.
    void finish();

  private:
    void read_request();
    void on_request(const error_code& error);
    void answer();
    void reply(const Reply& reply, bool keep_alive);
    void stream(const char* type);
    void watch_peer();
    void send_next();
    Piece next_piece();
    Piece next_events(const EventStream& stream);
    Piece next_output(const OutputStream& stream);
    Piece next_log();
    void open_log(const ContainerStream& wanted);
    void on_log();
    void wait_for_output();
    void write(std::string bytes, void (Session::*then)());
    void expect(std::chrono::milliseconds patience);
    void expect_nothing();

    std::shared_ptr<Server::State> server_;
    Socket socket_;
    std::string user_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    asio::steady_timer deadline_;
    asio::steady_timer poll_;
    std::string outgoing_;
    bool writing_ = false;

    Answer source_;  ///< of the stream that is being sent
    bool streaming_ = false;
    std::uint64_t cursor_ = 0;  ///< into the event log
    bool has_begun_ = false;    ///< from here on no event may be missed
    std::uint64_t listener_ = 0;
    std::unique_ptr<OutputReader> output_;
    std::unique_ptr<RemoteOutput> log_;
    std::array<char, 512> scrap_{};
};

Session::Session(std::shared_ptr<Server::State> server, Socket socket)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      user_(user_of(socket_.native_handle())),
      buffer_(server_->limits.request_bytes),
      deadline_(server_->context),
      poll_(server_->context) {}

void Session::close() {
    if (!socket_.is_open()) return;
    error_code ignored;
    socket_.close(ignored);
    deadline_.cancel();
    poll_.cancel();
    if (listener_ != 0 && !server_->closed) server_->events.unsubscribe(listener_);
    listener_ = 0;
    log_.reset();
    server_->left(shared_from_this());
}

/// Closes the connection unless expect() is called again in time.
void Session::expect(std::chrono::milliseconds patience) {
    deadline_.expires_after(patience);
    deadline_.async_wait([self = shared_from_this()](const error_code& error) {
        // Moved on meanwhile: this call was already on its way.
        const bool due = self->deadline_.expiry() <= std::chrono::steady_clock::now();
        if (!error && due) self->close();
    });
}

void Session::expect_nothing() { deadline_.expires_at(std::chrono::steady_clock::time_point::max()); }

void Session::read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits.request_bytes));
    parser_->body_limit(server_->limits.request_bytes);
    expect(server_->limits.patience);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) { self->on_request(error); });
}

void Session::on_request(const error_code& error) {
    if (!socket_.is_open() || server_->closed) return close();
    if (!error) return answer();
    const bool too_large =
        error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow;
    if (too_large) return reply(error_reply(413, "too_large", "the request is too large"), false);
    const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
    const bool is_http_error = error.category() == http::make_error_code(http::error::bad_method).category();
    if (gone || !is_http_error) return close();
    reply(error_reply(400, "bad_request", "this is not HTTP/1.1: " + error.message()), false);
}

void Session::answer() {
    const auto& message = parser_->get();
    const auto request = parse_request(std::string{message.method_string()}, std::string{message.target()}, user_);
    if (!request) return reply(error_reply(400, "bad_request", "the path cannot be read"), message.keep_alive());
    source_ = server_->router.answer(*request);
    if (const auto* whole = std::get_if<Reply>(&source_)) return reply(*whole, message.keep_alive());
    if (const auto* events = std::get_if<EventStream>(&source_)) {
        cursor_ = server_->events.begin(events->filter);
        return stream("application/jsonl");
    }
    if (const auto* log = std::get_if<ContainerStream>(&source_)) return open_log(*log);
    const auto& output = std::get<OutputStream>(source_);
    output_ = std::make_unique<OutputReader>(output.file, output.lines);
    stream("text/plain; charset=utf-8");
}

void Session::reply(const Reply& reply, bool keep_alive) {
    keep_alive = keep_alive && !server_->finishing;
    const std::string length = "Content-Length: " + std::to_string(reply.body.size());
    write(head(reply.status, "application/json", length, keep_alive) + reply.body,
          keep_alive ? &Session::read_request : &Session::close);
}

void Session::stream(const char* type) {
    streaming_ = true;
    listener_ = server_->events.subscribe([self = weak_from_this()] {
        if (const auto session = self.lock()) session->wake();
    });
    watch_peer();
    write(head(200, type, "Transfer-Encoding: chunked", false), &Session::send_next);
}

/// A client that hangs up is noticed at once, also while there is nothing to send. What it says is not read.
void Session::watch_peer() {
    socket_.async_read_some(asio::buffer(scrap_), [self = shared_from_this()](const error_code& error, std::size_t) {
        if (error) return self->close();
        self->watch_peer();
    });
}

void Session::wake() {
    if (streaming_ && !writing_ && socket_.is_open()) send_next();
}

void Session::finish() {
    if (streaming_) return wake();
    if (!writing_) close();
}

void Session::send_next() {
    if (server_->closed) return close();
    Piece piece = next_piece();
    switch (piece.kind) {
        case Piece::Kind::bytes: return write(chunk(piece.bytes), &Session::send_next);
        case Piece::Kind::nothing_yet: return;
        case Piece::Kind::lost: return close();
        case Piece::Kind::end: break;
    }
    streaming_ = false;
    write("0\r\n\r\n", &Session::close);
}

Piece Session::next_piece() {
    if (const auto* events = std::get_if<EventStream>(&source_)) return next_events(*events);
    if (log_) return next_log();
    return next_output(std::get<OutputStream>(source_));
}

Piece Session::next_events(const EventStream& stream) {
    const EventLog& log = server_->events;
    const bool missed = has_begun_ && cursor_ < log.forgotten();
    if (missed) return {Piece::Kind::lost, {}};
    has_begun_ = true;
    std::string lines;
    cursor_ = log.read(stream.filter, cursor_, chunk_bytes, lines);
    if (!lines.empty()) return {Piece::Kind::bytes, std::move(lines)};
    return {stream.follow && !server_->finishing ? Piece::Kind::nothing_yet : Piece::Kind::end, {}};
}

Piece Session::next_output(const OutputStream& stream) {
    std::string bytes = output_->read();
    if (!bytes.empty()) return {Piece::Kind::bytes, std::move(bytes)};
    if (!stream.follow || server_->finishing) return {Piece::Kind::end, {}};
    wait_for_output();
    return {Piece::Kind::nothing_yet, {}};
}

/// Whether it can be read is known when its engine has answered: until then nothing is said.
void Session::open_log(const ContainerStream& wanted) {
    log_ = server_->router.open(wanted, [weak = weak_from_this()] {
        if (const auto session = weak.lock()) session->on_log();
    });
    expect(server_->limits.patience);
}

void Session::on_log() {
    if (streaming_) return wake();
    if (!socket_.is_open() || server_->closed || writing_) return;
    switch (log_->state()) {
        case RemoteOutput::State::opening: return;
        case RemoteOutput::State::failed:
            return reply(server_->router.cannot_open(std::get<ContainerStream>(source_), log_->failure()), false);
        case RemoteOutput::State::open:
        case RemoteOutput::State::ended: return stream("text/plain; charset=utf-8");
    }
}

Piece Session::next_log() {
    std::string bytes = log_->read();
    if (!bytes.empty()) return {Piece::Kind::bytes, std::move(bytes)};
    switch (log_->state()) {
        case RemoteOutput::State::opening:
        case RemoteOutput::State::open: return {server_->finishing ? Piece::Kind::end : Piece::Kind::nothing_yet, {}};
        case RemoteOutput::State::ended: return {Piece::Kind::end, {}};
        case RemoteOutput::State::failed: break;
    }
    return {Piece::Kind::lost, {}};
}

void Session::wait_for_output() {
    poll_.expires_after(server_->limits.output_poll);
    poll_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error) self->wake();
    });
}

void Session::write(std::string bytes, void (Session::*then)()) {
    outgoing_ = std::move(bytes);
    writing_ = true;
    expect(server_->limits.patience);
    asio::async_write(socket_, asio::buffer(outgoing_),
                      [self = shared_from_this(), then](const error_code& error, std::size_t) {
                          self->writing_ = false;
                          self->expect_nothing();
                          if (error || !self->socket_.is_open()) return self->close();
                          (*self.*then)();
                      });
}

}  // namespace

void Server::State::begin() {
    error_code error;
    acceptor.assign(asio::local::stream_protocol(), claim->release_listener(), error);
    accept();
}

void Server::State::accept() {
    if (accepting || finishing || closed || sessions.size() >= limits.clients) return;
    accepting = true;
    acceptor.async_accept([self = shared_from_this()](const error_code& error, Socket socket) {
        self->accepting = false;
        self->accepted(error, std::move(socket));
    });
}

void Server::State::accepted(const error_code& error, Socket socket) {
    if (closed || finishing || error == asio::error::operation_aborted) return;
    if (!error) {
        const auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
        sessions.insert(session);
        session->begin();
        return accept();
    }
    pause.expires_after(std::chrono::milliseconds{100});
    pause.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->accept();
    });
}

void Server::State::left(const std::shared_ptr<Session>& session) {
    sessions.erase(session);
    accept();
}

Server::Server(asio::io_context& context, std::unique_ptr<SocketClaim> claim, Router& router, EventLog& events,
               ServerLimits limits)
    : state_(std::make_shared<State>(context, std::move(claim), router, events, limits)) {
    state_->begin();
}

Server::~Server() {
    state_->finishing = true;
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
    for (const auto sessions = state_->sessions; const auto& session : sessions) session->close();
    state_->closed = true;
    state_->claim.reset();
}

void Server::finish() {
    state_->finishing = true;
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
    for (const auto sessions = state_->sessions; const auto& session : sessions) session->finish();
}

std::size_t Server::clients() const { return state_->sessions.size(); }

}  // namespace keepwell::control
