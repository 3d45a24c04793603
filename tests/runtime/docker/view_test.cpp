// What is read from inspect and from the listing, in the shapes of Docker 20.10 to 29 and of Podman.
#include "runtime/docker/watch/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keepwell::runtime::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace std::chrono;

const std::string id(64, 'a');

EngineTime at(int hour, int minute, int second, std::int64_t nanosecond = 0) {
    return sys_days{2026y / November / 20} + hours{hour} + minutes{minute} + seconds{second} + nanoseconds{nanosecond};
}

std::string inspect_with(const std::string& members) {
    return R"({"Id":")" + id + R"(","Name":"/web","State":{"Status":"running"})" + members + "}";
}

ContainerView view_with(const std::string& members) { return container_view(inspect_with(members)).value(); }

ContainerView view_in_state(const std::string& state) {
    return container_view(R"({"Id":")" + id + R"(","State":)" + state + "}").value();
}

// ---- times --------------------------------------------------------------------------------------------------------

TEST(EngineTimeTest, a_time_is_read_to_the_nanosecond) {
    EXPECT_EQ(engine_time("2026-11-20T18:36:54.790564128Z"), at(18, 36, 54, 790564128));
    EXPECT_EQ(engine_time("2026-11-20T18:36:54.5Z"), at(18, 36, 54, 500000000));
    EXPECT_EQ(engine_time("2026-11-20T18:36:54Z"), at(18, 36, 54));
    EXPECT_EQ(engine_time("2026-11-20T18:36:54.1234567891Z"), at(18, 36, 54, 123456789));
}

TEST(EngineTimeTest, podman_writes_local_times_with_their_offset) {
    EXPECT_EQ(engine_time("2026-11-20T20:06:54.5+01:30"), at(18, 36, 54, 500000000));
    EXPECT_EQ(engine_time("2026-11-20T13:36:54-05:00"), at(18, 36, 54));
}

TEST(EngineTimeTest, the_zero_time_of_go_and_what_is_no_time_is_never) {
    for (const char* text :
         {"0001-01-01T00:00:00Z", "", "Z", "2026", "2026-11-20", "2026-11-20T18:36:54", "2026-11-20T18:36:54Zx",
          "2026-13-20T18:36:54Z", "2026-02-30T18:36:54Z", "2026-11-20T24:00:00Z", "2026-11-20T18:36:54+1:00",
          "2026-11-20T18:36:54.Z0", "-026-11-20T18:36:54Z", "2026-11-20T18:+6:54Z", "9999-11-20T18:36:54Z",
          "1970-01-01T00:00:00+10:00", "2026-11-20T18:36:54.5", "now"}) {
        EXPECT_EQ(engine_time(text), EngineTime{}) << text;
    }
}

// ---- inspect ------------------------------------------------------------------------------------------------------

// Docker 20.10, as it answers, but for what nobody reads.
const char* const inspect_20_10 =
    R"({"Id":"5f7faf68449e3e9ea2f39b09bb03d9dfb1a3224a6b96fdcce777554206ee0df6","Created":"2026-11-20T18:36:55.0123Z",
"Path":"sh","Args":["-c","sleep 1000"],"State":{"Status":"running","Running":true,"Paused":false,"Restarting":false,
"OOMKilled":false,"Dead":false,"Pid":4711,"ExitCode":0,"Error":"","StartedAt":"2026-11-20T18:36:55.186881412Z",
"FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":"healthy","FailingStreak":0,"Log":[
{"Start":"2026-11-20T18:36:56.187537792Z","End":"2026-11-20T18:36:56.233094956Z","ExitCode":1,"Output":"early"},
{"Start":"2026-11-20T18:36:57.237380131Z","End":"2026-11-20T18:36:57.280435276Z","ExitCode":0,"Output":"ok\n"}]}},
"Image":"sha256:9c102ca4c626c95ec5a52b0d31700d6525c0dc9a0cc7cecd896affac388ad432","Name":"/shop-web",
"RestartCount":3,"Platform":"linux","HostConfig":{"NetworkMode":"back","RestartPolicy":{"Name":"on-failure",
"MaximumRetryCount":5},"AutoRemove":false,"IpcMode":"private","PidMode":""},"Config":{"User":"nobody",
"Image":"shop/web:1.4","WorkingDir":"/srv","Labels":{"autoheal":"true","com.docker.compose.service":"web"},
"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Timeout":500000000,"StartPeriod":2000000000,
"Retries":2},"StopSignal":"SIGQUIT","StopTimeout":30},"NetworkSettings":{"Networks":{
"alpha":{"NetworkID":"1","IPAddress":"10.1.0.2","GlobalIPv6Address":""},
"back":{"NetworkID":"2","IPAddress":"","GlobalIPv6Address":"fd00::2"}}}})";

