// The client of the Engine API on a real engine: what it does to a container, what it says of one that is not there,
// and its three kinds of streams.
#include <nlohmann/json.hpp>

#include "runtime/docker/api/frames.hpp"
#include "runtime/docker/api/json_lines.hpp"
#include "runtime/docker/api_client.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {
namespace {

using runtime::Loop;
using runtime::docker::Answer;
using runtime::docker::engine_address;
using runtime::docker::EngineApi;
using runtime::docker::FrameOutput;
using runtime::docker::Framing;
using runtime::docker::JsonLines;
using runtime::docker::url_encode;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* image = "keepwell-test/busybox";

class RealEngine : public ::testing::Test {
  protected:
    Answer ask(std::string_view method, const std::string& path, const std::string& body = {}) {
        return testing::ask(loop_, api_, method, path, body);
    }
    Json read(const std::string& path) { return Json::parse(ask("GET", path).body); }

    /// The id of a container that was created, and is removed with the sandbox.
    std::string create(const Json& command) {
        const Json body{{"Image", image}, {"Cmd", command}, {"Labels", {{"keepwell.test", sandbox_.prefix()}}}};
        const Answer answer = ask("POST", "/containers/create?name=" + sandbox_.name("it"), body.dump());
        EXPECT_EQ(answer.status, 201) << answer.error;
        return Json::parse(answer.body).at("Id");
    }
    std::string running() {
        const std::string id = create({"sleep", "1000"});
        EXPECT_ANSWER(ask("POST", "/containers/" + id + "/start"), 204, "");
        return id;
    }

    Loop loop_;
    EngineApi api_{loop_, engine_address(docker_host(), false, "")};
    Sandbox sandbox_;
};

TEST_F(RealEngine, its_version_is_negotiated) {
    EXPECT_ANSWER(ask("GET", "/_ping"), 200, "OK");
    EXPECT_TRUE(api_.at_least(1, 40));
    EXPECT_LE(api_.version().size(), 4u);
    const Json version = read("/version");
    EXPECT_EQ(api_.version(), std::min(version.at("ApiVersion").get<std::string>(), std::string{"1.54"}));
}

TEST_F(RealEngine, a_container_is_created_started_inspected_stopped_and_removed) {
    const std::string id = create({"sleep", "1000"});
    const std::string path = "/containers/" + id;
    EXPECT_EQ(read(path + "/json").at("State").at("Status"), "created");
    EXPECT_ANSWER(ask("POST", path + "/start"), 204, "");
    EXPECT_EQ(read(path + "/json").at("State").at("Status"), "running");
    const Answer again = ask("POST", path + "/start");
    EXPECT_ANSWER(again, 304, "");
    EXPECT_EQ(again.error, "");
    const std::string filters = url_encode(Json{{"label", {sandbox_.label()}}}.dump());
    const Json list = read("/containers/json?all=1&filters=" + filters);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].at("Id"), id);
    EXPECT_EQ(list[0].at("State"), "running");
    EXPECT_EQ(ask("DELETE", path).status, 409);
    EXPECT_ANSWER(ask("POST", path + "/stop?t=0"), 204, "");
    EXPECT_ANSWER(ask("POST", path + "/stop?t=0"), 304, "");
    EXPECT_EQ(read(path + "/json").at("State").at("ExitCode"), 137);
    EXPECT_ANSWER(ask("DELETE", path + "?v=1"), 204, "");
    EXPECT_EQ(ask("DELETE", path + "?v=1").error, "No such container: " + id);
}

TEST_F(RealEngine, its_errors_are_told_as_it_says_them) {
    const Answer missing = ask("GET", "/containers/no-such-container/json");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.error, "No such container: no-such-container");
    const Answer nowhere = ask("GET", "/no/such/path");
    EXPECT_EQ(nowhere.status, 404);
    EXPECT_EQ(nowhere.error, "page not found");
    const std::string id = create({"true"});
    const Answer taken = ask("POST", "/containers/create?name=" + sandbox_.name("it"), Json{{"Image", image}}.dump());
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(taken.error, "Conflict. The container name \"/" + sandbox_.name("it") +
                               "\" is already in use by container \"" + id +
                               "\". You have to remove (or rename) that container to be able to reuse that name.");
    const Answer unknown = ask("POST", "/containers/create", R"({"Image":"no-such-image:1"})");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.error, "No such image: no-such-image:1");
    EXPECT_GE(ask("POST", "/containers/create", "{").status, 400);
    const Answer idle = ask("POST", "/containers/" + id + "/exec", R"({"Cmd":["true"]})");
    EXPECT_EQ(idle.status, 409);
    EXPECT_EQ(idle.error, "Container " + id + " is not running");
}

