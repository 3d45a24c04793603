// The http probe against a server with bad manners.
#include <dirent.h>

#include <cstdlib>
#include <thread>

#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"

namespace keepwell::runtime {
namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* folder = ::opendir("/proc/self/fd");
    while (::readdir(folder)) ++count;
    ::closedir(folder);
    return count;
}

class HttpProbes : public ::testing::Test {
  protected:
    event::ProbeFinished ask(const std::string& path) { return probes_.ask(http(server_.url(path))); }

    TestServer server_;
    RealProbes probes_;
};

TEST_F(HttpProbes, a_200_passes) {
    const auto result = ask("/ok");
    EXPECT_RESULT(result, Outcome::passed, 0, "HTTP 200");
    EXPECT_EQ(result.id, 1u);
    EXPECT_EQ(result.target, 101u);
}

TEST_F(HttpProbes, a_503_fails_and_shows_the_body) {
    EXPECT_RESULT(ask("/503"), Outcome::failed, 1, R"(HTTP 503: {"status":"Database unaccessible"})");
}

TEST_F(HttpProbes, a_status_that_is_expected_passes) {
    HttpProbe probe = http(server_.url("/503"));
    probe.expect_status = {{200, 204}, {503, 503}};
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 503");
}

TEST_F(HttpProbes, a_redirect_passes_and_is_not_followed) {
    EXPECT_RESULT(ask("/redirect"), Outcome::passed, 0, "HTTP 302");
    EXPECT_EQ(server_.accepted(), 1u);
}

TEST_F(HttpProbes, a_redirect_fails_where_only_2xx_is_expected) {
    HttpProbe probe = http(server_.url("/redirect"));
    probe.expect_status = {{200, 299}};
    EXPECT_RESULT(probes_.ask(probe), Outcome::failed, 1, "HTTP 302");
}

TEST_F(HttpProbes, a_body_without_the_text_fails) {
    HttpProbe probe = http(server_.url("/down"));
    probe.expect_body_contains = R"("UP")";
    EXPECT_RESULT(probes_.ask(probe), Outcome::failed, 1,
                  R"(HTTP 200, but the body does not contain `"UP"`: {"status":"DOWN"})");
    probe.url = server_.url("/ok");
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 200");
}

