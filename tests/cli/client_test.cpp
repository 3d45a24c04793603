// The commands' side of the socket: what is told apart when nobody answers, and lines out of a stream of bytes.
#include "cli/client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/exit_codes.hpp"
#include "support/folder.hpp"

namespace keepwell::cli {
namespace {

/// Takes one connection after the other, and gives each the same answer.
class Answerer {
  public:
    Answerer(const std::string& path, std::string answer) : answer_(std::move(answer)) {
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size());
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_, 10), 0);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~Answerer() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }

  private:
    void serve() {
        for (int client = ::accept(fd_, nullptr, nullptr); client >= 0; client = ::accept(fd_, nullptr, nullptr)) {
            char request[4096];
            if (::recv(client, request, sizeof request, 0) > 0) {
                ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            }
            ::close(client);
        }
    }

    std::string answer_;
    int fd_ = -1;
    std::thread thread_;
};

struct ClientTest : ::testing::Test {
    testing::Folder folder;
    std::string path = folder / "k.sock";
};

TEST_F(ClientTest, nobody_there) {
    const auto answer = Client{path}.get("/v1/status");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().exit_code, exit_not_running);
    EXPECT_EQ(answer.error().text, "no keepwell is running on " + path +
                                       " (No such file or directory); start one with `keepwell run FILE`, or name "
                                       "another --socket");
}

TEST_F(ClientTest, good_answer) {
    const Answerer answerer{path, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}"};
    const auto answer = Client{path}.get_json("/v1/status");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->at("a"), "b");
}

TEST_F(ClientTest, error_answer_says_its_text_and_its_exit_code) {
    const Answerer answerer{path,
                            "HTTP/1.1 404 Not Found\r\nContent-Length: 43\r\n\r\n"
                            "{\"error\":\"no `x`\",\"code\":\"no_such_target\"}\n"};
    const auto answer = Client{path}.get("/v1/status?target=x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().text, "no `x`");
    EXPECT_EQ(answer.error().exit_code, exit_no_target);
}

TEST_F(ClientTest, answer_that_is_no_keepwells) {
    const Answerer answerer{path, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
    const auto answer = Client{path}.get_json("/v1/status");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().text, "what answers on " + path + " is not a keepwell");
}

TEST_F(ClientTest, keepwell_that_dies_in_the_middle) {
    const Answerer answerer{path, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"a\""};
    const auto answer = Client{path}.get("/v1/status");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().exit_code, exit_not_running);
}

TEST_F(ClientTest, exception_out_of_a_stream_reaches_the_caller) {
    const Answerer answerer{path, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
    EXPECT_THROW(
        static_cast<void>(Client{path}.stream("/", [](std::string_view) -> bool { throw std::runtime_error{"told"}; })),
        std::runtime_error);
}

TEST(Escape, lets_nothing_leave_its_place) { EXPECT_EQ(escape("a/b?c=ü *"), "a%2Fb%3Fc%3D%C3%BC%20*"); }

TEST(Lines, come_whole_however_the_bytes_come) {
    Lines lines;
    std::vector<std::string> taken;
    const auto take = [&](std::string_view line) {
        taken.emplace_back(line);
        return taken.size() < 3;
    };
    EXPECT_TRUE(lines.feed("on", take));
    EXPECT_TRUE(lines.feed("e\n\nth", take));
    EXPECT_FALSE(lines.feed("ree\nfour\n", take));
    EXPECT_EQ(taken, (std::vector<std::string>{"one", "", "three"}));
}

}  // namespace
}  // namespace keepwell::cli
