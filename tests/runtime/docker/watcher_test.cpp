// The Watcher on an engine that says what a test wants: subscribe, list, inspect, tell; lost and found; silence,
// refusals and nonsense; Podman's ways.
#include "runtime/docker/watch/watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "runtime/loop.hpp"
#include "support/await.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::runtime::docker {
namespace {

using ::testing::_;
using testing::await;
using ::testing::ElementsAre;
using testing::Feed;
using testing::Gate;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Reply;
using testing::ScriptedEngine;
using testing::settle;
using ::testing::UnorderedElementsAre;
using Lines = std::vector<std::string>;
using Request = ScriptedEngine::Request;

std::string id_of(const std::string& name) { return std::string(64 - name.size(), '0') + name; }

// A container of the scripted engine.
struct Made {
    std::string status = "running";
    std::string started = "2026-11-20T18:00:00Z";
    std::string health = {};  // of inspect and of the listing
};

class WatcherTest : public ::testing::Test {
  protected:
    WatcherTest() {
        engine.on("GET /version", Reply::json(200, R"({"Version":"20.10.24","Components":[{"Name":"Engine"}]})"));
        engine.on("GET /events", Reply::chunked(200).follow(events));
        engine.on("GET /containers/json", [this](const Request& request) { return list(request); });
        engine.on("GET /containers/*/json", [this](const Request& request) { return inspect(request); });
        options.first_retry = 20ms;
        options.last_retry = 100ms;
    }

    // ---- the engine

    Reply list(const Request& request) const {
        const auto filters = request.parameter("filters");
        std::string body;
        for (const auto& [name, made] : containers) {
            if (!filters.empty() && filters.find(id_of(name)) == std::string::npos) continue;
            const auto health = made.health.empty() ? "" : " (" + made.health + ")";
            body += R"({"Id":")" + id_of(name) + R"(","Names":["/)" + name + R"("],"State":")" + made.status +
                    R"(","Status":"Up 5 minutes)" + health + "\"},";
        }
        if (!body.empty()) body.pop_back();
        return Reply::json(200, "[" + body + "]");
    }
    Reply inspect(const Request& request) const {
        const auto key = request.path.substr(12, request.path.size() - 17);
        for (const auto& [name, made] : containers) {
            if (key != name && key != id_of(name)) continue;
            const auto health = made.health.empty() ? "" : R"(,"Health":{"Status":")" + made.health + R"("})";
            return Reply::json(200, R"({"Id":")" + id_of(name) + R"(","Name":"/)" + name + R"(","State":{"Status":")" +
                                        made.status + R"(","StartedAt":")" + made.started + "\"" + health + "}}");
        }
        return Reply::error(404, "No such container: " + key);
    }
    /// One life of `web` is known, and it ends while the engine is not there.
    void stop_web_while_nobody_looks() {
        containers = {{"web", {}}};
        connect();
        tell("unpause", "web", 100);
        ASSERT_TRUE(await(loop, [&] { return last.unpaused == EngineTime{100s}; }));
        engine.stop();
        ASSERT_TRUE(told_within(1));
        containers["web"].status = "exited";
        engine.start();
        ASSERT_TRUE(await(loop, [&] { return events.readers() == 1; }));
    }

    void tell(const std::string& action, const std::string& name, std::int64_t second = 100,
              const std::string& attributes = "") {
        events.send(R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":")" + id_of(name) +
                    R"(","Attributes":{)" + attributes + R"(}},"timeNano":)" + std::to_string(second) + "000000000}\n");
    }
    std::size_t inspects() const { return engine.count("GET /containers/*/json"); }
    std::size_t listings() const { return engine.count("GET /containers/json"); }

    // ---- the watcher

    void begin() {
        watcher.emplace(
            loop, api, options,
            [this](const ListedContainer& one) { return std::ranges::find(dull, one.name) == dull.end(); },
            Watcher::Listener{[this](const std::string& detail) { told.push_back("lost: " + detail); },
                              [this](const std::string& detail) { told.push_back("found: " + detail); },
                              [this](const Seen& now, const Seen* before) { see(now, before); },
                              [this](const Seen& seen) { told.push_back(seen.view.name + " gone"); }});
        watcher->start();
    }
    void see(const Seen& now, const Seen* before) {
        const auto text = [](const Seen& seen) { return std::string{to_string(seen.view.status)}; };
        told.push_back(now.view.name + " " + (before ? text(*before) + " -> " : "") + text(now));
        last = now;
    }
    void connect() {
        begin();
        ASSERT_TRUE(await(loop, [&] { return watcher->connected() && events.readers() == 1; }));
        told.clear();
    }
    bool told_within(std::size_t lines) {
        return await(loop, [&] { return told.size() >= lines; });
    }
    Lines take() { return std::exchange(told, {}); }

    Loop loop;
    ScriptedEngine engine{loop};
    Feed events;
    std::map<std::string, Made> containers;
    EngineApi api{loop, engine_address(engine.host(), false, "")};
    Watcher::Options options;
    Lines dull;
    Lines told;
    Seen last;
    std::optional<Watcher> watcher;
};

