// The answer to /v1/status for people: a table, or all about one target.
// May know: JSON, journal's times.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "keepwell/model/time.hpp"

namespace keepwell::cli {

struct StatusView {
    WallTime now{};
    bool colours = false;
};

/// TARGET KIND PHASE HEALTH FOR PROBE RESTARTS NEXT, and a line that sums up.
std::string status_table(const nlohmann::ordered_json& status, const StatusView& view);

/// One target with its last probes.
std::string status_detail(const nlohmann::ordered_json& target, const StatusView& view);

}  // namespace keepwell::cli
