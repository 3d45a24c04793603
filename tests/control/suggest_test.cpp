// Which word was meant.
#include "control/suggest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keepwell::control {
namespace {

const std::vector<std::string> names{"api", "worker.1", "worker.2", "redis"};

TEST(Suggest, finds_one_letter_too_many_too_few_wrong_or_swapped) {
    EXPECT_EQ(closest("rediss", names), "redis");
    EXPECT_EQ(closest("reds", names), "redis");
    EXPECT_EQ(closest("redix", names), "redis");
    EXPECT_EQ(closest("rdeis", names), "redis");
    EXPECT_EQ(closest("worker2", names), "worker.2");
}

TEST(Suggest, keeps_silent_when_nothing_is_near) {
    EXPECT_EQ(closest("", names), "");
    EXPECT_EQ(closest("postgres", names), "");
    EXPECT_EQ(closest("x", names), "");
    EXPECT_EQ(closest(std::string(100'000, 'a'), names), "");
}

}  // namespace
}  // namespace keepwell::control