// ---- connecting -----------------------------------------------------------------------------------------------------

TEST_F(WatcherTest, each_container_of_interest_is_told_before_the_engine_is_found) {
    containers = {{"web", {}}, {"api", {"exited"}}, {"dull", {}}};
    dull = {"dull"};
    begin();
    ASSERT_TRUE(told_within(3));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.41");
    EXPECT_THAT(told, UnorderedElementsAre("api exited", "web running", _));
    EXPECT_EQ(inspects(), 2u);
    EXPECT_TRUE(watcher->connected());
    EXPECT_EQ(watcher->all().size(), 2u);
    EXPECT_EQ(watcher->listed().size(), 3u);
    EXPECT_EQ(watcher->find(id_of("web"))->view.name, "web");
    EXPECT_EQ(watcher->find_by_name("web"), watcher->find(id_of("web")));
    EXPECT_EQ(watcher->find(id_of("dull")), nullptr);
    EXPECT_THAT(engine.unscripted(), IsEmpty());
}

TEST_F(WatcherTest, it_subscribes_before_it_lists_and_only_to_what_it_needs) {
    connect();
    const auto& asked = engine.requests();
    const auto position = [&](const std::string& path) {
        return std::ranges::find(asked, path, &Request::path) - asked.begin();
    };
    EXPECT_LT(position("/events"), position("/containers/json"));
    const auto filters = engine.last("GET /events").parameter("filters");
    EXPECT_THAT(filters, HasSubstr(R"("type":["container"])"));
    EXPECT_THAT(filters, HasSubstr(R"("health_status")"));
    EXPECT_EQ(filters.find("exec"), std::string::npos);
    EXPECT_NE(engine.last("GET /events").parameter("since"), "");
}

TEST_F(WatcherTest, an_engine_that_is_not_there_is_told_once_and_found_soon_after_it_came) {
    engine.stop();
    begin();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take().front(), HasSubstr("lost: connection refused"));
    const auto asked = engine.connections();
    Timer timer{loop};
    bool over = false;
    timer.arm(loop.now() + 300ms, [&] { over = true; });
    ASSERT_TRUE(await(loop, [&] { return over; }));
    EXPECT_THAT(told, IsEmpty());
    EXPECT_EQ(engine.connections(), asked);
    engine.start();
    const auto came = loop.now();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(told, ElementsAre("found: Docker 20.10.24, API 1.41"));
    EXPECT_LT(loop.now() - came, 1s);
}

TEST_F(WatcherTest, an_engine_whose_socket_is_missing_is_found_when_it_comes) {
    engine.vanish();
    begin();
    ASSERT_TRUE(told_within(1));
    engine.start();
    ASSERT_TRUE(told_within(2));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.41");
}

TEST_F(WatcherTest, an_engine_that_accepts_and_never_answers_is_lost) {
    engine.on("HEAD /_ping", Reply::silence());
    options.ping_timeout = 50ms;
    begin();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take().front(), HasSubstr("lost: no answer in time"));
}

