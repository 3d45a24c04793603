// Streams of the Engine API's client, on an engine that says what the test wants.
#include "runtime/docker/api_client.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::testing {
namespace {

using runtime::Loop;
using runtime::docker::Answer;
using runtime::docker::engine_address;
using runtime::docker::EngineApi;
using namespace std::chrono_literals;

class EngineStreams : public ::testing::Test {
  protected:
    std::unique_ptr<EngineApi::Stream> events() { return api_->stream("GET", "/events", "", false, told_.handlers()); }
    [[nodiscard]] bool opened() {
        return await(loop_, [&] { return told_.opened == 1 && feed_.readers() == 1; });
    }
    [[nodiscard]] bool ended() {
        return await(loop_, [&] { return told_.ended == 1; });
    }

    Loop loop_;
    ScriptedEngine engine_{loop_};
    Feed feed_;
    std::unique_ptr<EngineApi> api_ = std::make_unique<EngineApi>(loop_, engine_address(engine_.host(), false, ""));
    Told told_;
};

TEST_F(EngineStreams, it_opens_tells_what_comes_and_ends) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    const auto stream = events();
    ASSERT_TRUE(opened());
    EXPECT_EQ(told_.data, "");
    feed_.send("{\"a\":1}\n{\"b\"");
    ASSERT_TRUE(await(loop_, [&] { return told_.data == "{\"a\":1}\n{\"b\""; }));
    feed_.send(":2}\n");
    ASSERT_TRUE(await(loop_, [&] { return told_.data == "{\"a\":1}\n{\"b\":2}\n"; }));
    EXPECT_EQ(told_.ended, 0);
    feed_.end();
    ASSERT_TRUE(ended());
    EXPECT_ANSWER(told_.end, 200, "");
    EXPECT_EQ(told_.end.error, "");
    EXPECT_EQ(engine_.last("GET /events").version, "1.41");
}

TEST_F(EngineStreams, calls_go_on_beside_it_on_another_connection) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    engine_.on("GET /info", Reply::json(200, "{}"));
    const auto stream = events();
    ASSERT_TRUE(opened());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(loop_, *api_, "GET", "/info").ok());
    EXPECT_EQ(engine_.connections(), 2u);
    feed_.send("x");
    EXPECT_TRUE(await(loop_, [&] { return told_.data == "x"; }));
}

TEST_F(EngineStreams, a_large_piece_comes_whole_and_in_order) {
    std::string large;
    while (large.size() < 5'000'000) large += std::to_string(large.size()) + ' ';
    engine_.on("GET /containers/a/logs", Reply::chunked(200).chunk(large).chunk("end").end());
    const auto stream = api_->stream("GET", "/containers/a/logs?stdout=1", "", false, told_.handlers());
    ASSERT_TRUE(ended());
    EXPECT_TRUE(told_.data == large + "end");
    EXPECT_GT(told_.pieces, 1u);
}

TEST_F(EngineStreams, an_answer_that_is_whole_at_once_is_told_in_order) {
    engine_.on("GET /events", Reply::json(200, "{}"));
    const auto stream = events();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 1);
    EXPECT_EQ(told_.data, "{}");
    EXPECT_ANSWER(told_.end, 200, "");
}

TEST_F(EngineStreams, an_answer_without_a_body_opens_and_ends) {
    engine_.on("GET /events", Reply::empty(204));
    const auto stream = events();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 1);
    EXPECT_EQ(told_.pieces, 0u);
    EXPECT_ANSWER(told_.end, 204, "");
}

TEST_F(EngineStreams, an_error_ends_it_with_its_message) {
    engine_.on("GET /events", Reply::error(400, "invalid filter 'x'"));
    const auto stream = events();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 0);
    EXPECT_EQ(told_.data, "");
    EXPECT_ANSWER(told_.end, 400, "{\"message\":\"invalid filter 'x'\"}\n");
    EXPECT_EQ(told_.end.error, "invalid filter 'x'");
}

TEST_F(EngineStreams, an_error_without_an_end_is_cut) {
    Reply reply = Reply::chunked(500);
    for (int i = 0; i < 100; ++i) reply = std::move(reply).chunk(std::string(10'000, 'x'));
    engine_.on("GET /events", std::move(reply).end());
    const auto stream = events();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.end.status, 500);
    EXPECT_EQ(told_.end.body.size(), 64u * 1024);
    EXPECT_EQ(told_.end.error.size(), 2048u);
}

TEST_F(EngineStreams, a_connection_that_breaks_ends_it) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    const auto stream = events();
    ASSERT_TRUE(opened());
    feed_.send("{");
    feed_.break_off();
    ASSERT_TRUE(ended());
    EXPECT_NO_ANSWER(told_.end, unreachable,
                     "transfer closed with outstanding read data remaining (" + engine_.socket() + ")");
}

TEST_F(EngineStreams, an_engine_that_stops_ends_it) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    auto stream = events();
    ASSERT_TRUE(opened());
    engine_.stop();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.end.end, Answer::End::unreachable);
    told_ = {};
    stream = events();
    ASSERT_TRUE(ended());
    EXPECT_NO_ANSWER(told_.end, unreachable, "connection refused (" + engine_.socket() + ")");
    EXPECT_EQ(told_.opened, 0);
}

