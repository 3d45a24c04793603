// Probes of containers on a real engine: what they see, and what they leave behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "runtime/docker/probe_world.hpp"
#include "runtime/probe/real_probes.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {
namespace {

using namespace std::chrono_literals;
using runtime::http;
using ::testing::HasSubstr;

constexpr auto busybox = "keepwell-test/busybox";
constexpr auto scratch = "keepwell-test/accountservice";

class ContainerProbing : public ::testing::Test {
  protected:
    /// A container that just lives, as target 0.
    std::string live(std::vector<std::string> options = {}, std::vector<std::string> command = {"sleep", "100000"},
                     const char* image = busybox) {
        options.emplace_back("--init");
        options.emplace_back(image);
        options.insert(options.end(), command.begin(), command.end());
        const auto id = sandbox_.run("web", options);
        world_.refresh(id);
        return id;
    }
    std::string live_service() {
        const auto id = sandbox_.run("web", {scratch});
        world_.refresh(id);
        return id;
    }

    /// The commands of all that runs in it.
    static std::vector<std::string> running_in(const std::string& id) {
        std::istringstream lines(docker({"top", id, "-o", "pid,args"}));
        std::vector<std::string> commands;
        std::string line;
        std::getline(lines, line);  // the titles
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::string pid, command;
            words >> pid >> std::ws;
            std::getline(words, command);
            commands.push_back(command);
        }
        return commands;
    }
    static std::vector<std::string> only_main() { return {"/sbin/docker-init -- sleep 100000", "sleep 100000"}; }

    /// Waits until nothing but the container's own processes runs in it; the engine's listing is asked again when
    /// something has ended.
    static void expect_only_main(const std::string& id) {
        const auto end = std::chrono::steady_clock::now() + docker_patience;
        while (running_in(id) != only_main() && std::chrono::steady_clock::now() < end) {
        }
        EXPECT_EQ(running_in(id), only_main());
    }

    Sandbox sandbox_;
    ProbeWorld world_{docker_host()};
};

// ---- test: --------------------------------------------------------------------------------------------------------

TEST_F(ContainerProbing, exit_codes_and_outputs_are_the_commands) {
    live();
    EXPECT_PROBE(world_.ask_for(test_shell("echo fine")), "passed", 0, "fine\n");
    EXPECT_PROBE(world_.ask_for(test_shell("echo broken; exit 1")), "failed", 1, "broken\n");
    EXPECT_PROBE(world_.ask_for(test_shell("echo reserved >&2; exit 2")), "failed", 2, "reserved\n");
    EXPECT_PROBE(world_.ask_for(test_command({"true"})), "passed", 0, "");
    EXPECT_PROBE(world_.ask_for(test_command({"false"})), "failed", 1, "exit code 1");
    EXPECT_PROBE(world_.ask_for(test_shell("kill -9 $$")), "failed", 137, "exit code 137");
}

TEST_F(ContainerProbing, both_streams_are_kept_as_they_come) {
    live();
    EXPECT_PROBE(world_.ask_for(test_shell("echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three")), "passed", 0,
                 "one\ntwo\nthree\n");
}

TEST_F(ContainerProbing, a_long_output_is_cut_as_docker_does) {
    live();
    const auto result = world_.ask_for(test_shell("head -c 300000 /dev/zero | tr '\\0' x; exit 3"));
    EXPECT_PROBE(result, "failed", 3, std::string(4096, 'x') + "...");
}

TEST_F(ContainerProbing, a_command_runs_as_a_healthcheck_of_the_engine_does) {
    const std::string command = "id; pwd; env | sort; test -t 0 || echo no terminal";
    const auto id = live({"--user", "nobody", "--workdir", "/tmp", "--env", "COLOUR=green", "--health-cmd", command,
                          "--health-interval", "100ms"});
    wait_for_health(id, "healthy");
    const auto theirs = docker({"inspect", "--format", "{{(index .State.Health.Log 0).Output}}", id}) + "\n";
    EXPECT_THAT(theirs, HasSubstr("nobody"));
    EXPECT_THAT(theirs, HasSubstr("COLOUR=green"));
    EXPECT_PROBE(world_.ask_for(test_shell(command)), "passed", 0, theirs);
}