TEST(ContainerViewTest, a_container_of_docker_20_10) {
    const auto view = container_view(inspect_20_10).value();
    EXPECT_EQ(view.id, "5f7faf68449e3e9ea2f39b09bb03d9dfb1a3224a6b96fdcce777554206ee0df6");
    EXPECT_EQ(view.name, "shop-web");
    EXPECT_EQ(view.image, "shop/web:1.4");
    EXPECT_EQ(view.image_id, "sha256:9c102ca4c626c95ec5a52b0d31700d6525c0dc9a0cc7cecd896affac388ad432");
    EXPECT_EQ(view.created, at(18, 36, 55, 12300000));
    EXPECT_EQ(view.status, ContainerStatus::running);
    EXPECT_EQ(view.started_at, at(18, 36, 55, 186881412));
    EXPECT_EQ(view.finished_at, EngineTime{});
    EXPECT_EQ(view.pid, 4711);
    EXPECT_EQ(view.restart_count, 3u);
    EXPECT_THAT(view.labels, ElementsAre(Pair("autoheal", "true"), Pair("com.docker.compose.service", "web")));
    EXPECT_EQ(view.stop_timeout, 30);
    EXPECT_EQ(view.stop_signal, "SIGQUIT");
    EXPECT_EQ(view.restart_policy, "on-failure");
    EXPECT_EQ(view.restart_retries, 5u);
    EXPECT_TRUE(view.restarts_itself());
    EXPECT_FALSE(view.auto_remove);
    EXPECT_EQ(view.network_mode, "back");
    EXPECT_EQ(view.ipc_mode, "private");
    EXPECT_EQ(view.user, "nobody");
    EXPECT_EQ(view.working_dir, "/srv");
    EXPECT_EQ(view.instance().id, view.id + "@2026-11-20T18:36:55.186881412Z");
    EXPECT_EQ(view.instance().subject(), view.id);
}

TEST(ContainerViewTest, the_network_of_network_mode_comes_first_and_ipv6_stands_in_for_ipv4) {
    const auto networks = container_view(inspect_20_10).value().networks;
    ASSERT_EQ(networks.size(), 2u);
    EXPECT_EQ(networks[0].name, "back");
    EXPECT_EQ(networks[0].address, "fd00::2");
    EXPECT_EQ(networks[1].name, "alpha");
    EXPECT_EQ(networks[1].address, "10.1.0.2");
}

TEST(ContainerViewTest, network_mode_may_be_an_id_or_the_default) {
    const std::string networks = R"("NetworkSettings":{"Networks":{"a":{},"bridge":{},"c":{"NetworkID":"77"}}})";
    EXPECT_EQ(view_with(R"(,"HostConfig":{"NetworkMode":"77"},)" + networks).networks.front().name, "c");
    EXPECT_EQ(view_with(R"(,"HostConfig":{"NetworkMode":"default"},)" + networks).networks.front().name, "bridge");
    EXPECT_EQ(view_with(R"(,"HostConfig":{"NetworkMode":""},)" + networks).networks.front().name, "a");
}

TEST(ContainerViewTest, of_the_health_log_only_the_newest_output_is_kept) {
    const auto health = container_view(inspect_20_10).value().health.value();
    EXPECT_EQ(health.status, "healthy");
    EXPECT_EQ(health.failing_streak, 0u);
    ASSERT_EQ(health.log.size(), 2u);
    EXPECT_EQ(health.log[0].exit_code, 1);
    EXPECT_EQ(health.log[0].output, "");
    EXPECT_EQ(health.log[1].started, at(18, 36, 57, 237380131));
    EXPECT_EQ(health.log[1].ended, at(18, 36, 57, 280435276));
    EXPECT_EQ(health.log[1].output, "ok\n");
}

