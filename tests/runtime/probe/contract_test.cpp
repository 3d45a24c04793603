// The contract of supervisor::ProbePort on the fake, and on the host's probes.
#include "runtime/probe/probe_contract.hpp"

#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"
#include "simulation/world/probes.hpp"

namespace keepwell::runtime {
namespace {

class FakeEnds final : public Ends {
  public:
    FakeEnds() {
        fake_.answers("failing", {{simulation::Answer::fail()}});
        fake_.answers("hanging", {{simulation::Answer::hang()}});
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
    simulation::Loop loop_;
    std::vector<event::ProbeFinished> delivered_;
    simulation::Probes fake_{
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

INSTANTIATE_TEST_SUITE_P(Ends, ProbePortContract,
                         ::testing::Values(Kind{"fake", make<FakeEnds>}, Kind{"http", make<HttpEnds>},
                                           Kind{"tcp", make<TcpEnds>}, Kind{"exec", make<ExecEnds>}),
                         [](const auto& each) { return each.param.name; });

TEST(SimulatedProbes, answers_come_in_order_and_the_last_one_stays) {
    simulation::Loop loop;
    std::vector<event::ProbeFinished> delivered;
    simulation::Probes fake{
        loop, [&](Event event) { delivered.push_back(std::get<event::ProbeFinished>(std::move(event))); }};
    using simulation::Answer;
    fake.answers("api", {{Answer::pass()},
                         {Answer::fail()},
                         {Answer::error()},
                         {Answer::hang()},
                         {Answer::exits(7)},
                         {Answer::pass()}});
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
