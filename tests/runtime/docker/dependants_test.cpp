// Who goes down with whom.
#include "runtime/docker/json/dependants.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;

const std::string id(64, 'a');
const std::string other_id(64, 'b');

std::string container(const std::string& own_id, const std::string& name, const json& host = json::object(),
                      const json& labels = json::object()) {
    return json{{"Id", own_id}, {"Name", "/" + name}, {"HostConfig", host}, {"Config", {{"Labels", labels}}}}.dump();
}

std::vector<Tie> ties_of(const json& host, const json& labels = json::object(), const json& parents = json::object()) {
    const auto dependants =
        dependants_of({container(other_id, "child", host, labels), container(id, "parent", {}, parents)}, id);
    if (dependants.empty()) return {};
    EXPECT_EQ(dependants.size(), 1U);
    EXPECT_EQ(dependants[0].id, other_id);
    EXPECT_EQ(dependants[0].name, "child");
    return dependants[0].ties;
}

using Ties = std::vector<Tie>;

TEST(Dependants, share_namespaces_by_full_id) {
    EXPECT_EQ(ties_of({{"NetworkMode", "container:" + id}}), Ties{Tie::network});
    EXPECT_EQ(ties_of({{"IpcMode", "container:" + id}}), Ties{Tie::ipc});
    EXPECT_EQ(ties_of({{"PidMode", "container:" + id}}), Ties{Tie::pid});
    EXPECT_EQ(
        ties_of({{"NetworkMode", "container:" + id}, {"IpcMode", "container:" + id}, {"PidMode", "container:" + id}}),
        (Ties{Tie::network, Tie::ipc, Tie::pid}));
    EXPECT_EQ(ties_of({{"NetworkMode", "container:" + other_id}}), Ties{});
    EXPECT_EQ(ties_of({{"NetworkMode", "parent"}}), Ties{});  // a network of that name
}

TEST(Dependants, use_volumes_by_name_or_id) {
    EXPECT_EQ(ties_of({{"VolumesFrom", {"parent"}}}), Ties{Tie::volumes});
    EXPECT_EQ(ties_of({{"VolumesFrom", {"other", "parent:ro"}}}), Ties{Tie::volumes});
    EXPECT_EQ(ties_of({{"VolumesFrom", {id.substr(0, 12) + ":ro"}}}), Ties{Tie::volumes});
    EXPECT_EQ(ties_of({{"VolumesFrom", {"parent2", id.substr(0, 4)}}}), Ties{});
}

TEST(Dependants, link_by_name) {
    EXPECT_EQ(ties_of({{"Links", {"/parent:/child/db"}}}), Ties{Tie::link});
    EXPECT_EQ(ties_of({{"Links", {"/other:/child/parent"}}}), Ties{});
}

TEST(Dependants, of_compose_are_those_that_ask_to_be_restarted) {
    const json parent{{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "db"}};
    const auto child = [](const std::string& depends_on, const std::string& project = "shop") {
        return json{{"com.docker.compose.project", project},
                    {"com.docker.compose.service", "app"},
                    {"com.docker.compose.depends_on", depends_on}};
    };
    EXPECT_EQ(ties_of({}, child("db:service_healthy:true"), parent), Ties{Tie::compose});
    EXPECT_EQ(ties_of({}, child("redis:service_started:false,db:service_started:true"), parent), Ties{Tie::compose});
    EXPECT_EQ(ties_of({}, child("db:service_healthy:false"), parent), Ties{});
    EXPECT_EQ(ties_of({}, child("db2:service_healthy:true"), parent), Ties{});
    EXPECT_EQ(ties_of({}, child("db:service_healthy:true", "other"), parent), Ties{});
    EXPECT_EQ(ties_of({}, child(""), parent), Ties{});
    auto one_off = parent;
    one_off["com.docker.compose.oneoff"] = "True";
    EXPECT_EQ(ties_of({}, child("db:service_healthy:true"), one_off), Ties{});
}

TEST(Dependants, are_recreated_after_a_replacement_and_restarted_after_a_restart) {
    const auto with = [](Tie tie) { return Dependant{"", "", {tie}}; };
    for (const auto tie : {Tie::network, Tie::ipc, Tie::pid}) {
        EXPECT_TRUE(with(tie).must_be_recreated());
        EXPECT_TRUE(with(tie).must_be_restarted());
    }
    for (const auto tie : {Tie::volumes, Tie::link}) {
        EXPECT_TRUE(with(tie).must_be_recreated());
        EXPECT_FALSE(with(tie).must_be_restarted());
    }
    EXPECT_FALSE(with(Tie::compose).must_be_recreated());
    EXPECT_TRUE(with(Tie::compose).must_be_restarted());
}

TEST(Dependants, are_found_by_id_alone_where_the_parent_is_gone) {
    const auto found =
        dependants_of({"no JSON", "{}", container(other_id, "child", {{"PidMode", "container:" + id}})}, id);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].ties, Ties{Tie::pid});
    EXPECT_EQ(to_string(found[0].ties[0]), "pid");
    EXPECT_TRUE(dependants_of({}, id).empty());
    EXPECT_TRUE(dependants_of({container(other_id, "", {{"VolumesFrom", {""}}, {"Links", {""}}})}, id).empty());
}

}  // namespace
}  // namespace keepwell::testing
