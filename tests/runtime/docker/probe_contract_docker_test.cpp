// The contract of supervisor::ProbePort, kept by the probes of containers on a real engine.
#include "runtime/docker/probe_world.hpp"
#include "runtime/probe/probe_contract.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::runtime {
namespace {

using keepwell::testing::ProbeWorld;
using keepwell::testing::Sandbox;

/// A container in which :80 answers: /ok, and /cgi-bin/slow not before a quarter of an hour is over.
class ContainerEnds : public Ends {
  public:
    ContainerEnds() {
        const auto id = sandbox_.run("web", {"--init", "keepwell-test/busybox", "sh", "-c",
                                             "mkdir -p /www/cgi-bin; echo fine >/www/ok; cd /www/cgi-bin; "
                                             "printf '#!/bin/sh\nsleep 1000\n' >slow; chmod +x slow; "
                                             "exec httpd -f -p 80 -h /www"});
        for (const TargetIndex index : {0u, 3u}) world_.refresh(id, index);
        keepwell::testing::docker({"exec", id, "sh", "-c", "until wget -q -O - http://127.0.0.1/ok; do :; done"});
    }
    supervisor::ProbePort& port() override { return world_.port(); }
    const std::vector<event::ProbeFinished>& delivered() const override { return world_.delivered(); }
    void await(std::size_t count) override { world_.await_delivered(count); }
    void let_pass(Duration length) override { world_.let_pass(length); }

  protected:
    static TargetSpec with(Probe probe) {
        TargetSpec target;
        target.kind = TargetKind::adopted;
        target.probe = std::move(probe);
        return target;
    }

  private:
    Sandbox sandbox_;
    ProbeWorld world_{keepwell::testing::docker_host()};
};

class TestEnds final : public ContainerEnds {
  public:
    TargetSpec passing() override { return with(ExecProbe{{"true"}}); }
    TargetSpec failing() override { return with(ExecProbe{{"false"}}); }
    TargetSpec hanging() override { return with(ExecProbe{{"sleep", "1000"}}); }
};

class HttpEnds final : public ContainerEnds {
  public:
    TargetSpec passing() override { return get("/ok"); }
    TargetSpec failing() override { return get("/missing"); }
    TargetSpec hanging() override { return get("/cgi-bin/slow"); }

  private:
    static TargetSpec get(const std::string& path) {
        HttpProbe probe;
        probe.url = "http://{{.Container.IP}}" + path;
        return with(probe);
    }
};

INSTANTIATE_TEST_SUITE_P(Containers, ProbePortContract,
                         ::testing::Values(Kind{"test", make<TestEnds>}, Kind{"http", make<HttpEnds>}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace keepwell::runtime
