// The tcp probe.
#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"

namespace keepwell::runtime {
namespace {

TEST(TcpProbes, a_port_that_accepts_passes) {
    TestServer server;
    RealProbes probes;
    EXPECT_RESULT(probes.ask(TcpProbe{"127.0.0.1", server.port()}), Outcome::passed, 0, "connected");
}

TEST(TcpProbes, a_closed_port_is_refused) {
    RealProbes probes;
    const std::uint16_t port = closed_port();
    EXPECT_RESULT(probes.ask(TcpProbe{"127.0.0.1", port}), Outcome::failed, 1,
                  "connection refused (127.0.0.1:" + std::to_string(port) + ")");
}

TEST(TcpProbes, each_address_of_a_name_is_tried_in_turn) {
    TestServer server;
    Resolver::Options resolver;
    resolver.resolve = [](const std::string&) {
        return Resolved{Resolved::Kind::found, {"127.0.0.2", "127.0.0.1"}, {}};
    };
    RealProbes probes{resolver};
    EXPECT_RESULT(probes.ask(TcpProbe{"db", server.port()}), Outcome::passed, 0, "connected");
    const std::uint16_t port = closed_port();
    EXPECT_RESULT(probes.ask(TcpProbe{"db", port}), Outcome::failed, 1,
                  "connection refused (db:" + std::to_string(port) + ")");
}

TEST(TcpProbes, a_port_that_does_not_answer_exceeds_the_timeout) {
    SilentPort silent;
    RealProbes probes;
    EXPECT_RESULT(probes.ask(TcpProbe{"127.0.0.1", silent.port()}, 60ms), Outcome::failed, -1,
                  "Health check exceeded timeout (60ms)");
}

TEST(TcpProbes, many_at_once_are_all_answered) {
    TestServer server;
    RealProbes probes;
    for (int i = 0; i < 400; ++i) probes.begin(TcpProbe{"127.0.0.1", server.port()}, 20s);
    probes.await(400);
    for (const auto& finished : probes.delivered()) EXPECT_EQ(finished.output, "connected");
}

}  // namespace
}  // namespace keepwell::runtime
