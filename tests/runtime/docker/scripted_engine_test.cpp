// The scripted engine by itself: what others rely on when they use it for faults.
#include "support/scripted_engine.hpp"

#include "runtime/docker/api_client.hpp"

namespace keepwell::testing {
namespace {

using runtime::Loop;
using runtime::docker::Answer;
using runtime::docker::engine_address;
using runtime::docker::EngineApi;
using runtime::docker::url_encode;

class ScriptedEngines : public ::testing::Test {
  protected:
    Answer get(const std::string& path) { return ask(loop_, api_, "GET", path); }

    Loop loop_;
    ScriptedEngine engine_{loop_};
    EngineApi api_{loop_, engine_address(engine_.host(), false, "")};
};

TEST_F(ScriptedEngines, the_latest_script_that_fits_answers) {
    engine_.on("GET /containers/*/json", Reply::json(200, "any"));
    engine_.on("GET /containers/b/json", Reply::json(200, "b"));
    EXPECT_EQ(get("/containers/a/json").body, "any");
    EXPECT_EQ(get("/containers/b/json").body, "b");
    EXPECT_EQ(get("/containers/a/b/json").status, 404) << "* stands for no slash";
    engine_.on("GET /containers/*/json", Reply::json(200, "new"));
    EXPECT_EQ(get("/containers/b/json").body, "new");
}

TEST_F(ScriptedEngines, what_is_said_once_comes_before_and_in_order) {
    engine_.on("GET /info", Reply::json(200, "always"));
    engine_.once("GET /info", Reply::json(200, "first"));
    engine_.once("* /info", Reply::error(500, "second"));
    EXPECT_EQ(get("/info").body, "first");
    EXPECT_EQ(get("/info").error, "second");
    EXPECT_EQ(get("/info").body, "always");
}

TEST_F(ScriptedEngines, an_answer_may_be_worked_out) {
    engine_.on("GET /containers/*/json", [](const ScriptedEngine::Request& request) {
        return Reply::json(200, request.path + ' ' + request.parameter("size"));
    });
    EXPECT_EQ(get("/containers/a/json?size=1").body, "/containers/a/json 1");
}

TEST_F(ScriptedEngines, requests_are_recorded) {
    engine_.on("POST /containers/create", Reply::json(201, "{}"));
    const std::string filters = R"({"label":["a=b c"]})";
    get("/containers/json?all=1&filters=" + url_encode(filters) + "&empty=");
    ask(loop_, api_, "POST", "/containers/create?name=x", "{\"Image\":\"y\"}");
    const auto list = engine_.last("GET /containers/json");
    EXPECT_EQ(list.version, "1.41");
    EXPECT_EQ(list.parameter("all"), "1");
    EXPECT_EQ(list.parameter("filters"), filters);
    EXPECT_EQ(list.parameter("empty"), "");
    EXPECT_EQ(list.parameter("none"), "");
    EXPECT_EQ(list.header("user-agent"), "keepwell");
    EXPECT_EQ(list.header("none"), "");
    EXPECT_EQ(list.connection, 1u);
    EXPECT_EQ(engine_.last("POST /containers/*").body, "{\"Image\":\"y\"}");
    EXPECT_EQ(engine_.last("POST /containers/*").connection, 2u);
    EXPECT_EQ(engine_.last("DELETE /containers/*").method, "");
    EXPECT_EQ(engine_.count("* /containers/*"), 2u);
}

TEST_F(ScriptedEngines, what_nobody_named_is_not_found) {
    const Answer answer = get("/containers/a/json");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.error, "page not found");
    EXPECT_EQ(engine_.unscripted(), (std::vector<std::string>{"GET /containers/a/json"}));
    EXPECT_EQ(get("/version").body,
              R"({"Version":"0.0","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"})");
    EXPECT_EQ(engine_.unscripted().size(), 1u);
}

TEST_F(ScriptedEngines, gates_and_feeds_are_shared_by_their_copies) {
    const Gate gate;
    Gate copy = gate;
    const Feed feed;
    Feed same = feed;
    engine_.on("GET /events", Reply::chunked(200).follow(feed).before(gate));
    Told told;
    auto stream = api_.stream("GET", "/events", "", false, told.handlers());
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("GET /events") == 1; }));
    settle(loop_);
    EXPECT_EQ(told.opened, 0);
    EXPECT_FALSE(gate.is_open());
    copy.open();
    EXPECT_TRUE(gate.is_open());
    ASSERT_TRUE(await(loop_, [&] { return told.opened == 1 && feed.readers() == 1; }));
    same.send("x");
    same.end();
    ASSERT_TRUE(await(loop_, [&] { return told.ended == 1; }));
    EXPECT_EQ(told.data, "x");
    EXPECT_EQ(feed.readers(), 0u);
}

TEST_F(ScriptedEngines, gone_and_back_it_keeps_its_scripts) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(get("/info").ok());
    engine_.vanish();
    EXPECT_EQ(engine_.open_connections(), 0u);
    EXPECT_FALSE(get("/info").ok());
    engine_.start();
    EXPECT_TRUE(get("/info").ok());
    EXPECT_EQ(engine_.connections(), 2u);
}

}  // namespace
}  // namespace keepwell::testing
