// `keepwell ping`: one probe on a loop of its own, and the URLs that it takes.
#include "runtime/probe/ping.hpp"

#include <gtest/gtest.h>

#include "runtime/probe/test_server.hpp"

namespace keepwell::runtime {
namespace {

PingAnswer ping_url(const std::string& url, Duration timeout = 20s) {
    const auto probe = probe_of_url(url);
    return probe ? ping(*probe, timeout) : PingAnswer{Outcome::error, -1, probe.error(), Duration{0}};
}

TEST(Ping, says_what_the_probe_says) {
    TestServer server;
    const PingAnswer up = ping_url(server.url("/ok"));
    EXPECT_EQ(up.outcome, Outcome::passed);
    EXPECT_EQ(up.exit_code, 0);
    EXPECT_EQ(up.text, "HTTP 200");
    EXPECT_GT(up.duration, 0s);
    EXPECT_EQ(ping_url(server.url("/503")).text, R"(HTTP 503: {"status":"Database unaccessible"})");
    EXPECT_EQ(ping_url("tcp://127.0.0.1:" + std::to_string(server.port())).text, "connected");
    EXPECT_EQ(ping_url("tcp://localhost:" + std::to_string(server.port())).text, "connected");
    EXPECT_EQ(ping_url(server.url("/slow"), 30ms).text, "Health check exceeded timeout (30ms)");
}

TEST(Ping, runs_a_command_as_well) { EXPECT_EQ(ping(ExecProbe{{"/bin/sh", "-c", "echo hello"}}, 20s).text, "hello\n"); }

TEST(Ping, urls_that_are_none_are_told) {
    const std::pair<const char*, const char*> vectors[] = {
        {"shop", "expected http://…, https://… or tcp://HOST:PORT"},
        {"ftp://shop/", "expected http://…, https://… or tcp://HOST:PORT"},
        {"http://", "No host part in the URL"},
        {"http://shop:99999/", "Port number was not a decimal number between 0 and 65535"},
        {"tcp://shop", "expected tcp://HOST:PORT"},
        {"tcp://:80", "expected tcp://HOST:PORT"},
        {"tcp://shop:", "`` is not a port"},
        {"tcp://shop:0", "`0` is not a port"},
        {"tcp://shop:8o", "`8o` is not a port"},
        {"tcp://shop:70000", "`70000` is not a port"},
        {"tcp://::1:80", "an IPv6 address is written in brackets: tcp://[::1]:PORT"},
    };
    for (const auto& [url, error] : vectors) {
        const auto probe = probe_of_url(url);
        ASSERT_FALSE(probe) << url;
        EXPECT_EQ(probe.error(), error) << url;
    }
    const auto literal = probe_of_url("tcp://[::1]:80");
    ASSERT_TRUE(literal);
    EXPECT_EQ(std::get<TcpProbe>(*literal).host, "::1");
    EXPECT_EQ(std::get<TcpProbe>(*literal).port, 80);
}

}  // namespace
}  // namespace keepwell::runtime
