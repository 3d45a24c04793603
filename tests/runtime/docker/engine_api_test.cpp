// Calls of the Engine API's client, on an engine that says what the test wants.
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/docker/api_client.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::testing {
namespace {

using runtime::Loop;
using runtime::docker::Answer;
using runtime::docker::engine_address;
using runtime::docker::EngineAddress;
using runtime::docker::EngineApi;
using namespace std::chrono_literals;

class EngineCalls : public ::testing::Test {
  protected:
    Answer ask(std::string_view method, std::string path, std::string body = {}, Duration timeout = 20s) {
        return testing::ask(loop_, api_, method, std::move(path), std::move(body), timeout);
    }

    Loop loop_;
    ScriptedEngine engine_{loop_};
    EngineApi api_{loop_, engine_address(engine_.host(), false, "")};
};

// ---- the version ------------------------------------------------------------------------------------------------

TEST_F(EngineCalls, the_version_is_asked_for_once_and_stands_before_every_path) {
    engine_.on("GET /containers/json", Reply::json(200, "[]"));
    EXPECT_EQ(api_.version(), "");
    EXPECT_ANSWER(ask("GET", "/containers/json?all=1"), 200, "[]");
    EXPECT_ANSWER(ask("GET", "/containers/json"), 200, "[]");
    EXPECT_EQ(api_.version(), "1.41");
    ASSERT_EQ(engine_.requests().size(), 3u);
    EXPECT_EQ(engine_.requests()[0].method, "HEAD");
    EXPECT_EQ(engine_.requests()[0].path, "/_ping");
    EXPECT_EQ(engine_.requests()[0].version, "");
    EXPECT_EQ(engine_.requests()[1].version, "1.41");
    EXPECT_EQ(engine_.requests()[1].query, "all=1");
    EXPECT_EQ(engine_.requests()[2].version, "1.41");
}

TEST_F(EngineCalls, the_older_of_both_sides_newest_versions_is_spoken) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    const std::pair<const char*, const char*> cases[] = {{"1.40", "1.40"}, {"1.41", "1.41"}, {"1.44", "1.44"},
                                                         {"1.52", "1.52"}, {"1.54", "1.54"}, {"1.60", "1.54"},
                                                         {"2.0", "1.54"}};
    for (const auto& [engine, spoken] : cases) {
        engine_.versions(engine, "1.40");
        api_.forget_version();
        EXPECT_EQ(api_.version(), "");
        EXPECT_TRUE(ask("GET", "/info").ok()) << engine;
        EXPECT_EQ(api_.version(), spoken);
        EXPECT_EQ(engine_.last("GET /info").version, spoken);
    }
    EXPECT_TRUE(engine_.unscripted().empty());
}

TEST_F(EngineCalls, versions_are_compared_as_numbers) {
    engine_.versions("1.44", "1.24");
    EXPECT_FALSE(api_.at_least(1, 24)) << "nothing is known yet";
    ask("GET", "/info");
    EXPECT_TRUE(api_.at_least(1, 44));
    EXPECT_TRUE(api_.at_least(1, 9));
    EXPECT_TRUE(api_.at_least(0, 99));
    EXPECT_FALSE(api_.at_least(1, 45));
    EXPECT_FALSE(api_.at_least(1, 100));
    EXPECT_FALSE(api_.at_least(2, 0));
    api_.forget_version();
    EXPECT_FALSE(api_.at_least(1, 24));
}

TEST_F(EngineCalls, calls_wait_for_the_version_and_go_out_in_their_order) {
    Gate gate;
    engine_.once("HEAD /_ping", Reply::empty(200).before(gate));
    std::vector<std::string> answered;
    for (const char* path : {"/a", "/b", "/c"}) {
        engine_.on("POST " + std::string{path}, Reply::empty(204));
        api_.call("POST", path, "", 20s, [&, path](const Answer& answer) {
            if (answer.is(204)) answered.emplace_back(path);
        });
    }
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("HEAD /_ping") == 1; }));
    settle(loop_);
    EXPECT_EQ(engine_.requests().size(), 1u);
    gate.open();
    ASSERT_TRUE(await(loop_, [&] { return answered.size() == 3; }));
    ASSERT_EQ(engine_.requests().size(), 4u);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(engine_.requests()[i].path, std::string{"/"} + "abc"[i - 1]);
}

