// The bodies of the comparison of two policies.
#include "keepwell/model/change.hpp"

namespace keepwell {

std::string_view to_string(Effect effect) {
    switch (effect) {
        case Effect::none: return "none";
        case Effect::rules: return "rules";
        case Effect::probes: return "probes";
        case Effect::restart: return "restart";
        case Effect::replace: return "replace";
        case Effect::exchange: return "exchange";
    }
    return "?";
}

bool same_timings(const Healthcheck& a, const Healthcheck& b) {
    return a.interval == b.interval && a.timeout == b.timeout && a.start_period == b.start_period &&
           a.start_interval == b.start_interval && a.retries == b.retries;
}

bool same_being(const TargetSpec& a, const TargetSpec& b) {
    return a.kind == b.kind && (a.kind != TargetKind::adopted || a.version == b.version);
}

Effect effect_of(const ServiceSpec& old_service, const TargetSpec& old_target, const ServiceSpec& service,
                 const TargetSpec& target) {
    if (!same_being(old_target, target)) return Effect::exchange;
    const bool same_slot = old_target.version == target.version && old_target.question == target.question;
    if (old_service.version == service.version && same_slot) return Effect::none;
    if (target.kind == TargetKind::process && old_target.version != target.version) return Effect::restart;
    const bool made_anew = old_service.container_version != service.container_version;
    if (target.kind == TargetKind::container && made_anew) return Effect::replace;
    const bool asked = service.healthcheck.has_value();
    const bool asked_alike = asked == old_service.healthcheck.has_value() && old_target.question == target.question &&
                             old_service.engine_health == service.engine_health &&
                             (!asked || same_timings(*old_service.healthcheck, *service.healthcheck));
    return asked_alike ? Effect::rules : Effect::probes;
}

}  // namespace keepwell