TEST_F(ContainerProbing, a_command_that_outlives_its_time_is_killed_with_all_that_it_started) {
    const auto id = live();
    const auto result = world_.ask_for(
        test_shell("echo trying; sleep 1001 & setsid sleep 1002 & (sleep 1003 & sleep 1004) & sleep 1005"), 700ms);
    EXPECT_PROBE(result, "failed", -1, "Health check exceeded timeout (700ms): trying\n");
    expect_only_main(id);
}

TEST_F(ContainerProbing, nothing_else_in_the_container_is_killed_with_it) {
    const auto id = live({}, {"sh", "-c", "sleep 2001 & sleep 2002 & exec sleep 100000"});
    docker({"exec", "--detach", id, "sleep", "2003"});
    const auto before = running_in(id);
    ASSERT_EQ(before.size(), 5u);
    EXPECT_EQ(world_.ask_for(test_shell("sleep 1001 & sleep 1002"), 300ms).exit_code, -1);
    const auto end = std::chrono::steady_clock::now() + docker_patience;
    while (running_in(id).size() > before.size() && std::chrono::steady_clock::now() < end) {
    }
    EXPECT_EQ(running_in(id), before);
}

TEST_F(ContainerProbing, a_command_that_closes_its_outputs_is_waited_for) {
    live();
    EXPECT_PROBE(world_.ask_for(test_shell("echo said; exec >&- 2>&-; sleep 0.5; exit 4")), "failed", 4, "said\n");
    EXPECT_PROBE(world_.ask_for(test_shell("exec >&- 2>&-; sleep 1001"), 300ms), "failed", -1,
                 "Health check exceeded timeout (300ms)");
}

TEST_F(ContainerProbing, what_a_command_leaves_in_the_background_delays_its_answer_by_two_seconds_at_most) {
    live();
    EXPECT_PROBE(world_.ask_for(test_shell("sleep 1001 & echo done")), "passed", 0, "done\n");
}

TEST_F(ContainerProbing, an_image_without_a_shell_is_said_to_have_none) {
    live_service();
    const auto result = world_.ask_for(test_shell("curl -f http://localhost:6767/health"));
    EXPECT_EQ(to_string(result.outcome), "failed");
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_THAT(result.output, HasSubstr("there is no /bin/sh in this image: use the list form, http: or tcp:, or put "
                                         "keepwell-ping into the image (OCI runtime exec failed: "));
}

TEST_F(ContainerProbing, a_program_that_is_not_there_is_named) {
    live_service();
    auto result = world_.ask_for(test_command({"curl", "-f", "http://localhost:6767/health"}));
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_THAT(result.output, HasSubstr("there is no curl in this image: use http: or tcp:, or put keepwell-ping into "
                                         "the image (OCI runtime exec failed: "));
    result = world_.ask_for(test_command({"/accountservice/x"}));
    EXPECT_EQ(to_string(result.outcome), "failed");
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_THAT(result.output, HasSubstr("/accountservice/x"));
}

TEST_F(ContainerProbing, a_program_that_a_shell_does_not_find_is_named) {
    live();
    EXPECT_PROBE(
        world_.ask_for(test_shell("curl -f http://localhost/")), "failed", 127,
        "/bin/sh: curl: not found\nthere is no curl in this image: use http: or tcp:, or put keepwell-ping into "
        "the image");
}

TEST_F(ContainerProbing, a_file_that_is_no_program_is_said_to_be_none) {
    live();
    const auto result = world_.ask_for(test_command({"/etc/passwd"}));
    EXPECT_EQ(to_string(result.outcome), "failed");
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_THAT(result.output, ::testing::StartsWith("/etc/passwd can not be executed in this image ("));
}