TEST_F(EngineCalls, an_engine_that_refuses_head_is_asked_by_get) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    for (const int status : {404, 403, 500}) {
        engine_.once("HEAD /_ping", Reply::empty(status).api_version(""));
        api_.forget_version();
        EXPECT_TRUE(ask("GET", "/info").ok());
        EXPECT_EQ(engine_.last("GET /_ping").path, "/_ping");
    }
    EXPECT_EQ(engine_.count("GET /_ping"), 3u);
}

TEST_F(EngineCalls, a_failing_ping_that_names_a_version_is_enough) {
    engine_.on("* /_ping", Reply::error(500, "layer store is sick"));
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(ask("GET", "/info").ok());
    EXPECT_EQ(api_.version(), "1.41");
}

TEST_F(EngineCalls, an_engine_that_is_too_old_is_said_to_be) {
    engine_.versions("1.39", "1.12");
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                     "the engine speaks API version 1.39; keepwell needs 1.40 or newer (" + engine_.socket() + ")");
    EXPECT_EQ(api_.version(), "");
    engine_.versions("1.40", "1.12");
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(ask("GET", "/info").ok()) << "asked anew by the next call";
}

TEST_F(EngineCalls, what_names_no_version_is_no_engine) {
    engine_.on("* /_ping", Reply::text(200, "OK").api_version(""));
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                     "no Docker Engine answers: it names no API version (" + engine_.socket() + ")");
    engine_.on("* /_ping", Reply::text(403, "<html>\n  Forbidden\n</html>").api_version(""));
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                     "no Docker Engine answers: <html> Forbidden </html> (" + engine_.socket() + ")");
    for (const char* version : {"latest", "1", "1.", ".41", "1.41.2", "-1.41", "1.99999999999999999999", "1.41 "}) {
        engine_.on("* /_ping", Reply::text(200, "OK").api_version(version + std::string{"x"}));
        EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                         "the engine speaks API version " + std::string{version} + "x; keepwell needs 1.40 or newer (" +
                             engine_.socket() + ")");
    }
}

TEST_F(EngineCalls, an_engine_that_was_downgraded_under_us_is_asked_again) {
    engine_.versions("1.44", "1.24");
    ask("GET", "/info");
    engine_.versions("1.41", "1.12");
    engine_.on("POST /containers/create", Reply::json(201, R"({"Id":"a"})"));
    EXPECT_ANSWER(ask("POST", "/containers/create", R"({"Image":"x"})"), 201, R"({"Id":"a"})");
    EXPECT_EQ(api_.version(), "1.41");
    EXPECT_EQ(engine_.count("HEAD /_ping"), 2u);
    EXPECT_EQ(engine_.count("POST /containers/create"), 2u);
    EXPECT_EQ(engine_.last("POST /containers/create").version, "1.41");
    EXPECT_EQ(engine_.last("POST /containers/create").body, R"({"Image":"x"})");
}

TEST_F(EngineCalls, an_engine_that_was_upgraded_under_us_is_asked_again) {
    ask("GET", "/info");
    engine_.versions("1.56", "1.44");
    engine_.on("GET /containers/json", Reply::json(200, "[]"));
    EXPECT_ANSWER(ask("GET", "/containers/json"), 200, "[]");
    EXPECT_EQ(api_.version(), "1.54");
}

TEST_F(EngineCalls, many_calls_of_a_version_that_is_refused_ask_once_for_another) {
    engine_.versions("1.44", "1.24");
    ask("GET", "/info");
    engine_.versions("1.41", "1.12");
    engine_.on("GET /containers/*/json", Reply::json(200, "{}"));
    int good = 0;
    for (int i = 0; i < 10; ++i) {
        api_.call("GET", "/containers/" + std::to_string(i) + "/json", "", 20s,
                  [&](const Answer& answer) { good += answer.ok(); });
    }
    EXPECT_TRUE(await(loop_, [&] { return good == 10; }));
    EXPECT_EQ(engine_.count("HEAD /_ping"), 2u);
    EXPECT_EQ(engine_.count("GET /containers/*/json"), 20u);
}

