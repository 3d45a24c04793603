// One entry under `services:`.
#include "policy/entry.hpp"

#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/entry_container.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/kinds.hpp"

namespace keepwell::policy {
namespace {

constexpr std::string_view probe_keys[] = {"http", "tcp", "test", "disable"};

const Node* child(const Node* node, std::string_view name) {
    const auto* member = node ? node->find(name) : nullptr;
    return member ? member->value.get() : nullptr;
}

/// The defaults, without the probe that the service replaces by another kind of probe.
NodePtr defaults_for(const NodePtr& defaults, const Node& own) {
    const auto* base = child(defaults.get(), "healthcheck");
    const auto* over = child(&own, "healthcheck");
    if (!base || !base->is_mapping() || !over) return defaults;
    const auto written = [&](std::string_view key) { return over->find(key) != nullptr; };
    if (!std::any_of(std::begin(probe_keys), std::end(probe_keys), written)) return defaults;
    auto kept = base->members;
    const auto replaced = [&](const Member& member) {
        const bool is_probe =
            std::find(std::begin(probe_keys), std::end(probe_keys), member.key->text) != std::end(probe_keys);
        return is_probe && !written(member.key->text);
    };
    kept.erase(std::remove_if(kept.begin(), kept.end(), replaced), kept.end());
    auto members = defaults->members;
    for (auto& member : members) {
        if (member.key->text == "healthcheck") member.value = make_mapping(*base, kept);
    }
    return make_mapping(*defaults, std::move(members));
}

/// Where the first restart has left the window before the last one is due.
bool is_never_used_up(const RestartPolicy& policy) {
    if (policy.max_attempts == 0 || policy.window <= Duration{0} || policy.delay <= Duration{0}) return false;
    const auto delays_in_window = (policy.window + policy.delay - Duration{1}) / policy.delay;
    return delays_in_window < policy.max_attempts;
}

/// Puts together what the fields left, and finds what does not fit together. `own` is what the service itself says:
/// only that can be a mistake of the service; what comes from the defaults and does not apply is left out.
class Finisher {
  public:
    Finisher(Decoder& decoder, const Node& name, const Node& own, EntryDraft& draft)
        : decoder_{decoder}, name_{name}, own_{own}, draft_{draft} {}

    void run() {
        what();
        health();
        restart();
        ladder();
        verify();
        quarantine();
    }

  private:
    void what() {
        auto& process = draft_.target.process;
        if (process.working_dir.empty()) process.working_dir = decoder_.reporter().folder_of(name_.at.file);
        auto variables = draft_.env_files;
        for (const auto& [key, value] : draft_.environment) variables[key] = value;
        switch (draft_.target.kind) {
            case TargetKind::process:
                if (process.command.empty() && own_.is_mapping() && !own_.find("command")) {
                    decoder_.error(name_, "service " + quote(name_.text) + " has no `command`, `image` or `container`");
                }
                process.environment.assign(variables.begin(), variables.end());
                break;
            case TargetKind::container:
                draft_.container.spec.environment.assign(variables.begin(), variables.end());
                finish_container(decoder_, name_, own_, draft_);
                break;
            case TargetKind::adopted: break;
        }
    }

    void health() {
        const bool container = is_container(draft_.target);
        if (draft_.health && draft_.health->disabled) return;
        const auto* own = own_.find("healthcheck");
        if (!draft_.health || !draft_.health->probe) {
            draft_.spec.engine_health = container;
            if (own && own->value->is_mapping()) {
                decoder_.error(*own->key,
                               std::string{"this healthcheck asks nothing; give it `http`, `tcp` or `test`"} +
                                   (container ? ", or take it away: then the container's own counts, with "
                                                "its own timings"
                                              : ""));
            }
            return;
        }
        const auto* start_interval = own ? own->value->find("start_interval") : nullptr;
        if (start_interval && draft_.health->timings.start_period == 0s) {
            decoder_.error(*start_interval->key, "`start_interval` has no effect without `start_period`");
        }
        draft_.spec.healthcheck = draft_.health->timings;
        draft_.target.probe = draft_.health->probe;
    }

    void restart() {
        auto& policy = draft_.spec.restart;
        const auto* deploy = child(&own_, "deploy");
        const bool own_policy = deploy && deploy->find("restart_policy");
        const auto* own_restart = own_.find("restart");
        if (own_policy && own_restart) {
            decoder_.warning(*own_restart->key, "`restart` has no effect beside `deploy.restart_policy`");
        }
        const bool policy_given = policy.origin.written();
        if (draft_.restart && !own_policy && (own_restart || !policy_given)) {
            policy.condition = draft_.restart->condition;
            policy.max_attempts = draft_.restart->max_attempts;
            policy.origin = draft_.restart->origin;
        }
        const auto& at = own_policy ? *deploy->find("restart_policy")->key : name_;
        if (is_never_used_up(policy)) {
            decoder_.warning(
                at, "`max_attempts` restarts, `delay` apart, take longer than `window`: they are never used up");
        }
        if (policy.backoff && policy.backoff->max < policy.delay) {
            decoder_.error(at, "`backoff.max` (5m unless given) is shorter than `delay` (5s unless given)");
        }
    }

    void ladder() {
        auto& spec = draft_.spec;
        if (!spec.healthcheck && !spec.engine_health) {
            no_effect_without_healthcheck("on_unhealthy");
            no_effect_without_healthcheck("verify");
            spec.on_unhealthy.clear();
            spec.ladder_origin = Origin{};
            spec.verify.reset();
            draft_.target.hooks.clear();
        } else if (!draft_.ladder_written && spec.restart.condition != RestartCondition::none) {
            const bool own_container = draft_.target.kind == TargetKind::container;
            spec.on_unhealthy.push_back(Rung{own_container ? RungAction{ReplaceRung{}} : RestartRung{}, Origin{}});
            draft_.target.hooks.emplace_back();
        }
    }

