// The tcp probe: name, then a connection to each of its addresses in turn until one accepts.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "runtime/errors.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/attempt.hpp"
#include "runtime/probe/resolver.hpp"

namespace keepwell::runtime {
namespace asio = boost::asio;
namespace {

/// The connections of one attempt. Kept alive by a pending one; `done` is empty when nobody listens any more.
class Connecting : public std::enable_shared_from_this<Connecting> {
  public:
    Connecting(Loop& loop, const TcpProbe& probe, std::vector<std::string> addresses, Attempt::Done done)
        : socket_(loop.context()), probe_(probe), addresses_(std::move(addresses)), done_(std::move(done)) {}

    void next() {
        while (at_ < addresses_.size()) {
            boost::system::error_code error;
            const auto address = asio::ip::make_address(addresses_[at_++], error);
            const asio::ip::tcp::endpoint endpoint{address, probe_.port};
            if (!error) error = open(endpoint.protocol());
            if (error) return answer(our_lack(error.message()));
            socket_.async_connect(endpoint, [self = shared_from_this()](const boost::system::error_code& result) {
                self->connected(result);
            });
            return;
        }
        answer(failed(describe_connect_error(error_, probe_.host, probe_.port)));
    }

    void give_up() {
        done_ = nullptr;
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

  private:
    /// Asio itself would open it without CLOEXEC, and our children must not inherit it.
    boost::system::error_code open(const asio::ip::tcp& protocol) {
        boost::system::error_code error;
        socket_.close(error);
        family_ = protocol.family();
        const int fd = ::socket(family_, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) return {errno, boost::system::system_category()};
        socket_.assign(protocol, fd, error);
        if (error) ::close(fd);
        return error;
    }

    void connected(const boost::system::error_code& result) {
        if (!done_) return;
        if (!result) return answer(passed("connected"));
        if (is_our_lack(result.value(), family_)) return answer(our_lack(result.message()));
        error_ = result.value();
        next();
    }

    void answer(Verdict verdict) {
        const Attempt::Done done = std::move(done_);
        give_up();
        if (done) done(std::move(verdict));
    }

    asio::ip::tcp::socket socket_;
    const TcpProbe probe_;
    const std::vector<std::string> addresses_;
    Attempt::Done done_;
    std::size_t at_ = 0;
    int family_ = AF_UNSPEC;
    int error_ = 0;
};

class TcpAttempt final : public Attempt {
  public:
    TcpAttempt(Loop& loop, Resolver& resolver, const TcpProbe& probe, Duration timeout)
        : loop_(loop), resolver_(resolver), probe_(probe), timeout_(timeout) {}
    ~TcpAttempt() override {
        if (connecting_) connecting_->give_up();
    }
    TcpAttempt(const TcpAttempt&) = delete;
    TcpAttempt& operator=(const TcpAttempt&) = delete;

    void begin(Done done) override {
        done_ = std::move(done);
        lookup_ = resolver_.find(probe_.host, [this](const Resolved& resolved) { connect(resolved); });
    }

    Verdict overdue() const override { return overdue_verdict(lookup_.get(), timeout_); }

  private:
    void connect(const Resolved& resolved) {
        if (resolved.kind != Resolved::Kind::found) return done_(unresolved(probe_.host, resolved));
        connecting_ = std::make_shared<Connecting>(loop_, probe_, resolved.addresses, done_);
        connecting_->next();
    }

    Loop& loop_;
    Resolver& resolver_;
    const TcpProbe probe_;
    const Duration timeout_;
    Done done_;
    std::unique_ptr<Resolver::Lookup> lookup_;
    std::shared_ptr<Connecting> connecting_;
};

}  // namespace

std::unique_ptr<Attempt> make_tcp_attempt(Loop& loop, Resolver& resolver, const TcpProbe& probe, Duration timeout) {
    return std::make_unique<TcpAttempt>(loop, resolver, probe, timeout);
}

}  // namespace keepwell::runtime
