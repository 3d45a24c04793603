// Every shape of tests/runtime/docker/shapes: the replica is the one that is written there, and what the engine then
// said of it is no different from the original.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/shape.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;
using ::testing::IsEmpty;

std::vector<std::string> shapes() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(KEEPWELL_SHAPES)) {
        if (entry.path().extension() == ".json") {
            names.push_back(std::filesystem::relative(entry.path(), KEEPWELL_SHAPES).replace_extension().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string test_name(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
    return name;
}

class ReplicaShape : public ::testing::TestWithParam<std::string> {
  protected:
    Shape shape = read_shape(std::string{KEEPWELL_SHAPES} + "/" + GetParam() + ".json");
};

TEST_P(ReplicaShape, becomes_the_replica_that_is_written_there) {
    const auto replica = make_replica(shape.source);
    ASSERT_EQ(replica ? std::string{} : replica.error(), shape.refusal);
    if (!replica) return;
    EXPECT_EQ(json::parse(replica->body).dump(1), json::parse(shape.replica.body).dump(1));
    EXPECT_EQ(replica->name, shape.replica.name);
    EXPECT_EQ(replica->platform, shape.replica.platform);
    EXPECT_EQ(replica->warnings, shape.replica.warnings);
    json connections = json::object();
    json expected = json::object();
    for (const auto& connection : replica->connections)
        connections[connection.network] = json::parse(connection.endpoint);
    for (const auto& connection : shape.replica.connections)
        expected[connection.network] = json::parse(connection.endpoint);
    EXPECT_EQ(connections, expected);
    json volumes = json::object();
    json expected_volumes = json::object();
    for (const auto& volume : replica->volumes) volumes[volume.destination] = volume.name;
    for (const auto& volume : shape.replica.volumes) expected_volumes[volume.destination] = volume.name;
    EXPECT_EQ(volumes, expected_volumes);
}

TEST_P(ReplicaShape, is_no_different_when_created_and_when_started) {
    if (!shape.refusal.empty()) return;
    auto allowed = allowed_difference(shape.source, shape.replica);
    if (!shape.created.empty()) {
        EXPECT_THAT(difference(shape.source.container, shape.created, allowed), IsEmpty());
    }
    allowed.renamed = false;
    if (!shape.started.empty()) {
        EXPECT_THAT(difference(shape.source.container, shape.started, allowed), IsEmpty());
    }
    EXPECT_THAT(difference(shape.source.container, shape.source.container, {}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Shapes, ReplicaShape, ::testing::ValuesIn(shapes()),
                         [](const auto& each) { return test_name(each.param); });

}  // namespace
}  // namespace keepwell::testing