TEST(ContainerViewTest, of_a_long_health_log_the_last_five_are_kept_and_of_a_long_output_what_docker_keeps) {
    std::string log;
    for (int code = 1; code <= 9; ++code) log += R"({"ExitCode":)" + std::to_string(code) + "},";
    log += R"({"ExitCode":10,"Output":")" + std::string(9000, 'x') + R"("})";
    const auto health = view_in_state(R"({"Health":{"Status":"unhealthy","Log":[)" + log + "]}}").health.value();
    ASSERT_EQ(health.log.size(), 5u);
    EXPECT_EQ(health.log.front().exit_code, 6);
    EXPECT_EQ(health.log.back().exit_code, 10);
    EXPECT_EQ(health.log.back().output.size(), 4096u);
}

TEST(ContainerViewTest, a_healthcheck_gets_dockers_defaults) {
    const auto check = view_with(R"(,"Config":{"Healthcheck":{"Test":["CMD","ping"]}})").healthcheck.value();
    EXPECT_EQ(check.interval, 30s);
    EXPECT_EQ(check.timeout, 30s);
    EXPECT_EQ(check.start_period, 0s);
    EXPECT_EQ(check.start_interval, 5s);
    EXPECT_EQ(check.retries, 3u);
    const auto given = view_with(R"(,"Config":{"Healthcheck":{"Test":["CMD","ping"],"Interval":2000000000,
        "Timeout":3000000000,"StartPeriod":4000000000,"StartInterval":500000000,"Retries":7}})");
    EXPECT_EQ(given.healthcheck->interval, 2s);
    EXPECT_EQ(given.healthcheck->timeout, 3s);
    EXPECT_EQ(given.healthcheck->start_period, 4s);
    EXPECT_EQ(given.healthcheck->start_interval, 500ms);
    EXPECT_EQ(given.healthcheck->retries, 7u);
}

TEST(ContainerViewTest, a_test_that_docker_does_not_run_is_no_healthcheck) {
    for (const char* test : {"null", "[]", R"(["NONE"])", R"(["cmd","ping"])", R"("ping")", "[7]"}) {
        EXPECT_FALSE(view_with(std::string{R"(,"Config":{"Healthcheck":{"Test":)"} + test + "}}").healthcheck) << test;
    }
}

TEST(ContainerViewTest, absurd_lengths_can_still_be_added_up) {
    const auto check = view_with(R"(,"Config":{"Healthcheck":{"Test":["CMD","x"],"Interval":9223372036854775807,
        "Timeout":9223372036854775807,"StartPeriod":9223372036854775807,"Retries":9223372036854775807}})")
                           .healthcheck.value();
    EXPECT_GT(default_verify(check), check.interval);
    EXPECT_GE(check.retries, 1u);
    const auto negative = view_with(R"(,"Config":{"Healthcheck":{"Test":["CMD","x"],"Interval":-5,"Retries":-1}})");
    EXPECT_EQ(negative.healthcheck->interval, 30s);
    EXPECT_EQ(negative.healthcheck->retries, 3u);
}

TEST(ContainerViewTest, each_status_and_whether_it_lives) {
    const std::vector<std::pair<std::string, ContainerStatus>> cases{
        {"created", ContainerStatus::created},     {"running", ContainerStatus::running},
        {"paused", ContainerStatus::paused},       {"restarting", ContainerStatus::restarting},
        {"removing", ContainerStatus::removing},   {"exited", ContainerStatus::exited},
        {"dead", ContainerStatus::dead},           {"configured", ContainerStatus::created},
        {"initialized", ContainerStatus::created}, {"stopping", ContainerStatus::running},
        {"stopped", ContainerStatus::exited},      {"", ContainerStatus::unknown},
        {"zombie", ContainerStatus::unknown}};
    for (const auto& [word, status] : cases) {
        const auto view = view_in_state(R"({"Status":")" + word + R"(","StartedAt":"T"})");
        EXPECT_EQ(view.status, status) << word;
        const bool lives = status == ContainerStatus::running || status == ContainerStatus::paused;
        EXPECT_EQ(view.lives(), lives) << word;
        EXPECT_EQ(view.instance().id, lives ? id + "@T" : "") << word;
    }
}

