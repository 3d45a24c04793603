// The server on a real socket: good clients, bad clients, many clients, and its end.
#include "control/server.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <future>
#include <thread>

#include "house.hpp"
#include "runtime/loop.hpp"
#include "support/folder.hpp"

namespace keepwell::control {
namespace {

using testing::add_content;
using testing::Folder;

constexpr int patience_ms = 30'000;

/// A client that speaks bytes.
class Wire {
  public:
    explicit Wire(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size());
        connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Wire() { ::close(fd_); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void say(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// What comes next; empty when the other side has closed.
    std::string hear() {
        pollfd wait{fd_, POLLIN, 0};
        if (::poll(&wait, 1, patience_ms) != 1) return "(nothing came)";
        char bytes[4096];
        const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
        return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : std::string{};
    }
    std::string hear_until(const std::string& word) {
        std::string all;
        while (all.find(word) == std::string::npos) {
            const std::string more = hear();
            all += more;
            if (more.empty() || more == "(nothing came)") break;
        }
        return all;
    }
    std::string hear_all() { return hear_until("\x01 never"); }

    bool connected = false;

  private:
    int fd_;
};

struct ServerTest : ::testing::Test {
    ServerTest() {
        limits.patience = std::chrono::milliseconds{300};
        limits.output_poll = std::chrono::milliseconds{5};
    }
    ~ServerTest() override {
        if (thread.joinable()) on_loop([this] { server.reset(); });
        loop.stop();
        if (thread.joinable()) thread.join();
    }

    void serve() {
        house.begin();
        server = std::make_unique<Server>(loop.context(), std::move(*SocketClaim::take(path)), house.router,
                                          house.events, limits);
        thread = std::thread{[this] { loop.run(); }};
    }

    /// Runs `work` on the loop's thread, and waits for it.
    void on_loop(std::function<void()> work) {
        std::promise<void> done;
        loop.post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    std::string ask(const std::string& request) {
        Wire wire{path};
        wire.say(request);
        return wire.hear_all();
    }
    std::string get(const std::string& target) {
        return ask("GET " + target + " HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n");
    }
    void wait_for_clients(std::size_t count) {
        for (std::size_t now = count + 1; now != count;) {
            on_loop([&] { now = server->clients(); });
            std::this_thread::yield();
        }
    }

    Folder folder;
    std::string path = folder / "keepwell.sock";
    ServerLimits limits;
    House house{shop()};
    runtime::Loop loop;
    std::unique_ptr<Server> server;
    std::thread thread;
};

TEST_F(ServerTest, answers_whole) {
    serve();
    EXPECT_EQ(get("/v1/version"),
              "HTTP/1.1 200 OK\r\nServer: keepwell\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
              "Content-Length: 57\r\nConnection: close\r\n\r\n"
              "{\"api\":\"keepwell/v1\",\"version\":\"0.1.0\",\"brain_pid\":4242}\n");
    EXPECT_EQ(get("/v1/status?target=nobody").substr(0, 22), "HTTP/1.1 404 Not Found");
}

TEST_F(ServerTest, answers_several_requests_on_one_connection) {
    serve();
    Wire wire{path};
    for (int i = 0; i < 3; ++i) {
        wire.say("GET /v1/version HTTP/1.1\r\nHost: k\r\n\r\n");
        EXPECT_NE(wire.hear_until("4242}\n").find("200 OK"), std::string::npos);
    }
}

TEST_F(ServerTest, knows_who_asks) {
    serve();
    ask("POST /v1/targets/api/pause HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n");
    const std::string me = ::geteuid() == 0 ? "\"by\":\"root\"" : "\"by\":\"";
    EXPECT_NE(get("/v1/events?target=api").find(me), std::string::npos);
}

TEST_F(ServerTest, streams_events_as_they_happen) {
    serve();
    Wire wire{path};
    wire.say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
    const std::string past = wire.hear_until("\"worker.2\"");
    EXPECT_NE(past.find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_NE(past.find("Content-Type: application/jsonl"), std::string::npos);
    EXPECT_NE(past.find("\"policy.loaded\""), std::string::npos);
    on_loop([this] { house.after(10s); });
    EXPECT_NE(wire.hear_until("\"healthy\"").find("\"target.health\""), std::string::npos);
}

TEST_F(ServerTest, stream_that_is_not_followed_ends) {
    serve();
    const std::string all = get("/v1/events");
    EXPECT_EQ(all.substr(all.size() - 7), "\r\n0\r\n\r\n");
}

TEST_F(ServerTest, follower_that_goes_away_is_noticed_without_an_event) {
    serve();
    {
        Wire wire{path};
        wire.say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
        wire.hear_until("\"policy.loaded\"");
        wait_for_clients(1);
    }
    wait_for_clients(0);
}

TEST_F(ServerTest, follower_that_does_not_read_is_dropped_and_holds_up_nobody) {
    serve();
    Wire slow{path};
    slow.say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
    wait_for_clients(1);
    on_loop([this] {
        house.probes.answers("api", {{Outcome::failed, 0s, std::string(4000, 'x'), 1}});
        for (int i = 0; i < 200; ++i) house.after(20s);
    });
    EXPECT_NE(get("/v1/version").find("200 OK"), std::string::npos);
    wait_for_clients(0);  // its patience is over
}

TEST_F(ServerTest, streams_output_as_it_grows) {
    const std::string file = folder / "api.log";
    add_content(file, "one\ntwo\n");
    house.output_folder = folder.path();
    serve();
    Wire wire{path};
    wire.say("GET /v1/logs/api?tail=1&follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
    EXPECT_EQ(wire.hear_until("two\n").find("one"), std::string::npos);
    add_content(file, "three\n");
    EXPECT_NE(wire.hear_until("three\n").find("three\n"), std::string::npos);
}

TEST_F(ServerTest, request_that_is_too_large_is_refused) {
    serve();
    const std::string huge(200 * 1024, 'x');
    EXPECT_NE(ask("GET /v1/version HTTP/1.1\r\nHost: " + huge + "\r\n\r\n").find("413"), std::string::npos);
    EXPECT_NE(ask("POST /v1/version HTTP/1.1\r\nHost: k\r\nContent-Length: 204800\r\n\r\n" + huge).find("413"),
              std::string::npos);
}

TEST_F(ServerTest, garbage_is_refused) {
    serve();
    EXPECT_NE(ask("\x16\x03\x01 not http at all\r\n\r\n").find("HTTP/1.1 400 Bad Request"), std::string::npos);
    EXPECT_NE(ask("GET nowhere HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n").find("400"), std::string::npos);
    EXPECT_EQ(ask(std::string(10, '\0') + "\r\n\r\n").find("200"), std::string::npos);
    EXPECT_NE(get("/v1/version").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, client_that_says_nothing_is_closed_in_the_end) {
    serve();
    Wire silent{path};
    EXPECT_EQ(silent.hear_all(), "");
    Wire half{path};
    half.say("GET /v1/ver");
    EXPECT_EQ(half.hear_all(), "");
}

TEST_F(ServerTest, hundred_clients_are_served) {
    serve();
    std::vector<std::unique_ptr<Wire>> wires;
    for (int i = 0; i < 100; ++i) {
        wires.push_back(std::make_unique<Wire>(path));
        ASSERT_TRUE(wires.back()->connected) << i;
        wires.back()->say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
    }
    for (const auto& wire : wires) EXPECT_NE(wire->hear_until("\"worker.2\"").find("policy.loaded"), std::string::npos);
    on_loop([this] { house.after(10s); });
    for (const auto& wire : wires) EXPECT_NE(wire->hear_until("healthy").find("target.health"), std::string::npos);
}

TEST_F(ServerTest, more_clients_than_allowed_wait_for_a_place) {
    limits.clients = 2;
    serve();
    auto first = std::make_unique<Wire>(path);
    auto second = std::make_unique<Wire>(path);
    for (Wire* wire : {first.get(), second.get()}) {
        wire->say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
        wire->hear_until("\"policy.loaded\"");
    }
    Wire third{path};
    third.say("GET /v1/version HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n");
    first.reset();
    EXPECT_NE(third.hear_all().find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, end_gives_followers_what_is_left_and_a_proper_last_chunk) {
    serve();
    Wire wire{path};
    wire.say("GET /v1/events?follow=1 HTTP/1.1\r\nHost: k\r\n\r\n");
    Wire idle{path};
    wire.hear_until("\"policy.loaded\"");
    wait_for_clients(2);
    on_loop([this] {
        house.supervisor.end();
        server->finish();
    });
    const std::string rest = wire.hear_all();
    EXPECT_NE(rest.find("\"run.ended\""), std::string::npos);
    EXPECT_EQ(rest.substr(rest.size() - 7), "\r\n0\r\n\r\n");
    EXPECT_EQ(idle.hear_all(), "");
    wait_for_clients(0);
}

TEST_F(ServerTest, socket_is_gone_with_the_server) {
    serve();
    on_loop([this] { server.reset(); });
    EXPECT_FALSE(Wire{path}.connected);
}

}  // namespace
}  // namespace keepwell::control
