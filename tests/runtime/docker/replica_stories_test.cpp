// Replicas among others, on a real engine: those that share namespaces and volumes, one after the other, and Compose's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/dependants.hpp"
#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/replacing.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using ::testing::IsEmpty;

class ReplicaStories : public ::testing::Test {
  public:
    static void SetUpTestSuite() { make_replica_images(); }

  protected:
    std::string plain = "keepwell-test/replica-plain";
    std::string rich = "keepwell-test/replica-rich";
    Sandbox sandbox;
};

std::string output_in(const std::string& container, const std::string& command) {
    return docker({"exec", container, "sh", "-c", command});
}

TEST_F(ReplicaStories, who_shares_namespaces_and_volumes_follows_its_replaced_parent) {
    const auto parent = sandbox.run("vpn", {"--ipc", "shareable", "--volume", "/shared", rich});
    const auto child =
        sandbox.run("app", {"--network", "container:" + sandbox.name("vpn"), "--ipc", "container:" + parent, "--pid",
                            "container:" + parent, "--volumes-from", parent.substr(0, 12) + ":ro", plain});
    docker({"exec", parent, "sh", "-c", "echo kept > /shared/file"});
    const auto dependants = dependants_of({inspect_json(child), inspect_json(parent)}, parent);
    ASSERT_EQ(dependants.size(), 1U);
    EXPECT_EQ(dependants[0].name, sandbox.name("app"));
    EXPECT_EQ(dependants[0].ties, (std::vector{Tie::network, Tie::ipc, Tie::pid, Tie::volumes}));

    const auto new_parent = replace_by_hand(parent, sandbox);
    auto source = source_of(child, sandbox.name("copy"), {{parent, new_parent}});
    source.volumes_from = {{parent.substr(0, 12), inspect_json(new_parent)}};  // the one it will come from
    const auto replica = make_replica(source);
    ASSERT_TRUE(replica.has_value()) << replica.error();
    EXPECT_THAT(replica->volumes, IsEmpty());
    const auto id = create_replica(*replica);
    take_over(child, id, sandbox.name("parked"));
    docker({"start", id});
    auto allowed = allowed_difference(source, *replica);
    allowed.renamed = false;
    EXPECT_THAT(difference(source.container, inspect_json(id), allowed), IsEmpty());
    EXPECT_EQ(output_in(id, "cat /shared/file; hostname"), "kept\n" + new_parent.substr(0, 12));
}

TEST_F(ReplicaStories, who_links_to_a_replaced_container_is_linked_to_the_new_one) {
    const auto database = sandbox.run("db", {plain});
    const auto app = sandbox.run("app", {"--link", sandbox.name("db") + ":db", plain});
    const auto before = source_of(app, sandbox.name("copy"));
    const auto dependants = dependants_of({before.container, inspect_json(database)}, database);
    ASSERT_EQ(dependants.size(), 1U);
    EXPECT_EQ(dependants[0].ties, std::vector{Tie::link});

    const auto new_database = replace_by_hand(database, sandbox);
    const auto replica = make_replica(before);
    ASSERT_TRUE(replica.has_value()) << replica.error();
    const auto id = create_replica(*replica);
    take_over(app, id, sandbox.name("parked"));
    docker({"start", id});
    auto allowed = allowed_difference(before, *replica);
    allowed.renamed = false;
    EXPECT_THAT(difference(before.container, inspect_json(id), allowed), IsEmpty());
    EXPECT_EQ(output_in(id, "grep -w db /etc/hosts | cut -f1"), address_of(new_database));
}

TEST_F(ReplicaStories, a_replica_of_a_replica_is_still_the_first_one) {
    docker({"network", "create", sandbox.name("net")});
    const auto first = sandbox.run("one", {"--network", sandbox.name("net"), "--network-alias", "web", "--volume",
                                           "/own", "--mount", "type=volume,target=/mounted", rich});
    output_in(first, "echo kept > /own/file");
    const auto original = inspect_json(first);
    const auto source = source_of(first, sandbox.name("copy"));
    const auto carried = make_replica(source)->volumes;
    EXPECT_EQ(carried.size(), 4U);  // /own, /mounted, and the image's /data and /cache

    const auto second = replace_by_hand(first, sandbox);
    const auto third = replace_by_hand(second, sandbox);
    DifferenceOptions allowed;
    allowed.renamed = false;
    allowed.carried = carried;
    EXPECT_THAT(difference(original, inspect_json(third), allowed), IsEmpty());
    EXPECT_EQ(output_in(third, "cat /own/file"), "kept");
    const auto again = make_replica(source_of(third, sandbox.name("copy")));
    EXPECT_THAT(again->volumes, IsEmpty());
    EXPECT_EQ(json::parse(again->body)["NetworkingConfig"]["EndpointsConfig"][sandbox.name("net")],
              (json{{"Aliases", {"web"}}}));
}