TEST_F(EngineStreams, it_is_never_sent_twice) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    ask(loop_, *api_, "GET", "/info");
    engine_.on("GET /events", Reply::hang_up());
    const auto stream = events();
    ASSERT_TRUE(ended());
    EXPECT_NO_ANSWER(told_.end, unreachable, "Empty reply from server (" + engine_.socket() + ")");
    EXPECT_EQ(engine_.count("GET /events"), 1u);
}

TEST_F(EngineStreams, an_interim_answer_does_not_open_it) {
    Gate gate;
    engine_.on("GET /events", Reply::raw("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
                                  .wait(gate)
                                  .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    const auto stream = events();
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("GET /events") == 1; }));
    settle(loop_);
    EXPECT_EQ(told_.opened, 0);
    gate.open();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 1);
    EXPECT_EQ(told_.data, "ok");
}

TEST_F(EngineStreams, an_upgraded_one_is_raw_until_it_is_closed) {
    Gate gate;
    engine_.on("POST /exec/a/start", Reply::upgraded().bytes("first").wait(gate).bytes(" second").close());
    const auto stream =
        api_->stream("POST", "/exec/a/start", R"({"Detach":false,"Tty":false})", true, told_.handlers());
    ASSERT_TRUE(await(loop_, [&] { return told_.data == "first"; }));
    EXPECT_EQ(told_.opened, 1);
    gate.open();
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.data, "first second");
    EXPECT_EQ(told_.end.end, Answer::End::answered);
    EXPECT_EQ(told_.end.status, 101);
    EXPECT_EQ(told_.end.error, "");
    const auto request = engine_.last("POST /exec/a/start");
    EXPECT_EQ(request.header("connection"), "Upgrade");
    EXPECT_EQ(request.header("upgrade"), "tcp");
    EXPECT_EQ(request.header("content-type"), "application/json");
    EXPECT_EQ(request.body, R"({"Detach":false,"Tty":false})");
}

TEST_F(EngineStreams, an_upgraded_one_without_output_ends) {
    engine_.on("POST /exec/a/start", Reply::upgraded().close());
    const auto stream = api_->stream("POST", "/exec/a/start", "{}", true, told_.handlers());
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 1);
    EXPECT_ANSWER(told_.end, 101, "");
}

TEST_F(EngineStreams, an_upgrade_that_is_refused_is_an_error) {
    engine_.on("POST /exec/a/start", Reply::error(409, "Container a is paused, unpause the container before exec"));
    const auto stream = api_->stream("POST", "/exec/a/start", "{}", true, told_.handlers());
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.opened, 0);
    EXPECT_EQ(told_.end.status, 409);
    EXPECT_EQ(told_.end.error, "Container a is paused, unpause the container before exec");
}

TEST_F(EngineStreams, an_upgrade_that_is_ignored_is_raw_as_well) {
    engine_.on("POST /exec/a/start",
               Reply::until_close(200, "application/vnd.docker.raw-stream").bytes("output").close());
    const auto stream = api_->stream("POST", "/exec/a/start", "{}", true, told_.handlers());
    ASSERT_TRUE(ended());
    EXPECT_EQ(told_.data, "output");
    EXPECT_ANSWER(told_.end, 200, "");
}

TEST_F(EngineStreams, it_waits_for_the_version) {
    Gate gate;
    engine_.once("HEAD /_ping", Reply::empty(200).before(gate));
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    const auto stream = events();
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("HEAD /_ping") == 1; }));
    EXPECT_EQ(engine_.count("GET /events"), 0u);
    gate.open();
    EXPECT_TRUE(opened());
}

TEST_F(EngineStreams, a_version_that_is_refused_is_asked_for_again) {
    engine_.versions("1.44", "1.24");
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    ask(loop_, *api_, "GET", "/info");
    engine_.versions("1.41", "1.24");
    const auto stream = events();
    ASSERT_TRUE(opened());
    EXPECT_EQ(told_.ended, 0);
    EXPECT_EQ(engine_.last("GET /events").version, "1.41");
}

TEST_F(EngineStreams, destroyed_it_says_nothing_and_closes_its_connection) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    auto stream = events();
    ASSERT_TRUE(opened());
    feed_.send("not heard");
    stream.reset();
    EXPECT_TRUE(await(loop_, [&] { return feed_.readers() == 0; }));
    settle(loop_);
    EXPECT_EQ(told_.data, "");
    EXPECT_EQ(told_.ended, 0);
    stream = events();  // while it waits for nothing yet
    stream.reset();
    settle(loop_);
    EXPECT_EQ(told_.ended, 0);
}

TEST_F(EngineStreams, destroyed_before_the_version_is_known_it_is_not_sent) {
    Gate gate;
    engine_.once("HEAD /_ping", Reply::empty(200).before(gate));
    auto stream = events();
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("HEAD /_ping") == 1; }));
    stream.reset();
    gate.open();
    EXPECT_TRUE(await(loop_, [&] { return api_->version() == "1.41"; }));
    settle(loop_);
    EXPECT_EQ(engine_.count("GET /events"), 0u);
}

