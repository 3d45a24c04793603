// What the control API answers, whole and without a wire.
#include "control/router.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/status_json.hpp"
#include "house.hpp"

namespace keepwell::control {
namespace {

using Json = nlohmann::ordered_json;

Answer ask(House& house, const std::string& method, const std::string& target) {
    const auto request = parse_request(method, target, "bob");
    return house.router.answer(*request);
}

Reply reply(House& house, const std::string& method, const std::string& target) {
    return std::get<Reply>(ask(house, method, target));
}

Json status(House& house, const std::string& target) {
    return Json::parse(reply(house, "GET", "/v1/status?target=" + target).body)["targets"][0];
}

bool is_well(House& house, const std::string& name) {
    return well(house.supervisor.engine(), *house.supervisor.engine().find(name));
}

TEST(Request, is_taken_apart_and_decoded) {
    const auto request = parse_request("GET", "/v1/logs/a%2Fb?tail=5&follow", "bob");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->path, (std::vector<std::string>{"v1", "logs", "a/b"}));
    EXPECT_EQ(request->query.at("tail"), "5");
    EXPECT_EQ(request->query.at("follow"), "1");
}

TEST(Request, that_is_malformed_is_refused) {
    for (const char* target : {"", "v1/status", "/v1/%zz", "/v1/%4", "/v1/%00", "/v1/status?a=%x1", "?"}) {
        EXPECT_FALSE(parse_request("GET", target, "bob")) << target;
    }
}

TEST(Status, of_everything_is_exact) {
    House house{shop()};
    house.begin();
    house.after(10s);
    EXPECT_EQ(
        reply(house, "GET", "/v1/status").body,
        R"({"api":"keepwell/v1","mode":"enforce","brain_pid":4242,"version":"0.1.0","since":"2024-05-01T10:31:00.000Z",)"
        R"("policy":{"files":["policy.yaml"],"version":"p1","trouble":null},"journal":{"folder":"/state/journal","trouble":null},)"
        R"("storm":false,"stopping":false,"targets":[)"
        R"({"name":"api","service":"api","kind":"process","phase":"running","health":"healthy","well":true,)"
        R"("failing_streak":0,"restarts":0,"remediation":{"state":"idle","rung":0,"attempt":0},)"
        R"("since":"2024-05-01T10:31:00.000Z","pid":1000,"instance":"1000@10000","reason":"started","detail":"",)"
        R"("last_exit":null,"incident":null,"paused":false,"operator_stopped":false,"dry_run":false,"taken_as_started":false,"hold":null,)"
        R"("next":{"what":"probe","at":"2024-05-01T10:31:20.000Z"},"probes":[{"name":"exec","kind":"exec",)"
        R"("last":{"at":"2024-05-01T10:31:10.000Z","outcome":"passed","duration_ms":0.0,"exit_code":0,"output":"HTTP 200"},)"
        R"("recent":[{"at":"2024-05-01T10:31:10.000Z","outcome":"passed","duration_ms":0.0,"exit_code":0,"output":"HTTP 200"}]}]},)"
        R"({"name":"worker.1","service":"worker","kind":"process","phase":"running","health":"none","well":true,)"
        R"("failing_streak":0,"restarts":0,"remediation":{"state":"idle","rung":0,"attempt":0},)"
        R"("since":"2024-05-01T10:31:00.000Z","pid":1001,"instance":"1001@10010","reason":"started","detail":"",)"
        R"("last_exit":null,"incident":null,"paused":false,"operator_stopped":false,"dry_run":false,"taken_as_started":false,"hold":null,)"
        R"("next":null,"probes":[]},)"
        R"({"name":"worker.2","service":"worker","kind":"process","phase":"running","health":"none","well":true,)"
        R"("failing_streak":0,"restarts":0,"remediation":{"state":"idle","rung":0,"attempt":0},)"
        R"("since":"2024-05-01T10:31:00.000Z","pid":1002,"instance":"1002@10020","reason":"started","detail":"",)"
        R"("last_exit":null,"incident":null,"paused":false,"operator_stopped":false,"dry_run":false,"taken_as_started":false,"hold":null,)"
        R"("next":null,"probes":[]}]})"
        "\n");
}

TEST(Status, of_a_held_remedy_names_the_hold) {
    House house{shop()};
    house.probes.answers("api", {{simulation::Answer::fail()}});
    house.begin();
    reply(house, "POST", "/v1/targets/api/pause");
    house.after(20s);
    const Json api = status(house, "api");
    EXPECT_EQ(api["health"], "unhealthy");
    EXPECT_EQ(api["well"], false);
    EXPECT_EQ(api["paused"], true);
    EXPECT_EQ(api["failing_streak"], 2);
    EXPECT_EQ(api["incident"], 1);
    EXPECT_EQ(api["remediation"]["state"], "held");
    EXPECT_EQ(api["hold"].dump(), R"({"reason":"paused","until":null,"would":"restart","detail":""})");
}

TEST(Status, keeps_the_last_five_results_oldest_first) {
    House house{shop()};
    house.begin();
    house.after(70s);
    const Json probe = status(house, "api")["probes"][0];
    ASSERT_EQ(probe["recent"].size(), 5u);
    EXPECT_EQ(probe["recent"][0]["at"], "2024-05-01T10:31:30.000Z");
    EXPECT_EQ(probe["recent"][4], probe["last"]);
}

TEST(Status, of_a_dead_target_has_no_pid) {
    House house{shop()};
    house.begin();
    reply(house, "POST", "/v1/targets/api/stop");
    house.after(0s);
    const Json api = status(house, "api");
    EXPECT_TRUE(api["pid"].is_null());
    EXPECT_TRUE(api["instance"].is_null());
    EXPECT_EQ(api["operator_stopped"], true);
}

TEST(Status, tells_what_is_wrong_with_the_journal) {
    House house{shop()};
    house.begin();
    house.trouble = "No space left on device";
    EXPECT_EQ(Json::parse(reply(house, "GET", "/v1/status").body)["journal"]["trouble"], "No space left on device");
}

TEST(Status, survives_output_that_is_not_utf8) {
    House house{shop()};
    simulation::Answer odd = simulation::Answer::fail();
    odd.output = "\xff\xfe";
    house.probes.answers("api", {{odd}});
    house.begin();
    house.after(10s);
    EXPECT_EQ(status(house, "api")["probes"][0]["last"]["output"], "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Well, is_not_what_is_only_starting) {
    House house{shop()};
    house.begin();
    EXPECT_FALSE(is_well(house, "api"));
    house.after(10s);
    EXPECT_TRUE(is_well(house, "api"));
}

TEST(Well, is_what_a_person_stopped_but_not_what_ended_badly) {
    House house{
        testing::policy_of({testing::Service{"by_hand"}, testing::Service{"done"}.restart(RestartCondition::none, 0s),
                            testing::Service{"broken"}.restart(RestartCondition::none, 0s)})};
    house.processes.lives("done", {simulation::Life::exits(0)});
    house.processes.lives("broken", {simulation::Life::exits(7)});
    house.begin();
    reply(house, "POST", "/v1/targets/by_hand/stop");
    house.after(1s);
    EXPECT_TRUE(is_well(house, "by_hand"));
    EXPECT_TRUE(is_well(house, "done"));
    EXPECT_FALSE(is_well(house, "broken"));
}

TEST(Well, is_not_what_waits_for_its_next_start) {
    House house{testing::policy_of({testing::Service{"one"}.restart(RestartCondition::any, 5s)})};
    house.processes.lives("one", {simulation::Life::exits(0), simulation::Life::runs()});
    house.begin();
    EXPECT_FALSE(is_well(house, "one"));
}

TEST(Well, is_not_what_runs_again_until_it_is_proven_good) {
    House house{testing::policy_of({testing::Service{"one"}.restart(RestartCondition::any, 5s)})};
    house.processes.lives("one", {simulation::Life::exits(1), simulation::Life::runs()});
    house.begin();
    house.after(5s);
    EXPECT_EQ(status(house, "one")["phase"], "running");
    EXPECT_EQ(status(house, "one")["incident"], 1);
    EXPECT_FALSE(is_well(house, "one"));
    house.after(10s);
    EXPECT_TRUE(is_well(house, "one"));
}

TEST(Well, is_what_a_person_has_restarted_without_an_incident) {
    House house{shop()};
    house.begin();
    reply(house, "POST", "/v1/targets/worker.1/restart");
    house.after(1s);
    EXPECT_EQ(status(house, "worker.1")["restarts"], 1);
    EXPECT_TRUE(is_well(house, "worker.1"));
}

TEST(Targets, are_named_by_target_or_by_service) {
    House house{shop()};
    house.begin();
    const Json both = Json::parse(reply(house, "GET", "/v1/status?target=worker").body)["targets"];
    ASSERT_EQ(both.size(), 2u);
    const Json one = Json::parse(reply(house, "GET", "/v1/status?target=worker.2").body)["targets"];
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0]["name"], "worker.2");
}

