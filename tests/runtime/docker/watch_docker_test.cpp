// What is told of containers on a real engine, whatever is done to them by hand: each cause of docker's table of event
// sequences, health checks, containers that come and go, and an engine that ends and comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "runtime/docker/told.hpp"
#include "runtime/docker/watch/bindings.hpp"
#include "runtime/docker/watch/watcher.hpp"
#include "runtime/loop.hpp"
#include "support/await.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using runtime::Loop;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Lines = std::vector<std::string>;
using Command = std::vector<std::string>;

const std::string image = "keepwell-test/busybox";
// Ends at once when it is asked to.
const Command obedient{image, "sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"};

Command with(Command options, const Command& rest) {
    options.insert(options.end(), rest.begin(), rest.end());
    return options;
}

// One that is sick while there is a file /sick in it.
Command with_a_check() {
    return with({"--health-cmd", "test ! -e /sick", "--health-interval", "100ms", "--health-retries", "2"}, obedient);
}

/// Between its creation and its start a container may be seen, or not.
Lines words_but_created(Lines lines) {
    std::erase_if(lines,
                  [](const std::string& line) { return line.find(" dead: created, never started") != line.npos; });
    return lines;
}

/// What watches, on an engine, with a policy of targets that adopt.
class Watched {
  public:
    explicit Watched(const std::string& host = docker_host()) : api(loop, engine_address(host, false, "")) {}

    TargetIndex adopt(const std::string& name, const std::string& container) {
        ServiceSpec service;
        service.name = name;
        service.engine_health = true;
        TargetSpec target;
        target.name = name;
        target.kind = TargetKind::adopted;
        target.service = static_cast<ServiceIndex>(policy.services.size());
        target.selector.name = container;
        policy.services.push_back(service);
        policy.targets.push_back(target);
        return static_cast<TargetIndex>(policy.targets.size() - 1);
    }
    void select(const std::string& service, const std::string& label, const std::string& value) {
        ServiceSpec spec;
        spec.name = service;
        TargetSpec target;
        target.name = service;
        target.kind = TargetKind::adopted;
        target.service = static_cast<ServiceIndex>(policy.services.size());
        target.selector.labels = {{label, value}};
        policy.services.push_back(spec);
        policy.templates.push_back(target);
    }

    /// Returns what was told until the engine was found.
    Lines begin() {
        Bindings::Options options;
        options.log = [](const std::string& line) { ADD_FAILURE() << line; };
        options.refresh = [this](const std::string& id, std::function<void(const Seen*)> done) {
            watcher->refresh(id, std::move(done));
        };
        bindings.emplace(
            loop, [this](const Event& event) { take(event); }, std::move(options));
        bindings->watch({&policy, [this](const event::TargetJoined& joined) {
                             policy.targets.push_back(*joined.spec);
                             words.push_back(joined.spec->name + " joined");
                             return static_cast<TargetIndex>(policy.targets.size() - 1);
                         }});
        Watcher::Listener listener{[this](const std::string& detail) { bindings->lost(detail); },
                                   [this](const std::string& detail) { bindings->found(detail); },
                                   [this](const Seen& now, const Seen* before) { bindings->seen(now, before); },
                                   [this](const Seen& seen) { bindings->gone(seen); }};
        watcher.emplace(
            loop, api, Watcher::Options{}, [this](const ListedContainer& one) { return bindings->is_interesting(one); },
            std::move(listener));
        watcher->start();
        return until("found: ");
    }

    /// All that is told up to the line that begins so.
    Lines until(const std::string& beginning) {
        const auto is_it = [&](const std::string& line) { return line.rfind(beginning, 0) == 0; };
        EXPECT_TRUE(await(loop, [&] { return std::ranges::any_of(words, is_it); })) << beginning << seen_so_far();
        const auto found = std::ranges::find_if(words, is_it);
        const auto end = found == words.end() ? found : found + 1;
        Lines lines{words.begin(), end};
        words.erase(words.begin(), end);
        return lines;
    }

