// Both policies as canonical text, compared line by line: what is not in that text means nothing at run time.
#include "policy/plan.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "policy/canonical/canonical.hpp"
#include "policy/canonical/canonical_words.hpp"
#include "policy/fields/field_effects.hpp"

namespace keepwell::policy {
namespace {

/// What the canonical text says under each name, in its order.
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

// ---- one service ---------------------------------------------------------------------------------------------------

std::uint32_t number(std::string_view digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// The one value of a name, which is gone from there then.
std::string taken(Values& values, const std::string& name) {
    const auto found = values.find(name);
    if (found == values.end() || found->second.empty()) return {};
    const std::string value = unquoted(found->second.front());
    values.erase(found);
    return value;
}

/// What the canonical text says in two lines, and a policy in one field.
void join_pairs(Values& values) {
    if (const std::string most = taken(values, "guard.max_unhealthy"); !most.empty()) {
        const bool is_share = taken(values, "guard.max_unhealthy.is_percent") == "true";
        values["guard.max_unhealthy"] = {most + (is_share ? "%" : "")};
    }
    if (const std::string count = taken(values, "guard.max_actions"); !count.empty()) {
        const std::string per = in_words("", {taken(values, "guard.max_actions.per")});
        values["guard.max_actions"] = {count + " in " + per};
    }
    if (const std::string host = taken(values, "tcp.host"); !host.empty()) {
        values["tcp.host"] = {host + ":" + taken(values, "tcp.port")};
    }
    const std::string part = taken(values, "http.expect.contains");
    const std::string pattern = taken(values, "http.expect.matches");
    if (!part.empty()) values["http.expect.contains"] = {"contains " + part};
    if (!pattern.empty()) values["http.expect.contains"] = {"matches " + pattern};
}

/// A service as one of the two policies has it.
struct Side {
    const Policy& policy;
    ServiceIndex service;
    std::string text = canonical(policy, service);

    const ServiceSpec& spec() const { return policy.services[service]; }
};

Text text_of(const Side& entry) {
    Text text;
    Values* into = &text.of_service;
    std::string target;
    each_line(entry.text, [&](std::string_view name, std::string_view value) {
        if (name == "target") target = unquoted(value);
        if (name == "slot") {
            Text::Slot& slot = text.of_targets[number(value)];
            slot.name = target;
            into = &slot.values;
        }
        const bool of_no_rung = name == "hook" && value == "[]";
        if (name == "target" || name == "slot" || name == "service" || of_no_rung) return;
        const bool is_rung = name.starts_with("rung");  // of whatever kind, they are one ladder
        (*into)[std::string{is_rung ? "rung" : name}].push_back(is_rung ? rung_in_words(name, std::string{value})
                                                                        : std::string{value});
    });
    join_pairs(text.of_service);
    for (auto& [slot, one] : text.of_targets) join_pairs(one.values);
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

    Origin of(const Origin& block, std::string_view field) const { return found(block, field).value_or(block); }

    bool is_given(const Origin& block, std::string_view field) const { return found(block, field).has_value(); }

    /// The line of a field of the host, but for those of its `guard`.
    Origin of_host(std::string_view field) const {
        const auto is_it = [field](const FieldPlace& place) { return place.block == "policy" && place.field == field; };
        const auto found = std::ranges::find_if(places_, is_it);
        return found == places_.end() ? Origin{} : found->at;
    }

  private:
    /// The first line of it in or after this block, before the next entry.
    std::optional<Origin> found(const Origin& block, std::string_view field) const {
        const std::string_view name = field.substr(field.rfind('.') + 1);
        std::optional<Origin> best;
        std::uint32_t line = end_of(block);
        for (const FieldPlace& place : places_) {
            const bool inside = place.at.file == block.file && place.at.line >= block.line && place.at.line < line;
            if (!inside || place.field != name) continue;
            best = place.at;
            line = place.at.line;
        }
        return best;
    }

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
Effect effect_for(std::optional<TargetKind> kind, std::string_view canonical, Effect effect) {
    const bool signal = canonical == "stop_signal" && kind == TargetKind::container;
    const bool anew = effect == Effect::restart || effect == Effect::replace || signal;
    if (!anew) return effect;
    if (!kind) return Effect::rules;
    switch (*kind) {
        case TargetKind::process: return Effect::restart;
        case TargetKind::container: return Effect::replace;
        case TargetKind::adopted: break;
    }
    return Effect::rules;
}

void compare(const Values& before, const Values& after, const ServiceSpec& service, std::optional<TargetKind> kind,
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
        } else {
            change.before = in_words(name, *pair.first);
            change.after = in_words(name, *pair.second);
        }
        if (change.before == change.after) continue;  // said of one kind, and left out for another
        const auto same = [&](const FieldChange& one) { return one.field == change.field; };
        if (std::none_of(into.begin(), into.end(), same)) into.push_back(std::move(change));
    }
}

const TargetSpec* target_of(const Side& entry, std::uint32_t slot) {
    const Policy& policy = entry.policy;
    const auto fits = [&](const TargetSpec& one) { return one.service == entry.service && one.slot == slot; };
    const auto found = std::find_if(policy.targets.begin(), policy.targets.end(), fits);
    if (found != policy.targets.end()) return &*found;
    const auto its = std::find_if(policy.templates.begin(), policy.templates.end(), fits);
    return its == policy.templates.end() ? nullptr : &*its;
}

/// An entry of no replicas does not say it.
std::optional<TargetKind> kind_of(const Side& entry) {
    const auto kind_in = [&entry](const auto& all) -> std::optional<TargetKind> {
        const auto found = std::ranges::find(all, entry.service, &TargetSpec::service);
        return found == all.end() ? std::nullopt : std::optional{found->kind};
    };
    const auto kind = kind_in(entry.policy.targets);
    return kind ? kind : kind_in(entry.policy.templates);
}

/// One kind of thing has fields that another has not, each with a default: of those, what nobody has written says
/// nothing.
void keep_given(ServiceChange& change, const Places& places) {
    std::erase_if(change.fields, [&](const FieldChange& field) {
        return field.effect != Effect::exchange && !places.is_given(change.origin, field.field);
    });
}

ServiceChange compare(const Side& before, const Side& after, const Places& places) {
    const Text was = text_of(before);
    const Text is = text_of(after);
    const ServiceSpec& service = after.spec();
    ServiceChange change;
    change.service = service.name;
    change.origin = service.origin;
    change.was = kind_of(before);
    change.what = kind_of(after);
    if (!change.what) change.what = change.was;
    compare(was.of_service, is.of_service, service, change.what, places, change.fields);
    for (const auto& [slot, target] : is.of_targets) {
        const auto known = was.of_targets.find(slot);
        if (known == was.of_targets.end()) {
            change.added.push_back(target.name);
            continue;
        }
        change.targets.push_back(target.name);
        compare(known->second.values, target.values, service, change.what, places, change.fields);
        change.effect = std::max(change.effect,
                                 effect_of(before.spec(), *target_of(before, slot), service, *target_of(after, slot)));
    }
    for (const auto& [slot, target] : was.of_targets) {
        if (!is.of_targets.contains(slot)) change.removed.push_back(target.name);
    }
    if (change.effect == Effect::exchange) keep_given(change, places);
    return change;
}

ServiceChange whole(const Side& entry, ServiceChange::Kind kind) {
    ServiceChange change;
    change.kind = kind;
    change.service = entry.spec().name;
    change.what = kind_of(entry);
    if (kind != ServiceChange::Kind::removed) change.origin = entry.spec().origin;
    for (const auto& [slot, target] : text_of(entry).of_targets) change.targets.push_back(target.name);
    return change;
}

/// The change of a service that is in both policies; one that says the same gets one without fields.
ServiceChange& change_of(Plan& plan, const Policy& after, ServiceIndex service) {
    const std::string& name = after.services[service].name;
    const auto known = std::ranges::find(plan.services, name, &ServiceChange::service);
    if (known != plan.services.end()) return *known;
    plan.services.push_back(whole({after, service}, ServiceChange::Kind::changed));
    return plan.services.back();
}

bool makes_anew(const ServiceChange& change) {
    return change.kind == ServiceChange::Kind::changed && change.effect >= Effect::restart;
}

/// Who depends on what is made anew, with `restart: true`, is restarted when that is well; and so on.
void add_followers(Plan& plan, const Policy& after) {
    std::vector<std::string> renewed;
    for (const ServiceChange& change : plan.services) {
        if (makes_anew(change)) renewed.push_back(change.service);
    }
    for (std::size_t i = 0; i < renewed.size(); ++i) {
        const std::string cause = renewed[i];
        for (ServiceIndex service = 0; service < after.services.size(); ++service) {
            const ServiceSpec& spec = after.services[service];
            const bool follows = std::ranges::any_of(spec.depends_on, [&](const Dependency& one) {
                return one.restart && after.services[one.service].name == cause;
            });
            if (!follows) continue;
            ServiceChange& change = change_of(plan, after, service);
            if (change.kind == ServiceChange::Kind::added) continue;
            change.follows.push_back(cause);
            change.effect = std::max(change.effect, Effect::restart);
            const bool is_new = std::ranges::find(renewed, spec.name) == renewed.end();
            if (is_new) renewed.push_back(spec.name);
        }
    }
}

Values host_of(const Policy& policy) {
    Policy host = policy;
    host.services.clear();
    Values values;
    each_line(canonical(host), [&](std::string_view name, std::string_view value) {
        values[name == "name" ? "project" : std::string{name}].emplace_back(value);
    });
    join_pairs(values);
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
        if (change.effect != Effect::none) change.effect = Effect::rules;
        if (!change.field.starts_with("guard")) change.origin = where.of_host(change.field);
    }
    for (ServiceIndex service = 0; service < after.services.size(); ++service) {
        const Side now{after, service};
        const auto known = service_called(before, now.spec().name);
        if (!known) {
            plan.services.push_back(whole(now, ServiceChange::Kind::added));
            continue;
        }
        const Side old{before, *known};
        if (old.text != now.text) plan.services.push_back(compare(old, now, where));
    }
    add_followers(plan, after);
    for (ServiceIndex old = 0; old < before.services.size(); ++old) {
        if (service_called(after, before.services[old].name)) continue;
        plan.services.push_back(whole({before, old}, ServiceChange::Kind::removed));
    }
    return plan;
}

}  // namespace keepwell::policy