TEST(Targets, that_do_not_exist_are_answered_with_a_suggestion) {
    House house{shop()};
    house.begin();
    const std::string text =
        "{\"error\":\"no target or service is called `wroker`; did you mean `worker`?\",\"code\":\"no_such_target\"}\n";
    for (const char* path :
         {"/v1/status?target=wroker", "/v1/explain/wroker", "/v1/logs/wroker", "/v1/events?target=wroker"}) {
        const Reply answer = reply(house, "GET", path);
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_EQ(answer.body, text) << path;
    }
    EXPECT_EQ(reply(house, "POST", "/v1/targets/wroker/stop").body, text);
}

/// As the policy reader leaves it: the service is written in a file.
Policy with_workers(std::uint32_t replicas) {
    Policy policy = testing::policy_of({testing::Service{"api"}, testing::Service{"worker"}.replicas(replicas)});
    policy.services[1].origin = {0, 3};
    policy.version = "with " + std::to_string(replicas);
    return policy;
}

TEST(Targets, of_a_service_without_replicas_are_said_to_be_none) {
    House house{with_workers(0)};
    house.begin();
    const Reply answer = reply(house, "POST", "/v1/targets/worker/start");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.body, "{\"error\":\"`worker` has no targets (replicas: 0)\",\"code\":\"no_such_target\"}\n");
}

