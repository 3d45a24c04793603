// A ContainerPort with behaviour and without an engine: containers live, exit, resist, turn sick and are replaced by a
// script, on virtual time; persons and the engine's own restart policy act on them. It passes the same contract suite
// as the real end (tests/runtime/docker/contract_test.cpp).
// What it leaves out: networks, volumes, and everything that an image may hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/ports.hpp"
#include "support/virtual_loop.hpp"

namespace keepwell::testing {

/// How one life of a container goes. By default: it starts at once, runs for ever, and ends at once when asked to.
struct ContainerLife {
    std::string failure{};                            ///< not empty: the engine cannot start it, and this is why
    Duration starts_in{0};                            ///< from the request to its start
    std::optional<Duration> exits_after{};            ///< by itself, counted from its start
    int exit_code = 0;                                ///< of that exit
    std::optional<Duration> stops_in{Duration{0}};    ///< after the stop signal; nullopt: it ignores that
    std::vector<std::pair<Duration, Health>> says{};  ///< its own health check, counted from its start

    static ContainerLife runs() { return {}; }
    static ContainerLife exits(int code, Duration after = Duration{0}) {
        ContainerLife life;
        life.exits_after = after;
        life.exit_code = code;
        return life;
    }
    static ContainerLife fails(std::string why) {
        ContainerLife life;
        life.failure = std::move(why);
        return life;
    }
    static ContainerLife ignores_stop() {
        ContainerLife life;
        life.stops_in = std::nullopt;
        return life;
    }
    static ContainerLife turns(std::vector<std::pair<Duration, Health>> says) {
        ContainerLife life;
        life.says = std::move(says);
        return life;
    }
};

/// What `docker create` was told.
struct FakeContainer {
    std::string name;
    std::string image = "app:1";
    std::string version{};            ///< io.keepwell.version, of an owned one
    std::string restart = "no";       ///< its own restart policy: no, always, unless-stopped, on-failure
    bool auto_remove = false;         ///< --rm
    bool publishes_a_port = false;    ///< so that no second one can run beside it
    bool shares_a_namespace = false;  ///< --network container:…
    Duration stop_timeout = std::chrono::seconds{10};
    std::optional<Healthcheck> healthcheck{};
};

class FakeContainers final : public supervisor::ContainerPort {
  public:
    FakeContainers(VirtualLoop& loop, supervisor::EventSink sink) : loop_(loop), sink_(std::move(sink)) {}

    // ---- the script -----------------------------------------------------------------------------------------------

    /// The next lives of the containers of this name, in order, whoever begins them; the last one stays.
    void lives(const std::string& name, std::deque<ContainerLife> all) { scripts_[name] = std::move(all); }
    /// The engine has no such image: nothing can be made from it. (It has every other.)
    void no_image(const std::string& image) { missing_images_.insert(image); }

    // ---- what persons and the container itself do -----------------------------------------------------------------

    /// `docker create`; its id.
    std::string create(FakeContainer made) {
        Container container;
        const std::string number = std::to_string(++ids_);
        container.id = number + std::string(64 - number.size(), 'a');
        container.made = std::move(made);
        const std::string id = container.id;
        containers_[id] = std::move(container);
        changed(id);
        return id;
    }
    /// `docker run`; its id. A life that fails is left as it is.
    std::string run(FakeContainer made) {
        const std::string id = create(std::move(made));
        begin_life(id);
        return id;
    }
    void person_starts(const std::string& name) {
        if (Container* container = named(name)) begin_life(container->id);
    }
    void person_stops(const std::string& name) {
        Container* container = named(name);
        if (!container || !container->lives()) return;
        container->stopped_by_person = true;
        end_life(container->id, {ExitStatus::Kind::code, 143, {}});
    }
    void person_removes(const std::string& name) {
        if (Container* container = named(name)) remove(container->id);
    }
    void person_pauses(const std::string& name, bool paused = true) {
        Container* container = named(name);
        if (!container || !container->lives()) return;
        container->paused = paused;
        changed(container->id);
    }
    /// It ends by itself.
    void exits(const std::string& name, int code) {
        if (Container* container = named(name)) end_life(container->id, {ExitStatus::Kind::code, code, {}});
    }
    /// Its own health check says so from now on.
    void says(const std::string& name, Health health) {
        if (Container* container = named(name)) set_health(container->id, health);
    }
    /// The engine does not answer any more, or again. Containers live on meanwhile.
    void lose() {
        if (!std::exchange(lost_, true) && watching_) sink_(event::BackendLost{"no answer"});
    }
    void find() {
        if (!std::exchange(lost_, false)) return;
        if (watching_) tell_all();
        for (auto& work : std::exchange(waiting_, {})) loop_.post(std::move(work));
    }
    /// Keepwell dies: containers live on, and what was half done stays so. watch() begins anew.
    void forget() {
        ++generation_;
        watching_ = false;
        told_.clear();
        waiting_.clear();
        stopping_.clear();
    }