TEST_F(RealEngine, a_wait_that_takes_long_is_timed_out_and_the_container_lives) {
    const std::string id = running();
    const Answer answer = testing::ask(loop_, api_, "POST", "/containers/" + id + "/wait", {}, 50ms);
    EXPECT_EQ(answer.end, Answer::End::timed_out);
    EXPECT_EQ(read("/containers/" + id + "/json").at("State").at("Running"), true);
}

TEST_F(RealEngine, its_events_are_told_as_they_happen) {
    const std::string filters = url_encode(Json{{"label", {sandbox_.label()}}, {"type", {"container"}}}.dump());
    JsonLines lines;
    std::vector<std::string> actions;
    Told told;
    auto handlers = told.handlers();
    handlers.data = [&](std::string_view piece) {
        lines.feed(piece);
        while (const auto line = lines.next()) actions.push_back(Json::parse(*line).at("Action"));
    };
    const auto stream = api_.stream("GET", "/events?filters=" + filters, "", false, std::move(handlers));
    ASSERT_TRUE(await(loop_, [&] { return told.opened == 1; }));
    const std::string id = running();
    ASSERT_TRUE(ask("DELETE", "/containers/" + id + "?force=1&v=1").ok());
    EXPECT_TRUE(await(loop_, [&] { return !actions.empty() && actions.back() == "destroy"; }));
    EXPECT_EQ(actions, (std::vector<std::string>{"create", "start", "kill", "die", "destroy"}));
    EXPECT_EQ(told.ended, 0);
    EXPECT_EQ(lines.dropped(), 0u);
}

TEST_F(RealEngine, a_replay_of_events_ends) {
    Told told;
    const auto stream = api_.stream("GET", "/events?since=0&until=1", "", false, told.handlers());
    ASSERT_TRUE(await(loop_, [&] { return told.ended == 1; }));
    EXPECT_ANSWER(told.end, 200, "");
}

