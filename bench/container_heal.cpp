// How long a sick container is sick: from making it sick to the replacement being healthy, beside a service of Docker
// Swarm on the same engine. Same image, on the bridge, HEALTHCHECK or probe once a second, 3 retries, a grace of 1 s,
// no delay. The peers take turns, so that noise is shared; each is at rest while another one is sick. Once with a
// service that needs its grace, since it does not heed SIGTERM, and once with one that ends at once.
//
//     bench_container_heal [ROUNDS]      10 of each unless given
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/engine.hpp"
#include "support/http.hpp"

namespace keepwell::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto image = "keepwell-bench/accountservice:latest";
constexpr std::uint16_t port = 6767;

// The service `engine` is judged by the image's HEALTHCHECK, `probe` by a probe of keepwell's own.
const std::string policy = std::string{R"(
name: heal
services:
  engine: &service
    image: )"} + image + R"(
    network_mode: bridge
    stop_grace_period: 1s
    on_unhealthy: [replace]
    deploy: {restart_policy: {delay: 0s}}
  probe:
    <<: *service
    healthcheck:
      http: "http://{{.Container.IP}}:6767/health"
      interval: 1s
      timeout: 1s
      retries: 3
      start_period: 10s
      start_interval: 100ms
)";

std::string swarm_service() {
    return std::string{
               "docker service create --quiet --detach --name swarm --stop-grace-period 1s --restart-delay 0s "} +
           image + " >/dev/null 2>&1";
}

/// The engine's own word on a health that has become good: of whom, and when.
class HealthyEvents {
  public:
    explicit HealthyEvents(const std::string& label)
        : events_({"docker", "events", "--filter", "event=health_status", "--filter", "label=" + label, "--format",
                   "{{.TimeNano}} {{.Actor.ID}} {{.Status}}"}) {}

    /// Seconds on the wall clock.
    double await_other_than(const std::string& container) {
        while (true) {
            const auto line = events_.next_line();
            const auto space = line.find(' ');
            const bool is_other = line.compare(space + 1, container.size(), container) != 0;
            if (is_other && line.ends_with("health_status: healthy")) return std::stod(line.substr(0, space)) / 1e9;
        }
    }

  private:
    Child events_;
};

std::string id_by(const std::string& label) {
    return output_of("docker ps --quiet --no-trunc --filter label=" + label);
}

std::string address_of(const std::string& container) {
    return output_of("docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' " + container);
}

struct Peer {
    std::string name;
    std::string label;                                          ///< of its one container
    std::function<double(const std::string& id)> await_healed;  ///< seconds on the wall clock
    std::vector<double> taken{};
};

void heal_once(Peer& peer, std::minstd_rand& random) {
    sleep_for(std::chrono::milliseconds(random() % 1000));  // whatever the phase of its probes is
    const auto sick = id_by(peer.label);
    const auto address = address_of(sick);
    const double begun = wall_seconds();
    must_answer(address, port, "PUT", "/testability/healthy/false");
    peer.taken.push_back(peer.await_healed(sick) - begun);
    sleep_for(3s);  // the old one goes
}

void print(const Peer& peer, double reference) {
    std::printf("%-40s %s %6.2f\n", peer.name.c_str(), spread(peer.taken, 2).c_str(), median(peer.taken) / reference);
}

void compare(long rounds, const char* what, const std::string& arguments) {
    const Engine engine;
    make_accountservice(image, "--interval=1s --timeout=1s --retries=3", arguments);
    output_of("docker swarm init --advertise-addr 127.0.0.1 >/dev/null");
    const std::string swarm_label = "com.docker.swarm.service.name=swarm";
    HealthyEvents of_swarm(swarm_label), of_engine("io.keepwell.service=engine");
    sleep_for(500ms);  // both are subscribed
    output_of(swarm_service());
    Keepwell keepwell(policy);
    of_swarm.await_other_than("nobody");
    of_engine.await_other_than("nobody");
    keepwell.await_healthy("probe");
    sleep_for(2s);

    Peer swarm{"Docker Swarm", swarm_label, [&](const auto& id) { return of_swarm.await_other_than(id); }};
    Peer by_engine{"keepwell, the engine's HEALTHCHECK", "io.keepwell.service=engine",
                   [&](const auto& id) { return of_engine.await_other_than(id); }};
    Peer by_probe{"keepwell, http every 100 ms at the start", "io.keepwell.service=probe", [&](const auto&) {
                      keepwell.await_healthy("probe");
                      return wall_seconds();
                  }};
    std::minstd_rand random(1);
    for (long i = 0; i < rounds; ++i) {
        for (Peer* peer : {&swarm, &by_engine, &by_probe}) heal_once(*peer, random);
    }
    std::printf("seconds from sick to healed, %ld of each, a service that %s: median, least and greatest; share\n",
                rounds, what);
    for (const Peer* peer : {&swarm, &by_engine, &by_probe}) print(*peer, median(swarm.taken));
    std::fflush(stdout);
}

void run(long rounds) {
    compare(rounds, "does not heed SIGTERM", R"("--sigterm", "ignore")");
    compare(rounds, "ends at once", "");
}

}  // namespace
}  // namespace keepwell::bench

int main(int count, char** arguments) {
    return keepwell::bench::bench_main(count, arguments, 10, keepwell::bench::run);
}
