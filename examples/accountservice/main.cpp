// accountservice [--port 6767] [--address 127.0.0.1] [--store DIR] [--sigterm end|ignore]: a small HTTP service to try
// keepwell on. Listens on 127.0.0.1, because anybody who reaches it can make it sick; in a container, name 0.0.0.0.
//
//   GET      /health                       200 {"status":"UP"}, or 503 {"status":"Database unaccessible"}
//   GET|PUT  /testability/healthy/false    makes it sick; /true makes it well
//   GET|PUT  /testability/crash            it ends at once with exit code 1, and answers nobody
//   GET      /accounts/10000               one account
//
// May know: api, Asio and Beast. SIGTERM and SIGINT end it as soon as whoever has connected is answered. Told to ignore
// SIGTERM, it is the service that has to be killed.
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "api.hpp"

namespace accountservice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto last_answers = 500ms;  // a connection on which nothing is asked keeps it no longer

/// Who waits for an answer; the end waits for them.
struct Waiting {
    unsigned count = 0;
    std::function<void()> when_none{};

    void change(int by) {
        count += static_cast<unsigned>(by);
        if (count == 0 && when_none) when_none();
    }
};

/// One connection: reads a request, answers it, and so on until the other side has enough.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(tcp::socket socket, Api& api, Waiting& waiting) : stream_(std::move(socket)), api_(api), waiting_(waiting) {
        set_waits(true);
    }
    ~Session() { set_waits(false); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void read() {
        parser_.emplace();
        parser_->body_limit(64 * 1024);
        stream_.expires_after(10s);
        http::async_read(stream_, buffer_, *parser_,
                         [self = shared_from_this()](beast::error_code failed, std::size_t) {
                             if (!failed) self->write();
                         });
    }

  private:
    void set_waits(bool waits) {
        if (waits != std::exchange(waits_, waits)) waiting_.change(waits ? 1 : -1);
    }
    void write() {
        set_waits(true);
        const auto& request = parser_->get();
        const std::string_view target(request.target().data(), request.target().size());
        const std::string_view method(request.method_string().data(), request.method_string().size());
        const Answer answer = api_.answer(method, target.substr(0, target.find('?')));
        response_ = {};
        response_.version(request.version());
        response_.result(answer.status);
        response_.set(http::field::content_type, "application/json");
        if (!answer.allow.empty()) response_.set(http::field::allow, answer.allow);
        response_.keep_alive(request.keep_alive());
        response_.body() = answer.body + "\n";
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code failed, std::size_t) {
            self->set_waits(false);
            if (!failed && self->response_.keep_alive()) self->read();
        });
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
    Api& api_;
    Waiting& waiting_;
    bool waits_ = false;
};

class Listener {
  public:
    Listener(asio::io_context& io, const tcp::endpoint& at, Api& api, Waiting& waiting)
        : acceptor_(io, at), pause_(io), api_(api), waiting_(waiting) {}

    tcp::endpoint at() const { return acceptor_.local_endpoint(); }

    void accept() {
        acceptor_.async_accept([this](beast::error_code failed, tcp::socket socket) {
            if (!acceptor_.is_open()) return;
            if (!failed) {
                begin(std::move(socket));
                return accept();
            }
            // Out of descriptors, most likely: an immediate retry would only spin.
            pause_.expires_after(100ms);
            pause_.async_wait([this](beast::error_code) { accept(); });
        });
    }

    /// Nobody else is let in; who stands before the door is.
    void close() {
        beast::error_code failed;
        acceptor_.non_blocking(true, failed);
        while (!failed) {
            tcp::socket socket(acceptor_.get_executor());
            acceptor_.accept(socket, failed);
            if (!failed) begin(std::move(socket));
        }
        acceptor_.close(failed);
    }

  private:
    void begin(tcp::socket socket) { std::make_shared<Session>(std::move(socket), api_, waiting_)->read(); }

    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    Api& api_;
    Waiting& waiting_;
};

struct Options {
    std::uint16_t port = 6767;
    asio::ip::address address = asio::ip::address_v4::loopback();
    std::string store = "accounts";
    bool ignores_sigterm = false;
};

std::optional<Options> read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const std::string_view value = argv[i + 1];
        if (name == "--store") {
            options.store = value;
        } else if (name == "--sigterm") {
            if (value != "end" && value != "ignore") return std::nullopt;
            options.ignores_sigterm = value == "ignore";
        } else if (name == "--address") {
            boost::system::error_code failed;
            options.address = asio::ip::make_address(value, failed);
            if (failed) return std::nullopt;
        } else if (name == "--port") {
            const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), options.port);
            if (failed != std::errc{} || end != value.data() + value.size()) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    if (argc % 2 == 0) return std::nullopt;
    return options;
}

int serve(const Options& options) {
    Waiting waiting;
    asio::io_context io(1);
    asio::signal_set signals(io, SIGINT);
    if (options.ignores_sigterm) {
        std::signal(SIGTERM, SIG_IGN);
    } else {
        signals.add(SIGTERM);
    }
    Api api{Store(options.store)};
    Listener listener(io, {options.address, options.port}, api, waiting);
    asio::steady_timer patience(io);
    signals.async_wait([&](beast::error_code, int) {
        listener.close();
        patience.expires_after(last_answers);
        patience.async_wait([&io](beast::error_code) { io.stop(); });
        waiting.when_none = [&io] { io.stop(); };
        waiting.change(0);
    });
    listener.accept();
    std::cout << "accountservice: listening on http://" << listener.at() << ", accounts in " << options.store
              << std::endl;
    io.run();
    waiting.when_none = {};
    std::cout << "accountservice: ended\n";
    return 0;
}

}  // namespace
}  // namespace accountservice

int main(int argc, char** argv) {
    const auto options = accountservice::read_options(argc, argv);
    if (!options) {
        std::cerr << "usage: accountservice [--port 6767] [--address 127.0.0.1] [--store DIR] [--sigterm end|ignore]\n";
        return 2;
    }
    try {
        return accountservice::serve(*options);
    } catch (const std::exception& failed) {
        std::cerr << "accountservice: port " << options->port << ": " << failed.what() << '\n';
        return 1;
    }
}
