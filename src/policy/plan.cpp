// Both policies as canonical text, compared line by line: what is not in that text means nothing at run time.
#include "policy/plan.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "policy/canonical.hpp"

namespace keepwell::policy {
namespace {

/// The values of each name, in order.
using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Text {
    Values of_service;
    struct Slot {
        std::string name;
        Values values;
    };
    std::map<std::uint32_t, Slot> of_targets;  ///< by slot: they may be called otherwise beside others
};

const FieldEffect* row_of(std::string_view canonical) {
    const auto& rows = field_effects();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.canonical == canonical; });
    return found == rows.end() ? nullptr : &*found;
}

template <typename Take>
void each_line(std::string_view text, const Take& take) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t space = std::min(line.find(' '), line.size());
        take(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
    }
}

// ---- values for people
// ------------------------------------------------------------------------------------------------

/// Cuts at spaces outside of quotes.
std::vector<std::string> items(std::string_view list) {
    std::vector<std::string> all(1);
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '\\' && quoted && i + 1 < list.size()) all.back() += list[i++];
        if (list[i] == '"' && list[i - (i > 0)] != '\\') quoted = !quoted;
        if (list[i] == ' ' && !quoted) {
            all.emplace_back();
        } else {
            all.back() += list[i];
        }
    }
    std::erase(all, std::string{});
    return all;
}

std::string unquoted(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') continue;
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

bool is_list(std::string_view text) { return text.size() >= 2 && text.front() == '[' && text.back() == ']'; }

std::string shown(std::string_view value) {
    if (is_list(value)) {
        std::string all;
        for (const std::string& item : items(value.substr(1, value.size() - 2))) {
            all += (all.empty() ? "" : ", ") + unquoted(item);
        }
        return "[" + all + "]";
    }
    if (value.ends_with("ns")) {
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size() - 2, count);
        if (error == std::errc{} && end == value.data() + value.size() - 2) return keepwell::to_string(Duration{count});
    }
    return unquoted(value);
}

/// The enumerators of a field that is a number in the canonical text.
std::string in_words(std::string_view canonical, const std::string& value) {
    static const std::map<std::string_view, std::vector<std::string>> words{
        {"restart.condition", {"none", "on-failure", "any"}},
        {"mode", {"enforce", "dry-run"}},
        {"kind", {"process", "container", "adopted container"}},
        {"update.failure_action", {"pause", "continue", "rollback"}},
        {"update.order", {"automatic", "stop-first", "start-first"}},
        {"pull_policy", {"missing", "always", "never"}},
    };
    const auto known = words.find(canonical);
    const bool is_digit = value.size() == 1 && value[0] >= '0' && value[0] <= '9';
    if (known == words.end() || !is_digit) return shown(value);
    const auto index = static_cast<std::size_t>(value[0] - '0');
    return index < known->second.size() ? known->second[index] : value;
}

std::string shown(std::string_view canonical, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) {
        const std::string text = in_words(canonical, value);
        if (!text.empty() && text != "[]") all += (all.empty() ? "" : ", ") + text;
    }
    return all;
}

/// "restart, run (30s), stop"
std::string ladder_of(const Values& values) {
    std::string all;
    for (const auto& [name, rungs] : values) {
        if (!name.starts_with("rung")) continue;
        for (const std::string& rung : rungs) all += (all.empty() ? "" : ", ") + shown(rung);
    }
    return all;
}

std::map<std::string, std::string> variables(const std::vector<std::string>& lists) {
    std::map<std::string, std::string> all;
    for (const std::string& list : lists) {
        if (!is_list(list)) continue;
        for (const std::string& item : items(std::string_view{list}.substr(1, list.size() - 2))) {
            const std::size_t end = item.find("\"=\"");
            if (end != std::string::npos) all[unquoted(item.substr(0, end))] = item.substr(end);
        }
    }
    return all;
}

/// Names only: a value may be a secret, and a plan is shown around.
std::string variables_changed(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    const auto old = variables(before);
    const auto now = variables(after);
    std::string all;
    const auto add = [&all](const std::string& name, const char* what) {
        all += (all.empty() ? "" : ", ") + name + " " + what;
    };
    for (const auto& [name, value] : now) {
        const auto known = old.find(name);
        if (known == old.end()) add(name, "added");
        if (known != old.end() && known->second != value) add(name, "changed");
    }
    for (const auto& [name, value] : old) {
        if (!now.contains(name)) add(name, "removed");
    }
    return all;
}

// ---- one service
// ------------------------------------------------------------------------------------------------------

