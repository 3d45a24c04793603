// A policy's content as text.
#include "policy/canonical.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace keepwell::policy {
namespace {

std::string show(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c == '\n' ? std::string{"\\n"} : std::string{c};
    }
    return result + "\"";
}
std::string show(const std::string& text) { return show(std::string_view{text}); }
std::string show(bool value) { return value ? "true" : "false"; }
std::string show(std::uint32_t value) { return std::to_string(value); }
std::string show(int value) { return std::to_string(value); }
std::string show(std::uint64_t value) { return std::to_string(value); }
std::string show(Duration value) { return std::to_string(value.count()) + "ns"; }
std::string show(std::chrono::minutes value) { return std::to_string(value.count()) + "min"; }
std::string show(double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return text.data();
}
std::string show(const std::pair<std::string, std::string>& pair) { return show(pair.first) + "=" + show(pair.second); }
std::string show(const StatusRange& range) { return show(range.first) + "-" + show(range.last); }
std::string show(const MaintenanceWindow& window) {
    return show(window.from) + "-" + show(window.to) + "/" + show(static_cast<std::uint32_t>(window.days));
}

template <typename T>
std::string show(const std::vector<T>& values) {
    std::string result = "[";
    for (const auto& value : values) result += show(value) + " ";
    return result + "]";
}

/// "name value" lines.
class Lines {
  public:
    template <typename T>
    void add(std::string_view name, const T& value) {
        text_ += name;
        text_ += " " + show(value) + "\n";
    }
    void add_block(std::string_view block) { text_ += block; }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

struct ProbeLines {
    Lines& lines;

    void operator()(const HttpProbe& probe) const {
        auto headers = probe.headers;
        std::sort(headers.begin(), headers.end());
        lines.add("http", probe.url);
        lines.add("http.method", probe.method);
        lines.add("http.headers", headers);
        lines.add("http.body", probe.body);
        lines.add("http.expect.status", probe.expect_status);
        lines.add("http.expect.contains", probe.expect_body_contains);
        lines.add("http.expect.matches", probe.expect_body_matches);
    }
    void operator()(const TcpProbe& probe) const {
        lines.add("tcp.host", probe.host);
        lines.add("tcp.port", static_cast<std::uint32_t>(probe.port));
    }
    void operator()(const ExecProbe& probe) const { lines.add("test", probe.command); }
};

struct RungLines {
    Lines& lines;

    void operator()(const RestartRung&) const { lines.add("rung", std::string_view{"restart"}); }
    void operator()(const RunRung& rung) const { lines.add("rung.run", rung.timeout); }
    void operator()(const StopRung&) const { lines.add("rung", std::string_view{"stop"}); }
    void operator()(const NotifyRung&) const { lines.add("rung", std::string_view{"notify"}); }
};

void add_healthcheck(Lines& lines, const Healthcheck& check) {
    lines.add("interval", check.interval);
    lines.add("timeout", check.timeout);
    lines.add("start_period", check.start_period);
    lines.add("start_interval", check.start_interval);
    lines.add("retries", check.retries);
}

void add_restart(Lines& lines, const RestartPolicy& policy) {
    lines.add("restart.condition", static_cast<std::uint32_t>(policy.condition));
    lines.add("restart.delay", policy.delay);
    lines.add("restart.max_attempts", policy.max_attempts);
    lines.add("restart.window", policy.window);
    if (!policy.backoff) return;
    lines.add("backoff.factor", policy.backoff->factor);
    lines.add("backoff.max", policy.backoff->max);
    lines.add("backoff.reset_after", policy.backoff->reset_after);
}

void add_dependencies(Lines& lines, const Policy& policy, const ServiceSpec& spec) {
    std::vector<std::string> dependencies;
    for (const auto& on : spec.depends_on) {
        dependencies.push_back(policy.services[on.service].name + " " + show(static_cast<std::uint32_t>(on.condition)) +
                               " " + show(on.restart) + " " + show(on.required));
    }
    std::sort(dependencies.begin(), dependencies.end());
    lines.add("depends_on", dependencies);
}

void add_target(Lines& lines, const TargetSpec& target) {
    lines.add("target", target.name);
    lines.add("slot", target.slot);
    lines.add("command", target.process.command);
    lines.add("working_dir", target.process.working_dir);
    lines.add("environment", target.process.environment);
    lines.add("user", target.process.user);
    lines.add("stop_signal", target.process.stop_signal);
    lines.add("output.file", target.output.file);
    lines.add("output.max_size", target.output.max_size);
    lines.add("output.keep", target.output.keep);
    if (target.probe) std::visit(ProbeLines{lines}, *target.probe);
    for (const auto& hook : target.hooks) lines.add("hook", hook.command);
}

void add_host(Lines& lines, const Policy& policy) {
    lines.add("mode", static_cast<std::uint32_t>(policy.mode));
    lines.add("quantum", policy.quantum);
    lines.add("record", policy.record);
    lines.add("state_dir", policy.state_dir);
    const auto& guard = policy.guard;
    if (guard.max_unhealthy) {
        lines.add("guard.max_unhealthy", guard.max_unhealthy->value);
        lines.add("guard.max_unhealthy.is_percent", guard.max_unhealthy->is_percent);
    }
    if (guard.max_parallel) lines.add("guard.max_parallel", *guard.max_parallel);
    if (guard.max_actions) {
        lines.add("guard.max_actions", guard.max_actions->count);
        lines.add("guard.max_actions.per", guard.max_actions->per);
    }
}

}  // namespace

std::string canonical(const Policy& policy, ServiceIndex service) {
    const auto& spec = policy.services[service];
    Lines lines;
    lines.add("service", spec.name);
    if (spec.healthcheck) add_healthcheck(lines, *spec.healthcheck);
    add_restart(lines, spec.restart);
    for (const auto& rung : spec.on_unhealthy) std::visit(RungLines{lines}, rung.action);
    if (spec.verify) lines.add("verify", *spec.verify);
    lines.add("quarantine.first", spec.quarantine.first);
    lines.add("quarantine.max", spec.quarantine.max);
    add_dependencies(lines, policy, spec);
    lines.add("stop_grace_period", spec.stop_grace_period);
    lines.add("dry_run", spec.dry_run);
    lines.add("maintenance", policy.maintenance[service]);
    const auto before = [](const TargetSpec& target, ServiceIndex index) { return target.service < index; };
    auto target = std::lower_bound(policy.targets.begin(), policy.targets.end(), service, before);
    for (; target != policy.targets.end() && target->service == service; ++target) add_target(lines, *target);
    return lines.take();
}

std::string canonical(const Policy& policy) {
    Lines lines;
    add_host(lines, policy);
    std::vector<std::string> services;
    for (ServiceIndex i = 0; i < policy.services.size(); ++i) services.push_back(canonical(policy, i));
    std::sort(services.begin(), services.end());
    for (const auto& service : services) lines.add_block(service);
    return lines.take();
}

std::string stable_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

}  // namespace keepwell::policy