TEST(ContainerViewTest, an_end_is_told_by_code_memory_and_error) {
    const auto view = view_in_state(R"({"Status":"exited","ExitCode":137,"OOMKilled":true,"Error":"no such file",
        "FinishedAt":"2026-11-20T18:37:08Z"})");
    EXPECT_EQ(view.exit_code, 137);
    EXPECT_TRUE(view.oom_killed);
    EXPECT_EQ(view.error, "no such file");
    EXPECT_EQ(view.finished_at, at(18, 37, 8));
}

// podman 5: StopSignal is a number, StopTimeout is always there, some of Config is null.
TEST(ContainerViewTest, a_container_of_podman) {
    const auto view = view_with(R"(,"Config":{"StopSignal":15,"StopTimeout":10,"Labels":null,"Volumes":null,
        "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000,"Retries":3}},"HostConfig":{"RestartPolicy":
        {"Name":"","MaximumRetryCount":0}},"NetworkSettings":{"Networks":{"podman":{"IPAddress":"10.88.0.2"}}})");
    EXPECT_EQ(view.stop_signal, "15");
    EXPECT_EQ(view.stop_timeout, 10);
    EXPECT_FALSE(view.restarts_itself());
    EXPECT_EQ(view.healthcheck->start_interval, 5s);
    EXPECT_EQ(view.networks.front().address, "10.88.0.2");
    EXPECT_EQ(view_with(R"(,"Config":{"StopSignal":"15","StopTimeout":-1})").stop_signal, "15");
    EXPECT_EQ(view_with(R"(,"Config":{"StopTimeout":-1})").stop_timeout, -1);
    EXPECT_EQ(view_with(R"(,"Config":{"StopTimeout":null})").stop_timeout, std::nullopt);
}

TEST(ContainerViewTest, what_is_no_inspect_of_a_container_is_nothing) {
    for (const char* text : {"", "null", "[]", "{", "7", R"({"message":"No such container"})", R"({"Id":"abc"})",
                             R"({"Id":7,"State":{}})", R"({"Id":"","State":{}})", R"({"Id":"a/b","State":{}})",
                             R"({"Id":"a@b","State":{}})", R"({"Id":"abc","State":"running"})", "\xff\xfe"}) {
        EXPECT_FALSE(container_view(text)) << text;
    }
}

TEST(ContainerViewTest, members_of_a_wrong_type_are_left_at_their_defaults) {
    const auto view = container_view(R"({"Id":"abc","State":{"Status":7,"Pid":"x","ExitCode":1.5,"Error":[],
        "Health":"good","StartedAt":null},"Config":[],"HostConfig":{"RestartPolicy":"always","NetworkMode":{}},
        "NetworkSettings":{"Networks":[1]},"RestartCount":-4,"Name":{}})")
                          .value();
    EXPECT_EQ(view.status, ContainerStatus::unknown);
    EXPECT_EQ(view.pid, 0);
    EXPECT_EQ(view.exit_code, 0);
    EXPECT_EQ(view.restart_count, 0u);
    EXPECT_EQ(view.restart_policy, "");
    EXPECT_FALSE(view.health);
    EXPECT_THAT(view.networks, IsEmpty());
    EXPECT_EQ(
        view_in_state(R"({"Health":{"Status":1,"FailingStreak":-1,"Log":[7,null,{"Start":3}]}})").health->log.size(),
        3u);
}

// ---- the listing --------------------------------------------------------------------------------------------------

std::vector<ListedContainer> list(const std::string& body) { return container_list(body).value(); }

