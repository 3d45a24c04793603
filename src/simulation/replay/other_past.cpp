// A queue of what is due, the engine's own timers, and ends that look everything up in the record.
#include "simulation/replay/other_past.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace keepwell::simulation {
namespace {

/// Where nothing is recorded, keepwell looks at its timers at once; else when it did, if that was so soon after.
constexpr Duration soon = 100ms;

/// The next one of what the record has of it; null when it has no more.
template <typename Finished>
const RecordedEnd<Finished>* next_of(const std::vector<RecordedEnd<Finished>>& all, std::size_t& used) {
    return used < all.size() ? &all[used++] : nullptr;
}

bool has_target(const Policy& policy, ServiceIndex service) {
    return std::ranges::any_of(policy.targets, [service](const TargetSpec& one) { return one.service == service; });
}

/// Of a policy, what the record has by now: not the targets that a later reload brought, nor a dependency on them.
Policy known_by(Instant now, const Policy& whole, const RecordedWorld& world) {
    Policy policy = whole;
    std::erase_if(policy.targets, [&](const TargetSpec& one) {
        const auto found = world.targets.find(one.name);
        return found != world.targets.end() && found->second.since > now;
    });
    const std::size_t missing = whole.targets.size() - policy.targets.size();
    if (missing == 0) return policy;
    policy.version += " without " + std::to_string(missing);
    for (ServiceSpec& service : policy.services) {
        std::erase_if(service.depends_on, [&](const Dependency& one) {
            return has_target(whole, one.service) && !has_target(policy, one.service);
        });
    }
    return policy;
}

}  // namespace

OtherPast::OtherPast(const RecordedWorld& world, Policy policy, IncidentId last_incident, Observer observer)
    : world_{world},
      policy_{std::move(policy)},
      engine_{known_by(Instant::min(), policy_, world), engine::EngineOptions{last_incident}},
      observer_{std::move(observer)} {}

void OtherPast::play() {
    for (const OutsideEvent& outside : world_.outside) {
        at(outside.at, [this, &outside] { bring(outside); });
    }
    for (;;) {
        const Instant due = awake_at(engine_.next_deadline());
        const Instant next = due_.empty() ? never : due_.begin()->first;
        if (std::min(due, next) > world_.end || std::min(due, next) == never) return;
        now_ = std::max(now_, std::min(due, next));
        if (next > due) {
            give(event::Tick{});
            continue;
        }
        auto what = std::move(due_.begin()->second);
        due_.erase(due_.begin());
        what();
    }
}

/// When keepwell's loop would have looked at what is due at `due`.
Instant OtherPast::awake_at(Instant due) const {
    if (due == never || due <= now_) return due == never ? never : now_;
    const auto found = std::lower_bound(world_.moments.begin(), world_.moments.end(), due);
    const bool was_awake = found != world_.moments.end() && *found - due <= soon;
    return was_awake ? *found : due;
}

void OtherPast::at(Instant when, std::function<void()> what) { due_.emplace(when, std::move(what)); }

OtherPast::Place& OtherPast::place(TargetIndex target) {
    static const RecordedTarget nothing;
    Place& place = places_[target];
    if (!place.record) {
        const auto found = world_.targets.find(engine_.policy().targets[target].name);
        place.record = found == world_.targets.end() ? &nothing : &found->second;
    }
    return place;
}

const RecordedLife* OtherPast::life(const Place& place) const {
    return place.life < place.record->lives.size() ? &place.record->lives[place.life] : nullptr;
}

std::optional<TargetIndex> OtherPast::find_target(const std::string& name) const { return engine_.find(name); }

std::optional<ServiceIndex> OtherPast::find_service(const std::string& name) const {
    return service_called(engine_.policy(), name);
}

Instance OtherPast::made_up(TargetIndex target) {
    return {"not-recorded-" + std::to_string(++made_up_) + "@" + engine_.policy().targets[target].name, 0};
}

// ---- lives --------------------------------------------------------------------------------------------------------

/// What the record says of this life comes again, at the same age. `instance` is what it is called now.
void OtherPast::begin_life(TargetIndex target, std::size_t number, const Instance& instance) {
    Place& its = place(target);
    end_life(its);
    its.life = number;
    const RecordedLife* recorded = life(its);
    if (!recorded) return;
    its.shift = now_ - recorded->began;
    const auto unless_ended = [this, target, mine = its.number](std::function<void()> what) {
        return [this, target, mine, what = std::move(what)] {
            if (place(target).number == mine) what();
        };
    };
    for (const auto& [when, happened] : recorded->happened) {
        Event told = happened;
        std::visit(
            [&](auto& one) {
                if constexpr (requires { one.target = target; }) one.target = target;
                if constexpr (requires { one.instance = instance; }) one.instance = instance;
            },
            told);
        at(later(when, its.shift), unless_ended([this, told] { give(told); }));
    }
    if (!recorded->exit || recorded->ended_by_keepwell) return;
    event::Exited exited = recorded->exit->second;
    exited.target = target;
    exited.instance = instance;
    at(later(recorded->exit->first, its.shift), unless_ended([this, target, exited] {
           end_life(place(target));
           give(exited);
       }));
}

