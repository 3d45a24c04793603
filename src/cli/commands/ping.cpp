// `keepwell ping URL…`: one probe each, without a policy or a running keepwell.
#include "runtime/probe/ping.hpp"

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

std::string json_of(const std::string& url, const runtime::PingAnswer& answer) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    const nlohmann::ordered_json json{{"url", url},
                                      {"outcome", to_string(answer.outcome)},
                                      {"duration_ms", Milliseconds{answer.duration}.count()},
                                      {"output", answer.text}};
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string text_of(const std::string& url, const runtime::PingAnswer& answer) {
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(answer.duration);
    const std::string length = milliseconds.count() == 0 ? "less than 1ms" : to_string(milliseconds);
    return one_line(url) + ": " + std::string{to_string(answer.outcome)} + " in " + length + ": " +
           one_line(answer.text) + "\n";
}

}  // namespace

int ping(const PingOptions& options) {
    std::vector<Probe> probes;
    for (const std::string& url : options.urls) {
        const auto probe = runtime::probe_of_url(url);
        if (!probe) {
            complain(probe.error());
            return exit_usage;
        }
        probes.push_back(*probe);
    }
    bool passed = true;
    bool printed = true;
    for (std::size_t i = 0; i < probes.size(); ++i) {
        const runtime::PingAnswer answer = runtime::ping(probes[i], options.timeout);
        passed = passed && answer.outcome == Outcome::passed;
        const std::string& url = options.urls[i];
        printed = print(options.format == Format::text ? text_of(url, answer) : json_of(url, answer)) && printed;
    }
    return passed && printed ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
