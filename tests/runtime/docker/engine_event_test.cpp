// The events of a container, as Docker and Podman tell them, and the subscription to them.
#include "runtime/docker/watch/engine_event.hpp"

#include <gtest/gtest.h>

#include "runtime/docker/watch/engine_about.hpp"

namespace keepwell::runtime::docker {
namespace {

using Action = EngineEvent::Action;

std::string event(const std::string& action, const std::string& more = "", const std::string& attributes = "") {
    return R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":"abc","Attributes":{"name":"web")" +
           attributes + R"(}},"scope":"local","time":1795199818,"timeNano":1795199818277692400)" + more + "}";
}

TEST(EngineEventTest, an_event_of_docker) {
    const auto told = engine_event(event("die", "", R"(,"exitCode":"137")")).value();
    EXPECT_EQ(told.action, Action::die);
    EXPECT_EQ(told.id, "abc");
    EXPECT_EQ(told.time.time_since_epoch(), std::chrono::nanoseconds{1795199818277692400});
    EXPECT_EQ(told.exit_code, 137);
    EXPECT_EQ(engine_event(event("kill", "", R"(,"signal":"15")"))->signal, 15);
    EXPECT_EQ(engine_event(event("health_status: unhealthy"))->health, "unhealthy");
}

TEST(EngineEventTest, each_action_and_podmans_words_for_it) {
    const std::vector<std::pair<std::string, Action>> cases{{"create", Action::create},
                                                            {"start", Action::start},
                                                            {"die", Action::die},
                                                            {"died", Action::die},
                                                            {"stop", Action::stop},
                                                            {"kill", Action::kill},
                                                            {"restart", Action::restart},
                                                            {"pause", Action::pause},
                                                            {"unpause", Action::unpause},
                                                            {"rename", Action::rename},
                                                            {"update", Action::update},
                                                            {"destroy", Action::destroy},
                                                            {"remove", Action::destroy},
                                                            {"oom", Action::oom},
                                                            {"health_status", Action::health_status},
                                                            {"health_status: healthy", Action::health_status}};
    for (const auto& [word, action] : cases) {
        const auto told = engine_event(event(word));
        ASSERT_TRUE(told) << word;
        EXPECT_EQ(told->action, action) << word;
    }
}

TEST(EngineEventTest, podman_says_the_health_in_a_field_or_in_an_attribute) {
    EXPECT_EQ(engine_event(event("health_status", R"(,"HealthStatus":"unhealthy")"))->health, "unhealthy");
    EXPECT_EQ(engine_event(event("health_status", "", R"(,"health_status":"healthy")"))->health, "healthy");
}

TEST(EngineEventTest, seconds_stand_in_for_nanoseconds) {
    const auto told = engine_event(R"({"Type":"container","Action":"start","Actor":{"ID":"abc"},"time":1795199818})");
    EXPECT_EQ(told->time.time_since_epoch(), std::chrono::seconds{1795199818});
}

TEST(EngineEventTest, what_is_no_event_of_a_container_that_is_asked_for_is_nothing) {
    for (const std::string& line : {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"},
                                    event("exec_die"), event("exec_create: sh -c start"), event("top"), event(""),
                                    std::string{R"({"Type":"image","Action":"pull","Actor":{"ID":"abc"}})"},
                                    std::string{R"({"Type":"container","Action":"start"})"},
                                    std::string{R"({"Type":"container","Action":"start","Actor":{"ID":"../abc"}})"},
                                    std::string{R"({"Type":"container","Action":7,"Actor":[]})"}}) {
        EXPECT_FALSE(engine_event(line)) << line;
    }
}

TEST(EngineEventTest, the_subscription_names_what_it_wants_and_since_when) {
    EXPECT_EQ(events_path(EngineTime{std::chrono::nanoseconds{1795199818077692400}}),
              "/events?since=1795199818.077692400&filters=%7B%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C"
              "%22died%22%2C%22stop%22%2C%22kill%22%2C%22restart%22%2C%22pause%22%2C%22unpause%22%2C%22rename%22%2C"
              "%22update%22%2C%22destroy%22%2C%22remove%22%2C%22oom%22%2C%22health_status%22%5D%2C%22type%22%3A%5B"
              "%22container%22%5D%7D");
}

TEST(EngineAboutTest, docker_and_podman_by_name_and_version) {
    EXPECT_EQ(engine_name(R"({"Components":[{"Name":"Engine","Version":"20.10.24"}],"Version":"20.10.24+dfsg1"})"),
              "Docker 20.10.24+dfsg1");
    EXPECT_EQ(engine_name(R"({"Components":[{"Name":"Podman Engine","Version":"5.8.2"}],"Version":"5.8.2"})"),
              "Podman 5.8.2");
    for (const char* text : {"", "{}", "[]", R"({"Version":7})"}) EXPECT_EQ(engine_name(text), "") << text;
}

TEST(EngineAboutTest, the_clock_of_an_engine) {
    EXPECT_EQ(engine_clock(R"({"SystemTime":"2026-11-20T18:36:54.5Z"})"), engine_time("2026-11-20T18:36:54.5Z"));
    EXPECT_EQ(engine_clock(R"({"SystemTime":7})"), EngineTime{});
}

}  // namespace
}  // namespace keepwell::runtime::docker