TEST(Targets, of_a_selector_that_selects_no_container_are_said_to_be_none) {
    Policy policy = with_workers(1);
    policy.templates.push_back(policy.targets.back());
    policy.targets.pop_back();
    House house{policy};
    house.begin();
    EXPECT_EQ(reply(house, "GET", "/v1/status?target=worker").body,
              "{\"error\":\"`worker` has no targets (no container is there that it "
              "selects)\",\"code\":\"no_such_target\"}\n");
}

TEST(Targets, that_are_gone_are_not_suggested) {
    House house{with_workers(2)};
    house.begin();
    EXPECT_EQ(house.supervisor.reload(std::make_shared<Policy>(with_workers(1)), "bob"), "");
    house.after(1s);
    const Json json = Json::parse(reply(house, "GET", "/v1/status?target=worker.2").body);
    EXPECT_EQ(json.value("error", ""), "no target or service is called `worker.2`; did you mean `worker`?");
}

TEST(Targets, that_scaling_has_added_stand_beside_the_others_of_their_service) {
    const auto scaled = [](std::uint32_t replicas) {
        Policy policy = testing::policy_of({testing::Service{"worker"}.replicas(replicas), testing::Service{"db"}});
        policy.version = std::to_string(replicas);
        return policy;
    };
    House house{scaled(2)};
    house.begin();
    EXPECT_EQ(house.supervisor.reload(std::make_shared<Policy>(scaled(3)), "bob"), "");
    house.after(1s);
    const Json status = Json::parse(reply(house, "GET", "/v1/status").body);
    std::vector<std::string> names;
    for (const Json& target : status["targets"]) names.push_back(target["name"]);
    EXPECT_EQ(names, (std::vector<std::string>{"worker.1", "worker.2", "worker.3", "db"}));
}