TEST_F(EngineCalls, an_engine_that_refuses_its_own_version_too_is_believed_the_second_time) {
    const char* text = "client version 1.41 is too new. Maximum supported API version is 1.40";
    engine_.on("GET /info", Reply::error(400, text));
    const Answer answer = ask("GET", "/info");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.error, text);
    EXPECT_EQ(engine_.count("GET /info"), 2u);
}

TEST_F(EngineCalls, another_400_is_an_answer) {
    engine_.on("POST /containers/create", Reply::error(400, "invalid reference format: client version x"));
    EXPECT_EQ(ask("POST", "/containers/create", "{}").error, "invalid reference format: client version x");
    EXPECT_EQ(engine_.count("POST /containers/create"), 1u);
}

TEST_F(EngineCalls, a_pinned_version_is_spoken_without_asking) {
    EngineAddress address = engine_address(engine_.host(), false, "");
    address.pinned_version = "1.40";
    EngineApi pinned{loop_, address};
    EXPECT_EQ(pinned.version(), "1.40");
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(testing::ask(loop_, pinned, "GET", "/info").ok());
    EXPECT_EQ(engine_.last("GET /info").version, "1.40");
    pinned.forget_version();
    EXPECT_EQ(pinned.version(), "1.40");
    engine_.versions("1.56", "1.44");
    EXPECT_EQ(testing::ask(loop_, pinned, "GET", "/info").error,
              "client version 1.40 is too old. Minimum supported API version is 1.44, please upgrade your client to a "
              "newer version");
    EXPECT_EQ(engine_.count("* /_ping"), 0u);
}

// ---- what is sent -----------------------------------------------------------------------------------------------

TEST_F(EngineCalls, a_post_without_a_body_says_that_it_has_none) {
    engine_.on("POST /containers/a/start", Reply::empty(204));
    EXPECT_ANSWER(ask("POST", "/containers/a/start"), 204, "");
    const auto request = engine_.last("POST /containers/a/start");
    EXPECT_EQ(request.header("content-length"), "0");
    EXPECT_EQ(request.header("content-type"), "application/json");
    EXPECT_EQ(request.header("host"), "engine");
    EXPECT_FALSE(request.headers.contains("transfer-encoding"));
    EXPECT_FALSE(request.headers.contains("expect"));
}

TEST_F(EngineCalls, a_large_body_is_sent_at_once_and_whole) {
    engine_.on("POST /images/create", Reply::empty(200));
    std::string body(3'000'000, 'x');
    body[1] = '\0';
    EXPECT_TRUE(ask("POST", "/images/create?fromSrc=-", body).ok());
    const auto request = engine_.last("POST /images/create");
    EXPECT_TRUE(request.body == body);
    EXPECT_EQ(request.header("content-length"), "3000000");
    EXPECT_FALSE(request.headers.contains("transfer-encoding"));
    EXPECT_FALSE(request.headers.contains("expect"));
}

TEST_F(EngineCalls, head_get_and_delete_have_no_body) {
    engine_.on("* /containers/a", Reply::empty(200));
    for (const char* method : {"HEAD", "GET", "DELETE"}) {
        EXPECT_TRUE(ask(method, "/containers/a").ok());
        const auto request = engine_.requests().back();
        EXPECT_EQ(request.method, method);
        EXPECT_FALSE(request.headers.contains("content-length"));
        EXPECT_FALSE(request.headers.contains("content-type"));
    }
}

// ---- connections ------------------------------------------------------------------------------------------------

TEST_F(EngineCalls, idempotent_calls_share_one_connection) {
    engine_.on("* /containers/a", Reply::json(200, "{}"));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(ask("GET", "/containers/a").ok());
    ASSERT_TRUE(ask("DELETE", "/containers/a").ok());
    ASSERT_TRUE(ask("HEAD", "/containers/a").ok());
    EXPECT_EQ(engine_.connections(), 1u);
    EXPECT_EQ(engine_.open_connections(), 1u);
}

