// The client of the Engine API over tcp://: by name, and with certificates on both sides.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "runtime/docker/api_client.hpp"
#include "support/folder.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::testing {
namespace {

using runtime::Loop;
using runtime::docker::Answer;
using runtime::docker::engine_address;
using runtime::docker::EngineAddress;
using runtime::docker::EngineApi;

/// tcp_gate.py before the engine's socket.
class TcpGate {
  public:
    explicit TcpGate(std::vector<std::string> args) {
        int ends[2];
        if (::pipe(ends) != 0) return;
        pid_ = ::fork();
        if (pid_ == 0) {
            args.insert(args.begin(), {"python3", KEEPWELL_TCP_GATE});
            std::vector<char*> words;
            for (auto& arg : args) words.push_back(arg.data());
            words.push_back(nullptr);
            ::dup2(ends[1], 1);
            ::close(ends[0]);
            ::execvp(words[0], words.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) port_ += c;
        ::close(ends[0]);
    }
    ~TcpGate() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    TcpGate(const TcpGate&) = delete;
    TcpGate& operator=(const TcpGate&) = delete;

    std::string host(const std::string& name) const { return "tcp://" + name + ':' + port_; }
    /// "name:PORT", as it stands in errors.
    std::string place(const std::string& name) const { return name + ':' + port_; }

  private:
    pid_t pid_ = -1;
    std::string port_;
};

/// An authority, the engine's certificate for localhost, and a client's folder as DOCKER_CERT_PATH wants it; beside it
/// the folder of a client whom another authority vouches for.
class Papers {
  public:
    Papers() {
        const std::string script =
            "set -e; cd " + folder_.path() +
            "; authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
            " -subj /CN=$1 -keyout $1.key -out $1.pem; }"
            "; signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$2 -keyout "
            "$2.key"
            " -out $2.csr; printf 'subjectAltName=DNS:localhost\\n' > $2.ext; openssl x509 -req -in $2.csr -CA $1.pem"
            " -CAkey $1.key -CAcreateserial -days 2 -extfile $2.ext -out $2.pem; }"
            "; authority ours; authority theirs; signed ours engine; signed ours me; signed theirs stranger"
            "; mkdir client intruder"
            "; cp ours.pem client/ca.pem; cp me.pem client/cert.pem; cp me.key client/key.pem"
            "; cp ours.pem intruder/ca.pem; cp stranger.pem intruder/cert.pem; cp stranger.key intruder/key.pem";
        made_ = std::system(("( " + script + " ) > " + (folder_ / "log") + " 2>&1").c_str()) == 0;
    }

    bool made() const { return made_; }
    std::string file(const std::string& name) const { return folder_ / name; }

  private:
    Folder folder_;
    bool made_ = false;
};

class EngineOverTcp : public ::testing::Test {
  protected:
    EngineOverTcp() { engine_.on("GET /info", Reply::json(200, "{}")); }

