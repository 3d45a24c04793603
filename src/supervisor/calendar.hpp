// Maintenance windows on the local wall clock: is one open, and when does that change?
// The engine reads no calendar; the supervisor turns what this says into events.
// May know: model, ports (for LocalTime). Pure.
#pragma once

#include <chrono>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::supervisor {

struct WindowState {
    bool open = false;
    std::chrono::minutes until_change{0};  ///< from the start of the minute that was asked about; at most a week
};

/// A window that ends at or before its beginning ends on the next day; `from` is inside, `to` is not.
WindowState window_state(const std::vector<MaintenanceWindow>& windows, ClockPort::LocalTime at);

}  // namespace keepwell::supervisor