TEST_F(ContainerProbing, keepwell_ping_in_an_image_from_scratch_asks_its_service) {
    live_service();
    const std::vector<std::string> ping{"/keepwell-ping", "http://127.0.0.1:6767/health"};
    const auto up = [&] { return world_.ask_for(test_command(ping)).outcome == Outcome::passed; };
    const auto end = std::chrono::steady_clock::now() + docker_patience;
    bool passed = up();  // the service may not listen yet
    while (!passed && std::chrono::steady_clock::now() < end) passed = up();
    EXPECT_TRUE(passed);
}

// ---- a container that does not run --------------------------------------------------------------------------------

TEST_F(ContainerProbing, a_paused_container_can_not_be_asked) {
    const auto id = live();
    docker({"pause", id});
    auto result = world_.ask_for(test_shell("true"));  // as it is in the moment before it is seen
    EXPECT_EQ(to_string(result.outcome), "error");
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_THAT(result.output, HasSubstr("is paused"));
    world_.refresh(id);
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "error", -1, "the container does not run: it is paused");
    EXPECT_PROBE(world_.ask_for(http("http://127.0.0.1:1/")), "error", -1, "the container does not run: it is paused");
    docker({"unpause", id});
    world_.refresh(id);
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "passed", 0, "");
}

TEST_F(ContainerProbing, a_stopped_or_removed_container_can_not_be_asked) {
    const auto id = live();
    docker({"kill", id});
    wait_for_exit(id);
    auto result = world_.ask_for(test_shell("true"));
    EXPECT_EQ(to_string(result.outcome), "error");
    EXPECT_THAT(result.output, HasSubstr("is not running"));
    docker({"rm", id});
    result = world_.ask_for(test_shell("true"));
    EXPECT_EQ(to_string(result.outcome), "error");
    EXPECT_THAT(result.output, HasSubstr("No such container"));
}

TEST_F(ContainerProbing, a_container_that_ends_during_a_probe_is_no_failure_of_the_probe) {
    for (const bool removed : {false, true}) {
        const auto id = live();
        world_.begin(test_shell("echo begun; sleep 1001"), 20s);
        const auto end = std::chrono::steady_clock::now() + docker_patience;
        while (running_in(id) == only_main() && std::chrono::steady_clock::now() < end) world_.let_pass(10ms);
        const std::size_t before = world_.delivered().size();
        if (removed) docker({"rm", "--force", id});
        if (!removed) docker({"kill", id});
        world_.await_delivered(before + 1);
        EXPECT_EQ(to_string(world_.delivered().back().outcome), "error") << world_.delivered().back().output;
        EXPECT_EQ(world_.delivered().back().exit_code, -1);
        if (!removed) docker({"rm", id});
    }
}

TEST_F(ContainerProbing, a_restart_during_a_probe_is_no_failure_of_the_probe) {
    const auto id = live();
    world_.begin(test_shell("sleep 1001"), 20s);
    const auto end = std::chrono::steady_clock::now() + docker_patience;
    while (running_in(id) == only_main() && std::chrono::steady_clock::now() < end) world_.let_pass(10ms);
    docker({"restart", "--time", "0", id});
    world_.await_delivered(1);
    EXPECT_EQ(to_string(world_.delivered().back().outcome), "error") << world_.delivered().back().output;
}

// ---- what is left behind ------------------------------------------------------------------------------------------

TEST_F(ContainerProbing, a_cancelled_probe_is_answered_at_once_and_its_command_killed) {
    const auto id = live();
    const auto probe = world_.begin(test_shell("sleep 1001 & sleep 1002"), 20s);
    const auto end = std::chrono::steady_clock::now() + docker_patience;
    while (running_in(id).size() < 4 && std::chrono::steady_clock::now() < end) world_.let_pass(10ms);
    world_.port().cancel(probe);
    world_.port().cancel(probe);
    EXPECT_TRUE(world_.delivered().empty()) << "delivered from inside cancel()";
    settle(world_.loop());
    ASSERT_EQ(world_.delivered().size(), 1u);
    EXPECT_PROBE(world_.delivered().front(), "error", -1, "cancelled");
    world_.let_pass(200ms);
    expect_only_main(id);
    EXPECT_EQ(world_.delivered().size(), 1u);
}

