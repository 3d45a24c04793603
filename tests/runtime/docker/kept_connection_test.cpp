// Kept connections of libcurl on the loop, against a server that answers before it is asked: an exchange that is over
// in the same breath in which it began hands its connection to the next one, without a word of curl's in between.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "runtime/curl_multi.hpp"
#include "runtime/loop.hpp"
#include "support/await.hpp"
#include "support/folder.hpp"

namespace keepwell::testing {
namespace {

using runtime::CurlMulti;
using runtime::HttpRequest;
using runtime::HttpResponse;
using runtime::Loop;

/// Each connection gets its first answer at once, and the others when it asks for them.
class HastyServer {
  public:
    HastyServer() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        ::bind(listener_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address);
        ::listen(listener_, 100);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~HastyServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (auto& client : clients_) client.join();
        ::close(listener_);
    }
    HastyServer(const HastyServer&) = delete;
    HastyServer& operator=(const HastyServer&) = delete;

    std::string path() const { return folder_ / "socket"; }

  private:
    void serve() {
        for (;;) {
            const int client = ::accept(listener_, nullptr, nullptr);
            if (client < 0) return;
            answer(client);
            clients_.emplace_back([client] {
                if (asked(client)) {
                    while (asked(client)) answer(client);
                }
                ::close(client);
            });
        }
    }
    static void answer(int client) {
        const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL));
    }
    static bool asked(int client) {
        std::string request;
        for (char c = 0; !request.ends_with("\r\n\r\n"); request += c) {
            if (::read(client, &c, 1) != 1) return false;
        }
        return true;
    }

    Folder folder_;
    const int listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<std::thread> clients_;  ///< the thread's
    std::thread thread_;
};

TEST(KeptConnections, one_that_goes_from_hand_to_hand_at_once_is_still_watched) {
    const HastyServer server;
    Loop loop;
    HttpRequest request;
    request.url = "http://engine/";
    request.unix_socket = server.path();
    request.timeout = std::chrono::seconds{20};
    request.max_body = 100;
    request.keep_alive = true;
    for (int round = 0; round < 1000; ++round) {
        CurlMulti curl{loop};
        int good = 0;
        int ended = 0;
        const auto done = [&](const HttpResponse& response) {
            good += response.end == HttpResponse::End::complete && response.body == "ok";
            ++ended;
        };
        const auto first = curl.start(request, done);
        const auto second = curl.start(request, done);
        ASSERT_TRUE(await(loop, [&] { return ended == 2; }));
        ASSERT_EQ(good, 2) << "in round " << round;
    }
}

}  // namespace
}  // namespace keepwell::testing
