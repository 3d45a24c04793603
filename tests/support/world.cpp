// The bodies of the made-up world: what happens in it, and how it does what the engine asks for.
#include "support/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "support/trace.hpp"

namespace keepwell::testing {

World::World(Policy policy) : engine{std::move(policy)} { behaviours_.resize(engine.targets().size()); }

void World::answers(const std::string& name, Answer answer) {
    of(name).answer = [answer](World&) { return answer; };
}

void World::answers(const std::string& name, std::vector<Answer> script) {
    of(name).answer = [script = std::move(script), next = std::size_t{0}](World&) mutable {
        return script[std::min(next++, script.size() - 1)];
    };
}

void World::restore(const std::string& name, TargetMemory memory) {
    if (memory.instance.exists()) live_[index(name)].insert(memory.instance.id);
    give(event::Restored{index(name), std::move(memory)});
}

void World::run_until(Duration at) {
    const Instant end{at};
    for (std::uint32_t at_once = 0; true; ++at_once) {
        const Instant next = std::min(engine.next_deadline(), due_.empty() ? never : due_.begin()->first);
        if (next > end) break;
        if (next > now) at_once = 0;
        if (at_once == too_much_at_once)
            return violation("time stands still: " + trace_line(engine.policy(), facts.back().second, now));
        now = std::max(now, next);
        if (!due_.empty() && due_.begin()->first <= now) {
            auto what = std::move(due_.begin()->second);
            due_.erase(due_.begin());
            what();
        } else {
            give(event::Tick{});
        }
    }
    now = std::max(now, end);
}

void World::at(Duration when, std::function<void(World&)> what) {
    due_.emplace(Instant{when}, [this, what = std::move(what)] { what(*this); });
}

void World::exit(const std::string& name, ExitStatus status) {
    const Instance instance = engine.target(index(name)).instance;
    ASSERT_TRUE(instance.exists()) << name << " does not live";
    end_by_itself(index(name), instance, status);
}

void World::shutdown(bool at_once) { give(event::Shutdown{at_once}); }

void World::give(const Event& event) {
    const engine::Decisions& decisions = engine.handle(event, now);
    on_decisions(event, decisions);
    for (const Fact& fact : decisions.facts) {
        if (tells) trace.push_back(trace_line(engine.policy(), fact, now));
        facts.emplace_back(now, fact);
        if (std::holds_alternative<fact::Unexpected>(fact.body)) violation(trace_line(engine.policy(), fact, now));
    }
    changed.insert(changed.end(), decisions.changed.begin(), decisions.changed.end());
    const std::vector<Command> asked_for = decisions.commands;
    behaviours_.resize(engine.targets().size());
    after_each_event(*this);
    for (const Command& command : asked_for) std::visit([this](const auto& one) { execute(one); }, command);
}

Instance World::container(const std::string& name, int number, int life) {
    return {name + std::to_string(number) + "@" + std::to_string(life), 0};
}

void World::found(const std::string& name, const Instance& instance, bool frozen) {
    live_[index(name)].insert(instance.id);
    tell_found(index(name), instance, frozen);
}

void World::absent(const std::string& name, bool exists, std::string detail) {
    give(event::Absent{index(name), exists, std::move(detail)});
}

void World::backend_lost() {
    backend_is_there_ = false;
    give(event::BackendLost{"no answer"});
}

void World::backend_found() {
    for (const TargetIndex target : std::exchange(looks_due_, {})) answer_look(target);
    backend_is_there_ = true;
    give(event::BackendFound{"Docker"});
}

void World::begin_with_containers() {
    begin();
    for (const TargetSpec& target : engine.policy().targets) {
        if (is_container(target)) found(target.name, container(target.name));
    }
    backend_found();
}

void World::reports(const std::string& name, Health health, std::uint32_t streak) {
    const Outcome outcome = health == Health::unhealthy ? Outcome::failed : Outcome::passed;
    const ProbeResult last{now, now, outcome, outcome == Outcome::failed ? 1 : 0, "engine"};
    give(event::HealthReported{index(name), engine.target(index(name)).instance, health, streak, last});
}

void World::asks_anew(const std::string& name) {
    const Instance instance = engine.target(index(name)).instance;
    if (of(name).engine_asks && of(name).engines_check) ask_as_the_engine(index(name), instance, 0, true);
}

void World::freezes(const std::string& name, bool frozen) {
    const Instance instance = engine.target(index(name)).instance;
    give(event::Frozen{index(name), instance, frozen});
    if (!frozen && of(name).engine_asks && of(name).engines_check) ask_as_the_engine(index(name), instance, 0, true);
}

void World::reload(Policy policy) {
    give(event::PolicyChanged{std::make_shared<const Policy>(std::move(policy)), "ann"});
}

void World::join(const event::TargetJoined& joined) {
    give(joined);
    behaviours_.resize(engine.targets().size());
}

void World::container_exits(const std::string& name, event::Successor successor) {
    const Instance instance = engine.target(index(name)).instance;
    live_[index(name)].erase(instance.id);
    give(event::Exited{index(name), instance, {ExitStatus::Kind::code, 1, {}}, false, successor});
}

TargetIndex World::index(const std::string& name) const {
    const auto found = engine.find(name);
    if (!found) throw std::runtime_error("no target " + name);
    return *found;
}

const engine::Target& World::target(const std::string& name) const { return engine.target(index(name)); }

std::vector<std::string> World::lines(std::string_view part) const {
    std::vector<std::string> found;
    for (const std::string& line : trace) {
        if (line.find(part) != std::string::npos) found.push_back(line);
    }
    return found;
}

std::size_t World::living(const std::string& name) const { return living(index(name)); }

std::size_t World::living(TargetIndex target) const {
    const auto found = live_.find(target);
    return found == live_.end() ? 0 : found->second.size();
}

void World::violation(const std::string& what) {
    if (tolerant) return;
    violations.push_back(moment(now) + " " + what);
    if (tells_stories) {
        for (const std::string& line : trace) violations.back() += "\n    " + line;
    }
    ADD_FAILURE() << violations.back();
}

void World::after(Duration wait, std::function<void()> what) { due_.emplace(later(now, wait), std::move(what)); }

void World::say(std::string_view what, TargetIndex target) {
    if (tells) commands.push_back(moment(now) + " " + std::string{what} + " " + engine.policy().targets[target].name);
}

void World::asked(CommandId id) {
    if (!open_.insert(id).second) violation("command id " + std::to_string(id) + " was used twice");
}

void World::execute(const command::Start& start) {
    asked(start.id);
    say("start", start.target);
    starts.push_back(now.time_since_epoch());
    // An earlier start that came too late has started the same container: it is what runs then.
    if (!live_[start.target].empty() && !is_container(start.target))
        violation("a second instance of " + engine.policy().targets[start.target].name);
    const Behaviour& behaviour = behaviours_[start.target];
    if (behaviour.never_answers_starts) return;
    after(behaviour.start_takes, [this, start, entry = entry_of(start.target)] { finish(start, entry); });
}

bool World::is_container(TargetIndex target) const { return keepwell::is_container(engine.policy().targets[target]); }

Instance World::new_container(TargetIndex target) {
    return {engine.policy().targets[target].name + std::to_string(++last_pid_) + "@1", 0};
}

const std::string& World::entry_of(TargetIndex target) const { return engine.service_of(target).container_version; }

Instance World::next_life(const Instance& instance) {
    return {std::string{instance.subject()} + "@" + std::to_string(++last_pid_), 0};
}

void World::tell_found(TargetIndex target, const Instance& instance, bool frozen) {
    if (live_[target].count(instance.id) == 0) return;  // it was given up or has ended meanwhile
    if (engine.target(target).container.left || !is_container(target)) return nobody_wants(target, instance);
    const Behaviour& behaviour = behaviours_[target];
    event::Found found;
    found.target = target;
    found.instance = instance;
    found.started_at = now;
    found.healthcheck = behaviour.engines_check;
    found.engine_restarts = behaviour.engine_restarts;
    found.stop_removes = behaviour.stop_removes;
    found.shares_namespace = behaviour.shares_namespace;
    const auto made = made_of_.find(std::string{instance.subject()});
    found.outdated = made == made_of_.end() ? behaviour.outdated : made->second != entry_of(target);
    found.frozen = frozen;
    give(found);
    if (behaviour.engine_asks && behaviour.engines_check) ask_as_the_engine(target, instance, 0, true);
}

void World::ask_as_the_engine(TargetIndex target, const Instance& instance, std::uint32_t streak, bool news) {
    const auto& check = behaviours_[target].engines_check;
    if (!check) return;
    const std::uint64_t round = ++asking_[target];
    after(check->interval, [this, target, instance, streak, news, round, retries = check->retries] {
        if (asking_[target] != round) return;  // it was begun anew meanwhile
        if (live_[target].count(instance.id) == 0 || !(engine.target(target).instance == instance)) return;
        const Answer answer = behaviours_[target].answer(*this);
        const std::uint32_t now_failed = answer.outcome == Outcome::failed ? streak + 1 : 0;
        const bool sick = now_failed >= retries;
        const bool told = backend_is_there_ && (news || streak > 0 || sick);
        if (told && (sick || now_failed == 0)) {
            const ProbeResult last{now, now, answer.outcome, sick ? 1 : 0, answer.output};
            give(event::HealthReported{target, instance, sick ? Health::unhealthy : Health::healthy, now_failed, last});
        }
        const bool missed = !backend_is_there_ && (streak > 0 || sick);
        ask_as_the_engine(target, instance, now_failed, missed || (news && !told));
    });
}

void World::execute(const command::Restart& restart) {
    asked(restart.id);
    say("restart", restart.target);
    after(std::min(behaviours_[restart.target].stop_takes, restart.grace), [this, restart] {
        if (!answered(restart.id)) return;
        live_[restart.target].erase(restart.instance.id);
        ended_.insert(restart.instance.id);
        const Behaviour& behaviour = behaviours_[restart.target];
        event::StartFinished finished{restart.id, restart.target, {}, behaviour.start_failure};
        if (behaviour.start_failure.empty()) {
            finished.instance = next_life(restart.instance);
            live_[restart.target].insert(finished.instance.id);
        }
        give(finished);
        if (finished.instance.exists()) tell_found(restart.target, finished.instance);
    });
}

void World::execute(const command::Replace& replace) {
    asked(replace.id);
    const bool from_entry = replace.made_from == command::MadeFrom::entry;
    const bool from_previous = replace.made_from == command::MadeFrom::previous;
    say(from_entry      ? "replace from the entry"
        : from_previous ? "replace from the previous"
                        : "replace",
        replace.target);
    if (behaviours_[replace.target].never_answers_replacements) return;
    const std::string entry = entry_of(replace.target);
    after(behaviours_[replace.target].replace_takes, [=, this] {
        if (!answered(replace.id)) return;
        Behaviour& behaviour = behaviours_[replace.target];
        event::ReplaceFinished finished;
        finished.id = replace.id;
        finished.target = replace.target;
        if (behaviour.replace_failure.empty()) {
            live_[replace.target].erase(replace.instance.id);  // dead or on its way out: no second one of its own
            finished.instance = new_container(replace.target);
            live_[replace.target].insert(finished.instance.id);
            behaviour.was_outdated = behaviour.outdated;
            behaviour.outdated = from_previous || (behaviour.outdated && !from_entry);
            const auto copied = made_of_.find(std::string{replace.instance.subject()});
            if (from_entry) {
                made_of_[std::string{finished.instance.subject()}] = entry;
            } else if (copied != made_of_.end() && !from_previous) {
                made_of_[std::string{finished.instance.subject()}] = copied->second;
            }
        } else {
            finished.failure = behaviour.replace_failure;
            if (live_[replace.target].count(replace.instance.id)) finished.survivor = replace.instance;
        }
        give(finished);
        const Instance& runs = finished.instance.exists() ? finished.instance : finished.survivor;
        if (runs.exists()) tell_found(replace.target, runs);
    });
}

void World::execute(const command::Settle& settle) {
    asked(settle.id);
    say(settle.commit ? "commit" : "roll back", settle.target);
    if (behaviours_[settle.target].never_settles) return;
    after(behaviours_[settle.target].settle_takes, [this, settle] {
        if (!answered(settle.id)) return;
        event::SettleFinished finished{settle.id, settle.target, settle.instance, {}};
        if (settle.commit && live_[settle.target].count(settle.instance.id) == 0) finished.instance = {};
        if (!settle.commit) {
            live_[settle.target].clear();
            behaviours_[settle.target].outdated = behaviours_[settle.target].was_outdated;
            finished.instance = next_life(settle.previous);
            live_[settle.target].insert(finished.instance.id);
        }
        give(finished);
        if (finished.instance.exists()) tell_found(settle.target, finished.instance);
    });
}

void World::execute(const command::Discard& discard) {
    asked(discard.id);
    commands.push_back(moment(now) + " discard " + discard.instance.id);
    after(0s, [this, discard] {
        if (!answered(discard.id)) return;
        for (auto& [target, lives] : live_) lives.erase(discard.instance.id);
        if (discard.stop_signal == 0) return give(event::DiscardFinished{discard.id, {}});
        give(event::StopFinished{discard.id, no_target, {}});
    });
}

void World::finish(const command::Start& start, const std::string& entry) {
    if (!answered(start.id)) return;
    const Behaviour& behaviour = behaviours_[start.target];
    event::StartFinished finished{start.id, start.target, {}, behaviour.start_failure};
    if (behaviour.start_failure.empty()) {
        const std::int64_t pid = ++last_pid_;
        finished.instance = {std::to_string(pid) + "@1", pid};
        if (is_container(start.target)) {
            finished.instance = new_container(start.target);
            made_of_[std::string{finished.instance.subject()}] = entry;
        }
        if (!live_[start.target].empty() && is_container(start.target)) {
            finished.instance = {*live_[start.target].begin(), 0};
        }
        live_[start.target].insert(finished.instance.id);
        if (behaviour.lives != Duration::max()) {
            after(behaviour.lives, [this, start, instance = finished.instance] {
                if (live_[start.target].count(instance.id))
                    end_by_itself(start.target, instance, behaviours_[start.target].exit);
            });
        }
    }
    give(finished);
    if (is_container(start.target) && finished.instance.exists()) tell_found(start.target, finished.instance);
}

void World::end_by_itself(TargetIndex target, const Instance& instance, const ExitStatus& status) {
    const bool remains = behaviours_[target].leaves_something;
    ended_.insert(instance.id);
    if (!remains) live_[target].erase(instance.id);
    give(event::Exited{target, instance, status, remains});
}

void World::execute(const command::Stop& stop) {
    asked(stop.id);
    say("stop", stop.target);
    after(std::min(behaviours_[stop.target].stop_takes, stop.grace), [this, stop] {
        if (!answered(stop.id)) return;
        const Behaviour& behaviour = behaviours_[stop.target];
        const bool was_alive = ended_.count(stop.instance.id) == 0;
        if (behaviour.survivors.empty()) live_[stop.target].erase(stop.instance.id);
        if (was_alive && behaviour.survivors.empty()) {
            ended_.insert(stop.instance.id);
            give(event::Exited{stop.target, stop.instance, {ExitStatus::Kind::signal, 15, {}}, false});
        }
        give(event::StopFinished{stop.id, stop.target, behaviour.survivors});
    });
}

void World::execute(const command::RunProbe& probe) {
    asked(probe.id);
    probes.push_back(now.time_since_epoch());
    const Answer answer = behaviours_[probe.target].answer(*this);
    after(answer.after, [this, probe, answer] {
        if (answered(probe.id))
            give(event::ProbeFinished{probe.id, probe.target, answer.outcome, answer.exit_code, answer.output});
    });
}

void World::execute(const command::CancelProbe& cancel) {
    after(0s, [this, cancel] {
        if (answered(cancel.id)) give(event::ProbeFinished{cancel.id, cancel.target, Outcome::error, -1, "cancelled"});
    });
}

void World::execute(const command::RunHook& hook) {
    asked(hook.id);
    say("run hook of", hook.target);
    after(behaviours_[hook.target].hook_takes, [this, hook] {
        if (answered(hook.id))
            give(event::HookFinished{
                hook.id, hook.target, {ExitStatus::Kind::code, behaviours_[hook.target].hook_exit, {}}, {}});
    });
}

void World::execute(const command::Look& look) {
    if (look.target == no_target) return;
    say("look for", look.target);
    behaviours_.resize(engine.targets().size());
    if (!backend_is_there_) return void(looks_due_.insert(look.target));
    after(0s, [this, look] { answer_look(look.target); });
}

void World::nobody_wants(TargetIndex target, const Instance& instance) {
    live_[target].erase(instance.id);
    give(event::OrphanSeen{engine.policy().targets[target].name, instance});
}

void World::answer_look(TargetIndex index) {
    const engine::Target& target = engine.target(index);
    if (target.container.left || !is_container(index)) return;
    if (!live_[index].empty()) return tell_found(index, {*live_[index].begin(), 0}, target.container.frozen);
    if (!target.container.seen) give(event::Absent{index, false, {}});
}

void World::execute(const command::Release& release) {
    say("release", release.target);
    live_[release.target].clear();
}

void World::execute(const command::KeepEvidence& keep) { say("keep evidence of", keep.target); }

}  // namespace keepwell::testing
