// Probes of containers on an engine that does what a real one can hardly be made to do: half answers, late answers,
// none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/docker/probe_world.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string container(64, 'c');

constexpr auto create = "POST /containers/*/exec";
constexpr auto start = "POST /exec/*/start";
constexpr auto inspect = "GET /exec/*/json";

std::string frame(char channel, const std::string& text) {
    std::string bytes(8, '\0');
    bytes[0] = channel;
    bytes[6] = static_cast<char>(text.size() / 256);
    bytes[7] = static_cast<char>(text.size() % 256);
    return bytes + text;
}

std::string running(int pid) { return R"({"Running":true,"ExitCode":null,"Pid":)" + std::to_string(pid) + "}"; }
std::string ended(int code) { return R"({"Running":false,"Pid":7,"ExitCode":)" + std::to_string(code) + "}"; }

class ProbesOnScriptedEngine : public ::testing::Test {
  protected:
    ProbesOnScriptedEngine() {
        auto& view = world_.view();
        view.id = container;
        view.started_text = "2026-11-20T18:00:00Z";
        view.status = runtime::docker::ContainerStatus::running;
        engine_.on(create, Reply::json(201, R"({"Id":"e1"})"));
        engine_.on(start, Reply::upgraded().close());
        engine_.on(inspect, Reply::json(200, ended(0)));
    }

    event::ProbeFinished result(Duration timeout = 20s) { return world_.ask_for(test_command({"check"}), timeout); }

    runtime::Loop loop_;
    ScriptedEngine engine_{loop_};
    ProbeWorld world_{loop_, engine_.host(), {.start_guard = 400ms, .look_timeout = 300ms, .stream_patience = 200ms}};
};

// ---- what is asked ------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, the_command_is_all_that_the_engine_is_told) {
    EXPECT_PROBE(world_.ask_for(test_command({"check", "a \"b\"", "\xff"})), "passed", 0, "");
    EXPECT_EQ(engine_.last(create).body, R"({"AttachStderr":true,"AttachStdout":true,"Cmd":["check","a \"b\"",")"
                                         "\xef\xbf\xbd"
                                         R"("],"Tty":false})");
    EXPECT_EQ(engine_.last(start).body, R"({"Detach":false,"Tty":false})");
    EXPECT_EQ(engine_.last(start).header("upgrade"), "tcp");
    EXPECT_LE(engine_.count(inspect), 2u);
    EXPECT_TRUE(engine_.unscripted().empty());
}

// ---- its creation -------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, an_engine_that_does_not_create_it_is_an_error_but_for_a_bad_command) {
    engine_.once(create, Reply::error(500, "out of something"));
    EXPECT_PROBE(result(), "error", -1, "out of something");
    engine_.once(create, Reply::error(404, "No such container: x"));
    EXPECT_PROBE(result(), "error", -1, "No such container: x");
    engine_.once(create, Reply::error(409, "Container x is paused, unpause the container before exec"));
    EXPECT_PROBE(result(), "error", -1, "Container x is paused, unpause the container before exec");
    engine_.once(create, Reply::error(400, "No exec command specified"));
    EXPECT_PROBE(result(), "failed", -1, "No exec command specified");
    EXPECT_EQ(engine_.count(start), 0u);
}

TEST_F(ProbesOnScriptedEngine, an_answer_that_names_no_exec_is_an_error) {
    for (const char* body : {"", "{}", "[]", "nonsense", R"({"Id":7})", R"({"Id":"")"}) {
        engine_.once(create, Reply::json(201, body));
        EXPECT_PROBE(result(), "error", -1, "the engine's answer does not name the exec that it created");
    }
    EXPECT_EQ(engine_.count(start), 0u);
}

TEST_F(ProbesOnScriptedEngine, a_creation_that_takes_too_long_is_dockers_text) {
    engine_.once(create, Reply::silence());
    EXPECT_PROBE(result(), "error", -1, "timed out starting health check for container " + container);
}

TEST_F(ProbesOnScriptedEngine, an_engine_that_is_away_is_an_error) {
    engine_.stop();
    const auto away = result();
    EXPECT_EQ(to_string(away.outcome), "error");
    EXPECT_THAT(away.output, HasSubstr("connection refused"));
    engine_.start();
    EXPECT_PROBE(result(), "passed", 0, "");
}

// ---- its start ----------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, a_start_that_is_refused_is_an_error) {
    engine_.once(start, Reply::error(409, "Container x is not running"));
    EXPECT_PROBE(result(), "error", -1, "Container x is not running");
    engine_.once(start, Reply::error(404, "No such exec instance: e1"));
    EXPECT_PROBE(result(), "error", -1, "No such exec instance: e1");
    EXPECT_EQ(engine_.count(inspect), 0u);
}

