// Whatever happens to containers, in whatever order: what is told of each target is a story that makes sense, and when
// all is known it ends with the truth.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <rapidcheck/gtest.h>

#include <map>

#include "runtime/docker/made_up.hpp"
#include "runtime/docker/told.hpp"
#include "runtime/docker/watch/bindings.hpp"
#include "runtime/loop.hpp"
#include "support/await.hpp"

namespace keepwell::runtime::docker {
namespace {

// The containers of an engine, changed at random; what is made of them is checked as it is told.
class Host {
  public:
    Host() {
        policy.name = "shop";
        for (const char* name : {"web", "api"}) {
            TargetSpec target;
            target.name = name;
            target.kind = TargetKind::adopted;
            target.selector.name = name;
            target.service = 0;
            policy.targets.push_back(target);
        }
        ServiceSpec service;
        service.name = "any";
        service.engine_health = true;
        policy.services.push_back(service);
        TargetSpec selected;
        selected.name = "any";
        selected.kind = TargetKind::adopted;
        selected.selector.labels = {{"heal", std::nullopt}};
        policy.templates.push_back(selected);
        Bindings::Options options;
        options.engine_now = [this] { return now; };
        bindings.emplace(
            loop, [this](const Event& event) { std::visit(*this, event); }, options);
        bindings->watch({&policy, [this](const event::TargetJoined& joined) {
                             policy.targets.push_back(*joined.spec);
                             return static_cast<TargetIndex>(policy.targets.size() - 1);
                         }});
    }

    // ---- the story of one target

    struct Story {
        enum class State { unknown, absent, lives, ended, left };
        State state = State::unknown;
        Instance life;
        event::Successor successor = event::Successor::keepwell;
        bool frozen = false;
    };
    Story& story(TargetIndex target) {
        RC_ASSERT(target < policy.targets.size());
        RC_ASSERT(stories[target].state != Story::State::left);
        return stories[target];
    }