std::uint32_t number(std::string_view digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

Text text_of(const Policy& policy, ServiceIndex service) {
    Text text;
    Values* into = &text.of_service;
    std::string target;
    each_line(canonical(policy, service), [&](std::string_view name, std::string_view value) {
        if (name == "target") target = unquoted(value);
        if (name == "slot") {
            Text::Slot& slot = text.of_targets[number(value)];
            slot.name = target;
            into = &slot.values;
        }
        const bool of_no_rung = name == "hook" && value == "[]";
        if (name == "target" || name == "slot" || name == "service" || of_no_rung) return;
        (*into)[std::string{name}].emplace_back(value);
    });
    return text;
}

/// Where the block that a field belongs to is written.
Origin origin_of(const ServiceSpec& service, std::string_view field) {
    const auto written = [&](const Origin& origin) { return origin.written() ? origin : service.origin; };
    if (field.starts_with("healthcheck") && service.healthcheck) return written(service.healthcheck->origin);
    if (field.starts_with("deploy.restart_policy")) return written(service.restart.origin);
    if (field.starts_with("deploy.update_config")) return written(service.update.origin);
    if (field.starts_with("on_unhealthy")) return written(service.ladder_origin);
    if (field.starts_with("quarantine")) return written(service.quarantine.origin);
    if (field == "depends_on" && !service.depends_on.empty()) return written(service.depends_on.front().origin);
    return service.origin;
}

/// The line of the field itself, where it is written inside its entry.
class Places {
  public:
    Places(const Policy& policy, const std::vector<FieldPlace>& places) : policy_{policy}, places_{places} {}

    Origin of(const Origin& block, std::string_view field) const {
        const std::string_view name = field.substr(field.rfind('.') + 1);
        const std::uint32_t end = end_of(block);
        Origin best = block;
        std::uint32_t line = end;
        for (const FieldPlace& place : places_) {
            const bool inside = place.at.file == block.file && place.at.line >= block.line && place.at.line < line;
            if (!inside || place.field != name) continue;
            best = place.at;
            line = place.at.line;
        }
        return best;
    }

  private:
    /// Where the next entry begins.
    std::uint32_t end_of(const Origin& block) const {
        std::uint32_t end = UINT32_MAX;
        for (const ServiceSpec& service : policy_.services) {
            const bool behind = service.origin.file == block.file && service.origin.line > block.line;
            if (behind) end = std::min(end, service.origin.line);
        }
        return end;
    }

    const Policy& policy_;
    const std::vector<FieldPlace>& places_;
};

/// What is made anew is a process or a container of ours; of an adopted one the same field is a rule at most. A process
/// is told its stop signal when it ends, a container when it is made.
Effect effect_for(TargetKind kind, std::string_view canonical, Effect effect) {
    const bool signal = canonical == "stop_signal" && kind == TargetKind::container;
    const bool anew = effect == Effect::restart || effect == Effect::replace || signal;
    if (!anew) return effect;
    switch (kind) {
        case TargetKind::process: return Effect::restart;
        case TargetKind::container: return Effect::replace;
        case TargetKind::adopted: break;
    }
    return Effect::rules;
}

void compare(const Values& before, const Values& after, const ServiceSpec& service, TargetKind kind,
             const Places& places, std::vector<FieldChange>& into) {
    static const std::vector<std::string> nothing;
    std::map<std::string, std::pair<const std::vector<std::string>*, const std::vector<std::string>*>> names;
    for (const auto& [name, values] : before) names[name] = {&values, &nothing};
    for (const auto& [name, values] : after) {
        auto& pair = names.try_emplace(name, &nothing, &nothing).first->second;
        pair.second = &values;
    }
    for (const auto& [name, pair] : names) {
        if (*pair.first == *pair.second) continue;
        const FieldEffect* row = row_of(name);
        FieldChange change;
        change.field = row ? std::string{row->field} : name;
        change.effect = effect_for(kind, name, row ? row->effect : Effect::rules);
        change.origin = places.of(origin_of(service, change.field), change.field);
        if (name == "environment" || name == "http.headers") {
            change.after = variables_changed(*pair.first, *pair.second);
        } else if (name.starts_with("rung")) {
            change.before = ladder_of(before);
            change.after = ladder_of(after);
        } else {
            change.before = shown(name, *pair.first);
            change.after = shown(name, *pair.second);
        }
        if (change.before == change.after) continue;  // said of one kind, and left out for another
        const auto same = [&](const FieldChange& one) { return one.field == change.field; };
        if (std::none_of(into.begin(), into.end(), same)) into.push_back(std::move(change));
    }
}

const TargetSpec* target_of(const Policy& policy, std::uint32_t slot, ServiceIndex service) {
    const auto fits = [&](const TargetSpec& one) { return one.service == service && one.slot == slot; };
    const auto found = std::find_if(policy.targets.begin(), policy.targets.end(), fits);
    if (found != policy.targets.end()) return &*found;
    const auto its = std::find_if(policy.templates.begin(), policy.templates.end(), fits);
    return its == policy.templates.end() ? nullptr : &*its;
}

TargetKind kind_of(const Policy& policy, ServiceIndex service) {
    const auto fits = [&](const TargetSpec& one) { return one.service == service; };
    const auto found = std::find_if(policy.targets.begin(), policy.targets.end(), fits);
    return found == policy.targets.end() ? TargetKind::adopted : found->kind;
}

std::optional<ServiceIndex> service_of(const Policy& policy, const std::string& name) {
    for (ServiceIndex index = 0; index < policy.services.size(); ++index) {
        if (policy.services[index].name == name) return index;
    }
    return std::nullopt;
}

ServiceChange compare(const Policy& before, ServiceIndex old, const Policy& after, ServiceIndex now,
                      const Places& places) {
    const Text was = text_of(before, old);
    const Text is = text_of(after, now);
    const ServiceSpec& service = after.services[now];
    ServiceChange change;
    change.service = service.name;
    change.origin = service.origin;
    change.what = kind_of(after, now);
    compare(was.of_service, is.of_service, service, change.what, places, change.fields);
    for (const auto& [slot, target] : is.of_targets) {
        const auto known = was.of_targets.find(slot);
        if (known == was.of_targets.end()) {
            change.added.push_back(target.name);
            continue;
        }
        change.targets.push_back(target.name);
        compare(known->second.values, target.values, service, change.what, places, change.fields);
        change.effect = std::max(change.effect, effect_of(before.services[old], *target_of(before, slot, old), service,
                                                          *target_of(after, slot, now)));
    }
    for (const auto& [slot, target] : was.of_targets) {
        if (!is.of_targets.contains(slot)) change.removed.push_back(target.name);
    }
    return change;
}

ServiceChange whole(const Policy& policy, ServiceIndex service, ServiceChange::Kind kind) {
    ServiceChange change;
    change.kind = kind;
    change.service = policy.services[service].name;
    change.what = kind_of(policy, service);
    if (kind == ServiceChange::Kind::added) change.origin = policy.services[service].origin;
    for (const auto& [slot, target] : text_of(policy, service).of_targets) change.targets.push_back(target.name);
    return change;
}

Values host_of(const Policy& policy) {
    Policy host = policy;
    host.services.clear();
    Values values;
    each_line(canonical(host), [&](std::string_view name, std::string_view value) {
        values[name == "name" ? "project" : std::string{name}].emplace_back(value);
    });
    return values;
}

}  // namespace