    // ---- what a test looks at -------------------------------------------------------------------------------------

    /// "web running, web.keepwell-old-… exited", sorted.
    std::string there() const {
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
    /// This life of the container with this name, or its last one; empty when there is none.
    Instance life(const std::string& name) const {
        for (const auto& [id, container] : containers_) {
            if (container.made.name == name) return container.life();
        }
        return {};
    }
    /// How many containers were started under this name, by whomever.
    std::uint32_t started(const std::string& name) const {
        const auto found = started_.find(name);
        return found == started_.end() ? 0 : found->second;
    }
    /// What was to be kept as evidence, as targets' names, in order.
    const std::vector<std::string>& evidence_kept() const { return evidence_; }

    // ---- the port -------------------------------------------------------------------------------------------------

    void watch(Watch watch) override {
        watch_ = std::move(watch);
        watching_ = true;
        later_on(Duration{0}, [this] {
            if (lost_) return sink_(event::BackendLost{"no answer"});
            tell_all();
        });
    }

    void start(CommandId id, TargetIndex index, const TargetSpec& target) override {
        begin(index);
        later_on(Duration{0}, [this, id, index, target] { try_start(id, index, target); });
    }

    void stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
              Duration grace) override {
        begin(index);
        later_on(Duration{0}, [this, id, index, target, subject = std::string{instance.subject()}, grace] {
            Container* container = subject.empty() ? of(target) : by_id(subject);
            end_gently(container ? container->id : std::string{}, grace, [this, id, index](const std::string& stopped) {
                finish(index, stopped);
                sink_(event::StopFinished{id, index, {}});
            });
        });
    }

    void restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                 Duration grace) override {
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

    void replace(const command::Replace& command, const TargetSpec& target) override {
        begin(command.target);
        later_on(Duration{0}, [this, command, target] { try_replace(command, target); });
    }

    void settle(const command::Settle& command, const TargetSpec& target) override {
        begin(command.target);
        later_on(Duration{0}, [this, command, target] { try_settle(command, target); });
    }

    void discard(CommandId id, const Instance& instance, Duration grace) override {
        later_on(Duration{0}, [this, id, subject = std::string{instance.subject()}, grace] {
            end_gently(subject, grace, [this, id, subject](const std::string&) {
                remove(subject);
                sink_(event::DiscardFinished{id, {}});
            });
        });
    }

    void evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                  std::function<void(Evidence)> done) override {
        evidence_.push_back(target.name);
        later_on(Duration{0},
                 [this, name = target.name, subject = std::string{instance.subject()}, bytes, done = std::move(done)] {
                     const Container* container = by_id(subject);
                     if (!container || lost_) return done({});
                     const std::string log = "the last words of " + name;
                     done({log.substr(log.size() - std::min(bytes, log.size())), "{\"Id\":\"" + container->id + "\"}"});
                 });
    }

  private:
    struct Container {
        std::string id;
        FakeContainer made;
        bool running = false;
        bool paused = false;
        bool restarting = false;
        bool kept_by_restart = false;
        bool stopped_by_person = false;
        bool was_started = false;
        std::uint32_t number = 0;  ///< of its life
        Instant started_at{};
        ExitStatus last_exit{ExitStatus::Kind::code, 0, {}};
        ContainerLife script;
        Health health = Health::none;
        std::uint32_t streak = 0;
        Duration backoff{std::chrono::milliseconds{100}};  ///< of the engine's own policy (restartmanager.go)