TEST_F(WatcherTest, an_engine_that_does_not_say_its_version_is_found_all_the_same) {
    engine.on("GET /version", Reply::error(403, "forbidden"));
    begin();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("found: API 1.41"));
}

TEST_F(WatcherTest, a_listing_that_is_none_is_no_engine) {
    engine.once("GET /containers/json", Reply::json(200, "{}"));
    engine.once("GET /containers/json", Reply::error(500, "disk full"));
    begin();
    ASSERT_TRUE(told_within(2));
    EXPECT_THAT(take(), ElementsAre("lost: the listing of containers: no JSON of an engine",
                                    "found: Docker 20.10.24, API 1.41"));
}

// A proxy in front of the engine may allow containers and forbid events.
TEST_F(WatcherTest, without_events_it_is_followed_by_listing) {
    containers = {{"web", {}}};
    engine.on("GET /events", Reply::error(403, "events are forbidden"));
    begin();
    ASSERT_TRUE(told_within(2));
    EXPECT_THAT(take(),
                ElementsAre("web running", "found: Docker 20.10.24, API 1.41, without events: events are forbidden"));
    containers["web"].status = "exited";
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> exited"));
}

TEST_F(WatcherTest, a_proxy_that_holds_the_head_of_the_stream_back_does_not_hold_us_back) {
    containers = {{"web", {}}};
    Gate gate;
    engine.on("GET /events", Reply::chunked(200).follow(events).before(gate));
    options.ping_timeout = 100ms;
    begin();
    ASSERT_TRUE(told_within(2));
    EXPECT_THAT(take(), ElementsAre("web running", "found: Docker 20.10.24, API 1.41"));
    gate.open();
    ASSERT_TRUE(await(loop, [&] { return events.readers() == 1; }));
}

TEST_F(WatcherTest, no_more_than_eight_are_inspected_at_once) {
    for (int number = 10; number < 40; ++number) containers["c" + std::to_string(number)] = {};
    Gate gate;
    engine.on("GET /containers/*/json", [&](const Request& request) { return inspect(request).before(gate); });
    begin();
    ASSERT_TRUE(await(loop, [&] { return inspects() == 8; }));
    settle(loop);
    EXPECT_EQ(inspects(), 8u);
    gate.open();
    ASSERT_TRUE(told_within(31));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.41");
}

// moby holds the lock of a container for as long as a start hangs.
TEST_F(WatcherTest, one_container_that_can_not_be_inspected_does_not_hide_the_others) {
    containers = {{"stuck", {}}, {"web", {}}};
    options.call_timeout = 100ms;
    Gate gate;
    const std::string stuck = "GET /containers/" + id_of("stuck") + "/json";
    engine.on(stuck, [&](const Request& request) { return inspect(request).before(gate); });
    begin();
    ASSERT_TRUE(told_within(3));
    EXPECT_THAT(take(), ElementsAre("web running", "stuck unknown", "found: Docker 20.10.24, API 1.41"));
    EXPECT_EQ(watcher->find(id_of("stuck")), nullptr);
    gate.open();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("stuck unknown -> running"));
}

// ---- changes --------------------------------------------------------------------------------------------------------

TEST_F(WatcherTest, an_event_leads_to_one_inspect_and_what_it_shows_is_told) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    containers["web"].status = "exited";
    tell("die", "web", 107, R"("exitCode":"3")");
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> exited"));
    EXPECT_EQ(inspects(), before + 1);
    EXPECT_EQ(last.die_event.time_since_epoch(), 107s);
    EXPECT_EQ(last.die_code, 3);
}

TEST_F(WatcherTest, several_events_that_come_together_are_one_inspect) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    containers["web"].started = "2026-11-20T18:09:00Z";
    events.send("\n");
    for (const char* action : {"kill", "die", "stop", "start", "restart"}) tell(action, "web");
    ASSERT_TRUE(told_within(1));
    settle(loop);
    EXPECT_LE(inspects(), before + 2);  // the kernel may have split them
    EXPECT_EQ(last.stop_event.time_since_epoch(), 100s);
    EXPECT_EQ(last.kill_event.time_since_epoch(), 100s);
}

