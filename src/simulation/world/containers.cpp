// The body of the made-up containers.
#include "simulation/world/containers.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::simulation {
namespace {

/// An engine reports a death by signal as a code.
ExitStatus as_code(const ExitStatus& status) {
    if (status.kind != ExitStatus::Kind::signal) return status;
    return {ExitStatus::Kind::code, 128 + status.value, {}};
}

}  // namespace

Containers::Containers(Loop& loop, supervisor::EventSink sink) : loop_(loop), sink_(std::move(sink)) {}

void Containers::lives(const std::string& name, std::deque<Life> all) { scripts_[name] = std::move(all); }

void Containers::own_checks(std::function<const Answer&(const std::string&)> ask) { ask_ = std::move(ask); }

void Containers::no_image(const std::string& image) { missing_images_.insert(image); }

std::string Containers::create(Made made) {
    Container container;
    const std::string number = std::to_string(++ids_);
    container.id = number + std::string(64 - number.size(), 'a');
    container.made = std::move(made);
    const std::string id = container.id;
    containers_[id] = std::move(container);
    changed(id);
    return id;
}

std::string Containers::run(Made made) {
    const std::string id = create(std::move(made));
    begin_life(id);
    return id;
}

void Containers::person_starts(const std::string& name) {
    if (Container* container = named(name)) begin_life(container->id);
}

void Containers::person_stops(const std::string& name) {
    Container* container = named(name);
    if (!container || !container->lives()) return;
    container->stopped_by_person = true;
    end_life(container->id, {ExitStatus::Kind::code, 143, {}});
}

void Containers::person_removes(const std::string& name) {
    if (Container* container = named(name)) remove(container->id);
}

void Containers::person_pauses(const std::string& name, bool paused) {
    Container* container = named(name);
    if (!container || !container->lives()) return;
    container->paused = paused;
    if (!paused) open_monitor(container->id);
    changed(container->id);
}

bool Containers::ends(const std::string& name, const ExitStatus& status) {
    const Container* container = named(name);
    const bool runs = container && container->lives();
    if (runs) end_life(container->id, as_code(status));
    return runs;
}

void Containers::says(const std::string& name, Health health) {
    if (Container* container = named(name)) set_health(container->id, health);
}

void Containers::lose() {
    if (!std::exchange(lost_, true) && watching_) sink_(event::BackendLost{"no answer"});
}

void Containers::find() {
    if (!std::exchange(lost_, false)) return;
    if (watching_) tell_all();
    for (auto& work : std::exchange(waiting_, {})) loop_.post(std::move(work));
}

void Containers::forget() {
    ++generation_;
    watching_ = false;
    told_.clear();
    waiting_.clear();
    stopping_.clear();
}

std::string Containers::there() const {
    std::vector<std::string> lines;
    for (const auto& [id, container] : containers_) {
        std::string name = container.made.name;
        for (const char* mark : {".keepwell-new-", ".keepwell-old-"}) {
            const std::size_t at = name.find(mark);
            if (at != std::string::npos) name = name.substr(0, at + 14) + "…";
        }
        lines.push_back(name + " " + container.status());
    }
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const auto& line : lines) all += (all.empty() ? "" : ", ") + line;
    return all;
}

Instance Containers::life(const std::string& name) const {
    for (const auto& [id, container] : containers_) {
        if (container.made.name == name) return container.life();
    }
    return {};
}

std::uint32_t Containers::started(const std::string& name) const {
    const auto found = started_.find(name);
    return found == started_.end() ? 0 : found->second;
}

const std::vector<std::string>& Containers::evidence_kept() const { return evidence_; }

void Containers::watch(Watch watch) {
    watch_ = std::move(watch);
    watching_ = true;
    later_on(Duration{0}, [this] {
        if (lost_) return sink_(event::BackendLost{"no answer"});
        tell_all();
    });
}

void Containers::start(CommandId id, TargetIndex index, const TargetSpec& target) {
    begin(index);
    later_on(Duration{0}, [this, id, index, target] { try_start(id, index, target); });
}

void Containers::stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                      Duration grace) {
    begin(index);
    later_on(Duration{0}, [this, id, index, target, subject = std::string{instance.subject()}, grace] {
        Container* container = subject.empty() ? of(target) : by_id(subject);
        end_gently(container ? container->id : std::string{}, grace, [this, id, index](const std::string& stopped) {
            finish(index, stopped);
            sink_(event::StopFinished{id, index, {}});
        });
    });
}