/// The answer that the recorded life gave to the first question at this age or later; its last one where there is none.
void OtherPast::answer(const command::RunProbe& probe) {
    Place& its = place(probe.target);
    its.probe = probe.id;
    event::ProbeFinished finished{probe.id, probe.target, Outcome::passed, 0, {}};
    Duration takes{0};
    const RecordedLife* lived = life(its);
    if (lived && !lived->answers.empty()) {
        const Instant then = later(now_, -its.shift);
        const auto asked_earlier = [](const RecordedAnswer& one, Instant moment) { return one.asked < moment; };
        auto found = std::lower_bound(lived->answers.begin(), lived->answers.end(), then, asked_earlier);
        if (found == lived->answers.end()) --found;
        takes = found->answered - found->asked;
        finished = {probe.id, probe.target, found->outcome, found->exit_code, found->output};
    }
    const Duration timeout = engine_.service_of(probe.target).healthcheck->timeout;
    if (takes > timeout + soon) {
        takes = timeout;
        finished.outcome = Outcome::failed;
        finished.exit_code = -1;
        finished.output = timed_out_text(timeout);
    }
    at(later(now_, takes), [this, finished] {
        Place& now = place(finished.target);
        if (now.probe != finished.id) return;  // cancelled
        now.probe = 0;
        give(finished);
    });
}

// ---- what the engine asks for -------------------------------------------------------------------------------------

struct OtherPast::Execute {
    OtherPast& past;

    void start(CommandId id, TargetIndex target) const {
        Place& its = past.place(target);
        const auto* recorded = next_of(its.record->starts, its.starts);
        event::StartFinished finished{id, target, {}, {}};
        std::size_t life = its.record->lives.size();
        if (recorded) {
            finished.instance = recorded->finished.instance;
            finished.failure = recorded->finished.failure;
            life = recorded->life;
        } else {
            finished.instance = past.made_up(target);
        }
        past.at(later(past.now_, recorded ? recorded->took : Duration{0}), [this_ = &past, finished, life] {
            this_->give(finished);
            if (finished.instance.exists()) this_->begin_life(finished.target, life, finished.instance);
        });
    }

    void operator()(const command::Start& command) const { start(command.id, command.target); }
    void operator()(const command::Restart& command) const {
        past.end_life(past.place(command.target));
        start(command.id, command.target);
    }
    void operator()(const command::Stop& command) const {
        Place& its = past.place(command.target);
        const auto* recorded = next_of(its.record->stops, its.stops);
        const RecordedLife* lived = past.life(its);
        const bool alive = past.engine_.target(command.target).instance == command.instance;
        past.end_life(its);
        const Duration took = recorded ? std::min(recorded->took, command.grace + 1s) : Duration{0};
        const event::StopFinished finished{command.id, command.target,
                                           recorded ? recorded->finished.survivors : std::string{}};
        const bool is_process = !is_container(past.engine_.policy().targets[command.target]);
        if (alive && is_process) {
            const bool known = lived && lived->exit && lived->ended_by_keepwell;
            const ExitStatus status = known ? lived->exit->second.status : ExitStatus{ExitStatus::Kind::signal, 15, {}};
            const event::Exited exited{command.target, command.instance, status, false, event::Successor::keepwell};
            past.at(later(past.now_, took), [this_ = &past, exited] { this_->give(exited); });
        }
        past.at(later(past.now_, took), [this_ = &past, finished] { this_->give(finished); });
    }
    void operator()(const command::Replace& command) const {
        Place& its = past.place(command.target);
        const auto* recorded = next_of(its.record->replaces, its.replaces);
        event::ReplaceFinished finished{command.id, command.target, {}, {}, {}};
        std::size_t life = its.record->lives.size();
        if (recorded) {
            finished = recorded->finished;
            finished.id = command.id;
            finished.target = command.target;
            life = recorded->life;
        } else {
            finished.instance = past.made_up(command.target);
        }
        past.at(later(past.now_, recorded ? recorded->took : Duration{0}), [this_ = &past, finished, life] {
            this_->give(finished);
            if (finished.instance.exists()) this_->begin_life(finished.target, life, finished.instance);
        });
    }
    /// What comes back goes on as it did in the record when it came back there; else it is well.
    void operator()(const command::Settle& command) const {
        Place& its = past.place(command.target);
        const auto* recorded = next_of(its.record->settles, its.settles);
        event::SettleFinished finished{
            command.id, command.target, command.commit ? command.instance : command.previous, {}};
        if (recorded) finished.failure = recorded->finished.failure;
        std::size_t life = its.record->lives.size();
        const bool came_back = recorded && (recorded->life > 0 || !recorded->finished.instance.exists());
        if (!command.commit && came_back) {
            finished.instance = recorded->finished.instance;
            life = recorded->life;
        }
        const bool comes_back = !command.commit && finished.instance.exists();
        past.at(later(past.now_, recorded ? recorded->took : Duration{0}), [this_ = &past, finished, life, comes_back] {
            this_->give(finished);
            if (comes_back) this_->begin_life(finished.target, life, finished.instance);
        });
    }
    void operator()(const command::Discard& command) const {
        past.at(past.now_, [this_ = &past, id = command.id] { this_->give(event::DiscardFinished{id, {}}); });
    }
    void operator()(const command::RunProbe& command) const { past.answer(command); }
    void operator()(const command::CancelProbe& command) const {
        Place& its = past.place(command.target);
        if (its.probe == command.id) its.probe = 0;
    }
    void operator()(const command::RunHook& command) const {
        Place& its = past.place(command.target);
        const auto* recorded = next_of(its.record->hooks, its.hooks);
        event::HookFinished finished{command.id, command.target, {ExitStatus::Kind::code, 0, {}}, {}};
        if (recorded) {
            finished.status = recorded->finished.status;
            finished.output = recorded->finished.output;
        }
        past.at(later(past.now_, recorded ? recorded->took : Duration{0}),
                [this_ = &past, finished] { this_->give(finished); });
    }
    void operator()(const command::KeepEvidence&) const {}
    void operator()(const command::Look&) const {}
    void operator()(const command::Release&) const {}
};