TEST_F(ProbesOnScriptedEngine, a_start_that_takes_too_long_is_dockers_text) {
    engine_.on(start, Reply::upgraded().follow(Feed{}));
    engine_.on(inspect, Reply::json(200, running(0)));
    EXPECT_PROBE(result(), "error", -1, "timed out starting health check for container " + container);
    EXPECT_LE(engine_.count(inspect), 12u);  // the looks become rarer
}

TEST_F(ProbesOnScriptedEngine, the_time_counts_from_the_moment_at_which_the_command_runs) {
    engine_.on(start, Reply::upgraded().follow(Feed{}));
    bool runs = false;
    engine_.on(inspect, [&](const auto&) { return Reply::json(200, running(runs ? 4711 : 0)); });
    world_.begin(test_command({"check"}), 200ms);
    world_.let_pass(300ms);
    EXPECT_TRUE(world_.delivered().empty());
    runs = true;
    const Instant from = loop_.now();
    world_.await_delivered(1);
    EXPECT_GE(loop_.now() - from, 200ms);
    EXPECT_PROBE(world_.delivered().back(), "failed", -1, "Health check exceeded timeout (200ms)");
}

TEST_F(ProbesOnScriptedEngine, the_time_counts_from_the_first_word_where_there_is_one) {
    Feed feed;
    engine_.on(start, Reply::upgraded().follow(feed));
    engine_.on(inspect, Reply::json(200, running(0)));
    world_.begin(test_command({"check"}), 200ms);
    ASSERT_TRUE(await(loop_, [&] { return feed.readers() == 1; }));
    feed.send(frame(1, "so far\n"));
    world_.await_delivered(1);
    EXPECT_PROBE(world_.delivered().back(), "failed", -1, "Health check exceeded timeout (200ms): so far\n");
}

TEST_F(ProbesOnScriptedEngine, a_stream_without_a_head_is_no_answer_and_the_looks_decide) {
    engine_.once(start, Reply::hang_up());
    EXPECT_PROBE(result(), "passed", 0, "");
    engine_.once(start, Reply::silence());
    engine_.on(inspect, Reply::json(200, ended(1)));
    EXPECT_PROBE(result(), "failed", 1, "exit code 1");
}

// ---- what it says -------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, frames_may_come_in_any_pieces) {
    const std::string bytes = frame(1, "one\n") + frame(2, "two\n") + frame(1, "three\n");
    Feed feed;
    engine_.once(start, Reply::upgraded().follow(feed));
    engine_.on(inspect, Reply::json(200, running(7)));
    world_.begin(test_command({"check"}), 20s);
    ASSERT_TRUE(await(loop_, [&] { return feed.readers() == 1; }));
    for (const char byte : bytes) {
        feed.send(std::string(1, byte));
        settle(loop_);
    }
    engine_.on(inspect, Reply::json(200, ended(3)));
    feed.end();
    world_.await_delivered(1);
    EXPECT_PROBE(world_.delivered().back(), "failed", 3, "one\ntwo\nthree\n");
}

TEST_F(ProbesOnScriptedEngine, the_exit_code_decides_also_when_the_output_can_not_be_understood) {
    engine_.once(start, Reply::upgraded().bytes("no frames at all, but text").close());
    engine_.on(inspect, Reply::json(200, ended(1)));
    EXPECT_PROBE(result(), "failed", 1, "exit code 1");
    engine_.on(inspect, Reply::json(200, ended(0)));
    engine_.once(start, Reply::upgraded().bytes(frame(1, "cut").substr(0, 9)).close());
    EXPECT_PROBE(result(), "passed", 0, "c");
}

TEST_F(ProbesOnScriptedEngine, the_engines_own_words_in_the_stream_are_shown) {
    engine_.once(start, Reply::upgraded().bytes(frame(1, "begun\n") + frame(3, "the stream broke")).close());
    engine_.on(inspect, Reply::json(200, ended(1)));
    EXPECT_PROBE(result(), "failed", 1, "begun\nthe stream broke");
}

TEST_F(ProbesOnScriptedEngine, an_endless_output_is_bounded) {
    std::string flood;
    for (int i = 0; i < 200; ++i) flood += frame(1, std::string(60000, 'x'));
    engine_.once(start, Reply::upgraded().bytes(flood).close());
    EXPECT_PROBE(result(), "passed", 0, std::string(4096, 'x') + "...");
}

