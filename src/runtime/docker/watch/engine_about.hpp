// What an engine says of itself.
// May know: view's times. Pure.
#pragma once

#include <string>
#include <string_view>

#include "runtime/docker/watch/view.hpp"

namespace keepwell::runtime::docker {

/// "Docker 20.10.24", "Podman 5.8.2": from `GET /version`; empty when it is no such answer.
std::string engine_name(std::string_view version);

/// The engine's clock, from `GET /info`; the epoch when it is no such answer.
EngineTime engine_clock(std::string_view info);

}  // namespace keepwell::runtime::docker
