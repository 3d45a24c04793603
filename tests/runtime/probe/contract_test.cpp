// The contract of supervisor::ProbePort, kept by the fake and by each kind of the real end.
#include <algorithm>
#include <functional>
#include <memory>

#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"
#include "support/fake_probes.hpp"

namespace keepwell::runtime {
namespace {

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

class FakeEnds final : public Ends {
  public:
    FakeEnds() {
        fake_.script("failing", {"fail"});
        fake_.script("hanging", {"timeout"});
    }
    supervisor::ProbePort& port() override { return fake_; }
    TargetSpec passing() override { return named("passing"); }
    TargetSpec failing() override { return named("failing"); }
    TargetSpec hanging() override { return named("hanging"); }
    const std::vector<event::ProbeFinished>& delivered() const override { return delivered_; }
    void await(std::size_t count) override {
        while (delivered_.size() < count && loop_.step()) {
        }
    }
    void let_pass(Duration length) override { loop_.advance(length); }

  private:
    static TargetSpec named(const std::string& name) {
        TargetSpec target;
        target.name = name;
        target.probe = TcpProbe{};
        return target;
    }
    keepwell::testing::VirtualLoop loop_;
    std::vector<event::ProbeFinished> delivered_;
    keepwell::testing::FakeProbes fake_{
        loop_, [this](Event event) { delivered_.push_back(std::get<event::ProbeFinished>(std::move(event))); }};
};

/// The real end, with a probe for each behaviour.
class RealEnds : public Ends {
  public:
    supervisor::ProbePort& port() override { return probes_.port(); }
    const std::vector<event::ProbeFinished>& delivered() const override { return probes_.delivered(); }
    void await(std::size_t count) override { probes_.await(count); }
    void let_pass(Duration length) override { probes_.let_pass(length); }

  protected:
    static TargetSpec with(Probe probe) {
        TargetSpec target;
        target.probe = std::move(probe);
        return target;
    }
    RealProbes probes_;
};

class HttpEnds final : public RealEnds {
  public:
    TargetSpec passing() override { return with(http(server_.url("/ok"))); }
    TargetSpec failing() override { return with(http(server_.url("/503"))); }
    TargetSpec hanging() override { return with(http(server_.url("/slow"))); }

  private:
    TestServer server_;
};

class TcpEnds final : public RealEnds {
  public:
    TargetSpec passing() override { return with(TcpProbe{"127.0.0.1", server_.port()}); }
    TargetSpec failing() override { return with(TcpProbe{"127.0.0.1", closed_port()}); }
    TargetSpec hanging() override { return with(TcpProbe{"127.0.0.1", silent_.port()}); }

  private:
    TestServer server_;
    SilentPort silent_;
};

class ExecEnds final : public RealEnds {
  public:
    TargetSpec passing() override { return with(ExecProbe{{"/bin/true"}}); }
    TargetSpec failing() override { return with(ExecProbe{{"/bin/false"}}); }
    TargetSpec hanging() override { return with(ExecProbe{{"/bin/sleep", "60"}}); }
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

INSTANTIATE_TEST_SUITE_P(Ends, ProbePortContract,
                         ::testing::Values(Kind{"fake", make<FakeEnds>}, Kind{"http", make<HttpEnds>},
                                           Kind{"tcp", make<TcpEnds>}, Kind{"exec", make<ExecEnds>}),
                         [](const auto& each) { return each.param.name; });

TEST(FakeProbesScript, answers_come_in_order_and_the_last_one_stays) {
    keepwell::testing::VirtualLoop loop;
    std::vector<event::ProbeFinished> delivered;
    keepwell::testing::FakeProbes fake{
        loop, [&](Event event) { delivered.push_back(std::get<event::ProbeFinished>(std::move(event))); }};
    fake.script("api", {"pass", "fail", "error", "timeout", "7", "pass"});
    TargetSpec api;
    api.name = "api";
    std::vector<int> codes;
    for (CommandId id = 1; id <= 7; ++id) {
        fake.run(id, 0, api, 3s);
        while (loop.step()) {
        }
        codes.push_back(delivered.back().exit_code);
    }
    EXPECT_EQ(codes, (std::vector<int>{0, 1, -1, -1, 7, 0, 0}));
    EXPECT_EQ(loop.now().time_since_epoch(), 3s);  // only the timeout took time
    EXPECT_EQ(fake.asked("api"), 7u);
    EXPECT_EQ(fake.under_way(), 0u);
}

}  // namespace
}  // namespace keepwell::runtime
