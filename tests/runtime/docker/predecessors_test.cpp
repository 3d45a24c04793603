// What an update has replaced, over keepwells and without a folder.
#include "runtime/docker/commands/predecessors.hpp"
#include "support/folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace keepwell::runtime::docker {
namespace {

class PredecessorsTest : public ::testing::Test {
  protected:
    Predecessors in(const std::string& folder) {
        return Predecessors{folder, [this](const std::string& line) { log += line + "\n"; }};
    }

    testing::Folder place;
    std::string root = place.path();
    std::string log;
};

TEST_F(PredecessorsTest, the_next_keepwell_finds_it_and_nobody_else_can_read_it) {
    in(root + "/replaced").keep("web.1", "{\"Id\":\"a\"}");
    EXPECT_EQ(in(root + "/replaced").find("web.1"), "{\"Id\":\"a\"}");
    EXPECT_EQ(in(root + "/replaced").find("web.2"), std::nullopt);
    struct stat info {};
    ASSERT_EQ(::stat((root + "/replaced/web.1.json").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(PredecessorsTest, the_last_one_counts_and_what_is_dropped_is_gone) {
    auto one = in(root + "/replaced");
    one.keep("web.1", "old");
    one.keep("web.1", "new");
    EXPECT_EQ(in(root + "/replaced").find("web.1"), "new");
    one.drop("web.1");
    EXPECT_EQ(one.find("web.1"), std::nullopt);
    EXPECT_EQ(in(root + "/replaced").find("web.1"), std::nullopt);
}

TEST_F(PredecessorsTest, where_nothing_can_be_written_it_is_kept_in_memory_and_that_is_said) {
    auto one = in(root + "/no/such/folder");
    one.keep("web.1", "x");
    EXPECT_EQ(one.find("web.1"), "x");
    EXPECT_NE(log.find("No such file or directory"), std::string::npos) << log;
    auto without = in("");
    without.keep("web.1", "x");
    EXPECT_EQ(without.find("web.1"), "x");
}

}  // namespace
}  // namespace keepwell::runtime::docker
