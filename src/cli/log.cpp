// spdlog writes synchronously: no thread of its own, nothing lost when keepwell is killed.
#include "cli/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace keepwell::cli {
namespace {

bool under_systemd() {
    static const bool is = std::getenv("JOURNAL_STREAM") != nullptr || std::getenv("INVOCATION_ID") != nullptr;
    return is;
}

void log(spdlog::level::level_enum level, const char* priority, const std::string& text) {
    spdlog::log(level, "{}{}", under_systemd() ? priority : "", text);
}

}  // namespace

void begin_log() {
    spdlog::set_default_logger(spdlog::stderr_logger_st("keepwell"));
    spdlog::set_pattern(under_systemd() ? "%v" : "%H:%M:%S keepwell: %l: %v");
    spdlog::set_error_handler([](const std::string&) {});  // stderr is gone: there is nobody to tell
}

void log_error(const std::string& text) { log(spdlog::level::err, "<3>", text); }
void log_warning(const std::string& text) { log(spdlog::level::warn, "<4>", text); }
void log_info(const std::string& text) { log(spdlog::level::info, "<6>", text); }

}  // namespace keepwell::cli
