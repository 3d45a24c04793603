// The policy that the benches of the engine and of made-up worlds play: targets that are asked and all go well.
// May know: the model.
#pragma once

#include <string>
#include <utility>

#include "keepwell/model/spec.hpp"

namespace keepwell::bench {

inline Policy watched(std::uint32_t targets, Duration interval) {
    Policy policy;
    for (std::uint32_t i = 0; i < targets; ++i) {
        ServiceSpec service;
        service.name = "shop-api-" + std::to_string(i);
        service.healthcheck = Healthcheck{};
        service.healthcheck->interval = interval;
        service.on_unhealthy.push_back({RestartRung{}, {}});
        TargetSpec target;
        target.name = service.name;
        target.service = i;
        target.probe = ExecProbe{{"/bin/true"}};
        target.hooks.resize(1);
        policy.services.push_back(std::move(service));
        policy.targets.push_back(std::move(target));
        policy.maintenance.emplace_back();
    }
    return policy;
}

}  // namespace keepwell::bench