void Containers::restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                         Duration grace) {
    begin(index);
    later_on(Duration{0}, [this, id, index, target, subject = std::string{instance.subject()}, grace] {
        Container* container = subject.empty() ? of(target) : by_id(subject);
        if (!container) return start_failed(id, index, "no such container: " + target.selector.name);
        container->kept_by_restart = true;
        end_gently(container->id, grace, [this, id, index](const std::string& stopped) {
            start_container(stopped, [this, id, index, stopped](const std::string& failure) {
                if (Container* again = by_id(stopped)) again->kept_by_restart = false;
                if (!failure.empty()) return start_failed(id, index, failure, stopped);
                start_done(id, index, stopped);
            });
        });
    });
}

void Containers::replace(const command::Replace& command, const TargetSpec& target) {
    begin(command.target);
    later_on(Duration{0}, [this, command, target] { try_replace(command, target); });
}

void Containers::settle(const command::Settle& command, const TargetSpec& target) {
    begin(command.target);
    later_on(Duration{0}, [this, command, target] { try_settle(command, target); });
}

void Containers::discard(CommandId id, const Instance& instance, Duration grace) {
    later_on(Duration{0}, [this, id, subject = std::string{instance.subject()}, grace] {
        end_gently(subject, grace, [this, id, subject](const std::string&) {
            remove(subject);
            sink_(event::DiscardFinished{id, {}});
        });
    });
}

void Containers::look(TargetIndex index) {
    if (index == no_target) return;
    released_.erase(index);
    later_on(Duration{0}, [this, index] {
        Told& told = told_[index];
        told.health = Health::none;
        if (told.what == Told::What::lives) told.owes_found = true;
        if (told.what == Told::What::absent) told.what = Told::What::nothing;
        if (!lost_) tell(index);
    });
}

void Containers::release(TargetIndex index) {
    released_.insert(index);
    later_on(Duration{0}, [this, index, target = watch_.policy->targets[index]] {
        told_.erase(index);
        const Container* left = target.kind == TargetKind::container ? of(target) : nullptr;
        if (left) sink_(event::OrphanSeen{left->made.name, left->life(), 0, std::chrono::seconds{10}});
    });
}

void Containers::evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                          std::function<void(Evidence)> done) {
    evidence_.push_back(target.name);
    later_on(Duration{0},
             [this, name = target.name, subject = std::string{instance.subject()}, bytes, done = std::move(done)] {
                 const Container* container = by_id(subject);
                 if (!container || lost_) return done({});
                 const std::string log = "the last words of " + name;
                 done({log.substr(log.size() - std::min(bytes, log.size())), "{\"Id\":\"" + container->id + "\"}"});
             });
}

void Containers::later_on(Duration wait, std::function<void()> work) {
    loop_.at(later(loop_.now(), wait), [this, work = std::move(work), generation = generation_] {
        if (generation != generation_) return;
        if (!lost_) return work();
        waiting_.push_back([this, work, generation] {
            if (generation == generation_) later_on(Duration{0}, work);
        });
    });
}

void Containers::in(Duration wait, std::function<void()> work) { loop_.at(later(loop_.now(), wait), std::move(work)); }

Containers::Container* Containers::by_id(const std::string& id) {
    const auto found = containers_.find(id);
    return found == containers_.end() ? nullptr : &found->second;
}

Containers::Container* Containers::named(const std::string& name) {
    for (auto& [id, container] : containers_) {
        if (container.made.name == name) return &container;
    }
    return nullptr;
}

const std::string& Containers::name_of(const TargetSpec& target) {
    return target.container ? target.container->name : target.selector.name;
}

Containers::Container* Containers::of(const TargetSpec& target) { return named(name_of(target)); }

std::string Containers::script_name(const std::string& name) { return name.substr(0, name.find(".keepwell-")); }

bool Containers::begin_life(const std::string& id, std::optional<Life> script) {
    Container& container = *by_id(id);
    if (container.running) return true;
    container.script = script ? *script : next(scripts_, script_name(container.made.name));
    container.restarting = container.stopped_by_person = container.paused = false;
    if (!container.script.failure.empty()) {
        changed(id);
        return false;
    }
    container.running = container.was_started = true;
    container.number = ++lives_;
    container.started_at = loop_.now();
    if (container.made.healthcheck) engine::begin_health(container.health, container.started_at);
    ++started_[script_name(container.made.name)];
    const auto number = container.number;
    if (container.script.exits_after) {
        in(*container.script.exits_after,
           [this, id, number, status = as_code(container.script.exit)] { end_life(id, status, number); });
    }
    for (const auto& [after, health] : container.script.says) {
        in(after, [this, id, number, said = health] {
            const Container* same = by_id(id);
            if (same && same->running && same->number == number) set_health(id, said);
        });
    }
    open_monitor(id);
    changed(id);
    return true;
}