TEST_F(EngineStreams, each_handler_may_destroy_it) {
    engine_.on("GET /events", Reply::chunked(200).chunk("a").follow(feed_));
    engine_.on("GET /short", Reply::json(200, "{}"));
    std::string told;
    std::unique_ptr<EngineApi::Stream> stream;
    const auto note = [&](const char* what, const char* last) {
        told += what;
        if (what == std::string{last}) stream.reset();
    };
    for (const char* last : {"opened ", "data ", "ended "}) {
        const std::string path = last == std::string{"ended "} ? "/short" : "/events";
        told.clear();
        stream = api_->stream("GET", path, "", false,
                              {[&, last] { note("opened ", last); }, [&, last](auto) { note("data ", last); },
                               [&, last](const Answer&) { note("ended ", last); }});
        ASSERT_TRUE(await(loop_, [&] { return stream == nullptr; })) << last;
        ASSERT_TRUE(await(loop_, [&] { return feed_.readers() == 0; })) << last;
        settle(loop_);
        EXPECT_EQ(told, std::string{"opened data ended "}.substr(0, told.size()));
        EXPECT_TRUE(told.ends_with(last)) << told;
    }
}

TEST_F(EngineStreams, each_handler_may_end_the_client) {
    engine_.on("GET /events", Reply::chunked(200).chunk("a").end());
    for (const std::string last : {"opened ", "data ", "ended "}) {
        std::string told;
        api_ = std::make_unique<EngineApi>(loop_, engine_address(engine_.host(), false, ""));
        const auto note = [&](const std::string& what) {
            told += what;
            if (what == last) api_.reset();
        };
        const auto stream = api_->stream(
            "GET", "/events", "", false,
            {[&] { note("opened "); }, [&](auto) { note("data "); }, [&](const Answer&) { note("ended "); }});
        ASSERT_TRUE(await(loop_, [&] { return api_ == nullptr; })) << last;
        ASSERT_TRUE(await(loop_, [&] { return engine_.open_connections() == 0; })) << last;
        settle(loop_);
        EXPECT_EQ(told, std::string{"opened data ended "}.substr(0, told.size()));
        EXPECT_TRUE(told.ends_with(last)) << told;
    }
}

TEST_F(EngineStreams, one_handler_may_destroy_another_stream) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    Told other;
    std::unique_ptr<EngineApi::Stream> second;
    auto handlers = told_.handlers();
    handlers.data = [&](std::string_view) { second.reset(); };
    const auto first = api_->stream("GET", "/events", "", false, std::move(handlers));
    second = api_->stream("GET", "/events", "", false, other.handlers());
    ASSERT_TRUE(await(loop_, [&] { return feed_.readers() == 2; }));
    feed_.send("x");
    EXPECT_TRUE(await(loop_, [&] { return feed_.readers() == 1; }));
    EXPECT_EQ(other.ended, 0);
}

TEST_F(EngineStreams, a_handler_may_call_and_open_others) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    engine_.on("GET /containers/json", Reply::json(200, "[]"));
    std::string list;
    std::unique_ptr<EngineApi::Stream> second;
    Told other;
    auto handlers = told_.handlers();
    handlers.opened = [&] {  // subscribed first, listed then
        api_->call("GET", "/containers/json", "", 20s, [&](const Answer& answer) { list = answer.body; });
        second = api_->stream("GET", "/events", "", false, other.handlers());
    };
    const auto first = api_->stream("GET", "/events", "", false, std::move(handlers));
    EXPECT_TRUE(await(loop_, [&] { return list == "[]" && other.opened == 1; }));
}

TEST_F(EngineStreams, it_may_outlive_the_client_in_silence) {
    engine_.on("GET /events", Reply::chunked(200).follow(feed_));
    auto stream = events();
    ASSERT_TRUE(opened());
    api_.reset();
    EXPECT_TRUE(await(loop_, [&] { return engine_.open_connections() == 0; }));
    EXPECT_EQ(told_.ended, 0);
    stream.reset();
}

TEST_F(EngineStreams, handlers_may_be_left_out) {
    engine_.on("GET /events", Reply::chunked(200).chunk("x").end());
    const auto stream = api_->stream("GET", "/events", "", false, {});
    EXPECT_TRUE(await(loop_, [&] { return engine_.count("GET /events") == 1 && engine_.open_connections() <= 1; }));
}

TEST_F(EngineStreams, an_address_that_cannot_be_used_ends_it) {
    EngineApi nowhere{loop_, engine_address("npipe:////./pipe/docker_engine", false, "")};
    const auto stream = nowhere.stream("GET", "/events", "", false, told_.handlers());
    EXPECT_EQ(told_.ended, 0) << "never inside stream()";
    ASSERT_TRUE(ended());
    EXPECT_NO_ANSWER(told_.end, unreachable,
                     "DOCKER_HOST `npipe:////./pipe/docker_engine`: keepwell reaches an engine by unix:///PATH or "
                     "tcp://HOST:PORT only");
}

}  // namespace
}  // namespace keepwell::testing