// ---- its end ------------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, an_exit_code_that_is_late_is_waited_for_with_few_looks) {
    engine_.once(inspect, Reply::json(200, running(7)));
    engine_.once(inspect, Reply::json(200, R"({"Running":false,"ExitCode":null,"Pid":7})"));
    engine_.once(inspect, Reply::json(200, running(7)));
    engine_.on(inspect, Reply::json(200, ended(2)));
    EXPECT_PROBE(result(), "failed", 2, "exit code 2");
    EXPECT_LE(engine_.count(inspect), 5u);
}

TEST_F(ProbesOnScriptedEngine, an_exit_code_that_never_comes_is_a_timeout) {
    engine_.on(inspect, Reply::json(200, running(7)));
    EXPECT_PROBE(result(200ms), "failed", -1, "Health check exceeded timeout (200ms)");
    EXPECT_LE(engine_.count(inspect), 10u);
}

TEST_F(ProbesOnScriptedEngine, streams_that_outlive_the_command_are_not_waited_for) {
    engine_.once(start, Reply::upgraded().follow(Feed{}));
    EXPECT_PROBE(result(), "passed", 0, "");
    engine_.once(start, Reply::upgraded().bytes(frame(1, "done\n")).follow(Feed{}));
    EXPECT_PROBE(result(200ms), "passed", 0, "done\n");
}

TEST_F(ProbesOnScriptedEngine, an_engine_that_does_not_say_how_it_is_is_an_error) {
    for (const char* body : {"", "{}", "[]", "nonsense", R"({"Running":1})"}) {
        world_.view().started_text = std::string{"life "} + body;  // what is not known to have ended counts as left
        engine_.on(inspect, Reply::json(200, body));
        EXPECT_PROBE(result(), "error", -1, "the engine's answer does not say how the exec is");
    }
    engine_.on(inspect, Reply::error(500, "out of something"));
    EXPECT_PROBE(result(), "error", -1, "out of something");
}

TEST_F(ProbesOnScriptedEngine, an_exec_that_is_gone_is_an_error) {
    engine_.on(inspect, Reply::error(404, "No such exec instance: e1"));
    EXPECT_PROBE(result(), "error", -1, "No such exec instance: e1");
}

TEST_F(ProbesOnScriptedEngine, an_engine_that_goes_during_a_probe_is_an_error) {
    Feed feed;
    engine_.on(start, Reply::upgraded().follow(feed));
    engine_.on(inspect, Reply::json(200, running(7)));
    world_.begin(test_command({"check"}), 20s);
    ASSERT_TRUE(await(loop_, [&] { return feed.readers() == 1; }));
    engine_.stop();
    world_.await_delivered(1);
    EXPECT_EQ(to_string(world_.delivered().back().outcome), "error");
    EXPECT_THAT(world_.delivered().back().output, HasSubstr("connection refused"));
}

TEST_F(ProbesOnScriptedEngine, an_engine_that_falls_silent_during_a_probe_is_an_error) {
    engine_.on(inspect, Reply::silence());
    const auto silent = result();
    EXPECT_EQ(to_string(silent.outcome), "error");
    EXPECT_THAT(silent.output, HasSubstr("no answer in time"));
}

TEST_F(ProbesOnScriptedEngine, a_command_that_was_killed_with_its_container_is_an_error) {
    const auto state = [](bool lives, const char* started) {
        return Reply::json(200, std::string{R"({"State":{"Running":)"} + (lives ? "true" : "false") +
                                    R"(,"StartedAt":")" + started + "\"}}");
    };
    engine_.on(inspect, Reply::json(200, ended(137)));
    engine_.on("GET /containers/*/json", state(true, "2026-11-20T18:00:00Z"));
    EXPECT_PROBE(result(), "failed", 137, "exit code 137");
    engine_.on("GET /containers/*/json", state(true, "2026-11-20T18:00:01Z"));
    EXPECT_PROBE(result(), "error", -1, "the container ended");
    engine_.on("GET /containers/*/json", state(false, "2026-11-20T18:00:00Z"));
    EXPECT_PROBE(result(), "error", -1, "the container ended");
    engine_.on("GET /containers/*/json", Reply::error(404, "No such container: x"));
    EXPECT_PROBE(result(), "error", -1, "the container ended");
    engine_.on("GET /containers/*/json", Reply::error(500, "out of something"));
    EXPECT_PROBE(result(), "error", -1, "out of something");
    engine_.on("GET /containers/*/json", Reply::json(200, "nonsense"));
    EXPECT_PROBE(result(), "error", -1, "the engine's answer does not say how the container is");
}