        bool lives() const { return running; }
        Instance life() const { return was_started ? Instance{id + "@" + std::to_string(number), 0} : Instance{}; }
        std::string status() const {
            return running       ? paused ? "paused" : "running"
                   : restarting  ? "restarting"
                   : was_started ? "exited"
                                 : "created";
        }
    };
    struct Told {
        enum class What : std::uint8_t { nothing, absent, lives, ended };
        What what = What::nothing;
        bool exists = false;
        int commands = 0;
        std::string id;
        Instance life;
        bool frozen = false;
        Health health = Health::none;
        event::Successor successor = event::Successor::keepwell;
        bool owes_found = false;  ///< a command made another container: its traits are to be told
        bool proving = false;     ///< a replacement that has not its name yet
    };

    // ---- time and who is who --------------------------------------------------------------------------------------

    // What an earlier keepwell was waiting for is not delivered to the next one, and nothing while the engine is away.
    void later_on(Duration wait, std::function<void()> work) {
        loop_.at(later(loop_.now(), wait), [this, work = std::move(work), generation = generation_] {
            if (generation != generation_) return;
            if (!lost_) return work();
            waiting_.push_back([this, work, generation] {
                if (generation == generation_) later_on(Duration{0}, work);
            });
        });
    }
    // The world's own time goes on without a keepwell.
    void in(Duration wait, std::function<void()> work) { loop_.at(later(loop_.now(), wait), std::move(work)); }

    Container* by_id(const std::string& id) {
        const auto found = containers_.find(id);
        return found == containers_.end() ? nullptr : &found->second;
    }
    Container* named(const std::string& name) {
        for (auto& [id, container] : containers_) {
            if (container.made.name == name) return &container;
        }
        return nullptr;
    }
    static const std::string& name_of(const TargetSpec& target) {
        return target.container ? target.container->name : target.selector.name;
    }
    Container* of(const TargetSpec& target) { return named(name_of(target)); }

    template <typename Map>
    auto next(Map& scripts, const std::string& name) {
        auto& script = scripts[name];
        ContainerLife life = script.empty() ? ContainerLife{} : script.front();
        if (script.size() > 1) script.pop_front();
        return life;
    }

    // ---- lives ----------------------------------------------------------------------------------------------------

    /// The name that scripts are kept under: without a replacement's mark.
    static std::string script_name(const std::string& name) { return name.substr(0, name.find(".keepwell-")); }

    /// Begins a life, now. False: the engine cannot.
    bool begin_life(const std::string& id, std::optional<ContainerLife> script = {}) {
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
        container.health = container.made.healthcheck ? Health::starting : Health::none;
        container.streak = 0;
        ++started_[script_name(container.made.name)];
        const auto number = container.number;
        if (container.script.exits_after) {
            in(*container.script.exits_after, [this, id, number, code = container.script.exit_code] {
                end_life(id, {ExitStatus::Kind::code, code, {}}, number);
            });
        }
        for (const auto& [after, health] : container.script.says) {
            in(after, [this, id, number, said = health] {
                const Container* same = by_id(id);
                if (same && same->running && same->number == number) set_health(id, said);
            });
        }
        changed(id);
        return true;
    }

    void end_life(const std::string id, const ExitStatus status, std::uint32_t number = 0) {
        Container* container = by_id(id);
        if (!container || !container->running || (number != 0 && container->number != number)) return;
        container->running = container->paused = false;
        container->last_exit = status;
        container->health = Health::none;
        const bool again = !container->stopped_by_person && engine_restarts(*container, status);
        container->restarting = again;
        if (again) {
            if (loop_.now() - container->started_at >= std::chrono::seconds{10}) {
                container->backoff = std::chrono::milliseconds{100};
            }
            in(std::exchange(container->backoff, 2 * container->backoff), [this, id] {
                const Container* dead = by_id(id);
                if (dead && dead->restarting) begin_life(id);
            });
        }
        if (container->made.auto_remove && !container->kept_by_restart) return remove(id);
        changed(id);
    }

    static bool engine_restarts(const Container& container, const ExitStatus& status) {
        const std::string& policy = container.made.restart;
        return policy == "always" || policy == "unless-stopped" || (policy == "on-failure" && !status.success());
    }

    void set_health(const std::string& id, Health health) {
        Container& container = *by_id(id);
        if (!container.made.healthcheck || !container.running) return;
        container.health = health;
        container.streak = health == Health::unhealthy ? container.made.healthcheck->retries : 0;
        changed(id);
    }

