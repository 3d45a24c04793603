// A policy's content as text.
#include "policy/canonical/canonical.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "policy/canonical/canonical_lines.hpp"

namespace keepwell::policy {
namespace lines {

std::string show(const StatusRange& range) { return show(range.first) + "-" + show(range.last); }
std::string show(const MaintenanceWindow& window) {
    return show(window.from) + "-" + show(window.to) + "/" + show(static_cast<std::uint32_t>(window.days));
}

}  // namespace lines

namespace {

using lines::Lines;
using lines::show;

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
    void operator()(const ReplaceRung& rung) const {
        lines.add("rung.replace", static_cast<std::uint32_t>(rung.order));
    }
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

void add_selector(Lines& lines, const TargetSpec& target) {
    lines.add("selector.name", target.selector.name);
    lines.add("selector.labels", target.selector.labels);
}

/// Nothing of it is said of a process, so that its version stays what it was.
void add_container(Lines& lines, const TargetSpec& target) {
    if (!is_container(target)) return;
    lines.add("kind", static_cast<std::uint32_t>(target.kind));
    add_selector(lines, target);
    if (!target.container) return;
    lines.add("pull_policy", static_cast<std::uint32_t>(target.container->pull_policy));
    lines.add_block(canonical(*target.container));
}

void add_instance(Lines& lines, const TargetSpec& target) {
    lines.add("command", target.process.command);
    lines.add("working_dir", target.process.working_dir);
    lines.add("environment", target.process.environment);
    lines.add("user", target.process.user);
    lines.add("output.file", target.output.file);
}

void add_target(Lines& lines, const TargetSpec& target) {
    lines.add("slot", target.slot);
    add_instance(lines, target);
    lines.add("stop_signal", target.process.stop_signal);
    lines.add("output.max_size", target.output.max_size);
    lines.add("output.keep", target.output.keep);
    if (target.probe) std::visit(ProbeLines{lines}, *target.probe);
    for (const auto& hook : target.hooks) lines.add("hook", hook.command);
    add_container(lines, target);
}

void add_container_rules(Lines& lines, const ServiceSpec& spec) {
    if (spec.engine_health) lines.add("engine_health", true);
    if (spec.stop_grace_written) lines.add("stop_grace_written", true);
    const auto& update = spec.update;
    if (!update.origin.written()) return;
    lines.add("update.parallelism", update.parallelism);
    lines.add("update.delay", update.delay);
    lines.add("update.monitor", update.monitor);
    lines.add("update.failure_action", static_cast<std::uint32_t>(update.failure_action));
    lines.add("update.order", static_cast<std::uint32_t>(update.order));
}

/// An entry means the same whatever its slots are called, which their number decides: its first slot stands for it.
enum class Extent : std::uint8_t { all_slots, entry };

/// Those of one service; `all` is grouped by service.
template <typename Targets>
void add_targets(Lines& lines, const Targets& all, ServiceIndex service, Extent extent) {
    const auto before = [](const TargetSpec& target, ServiceIndex index) { return target.service < index; };
    auto target = std::lower_bound(all.begin(), all.end(), service, before);
    for (; target != all.end() && target->service == service; ++target) {
        if (extent == Extent::all_slots) lines.add("target", target->name);
        add_target(lines, *target);
        if (extent == Extent::entry) return;
    }
}

void add_host(Lines& lines, const Policy& policy) {
    lines.add("name", policy.name);
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

std::string service_text(const Policy& policy, ServiceIndex service, Extent extent) {
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
    add_container_rules(lines, spec);
    lines.add("dry_run", spec.dry_run);
    lines.add("maintenance", policy.maintenance[service]);
    add_targets(lines, policy.targets, service, extent);
    add_targets(lines, policy.templates, service, extent);
    return lines.take();
}

}  // namespace

std::string canonical(const Policy& policy, ServiceIndex service) {
    return service_text(policy, service, Extent::all_slots);
}

std::string canonical_entry(const Policy& policy, ServiceIndex service) {
    return service_text(policy, service, Extent::entry);
}

std::string canonical_question(const TargetSpec& target) {
    Lines lines;
    if (target.probe) std::visit(ProbeLines{lines}, *target.probe);
    return lines.take();
}

std::string canonical_selector(const TargetSpec& target) {
    Lines lines;
    add_selector(lines, target);
    return lines.take();
}

std::string canonical_instance(const TargetSpec& target) {
    Lines lines;
    add_instance(lines, target);
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