TEST(ContainerListTest, an_entry_of_docker_20_10_has_its_health_in_the_text) {
    const auto all = list(R"json([
        {"Id":"a1","Names":["/other/alias","/web"],"Image":"shop/web:1.4","State":"running",
         "Status":"Up 5 minutes (unhealthy)","Labels":{"autoheal":"true"},"HostConfig":{"NetworkMode":"container:b2"}},
        {"Id":"a2","Names":["/api"],"State":"running","Status":"Up 2 seconds (health: starting)"},
        {"Id":"a3","Names":["/db"],"State":"running","Status":"Up 2 hours (healthy)"},
        {"Id":"a4","Names":["/tool"],"State":"running","Status":"Up 2 hours"},
        {"Id":"a5","Names":["/halted"],"State":"paused","Status":"Up 2 hours (Paused)"}])json");
    ASSERT_EQ(all.size(), 5u);
    EXPECT_EQ(all[0].name, "web");
    EXPECT_EQ(all[0].image, "shop/web:1.4");
    EXPECT_EQ(all[0].state, "running");
    EXPECT_EQ(all[0].health, "unhealthy");
    EXPECT_EQ(all[0].network_mode, "container:b2");
    EXPECT_THAT(all[0].labels, ElementsAre(Pair("autoheal", "true")));
    EXPECT_EQ(all[1].health, "starting");
    EXPECT_EQ(all[2].health, "healthy");
    EXPECT_EQ(all[3].health, "");
    EXPECT_EQ(all[4].health, "");
}

TEST(ContainerListTest, from_api_1_52_on_health_is_a_member) {
    const auto all = list(R"json([
        {"Id":"a1","Names":["/web"],"State":"running","Status":"Up 5 minutes (healthy)",
         "Health":{"Status":"unhealthy","FailingStreak":4}},
        {"Id":"a2","Names":["/tool"],"State":"running","Status":"Up 5 minutes","Health":{"Status":"none"}}])json");
    EXPECT_EQ(all[0].health, "unhealthy");
    EXPECT_EQ(all[1].health, "");
}

TEST(ContainerListTest, entries_that_are_none_are_left_out_and_what_is_no_list_is_nothing) {
    EXPECT_EQ(list(R"([7,null,{},{"Id":"../x"},{"Id":"a1","Names":"web","State":[],"HostConfig":7}])").size(), 1u);
    for (const char* text : {"", "{}", "null", "[", R"({"message":"no"})"}) EXPECT_FALSE(container_list(text)) << text;
}

TEST(ContainerListTest, a_listing_differs_by_name_state_and_health_word) {
    const auto known = container_view(inspect_20_10).value();
    const auto now = at(19, 0, 0);
    const auto changed = [&](auto change) {
        auto entry = listed(known);
        entry.status = "Up 23 minutes (healthy)";
        change(entry);
        return differs(entry, known, now);
    };
    EXPECT_FALSE(changed([](auto&) {}));
    EXPECT_TRUE(changed([](auto& entry) { entry.name = "other"; }));
    EXPECT_TRUE(changed([](auto& entry) { entry.state = "paused"; }));
    EXPECT_TRUE(changed([](auto& entry) { entry.health = "unhealthy"; }));
    EXPECT_FALSE(changed([](auto& entry) { entry.health = ""; }));  // podman lists none
}

TEST(ContainerListTest, a_container_that_is_up_for_seconds_only_is_not_the_life_that_is_known) {
    const auto known = container_view(inspect_20_10).value();  // started at 18:36:55
    auto entry = listed(known);
    for (const char* text : {"Up Less than a second", "Up 1 second", "Up 59 seconds (healthy)", "Up About a minute"}) {
        entry.status = text;
        EXPECT_TRUE(differs(entry, known, at(18, 45, 0))) << text;
        EXPECT_FALSE(differs(entry, known, at(18, 38, 0))) << text;
    }
    entry.status = "Up 2 minutes (healthy)";
    EXPECT_FALSE(differs(entry, known, at(18, 45, 0)));
}

TEST(ContainerListTest, what_is_only_listed_is_known_to_exist_and_no_more) {
    const auto known = container_view(inspect_20_10).value();
    const auto stub = view_of(listed(known));
    EXPECT_EQ(stub.id, known.id);
    EXPECT_EQ(stub.name, known.name);
    EXPECT_EQ(stub.labels, known.labels);
    EXPECT_EQ(stub.status, ContainerStatus::unknown);
    EXPECT_FALSE(stub.lives());
}

}  // namespace
}  // namespace keepwell::runtime::docker
