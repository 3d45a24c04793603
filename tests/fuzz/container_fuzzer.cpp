// Any bytes as what an engine answers: inspect, a listing, a line of events, its version and its clock. Whatever is
// made of it can be looked at in every way that there is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/docker/watch/claims.hpp"
#include "runtime/docker/watch/ending.hpp"
#include "runtime/docker/watch/engine_about.hpp"
#include "runtime/docker/watch/engine_event.hpp"
#include "runtime/docker/watch/health_view.hpp"
#include "runtime/docker/watch/role.hpp"
#include "runtime/docker/watch/view.hpp"

using namespace keepwell;
using namespace keepwell::runtime::docker;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void check_health(const Seen& seen) {
    const Instant at = Instant{} + std::chrono::hours{1};
    for (const auto distance : {0s, 100s, 1000000s}) {
        const auto health = health_view(0, seen, seen.view.started_at + distance, at);
        check(health.look_again >= at);
        if (!health.report) continue;
        check(health.report->last.started <= at && health.report->last.ended <= at);
        check(health.report->instance == seen.view.instance());
    }
    if (seen.view.healthcheck) check(default_verify(*seen.view.healthcheck) > Duration{0});
}

void check_view(const ContainerView& view) {
    check(is_container_id(view.id));
    check(view.lives() == view.instance().exists());
    if (view.lives()) check(view.instance().subject() == view.id);
    check(!not_alive(view).empty());
    const Seen seen{view, view.finished_at, view.started_at, {}, {}, view.created, 0};
    check_health(seen);
    for (const bool gone : {false, true}) ending_of({seen, gone, view.created}, view.started_at);
    const auto entry = listed(view);
    check(view_of(entry).id == view.id && view_of(entry).labels == view.labels);
    check(role_of(view.name).name.size() <= view.name.size());
    compose_place(view.labels);
    never_a_target(view.labels, true);
    is_rival(view.image);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{data, data + size};
    const auto view = container_view(text);
    if (view) check_view(*view);
    if (const auto list = container_list(text)) {
        for (const auto& container : *list) {
            check(is_container_id(container.id));
            differs(container, view.value_or(ContainerView{}), EngineTime{});
        }
    }
    if (const auto event = engine_event(text)) {
        check(is_container_id(event->id) && event->time >= EngineTime{});
        events_path(event->time);
    }
    check(engine_time(text) >= EngineTime{} && engine_clock(text) >= EngineTime{});
    engine_name(text);
    return 0;
}