TEST_F(EngineCalls, any_other_call_has_a_connection_of_its_own) {
    engine_.on("POST /containers/a/stop", Reply::empty(204));
    ask("POST", "/containers/a/stop");
    ask("POST", "/containers/a/stop");
    EXPECT_EQ(engine_.connections(), 3u);
    EXPECT_TRUE(await(loop_, [&] { return engine_.open_connections() == 1; })) << "only the ping's is kept";
}

TEST_F(EngineCalls, calls_at_the_same_time_do_not_wait_for_each_other) {
    Gate gate;
    engine_.on("GET /slow", Reply::json(200, "{}").before(gate));
    engine_.on("GET /quick", Reply::json(200, "{}"));
    bool slow = false;
    api_.call("GET", "/slow", "", 20s, [&](const Answer&) { slow = true; });
    EXPECT_TRUE(ask("GET", "/quick").ok());
    EXPECT_FALSE(slow);
    gate.open();
    EXPECT_TRUE(await(loop_, [&] { return slow; }));
}

TEST_F(EngineCalls, a_kept_connection_that_was_closed_meanwhile_is_not_used) {
    engine_.on("* /containers/a", Reply::json(200, "{}"));
    ask("GET", "/containers/a");
    settle(loop_);
    engine_.close_idle();
    EXPECT_EQ(engine_.open_connections(), 0u);
    EXPECT_TRUE(ask("GET", "/containers/a").ok());
    EXPECT_EQ(engine_.count("GET /containers/a"), 2u);
    EXPECT_EQ(engine_.connections(), 2u);
}

TEST_F(EngineCalls, a_kept_connection_that_dies_at_the_request_is_replaced_once_for_idempotent_calls) {
    engine_.on("* /containers/a", Reply::json(200, "{}"));
    for (const std::string method : {"GET", "DELETE", "HEAD"}) {
        ask("GET", "/containers/a");
        const auto before = engine_.count(method + " /containers/a");
        engine_.once(method + " /containers/a", Reply::hang_up());
        EXPECT_TRUE(ask(method, "/containers/a").ok()) << method;
        EXPECT_EQ(engine_.count(method + " /containers/a") - before, 2u) << method;
    }
}

TEST_F(EngineCalls, a_call_is_sent_again_only_once) {
    engine_.on("GET /containers/a", Reply::json(200, "{}"));
    ask("GET", "/containers/a");
    engine_.on("GET /containers/a", Reply::hang_up());
    EXPECT_NO_ANSWER(ask("GET", "/containers/a"), unreachable, "Empty reply from server (" + engine_.socket() + ")");
    EXPECT_EQ(engine_.count("GET /containers/a"), 3u);
}

TEST_F(EngineCalls, a_post_is_never_sent_again) {
    engine_.on("GET /containers/a", Reply::json(200, "{}"));
    ask("GET", "/containers/a");
    engine_.on("POST /containers/a/restart", Reply::hang_up());
    EXPECT_NO_ANSWER(ask("POST", "/containers/a/restart?t=10"), unreachable,
                     "Empty reply from server (" + engine_.socket() + ")");
    EXPECT_EQ(engine_.count("POST /containers/a/restart"), 1u);
}

TEST_F(EngineCalls, a_call_on_a_fresh_connection_is_not_sent_again) {
    EngineAddress address = engine_address(engine_.host(), false, "");
    address.pinned_version = "1.41";
    EngineApi fresh{loop_, address};
    engine_.on("GET /info", Reply::hang_up());
    EXPECT_NO_ANSWER(testing::ask(loop_, fresh, "GET", "/info"), unreachable,
                     "Empty reply from server (" + engine_.socket() + ")");
    EXPECT_EQ(engine_.count("GET /info"), 1u);
}