    void remove(const std::string id) {  // a copy: it may be the container's own
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

    /// Asks it to end, waits for `grace`, kills it. `done` gets the id of what is dead; empty when it is gone.
    void end_gently(const std::string& id, Duration grace, std::function<void(const std::string&)> done) {
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

    void stopped(const std::string& id, std::uint32_t number) {
        const Container* container = by_id(id);
        if (container && container->running && container->number != number) return;  // that one has ended long ago
        end_life(id, {ExitStatus::Kind::code, 143, {}}, number);
        const bool there = by_id(id) != nullptr;
        for (auto& done : std::exchange(stopping_[id], {})) done(there ? id : std::string{});
    }

    void start_container(const std::string& id, std::function<void(const std::string& failure)> done) {
        Container* container = by_id(id);
        if (!container) return done("no such container");
        if (container->paused) return done("cannot start a paused container, try unpause instead");
        if (container->running) return done({});
        const ContainerLife script = next(scripts_, script_name(container->made.name));
        later_on(script.starts_in, [this, id, script, done = std::move(done)] {
            if (!by_id(id)) return done("no such container");
            done(begin_life(id, script) ? std::string{} : script.failure);
        });
    }

    // ---- start ----------------------------------------------------------------------------------------------------

    void try_start(CommandId id, TargetIndex index, const TargetSpec& target) {
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

    FakeContainer made_by(const TargetSpec& target) const {
        FakeContainer made;
        made.name = target.container->name;
        made.image = target.container->image;
        made.version = watch_.policy->services[target.service].container_version;
        made.publishes_a_port = !target.container->ports.empty();
        return made;
    }

    void start_done(CommandId id, TargetIndex index, const std::string& container) {
        const Instance life = by_id(container)->life();
        finish(index, container, life);
        sink_(event::StartFinished{id, index, life, {}});
        changed(container);
    }
    void start_failed(CommandId id, TargetIndex index, const std::string& why, const std::string& container = {}) {
        finish(index, container);
        sink_(event::StartFinished{id, index, {}, why});
        changed(container);
    }

    // ---- replace --------------------------------------------------------------------------------------------------

    void try_replace(const command::Replace& command, const TargetSpec& target) {
        Container* old = command.instance.exists() ? by_id(std::string{command.instance.subject()}) : of(target);
        if (!old) return replace_failed(command, {}, "no such container: " + name_of(target));
        FakeContainer made = command.from_entry && target.container ? made_by(target) : old->made;
        if (missing_images_.contains(made.image)) {
            return replace_failed(command, old->id, old->made.name + " cannot be replaced: its image is gone");
        }
        const bool start_first = command.order != ReplaceOrder::stop_first && old->running &&
                                 !old->made.publishes_a_port && !old->made.shares_a_namespace;
        tell_step(command.target, start_first ? "start-first" : "stop-first");
        const std::string name = old->made.name;
        made.name = name + ".keepwell-new-" + old->id.substr(0, 12);
        const std::string fresh = create(std::move(made));
        if (start_first) return start_new(command, old->id, fresh, name);
        tell_step(command.target, "stop " + name);
        end_gently(old->id, command.grace, [this, command, fresh, name, id = old->id](const std::string& stopped) {
            if (Container* parked = by_id(stopped)) parked->made.name = name + ".keepwell-old-" + id.substr(0, 12);
            by_id(fresh)->made.name = name;
            start_new(command, id, fresh, name);
        });
    }

    void start_new(const command::Replace& command, const std::string& old, const std::string& fresh,
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

    void replace_failed(const command::Replace& command, const std::string& survivor, const std::string& why) {
        const Container* old = by_id(survivor);
        const Instance life = old && old->running ? old->life() : Instance{};
        finish(command.target, survivor, life);
        sink_(event::ReplaceFinished{command.id, command.target, {}, life, why});
        changed(survivor);
    }

    /// The old one has its name and runs again; `done` gets its id, or nothing when it is gone.
    void bring_back(TargetIndex index, const std::string& id, const std::string& name,
                    std::function<void(const std::string&)> done) {
        Container* old = by_id(id);
        if (!old) return done({});
        old->made.name = name;
        old->stopped_by_person = false;
        if (old->running) return done(id);
        tell_step(index, "start " + name);
        start_container(id, [id, done = std::move(done)](const std::string&) { done(id); });
    }

    void try_settle(const command::Settle& command, const TargetSpec& target) {
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

    void commit(const command::Settle& command, const std::string& older, const std::string& newer,
                const std::string& name) {
        if (by_id(newer)) {
            if (Container* old = by_id(older)) old->made.name = name + ".keepwell-old-" + older.substr(0, 12);
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

    void roll_back(const command::Settle& command, const std::string& older, const std::string& newer,
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

    void settled(const command::Settle& command, const std::string& kept, const std::string& failure) {
        const Container* container = by_id(kept);
        const Instance life = container && container->running ? container->life() : Instance{};
        // Until it is told otherwise, the one that was committed is taken for alive.
        finish(command.target, kept, command.commit && container ? container->life() : life);
        sink_(event::SettleFinished{command.id, command.target, life, failure});
        changed(kept);
    }

    // ---- what is told ---------------------------------------------------------------------------------------------

    void begin(TargetIndex index) { ++told_[index].commands; }

    /// `lives`: what the completion leaves said to live.
    void finish(TargetIndex index, const std::string& container, const Instance& lives = {}) {
        Told& told = told_[index];
        --told.commands;
        const Container* now = by_id(container);
        told.proving = now && now->made.name.find(".keepwell-") != std::string::npos;
        told.exists = now != nullptr;
        told.owes_found = lives.exists() && told.id != container;
        told.id = container;
        told.health = Health::none;
        told.frozen = now && now->paused;
        told.life = lives.exists() ? lives : now ? now->life() : Instance{};
        told.what = lives.exists()            ? Told::What::lives
                    : now && now->was_started ? Told::What::ended
                                              : Told::What::absent;
        told.successor = event::Successor::keepwell;
    }

    void tell_step(TargetIndex index, const std::string& step) { sink_(event::StepTaken{index, step}); }

    void tell_all() {
        for (TargetIndex index = 0; index < watch_.policy->targets.size(); ++index) {
            if (is_container(watch_.policy->targets[index])) tell(index);
        }
        sink_(event::BackendFound{"Fake 1.0"});
    }

    void changed(const std::string& id) {
        if (!watching_ || lost_ || id.empty()) return;
        loop_.post([this, generation = generation_] {
            if (generation != generation_ || lost_ || !watching_) return;
            for (TargetIndex index = 0; index < watch_.policy->targets.size(); ++index) {
                if (is_container(watch_.policy->targets[index]) && told_.contains(index)) tell(index);
            }
        });
    }

    void tell(TargetIndex index) {
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

    void tell_end(TargetIndex index, Told& told) {
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

    void tell_absent(TargetIndex index, Told& told, const Container* now) {
        const bool exists = now != nullptr;
        if (told.what != Told::What::nothing && told.exists == exists) return;
        told.exists = exists;
        if (told.what == Told::What::nothing || !exists) told.what = Told::What::absent;
        sink_(event::Absent{index, exists, exists ? now->status() : "no such container"});
    }

    void tell_found(TargetIndex index, Told& told, const Container& now) {
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

    void tell_health(TargetIndex index, Told& told, const Container& now) {
        if (!now.made.healthcheck || now.paused || now.health == told.health) return;
        told.health = now.health;
        event::HealthReported report{index, told.life, now.health, now.streak, {}};
        if (now.health != Health::starting) {
            const bool passed = now.health == Health::healthy;
            report.last = {loop_.now(), loop_.now(), passed ? Outcome::passed : Outcome::failed, passed ? 0 : 1, {}};
        }
        sink_(std::move(report));
    }

    VirtualLoop& loop_;
    supervisor::EventSink sink_;
    Watch watch_;
    bool watching_ = false;
    bool lost_ = false;
    std::map<std::string, Container> containers_;  // by id
    Container removed_;                            // the last one
    std::map<std::string, std::deque<ContainerLife>> scripts_;
    std::set<std::string> missing_images_;
    std::map<std::string, std::uint32_t> started_;
    std::map<TargetIndex, Told> told_;
    std::map<std::string, std::vector<std::function<void(const std::string&)>>> stopping_;  // by id
    std::vector<std::function<void()>> waiting_;                                            // for the engine
    std::vector<std::string> evidence_;
    std::uint32_t ids_ = 0;
    std::uint32_t lives_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace keepwell::testing