TEST_F(ContainerProbing, a_probe_that_is_cancelled_at_any_moment_of_its_start_leaves_no_process) {
    const auto id = live();
    std::size_t count = 0;
    for (const Duration after : {0ms, 1ms, 2ms, 4ms, 8ms, 15ms, 30ms, 60ms, 120ms}) {
        const auto probe = world_.begin(test_shell("sleep 1001"), 20s);
        if (after > 0ms) world_.let_pass(after);
        world_.port().cancel(probe);
        world_.await_delivered(++count);
        EXPECT_EQ(world_.delivered().back().output, "cancelled");
    }
    world_.let_pass(1500ms);
    expect_only_main(id);
    EXPECT_EQ(world_.delivered().size(), count);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_F(ContainerProbing, a_hundred_probes_leave_nothing) {
    const auto id = live();
    const auto command = [](int i) {
        switch (i % 5) {
            case 0: return test_shell("echo fine");
            case 1: return test_shell("exit 1");
            case 2: return test_command({"nowhere"});
            case 3: return test_shell("sleep 1001 & sleep 1002");
            default: return test_shell("head -c 100000 /dev/zero");
        }
    };
    const auto ask_in_tens = [&](std::size_t count) {
        const std::size_t before = world_.delivered().size();
        for (std::size_t i = 0; i < count; ++i) {
            world_.begin(command(static_cast<int>(i)), i % 5 == 3 ? 100ms : 20s);
            if (i % 10 == 9) world_.await_delivered(before + i + 1);
        }
        expect_only_main(id);
    };
    ask_in_tens(10);
    const auto before = open_descriptors();
    ask_in_tens(100);
    EXPECT_EQ(world_.delivered().size(), 110u);
    EXPECT_LE(open_descriptors(), before + 10);  // as many connections for calls are kept as were needed at once
    EXPECT_EQ(inspect(id, "{{len .ExecIDs}}"), "0");
}

TEST_F(ContainerProbing, commands_that_may_not_be_killed_are_counted_and_with_three_no_other_is_begun) {
    const auto id = live();
    world_.view().pid = 0;  // as where the container's processes are not this host's
    for (const char* i : {"1", "2", "3"}) {
        EXPECT_PROBE(world_.ask_for(test_shell("echo $$ > /tmp/" + std::string{i} + "; exec sleep 1001"), 300ms),
                     "failed", -1, "Health check exceeded timeout (300ms)");
    }
    EXPECT_EQ(running_in(id).size(), 5u);
    const std::string said =
        "3 timed-out probes still run in the container, where keepwell may not kill them; use the image's HEALTHCHECK "
        "or an http probe";
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "error", -1, said);
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "error", -1, said);
    EXPECT_EQ(running_in(id).size(), 5u);

    EventWatch ends({"container=" + id, "event=exec_die"});
    docker({"exec", id, "sh", "-c", "kill -9 $(cat /tmp/2)"});
    for (int i = 0; i < 2; ++i) ends.await("exec_die");  // of the one that kills, and of the killed one
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "passed", 0, "");
    EXPECT_EQ(world_.ask_for(test_command({"sleep", "1004"}), 300ms).exit_code, -1);
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "error", -1, said);

    docker({"restart", "--time", "0", id});
    world_.refresh(id);
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "passed", 0, "");
}

TEST_F(ContainerProbing, a_probe_that_waits_for_what_is_left_can_be_cancelled) {
    live();
    world_.view().pid = 0;
    for (int i = 1; i <= 3; ++i) world_.ask_for(test_command({"sleep", "1001"}), 100ms);
    const auto probe = world_.begin(test_shell("true"), 20s);
    world_.port().cancel(probe);
    world_.await_delivered(4);
    world_.let_pass(200ms);
    ASSERT_EQ(world_.delivered().size(), 4u);
    EXPECT_PROBE(world_.delivered().back(), "error", -1, "cancelled");
}

TEST_F(ContainerProbing, a_lack_of_descriptors_is_an_error) {
    live();
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "passed", 0, "");
    {
        const runtime::NoMoreDescriptors none;
        EXPECT_EQ(to_string(world_.ask_for(test_shell("true")).outcome), "error");
    }
    EXPECT_PROBE(world_.ask_for(test_shell("true")), "passed", 0, "");
}