TEST_F(ProbesOnScriptedEngine,
       a_command_that_the_runtime_could_not_execute_in_what_was_left_of_its_container_is_an_error) {
    engine_.on(start,
               Reply::upgraded().bytes(frame(1, "OCI runtime exec failed: exec failed: EOF: unknown\r\n")).close());
    engine_.on(inspect, Reply::json(200, ended(126)));
    engine_.on("GET /containers/*/json",
               Reply::json(200, R"({"State":{"Running":true,"StartedAt":"2026-11-20T18:00:00Z"}})"));
    EXPECT_PROBE(result(), "failed", -1, "OCI runtime exec failed: exec failed: EOF: unknown");
    engine_.on("GET /containers/*/json", Reply::json(200, R"({"State":{"Running":false}})"));
    EXPECT_PROBE(result(), "error", -1, "the container ended");
}

// ---- cancelling ---------------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, cancelled_before_it_is_created_it_is_never_started) {
    Gate gate;
    engine_.on(create, Reply::json(201, R"({"Id":"e1"})").before(gate));
    const auto id = world_.begin(test_command({"check"}), 20s);
    ASSERT_TRUE(await(loop_, [&] { return engine_.count(create) == 1; }));
    world_.port().cancel(id);
    world_.await_delivered(1);
    EXPECT_PROBE(world_.delivered().back(), "error", -1, "cancelled");
    gate.open();
    world_.let_pass(50ms);
    EXPECT_EQ(engine_.count(start), 0u);
    EXPECT_EQ(world_.delivered().size(), 1u);
}

TEST_F(ProbesOnScriptedEngine, cancelled_at_any_request_it_is_answered_once) {
    for (const char* at : {create, start, inspect}) {
        Gate gate;
        engine_.once(at, Reply::json(200, ended(0)).before(gate));
        const auto before = engine_.count(at);
        const auto answered = world_.delivered().size();
        const auto id = world_.begin(test_command({"check"}), 20s);
        ASSERT_TRUE(await(loop_, [&] { return engine_.count(at) > before; })) << at;
        world_.port().cancel(id);
        EXPECT_EQ(world_.delivered().size(), answered) << "delivered from inside cancel()";
        gate.open();
        world_.let_pass(50ms);
        ASSERT_EQ(world_.delivered().size(), answered + 1) << at;
        EXPECT_PROBE(world_.delivered().back(), "error", -1, "cancelled");
    }
}

TEST_F(ProbesOnScriptedEngine, the_end_of_the_probes_is_silent_whatever_is_under_way) {
    engine_.once(create, Reply::silence());
    engine_.once(start, Reply::silence());
    engine_.on(start, Reply::upgraded().follow(Feed{}));
    engine_.on(inspect, Reply::silence());
    for (int i = 0; i < 4; ++i) world_.begin(test_command({"check"}), 20s);
    ASSERT_TRUE(await(loop_, [&] { return engine_.count(start) == 3 && engine_.count(inspect) >= 1; }));
    world_.end();
    world_.let_pass(100ms);
    EXPECT_TRUE(world_.delivered().empty());
}

// ---- what is left running -----------------------------------------------------------------------------------------

class WithThreeLeft : public ProbesOnScriptedEngine {
  protected:
    WithThreeLeft() {
        engine_.on(start, Reply::upgraded().follow(Feed{}));
        engine_.on(inspect, Reply::json(200, running(7)));
        for (int i = 0; i < 3; ++i) {
            engine_.once(create, Reply::json(201, R"({"Id":"left)" + std::to_string(i) + "\"}"));
            EXPECT_EQ(result(20ms).exit_code, -1);
        }
        engine_.on(start, Reply::upgraded().close());
    }
    const std::string too_many_ =
        "3 timed-out probes still run in the container, where keepwell may not kill them; use the image's HEALTHCHECK "
        "or an http probe";
};

TEST_F(WithThreeLeft, no_other_is_begun_while_they_run) {
    EXPECT_PROBE(result(), "error", -1, too_many_);
    EXPECT_PROBE(result(), "error", -1, too_many_);
    EXPECT_EQ(engine_.count(create), 3u);
}

TEST_F(WithThreeLeft, they_count_as_running_while_the_engine_does_not_say_otherwise) {
    engine_.on(inspect, Reply::error(500, "out of something"));
    EXPECT_PROBE(result(), "error", -1, too_many_);
    engine_.on(inspect, Reply::json(200, "nonsense"));
    EXPECT_PROBE(result(), "error", -1, too_many_);
    engine_.on(inspect, Reply::silence());
    EXPECT_PROBE(result(), "error", -1, too_many_);
}