// The engine's own health check: moby daemon/health.go.

void Containers::open_monitor(const std::string& id) {
    Container* container = by_id(id);
    ++container->monitor;
    if (container->made.healthcheck && ask_) check_later(id);
}

void Containers::check_later(const std::string& id) {
    const Container& container = *by_id(id);
    in(engine::probe_wait(container.health, *container.made.healthcheck, loop_.now()),
       [this, id, monitor = container.monitor] { check(id, monitor); });
}

Containers::Container* Containers::asked_by(const std::string& id, std::uint32_t monitor) {
    Container* container = by_id(id);
    const bool is_asked = container && container->running && !container->paused && container->monitor == monitor;
    return is_asked ? container : nullptr;
}

void Containers::check(const std::string& id, std::uint32_t monitor) {
    const Container* container = asked_by(id, monitor);
    if (!container) return;
    const Duration timeout = container->made.healthcheck->timeout;
    const Answer& answer = ask_(script_name(container->made.name));
    const bool passed = answer.outcome == Outcome::passed && answer.takes < timeout;
    const Duration takes = std::min(answer.takes, timeout);
    const Instant started = loop_.now();
    if (takes <= Duration{0}) return checked(id, passed, started);
    in(takes, [this, id, monitor, passed, started] {
        if (asked_by(id, monitor)) checked(id, passed, started);
    });
}

void Containers::checked(const std::string& id, bool passed, Instant started) {
    Container& container = *by_id(id);
    const Outcome outcome = passed ? Outcome::passed : Outcome::failed;
    check_later(id);
    const bool counted = engine::apply_result(container.health, *container.made.healthcheck,
                                              {started, loop_.now(), outcome, passed ? 0 : 1, {}});
    if (passed || counted) changed(id);
}

void Containers::end_life(const std::string id, const ExitStatus status, std::uint32_t number) {
    Container* container = by_id(id);
    if (!container || !container->running || (number != 0 && container->number != number)) return;
    container->running = container->paused = false;
    container->last_exit = status;
    engine::end_health(container->health);
    const bool again = !container->stopped_by_person && engine_restarts(*container, status);
    container->restarting = again;
    if (again) {
        if (loop_.now() - container->started_at >= std::chrono::seconds{10}) {
            container->backoff = std::chrono::milliseconds{100};
        }
        const Duration longest = std::chrono::minutes{1};  // restartmanager.go maxRestartTimeout
        in(std::exchange(container->backoff, std::min(2 * container->backoff, longest)), [this, id] {
            const Container* dead = by_id(id);
            if (dead && dead->restarting) begin_life(id);
        });
    }
    if (container->made.auto_remove && !container->kept_by_restart) return remove(id);
    changed(id);
}

bool Containers::engine_restarts(const Container& container, const ExitStatus& status) {
    const std::string& policy = container.made.restart;
    return policy == "always" || policy == "unless-stopped" || (policy == "on-failure" && !status.success());
}

void Containers::set_health(const std::string& id, Health health) {
    Container& container = *by_id(id);
    if (!container.made.healthcheck || !container.running) return;
    container.health.answered = health;
    container.health.failing_streak = health == Health::unhealthy ? container.made.healthcheck->retries : 0;
    changed(id);
}

void Containers::remove(const std::string id) {  // a copy: it may be the container's own
    Container* container = by_id(id);
    if (!container) return;
    if (container->running) {
        container->running = container->restarting = false;
        container->last_exit = {ExitStatus::Kind::code, 137, {}};
    }
    removed_ = *container;
    containers_.erase(id);
    changed(id);
}

void Containers::end_gently(const std::string& id, Duration grace, std::function<void(const std::string&)> done) {
    Container* container = by_id(id);
    if (!container) return done({});
    container->restarting = false;
    container->stopped_by_person = true;  // the engine's policy does not count after a stop
    if (!container->running) return done(id);
    const auto number = container->number;
    auto& waiting = stopping_[id];
    waiting.push_back(std::move(done));
    const auto dies_in = [this, id, number](Duration wait) {
        later_on(wait, [this, id, number] { stopped(id, number); });
    };
    const auto stops_in = container->script.stops_in;
    dies_in(stops_in ? std::min(*stops_in, grace) : grace);
}