/// Runs a command in the container by exec; its output, demultiplexed, and its exit code.
struct Ran {
    FrameOutput output{Framing::multiplexed, 100'000};
    Told told;
    Json state;
};

class RealExec : public RealEngine {
  protected:
    Ran run(const std::string& container, const Json& command, bool hijack) {
        Ran ran;
        const Json body{{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", command}};
        const Answer made = ask("POST", "/containers/" + container + "/exec", body.dump());
        EXPECT_EQ(made.status, 201) << made.error;
        const std::string id = Json::parse(made.body).at("Id");
        const auto stream = api_.stream("POST", "/exec/" + id + "/start", R"({"Detach":false,"Tty":false})", hijack,
                                        ran.told.handlers());
        EXPECT_TRUE(await(loop_, [&] { return ran.told.ended == 1; }));
        EXPECT_EQ(ran.told.end.end, Answer::End::answered) << ran.told.end.error;
        EXPECT_EQ(ran.told.end.status, hijack ? 101 : 200);
        ran.output.feed(ran.told.data);
        EXPECT_TRUE(ran.output.decoder().complete());
        EXPECT_TRUE(await(loop_, [&] {  // the code may come a little after the end of the output
            ran.state = read("/exec/" + id + "/json");
            return ran.state.at("Running") == false;
        }));
        return ran;
    }
};

TEST_F(RealExec, both_outputs_of_a_command_are_read) {
    const std::string id = running();
    for (const bool hijack : {true, false}) {
        const Ran ran = run(id, {"sh", "-c", "echo out; echo err >&2; exit 3"}, hijack);
        EXPECT_EQ(ran.output.text().size(), 8u);
        EXPECT_NE(ran.output.text().find("out\n"), std::string::npos);
        EXPECT_NE(ran.output.text().find("err\n"), std::string::npos);
        EXPECT_EQ(ran.state.at("ExitCode"), 3);
    }
}

TEST_F(RealExec, a_command_may_print_nothing) {
    const Ran ran = run(running(), {"true"}, true);
    EXPECT_EQ(ran.told.opened, 1);
    EXPECT_EQ(ran.told.data, "");
    EXPECT_EQ(ran.state.at("ExitCode"), 0);
}

TEST_F(RealExec, a_command_may_print_much) {
    const Ran ran = run(running(), {"sh", "-c", "yes 0123456789abcde | head -n 50000"}, true);
    EXPECT_EQ(ran.output.text().size(), 100'000u);
    EXPECT_EQ(ran.output.dropped(), 700'000u);
    EXPECT_EQ(ran.state.at("ExitCode"), 0);
}

TEST_F(RealExec, a_command_that_is_not_there_says_so_in_the_stream) {
    const Ran ran = run(running(), {"/no/such/command"}, true);
    EXPECT_NE(ran.output.text().find("no such file or directory"), std::string::npos) << ran.output.text();
    EXPECT_EQ(ran.state.at("ExitCode").get<int>() / 2, 63) << "126 or 127";
}

TEST_F(RealExec, a_command_lives_on_when_its_stream_is_destroyed) {
    const std::string id = running();
    const Answer made = ask("POST", "/containers/" + id + "/exec",
                            R"({"AttachStdout":true,"Cmd":["sh","-c","echo begun; sleep 1000"]})");
    const std::string exec = Json::parse(made.body).at("Id");
    Told told;
    auto stream =
        api_.stream("POST", "/exec/" + exec + "/start", R"({"Detach":false,"Tty":false})", true, told.handlers());
    ASSERT_TRUE(await(loop_, [&] { return !told.data.empty(); }));
    stream.reset();
    EXPECT_EQ(read("/exec/" + exec + "/json").at("Running"), true);
    EXPECT_EQ(told.ended, 0);
}

TEST_F(RealExec, what_was_logged_is_read_frame_by_frame) {
    const std::string id = create({"sh", "-c", "echo one; echo two >&2; echo three"});
    ASSERT_TRUE(ask("POST", "/containers/" + id + "/start").ok());
    ASSERT_TRUE(ask("POST", "/containers/" + id + "/wait").ok());
    FrameOutput output{Framing::multiplexed, 1000};
    Told told;
    const auto stream =
        api_.stream("GET", "/containers/" + id + "/logs?stdout=1&stderr=1&tail=10", "", false, told.handlers());
    ASSERT_TRUE(await(loop_, [&] { return told.ended == 1; }));
    output.feed(told.data);
    EXPECT_EQ(output.text().size(), 14u) << output.text();
    EXPECT_TRUE(output.decoder().complete());
    EXPECT_EQ(output.engine_error(), "");
}

TEST_F(RealEngine, idempotent_calls_share_a_connection_under_load) {
    const std::string id = running();
    int good = 0;
    for (int i = 0; i < 100; ++i) {
        api_.call("GET", "/containers/" + id + "/json", "", 20s, [&](const Answer& answer) { good += answer.ok(); });
    }
    EXPECT_TRUE(await(loop_, [&] { return good == 100; }));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(ask("GET", "/containers/" + id + "/json").ok());
}

TEST(RealEngineLost, an_engine_that_goes_away_ends_the_stream_and_comes_back_negotiated) {
    if (const auto why = no_private_engine()) GTEST_SKIP() << *why;
    PrivateEngine engine;
    Loop loop;
    EngineApi api{loop, engine_address(engine.host(), false, "")};
    Told told;
    auto stream = api.stream("GET", "/events", "", false, told.handlers());
    ASSERT_TRUE(await(loop, [&] { return told.opened == 1; }));
    ASSERT_TRUE(ask(loop, api, "GET", "/info").ok());
    engine.down("KILL");
    ASSERT_TRUE(await(loop, [&] { return told.ended == 1; }));
    EXPECT_EQ(told.end.end, Answer::End::unreachable);
    EXPECT_NO_ANSWER(ask(loop, api, "GET", "/info"), unreachable, "connection refused (" + engine.socket() + ")");
    api.forget_version();
    engine.up();
    EXPECT_TRUE(ask(loop, api, "GET", "/info").ok()) << "over a connection of its own";
    told = {};
    stream = api.stream("GET", "/events", "", false, told.handlers());
    EXPECT_TRUE(await(loop, [&] { return told.opened == 1; }));
}

}  // namespace
}  // namespace keepwell::testing
