// What one probe of a container costs the machine: 20 containers, asked once a second, by the engine's own HEALTHCHECK,
// by keepwell's `http` probe, and by keepwell's `test` in the container. Counted is the CPU of dockerd, containerd, the
// shims, all that they execute, the containers themselves, and the prober; what they use when nothing is asked is taken
// off. On a Docker engine of its own (tests/support/docker), so that nothing else is counted.
//
//     bench_container_probes [SECONDS]       of each of the four measurements; 30 unless given
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/probes/container_probes.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "support/engine.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;
using bench::Engine;
using bench::output_of;

constexpr unsigned containers = 20;
constexpr Duration interval = 1s;
constexpr Duration settling = 3s;
constexpr auto asked_url = "http://127.0.0.1:6767/health";

/// Containers of one kind, while it lives. None is asked by the engine unless `options` say so.
class Containers {
  public:
    explicit Containers(const std::string& options) {
        for (unsigned i = 0; i < containers; ++i) {
            ids_.push_back(output_of("docker run --detach " + options + ' ' + bench::accountservice_image));
        }
    }
    ~Containers() {
        std::string command = "docker rm --force";
        for (const auto& id : ids_) command += ' ' + id;
        static_cast<void>(std::system((command + " >/dev/null").c_str()));
    }
    Containers(const Containers&) = delete;
    Containers& operator=(const Containers&) = delete;

    const std::vector<std::string>& ids() const { return ids_; }

  private:
    std::vector<std::string> ids_;
};

// ---- asking -------------------------------------------------------------------------------------------------------

double own_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Asks each container as Docker does: an interval from the end of a probe to the start of the next.
class Prober {
  public:
    Prober(const std::string& host, const std::vector<std::string>& ids, std::optional<Probe> probe)
        : api_(loop_, engine_address(host, false, "")), probe_(std::move(probe)) {
        for (const auto& id : ids) look(id);
    }

    void let_pass(Duration length) {
        Timer end{loop_};
        end.arm(later(loop_.now(), length), [this] { loop_.stop(); });
        loop_.run();
    }

    unsigned answered() const { return answered_; }
    unsigned failed() const { return failed_; }

  private:
    void look(const std::string& id) {
        api_.call("GET", "/containers/" + id + "/json", "", 10s, [this](const Answer& answer) {
            const auto view = container_view(answer.body);
            if (!view) throw std::runtime_error("no container: " + answer.error);
            const auto index = static_cast<TargetIndex>(views_.size());
            views_.push_back(*view);
            timers_.push_back(std::make_unique<Timer>(loop_));
            if (probe_)
                timers_[index]->arm(loop_.now() + interval * index / containers, [this, index] { begin(index); });
        });
    }
    void begin(TargetIndex index) {
        TargetSpec target;
        target.kind = TargetKind::adopted;
        target.probe = *probe_;
        probes_.run(++last_id_, index, target, 10s);
    }
    void ended(const Event& event) {
        const auto& finished = std::get<event::ProbeFinished>(event);
        ++answered_;
        failed_ += finished.outcome != Outcome::passed;
        timers_[finished.target]->arm(loop_.now() + interval, [this, index = finished.target] { begin(index); });
    }

    Loop loop_;
    EngineApi api_;
    Children children_{loop_};
    CommandRunner runner_{loop_, children_};
    Probes host_{loop_, runner_, [this](const Event& event) { ended(event); }};
    std::optional<Probe> probe_;
    std::vector<ContainerView> views_;
    std::vector<std::unique_ptr<Timer>> timers_;
    ContainerProbes probes_{loop_, api_, host_, [this](TargetIndex index) { return &views_[index]; },
                            [this](const Event& event) { ended(event); }};
    CommandId last_id_ = 0;
    unsigned answered_ = 0;
    unsigned failed_ = 0;
};

// ---- measuring ----------------------------------------------------------------------------------------------------

struct Used {
    double engine = 0;  ///< CPU seconds
    double prober = 0;
    double probes = 0;
};

Used measure(const Engine& engine, const std::string& options, const std::optional<Probe>& probe, Duration length) {
    const Containers running{options};
    Prober prober{engine.host(), running.ids(), probe};
    prober.let_pass(settling);
    const double engine_before = engine.cpu();
    const double own_before = own_cpu();
    const unsigned answered_before = prober.answered();
    prober.let_pass(length);
    Used used{0, own_cpu() - own_before, static_cast<double>(prober.answered() - answered_before)};
    used.engine = engine.cpu() - engine_before;
    if (prober.failed() > 0) std::printf("(%u of %u failed) ", prober.failed(), prober.answered());
    return used;
}

/// How many HEALTHCHECKs the engine ran: each container's took as long as those that it has kept in its log.
double engine_probes(const Engine& engine, const std::string& options, Duration length, Used& used) {
    const Containers running{options};
    Prober nobody{engine.host(), running.ids(), std::nullopt};
    nobody.let_pass(settling);
    const double before = engine.cpu();
    nobody.let_pass(length);
    used.engine = engine.cpu() - before;
    double taken = 0, kept = 0;
    for (const auto& id : running.ids()) {
        const auto inspect = output_of("docker inspect " + id + " --format '{{json .}}'");
        const auto view = container_view(inspect);
        if (!view || !view->health) continue;
        for (const auto& entry : view->health->log) {
            taken += std::chrono::duration<double>(entry.ended - entry.started).count();
            ++kept;
        }
    }
    if (kept == 0) throw std::runtime_error("the engine has not probed");
    const double cycle = std::chrono::duration<double>(interval).count() + taken / kept;
    return containers * std::chrono::duration<double>(length).count() / cycle;
}

void print(const char* kind, const Used& used, const Used& idle, double reference) {
    const double engine = (used.engine - idle.engine) * 1e3 / used.probes;
    const double prober = (used.prober - idle.prober) * 1e3 / used.probes;
    std::printf("%-34s %8.0f %10.3f %10.3f %10.3f", kind, used.probes, engine, prober, engine + prober);
    if (reference > 0) std::printf(" %8.3f", (engine + prober) / reference);
    std::printf("\n");
    std::fflush(stdout);
}

void run(long seconds) {
    const std::chrono::seconds length{seconds};
    const Engine engine;
    HttpProbe http;
    http.url = "http://{{.Container.IP}}:6767/health";
    const ExecProbe test{{"/keepwell-ping", asked_url}};

    const Used idle = measure(engine, "--no-healthcheck", std::nullopt, length);
    Used health;
    health.probes = engine_probes(engine, "--health-interval 1s", length, health);
    const Used by_http = measure(engine, "--no-healthcheck", http, length);
    const Used by_test = measure(engine, "--no-healthcheck", test, length);

    std::printf(
        "CPU milliseconds for one probe of a container, %u of them asked once a second; idle: %.1f ms a second\n",
        containers, idle.engine * 1e3 / std::chrono::duration<double>(length).count());
    std::printf("%-34s %8s %10s %10s %10s %8s\n", "", "probes", "engine", "prober", "together", "ratio");
    const double reference = (health.engine - idle.engine) * 1e3 / health.probes;
    print("the engine's HEALTHCHECK", health, {idle.engine, 0, 0}, reference);
    print("keepwell, http", by_http, idle, reference);
    print("keepwell, test in the container", by_test, idle, reference);
}

}  // namespace
}  // namespace keepwell::runtime::docker

int main(int count, char** arguments) {
    return keepwell::bench::bench_main(count, arguments, 30, keepwell::runtime::docker::run);
}
