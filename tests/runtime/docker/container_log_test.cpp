// A container's log on an engine that says what a test wants: frames and none, the end, another life, a broken
// connection, an engine that can not read it.
#include "runtime/docker/commands/container_log.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "runtime/docker/made_up.hpp"
#include "runtime/docker/watch/engine_event.hpp"
#include "support/await.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::runtime::docker {
namespace {

using testing::await;
using testing::Feed;
using testing::Reply;
using testing::ScriptedEngine;
using testing::settle;
using State = ContainerLog::State;

std::string frame(char channel, const std::string& text) {
    return std::string{channel, 0, 0, 0, 0, 0, 0, static_cast<char>(text.size())} + text;
}

class ContainerLogTest : public ::testing::Test {
  protected:
    ContainerLogTest() {
        engine.on("GET /containers/*/json", Reply::json(200, R"({"Config":{"Tty":false}})"));
        engine.on("GET /containers/*/logs", Reply::chunked(200).follow(feed));
    }
    void begin(bool follow, std::uint64_t lines = 5) {
        log.emplace(
            loop, api, [this]() -> const Seen* { return web ? &*web : nullptr; }, ContainerLog::Wanted{lines, follow},
            [this] { read += log->read(); });
    }
    void begin_and_open(bool follow) {
        begin(follow);
        ASSERT_TRUE(await(loop, [&] { return log->state() == State::open && feed.readers() == 1; }));
    }
    bool comes(const std::string& text) {
        return await(loop, [&] { return read == text; });
    }

    Loop loop;
    ScriptedEngine engine{loop};
    EngineApi api{loop, engine_address(engine.host(), false, "")};
    Feed feed;
    std::optional<Seen> web = container('a', "web");
    std::string read;
    std::optional<ContainerLog> log;
};

TEST_F(ContainerLogTest, both_streams_come_without_their_frames_and_with_the_last_one_it_ends) {
    begin_and_open(false);
    feed.send(frame(1, "to stdout\n") + frame(2, "to stderr\n"));
    EXPECT_TRUE(comes("to stdout\nto stderr\n"));
    feed.end();
    EXPECT_TRUE(await(loop, [&] { return log->state() == State::ended; }));
    EXPECT_EQ(engine.last("GET /containers/*/logs").query, "stdout=1&stderr=1&tail=5");
}

TEST_F(ContainerLogTest, a_terminals_has_no_frames) {
    engine.on("GET /containers/*/json", Reply::json(200, R"({"Config":{"Tty":true}})"));
    begin_and_open(false);
    feed.send("said\r\n");
    EXPECT_TRUE(comes("said\r\n"));
}

TEST_F(ContainerLogTest, followed_it_goes_on_with_the_next_life_and_with_the_container_that_replaces_it) {
    begin_and_open(true);
    feed.send(frame(1, "first\n"));
    feed.end();
    EXPECT_TRUE(comes("first\n"));
    web = started(*web, second(60));
    ASSERT_TRUE(await(loop, [&] { return feed.readers() == 1; }));
    EXPECT_EQ(engine.last("GET /containers/*/logs").query,
              "stdout=1&stderr=1&since=" + unix_time(second(60)) + "&follow=1");
    feed.send(frame(1, "second\n"));
    feed.end();
    EXPECT_TRUE(comes("first\nsecond\n"));
    web = container('b', "web", second(90));
    ASSERT_TRUE(await(loop, [&] { return feed.readers() == 1; }));
    EXPECT_EQ(engine.last("GET /containers/*/logs").path, "/containers/" + full_id('b') + "/logs");
}

TEST_F(ContainerLogTest, followed_it_goes_on_where_the_connection_broke) {
    begin_and_open(true);
    feed.break_off();
    ASSERT_TRUE(await(loop, [&] { return engine.count("GET /containers/*/logs") == 2 && feed.readers() == 1; }));
    feed.send(frame(1, "again\n"));
    EXPECT_TRUE(comes("again\n"));
    EXPECT_EQ(log->state(), State::open);
}

TEST_F(ContainerLogTest, an_engine_that_can_not_read_it_says_why) {
    engine.on("GET /containers/*/logs", Reply::error(501, "configured logging driver does not support reading"));
    begin(true);
    EXPECT_TRUE(await(loop, [&] { return log->state() == State::failed; }));
    EXPECT_EQ(log->failure(), "configured logging driver does not support reading");
}

TEST_F(ContainerLogTest, without_an_engine_or_a_container_that_is_said) {
    engine.stop();
    begin(false);
    EXPECT_TRUE(await(loop, [&] { return log->state() == State::failed; }));
    EXPECT_NE(log->failure(), "");
    web.reset();
    begin(false);
    EXPECT_TRUE(await(loop, [&] { return log->state() == State::failed; }));
    EXPECT_EQ(log->failure(), "it has no container at the moment");
}

TEST_F(ContainerLogTest, one_that_ends_in_the_middle_calls_nobody) {
    begin_and_open(true);
    log.reset();
    feed.send(frame(1, "x"));
    settle(loop);
    EXPECT_EQ(read, "");
}

}  // namespace
}  // namespace keepwell::runtime::docker