    /// Nothing is told that the engine knows by now: whatever it has to say, it says before this.
    Lines nothing_more() {
        bool done = false;
        watcher->refresh("no-such-container-by-this-name", [&](const Seen*) { done = true; });
        EXPECT_TRUE(await(loop, [&] { return done; }));
        settle(loop);
        return std::exchange(words, {});
    }

    std::string seen_so_far() const {
        std::string text = "; told were:";
        for (const auto& line : words) text += "\n  " + line;
        return text;
    }

    void take(const Event& event) {
        words.push_back(in_words(event, policy));
        events.push_back(event);
    }

    Loop loop;
    EngineApi api;
    Policy policy;
    Lines words;
    std::vector<Event> events;
    std::optional<Bindings> bindings;
    std::optional<Watcher> watcher;
};

/// With one container of this name that runs, and is a target.
struct OneContainer : Watched {
    explicit OneContainer(const Command& run = obedient) {
        id = sandbox.run("web", run);
        adopt("web", sandbox.name("web"));
        first = begin();
    }
    void by_hand(const std::string& verb, Command options = {}) {
        options.insert(options.begin(), verb);
        options.push_back(id);
        docker(options);
    }

    Sandbox sandbox;
    std::string id;
    Lines first;
};

TEST(WatchContainer, what_runs_and_what_does_not_exist_is_told_at_first_sight) {
    Sandbox sandbox;
    Watched world;
    const auto id = sandbox.run("web", with({"--restart", "always", "--stop-timeout", "7"}, obedient));
    world.adopt("web", sandbox.name("web"));
    world.adopt("api", sandbox.name("api"));
    const auto first = world.begin();
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0], "web lives");
    EXPECT_EQ(first[1], "api absent: no such container");
    EXPECT_THAT(first[2], ::testing::MatchesRegex("found: Docker .*, API 1\\.[0-9]+"));
    const auto& found = std::get<event::Found>(world.events[0]);
    EXPECT_EQ(found.instance.id, id + "@" + inspect(id, "{{.State.StartedAt}}"));
    EXPECT_EQ(found.stop_timeout, 7s);
    EXPECT_TRUE(found.engine_restarts);
    EXPECT_LT(world.loop.now() - found.started_at, 60s);
    EXPECT_LE(found.started_at, world.loop.now());
}

TEST(WatchContainer, it_exits_by_itself) {
    OneContainer world{{image, "sh", "-c", "sleep 0.5; exit 3"}};
    EXPECT_THAT(world.until("web exited"), ElementsAre("web exited: exit code 3, for keepwell"));
    world.by_hand("start");
    EXPECT_THAT(world.until("web lives"), ElementsAre("web lives"));
}

TEST(WatchContainer, a_person_stops_and_starts_it) {
    OneContainer world;
    world.by_hand("stop");
    EXPECT_THAT(world.until("web exited"), ElementsAre("web exited: exit code 0, for nobody"));
    world.by_hand("start");
    EXPECT_THAT(world.until("web lives"), ElementsAre("web lives"));
    EXPECT_THAT(world.nothing_more(), IsEmpty());
}

TEST(WatchContainer, a_person_stops_one_that_does_not_obey) {
    OneContainer world{{image, "sleep", "1000"}};
    world.by_hand("stop", {"--time", "1"});
    EXPECT_THAT(world.until("web exited"), ElementsAre("web exited: exit code 137, for nobody"));
}

TEST(WatchContainer, a_person_kills_it) {
    OneContainer world;
    world.by_hand("kill");
    EXPECT_THAT(world.until("web exited"), ElementsAre("web exited: exit code 137, for keepwell"));
}

TEST(WatchContainer, a_person_restarts_it) {
    OneContainer world;
    world.by_hand("restart");
    EXPECT_THAT(world.until("web lives"), ElementsAre("web exited: exit code 0, for nobody", "web lives"));
    EXPECT_THAT(world.nothing_more(), IsEmpty());
}

