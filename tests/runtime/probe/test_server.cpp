// The server's sessions: read a request, answer as its path says.
#include "runtime/probe/test_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <thread>

namespace keepwell::runtime {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
namespace {

std::string reply(const std::string& status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
}

const std::map<std::string, std::string>& replies() {
    static const std::map<std::string, std::string> all{
        {"/ok", reply("200 OK", R"({"status":"UP"})")},
        {"/down", reply("200 OK", R"({"status":"DOWN"})")},
        {"/503", reply("503 Service Unavailable", "{\"status\":\"Database unaccessible\"}\n")},
        {"/redirect", reply("302 Found", "", "Location: /503\r\n")},
        {"/closes", ""},
        {"/closes-early", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"},
        {"/chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nalpha\r\n4\r\nbeta\r\n5\r\ngamma\r\n0\r\n\r\n"},
        {"/garbage", "+PONG\r\n"},
    };
    return all;
}

class Session : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

    void start() {
        auto self = shared_from_this();
        asio::async_read_until(socket_, asio::dynamic_buffer(request_), "\r\n\r\n", [self](error_code error, size_t) {
            if (!error) self->answer();
        });
    }

  private:
    void answer() {
        const std::string path = request_.substr(request_.find(' ') + 1,
                                                 request_.find(' ', request_.find(' ') + 1) - request_.find(' ') - 1);
        const auto found = replies().find(path);
        if (found != replies().end()) return write(found->second, [](Session&) {});
        if (path == "/slow-headers") return write("HTTP/1.1 200 OK\r\nX-Slow: ", [](Session& s) { s.trickle(); });
        if (path == "/huge")
            return write("HTTP/1.1 200 OK\r\n\r\n", [](Session& s) { s.flood("needle in a haystack\n"); });
        if (path == "/many-headers") return write("HTTP/1.1 200 OK\r\n", [](Session& s) { s.flood("X-More: 1\r\n"); });
        if (path == "/echo") return echo();
        wait_for_end();  // "/slow", and whatever else
    }

    template <typename Then>
    void write(std::string bytes, Then then) {
        out_ = std::move(bytes);
        auto self = shared_from_this();
        asio::async_write(socket_, asio::buffer(out_), [self, then](error_code error, size_t) {
            if (!error) then(*self);
        });
    }

    void trickle() {
        timer_.expires_after(std::chrono::milliseconds{5});
        auto self = shared_from_this();
        timer_.async_wait([self](error_code) { self->write("x", [](Session& s) { s.trickle(); }); });
    }

    void flood(const std::string& line) {
        std::string block;
        while (block.size() < 16384) block += line;
        write(block, [line](Session& s) { s.flood(line); });
    }

    void echo() {
        const std::size_t at = request_.find("Content-Length: ");
        const std::size_t length = at == std::string::npos ? 0 : std::stoul(request_.substr(at + 16));
        const std::size_t whole = request_.find("\r\n\r\n") + 4 + length;
        const std::size_t missing = whole > request_.size() ? whole - request_.size() : 0;
        auto self = shared_from_this();
        asio::async_read(
            socket_, asio::dynamic_buffer(request_), asio::transfer_exactly(missing),
            [self](error_code, size_t) { self->write(reply("418 Teapot", self->request_), [](Session&) {}); });
    }

    void wait_for_end() {
        auto self = shared_from_this();
        socket_.async_read_some(asio::buffer(byte_), [self](error_code error, size_t) {
            if (!error) self->wait_for_end();
        });
    }

    tcp::socket socket_;
    asio::steady_timer timer_;
    std::string request_;
    std::string out_;
    char byte_[1] = {};
};

}  // namespace

struct TestServer::State {
    explicit State(const std::string& literal)
        : address(literal), acceptor(context, tcp::endpoint{asio::ip::make_address(literal), 0}) {
        acceptor.listen(1024);
        accept();
        thread = std::thread{[this] { context.run(); }};
    }
    ~State() {
        context.stop();
        thread.join();
    }
    void accept() {
        acceptor.async_accept([this](error_code error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (!error) {
                ++accepted;
                std::make_shared<Session>(std::move(socket))->start();
            }
            accept();
        });
    }

    std::string address;
    asio::io_context context;
    tcp::acceptor acceptor;
    std::atomic<unsigned> accepted{0};
    std::thread thread;
};

TestServer::TestServer(const std::string& address) : state_(std::make_unique<State>(address)) {}
TestServer::~TestServer() = default;
std::uint16_t TestServer::port() const { return state_->acceptor.local_endpoint().port(); }
unsigned TestServer::accepted() const { return state_->accepted; }

std::string TestServer::url(const std::string& path) const {
    const bool v6 = state_->address.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + state_->address + "]" : state_->address;
    return "http://" + host + ":" + std::to_string(port()) + path;
}

SilentPort::SilentPort() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const tcp::endpoint any{asio::ip::address_v4::loopback(), 0};
    sockaddr_in place{};
    socklen_t size = sizeof place;
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&place));
    ::bind(listener_, any.data(), static_cast<socklen_t>(any.size()));
    ::listen(listener_, 0);
    ::getsockname(listener_, address, &size);
    port_ = ntohs(place.sin_port);
    for (int& one : waiting_) {
        one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ::connect(one, address, size);
    }
}

SilentPort::~SilentPort() {
    for (const int one : waiting_) ::close(one);
    ::close(listener_);
}

std::uint16_t closed_port() {
    asio::io_context context;
    const tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    return acceptor.local_endpoint().port();
}

}  // namespace keepwell::runtime