TEST_F(ReplicaStories, an_emptied_volume_of_a_living_container_is_not_filled_by_the_creation_of_its_replica) {
    const auto one = sandbox.run("one", {rich});
    output_in(one, "rm /data/seed");
    const auto replica = make_replica(source_of(one, sandbox.name("copy")));
    ASSERT_TRUE(replica.has_value()) << replica.error();
    create_replica(*replica);
    EXPECT_EQ(output_in(one, "ls /data"), "");
}

TEST_F(ReplicaStories, labels_that_were_asked_for_are_the_only_difference) {
    const auto one = sandbox.run("one", {rich});
    auto source = source_of(one, sandbox.name("copy"));
    source.labels = {{"keepwell.service", "shop"}};
    const auto replica = make_replica(source);
    ASSERT_TRUE(replica.has_value()) << replica.error();
    const auto inspect = inspect_json(create_replica(*replica));
    EXPECT_THAT(difference(source.container, inspect, allowed_difference(source, *replica)), IsEmpty());
    DifferenceOptions none;
    none.carried = replica->volumes;
    EXPECT_THAT(difference(source.container, inspect, none),
                ::testing::ElementsAre("Config.Labels[\"keepwell.service\"]: (none) -> \"shop\""));
}

TEST_F(ReplicaStories, what_a_container_wrote_outside_of_its_volumes_is_found) {
    const auto one = sandbox.run("one", {"--tmpfs", "/run", rich});
    EXPECT_THAT(written_outside_volumes(engine_answer("/containers/" + one + "/changes"), inspect_json(one)),
                IsEmpty());
    output_in(one, "echo x > /data/in-volume; echo x > /run/in-tmpfs; mkdir -p /var/lib/app; echo x > /var/lib/app/db");
    EXPECT_THAT(written_outside_volumes(engine_answer("/containers/" + one + "/changes"), inspect_json(one)),
                ::testing::ElementsAre("/var/lib/app/db"));
}

// ---- Compose ------------------------------------------------------------------------------------------------------

constexpr auto compose_file = R"(version: "2.4"
services:
  db:
    image: keepwell-test/replica-rich
    healthcheck: {test: ["CMD", "true"], interval: 1s, retries: 3}
    volumes: ["stored:/stored", "/unnamed"]
    networks: {back: {aliases: [database]}}
  app:
    image: keepwell-test/replica-plain
    depends_on: {db: {condition: service_started}}
    environment: {A: "1"}
    ports: ["127.0.0.1::80"]
    networks: {front: {}, back: {aliases: [web]}}
    restart: unless-stopped
    stop_grace_period: 1s
    init: true
    ulimits: {core: 0}
    logging: {driver: json-file, options: {max-size: 1m}}
  side:
    image: keepwell-test/replica-plain
    network_mode: service:app
volumes: {stored: {}}
networks: {front: {}, back: {}}
)";

TEST_F(ReplicaStories, compose_takes_replicas_for_its_own_and_recreates_nothing) {
    const auto folder = std::filesystem::temp_directory_path() / ("keepwell-compose-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "compose.yml") << compose_file;
    const auto compose = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"docker-compose", "-f", folder / "compose.yml", "-p", sandbox.name("shop")});
        const auto ended = run_program(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return ended.out + ended.err;
    };
    compose({"up", "--detach"});
    std::map<std::string, std::string> replaced;
    for (const auto* service : {"db", "app", "side"}) {
        const auto id = docker({"ps", "--quiet", "--no-trunc", "--filter",
                                "label=com.docker.compose.service=" + std::string{service}, "--filter",
                                "label=com.docker.compose.project=" + sandbox.name("shop")});
        replaced[id] = replace_by_hand(id, sandbox, replaced, std::string{"compose_"} + service);
        docker({"rm", "--force", id});
    }
    std::vector<std::string> ids;
    for (const auto& [old_id, id] : replaced) ids.push_back(id.substr(0, 12));
    const auto listed = compose({"ps", "--quiet"});
    for (const auto& id : ids) EXPECT_THAT(listed, ::testing::HasSubstr(id));
    // `side` names the network of its parent by id, which Compose hashes: it alone may be made again.
    compose({"up", "--detach", "--no-deps", "db", "app"});
    const auto still = compose({"ps", "--quiet", "db", "app"});
    EXPECT_EQ(std::count(still.begin(), still.end(), '\n'), 2);
    for (const auto& line : {still.substr(0, 12), still.substr(65, 12)}) EXPECT_THAT(ids, ::testing::Contains(line));
    compose({"down", "--volumes", "--timeout", "0"});
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace keepwell::testing