void OtherPast::give(const Event& event) {
    const engine::Decisions& decisions = engine_.handle(event, now_);
    for (const Fact& fact : decisions.facts) observer_(fact, now_);
    const std::vector<Command> commands = decisions.commands;
    for (const Command& command : commands) std::visit(Execute{*this}, command);
}

// ---- what comes from outside --------------------------------------------------------------------------------------

/// Names become indices of this policy; what it does not have is left out.
struct OtherPast::Outside {
    OtherPast& past;
    const OutsideEvent& outside;

    void operator()(const event::TargetJoined& recorded) const {
        event::TargetJoined joined = recorded;
        const auto service = past.find_service(outside.service);
        if (!joined.service && !service) return;
        TargetSpec spec = *joined.spec;
        spec.service = service.value_or(0);
        joined.spec = std::make_shared<const TargetSpec>(std::move(spec));
        joined.target = past.engine_.next_index(joined.service != nullptr);
        past.places_.erase(joined.target);
        past.give(joined);
    }
    void operator()(const event::PolicyChanged& recorded) const {
        Policy policy = known_by(past.now_, past.policy_, past.world_);
        if (policy.version == past.engine_.policy().version) return;
        past.give(event::PolicyChanged{std::make_shared<const Policy>(std::move(policy)), recorded.by});
    }
    void operator()(const event::Maintenance& recorded) const {
        const auto service = past.find_service(outside.service);
        if (service) past.give(event::Maintenance{*service, recorded.active, recorded.until});
    }
    void operator()(const event::Restored& recorded) const {
        const auto target = past.find_target(outside.target);
        if (!target) return;
        event::Restored restored = recorded;
        restored.target = *target;
        // The history stays, as if this policy had been followed before.
        restored.memory.version = past.engine_.service_of(*target).version;
        past.give(restored);
        if (outside.life > 0) past.begin_life(*target, outside.life, restored.memory.instance);
    }
    void operator()(const event::Found& recorded) const {
        const auto target = past.find_target(outside.target);
        if (!target) return;
        event::Found found = recorded;
        found.target = *target;
        past.give(found);
        if (outside.life > 0) past.begin_life(*target, outside.life, found.instance);
    }
    template <typename Other>
    void operator()(const Other& recorded) const {
        Event event = recorded;
        if constexpr (requires { recorded.target; }) {
            if (!outside.target.empty()) {
                const auto target = past.find_target(outside.target);
                if (!target) return;
                std::get<Other>(event).target = *target;
            }
        }
        past.give(event);
    }
};

void OtherPast::bring(const OutsideEvent& outside) { std::visit(Outside{*this, outside}, outside.event); }

}  // namespace keepwell::simulation