// ---- http and tcp -------------------------------------------------------------------------------------------------

TEST_F(ContainerProbing, http_and_tcp_reach_the_container_by_its_address) {
    const auto id = live_service();
    const auto ask_until_up = [&] {
        const auto end = std::chrono::steady_clock::now() + docker_patience;
        auto result = world_.ask_for(http("http://{{.Container.IP}}:6767/health"));
        while (result.outcome != Outcome::passed && std::chrono::steady_clock::now() < end) {
            result = world_.ask_for(http("http://{{.Container.IP}}:6767/health"));
        }
        return result;
    };
    EXPECT_PROBE(ask_until_up(), "passed", 0, "HTTP 200");
    EXPECT_PROBE(world_.ask_for(TcpProbe{"{{.Container.IP}}", 6767}), "passed", 0, "connected");
    EXPECT_PROBE(world_.ask_for(TcpProbe{"{{.Container.IP}}", 6768}), "failed", 1,
                 "connection refused (" + address_of(id) + ":6768)");
}

TEST_F(ContainerProbing, of_several_networks_the_containers_own_is_asked) {
    docker({"network", "create", "--subnet", "10.199.9.0/24", sandbox_.name("a-first-by-name")});
    docker({"network", "create", "--subnet", "10.199.10.0/24", sandbox_.name("back")});
    const auto id =
        sandbox_.run("web", {"--network", sandbox_.name("back"), "--ip", "10.199.10.7", busybox, "sleep", "100000"});
    docker({"network", "connect", "--ip", "10.199.9.7", sandbox_.name("a-first-by-name"), id});
    world_.refresh(id);
    EXPECT_PROBE(world_.ask_for(TcpProbe{"{{.Container.IP}}", 1}), "failed", 1, "connection refused (10.199.10.7:1)");
}

TEST_F(ContainerProbing, a_container_without_an_address_is_said_to_have_none) {
    live({"--network", "host"});
    const std::string said = "the container has no address (is it on a network? network_mode: host needs 127.0.0.1)";
    EXPECT_PROBE(world_.ask_for(TcpProbe{"{{.Container.IP}}", 80}), "failed", -1, said);
    EXPECT_PROBE(world_.ask_for(http("http://{{.Container.IP}}/")), "failed", -1, said);
    EXPECT_PROBE(world_.ask_for(TcpProbe{"127.0.0.1", 1}), "failed", 1, "connection refused (127.0.0.1:1)");
}

// ---- an engine that goes ------------------------------------------------------------------------------------------

TEST(ContainerProbingOnAnEngineThatGoes, a_probe_under_way_and_the_next_ones_are_errors) {
    if (const auto lack = no_private_engine()) GTEST_SKIP() << *lack;
    PrivateEngine engine({"--live-restore"});
    engine.make_images();
    ProbeWorld world{engine.host()};
    const auto id = engine.docker({"run", "--detach", busybox, "sleep", "100000"});
    world.refresh(id);
    EXPECT_PROBE(world.ask_for(test_shell("true")), "passed", 0, "");
    world.begin(test_shell("sleep 3"), 20s);
    const auto runs = [&] { return engine.docker({"top", id}).find("sleep 3") != std::string::npos; };
    const auto end = std::chrono::steady_clock::now() + docker_patience;
    while (!runs() && std::chrono::steady_clock::now() < end) world.let_pass(10ms);
    engine.down("KILL");
    world.await_delivered(2);
    EXPECT_EQ(to_string(world.delivered().back().outcome), "error") << world.delivered().back().output;
    EXPECT_EQ(to_string(world.ask_for(test_shell("true")).outcome), "error");
    engine.up();
    world.refresh(id);
    EXPECT_PROBE(world.ask_for(test_shell("true")), "passed", 0, "");
    // While the one who reaps its processes lives: with its engine it would leave them to us, who do not.
    engine.docker({"rm", "--force", id});
}

}  // namespace
}  // namespace keepwell::testing