void Containers::stopped(const std::string& id, std::uint32_t number) {
    const Container* container = by_id(id);
    if (container && container->running && container->number != number) return;  // that one has ended long ago
    end_life(id, {ExitStatus::Kind::code, 143, {}}, number);
    const bool there = by_id(id) != nullptr;
    for (auto& done : std::exchange(stopping_[id], {})) done(there ? id : std::string{});
}

void Containers::start_container(const std::string& id, std::function<void(const std::string& failure)> done) {
    Container* container = by_id(id);
    if (!container) return done("no such container");
    if (container->paused) return done("cannot start a paused container, try unpause instead");
    if (container->running) return done({});
    const Life script = next(scripts_, script_name(container->made.name));
    later_on(script.starts_in, [this, id, script, done = std::move(done)] {
        if (!by_id(id)) return done("no such container");
        done(begin_life(id, script) ? std::string{} : script.failure);
    });
}

void Containers::try_start(CommandId id, TargetIndex index, const TargetSpec& target) {
    Container* container = of(target);
    const bool owned = target.kind == TargetKind::container;
    const std::string version = owned ? watch_.policy->services[target.service].container_version : std::string{};
    if (owned && container && !container->running && container->made.version != version) {
        remove(container->id);
        container = nullptr;
    }
    if (!container && !owned) return start_failed(id, index, "there is no such container: " + target.selector.name);
    std::string made = container ? container->id : std::string{};
    if (!container) {
        if (missing_images_.contains(target.container->image)) {
            return start_failed(id, index, "the image `" + target.container->image + "` is not here");
        }
        tell_step(index, "create " + target.container->name);
        made = create(made_by(target));
    }
    start_container(made, [this, id, index, made](const std::string& failure) {
        if (!failure.empty()) return start_failed(id, index, failure, made);
        start_done(id, index, made);
    });
}

Made Containers::made_by(const TargetSpec& target) const {
    Made made;
    made.name = target.container->name;
    made.image = target.container->image;
    made.version = watch_.policy->services[target.service].container_version;
    made.publishes_a_port = !target.container->ports.empty();
    return made;
}

void Containers::start_done(CommandId id, TargetIndex index, const std::string& container) {
    const Instance life = by_id(container)->life();
    finish(index, container, life);
    sink_(event::StartFinished{id, index, life, {}});
    changed(container);
}

void Containers::start_failed(CommandId id, TargetIndex index, const std::string& why, const std::string& container) {
    finish(index, container);
    sink_(event::StartFinished{id, index, {}, why});
    changed(container);
}

void Containers::try_replace(const command::Replace& command, const TargetSpec& target) {
    Container* old = command.instance.exists() ? by_id(std::string{command.instance.subject()}) : of(target);
    if (!old) return replace_failed(command, {}, "no such container: " + name_of(target));
    const bool from_entry = command.made_from == command::MadeFrom::entry;
    Made made = from_entry && target.container ? made_by(target) : old->made;
    if (from_entry) replaced_[target.name] = old->made;
    if (command.made_from == command::MadeFrom::previous) {
        const auto previous = replaced_.find(target.name);
        if (previous == replaced_.end()) return replace_failed(command, old->id, "what it had is not known");
        made = previous->second;
    }
    if (missing_images_.contains(made.image)) {
        return replace_failed(command, old->id, old->made.name + " cannot be replaced: its image is gone");
    }
    const bool start_first = command.order != ReplaceOrder::stop_first && old->running && !old->made.publishes_a_port &&
                             !old->made.shares_a_namespace;
    tell_step(command.target, start_first ? "start-first" : "stop-first");
    const std::string name = old->made.name;
    made.name = name + ".keepwell-new-" + short_id(old->id);
    const std::string fresh = create(std::move(made));
    if (start_first) return start_new(command, old->id, fresh, name);
    tell_step(command.target, "stop " + name);
    end_gently(old->id, command.grace, [this, command, fresh, name, id = old->id](const std::string& stopped) {
        if (Container* parked = by_id(stopped)) parked->made.name = name + ".keepwell-old-" + short_id(id);
        by_id(fresh)->made.name = name;
        start_new(command, id, fresh, name);
    });
}