TEST(Paths, that_do_not_exist_and_methods_that_do_not_fit) {
    House house{shop()};
    house.begin();
    EXPECT_EQ(reply(house, "GET", "/").status, 404);
    EXPECT_EQ(reply(house, "GET", "/v2/status").status, 404);
    EXPECT_EQ(reply(house, "GET", "/v1/nothing").status, 404);
    EXPECT_EQ(reply(house, "GET", "/v1/status/more").status, 404);
    EXPECT_EQ(reply(house, "DELETE", "/v1/status").status, 405);
    EXPECT_EQ(reply(house, "GET", "/v1/targets/api/stop").status, 405);
    EXPECT_EQ(
        reply(house, "POST", "/v1/targets/api/explode").body,
        "{\"error\":\"nothing is called `explode`; there are start, stop, restart, replace, pause, resume and reset\","
        "\"code\":\"not_found\"}\n");
}

TEST(Version, is_exact) {
    House house{shop()};
    EXPECT_EQ(reply(house, "GET", "/v1/version").body,
              "{\"api\":\"keepwell/v1\",\"version\":\"0.1.0\",\"brain_pid\":4242}\n");
}

TEST(Operations, are_taken_at_once_and_name_who_asked) {
    House house{shop()};
    house.begin();
    const std::uint64_t before = house.events.last_seq();
    const Reply answer = reply(house, "POST", "/v1/targets/worker.1/stop");
    EXPECT_EQ(answer.status, 202);
    const Json json = Json::parse(answer.body);
    EXPECT_EQ(json["seq"], before);
    EXPECT_EQ(json["targets"].dump(), R"([{"name":"worker.1","instance_before":"1001@10010"}])");
    EXPECT_EQ(house.supervisor.engine().target(1).phase, Phase::stopping);
    std::string lines;
    house.events.read({}, before, 1 << 20, lines);
    const Json first = Json::parse(lines.substr(0, lines.find('\n')));
    EXPECT_EQ(first["type"], "operator.stop");
    EXPECT_EQ(first["by"], "bob");
}

TEST(Operations, on_a_service_reach_all_its_replicas) {
    House house{shop()};
    house.begin();
    EXPECT_EQ(Json::parse(reply(house, "POST", "/v1/targets/worker/restart").body)["targets"].size(), 2u);
    EXPECT_EQ(house.supervisor.engine().target(0).phase, Phase::running);
    EXPECT_EQ(house.supervisor.engine().target(1).phase, Phase::stopping);
    EXPECT_EQ(house.supervisor.engine().target(2).phase, Phase::stopping);
}

TEST(Operations, on_the_whole_host_are_all_but_replace) {
    House house{shop()};
    house.begin();
    EXPECT_EQ(reply(house, "POST", "/v1/targets/*/pause").status, 202);
    EXPECT_TRUE(house.supervisor.engine().target(2).paused);
    EXPECT_EQ(reply(house, "POST", "/v1/targets/*/resume").status, 202);
    EXPECT_FALSE(house.supervisor.engine().target(2).paused);
    EXPECT_EQ(Json::parse(reply(house, "POST", "/v1/targets/*/reset").body)["targets"].size(), 3u);
    EXPECT_EQ(reply(house, "POST", "/v1/targets/*/stop").status, 202);
    house.after(0s);
    for (const engine::Target& target : house.supervisor.engine().targets()) EXPECT_EQ(target.phase, Phase::stopped);
    EXPECT_EQ(Json::parse(reply(house, "POST", "/v1/targets/*/start").body)["targets"].size(), 3u);
    EXPECT_EQ(reply(house, "POST", "/v1/targets/*/restart").status, 202);
    EXPECT_EQ(reply(house, "POST", "/v1/targets/*/replace").status, 400);
}

TEST(Operations, are_refused_while_keepwell_ends) {
    House house{shop()};
    house.begin();
    house.supervisor.post(event::Shutdown{});
    const Reply answer = reply(house, "POST", "/v1/targets/api/start");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, "{\"error\":\"this keepwell is stopping everything\",\"code\":\"stopping\"}\n");
}