TEST_F(EngineCalls, an_engine_that_died_and_came_back_answers_the_next_call) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(ask("GET", "/info").ok());
    engine_.stop();
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable, "connection refused (" + engine_.socket() + ")");
    api_.forget_version();
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable, "connection refused (" + engine_.socket() + ")");
    engine_.vanish();
    EXPECT_NO_ANSWER(ask("POST", "/info"), unreachable, "no such file or directory (" + engine_.socket() + ")");
    engine_.start();
    EXPECT_TRUE(ask("GET", "/info").ok());
}

TEST_F(EngineCalls, two_hundred_calls_at_once_are_all_answered) {
    engine_.on("GET /containers/*/json", Reply::json(200, std::string(5000, ' ') + "{}"));
    int good = 0;
    for (int i = 0; i < 200; ++i) {
        api_.call("GET", "/containers/" + std::to_string(i) + "/json", "", 20s,
                  [&](const Answer& answer) { good += answer.ok(); });
    }
    EXPECT_TRUE(await(loop_, [&] { return good == 200; })) << good;
    EXPECT_TRUE(await(loop_, [&] { return engine_.open_connections() <= 16; })) << "what is kept is few";
}

// ---- answers ----------------------------------------------------------------------------------------------------

TEST_F(EngineCalls, no_answer_in_time_is_timed_out) {
    engine_.on("POST /containers/a/stop", Reply::silence());
    ask("GET", "/info");
    EXPECT_NO_ANSWER(ask("POST", "/containers/a/stop", "", 20ms), timed_out,
                     "no answer in time (" + engine_.socket() + ")");
    EXPECT_EQ(engine_.count("POST /containers/a/stop"), 1u);
    EXPECT_TRUE(await(loop_, [&] { return engine_.open_connections() == 1; })) << "its connection is closed";
}

TEST_F(EngineCalls, the_time_of_a_call_runs_while_the_version_is_asked_for) {
    Gate gate;
    engine_.on("HEAD /_ping", Reply::empty(200).before(gate));
    engine_.on("GET /info", Reply::json(200, "{}"));
    int patient = 0;
    api_.call("GET", "/info", "", 20s, [&](const Answer& answer) { patient += answer.ok(); });
    EXPECT_NO_ANSWER(ask("GET", "/info", "", 20ms), timed_out, "no answer in time (" + engine_.socket() + ")");
    EXPECT_NO_ANSWER(ask("GET", "/info", "", 10ms), timed_out, "no answer in time (" + engine_.socket() + ")");
    gate.open();
    EXPECT_TRUE(await(loop_, [&] { return patient == 1; }));
    EXPECT_EQ(engine_.count("HEAD /_ping"), 1u);
    EXPECT_EQ(engine_.count("GET /info"), 1u);
}

TEST_F(EngineCalls, a_time_that_is_over_already_is_timed_out) {
    ask("GET", "/info");
    engine_.on("GET /info", Reply::silence());
    EXPECT_EQ(ask("GET", "/info", "", Duration{-5}).end, Answer::End::timed_out);
    EXPECT_EQ(ask("GET", "/info", "", Duration{0}).end, Answer::End::timed_out);
    engine_.on("GET /info", Reply::json(200, "{}"));
    EXPECT_TRUE(ask("GET", "/info", "", Duration::max()).ok());
}

TEST_F(EngineCalls, half_an_answer_is_none) {
    ask("GET", "/info");
    engine_.on("GET /info", Reply::half(R"({"Containers":5})", 7));
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                     "transfer closed with 9 bytes remaining to read (" + engine_.socket() + ")");
    engine_.on("GET /info", Reply::chunked(200).chunk("{\"Containers\"").close());
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable,
                     "transfer closed with outstanding read data remaining (" + engine_.socket() + ")");
    engine_.on("GET /info", Reply::raw("HTTP/1.1 200 OK\r\nContent-Le").close());
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable, "the answer broke off (" + engine_.socket() + ")");
    engine_.on("POST /info", Reply::raw("HTTP/1.1 204 No Content\r\n").close());
    EXPECT_NO_ANSWER(ask("POST", "/info"), unreachable, "the answer broke off (" + engine_.socket() + ")");
}

