// Holds drafts against the policy and against their own times.
#include "simulation/script/test_draft.hpp"

#include <algorithm>
#include <set>

#include "policy/document/text.hpp"

namespace keepwell::simulation {
namespace {

using policy::quote;

const TargetSpec* find_target(const Policy& policy, const std::string& name) {
    const auto found = std::ranges::find(policy.targets, name, &TargetSpec::name);
    return found == policy.targets.end() ? nullptr : &*found;
}

// ---- services and their replicas -----------------------------------------------------------------------------------

/// The targets of the service with this name; none where the name is a target's own.
std::vector<std::string> replicas_of(const Policy& policy, const std::string& name) {
    std::vector<std::string> replicas;
    if (find_target(policy, name)) return replicas;
    for (const TargetSpec& target : policy.targets) {
        if (policy.services[target.service].name == name) replicas.push_back(target.name);
    }
    return replicas;
}

/// Each of these about a service, once for each of its replicas.
template <typename T>
void spread_all(std::vector<T>& all, const Policy& policy) {
    std::vector<T> result;
    for (T& one : all) {
        const auto replicas = replicas_of(policy, one.target);
        for (const std::string& replica : replicas) {
            result.push_back(one);
            result.back().target = replica;
        }
        if (replicas.empty()) result.push_back(std::move(one));
    }
    all = std::move(result);
}

void spread_names(std::vector<NamedPlace>& names, const Policy& policy) {
    std::erase_if(names, [&policy](const NamedPlace& one) {
        return one.all_replicas && !replicas_of(policy, one.target).empty();
    });
}

/// Field by field, and of `after` remedy by remedy: what is not said of this one is as it is said of all.
void complete(TargetScript& one, const TargetScript& all) {
    if (one.probes.empty()) one.probes = all.probes;
    if (one.lives.empty()) one.lives = all.lives;
    if (one.hooks.empty()) one.hooks = all.hooks;
    one.after.insert(all.after.begin(), all.after.end());
    if (!one.exists) one.exists = all.exists;
    if (!one.engine_restarts) one.engine_restarts = all.engine_restarts;
    if (!one.healthcheck) one.healthcheck = all.healthcheck;
}

/// What is said of one replica by name comes before what is said of all.
void spread_targets(std::map<std::string, TargetScript>& targets, const Policy& policy) {
    std::map<std::string, TargetScript> of_services;
    for (const auto& [name, script] : targets) {
        if (!replicas_of(policy, name).empty()) of_services.emplace(name, script);
    }
    for (const auto& [name, script] : of_services) {
        for (const std::string& replica : replicas_of(policy, name)) complete(targets[replica], script);
        targets.erase(name);
    }
}

// ---- what means nothing for a target -------------------------------------------------------------------------------

std::string kind_of(const TargetSpec& target) {
    switch (target.kind) {
        case TargetKind::process: return "a process";
        case TargetKind::container: return "a container that keepwell creates";
        case TargetKind::adopted: return "a container that the policy adopts";
    }
    return {};
}

bool has_hook(const TargetSpec& target) {
    return std::ranges::any_of(target.hooks, [](const HookSpec& hook) { return !hook.command.empty(); });
}

/// The container's own health check counts where the policy has none.
bool is_probed(const TargetSpec& target, const Policy& policy, const Script& script) {
    const ServiceSpec& service = policy.services[target.service];
    if (service.healthcheck) return true;
    const auto own = script.targets.find(target.name);
    return service.engine_health && own != script.targets.end() && own->second.healthcheck;
}

std::string not_probed(const TargetSpec& target, const ServiceSpec& service) {
    const bool may_bring_one = target.kind == TargetKind::adopted && service.engine_health;
    return quote(target.name) + " has no healthcheck, and is never asked how it is: " +
           (may_bring_one ? "say under `targets` that it brings one (`healthcheck: {}`), or give it one in the policy"
                          : "leave its answers out, or give it a `healthcheck` in the policy");
}

/// Why this can not be said of the target; empty where it can.
std::string refusal(const Demand& demand, const TargetSpec& target, const Policy& policy, const Script& script) {
    const std::string is_other = quote(target.name) + " is " + kind_of(target);
    switch (demand.of) {
        case Demand::Of::container:
            return is_container(target) ? "" : is_other + ", and no container: `docker` does nothing to it";
        case Demand::Of::adopted:
            if (target.kind == TargetKind::adopted) return {};
            return quote(demand.word) + " is said of containers that the policy adopts, and " + is_other +
                   "; leave it out";
        case Demand::Of::replaceable:
            if (is_container(target)) return {};
            return is_other + ", and only containers are replaced; a process is restarted";
        case Demand::Of::probed:
            return is_probed(target, policy, script) ? "" : not_probed(target, policy.services[target.service]);
        case Demand::Of::hooked:
            if (has_hook(target)) return {};
            return "the `on_unhealthy` of " + quote(target.name) + " has no `run`, so that no command of it is run; " +
                   "leave " + quote(demand.word) + " out, or add a `run` to the policy";
    }
    return {};
}

/// What is said of all replicas in one place is told once.
void check_demands(policy::Reporter& reporter, const ScriptDraft& draft, const Policy& policy) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> told;
    for (const Demand& demand : draft.demands) {
        const TargetSpec* target = find_target(policy, demand.target);
        const std::string why = target ? refusal(demand, *target, policy, draft.script) : std::string{};
        if (!why.empty() && told.insert({demand.at.line, demand.at.column}).second) reporter.error(demand.at, why);
    }
}

/// Containers that labels choose count as well.
bool has_container(const Policy& policy) {
    return !policy.templates.empty() || std::ranges::any_of(policy.targets, is_container);
}

/// What could be meant by a name that no target has.
std::string meant(const Policy& policy, const std::string& name, const std::vector<std::string_view>& targets) {
    const auto replicas = replicas_of(policy, name);
    if (replicas.empty()) return policy::did_you_mean(name, targets);
    return "; say which of its replicas: " + policy::join_alternatives({replicas.begin(), replicas.end()});
}

// ---- moments -------------------------------------------------------------------------------------------------------

std::string after_the_end(Duration end, const std::string& remedy) {
    return "this moment is after the end of what is played, " + keepwell::to_string(end) + "; " + remedy;
}

/// `until` counts from the entry above.
void check_order(policy::Reporter& reporter, const std::vector<Expectation>& all) {
    const Expectation* above = nullptr;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Expectation& one = all[i];
        const bool same_entry = i > 0 && one.is_of_entry(all[i - 1]);
        if (i > 0 && !same_entry) above = &all[i - 1];
        const bool comparable = one.until && above && !one.when.after && !above->when.after;
        if (!comparable || one.when.length >= above->when.length) continue;
        reporter.error(one.when_at, "this moment is before that of the entry above, " +
                                        keepwell::to_string(above->when.length) + ", from which `until` counts");
    }
}

}  // namespace