TEST_F(WatcherTest, what_comes_while_a_container_is_inspected_makes_it_one_more) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    Gate gate;
    engine.once("GET /containers/*/json",
                Reply(inspect({"GET", "", "/containers/web/json", "", {}, "", 0})).before(gate));
    tell("die", "web");
    ASSERT_TRUE(await(loop, [&] { return inspects() == before + 1; }));
    containers["web"].status = "exited";
    for (int i = 0; i < 5; ++i) tell("stop", "web", 101 + i);
    settle(loop);
    EXPECT_EQ(inspects(), before + 1);
    gate.open();
    ASSERT_TRUE(await(loop, [&] { return !told.empty() && told.back() == "web running -> exited"; }));
    settle(loop);
    EXPECT_EQ(inspects(), before + 2);
}

TEST_F(WatcherTest, a_signal_alone_is_remembered_and_not_looked_after) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    tell("kill", "web", 101, R"("signal":"15")");
    tell("kill", "web", 111, R"("signal":"9")");
    tell("oom", "web", 112);
    settle(loop);
    EXPECT_EQ(inspects(), before);
    containers["web"].status = "exited";
    tell("die", "web", 113);
    ASSERT_TRUE(told_within(1));
    EXPECT_EQ(last.asked.time_since_epoch(), 101s);
    EXPECT_EQ(last.kill_event.time_since_epoch(), 111s);
}

TEST_F(WatcherTest, a_stop_of_what_is_dead_already_is_told) {
    containers = {{"web", {"exited"}}};
    connect();
    tell("stop", "web", 101);
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web exited -> exited"));
    EXPECT_EQ(last.stop_event.time_since_epoch(), 101s);
}

TEST_F(WatcherTest, an_event_that_changes_nothing_is_not_told) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    tell("update", "web");
    ASSERT_TRUE(await(loop, [&] { return inspects() == before + 1; }));
    settle(loop);
    EXPECT_THAT(told, IsEmpty());
}

TEST_F(WatcherTest, a_new_container_is_listed_by_itself_and_inspected_when_it_is_of_interest) {
    dull = {"dull"};
    connect();
    containers = {{"web", {"created"}}, {"dull", {"created"}}};
    tell("create", "web");
    tell("create", "dull");
    ASSERT_TRUE(told_within(1));
    settle(loop);
    EXPECT_THAT(take(), ElementsAre("web created"));
    EXPECT_EQ(inspects(), 1u);
    EXPECT_EQ(watcher->listed().size(), 2u);
    tell("start", "dull");
    settle(loop);
    EXPECT_EQ(inspects(), 1u);
}

TEST_F(WatcherTest, a_container_that_is_renamed_into_interest_is_followed) {
    dull = {"dull"};
    containers = {{"dull", {}}};
    connect();
    engine.on("GET /containers/json", Reply::json(200, R"([{"Id":")" + id_of("dull") + R"(","Names":["/web"]}])"));
    tell("rename", "dull");
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("dull running"));  // as its inspect still says it
}

TEST_F(WatcherTest, a_container_that_is_removed_is_gone) {
    containers = {{"web", {}}};
    connect();
    containers.clear();
    tell("destroy", "web");
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web gone"));
    EXPECT_EQ(watcher->find(id_of("web")), nullptr);
    EXPECT_THAT(watcher->listed(), IsEmpty());
}

TEST_F(WatcherTest, nonsense_in_the_stream_is_passed_over) {
    containers = {{"web", {}}};
    connect();
    events.send("{\n\xff\xfe\n[]\nnull\n{\"Type\":7}\n");
    events.send(std::string(2 * 1024 * 1024, 'x') + "\n");
    containers["web"].status = "paused";
    tell("pause", "web");
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> paused"));
}