TEST_F(EngineCalls, half_an_answer_that_goes_on_too_late_is_timed_out) {
    engine_.on("GET /info", Reply::chunked(200).chunk("{").wait(Gate{}));
    EXPECT_NO_ANSWER(ask("GET", "/info", "", 50ms), timed_out, "no answer in time (" + engine_.socket() + ")");
}

TEST_F(EngineCalls, what_speaks_no_http_is_unreachable) {
    ask("GET", "/info");
    engine_.on("GET /info", Reply::raw("+PONG\r\n").close());
    EXPECT_EQ(ask("GET", "/info").end, Answer::End::unreachable);
    engine_.on("GET /info", Reply::raw("HTTP/1.1 200 OK\r\n" + std::string(300 * 1024, 'x')).close());
    EXPECT_EQ(ask("GET", "/info").end, Answer::End::unreachable);
    engine_.on("GET /info", Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n").close());
    EXPECT_EQ(ask("GET", "/info").end, Answer::End::unreachable);
}

TEST_F(EngineCalls, a_304_has_no_body_and_keeps_its_connection) {
    ask("GET", "/info");
    const unsigned before = engine_.connections();
    engine_.on("GET /info", Reply::empty(304));
    const Answer answer = ask("GET", "/info");
    EXPECT_ANSWER(answer, 304, "");
    EXPECT_EQ(answer.error, "");
    EXPECT_TRUE(answer.is(304));
    EXPECT_EQ(ask("GET", "/info").status, 304);
    EXPECT_EQ(engine_.connections(), before);
    engine_.on("POST /containers/a/start", Reply::empty(304));
    EXPECT_TRUE(ask("POST", "/containers/a/start").is(304));
}

TEST_F(EngineCalls, a_chunked_answer_is_one_body) {
    Gate gate;
    engine_.on("GET /containers/a/logs", Reply::chunked(200).chunk("one ").wait(gate).chunk("two").end());
    std::string body;
    api_.call("GET", "/containers/a/logs", "", 20s, [&](const Answer& answer) { body = answer.body; });
    ASSERT_TRUE(await(loop_, [&] { return engine_.count("GET /containers/a/logs") == 1; }));
    gate.open();
    EXPECT_TRUE(await(loop_, [&] { return body == "one two"; }));
}

TEST_F(EngineCalls, an_errors_message_is_one_line) {
    const auto error = [&](Reply reply) {
        engine_.on("GET /info", std::move(reply));
        return ask("GET", "/info").error;
    };
    EXPECT_EQ(error(Reply::error(404, "No such container: a")), "No such container: a");
    EXPECT_EQ(error(Reply::error(500, "driver failed:\nport is\n\n  allocated\n")), "driver failed: port is allocated");
    EXPECT_EQ(error(Reply::json(500, R"({"cause":"that is","message":"","response":500})")), "that is");
    EXPECT_EQ(error(Reply::json(409, R"({"cause":"c","message":"container state improper","response":409})")),
              "container state improper");
    EXPECT_EQ(error(Reply::text(502, "Bad Gateway\n")), "Bad Gateway");
    EXPECT_EQ(error(Reply::text(500, "")), "HTTP 500");
    EXPECT_EQ(error(Reply::json(200, R"({"message":"fine"})")), "");
}

TEST_F(EngineCalls, an_errors_body_is_kept_as_it_is) {
    engine_.on("DELETE /containers/a", Reply::json(409, R"({"message":"is running","more":[1]})"));
    EXPECT_ANSWER(ask("DELETE", "/containers/a?v=1"), 409, R"({"message":"is running","more":[1]})");
}

TEST_F(EngineCalls, a_large_answer_is_read_whole) {
    const std::string large(2'000'000, 'x');
    engine_.on("GET /containers/a/json", Reply::json(200, large));
    EXPECT_TRUE(ask("GET", "/containers/a/json").body == large);
}

TEST_F(EngineCalls, an_answer_without_bounds_is_none) {
    ask("GET", "/info");
    engine_.on("GET /info", Reply::json(200, std::string(runtime::docker::longest_answer + 1, 'x')));
    EXPECT_NO_ANSWER(ask("GET", "/info"), unreachable, "an answer of more than 32 MiB (" + engine_.socket() + ")");
    engine_.on("GET /info", Reply::json(200, std::string(runtime::docker::longest_answer, 'x')));
    EXPECT_EQ(ask("GET", "/info").body.size(), runtime::docker::longest_answer);
}

// ---- ours -------------------------------------------------------------------------------------------------------

TEST_F(EngineCalls, without_descriptors_the_lack_is_ours) {
    ask("GET", "/info");
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
    const Answer answer = ask("POST", "/containers/a/stop");
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_NO_ANSWER(answer, lack, "Too many open files");
}

TEST_F(EngineCalls, an_address_that_cannot_be_used_says_so) {
    EngineApi nowhere{loop_, engine_address("ssh://me@there", false, "")};
    EXPECT_NO_ANSWER(
        testing::ask(loop_, nowhere, "GET", "/info"), unreachable,
        "DOCKER_HOST `ssh://me@there`: keepwell reaches an engine by unix:///PATH or tcp://HOST:PORT only");
    EXPECT_EQ(nowhere.version(), "");
}

TEST_F(EngineCalls, the_end_of_the_client_drops_what_is_under_way) {
    engine_.on("* /slow", Reply::silence());
    engine_.on("GET /quick", Reply::json(200, "{}"));
    int answers = 0;
    {
        EngineApi api{loop_, engine_address(engine_.host(), false, "")};
        ASSERT_FALSE(testing::ask(loop_, api, "GET", "/info").ok());
        for (const char* method : {"GET", "POST"})
            api.call(method, "/slow", "", 20s, [&](const Answer&) { ++answers; });
        api.call("GET", "/quick", "", 20s, [&](const Answer&) { ++answers; });
        ASSERT_TRUE(await(loop_, [&] { return engine_.count("* /slow") == 2; }));
        answers = 0;
    }
    {
        EngineApi waiting{loop_, engine_address(engine_.host(), false, "")};
        waiting.call("GET", "/quick", "", 1ms, [&](const Answer&) { ++answers; });
        EngineApi wrong{loop_, engine_address("fd://", false, "")};
        wrong.call("GET", "/quick", "", 1ms, [&](const Answer&) { ++answers; });
    }
    EXPECT_TRUE(await(loop_, [&] { return engine_.open_connections() == 0; }));
    settle(loop_);
    EXPECT_EQ(answers, 0);
}

TEST_F(EngineCalls, the_client_may_be_destroyed_by_an_answer) {
    engine_.on("* /info", Reply::json(200, "{}"));
    for (const char* method : {"GET", "POST"}) {
        auto api = std::make_unique<EngineApi>(loop_, engine_address(engine_.host(), false, ""));
        int answers = 0;
        for (int i = 0; i < 3; ++i) {
            api->call(method, "/info", "", 20s, [&](const Answer&) {
                ++answers;
                api.reset();
            });
        }
        EXPECT_TRUE(await(loop_, [&] { return answers > 0; }));
        settle(loop_);
        EXPECT_EQ(answers, 1);
    }
    engine_.stop();
    auto api = std::make_unique<EngineApi>(loop_, engine_address(engine_.host(), false, ""));
    int answers = 0;
    for (int i = 0; i < 3; ++i) {
        api->call("GET", "/info", "", 20s, [&](const Answer&) {
            ++answers;
            api.reset();
        });
    }
    EXPECT_TRUE(await(loop_, [&] { return answers > 0; }));
    settle(loop_);
    EXPECT_EQ(answers, 1);
}

TEST_F(EngineCalls, an_answer_may_put_the_next_question) {
    engine_.on("GET /info", Reply::json(200, "{}"));
    int left = 20;
    std::function<void(Answer)> next = [&](const Answer& answer) {
        EXPECT_TRUE(answer.ok());
        if (--left > 0) api_.call("GET", "/info", "", 20s, next);
    };
    api_.call("GET", "/info", "", 20s, next);
    EXPECT_TRUE(await(loop_, [&] { return left == 0; }));
    EXPECT_LE(engine_.connections(), 2u);
}

}  // namespace
}  // namespace keepwell::testing