TEST_F(HttpProbes, a_body_that_does_not_match_fails) {
    HttpProbe probe = http(server_.url("/down"));
    probe.expect_body_matches = R"("status" *: *"UP|"READY")";
    EXPECT_RESULT(probes_.ask(probe), Outcome::failed, 1,
                  R"(HTTP 200, but the body does not match `"status" *: *"UP|"READY"`: {"status":"DOWN"})");
    probe.url = server_.url("/ok");
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 200");
}

TEST_F(HttpProbes, a_chunked_body_is_read_as_one) {
    HttpProbe probe = http(server_.url("/chunked"));
    probe.expect_body_contains = "alphabetagamma";
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 200");
}

TEST_F(HttpProbes, a_body_without_an_end_is_read_up_to_the_limit_and_judged) {
    EXPECT_RESULT(ask("/huge"), Outcome::passed, 0, "HTTP 200");
    HttpProbe probe = http(server_.url("/huge"));
    probe.expect_body_contains = "needle";
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 200");
    probe.expect_body_contains = "pin";
    const auto result = probes_.ask(probe);
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_EQ(result.output.size(), kept_output + 3);
    EXPECT_EQ(result.output.substr(0, 60), "HTTP 200, but the body does not contain `pin`: needle in a h");
    EXPECT_EQ(result.output.substr(kept_output), "...");
}

TEST_F(HttpProbes, headers_without_an_end_fail) {
    EXPECT_RESULT(ask("/many-headers"), Outcome::failed, 1, "more than 256 KiB of headers");
}

TEST_F(HttpProbes, method_headers_and_body_are_sent_as_written) {
    HttpProbe probe = http(server_.url("/echo"));
    probe.method = "PUT";
    probe.headers = {{"Host", "shop.example"}, {"X-Empty", ""}, {"Content-Type", "application/json"}};
    probe.body = R"({"a":1})";
    EXPECT_EQ(probes_.ask(probe).output,
              "HTTP 418: PUT /echo HTTP/1.1 Host: shop.example User-Agent: keepwell Accept: */* X-Empty: "
              R"(Content-Type: application/json Content-Length: 7 {"a":1})");
}

TEST_F(HttpProbes, a_post_without_a_body_says_so) {
    HttpProbe probe = http(server_.url("/echo"));
    probe.method = "POST";
    EXPECT_NE(probes_.ask(probe).output.find("HTTP 418: POST /echo HTTP/1.1"), std::string::npos);
    EXPECT_NE(probes_.delivered().back().output.find("Content-Length: 0"), std::string::npos);
}

TEST_F(HttpProbes, head_reads_no_body) {
    HttpProbe probe = http(server_.url("/ok"));
    probe.method = "HEAD";
    EXPECT_RESULT(probes_.ask(probe), Outcome::passed, 0, "HTTP 200");
}

TEST_F(HttpProbes, each_probe_makes_a_connection_of_its_own) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("/ok").outcome, Outcome::passed);
    EXPECT_EQ(server_.accepted(), 5u);
}

TEST_F(HttpProbes, a_proxy_of_the_environment_is_ignored) {
    ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(closed_port())).c_str(), 1);
    EXPECT_RESULT(ask("/ok"), Outcome::passed, 0, "HTTP 200");
    ::unsetenv("http_proxy");
}

TEST_F(HttpProbes, a_closed_port_is_refused) {
    const std::string place = "127.0.0.1:" + std::to_string(closed_port());
    EXPECT_RESULT(probes_.ask(http("http://" + place + "/")), Outcome::failed, 1, "connection refused (" + place + ")");
}

TEST_F(HttpProbes, a_server_that_closes_at_once_fails) {
    EXPECT_RESULT(ask("/closes"), Outcome::failed, 1, "Empty reply from server");
}

TEST_F(HttpProbes, a_server_that_closes_inside_the_body_fails) {
    EXPECT_RESULT(ask("/closes-early"), Outcome::failed, 1, "transfer closed with 91 bytes remaining to read");
}

TEST_F(HttpProbes, a_server_that_speaks_no_http_fails) {
    EXPECT_RESULT(ask("/garbage"), Outcome::failed, 1, "Received HTTP/0.9 when not allowed");
}

TEST_F(HttpProbes, a_server_that_never_answers_exceeds_the_timeout) {
    const Instant began = probes_.loop().now();
    EXPECT_RESULT(probes_.ask(http(server_.url("/slow")), 80ms), Outcome::failed, -1,
                  "Health check exceeded timeout (80ms)");
    EXPECT_GE(probes_.loop().now() - began, 80ms);
}

TEST_F(HttpProbes, what_was_answered_while_keepwell_did_not_run_is_read_though_its_time_is_over) {
    for (const Probe& probe : {Probe{http(server_.url("/ok"))}, Probe{TcpProbe{"127.0.0.1", server_.port()}}}) {
        probes_.begin(probe, 50ms);
        probes_.loop().post([] { std::this_thread::sleep_for(300ms); });  // as after SIGSTOP, or a pause of the host
        probes_.await(probes_.delivered().size() + 1);
        EXPECT_EQ(probes_.delivered().back().outcome, Outcome::passed) << probes_.delivered().back().output;
    }
}

TEST_F(HttpProbes, what_is_not_answered_then_either_exceeds_the_timeout) {
    probes_.begin(http(server_.url("/slow")), 50ms);
    probes_.loop().post([] { std::this_thread::sleep_for(300ms); });
    probes_.await(1);
    EXPECT_EQ(probes_.delivered().back().output, "Health check exceeded timeout (50ms)");
}

TEST_F(HttpProbes, headers_that_trickle_exceed_the_timeout) {
    EXPECT_RESULT(probes_.ask(http(server_.url("/slow-headers")), 1500us), Outcome::failed, -1,
                  "Health check exceeded timeout (1.5ms)");
    EXPECT_RESULT(probes_.ask(http(server_.url("/slow-headers")), 120ms), Outcome::failed, -1,
                  "Health check exceeded timeout (120ms)");
}

TEST_F(HttpProbes, a_url_that_is_none_is_not_run) {
    EXPECT_RESULT(probes_.ask(http("http://")), Outcome::failed, -1, "bad URL `http://`: No host part in the URL");
    EXPECT_RESULT(probes_.ask(http("ftp://127.0.0.1/")), Outcome::failed, -1,
                  "bad URL `ftp://127.0.0.1/`: not http or https");
}