TEST_F(WatcherTest, an_inspect_that_is_none_leaves_what_is_known) {
    containers = {{"web", {}}};
    connect();
    engine.once("GET /containers/*/json", Reply::json(200, "[]"));
    const auto before = inspects();
    tell("die", "web");
    ASSERT_TRUE(await(loop, [&] { return inspects() == before + 1; }));
    settle(loop);
    EXPECT_THAT(told, IsEmpty());
    EXPECT_EQ(watcher->find(id_of("web"))->view.status, ContainerStatus::running);
}

// ---- pauses and health ---------------------------------------------------------------------------------------------

TEST_F(WatcherTest, an_unpause_is_remembered_also_when_its_event_was_missed) {
    containers = {{"web", {}}};
    connect();
    containers["web"].status = "paused";
    tell("pause", "web");
    ASSERT_TRUE(told_within(1));
    EXPECT_EQ(last.unpaused, EngineTime{});
    containers["web"].status = "running";
    tell("update", "web");
    ASSERT_TRUE(told_within(2));
    EXPECT_LT(watcher->engine_now() - last.unpaused, 10s);
}

TEST_F(WatcherTest, the_time_of_an_unpause_is_that_of_its_event) {
    containers = {{"web", {}}};
    connect();
    containers["web"].status = "paused";
    tell("pause", "web");
    ASSERT_TRUE(told_within(1));
    containers["web"].status = "running";
    const auto later = watcher->engine_now().time_since_epoch() + 5s;
    tell("unpause", "web", std::chrono::duration_cast<std::chrono::seconds>(later).count());
    ASSERT_TRUE(told_within(2));
    EXPECT_EQ(last.unpaused.time_since_epoch(), std::chrono::duration_cast<std::chrono::seconds>(later));
}

TEST_F(WatcherTest, podman_tells_of_each_check_and_only_a_change_is_looked_after) {
    containers = {{"web", {"running", "2026-11-20T18:00:00Z", "healthy"}}};
    connect();
    const auto before = inspects();
    events.send(R"({"Type":"container","Action":"health_status","HealthStatus":"healthy","Actor":{"ID":")" +
                id_of("web") + "\"},\"timeNano\":5}\n");
    settle(loop);
    EXPECT_EQ(inspects(), before);
    containers["web"].health = "unhealthy";
    events.send(R"({"Type":"container","Action":"health_status","HealthStatus":"unhealthy","Actor":{"ID":")" +
                id_of("web") + "\"},\"timeNano\":6}\n");
    ASSERT_TRUE(told_within(1));
    EXPECT_EQ(last.view.health->status, "unhealthy");
}

TEST_F(WatcherTest, podmans_words_for_an_end_and_a_removal) {
    containers = {{"web", {}}};
    connect();
    containers["web"].status = "exited";
    tell("died", "web");
    ASSERT_TRUE(told_within(1));
    containers.clear();
    tell("remove", "web");
    ASSERT_TRUE(told_within(2));
    EXPECT_THAT(take(), ElementsAre("web running -> exited", "web gone"));
}

// ---- resync --------------------------------------------------------------------------------------------------------

TEST_F(WatcherTest, a_resync_finds_what_no_event_told_of_and_inspects_nothing_else) {
    containers = {{"a", {}}, {"b", {}}, {"c", {}}, {"d", {"running", "2026-11-20T18:00:00Z", "healthy"}}, {"e", {}}};
    options.resync = 50ms;
    connect();
    const auto inspected = inspects();
    const auto listed = listings();
    ASSERT_TRUE(await(loop, [&] { return listings() >= listed + 2; }));
    settle(loop);
    EXPECT_EQ(inspects(), inspected);
    containers["a"].status = "exited";
    containers.erase("b");
    containers["d"].health = "unhealthy";
    containers["new"] = {};
    ASSERT_TRUE(told_within(4));
    settle(loop);
    EXPECT_THAT(take(), UnorderedElementsAre("a running -> exited", "b gone", "d running -> running", "new running"));
    EXPECT_EQ(inspects(), inspected + 4);
}