TEST(WatchContainer, a_signal_that_does_not_end_it_is_nothing) {
    OneContainer world;
    world.by_hand("kill", {"--signal", "WINCH"});
    EXPECT_THAT(world.nothing_more(), IsEmpty());
}

TEST(WatchContainer, a_person_pauses_it_and_lets_it_go_on) {
    OneContainer world;
    world.by_hand("pause");
    EXPECT_THAT(world.until("web frozen"), ElementsAre("web frozen"));
    world.by_hand("unpause");
    EXPECT_THAT(world.until("web goes on"), ElementsAre("web goes on"));
    world.by_hand("pause");
    world.until("web frozen");
    world.by_hand("stop", {"--time", "1"});
    const auto told = world.until("web exited");
    EXPECT_THAT(told.back(), HasSubstr(", for nobody"));
}

TEST(WatchContainer, a_person_removes_it) {
    OneContainer world;
    world.by_hand("rm", {"--force"});
    EXPECT_THAT(world.until("web absent"),
                ElementsAre("web exited: exit code 137, for keepwell", "web absent: no such container"));
}

TEST(WatchContainer, a_container_that_is_removed_by_its_end) {
    OneContainer world{with({"--rm"}, obedient)};
    EXPECT_TRUE(std::get<event::Found>(world.events[0]).stop_removes);
    world.by_hand("stop");
    EXPECT_THAT(world.until("web absent"),
                ElementsAre("web exited: exit code 0, for nobody", "web absent: no such container"));
}

TEST(WatchContainer, one_is_renamed_away_and_another_takes_its_name) {
    OneContainer world;
    docker({"rename", world.id, world.sandbox.name("other")});
    EXPECT_THAT(world.until("web absent"),
                ElementsAre("web exited: ended unseen, for keepwell", "web absent: no such container"));
    world.sandbox.run("web", obedient);
    EXPECT_THAT(words_but_created(world.until("web lives")), ElementsAre("web lives"));
}

TEST(WatchContainer, its_own_restart_policy_restarts_it) {
    OneContainer world{with({"--restart", "always"}, {image, "sh", "-c", "sleep 0.5; exit 4"})};
    EXPECT_THAT(world.until("web lives"), ElementsAre("web exited: exit code 4, for engine", "web lives"));
}

TEST(WatchContainer, a_kill_overrides_its_own_restart_policy) {
    OneContainer world{with({"--restart", "always"}, obedient)};
    world.by_hand("kill");
    EXPECT_THAT(world.until("web exited"), ElementsAre("web exited: exit code 137, for keepwell"));
}

TEST(WatchContainer, its_own_restart_policy_gives_up) {
    OneContainer world{with({"--restart", "on-failure:1"}, {image, "sh", "-c", "sleep 0.5; exit 4"})};
    EXPECT_THAT(
        world.until("web exited: exit code 4, for keepwell"),
        ElementsAre("web exited: exit code 4, for engine", "web lives", "web exited: exit code 4, for keepwell"));
}

TEST(WatchContainer, a_person_stops_it_while_the_engine_waits_to_restart_it) {
    // It lives for a moment once, and then crashes at once, until the back-off is longer than a stop takes.
    OneContainer world{
        with({"--restart", "always"}, {image, "sh", "-c", "test -e /old || { touch /old; sleep 1; }; exit 4"})};
    world.until("web exited: exit code 4, for engine");
    ASSERT_TRUE(await(world.loop, [&] { return std::stoi(inspect(world.id, "{{.RestartCount}}")) >= 5; }));
    world.by_hand("stop");
    world.until("web exited: exit code 4, for nobody");
    EXPECT_THAT(world.nothing_more(), IsEmpty());
}