std::vector<std::string> names_in(const ScriptDraft& draft) {
    std::vector<std::string> names;
    for (const NamedPlace& named : draft.names) names.push_back(named.target);
    return names;
}

void spread(ScriptDraft& draft, const Policy& policy) {
    spread_targets(draft.script.targets, policy);
    spread_all(draft.script.happenings, policy);
    spread_all(draft.demands, policy);
    spread_names(draft.names, policy);
}

void spread(TestDraft& draft, const Policy& policy) {
    spread(draft.world, policy);
    spread_all(draft.test.expectations, policy);
    spread_all(draft.test.remedies, policy);
}

void check_names(policy::Reporter& reporter, const ScriptDraft& draft, const Policy& policy) {
    std::vector<std::string_view> names;
    for (const TargetSpec& target : policy.targets) names.push_back(target.name);
    for (const NamedPlace& named : draft.names) {
        if (find_target(policy, named.target)) continue;
        reporter.error(named.at,
                       "the policy has no target " + quote(named.target) + meant(policy, named.target, names));
    }
    check_demands(reporter, draft, policy);
    if (has_container(policy)) return;
    for (const policy::Position& at : draft.of_engine)
        reporter.error(
            at,
            "no target of the policy is a container: what becomes of the container engine means nothing; leave it out");
}

void check_moments(policy::Reporter& reporter, const TestDraft& draft) {
    check_order(reporter, draft.test.expectations);
    if (!draft.world.length) return;
    const Duration end = *draft.world.length;
    for (const EventMoment& one : draft.world.events) {
        if (one.when.length > end)
            reporter.error(one.at, after_the_end(end, "give the test a longer `for`, or leave the event out"));
    }
    for (const Expectation& one : draft.test.expectations) {
        if (one.when.length > end) reporter.error(one.when_at, after_the_end(end, "give the test a longer `for`"));
    }
}

}  // namespace keepwell::simulation