TEST_F(WatcherTest, an_engine_that_falls_silent_is_lost_by_the_ping_of_a_resync) {
    options.resync = 50ms;
    options.ping_timeout = 50ms;
    connect();
    engine.on("GET /_ping", Reply::silence());
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take().front(), HasSubstr("lost: no answer in time"));
    EXPECT_FALSE(watcher->connected());
}

TEST_F(WatcherTest, a_listing_that_fails_once_is_asked_for_again) {
    containers = {{"web", {}}};
    options.resync = 50ms;
    connect();
    engine.once("GET /containers/json", Reply::error(500, "busy"));
    engine.once("GET /containers/json", Reply::half("[{}", 2));
    containers["web"].status = "exited";
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> exited"));
}

// ---- lost and found ------------------------------------------------------------------------------------------------

TEST_F(WatcherTest, an_engine_that_goes_is_lost_once_and_what_changed_is_told_when_it_is_back) {
    containers = {{"web", {}}, {"api", {}}, {"db", {}}};
    connect();
    tell("update", "web", 100);
    settle(loop);
    engine.stop();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take().front(), HasSubstr("lost: connection refused"));
    containers["web"].started = "2026-11-20T18:30:00Z";
    containers.erase("api");
    engine.start();
    ASSERT_TRUE(told_within(3));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.41");
    EXPECT_THAT(take(), UnorderedElementsAre("api gone", "web running -> running", _));
    EXPECT_EQ(engine.last("GET /events").parameter("since"), "99.000000000");
}

// The successor of a killed dockerd stops what was left alive, before it answers anybody; it has forgotten all events.
TEST_F(WatcherTest, what_a_new_engine_stopped_at_its_own_start_is_no_persons_stop) {
    ASSERT_NO_FATAL_FAILURE(stop_web_while_nobody_looks());
    tell("kill", "web", 200, R"("signal":"15")");
    tell("die", "web", 201, R"("exitCode":"143")");
    tell("stop", "web", 202);
    ASSERT_TRUE(await(loop, [&] { return last.die_event == EngineTime{201s}; }));
    settle(loop);
    EXPECT_EQ(last.stop_event, EngineTime{});
    EXPECT_EQ(last.kill_event, EngineTime{});
}

TEST_F(WatcherTest, what_was_stopped_while_the_same_engine_could_not_be_reached_is_a_persons_stop) {
    ASSERT_NO_FATAL_FAILURE(stop_web_while_nobody_looks());
    tell("unpause", "web", 100);  // it remembers
    tell("die", "web", 201, R"("exitCode":"143")");
    tell("stop", "web", 202);
    ASSERT_TRUE(await(loop, [&] { return last.stop_event == EngineTime{202s}; }));
}

TEST_F(WatcherTest, an_engine_that_is_back_as_another_version_is_asked_in_that) {
    connect();
    engine.stop();
    ASSERT_TRUE(told_within(1));
    engine.versions("1.44", "1.24");
    engine.start();
    ASSERT_TRUE(told_within(2));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.44");
}

TEST_F(WatcherTest, a_stream_that_ends_alone_is_opened_again_and_everything_looked_at) {
    containers = {{"web", {}}};
    connect();
    containers["web"].started = "2026-11-20T18:30:00Z";  // which the listing does not show
    events.break_off();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> running"));
    ASSERT_TRUE(await(loop, [&] { return events.readers() == 1; }));
    containers["web"].status = "exited";
    tell("die", "web");
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take(), ElementsAre("web running -> exited"));
}

TEST_F(WatcherTest, a_stream_that_ends_at_once_each_time_is_not_opened_in_a_tight_loop) {
    engine.on("GET /events", Reply::chunked(200).end());
    begin();
    ASSERT_TRUE(told_within(1));
    Timer timer{loop};
    bool over = false;
    timer.arm(loop.now() + 500ms, [&] { over = true; });
    ASSERT_TRUE(await(loop, [&] { return over; }));
    EXPECT_LE(engine.count("GET /events"), 12u);  // 20 ms, doubled up to 100 ms
    EXPECT_THAT(take(), ElementsAre("found: Docker 20.10.24, API 1.41"));
}