TEST(WatchContainer, one_whose_program_is_missing_is_dead_with_the_reason) {
    Sandbox sandbox;
    Watched world;
    const auto id = sandbox.create("web", {image, "/no-such-program"});
    world.adopt("web", sandbox.name("web"));
    EXPECT_EQ(world.begin().front(), "web dead: created, never started");
    EXPECT_THROW(docker({"start", id}), std::runtime_error);
    EXPECT_THAT(world.nothing_more(), IsEmpty());
    Watched later;
    later.adopt("web", sandbox.name("web"));
    EXPECT_THAT(later.begin().front(), HasSubstr("web dead: could not be started: "));
}

// ---- health ---------------------------------------------------------------------------------------------------------

TEST(WatchHealth, a_check_turns_and_turns_again) {
    OneContainer world{with_a_check()};
    if (world.first.size() < 3 || world.first[1] != "web is healthy 0") world.until("web is healthy 0");
    docker({"exec", world.id, "touch", "/sick"});
    world.until("web is unhealthy 2");
    const auto& said = std::get<event::HealthReported>(world.events.back());
    EXPECT_EQ(said.last.outcome, Outcome::failed);
    EXPECT_EQ(said.last.exit_code, 1);
    EXPECT_LT(world.loop.now() - said.last.ended, 10s);
    world.until("web is unhealthy 4");  // the streak goes on, though the engine is silent
    docker({"exec", world.id, "rm", "/sick"});
    world.until("web is healthy 0");
}

TEST(WatchHealth, a_restart_begins_anew) {
    OneContainer world{with_a_check()};
    world.by_hand("restart");
    world.until("web exited: exit code 0, for nobody");
    const auto told = world.until("web is healthy 0");
    EXPECT_EQ(told.front(), "web lives");
    EXPECT_EQ(std::ranges::count(told, "web is unhealthy 0"), 0);
}

// moby container/health.go, CloseMonitorChannel: it says `unhealthy` of a paused container, and silently.
TEST(WatchHealth, a_pause_is_not_unhealthy) {
    OneContainer world{with_a_check()};
    if (world.first[1] != "web is healthy 0") world.until("web is healthy 0");
    world.by_hand("pause");
    world.until("web frozen");
    EXPECT_EQ(inspect(world.id, "{{.State.Health.Status}}"), "unhealthy");
    world.by_hand("unpause");
    EXPECT_THAT(world.until("web is"), ElementsAre("web goes on", "web is healthy 0"));
}

// moby daemon/health.go, handleProbeResult: and never tells that it is so when the probes fail after it.
TEST(WatchHealth, what_is_sick_after_a_pause_is_found_out_without_an_event) {
    OneContainer world{with_a_check()};
    if (world.first[1] != "web is healthy 0") world.until("web is healthy 0");
    world.by_hand("pause");
    world.until("web frozen");
    // Into its file system, since nothing can be executed in it.
    const std::string root = "/proc/" + inspect(world.id, "{{.State.Pid}}") + "/root/sick";
    if (run_program({"touch", root}).code != 0) GTEST_SKIP() << "the container's files can not be reached from here";
    world.by_hand("unpause");
    const auto told = world.until("web is unhealthy");
    EXPECT_EQ(told.front(), "web goes on");
    EXPECT_EQ(told.size(), 2u);
}

// ---- containers that come and go -----------------------------------------------------------------------------------

TEST(WatchSelector, targets_join_and_leave_with_their_containers) {
    Sandbox sandbox;
    Watched world;
    world.select("healed", "keepwell.tests.heal", sandbox.prefix());
    const Command label{"--label", "keepwell.tests.heal=" + sandbox.prefix()};
    const auto one = sandbox.run("one", with(label, obedient));
    sandbox.run("other", obedient);
    const std::string name = "healed." + sandbox.name("one");
    const std::string second = "healed." + sandbox.name("two");
    EXPECT_THAT(world.begin(), ElementsAre(name + " joined", name + " lives", HasSubstr("found: Docker")));
    sandbox.run("two", with(label, obedient));
    EXPECT_THAT(words_but_created(world.until(second + " lives")), ElementsAre(second + " joined", second + " lives"));
    docker({"rm", "--force", one});
    EXPECT_THAT(world.until(name + " left"),
                ElementsAre(name + " exited: exit code 137, for keepwell", name + " left"));
    EXPECT_THAT(world.nothing_more(), IsEmpty());
}