TEST(Logs, are_a_stream_of_the_targets_file) {
    House house{shop()};
    house.begin();
    const auto stream = std::get<OutputStream>(ask(house, "GET", "/v1/logs/worker.1?tail=7&follow=1"));
    EXPECT_EQ(stream.file, "/state/output/worker.1.log");
    EXPECT_EQ(stream.lines, 7u);
    EXPECT_TRUE(stream.follow);
    EXPECT_EQ(reply(house, "GET", "/v1/logs/api?tail=many").status, 400);
    EXPECT_EQ(reply(house, "GET", "/v1/logs/worker").body,
              "{\"error\":\"worker has 2 targets; name one, such as worker.1\",\"code\":\"bad_request\"}\n");
}

TEST(Events, are_asked_for_by_number_time_and_target) {
    House house{shop()};
    const auto by_number = std::get<EventStream>(ask(house, "GET", "/v1/events?since=12&follow=1"));
    EXPECT_EQ(std::get<std::uint64_t>(by_number.filter.since), 12u);
    EXPECT_TRUE(by_number.follow);
    const auto by_time =
        std::get<EventStream>(ask(house, "GET", "/v1/events?since=2024-05-01T12:31:00%2B02:00&target=api"));
    EXPECT_EQ(std::get<WallTime>(by_time.filter.since), house.clock.wall());
    EXPECT_EQ(by_time.filter.target, "api");
    EXPECT_FALSE(by_time.follow);
    EXPECT_EQ(reply(house, "GET", "/v1/events?since=yesterday").status, 400);
}

TEST(Explain, has_sentences_with_the_rules_they_rest_on) {
    Policy policy = shop();
    policy.services[0].origin = {0, 3};
    House house{policy};
    house.begin();
    const Json json = Json::parse(reply(house, "GET", "/v1/explain/api").body);
    EXPECT_EQ(json["target"], "api");
    EXPECT_EQ(json["sentences"][0]["topic"], "state");
    EXPECT_EQ(json["sentences"][0]["rule"].dump(), R"({"file":"policy.yaml","line":3})");
    EXPECT_EQ(json["sentences"][0]["default"], false);
    EXPECT_EQ(Json::parse(reply(house, "GET", "/v1/explain/worker").body)["targets"].size(), 2u);
}

TEST(DryRun, is_said_and_counts_by_what_the_probes_say) {
    Policy policy = shop();
    policy.mode = Mode::dry_run;
    House house{policy};
    house.probes.answers("api", {{simulation::Answer::pass()}, {simulation::Answer::fail()}});
    house.begin();
    house.after(10s);
    EXPECT_EQ(Json::parse(reply(house, "GET", "/v1/status").body)["mode"], "dry-run");
    EXPECT_TRUE(is_well(house, "api"));
    EXPECT_TRUE(is_well(house, "worker.1"));
    house.after(20s);
    EXPECT_FALSE(is_well(house, "api"));
    EXPECT_EQ(status(house, "api")["hold"]["reason"], "dry_run");
}

TEST(Policies, are_planned_by_get_and_reloaded_by_post_with_the_files_that_are_named) {
    House house{shop()};
    house.begin();
    EXPECT_EQ(reply(house, "GET", "/v1/plan").status, 200);
    EXPECT_EQ(reply(house, "POST", "/v1/reload?files=%2Fa%2Fone.yaml%0A%2Fb&expect=5f").status, 200);
    ASSERT_EQ(house.asked.size(), 2u);
    EXPECT_FALSE(house.asked[0].apply);
    EXPECT_TRUE(house.asked[0].files.empty());
    EXPECT_TRUE(house.asked[1].apply);
    EXPECT_EQ(house.asked[1].files, (std::vector<std::string>{"/a/one.yaml", "/b"}));
    EXPECT_EQ(house.asked[1].expect, "5f");
    EXPECT_EQ(house.asked[1].user, "bob");
}

TEST(Policies, are_not_read_by_relative_paths_nor_reloaded_by_get) {
    House house{shop()};
    house.begin();
    EXPECT_EQ(reply(house, "GET", "/v1/plan?files=one.yaml").status, 400);
    EXPECT_EQ(reply(house, "GET", "/v1/reload").status, 405);
    EXPECT_TRUE(house.asked.empty());
}

}  // namespace
}  // namespace keepwell::control