    Loop loop_;
    ScriptedEngine engine_{loop_};
};

TEST_F(EngineOverTcp, an_address_is_connected_to) {
    const TcpGate gate{{engine_.socket()}};
    EngineApi api{loop_, engine_address(gate.host("127.0.0.1"), false, "")};
    for (int i = 0; i < 5; ++i) EXPECT_ANSWER(ask(loop_, api, "GET", "/info"), 200, "{}");
    EXPECT_EQ(engine_.last("GET /info").header("host"), gate.place("127.0.0.1"));
    EXPECT_EQ(engine_.connections(), 1u);
}

TEST_F(EngineOverTcp, a_name_is_looked_up) {
    const TcpGate gate{{engine_.socket()}};
    EngineApi api{loop_, engine_address(gate.host("localhost"), false, "")};
    for (int i = 0; i < 5; ++i) EXPECT_ANSWER(ask(loop_, api, "GET", "/info"), 200, "{}");
    EXPECT_EQ(engine_.last("GET /info").header("host"), gate.place("localhost"));
    EXPECT_EQ(engine_.connections(), 1u);
    EngineAddress pinned = engine_address(gate.host("localhost"), false, "");
    pinned.pinned_version = "1.40";
    EngineApi other{loop_, pinned};
    EXPECT_TRUE(ask(loop_, other, "GET", "/info").ok());
    EXPECT_EQ(engine_.last("GET /info").version, "1.40");
}

TEST_F(EngineOverTcp, a_name_that_nobody_knows_is_unreachable) {
    EngineApi api{loop_, engine_address("tcp://no-such-engine.invalid", false, "")};
    for (int i = 0; i < 2; ++i) {
        const Answer answer = ask(loop_, api, "GET", "/info");
        EXPECT_EQ(answer.end, Answer::End::unreachable);
        EXPECT_TRUE(answer.error.ends_with(" (no-such-engine.invalid:2375)")) << answer.error;
    }
}

TEST_F(EngineOverTcp, the_client_may_be_destroyed_by_a_name_that_nobody_knows) {
    auto api = std::make_unique<EngineApi>(loop_, engine_address("tcp://no-such-engine.invalid", false, ""));
    ask(loop_, *api, "GET", "/info");
    int answers = 0;
    for (int i = 0; i < 2; ++i) {
        api->call("GET", "/info", "", std::chrono::seconds{20}, [&](const Answer&) {
            ++answers;
            api.reset();
        });
    }
    EXPECT_TRUE(await(loop_, [&] { return api == nullptr; }));
    settle(loop_);
    EXPECT_EQ(answers, 1);
}

TEST_F(EngineOverTcp, a_port_that_is_closed_is_unreachable) {
    std::string place;
    {
        const TcpGate gate{{engine_.socket()}};
        place = gate.place("localhost");
    }
    EngineApi api{loop_, engine_address("tcp://" + place, false, "")};
    EXPECT_NO_ANSWER(ask(loop_, api, "GET", "/info"), unreachable, "connection refused (" + place + ")");
}

TEST_F(EngineOverTcp, certificates_open_the_door_on_both_sides) {
    if (std::system("command -v openssl >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "NOT TESTED: the openssl program is not installed, so that there are no certificates";
    }
    const Papers papers;
    ASSERT_TRUE(papers.made());
    const TcpGate gate{
        {engine_.socket(), papers.file("engine.pem"), papers.file("engine.key"), papers.file("ours.pem")}};
    const std::string host = gate.host("localhost");
    const std::string client = papers.file("client");

    EngineApi api{loop_, engine_address(host, true, client)};
    for (int i = 0; i < 3; ++i) EXPECT_ANSWER(ask(loop_, api, "GET", "/info"), 200, "{}");
    EXPECT_EQ(engine_.connections(), 1u);
    Feed feed;
    Told told;
    engine_.on("GET /events", Reply::chunked(200).follow(feed));
    const auto stream = api.stream("GET", "/events", "", false, told.handlers());
    ASSERT_TRUE(await(loop_, [&] { return feed.readers() == 1; }));
    feed.send("{}\n");
    EXPECT_TRUE(await(loop_, [&] { return told.data == "{}\n"; }));

    // Whoever is asked must be who the certificate says, and be vouched for.
    EngineApi misnamed{loop_, engine_address(gate.host("127.0.0.1"), true, client)};
    EXPECT_NO_ANSWER(ask(loop_, misnamed, "GET", "/info"), unreachable,
                     "SSL: no alternative certificate subject name matches target host name '127.0.0.1' (" +
                         gate.place("127.0.0.1") + ")");
    EngineAddress trusting_others = engine_address(host, true, client);
    trusting_others.ca = papers.file("theirs.pem");
    EngineApi doubting{loop_, trusting_others};
    EXPECT_EQ(ask(loop_, doubting, "GET", "/info").end, Answer::End::unreachable);
    EngineApi careless{loop_, engine_address(gate.host("127.0.0.1"), false, client)};
    EXPECT_TRUE(ask(loop_, careless, "GET", "/info").ok());

    // And so must we.
    const auto asked = engine_.requests().size();
    EngineApi intruder{loop_, engine_address(host, true, papers.file("intruder"))};
    EXPECT_EQ(ask(loop_, intruder, "GET", "/info").end, Answer::End::unreachable);
    EngineApi nobody{loop_, engine_address(host, false, "")};
    EXPECT_EQ(ask(loop_, nobody, "GET", "/info").end, Answer::End::unreachable);
    EXPECT_EQ(engine_.requests().size(), asked);
}

TEST_F(EngineOverTcp, files_that_are_no_certificates_are_named) {
    const Folder folder;
    for (const char* name : {"ca.pem", "cert.pem", "key.pem"}) {
        put_content(folder / name, "none\n");
    }
    const TcpGate gate{{engine_.socket()}};
    EngineApi api{loop_, engine_address(gate.host("localhost"), true, folder.path())};
    const Answer answer = ask(loop_, api, "GET", "/info");
    EXPECT_EQ(answer.end, Answer::End::unreachable);
    EXPECT_NE(answer.error.find(folder / "c"), std::string::npos) << answer.error;
}

}  // namespace
}  // namespace keepwell::testing