TEST_F(HttpProbes, a_pattern_that_is_none_is_not_run) {
    HttpProbe probe = http(server_.url("/ok"));
    probe.expect_body_matches = "(";
    EXPECT_RESULT(probes_.ask(probe), Outcome::failed, -1, "`(` is not a regular expression");
}

TEST_F(HttpProbes, names_are_resolved_and_every_address_is_tried) {
    const std::string place = "localhost:" + std::to_string(server_.port());
    EXPECT_RESULT(probes_.ask(http("http://" + place + "/ok")), Outcome::passed, 0, "HTTP 200");
    const std::string refused = "localhost:" + std::to_string(closed_port());
    EXPECT_RESULT(probes_.ask(http("http://" + refused + "/ok")), Outcome::failed, 1,
                  "connection refused (" + refused + ")");
}

TEST(HttpProbesOnV6, a_literal_of_version_6_is_asked) {
    std::unique_ptr<TestServer> server;
    try {
        server = std::make_unique<TestServer>("::1");
    } catch (const std::exception& error) {
        GTEST_SKIP() << "no IPv6 here: " << error.what();
    }
    RealProbes probes;
    EXPECT_RESULT(probes.ask(http(server->url("/ok"))), Outcome::passed, 0, "HTTP 200");
}

TEST_F(HttpProbes, five_hundred_at_once_are_all_answered) {
    for (int i = 0; i < 500; ++i) probes_.begin(http(server_.url(i % 2 ? "/ok" : "/503")), 20s);
    probes_.await(500);
    std::size_t passes = 0;
    for (const auto& finished : probes_.delivered()) {
        EXPECT_EQ(finished.outcome, finished.id % 2 ? Outcome::failed : Outcome::passed) << finished.output;
        passes += finished.outcome == Outcome::passed;
    }
    EXPECT_EQ(passes, 250u);
}

TEST_F(HttpProbes, no_descriptor_is_left_over) {
    ask("/ok");
    probes_.ask(http(server_.url("/slow")), 10ms);
    const std::size_t before = open_descriptors();
    const std::string refused = "http://127.0.0.1:" + std::to_string(closed_port());
    for (int round = 0; round < 20; ++round) {
        const std::size_t done = probes_.delivered().size();
        for (int i = 0; i < 10; ++i) {
            probes_.begin(http(server_.url("/ok")), 20s);
            probes_.begin(http(server_.url("/huge")), 20s);
            probes_.begin(http(server_.url("/slow")), 10ms);
            probes_.begin(http(refused), 20s);
            probes_.port().cancel(probes_.begin(http(server_.url("/slow")), 20s));
        }
        probes_.await(done + 50);
    }
    EXPECT_EQ(probes_.delivered().size(), 1002u);
    // The server's ends of the last connections close when it has noticed.
    for (int tries = 0; tries < 1000 && open_descriptors() > before; ++tries) probes_.let_pass(5ms);
    EXPECT_LE(open_descriptors(), before);
}

// No server here: what it closes late would be a descriptor too many.
TEST(HttpProbesWithoutDescriptors, a_lack_of_descriptors_is_an_error_and_passes_with_it) {
    RealProbes probes;
    const TcpProbe tcp{"127.0.0.1", closed_port()};
    const std::string place = "127.0.0.1:" + std::to_string(tcp.port);
    // Also because UBSan needs descriptors where it meets a type for the first time.
    EXPECT_EQ(probes.ask(http("http://" + place)).outcome, Outcome::failed);
    EXPECT_EQ(probes.ask(tcp).outcome, Outcome::failed);
    {
        const NoMoreDescriptors none;
        EXPECT_RESULT(probes.ask(http("http://" + place)), Outcome::error, -1, "Too many open files");
        EXPECT_RESULT(probes.ask(tcp), Outcome::error, -1, "Too many open files");
    }
    EXPECT_RESULT(probes.ask(http("http://" + place)), Outcome::failed, 1, "connection refused (" + place + ")");
    EXPECT_RESULT(probes.ask(tcp), Outcome::failed, 1, "connection refused (" + place + ")");
}

}  // namespace
}  // namespace keepwell::runtime
