// The contract of supervisor::ProbePort, kept by the fake and by each kind of the real end: whoever includes this
// instantiates ProbePortContract with ends of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "supervisor/ports.hpp"

namespace keepwell::runtime {

using namespace std::chrono_literals;

/// An end of the port, targets that behave as their name says, and a way to let time pass.
class Ends {
  public:
    virtual ~Ends() = default;
    virtual supervisor::ProbePort& port() = 0;
    virtual TargetSpec passing() = 0;
    virtual TargetSpec failing() = 0;
    virtual TargetSpec hanging() = 0;
    virtual const std::vector<event::ProbeFinished>& delivered() const = 0;
    virtual void await(std::size_t count) = 0;
    virtual void let_pass(Duration length) = 0;
};

using Make = std::unique_ptr<Ends> (*)();
template <typename Kind>
std::unique_ptr<Ends> make() {
    return std::make_unique<Kind>();
}
struct Kind {
    const char* name;
    Make make;
};

class ProbePortContract : public ::testing::TestWithParam<Kind> {
  protected:
    const event::ProbeFinished& only_result() {
        ends_->await(1);
        ends_->let_pass(20ms);
        EXPECT_EQ(ends_->delivered().size(), 1u);
        static const event::ProbeFinished none;
        return ends_->delivered().empty() ? none : ends_->delivered().front();
    }

    std::unique_ptr<Ends> ends_ = GetParam().make();
};

TEST_P(ProbePortContract, a_probe_is_answered_once_with_its_id_and_target) {
    ends_->port().run(7, 3, ends_->passing(), 10s);
    EXPECT_TRUE(ends_->delivered().empty()) << "delivered from inside run()";
    const auto& result = only_result();
    EXPECT_EQ(result.id, 7u);
    EXPECT_EQ(result.target, 3u);
    EXPECT_EQ(result.outcome, Outcome::passed);
    EXPECT_EQ(result.exit_code, 0);
}

TEST_P(ProbePortContract, a_failure_is_failed_and_has_a_code_and_a_text) {
    ends_->port().run(1, 0, ends_->failing(), 10s);
    const auto& result = only_result();
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_GT(result.exit_code, 0);
    EXPECT_NE(result.output, "");
}

TEST_P(ProbePortContract, a_target_that_hangs_has_failed_at_the_timeout) {
    ends_->port().run(1, 0, ends_->hanging(), 60ms);
    const auto& result = only_result();
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_EQ(result.output, "Health check exceeded timeout (60ms)");
}

TEST_P(ProbePortContract, a_cancelled_probe_is_answered_once_with_an_error) {
    ends_->port().run(1, 0, ends_->hanging(), 10s);
    ends_->let_pass(20ms);
    ends_->port().cancel(1);
    EXPECT_TRUE(ends_->delivered().empty()) << "delivered from inside cancel()";
    const auto& result = only_result();
    EXPECT_EQ(result.outcome, Outcome::error);
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_EQ(result.output, "cancelled");
}

TEST_P(ProbePortContract, a_probe_that_is_cancelled_before_it_could_begin_is_answered_once) {
    ends_->port().run(1, 0, ends_->hanging(), 10s);
    ends_->port().cancel(1);
    ends_->port().cancel(1);
    EXPECT_EQ(only_result().output, "cancelled");
}

TEST_P(ProbePortContract, cancelling_what_is_unknown_or_answered_does_nothing) {
    ends_->port().cancel(99);
    ends_->port().run(1, 0, ends_->passing(), 10s);
    ends_->await(1);
    ends_->port().cancel(1);
    EXPECT_EQ(only_result().outcome, Outcome::passed);
}

TEST_P(ProbePortContract, a_cancel_at_the_timeout_leaves_one_answer) {
    ends_->port().run(1, 0, ends_->hanging(), 20ms);
    ends_->let_pass(20ms);
    ends_->port().cancel(1);
    EXPECT_EQ(only_result().exit_code, -1);
}

TEST_P(ProbePortContract, many_at_once_are_each_answered_once) {
    constexpr CommandId count = 90;
    for (CommandId id = 1; id <= count; ++id) {
        const auto target = id % 3 == 0 ? ends_->passing() : id % 3 == 1 ? ends_->failing() : ends_->hanging();
        ends_->port().run(id, 0, target, id % 3 == 2 ? 50ms : 20s);
        if (id % 9 == 0) ends_->port().cancel(id);
    }
    ends_->await(count);
    ends_->let_pass(20ms);
    std::vector<CommandId> ids;
    for (const auto& result : ends_->delivered()) {
        ids.push_back(result.id);
        const Outcome wanted = result.id % 9 == 0   ? Outcome::error
                               : result.id % 3 == 0 ? Outcome::passed
                                                    : Outcome::failed;
        EXPECT_EQ(result.outcome, wanted) << result.id << ": " << result.output;
    }
    std::sort(ids.begin(), ids.end());
    ASSERT_EQ(ids.size(), count);
    for (CommandId id = 1; id <= count; ++id) EXPECT_EQ(ids[id - 1], id);
}

}  // namespace keepwell::runtime