TEST(WatchSelector, fifty_containers_are_all_known_before_the_engine_is_found) {
    Sandbox sandbox;
    Watched world;
    world.select("many", "keepwell.tests.many", sandbox.prefix());
    for (int number = 0; number < 50; ++number) {
        sandbox.create(std::to_string(number), {"--label", "keepwell.tests.many=" + sandbox.prefix(), image, "true"});
    }
    EXPECT_EQ(world.begin().size(), 2 * 50u + 1);
}

// ---- an engine that ends -------------------------------------------------------------------------------------------

class WatchEngine : public ::testing::Test {
  protected:
    void make(const Command& options = {}) {
        if (const auto lack = no_private_engine()) GTEST_SKIP() << *lack;
        engine.emplace(options);
        engine->make_images();
        world.emplace(engine->host());
    }
    std::string run(const std::string& name, const Command& rest) {
        world->adopt(name, name);
        return engine->docker(with({"run", "--detach", "--name", name}, rest));
    }

    std::optional<PrivateEngine> engine;
    std::optional<Watched> world;
};

TEST_F(WatchEngine, that_leaves_its_containers_alive_is_lost_and_found_and_nothing_else) {
    make({"--live-restore"});
    if (IsSkipped()) return;
    run("web", obedient);
    world->begin();
    for (const char* signal : {"TERM", "KILL"}) {
        engine->down(signal);
        world->until("lost: ");
        engine->up();
        EXPECT_THAT(world->until("found: "), ElementsAre(HasSubstr("found: Docker")));
    }
    engine->docker({"stop", "web"});
    EXPECT_THAT(world->until("web exited"), ElementsAre("web exited: exit code 0, for nobody"));
}

TEST_F(WatchEngine, that_stops_its_containers_when_it_ends_is_no_person) {
    make();
    if (IsSkipped()) return;
    run("web", obedient);
    run("slow", {image, "sleep", "1000"});
    run("again", with({"--restart", "always"}, obedient));
    run("persons", obedient);
    world->begin();
    engine->docker({"stop", "persons"});
    EXPECT_THAT(world->until("persons exited"), ElementsAre("persons exited: exit code 0, for nobody"));
    bool apart = false;  // from dockerd's own stops
    runtime::Timer timer{world->loop};
    timer.arm(world->loop.now() + 4s, [&] { apart = true; });
    ASSERT_TRUE(await(world->loop, [&] { return apart; }));
    std::thread restart{[&] {
        engine->down();
        engine->up();
    }};
    auto told = world->until("lost: ");
    const auto after = world->until("found: ");
    restart.join();
    told.insert(told.end(), after.begin(), after.end());
    const auto count = [&](const std::string& line) { return std::ranges::count(told, line); };
    EXPECT_EQ(count("web exited: exit code 0, for keepwell"), 1) << ::testing::PrintToString(told);
    EXPECT_EQ(count("slow exited: exit code 137, for keepwell"), 1) << ::testing::PrintToString(told);
    EXPECT_EQ(count("again lives"), 1) << ::testing::PrintToString(told);
    EXPECT_EQ(count("persons exited: exit code 0, for keepwell"), 0) << ::testing::PrintToString(told);
    EXPECT_EQ(std::ranges::count_if(told, [](const auto& line) { return line.rfind("lost: ", 0) == 0; }), 1);
}

TEST_F(WatchEngine, that_comes_back_is_found_within_a_second_of_its_answering) {
    make({"--live-restore"});
    if (IsSkipped()) return;
    world->begin();
    engine->down();
    world->until("lost: ");
    engine->up();  // returns when it answers
    const auto answers = world->loop.now();
    world->until("found: ");
    EXPECT_LT(world->loop.now() - answers, 1s);
}

}  // namespace
}  // namespace keepwell::testing