    void operator()(const event::Found& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.state != Story::State::lives);
        RC_ASSERT(event.instance.exists());
        RC_ASSERT(event.started_at <= loop.now());
        one = {Story::State::lives, event.instance, {}, event.frozen};
    }
    void operator()(const event::Absent& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.state != Story::State::lives);
        RC_ASSERT(!event.detail.empty());
        if (!event.exists || one.state == Story::State::unknown) one.state = Story::State::absent;
    }
    void operator()(const event::Exited& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.life == event.instance);
        RC_ASSERT(one.state == Story::State::lives ||
                  (one.state == Story::State::ended && one.successor != event.successor));
        one.state = Story::State::ended;
        one.successor = event.successor;
    }
    void operator()(const event::Frozen& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.state == Story::State::lives && one.life == event.instance && one.frozen != event.frozen);
        one.frozen = event.frozen;
    }
    void operator()(const event::HealthReported& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.state == Story::State::lives && one.life == event.instance && !one.frozen);
    }
    void operator()(const event::TargetLeft& event) {
        Story& one = story(event.target);
        RC_ASSERT(one.state != Story::State::lives);
        RC_ASSERT(event.target >= 2u);
        one.state = Story::State::left;
    }
    void operator()(const event::BackendLost&) { RC_ASSERT(std::exchange(reachable, false)); }
    void operator()(const event::BackendFound&) { RC_ASSERT(!std::exchange(reachable, true)); }
    void operator()(const event::OrphanSeen&) {}
    template <typename Other>
    void operator()(const Other&) {
        RC_FAIL("nothing else is told");
    }

    // ---- what can happen

    void tell(const Seen& seen) { bindings->seen(seen, nullptr); }

    void happen() {
        now += std::chrono::seconds{1};
        const char letter = *rc::gen::element('a', 'b', 'c', 'd');
        const auto found = containers.find(letter);
        if (found == containers.end()) return create(letter);
        Seen& seen = found->second;
        switch (*rc::gen::inRange(0, 12)) {
            case 0: seen = started(seen, now); break;
            case 1:
            case 2: seen = exited(seen, *rc::gen::inRange(0, 130), now); break;
            case 3: seen.stop_event = now; break;
            case 4: seen.kill_event = seen.asked = now; break;
            case 5: seen.view.status = ContainerStatus::paused; break;
            case 6:
                if (seen.view.status == ContainerStatus::paused) seen.unpaused = now;
                if (seen.view.lives()) seen.view.status = ContainerStatus::running;
                break;
            case 7: seen.view.status = *rc::gen::element(ContainerStatus::restarting, ContainerStatus::removing); break;
            case 8: seen.view.name = a_name(); break;
            case 9: seen.view.restart_policy = *rc::gen::element("", "always", "on-failure"); break;
            case 10:
                if (*rc::gen::arbitrary<bool>()) {
                    seen = probed(checked(seen, *rc::gen::element("healthy", "unhealthy"), 3), now,
                                  *rc::gen::inRange(0, 2));
                }
                break;
            default: {
                const Seen last = seen;
                containers.erase(found);
                return bindings->gone(last);
            }
        }
        tell(seen);
    }
    void create(char letter) {
        auto seen = container(letter, a_name(), now);
        if (*rc::gen::arbitrary<bool>()) seen.view.labels["heal"] = "";
        if (*rc::gen::arbitrary<bool>()) seen.view.status = ContainerStatus::created;
        containers[letter] = seen;
        tell(seen);
    }
    std::string a_name() {
        static const std::vector<std::string> names{"web", "x", "api", "y", "web.keepwell-old-aaaaaaaaaaaa", "z", "v"};
        const auto first = *rc::gen::inRange<std::size_t>(0, names.size());
        for (std::size_t next = 0; next < names.size(); ++next) {  // unique, as on an engine
            const auto& name = names[(first + next) % names.size()];
            const auto has_it = [&](const auto& one) { return one.second.view.name == name; };
            if (std::none_of(containers.begin(), containers.end(), has_it)) return name;
        }
        return "w" + std::to_string(now.time_since_epoch().count());
    }

    // ---- the truth

    void check_truth() {
        for (TargetIndex target = 0; target < policy.targets.size(); ++target) {
            const Story& one = stories[target];
            const Seen* seen = bindings->container_of(target);
            if (one.state == Story::State::left) {
                RC_ASSERT(seen == nullptr);
            } else if (seen && seen->view.lives()) {
                RC_ASSERT(one.state == Story::State::lives);
                RC_ASSERT(one.life == seen->view.instance());
                RC_ASSERT(one.frozen == (seen->view.status == ContainerStatus::paused));
            } else {
                RC_ASSERT(one.state == Story::State::absent || one.state == Story::State::ended);
            }
        }
        for (const auto& [letter, seen] : containers) {
            const auto target = bindings->target_of(seen.view.id);
            if (seen.view.name == "web") RC_ASSERT(target == 0u);
            if (seen.view.name == "api") RC_ASSERT(target == 1u);
            const bool joins = seen.view.labels.contains("heal") && seen.view.name.size() == 1;
            if (joins) RC_ASSERT(target.has_value());
        }
    }

    Loop loop;
    Policy policy;
    EngineTime now = second(0);
    std::map<char, Seen> containers;
    std::map<TargetIndex, Story> stories;
    bool reachable = false;
    std::optional<Bindings> bindings;
};

RC_GTEST_PROP(BindingsProperty, what_is_told_makes_sense_and_ends_with_the_truth, ()) {
    Host host;
    const int before = *rc::gen::inRange(0, 5);
    for (int i = 0; i < before; ++i) host.happen();
    host.bindings->found("Docker");
    host.check_truth();
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
        const int what = *rc::gen::inRange(0, 20);
        if (what == 0 && host.reachable) {
            host.bindings->lost("away");
        } else if (what == 1 && !host.reachable) {
            host.bindings->found("Docker");
            host.check_truth();
        } else {
            host.happen();
        }
    }
    // An end that waited for a `stop` to follow is told at the latest with the next connection.
    if (host.reachable) host.bindings->lost("away");
    host.bindings->found("Docker");
    host.check_truth();
}

}  // namespace
}  // namespace keepwell::runtime::docker