    /// A time to prove itself that ends before the first probe would judge every remedy a failure.
    void verify() {
        const auto& spec = draft_.spec;
        const auto* own = own_.find("verify");
        if (!own || !spec.verify || !spec.healthcheck) return;
        const bool in_start_period = spec.healthcheck->start_period > 0s;
        const Duration first_probe = in_start_period ? spec.healthcheck->start_interval : spec.healthcheck->interval;
        if (*spec.verify > first_probe) return;
        decoder_.error(*own->value, "`verify` ends before the first probe, " + keepwell::to_string(first_probe) +
                                        " after the start, can have passed; make it longer");
    }

    void quarantine() {
        const auto* own = own_.find("quarantine");
        if (own && unprobed() && draft_.spec.restart.max_attempts == 0) {
            decoder_.error(*own->key, "`quarantine` has no effect without a healthcheck or `max_attempts`");
        }
    }

    /// A healthcheck that is there and disabled may come back with one word; nothing beside it is wrong meanwhile.
    bool unprobed() const {
        const bool disabled = draft_.health && draft_.health->disabled;
        return !draft_.spec.healthcheck && !draft_.spec.engine_health && !disabled && !own_.find("healthcheck");
    }

    void no_effect_without_healthcheck(std::string_view key) {
        const auto* own = own_.find(key);
        if (own && unprobed()) {
            decoder_.error(*own->key, quote(key) + " has no effect without a healthcheck");
        }
    }

    Decoder& decoder_;
    const Node& name_;
    const Node& own_;
    EntryDraft& draft_;
};

EntryDraft decode_slot(DecodeContext& context, const Member& service, const Node& merged, TemplateValues values,
                       TargetKind kind) {
    EntryDraft draft;
    draft.target.kind = kind;
    draft.at = service.key->at;
    draft.probe_at = draft.at;
    draft.output_at = draft.at;
    draft.spec.name = service.key->text;
    draft.spec.origin = origin_of(*service.key);
    draft.target.name = values.target;
    draft.target.slot = values.slot;
    Decoder decoder{context, std::move(values)};
    decode_block(decoder, merged, service_block(), draft);
    Finisher{decoder, *service.key, *service.value, draft}.run();
    return draft;
}

/// `merged`, without what means nothing for this kind; and what contradicts itself is reported.
NodePtr for_kind(DecodeContext& context, const Member& service, NodePtr merged, TargetKind kind) {
    Decoder decoder{context, TemplateValues{}};
    const auto& own = *service.value;
    const auto* image = own.find("image");
    if (image && own.find("container")) {
        decoder.error(*image->key, "`image` beside `container`: a container is created by keepwell, or exists already");
    }
    merged = applicable(decoder, service_block().info, merged, own, kind);
    const auto* deploy = merged->find("deploy");
    if (!deploy) return merged;
    const auto* own_deploy = child(&own, "deploy");
    const auto nothing = make_mapping(own, {});
    auto members = merged->members;
    for (auto& member : members) {
        if (member.key->text != "deploy") continue;
        member.value =
            applicable(decoder, deploy_block().info, member.value, own_deploy ? *own_deploy : *nothing, kind);
    }
    return make_mapping(*merged, std::move(members));
}

/// Whether it is containers chosen by labels: they come and go.
bool names_many(const Node& entry) {
    const auto* container = child(&entry, "container");
    return container && container->is_mapping();
}

/// `api:` with nothing under it is a service that is all defaults.
Member with_mapping(const Member& service) {
    return service.value->is_null() ? Member{service.key, make_mapping(*service.value, {})} : service;
}

}  // namespace

Entry decode_entry(DecodeContext& context, const Member& written, const NodePtr& defaults,
                   std::optional<std::uint32_t> slots) {
    const auto service = with_mapping(written);
    const auto& name = service.key->text;
    const auto errors = context.reporter.errors();
    const auto kind = kind_of(*service.value);
    const auto all = service.value->is_mapping() && defaults
                         ? merge(defaults_for(defaults, *service.value), service.value)
                         : service.value;
    const auto merged = for_kind(context, service, all, kind);
    TemplateValues values{name, name, 1};
    values.container = kind != TargetKind::process;
    values.many = names_many(*service.value);
    Entry entry;
    entry.whole = merged;
    entry.draft = decode_slot(context, service, *merged, values, kind);
    const auto replicas = slots.value_or(entry.draft.replicas);
    if (replicas == 1) (values.many ? entry.templates : entry.targets).push_back(entry.draft.target);
    for (std::uint32_t slot = 1; replicas > 1 && slot <= replicas && context.reporter.errors() == errors; ++slot) {
        values.target = name + "." + std::to_string(slot);
        values.slot = slot;
        auto draft = decode_slot(context, service, *merged, values, kind);
        entry.targets.push_back(std::move(draft.target));
    }
    entry.sound = context.reporter.errors() == errors;
    return entry;
}

void check_defaults(DecodeContext& context, const NodePtr& defaults) {
    TemplateValues values{"service", "service", 1};
    values.container = true;  // what a process can not have is found where it is a process
    Decoder decoder{context, values};
    EntryDraft draft;
    draft.any_kind = true;
    for (const auto* key : {"image", "container"}) {
        const auto* member = defaults->find(key);
        if (member) decoder.error(*member->key, quote(key) + " is not read in defaults: each service names its own");
    }
    decode_block(decoder, *defaults, service_block(), draft);
}

}  // namespace keepwell::policy