TEST_F(WithThreeLeft, one_that_has_ended_makes_room) {
    engine_.on(inspect, [](const ScriptedEngine::Request& request) {
        if (request.path == "/exec/left1/json") return Reply::json(200, ended(0));
        if (request.path.starts_with("/exec/left")) return Reply::json(200, running(7));
        return Reply::json(200, ended(0));
    });
    EXPECT_PROBE(result(), "passed", 0, "");
    EXPECT_PROBE(result(), "passed", 0, "");
}

TEST_F(WithThreeLeft, those_that_the_engine_has_forgotten_make_room) {
    engine_.on(inspect, [](const ScriptedEngine::Request& request) {
        if (request.path.starts_with("/exec/left")) return Reply::error(404, "No such exec instance");
        return Reply::json(200, ended(0));
    });
    EXPECT_PROBE(result(), "passed", 0, "");
}

TEST_F(WithThreeLeft, another_life_of_the_container_has_none) {
    world_.view().started_text = "2026-11-20T19:00:00Z";
    engine_.on(inspect, Reply::json(200, ended(0)));
    EXPECT_PROBE(result(), "passed", 0, "");
    EXPECT_EQ(engine_.count("GET /exec/left0/json"), engine_.count("GET /exec/left1/json"));
}

TEST_F(WithThreeLeft, http_and_tcp_are_asked_all_the_same) {
    EXPECT_PROBE(world_.ask_for(TcpProbe{"127.0.0.1", 1}), "failed", 1, "connection refused (127.0.0.1:1)");
}

// ---- which end asks -----------------------------------------------------------------------------------------------

TEST_F(ProbesOnScriptedEngine, without_a_container_it_has_failed) {
    EXPECT_PROBE(world_.ask_for(test_command({"check"}), 20s, 7), "failed", -1, "there is no container");
    EXPECT_PROBE(world_.ask_for(TcpProbe{"127.0.0.1", 1}, 20s, 7), "failed", -1, "there is no container");
    EXPECT_TRUE(engine_.requests().empty());
}

TEST_F(ProbesOnScriptedEngine, a_container_that_does_not_run_is_not_asked) {
    using runtime::docker::ContainerStatus;
    for (const auto status : {ContainerStatus::created, ContainerStatus::restarting, ContainerStatus::exited}) {
        world_.view().status = status;
        const std::string said = "the container does not run: it is " + std::string{runtime::docker::to_string(status)};
        EXPECT_PROBE(result(), "error", -1, said);
        EXPECT_PROBE(world_.ask_for(TcpProbe{"127.0.0.1", 1}), "error", -1, said);
    }
    EXPECT_TRUE(engine_.requests().empty());
}

TEST_F(ProbesOnScriptedEngine, a_process_is_asked_by_the_host) {
    TargetSpec process;
    process.probe = test_command({"/bin/sh", "-c", "exit 5"});
    world_.port().run(1, 7, process, 20s);
    world_.await_delivered(1);
    EXPECT_PROBE(world_.delivered().back(), "failed", 5, "exit code 5");
    EXPECT_EQ(world_.delivered().back().target, 7u);
    EXPECT_TRUE(engine_.requests().empty());
}

std::string url_for(const std::string& url, const std::string& address) {
    HttpProbe probe;
    probe.url = url;
    return std::get<HttpProbe>(runtime::docker::with_address(probe, address)).url;
}

TEST(ContainerAddress, is_put_where_it_is_asked_for) {
    EXPECT_EQ(url_for("http://{{.Container.IP}}:80/{{.Container.IP}}", "172.17.0.2"),
              "http://172.17.0.2:80/172.17.0.2");
    EXPECT_EQ(url_for("http://{{.Container.IP}}/", "fd00::2"), "http://[fd00::2]/");
    EXPECT_EQ(url_for("http://[{{.Container.IP}}]/", "fd00::2"), "http://[fd00::2]/");
    EXPECT_EQ(url_for("http://localhost/", "fd00::2"), "http://localhost/");
    const Probe tcp = runtime::docker::with_address(TcpProbe{"{{.Container.IP}}", 80}, "fd00::2");
    EXPECT_EQ(std::get<TcpProbe>(tcp).host, "fd00::2");
    EXPECT_EQ(std::get<TcpProbe>(tcp).port, 80);
}

}  // namespace
}  // namespace keepwell::testing
