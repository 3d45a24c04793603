// The ContainerPort with all it stands on, for tests: targets made by hand, events in a queue. Which engine answers is
// for those who derive from it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/docker/containers.hpp"
#include "support/await.hpp"

namespace keepwell::testing {

using namespace runtime::docker;

inline constexpr const char* busybox = "keepwell-test/busybox";

/// Runs until it is asked to stop, and then ends at once.
inline std::vector<std::string> obedient() {
    return {"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"};
}

class PortWorld {
  public:
    PortWorld() { options.drain = 50ms; }
    virtual ~PortWorld() = default;

    virtual std::string name(const std::string& what) const { return what; }

    /// A target that adopts the container of this name.
    TargetIndex adopt(const std::string& what) {
        const TargetIndex index = add_target(what, TargetKind::adopted);
        policy.targets[index].selector.name = name(what);
        return index;
    }

    /// A target that keepwell owns: a busybox that obeys.
    TargetIndex own(const std::string& what, const std::function<void(ContainerSpec&)>& change = {}) {
        const TargetIndex index = add_target(what, TargetKind::container);
        policy.services[index].container_version = "1";
        change_entry(index, change);
        return index;
    }

    /// Another entry for the same target, as after a change of the policy.
    void change_entry(TargetIndex index, const std::function<void(ContainerSpec&)>& change) {
        auto spec = std::make_shared<ContainerSpec>();
        spec->project = policy.name;
        spec->service = policy.services[policy.targets[index].service].name;
        spec->name = name(policy.targets[index].name);
        spec->image = busybox;
        spec->command = obedient();
        spec->labels = labels();
        spec->pull_policy = PullPolicy::none;
        if (change) change(*spec);
        policy.targets[index].container = spec;
    }

    /// A keepwell begins: all that is there has been told. What an earlier one told is forgotten.
    void begin() {
        begin_and_keep();
        next<event::BackendFound>();
        drop<event::Found>();
        drop<event::Absent>();
        drop<event::BackendLost>();
    }
    /// The same, without a wait: what is told is kept.
    void begin_and_keep() {
        events.clear();
        steps.clear();
        options.bindings.log = [this](const std::string& line) { log.push_back(line); };
        containers = std::make_unique<Containers>(
            loop, engine_address(host(), false, ""), [this](Event event) { take(std::move(event)); }, options);
        containers->watch({&policy, [](const event::TargetJoined&) { return no_target; }});
    }

    /// Keepwell is gone, in the middle of whatever it does.
    void crash() { containers.reset(); }

    // ---- commands, and what they come to --------------------------------------------------------------------------

    event::StartFinished start(TargetIndex index) {
        containers->start(++last_id, index, policy.targets[index]);
        return completion<event::StartFinished>();
    }
    event::StopFinished stop(TargetIndex index, const Instance& instance, Duration grace = 5s) {
        containers->stop(++last_id, index, policy.targets[index], instance, grace);
        return completion<event::StopFinished>();
    }
    event::StartFinished restart(TargetIndex index, const Instance& instance, Duration grace = 5s) {
        containers->restart(++last_id, index, policy.targets[index], instance, grace);
        return completion<event::StartFinished>();
    }
    void begin_replace(TargetIndex index, const Instance& instance, ReplaceOrder order = ReplaceOrder::stop_first,
                       command::MadeFrom from = command::MadeFrom::itself) {
        const command::Replace command{++last_id, index, instance, 2s, order, from};
        containers->replace(command, policy.targets[index]);
    }
    event::ReplaceFinished replace(TargetIndex index, const Instance& instance,
                                   ReplaceOrder order = ReplaceOrder::stop_first,
                                   command::MadeFrom from = command::MadeFrom::itself) {
        begin_replace(index, instance, order, from);
        return completion<event::ReplaceFinished>();
    }
    void begin_settle(TargetIndex index, const Instance& newer, const Instance& older, bool commit) {
        containers->settle({++last_id, index, newer, older, commit, 2s}, policy.targets[index]);
    }
    event::SettleFinished settle(TargetIndex index, const Instance& newer, const Instance& older, bool commit) {
        begin_settle(index, newer, older, commit);
        return completion<event::SettleFinished>();
    }

    template <typename Kind>
    Kind completion() {
        const Kind event = next<Kind>();
        if (event.id != last_id) throw std::runtime_error("another command was completed");
        return event;
    }

    /// The next event of this kind; fails loudly when none comes.
    template <typename Kind>
    Kind next() {
        if (!await(loop, [this] { return has<Kind>(); })) throw std::runtime_error("the event did not come");
        const auto found = std::find_if(events.begin(), events.end(), is<Kind>);
        const Kind event = std::get<Kind>(*found);
        events.erase(found);
        return event;
    }
    template <typename Kind>
    bool has() const {
        return std::any_of(events.begin(), events.end(), is<Kind>);
    }
    template <typename Kind>
    void drop() {
        std::erase_if(events, is<Kind>);
    }

    runtime::Loop loop;
    Policy policy;
    std::deque<Event> events;
    std::vector<std::string> steps;  ///< plain
    std::vector<std::string> log;
    std::function<void(const std::string& step)> on_step;
    CommandId last_id = 0;
    Containers::Options options;
    std::unique_ptr<Containers> containers;

  protected:
    virtual std::string host() const = 0;
    virtual std::vector<std::pair<std::string, std::string>> labels() const { return {}; }
    /// As tests say it: ids in names as "…".
    virtual std::string plain(std::string text) const {
        for (const std::string mark : {".keepwell-new-", ".keepwell-old-"}) {
            for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
                text.replace(at + mark.size(), std::min<std::size_t>(12, text.size() - at - mark.size()), "…");
            }
        }
        return text;
    }

  private:
    template <typename Kind>
    static bool is(const Event& event) {
        return std::holds_alternative<Kind>(event);
    }

    TargetIndex add_target(const std::string& what, TargetKind kind) {
        ServiceSpec service;
        service.name = what;
        policy.services.push_back(service);
        TargetSpec target;
        target.name = what;
        target.service = static_cast<ServiceIndex>(policy.services.size() - 1);
        target.kind = kind;
        policy.targets.push_back(std::move(target));
        return static_cast<TargetIndex>(policy.targets.size() - 1);
    }

    void take(Event event) {
        if (const auto* step = std::get_if<event::StepTaken>(&event)) {
            steps.push_back(plain(step->step));
            if (on_step) on_step(steps.back());
            return;
        }
        events.push_back(std::move(event));
    }
};

}  // namespace keepwell::testing
