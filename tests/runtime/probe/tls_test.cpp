// The http probe over TLS: a certificate that nobody vouches for is a failure.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"
#include "support/folder.hpp"

namespace keepwell::runtime {
namespace {

/// `openssl s_server -www` with a certificate that it signed itself.
class TlsServer {
  public:
    TlsServer() {
        const std::string dir = folder_.path() + "/";
        const std::string make =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
            "-subj /CN=localhost -keyout " +
            dir + "key -out " + dir + "cert 2>/dev/null";
        if (std::system(make.c_str()) != 0) return;
        pid_ = ::fork();
        if (pid_ != 0) return;
        const std::string port = std::to_string(port_);
        if (::freopen("/dev/null", "w", stdout)) static_cast<void>(::freopen("/dev/null", "w", stderr));
        ::execlp("openssl", "openssl", "s_server", "-quiet", "-www", "-accept", port.c_str(), "-key",
                 (dir + "key").c_str(), "-cert", (dir + "cert").c_str(), nullptr);
        ::_exit(127);
    }
    ~TlsServer() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    bool started() const { return pid_ > 0; }
    std::uint16_t port() const { return port_; }

  private:
    const keepwell::testing::Folder folder_;
    const std::uint16_t port_ = closed_port();
    pid_t pid_ = -1;
};

TEST(HttpsProbes, a_certificate_that_nobody_vouches_for_fails) {
    if (std::system("command -v openssl >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "NOT TESTED: the openssl program is not installed, so nothing here can serve TLS";
    }
    TlsServer server;
    ASSERT_TRUE(server.started());
    RealProbes probes;
    const TcpProbe door{"127.0.0.1", server.port()};
    const Instant began = probes.loop().now();
    while (probes.ask(door).outcome != Outcome::passed && probes.loop().now() < began + patience) probes.let_pass(5ms);
    const auto result = probes.ask(http("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
    EXPECT_RESULT(result, Outcome::failed, 1, "SSL certificate problem: self-signed certificate");
}

TEST(HttpsProbes, a_server_that_speaks_no_tls_fails) {
    TestServer server;
    RealProbes probes;
    const auto result = probes.ask(http("https://127.0.0.1:" + std::to_string(server.port()) + "/"), 500ms);
    EXPECT_EQ(result.outcome, Outcome::failed) << result.output;
}

}  // namespace
}  // namespace keepwell::runtime