void Containers::start_new(const command::Replace& command, const std::string& old, const std::string& fresh,
                           const std::string& name) {
    tell_step(command.target, "start " + by_id(fresh)->made.name);
    start_container(fresh, [this, command, old, fresh, name](const std::string& failure) {
        if (!failure.empty()) {
            remove(fresh);
            return bring_back(command.target, old, name, [this, command, failure](const std::string& survivor) {
                replace_failed(command, survivor, failure);
            });
        }
        const Instance life = by_id(fresh)->life();
        finish(command.target, fresh, life);
        sink_(event::ReplaceFinished{command.id, command.target, life, {}, {}});
        changed(fresh);
    });
}

void Containers::replace_failed(const command::Replace& command, const std::string& survivor, const std::string& why) {
    const Container* old = by_id(survivor);
    const Instance life = old && old->running ? old->life() : Instance{};
    finish(command.target, survivor, life);
    sink_(event::ReplaceFinished{command.id, command.target, {}, life, why});
    changed(survivor);
}

void Containers::bring_back(TargetIndex index, const std::string& id, const std::string& name,
                            std::function<void(const std::string&)> done) {
    Container* old = by_id(id);
    if (!old) return done({});
    old->made.name = name;
    old->stopped_by_person = false;
    if (old->running) return done(id);
    tell_step(index, "start " + name);
    start_container(id, [id, done = std::move(done)](const std::string&) { done(id); });
}

void Containers::try_settle(const command::Settle& command, const TargetSpec& target) {
    const auto name = [&] {
        for (const Instance* known : {&command.previous, &command.instance}) {
            if (const Container* one = by_id(std::string{known->subject()})) return script_name(one->made.name);
        }
        return name_of(target);
    }();
    std::string older;
    std::string newer;
    for (const auto& [id, container] : containers_) {
        if (script_name(container.made.name) != name) continue;
        const bool is_old =
            container.made.name.find(".keepwell-old-") != std::string::npos || id == command.previous.subject();
        const bool is_new = container.made.name.find(".keepwell-new-") != std::string::npos;
        (is_old && !is_new ? older : newer) = id;
    }
    if (older.empty() && !command.commit && newer != command.instance.subject()) std::swap(older, newer);
    command.commit ? commit(command, older, newer, name) : roll_back(command, older, newer, name);
}

void Containers::commit(const command::Settle& command, const std::string& older, const std::string& newer,
                        const std::string& name) {
    if (by_id(newer)) {
        if (Container* old = by_id(older)) old->made.name = name + ".keepwell-old-" + short_id(older);
        by_id(newer)->made.name = name;
    }
    end_gently(older, command.grace, [this, command, older, newer](const std::string&) {
        if (by_id(older) && by_id(newer)) {
            tell_step(command.target, "remove " + by_id(older)->made.name);
            remove(older);
        }
        const bool lost = !by_id(newer);
        settled(command, lost ? older : newer, lost ? "the new container is gone" : "");
    });
}

void Containers::roll_back(const command::Settle& command, const std::string& older, const std::string& newer,
                           const std::string& name) {
    if (!by_id(older)) {
        return bring_back(command.target, newer, name, [this, command](const std::string& kept) {
            settled(command, kept, "the old container is gone; the new one was kept");
        });
    }
    end_gently(newer, command.grace, [this, command, older, newer, name](const std::string&) {
        if (by_id(newer)) {
            tell_step(command.target, "remove " + by_id(newer)->made.name);
            remove(newer);
        }
        bring_back(command.target, older, name,
                   [this, command](const std::string& kept) { settled(command, kept, {}); });
    });
}

void Containers::settled(const command::Settle& command, const std::string& kept, const std::string& failure) {
    const Container* container = by_id(kept);
    const Instance life = container && container->running ? container->life() : Instance{};
    // Until it is told otherwise, the one that was committed is taken for alive.
    finish(command.target, kept, command.commit && container ? container->life() : life);
    sink_(event::SettleFinished{command.id, command.target, life, failure});
    changed(kept);
}

void Containers::begin(TargetIndex index) { ++told_[index].commands; }

void Containers::finish(TargetIndex index, const std::string& container, const Instance& lives) {
    Told& told = told_[index];
    --told.commands;
    const Container* now = by_id(container);
    told.proving = now && now->made.name.find(".keepwell-") != std::string::npos;
    told.exists = now != nullptr;
    told.owes_found = lives.exists() && (told.owes_found || told.id != container);
    told.id = container;
    told.health = Health::none;
    told.frozen = now && now->paused;
    told.life = lives.exists() ? lives : now ? now->life() : Instance{};
    told.what = lives.exists() ? Told::What::lives : now && now->was_started ? Told::What::ended : Told::What::absent;
    told.successor = event::Successor::keepwell;
}

