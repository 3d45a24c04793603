// The engine that the tests of containers stand on, and its images, by themselves: if one of these fails, do not look
// at the others. May know: no keepwell at all.
#include <gtest/gtest.h>

#include "support/docker/docker.hpp"

namespace keepwell::testing {
namespace {

/// The body that keepwell-ping's machine would see: asked by curl, so that nothing of ours is in between.
std::string get(const std::string& url) {
    const auto ended = run_program({"curl", "--silent", "--max-time", "5", "--retry", "5", "--retry-all-errors", url});
    return ended.out;
}

TEST(DockerFixture, a_container_is_reached_by_its_published_port_and_by_its_address) {
    Sandbox sandbox;
    const auto id = sandbox.run("api", {"--publish", "127.0.0.1::6767", "keepwell-test/accountservice"});
    EXPECT_EQ(get("http://127.0.0.1:" + std::to_string(published_port(id, "6767/tcp")) + "/health"),
              "{\"status\":\"UP\"}\n");
    EXPECT_EQ(get("http://" + address_of(id) + ":6767/health"), "{\"status\":\"UP\"}\n");
}

TEST(DockerFixture, keepwell_ping_in_an_image_from_scratch_tells_the_engine_that_it_is_healthy_and_when_not) {
    Sandbox sandbox;
    const auto id =
        sandbox.run("api", {"--health-interval", "200ms", "--health-retries", "2", "keepwell-test/accountservice"});
    wait_for_health(id, "healthy");
    EXPECT_EQ(get("http://" + address_of(id) + ":6767/testability/healthy/false"), "{\"healthy\":false}\n");
    wait_for_health(id, "unhealthy");
}

TEST(DockerFixture, a_service_that_ignores_sigterm_is_killed_and_one_that_crashes_ends_with_1) {
    Sandbox sandbox;
    const auto stubborn = sandbox.run("stubborn", {"keepwell-test/accountservice", "--sigterm", "ignore"});
    EXPECT_EQ(get("http://" + address_of(stubborn) + ":6767/health"), "{\"status\":\"UP\"}\n");
    docker({"stop", "--time", "1", stubborn});
    EXPECT_EQ(wait_for_exit(stubborn), 137);

    const auto crashing = sandbox.run("crashing", {"keepwell-test/accountservice"});
    const auto address = address_of(crashing);
    EXPECT_EQ(get("http://" + address + ":6767/health"), "{\"status\":\"UP\"}\n");
    EventWatch watch({"container=" + crashing});
    run_program({"curl", "--silent", "http://" + address + ":6767/testability/crash"});
    watch.await("die");
    EXPECT_EQ(wait_for_exit(crashing), 1);
}

TEST(DockerFixture, redis_is_found_by_its_alias_on_a_network) {
    Sandbox sandbox;
    docker({"network", "create", "--label", sandbox.label(), sandbox.name("back")});
    sandbox.run("redis", {"--network", sandbox.name("back"), "--network-alias", "redis", "--health-cmd",
                          "redis-cli ping | grep -qx PONG", "--health-interval", "200ms", "keepwell-test/redis"});
    wait_for_health(sandbox.name("redis"), "healthy");
    EXPECT_EQ(docker({"run", "--rm", "--network", sandbox.name("back"), "keepwell-test/busybox", "sh", "-c",
                      "printf 'PING\\r\\n' | nc -w 1 redis 6379 | tr -d '\\r'"}),
              "+PONG");
}

TEST(DockerFixture, what_a_test_made_is_gone_with_its_sandbox) {
    std::string prefix;
    {
        Sandbox sandbox;
        prefix = sandbox.prefix();
        sandbox.run("one", {"keepwell-test/busybox", "sleep", "1000"});
        docker({"run", "--detach", "--label", sandbox.label(), "keepwell-test/busybox", "sleep", "1000"});
        docker({"volume", "create", sandbox.name("data")});
    }
    EXPECT_EQ(docker({"ps", "--all", "--quiet", "--filter", "label=keepwell.test=" + prefix}), "");
    EXPECT_EQ(docker({"volume", "ls", "--quiet", "--filter", "name=" + prefix}), "");
}

TEST(DockerFixture, an_engine_of_its_own_can_end_and_come_back_with_its_containers_alive) {
    if (const auto lack = no_private_engine()) GTEST_SKIP() << *lack;
    PrivateEngine engine({"--live-restore"});
    engine.make_images();
    const auto id = engine.docker({"run", "--detach", "keepwell-test/busybox", "sleep", "1000"});
    const auto pid = engine.docker({"inspect", "--format", "{{.State.Pid}}", id});
    for (const char* signal : {"TERM", "KILL"}) {
        engine.down(signal);
        EXPECT_THROW(engine.docker({"version"}), std::runtime_error);
        engine.up();
        EXPECT_EQ(engine.docker({"inspect", "--format", "{{.State.Pid}}", id}), pid);
    }
}

}  // namespace
}  // namespace keepwell::testing
