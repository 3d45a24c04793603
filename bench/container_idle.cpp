// What it costs to watch 200 containers in which nothing happens: keepwell's CPU, its listings again and again
// included, and its memory beside that of a keepwell that watches none. Each container has a HEALTHCHECK, every 30 s,
// whose status is asked for again when nothing was heard of it for 92 s.
//
//     bench_container_idle [SECONDS]      184 unless given
#include <cstdio>
#include <string>

#include "support/child.hpp"
#include "support/engine.hpp"

namespace keepwell::bench {
namespace {

using namespace std::chrono_literals;

constexpr int containers = 200;

const std::string policy = R"(
name: idle
services:
  all: {container: {label: bench=idle}}
)";

void start_containers() {
    output_of("seq " + std::to_string(containers) +
              " | xargs -P 4 -I{} docker run --detach --name idle-{} --network none --label bench=idle --health-cmd "
              "true --health-interval 30s --health-timeout 1s " +
              busybox_image + " sleep 86400 >/dev/null");
}

void await_all_healthy() {
    const auto end = Clock::now() + patience;
    while (output_of("docker ps --quiet --filter health=healthy | wc -l") != std::to_string(containers)) {
        if (Clock::now() > end) throw std::runtime_error("they do not become healthy");
        sleep_for(1s);
    }
}

struct Used {
    double cpu = 0;     ///< seconds
    double memory = 0;  ///< bytes, at the end
};

/// So many of them there are.
Used watch(int count, std::chrono::seconds length) {
    Keepwell keepwell(policy);
    for (int i = 0; i < count; ++i) keepwell.await_healthy();
    sleep_for(20s);
    const double before = cpu_of(keepwell.pid());
    sleep_for(length);
    return {cpu_of(keepwell.pid()) - before, memory_of(keepwell.pid())};
}

void run(long seconds) {
    const Engine engine;
    const Used none = watch(0, 5s);
    start_containers();
    await_all_healthy();
    const Used all = watch(containers, std::chrono::seconds{seconds});
    std::printf("%d containers watched for %ld s\n", containers, seconds);
    std::printf("%-34s %8.3f %% of a core\n", "CPU", all.cpu / static_cast<double>(seconds) * 100);
    std::printf("%-34s %8.1f KiB each (%.1f MiB with none, %.1f MiB with all)\n", "memory",
                (all.memory - none.memory) / 1024 / containers, none.memory / 1048576, all.memory / 1048576);
}

}  // namespace
}  // namespace keepwell::bench

int main(int count, char** arguments) {
    return keepwell::bench::bench_main(count, arguments, 184, keepwell::bench::run);
}
