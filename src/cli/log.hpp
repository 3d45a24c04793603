// keepwell's own messages while it runs, on stderr: what is wrong with keepwell itself, not what happens to targets.
// May know: spdlog (in its body).
#pragma once

#include <string>

namespace keepwell::cli {

/// Under systemd (JOURNAL_STREAM or INVOCATION_ID) each line begins with its priority, "<4>", and has no time.
void begin_log();
void log_error(const std::string& text);
void log_warning(const std::string& text);
void log_info(const std::string& text);

}  // namespace keepwell::cli