TEST_F(WatcherTest, an_engine_that_goes_while_containers_are_inspected_is_lost) {
    containers = {{"web", {}}, {"api", {}}};
    Gate gate;
    engine.on("GET /containers/*/json", [&](const Request& request) { return inspect(request).before(gate); });
    begin();
    ASSERT_TRUE(await(loop, [&] { return inspects() == 2; }));
    engine.stop();
    ASSERT_TRUE(told_within(1));
    EXPECT_THAT(take().front(), HasSubstr("lost: "));
    gate.open();
    engine.start();
    ASSERT_TRUE(told_within(3));
    EXPECT_EQ(told.back(), "found: Docker 20.10.24, API 1.41");
    EXPECT_THAT(take(), UnorderedElementsAre("api running", "web running", _));
}

// ---- refresh -------------------------------------------------------------------------------------------------------

TEST_F(WatcherTest, a_refresh_inspects_now_and_tells_what_changed_before_it_is_done) {
    containers = {{"web", {}}};
    connect();
    containers["web"].status = "exited";
    watcher->refresh(id_of("web"),
                     [&](const Seen* seen) { told.push_back(seen ? "done " + seen->view.name : "none"); });
    EXPECT_THAT(told, IsEmpty());
    ASSERT_TRUE(told_within(2));
    EXPECT_THAT(take(), ElementsAre("web running -> exited", "done web"));
}

TEST_F(WatcherTest, a_refresh_goes_by_name_as_well_and_finds_what_was_of_no_interest) {
    dull = {"dull"};
    containers = {{"web", {}}, {"dull", {}}};
    connect();
    for (const char* name : {"web", "dull", "missing"}) {
        watcher->refresh(name, [&](const Seen* seen) { told.push_back(seen ? "done " + seen->view.name : "none"); });
    }
    ASSERT_TRUE(told_within(3));
    EXPECT_THAT(take(), UnorderedElementsAre("done web", "done dull", "none"));
    EXPECT_EQ(watcher->find(id_of("dull")), nullptr);
}

TEST_F(WatcherTest, a_refresh_during_an_inspect_waits_for_the_next_one) {
    containers = {{"web", {}}};
    connect();
    const auto before = inspects();
    Gate gate;
    engine.once("GET /containers/*/json",
                Reply(inspect({"GET", "", "/containers/web/json", "", {}, "", 0})).before(gate));
    tell("update", "web");
    ASSERT_TRUE(await(loop, [&] { return inspects() == before + 1; }));
    containers["web"].status = "exited";
    std::string status;
    watcher->refresh(id_of("web"), [&](const Seen* seen) { status = to_string(seen->view.status); });
    gate.open();
    ASSERT_TRUE(await(loop, [&] { return !status.empty(); }));
    EXPECT_EQ(status, "exited");
}

TEST_F(WatcherTest, a_refresh_without_an_engine_is_done_with_nothing) {
    containers = {{"web", {}}};
    connect();
    int none = 0;
    const auto count = [&](const Seen* seen) { none += seen == nullptr ? 1 : 0; };
    engine.on("GET /containers/*/json", Reply::silence());
    watcher->refresh(id_of("web"), count);
    settle(loop);
    engine.stop();
    ASSERT_TRUE(told_within(1));
    EXPECT_EQ(none, 1);
    watcher->refresh(id_of("web"), count);
    ASSERT_TRUE(await(loop, [&] { return none == 2; }));
}

TEST_F(WatcherTest, a_watcher_that_ends_in_the_middle_of_everything_calls_nobody) {
    containers = {{"web", {}}};
    connect();
    tell("die", "web");
    watcher->refresh(id_of("web"), [](const Seen*) { FAIL(); });
    watcher.reset();
    engine.stop();
    settle(loop);
    EXPECT_THAT(told, IsEmpty());
}

}  // namespace
}  // namespace keepwell::runtime::docker