void Containers::tell_step(TargetIndex index, const std::string& step) { sink_(event::StepTaken{index, step}); }

void Containers::tell_all() {
    for (TargetIndex index = 0; index < watch_.policy->targets.size(); ++index) {
        if (is_container(watch_.policy->targets[index]) && !released_.contains(index)) tell(index);
    }
    sink_(event::BackendFound{"Fake 1.0"});
}

void Containers::changed(const std::string& id) {
    if (!watching_ || lost_ || id.empty()) return;
    loop_.post([this, generation = generation_] {
        if (generation != generation_ || lost_ || !watching_) return;
        for (TargetIndex index = 0; index < watch_.policy->targets.size(); ++index) {
            if (is_container(watch_.policy->targets[index]) && told_.contains(index)) tell(index);
        }
    });
}

void Containers::tell(TargetIndex index) {
    Told& told = told_[index];
    if (told.commands > 0) return;
    const Container* now = told.proving && by_id(told.id) ? by_id(told.id) : of(watch_.policy->targets[index]);
    told.id = now ? now->id : std::string{};
    const bool lives = now && now->running;
    const bool same = lives && now->life() == told.life;
    if (told.what == Told::What::lives && !same) tell_end(index, told);
    if (!lives) return tell_absent(index, told, now);
    tell_found(index, told, *now);
    tell_health(index, told, *now);
}

void Containers::tell_end(TargetIndex index, Told& told) {
    using event::Successor;
    const std::string subject{told.life.subject()};
    const Container* dead = by_id(subject);
    const Container* corpse = dead ? dead : removed_.id == subject ? &removed_ : nullptr;
    Successor successor = Successor::keepwell;
    if (corpse && corpse->stopped_by_person) successor = Successor::nobody;
    if (dead && dead->restarting) successor = Successor::engine;
    told.what = Told::What::ended;
    told.frozen = told.owes_found = false;
    sink_(event::Exited{index, told.life, corpse ? corpse->last_exit : ExitStatus{}, false, successor});
}

void Containers::tell_absent(TargetIndex index, Told& told, const Container* now) {
    const bool exists = now != nullptr;
    if (told.what != Told::What::nothing && told.exists == exists) return;
    told.exists = exists;
    if (told.what == Told::What::nothing || !exists) told.what = Told::What::absent;
    sink_(event::Absent{index, exists, exists ? now->status() : "no such container"});
}

void Containers::tell_found(TargetIndex index, Told& told, const Container& now) {
    if (told.what == Told::What::lives && !std::exchange(told.owes_found, false)) {
        if (told.frozen != now.paused) {
            told.frozen = now.paused;
            told.health = Health::none;
            sink_(event::Frozen{index, told.life, now.paused});
        }
        return;
    }
    told.what = Told::What::lives;
    told.exists = true;
    told.life = now.life();
    told.frozen = now.paused;
    told.health = Health::none;
    event::Found found;
    found.target = index;
    found.instance = told.life;
    found.started_at = now.started_at;
    found.healthcheck = now.made.healthcheck;
    found.stop_timeout = now.made.stop_timeout;
    found.engine_restarts = now.made.restart != "no";
    found.stop_removes = now.made.auto_remove;
    found.shares_namespace = now.made.shares_a_namespace;
    found.frozen = now.paused;
    const TargetSpec& target = watch_.policy->targets[index];
    found.outdated = target.kind == TargetKind::container &&
                     now.made.version != watch_.policy->services[target.service].container_version;
    sink_(std::move(found));
}

void Containers::tell_health(TargetIndex index, Told& told, const Container& now) {
    if (!now.made.healthcheck || now.paused || now.health.answered == told.health) return;
    told.health = now.health.answered;
    event::HealthReported report{index, told.life, now.health.answered, now.health.failing_streak, {}};
    if (now.health.answered != Health::starting) {
        const bool passed = now.health.answered == Health::healthy;
        report.last = {loop_.now(), loop_.now(), passed ? Outcome::passed : Outcome::failed, passed ? 0 : 1, {}};
    }
    sink_(std::move(report));
}

}  // namespace keepwell::simulation