Plan make_plan(const Policy& before, const Policy& after, const std::vector<FieldPlace>& places) {
    const Places where{after, places};
    Plan plan{before.version, after.version, after.files, {}, {}};
    ServiceSpec host;
    host.origin = after.guard.origin;
    compare(host_of(before), host_of(after), host, TargetKind::process, where, plan.host);
    for (FieldChange& change : plan.host) {
        change.effect = Effect::rules;
        if (!change.field.starts_with("guard")) change.origin = {};
    }
    for (ServiceIndex now = 0; now < after.services.size(); ++now) {
        const auto old = service_of(before, after.services[now].name);
        if (!old) {
            plan.services.push_back(whole(after, now, ServiceChange::Kind::added));
        } else if (canonical(before, *old) != canonical(after, now)) {
            plan.services.push_back(compare(before, *old, after, now, where));
        }
    }
    for (ServiceIndex old = 0; old < before.services.size(); ++old) {
        if (service_of(after, before.services[old].name)) continue;
        plan.services.push_back(whole(before, old, ServiceChange::Kind::removed));
    }
    return plan;
}

const std::vector<FieldEffect>& field_effects() {
    using enum Effect;
    static const std::vector<FieldEffect> rows{
        // The host.
        {"mode", "mode", rules},
        {"quantum", "quantum", rules},
        {"record", "record", rules},
        {"guard.max_unhealthy", "guard.max_unhealthy", rules},
        {"guard.max_unhealthy.is_percent", "guard.max_unhealthy", rules},
        {"guard.max_parallel", "guard.max_parallel", rules},
        {"guard.max_actions", "guard.max_actions", rules},
        {"guard.max_actions.per", "guard.max_actions", rules},
        {"state_dir", "state_dir", rules},
        // How it is asked.
        {"interval", "healthcheck.interval", probes},
        {"timeout", "healthcheck.timeout", probes},
        {"start_period", "healthcheck.start_period", probes},
        {"start_interval", "healthcheck.start_interval", probes},
        {"retries", "healthcheck.retries", probes},
        {"http", "healthcheck.http", probes},
        {"http.method", "healthcheck.http.method", probes},
        {"http.headers", "healthcheck.http.headers", probes},
        {"http.body", "healthcheck.http.body", probes},
        {"http.expect.status", "healthcheck.http.expect.status", probes},
        {"http.expect.contains", "healthcheck.http.expect.body", probes},
        {"http.expect.matches", "healthcheck.http.expect.body", probes},
        {"tcp.host", "healthcheck.tcp", probes},
        {"tcp.port", "healthcheck.tcp", probes},
        {"test", "healthcheck.test", probes},
        {"engine_health", "healthcheck", probes},
        // How it is healed and kept.
        {"restart.condition", "deploy.restart_policy.condition", rules},
        {"restart.delay", "deploy.restart_policy.delay", rules},
        {"restart.max_attempts", "deploy.restart_policy.max_attempts", rules},
        {"restart.window", "deploy.restart_policy.window", rules},
        {"backoff.factor", "deploy.restart_policy.backoff", rules},
        {"backoff.max", "deploy.restart_policy.backoff", rules},
        {"backoff.reset_after", "deploy.restart_policy.backoff", rules},
        {"rung", "on_unhealthy", rules},
        {"rung.replace", "on_unhealthy", rules},
        {"rung.run", "on_unhealthy", rules},
        {"hook", "on_unhealthy.run", rules},
        {"verify", "verify", rules},
        {"quarantine.first", "quarantine.first", rules},
        {"quarantine.max", "quarantine.max", rules},
        {"depends_on", "depends_on", rules},
        {"stop_grace_period", "stop_grace_period", rules},
        {"stop_grace_written", "stop_grace_period", rules},
        {"update.parallelism", "deploy.update_config.parallelism", rules},
        {"update.delay", "deploy.update_config.delay", rules},
        {"update.monitor", "deploy.update_config.monitor", rules},
        {"update.failure_action", "deploy.update_config.failure_action", rules},
        {"update.order", "deploy.update_config.order", rules},
        {"dry_run", "dry_run", rules},
        {"maintenance", "maintenance", rules},
        {"output.max_size", "output.max_size", rules},
        {"output.keep", "output.keep", rules},
        {"pull_policy", "pull_policy", rules},
        // What it is made of. Of a container that keepwell creates each of these is a replacement.
        {"command", "command", restart},
        {"working_dir", "working_dir", restart},
        {"environment", "environment", restart},
        {"user", "user", restart},
        {"output.file", "output.file", restart},
        {"stop_signal", "stop_signal", rules},
        {"name", "container_name", replace},
        {"project", "name", replace},
        {"image", "image", replace},
        {"platform", "platform", replace},
        {"entrypoint", "entrypoint", replace},
        {"labels", "labels", replace},
        {"group_add", "group_add", replace},
        {"tty", "tty", replace},
        {"stdin_open", "stdin_open", replace},
        {"init", "init", replace},
        {"logging.driver", "logging.driver", replace},
        {"logging.options", "logging.options", replace},
        {"runtime", "runtime", replace},
        {"ports", "ports", replace},
        {"expose", "expose", replace},
        {"mounts", "volumes", replace},
        {"networks", "networks", replace},
        {"network_mode", "network_mode", replace},
        {"ipc", "ipc", replace},
        {"pid", "pid", replace},
        {"uts", "uts", replace},
        {"userns_mode", "userns_mode", replace},
        {"hostname", "hostname", replace},
        {"domainname", "domainname", replace},
        {"mac_address", "mac_address", replace},
        {"extra_hosts", "extra_hosts", replace},
        {"dns", "dns", replace},
        {"dns_search", "dns_search", replace},
        {"dns_opt", "dns_opt", replace},
        {"devices", "devices", replace},
        {"read_only", "read_only", replace},
        {"privileged", "privileged", replace},
        {"cap_add", "cap_add", replace},
        {"cap_drop", "cap_drop", replace},
        {"security_opt", "security_opt", replace},
        {"sysctls", "sysctls", replace},
        {"cgroup_parent", "cgroup_parent", replace},
        {"ulimits", "ulimits", replace},
        {"memory", "mem_limit", replace},
        {"memory_swap", "memswap_limit", replace},
        {"memory_reservation", "mem_reservation", replace},
        {"nano_cpus", "cpus", replace},
        {"cpu_shares", "cpu_shares", replace},
        {"cpuset", "cpuset", replace},
        {"pids_limit", "pids_limit", replace},
        {"oom_score_adj", "oom_score_adj", replace},
        {"oom_kill_disable", "oom_kill_disable", replace},
        {"shm_size", "shm_size", replace},
        // What it is at all.
        {"kind", "image or container", exchange},
        {"selector.name", "container", exchange},
        {"selector.labels", "container", exchange},
    };
    return rows;
}

}  // namespace keepwell::policy
