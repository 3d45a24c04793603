// Policies for tests of the engine, written down in a line each; no file is read.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keepwell/model/spec.hpp"

namespace keepwell::testing {

/// A service under construction: `Service{"api"}.probed(10s, 3).after(0, …)`.
struct Service {
    explicit Service(std::string name);

    /// A healthcheck, and the default ladder that comes with one.
    Service& probed(Duration interval, std::uint32_t retries, Duration timeout = 1s);
    Service& start_period(Duration period, Duration interval = 5s) {
        spec.healthcheck->start_period = period;
        spec.healthcheck->start_interval = interval;
        return *this;
    }
    Service& ladder(std::vector<RungAction> actions);
    Service& restart(RestartCondition condition, Duration delay, std::uint32_t attempts = 0, Duration window = 0s) {
        spec.restart.condition = condition;
        spec.restart.delay = delay;
        spec.restart.max_attempts = attempts;
        spec.restart.window = window;
        return *this;
    }
    Service& backoff(double factor, Duration max, Duration reset_after = 10s) {
        spec.restart.backoff = Backoff{factor, max, reset_after};
        return *this;
    }
    Service& verify(Duration time) {
        spec.verify = time;
        return *this;
    }
    Service& quarantine(Duration first, Duration max) {
        spec.quarantine.first = first;
        spec.quarantine.max = max;
        return *this;
    }
    Service& after(ServiceIndex service, DependencyCondition condition = DependencyCondition::service_started,
                   bool restart = false, bool required = true);
    Service& grace(Duration time) {
        spec.stop_grace_period = time;
        return *this;
    }
    Service& dry() {
        spec.dry_run = true;
        return *this;
    }
    Service& replicas(std::uint32_t count) {
        slots = count;
        return *this;
    }

    /// A container that exists; its own check counts where no probe is given.
    Service& adopted() { return of_kind(TargetKind::adopted, {RestartRung{}}); }
    /// A container that keepwell creates.
    Service& owned() {
        spec.container_version = "2";
        return of_kind(TargetKind::container, {ReplaceRung{}});
    }
    Service& update(UpdateConfig config) {
        spec.update = config;
        return *this;
    }

    ServiceSpec spec;
    std::uint32_t slots = 1;
    TargetKind kind = TargetKind::process;

  private:
    Service& of_kind(TargetKind its, std::vector<RungAction> rungs) {
        kind = its;
        spec.engine_health = !spec.healthcheck;
        return ladder(std::move(rungs));
    }
};

Policy policy_of(const std::vector<Service>& services, Guard guard = {});

}  // namespace keepwell::testing
