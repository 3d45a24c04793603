// The body of the loop: event -> engine -> journal -> execute.
#include "supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "journal/target_rules.hpp"
#include "supervisor/calendar.hpp"

namespace keepwell::supervisor {
namespace {

/// Evidence holds so much of the output's end.
constexpr std::size_t evidence_bytes = 4096;
/// Local time may jump (daylight saving, a set clock): a calendar is looked at again at least so often.
constexpr Duration calendar_patience = 1h;

/// With `record`, probes that changed nothing are written together: at the latest with so many, or after so long.
/// A crash loses what was not written yet: nothing was decided by it.
constexpr std::size_t gathered_outcomes = 4096;
constexpr std::size_t gathered_bytes = 256 * 1024;
constexpr Duration gathered_for = 10min;

/// Nothing but that probes were asked for.
bool changed_nothing(const engine::Decisions& decisions) {
    const auto asks = [](const Command& command) { return std::holds_alternative<command::RunProbe>(command); };
    return decisions.facts.empty() && decisions.changed.empty() &&
           std::all_of(decisions.commands.begin(), decisions.commands.end(), asks);
}

/// A look at the timers, and a probe that passed and changed nothing, are no decision's ground: they are journaled only
/// when `record` asks for it. `was_due`: a timer has run out; though nothing came of it, it has done so before the
/// next.
bool worth_keeping(const Event& event, const engine::Decisions& decisions, bool record, bool was_due) {
    if (std::holds_alternative<event::Tick>(event)) return record && (was_due || !changed_nothing(decisions));
    const auto* answer = std::get_if<event::ProbeFinished>(&event);
    return !answer || record || !decisions.facts.empty() || answer->outcome != Outcome::passed;
}

struct TargetOf {
    TargetIndex operator()(const event::Begin&) const { return no_target; }
    TargetIndex operator()(const event::Tick&) const { return no_target; }
    TargetIndex operator()(const event::Maintenance&) const { return no_target; }
    TargetIndex operator()(const event::Shutdown&) const { return no_target; }
    TargetIndex operator()(const event::BackendLost&) const { return no_target; }
    TargetIndex operator()(const event::BackendFound&) const { return no_target; }
    TargetIndex operator()(const event::OrphanSeen&) const { return no_target; }
    TargetIndex operator()(const event::DiscardFinished&) const { return no_target; }
    TargetIndex operator()(const event::PolicyChanged&) const { return no_target; }
    template <typename OfTarget>
    TargetIndex operator()(const OfTarget& one) const {
        return one.target;
    }
};

/// Slot 1 is called `web` while it is the only one, and `web.1` beside others: it is the same target.
std::string other_name(const Policy& policy, const TargetSpec& target) {
    const std::string& service = policy.services[target.service].name;
    if (target.slot != 1) return {};
    return target.name == service ? service + ".1" : service;
}

/// An answer that the engine waits for: one that comes too late has no effect.
bool is_awaited(const Event& event, const engine::Engine& engine) {
    const auto* answer = std::get_if<event::ProbeFinished>(&event);
    return answer && answer->id != 0 && answer->target < engine.targets().size() &&
           engine.target(answer->target).probe_id == answer->id;
}

/// Rounds a moment to come up to the quantum, so that what is due together wakes the loop once.
Instant rounded(Instant at, Duration quantum) {
    if (at == never || quantum <= 1ns) return at;
    const Duration beyond = at.time_since_epoch() % quantum;
    return beyond <= 0ns ? at : later(at, quantum - beyond);
}

std::vector<std::string> names_of(const Policy& policy) {
    std::vector<std::string> names;
    for (const TargetSpec& target : policy.targets) names.push_back(target.name);
    return names;
}

/// As forget_name() leaves it: it goes by another name since.
bool is_forgotten(const TargetMemory& memory) { return memory.version.empty() && !memory.instance.exists(); }

/// It does not live any more. A process of another boot begins anew, as after an orderly end of keepwell: a job that
/// had completed, too.
void forget_life(TargetMemory& memory) {
    const bool lived = std::exchange(memory.instance, {}).exists();
    const bool ran = memory.phase == Phase::running || memory.phase == Phase::completed;
    if (ran && !memory.of_this_boot) memory.phase = Phase::stopped;
    if (memory.phase == Phase::running && !lived) memory.phase = Phase::waiting;  // in dry-run, or as good as never
}

bool is_container_left(const TargetMemory& memory) { return memory.instance.exists() && !memory.instance.is_process(); }

/// While it lives, events are queued; it ends with an exception, too, so that the next event is taken again.
class Taking {
  public:
    explicit Taking(bool& taking) : taking_{taking} { taking_ = true; }
    ~Taking() { taking_ = false; }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;

  private:
    bool& taking_;
};

/// The same run, with what is known of its policy.
journal::RunStarted of_policy(journal::RunStarted run, const Policy& policy) {
    run.policy_version = policy.version;
    run.files = policy.files;
    run.mode = policy.mode;
    run.targets = policy.targets.size();
    run.services = policy.services.size();
    return run;
}

}  // namespace

Supervisor::Supervisor(Policy policy, Ports ports, Memories memories)
    : ports_{ports},
      loaded_{std::make_shared<const Policy>(std::move(policy))},
      engine_{*loaded_, engine::EngineOptions{memories.last_incident}},
      memories_{std::move(memories)},
      in_maintenance_(engine_.policy().services.size(), false) {}

void Supervisor::begin(journal::RunStarted run) {
    at_ = now();
    const Policy& policy = engine_.policy();
    run.last_incident = memories_.last_incident;
    keep(of_policy(std::move(run), policy), no_target);
    keep_rules(policy);
    std::vector<Instance> known;
    for (const TargetMemory& memory : memories_.targets) known.push_back(memory.instance);
    unrecorded_ = ports_.processes.started_before(known);
    for (TargetIndex index = 0; index < policy.targets.size(); ++index) {
        const TargetSpec& target = policy.targets[index];
        std::optional<TargetMemory> memory = take_memory(target.name);
        if (!memory) memory = take_memory(other_name(policy, target));
        if (memory && memory->instance.exists() &&
            memory->instance.is_process() == is_container(target)) {  // it was another kind
            memories_.targets.push_back(std::move(*memory));
            continue;
        }
        // Whether a container lives is known when its engine has told.
        const bool alive = is_container(target) || is_taken_over(index, memory);
        if (!memory) continue;
        if (!alive) forget_life(*memory);
        post(event::Restored{index, std::move(*memory)});
    }
    follow_calendar(now());  // before anything is decided: a window may be open
    post(event::Begin{});
    for (TargetIndex index = 0; index < policy.targets.size(); ++index) {
        keep(journal::State{engine_.memory(index)}, index);  // with RunStarted, all that a later start needs
    }
    end_leftovers();
    begun_ = true;
    arm();
    if (!ports_.containers) return;
    ports_.containers->watch({&policy, [this](event::TargetJoined joined) { return join(std::move(joined)); }});
    if (std::any_of(memories_.targets.begin(), memories_.targets.end(), is_container_left)) {
        ports_.containers->look(no_target);  // it may be an orphan, also where the policy has no container any more
    }
}

/// Whether a process of the target lives, and is watched from now on: the one that is remembered, or one that a
/// keepwell started which was killed before it could record that.
bool Supervisor::is_taken_over(TargetIndex index, std::optional<TargetMemory>& memory) {
    const TargetSpec& target = engine_.policy().targets[index];
    if (memory && memory->instance.exists() && ports_.processes.adopt(index, target, memory->instance)) return true;
    const std::string other = other_name(engine_.policy(), target);
    for (auto one = unrecorded_.begin(); one != unrecorded_.end(); ++one) {
        if (one->target != target.name && one->target != other) continue;
        const Instance instance = one->instance;
        unrecorded_.erase(one);
        if (!ports_.processes.adopt(index, target, instance)) return false;
        if (!memory) memory.emplace();
        memory->target = target.name;
        memory->instance = instance;
        memory->started_at = at_;
        memory->phase = Phase::running;
        return true;
    }
    return false;
}

/// What an earlier keepwell had started, and no entry wants any more, is ended as its entry said.
void Supervisor::end_leftovers() {
    const auto targets = engine_.targets();
    for (ProcessPort::Started& one : std::exchange(unrecorded_, {})) {
        TargetMemory& memory = memories_.targets.emplace_back();
        memory.target = std::move(one.target);
        memory.instance = std::move(one.instance);
    }
    for (TargetMemory& memory : memories_.targets) {
        const auto is_its = [&memory](const engine::Target& one) { return one.instance == memory.instance; };
        const bool is_kept = std::any_of(targets.begin(), targets.end(), is_its);  // by another name meanwhile
        if (!memory.instance.is_process() || is_kept) continue;
        const Instance instance = std::exchange(memory.instance, {});
        TargetSpec nobody;
        nobody.name = memory.target;
        if (!ports_.processes.adopt(no_target, nobody, instance)) continue;
        post(event::OrphanSeen{memory.target, instance, memory.stop_signal, memory.stop_grace});
    }
}

std::string Supervisor::why_not(const Policy& policy) const {
    if (!begun_) return "keepwell has not begun yet; try again in a moment";
    if (engine_.shutting_down()) return "keepwell is stopping everything";
    const bool owns = std::any_of(loaded_->targets.begin(), loaded_->targets.end(),
                                  [](const TargetSpec& one) { return one.kind == TargetKind::container; });
    if (owns && policy.name != loaded_->name) {
        return "the containers of `" + loaded_->name + "` would be those of `" + policy.name +
               "` by another `name:`, and not be found again; start keepwell anew for that";
    }
    const bool has_containers =
        !policy.templates.empty() ||
        std::any_of(policy.targets.begin(), policy.targets.end(), [](const auto& one) { return is_container(one); });
    if (has_containers && !ports_.containers) return "it has containers, and there is no container engine here";
    if (policy.state_dir != loaded_->state_dir) return "`state_dir` has changed; start keepwell anew for that";
    return {};
}

std::string Supervisor::reload(std::shared_ptr<const Policy> policy, std::string by) {
    std::string refusal = why_not(*policy);
    if (!refusal.empty()) return refusal;
    loaded_ = policy;
    open_windows(*policy);
    post(event::PolicyChanged{std::move(policy), std::move(by)});
    return {};
}

/// A maintenance window that comes with this policy and is open holds what else the policy changes: it is told before.
void Supervisor::open_windows(const Policy& coming) {
    for (ServiceIndex service = 0; service < coming.services.size(); ++service) {
        const auto index = service_called(engine_.policy(), coming.services[service].name);
        if (!index) continue;
        const Window window = window_now(coming.maintenance[service]);
        if (window.open) tell_window(*index, window);
    }
}

/// What the engine decides by, so that the journal alone is enough for a replay.
void Supervisor::keep_rules(const Policy& policy) {
    keep(journal::HostRules{policy.guard, policy.quantum, policy.record}, no_target);
    std::vector<journal::ServiceRules> rules(policy.services.size());
    for (const TargetSpec& target : policy.targets) {
        rules[target.service].targets.push_back(journal::rules_of(target));
    }
    for (const TargetSpec& one : policy.templates) rules[one.service].templates.push_back(journal::rules_of(one));
    for (ServiceIndex service = 0; service < policy.services.size(); ++service) {
        rules[service].spec = policy.services[service];
        append({}, policy.services[service].name, std::move(rules[service]));
    }
}

/// What is remembered of a target, once. Of those that are not there yet it is kept until they join.
std::optional<TargetMemory> Supervisor::take_memory(const std::string& target) {
    auto& all = memories_.targets;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.target == target; });
    if (found == all.end()) return std::nullopt;
    TargetMemory memory = std::move(*found);
    all.erase(found);
    if (is_forgotten(memory)) return std::nullopt;
    return memory;
}

TargetIndex Supervisor::join(event::TargetJoined joined) {
    const TargetIndex index = engine_.next_index(joined.service != nullptr);
    std::optional<TargetMemory> memory = take_memory(joined.spec->name);
    joined.target = index;
    const bool own_service = joined.service != nullptr;
    post(std::move(joined));
    if (own_service) {
        in_maintenance_.resize(engine_.policy().services.size());
        in_maintenance_[engine_.policy().targets[index].service] = false;
        follow_calendar(now());
    }
    if (memory) post(event::Restored{index, std::move(*memory)});
    return index;
}

void Supervisor::end() {
    at_ = now();
    keep(journal::RunEnded{}, no_target);
}

void Supervisor::post(Event event) {
    queue_.push_back(std::move(event));
    if (taking_) return;
    const Taking taking{taking_};
    while (!queue_.empty()) {
        const Event next = std::move(queue_.front());
        queue_.pop_front();
        take(next);
    }
    arm();
}

void Supervisor::take(const Event& event) {
    at_ = now();
    const bool record = engine_.policy().record;
    const bool answer_was_awaited = record && is_awaited(event, engine_);
    const auto* reload = std::get_if<event::PolicyChanged>(&event);
    if (reload) keep_rules(*reload->policy);  // before what is decided by them
    const std::vector<std::string> names = reload ? names_of(engine_.policy()) : std::vector<std::string>{};
    const bool was_due = engine_.next_deadline() <= at_;
    const engine::Decisions& decisions = engine_.handle(event, at_);
    const bool gathered = record && gather(event, decisions, answer_was_awaited);
    if (!gathered && worth_keeping(event, decisions, record, was_due)) keep_input(event);
    for (const Fact& fact : decisions.facts) keep(journal::Noted{fact}, fact.target);
    for (const Command& command : decisions.commands) {
        if (is_of_probes(command)) continue;
        keep(journal::Asked{command}, std::visit([](const auto& one) { return one.target; }, command));
    }
    for (const TargetIndex index : decisions.changed) keep(journal::State{engine_.memory(index)}, index);
    for (TargetIndex index = 0; index < names.size(); ++index) forget_name(names[index], index);
    // The real ends deliver later, never from inside: `decisions` stays valid.
    for (const Command& command : decisions.commands) execute(command);
    if (reload) follow_calendar(at_);
}

/// A slot may be called otherwise beside others: what is remembered of it goes by its new name.
void Supervisor::forget_name(const std::string& name, TargetIndex target) {
    if (name == engine_.policy().targets[target].name) return;
    TargetMemory nothing;
    nothing.target = name;
    append(name, engine_.service_of(target).name, journal::State{std::move(nothing)});
}

/// Whether it was kept back, to be written with others.
bool Supervisor::gather(const Event& event, const engine::Decisions& decisions, bool answer_was_awaited) {
    const auto* answer = std::get_if<event::ProbeFinished>(&event);
    const bool look = std::holds_alternative<event::Tick>(event);
    if (!changed_nothing(decisions) || !(look || (answer && answer_was_awaited))) return false;
    if (look && decisions.commands.empty()) return false;
    if (probes_.empty()) probes_since_ = wall();
    if (look) {
        probes_.looked(at_, decisions.commands.size());
    } else {
        probes_.answered(at_, engine_.policy().targets[answer->target].name, decisions.commands.size(), *answer);
    }
    const bool enough = probes_.outcomes() >= gathered_outcomes || probes_.size() >= gathered_bytes;
    if (enough || at_ - probes_.first() >= gathered_for) flush_probes();
    return true;
}

void Supervisor::flush_probes() {
    if (probes_.empty()) return;
    journal::Record record;
    record.at = probes_.first();
    record.time = probes_since_;
    record.body = probes_.take();
    write(std::move(record));
}

void Supervisor::keep_input(const Event& event) {
    const auto* maintenance = std::get_if<event::Maintenance>(&event);
    if (!maintenance) return keep(journal::Input{event}, std::visit(TargetOf{}, event));
    append({}, engine_.policy().services[maintenance->service].name, journal::Input{event});
}

void Supervisor::keep(journal::Body body, TargetIndex target) {
    if (target == no_target) return append({}, {}, std::move(body));
    append(engine_.policy().targets[target].name, engine_.service_of(target).name, std::move(body));
}

void Supervisor::append(std::string target, std::string service, journal::Body body) {
    flush_probes();  // what was answered comes before what rests on it
    journal::Record record;
    record.at = at_;
    record.time = wall();
    record.target = std::move(target);
    record.service = std::move(service);
    record.body = std::move(body);
    write(std::move(record));
}

void Supervisor::write(journal::Record record) {
    ports_.journal.append(record);
    for (auto& [key, observer] : observers_) observer(record);
}

/// Hands each command to the end that carries it out.
struct Supervisor::Execute {
    Supervisor& self;
    const TargetSpec& target(TargetIndex index) const { return self.engine_.policy().targets[index]; }

    ContainerPort* containers(TargetIndex index) const {
        return is_container(target(index)) ? self.ports_.containers : nullptr;
    }

    void operator()(const command::Start& start) const {
        if (auto* port = containers(start.target)) return port->start(start.id, start.target, target(start.target));
        self.ports_.processes.start(start.id, start.target, target(start.target));
    }
    void operator()(const command::Stop& stop) const {
        if (auto* port = containers(stop.target)) {
            return port->stop(stop.id, stop.target, target(stop.target), stop.instance, stop.grace);
        }
        self.ports_.processes.stop(stop.id, stop.target, stop.instance, target(stop.target).process.stop_signal,
                                   stop.grace);
    }
    void operator()(const command::Restart& restart) const {
        self.ports_.containers->restart(restart.id, restart.target, target(restart.target), restart.instance,
                                        restart.grace);
    }
    void operator()(const command::Replace& replace) const {
        self.ports_.containers->replace(replace, target(replace.target));
    }
    void operator()(const command::Settle& settle) const {
        self.ports_.containers->settle(settle, target(settle.target));
    }
    void operator()(const command::Discard& discard) const {
        if (!discard.instance.is_process()) {
            return self.ports_.containers->discard(discard.id, discard.instance, discard.grace);
        }
        self.ports_.processes.stop(discard.id, no_target, discard.instance, discard.stop_signal, discard.grace);
    }
    void operator()(const command::RunProbe& probe) const {
        self.ports_.probes.run(probe.id, probe.target, target(probe.target),
                               self.engine_.service_of(probe.target).healthcheck->timeout);
    }
    void operator()(const command::CancelProbe& cancel) const { self.ports_.probes.cancel(cancel.id); }
    void operator()(const command::RunHook& hook) const {
        self.ports_.processes.run_hook(hook.id, hook.target, target(hook.target),
                                       target(hook.target).hooks[hook.rung].command, hook.timeout);
    }
    void operator()(const command::KeepEvidence& evidence) const { self.keep_evidence(evidence); }
    void operator()(const command::Look& look) const {
        if (self.ports_.containers) self.ports_.containers->look(look.target);
    }
    void operator()(const command::Release& release) const { self.ports_.containers->release(release.target); }
};

void Supervisor::execute(const Command& command) { std::visit(Execute{*this}, command); }

void Supervisor::keep_evidence(const command::KeepEvidence& command) {
    journal::Evidence evidence;
    evidence.incident = command.incident;
    const TargetSpec& target = engine_.policy().targets[command.target];
    const engine::ResultLog& log = engine_.target(command.target).health.log;
    for (std::size_t i = 0; i < log.size(); ++i) evidence.probes.push_back(log[i]);
    if (!is_container(target)) {
        evidence.output_tail = ports_.output.tail(target, evidence_bytes);
        return keep(std::move(evidence), command.target);
    }
    // Gathered beside the remedy, which does not wait for it.
    const Instance& instance = engine_.target(command.target).instance;
    ports_.containers->evidence(target, instance, evidence_bytes,
                                [this, evidence, index = command.target](ContainerPort::Evidence gathered) mutable {
                                    evidence.output_tail = std::move(gathered.log_tail);
                                    evidence.inspect = std::move(gathered.inspect);
                                    at_ = now();
                                    keep(std::move(evidence), index);
                                });
}

/// Tells the engine which maintenance windows have opened or closed, and notes when to look again.
void Supervisor::follow_calendar(Instant now) {
    const Policy& policy = engine_.policy();
    calendar_at_ = never;
    in_maintenance_.resize(policy.maintenance.size(), false);
    for (ServiceIndex service = 0; service < policy.maintenance.size(); ++service) {
        const auto& windows = policy.maintenance[service];
        if (windows.empty() && !in_maintenance_[service]) continue;
        const Window window = window_now(windows);
        if (!windows.empty()) calendar_at_ = std::min({calendar_at_, window.change, later(now, calendar_patience)});
        tell_window(service, window);
    }
}

Supervisor::Window Supervisor::window_now(const std::vector<MaintenanceWindow>& windows) const {
    const WallTime wall = ports_.clock.wall();
    const Duration into_minute = wall.time_since_epoch() % 1min;
    const WindowState state = window_state(windows, ports_.clock.local(wall));
    return {state.open, later(now(), state.until_change - into_minute)};
}

void Supervisor::tell_window(ServiceIndex service, const Window& window) {
    if (window.open == in_maintenance_[service]) return;
    in_maintenance_[service] = window.open;
    post(event::Maintenance{service, window.open, window.open ? window.change : never});
}

void Supervisor::arm() {
    const Instant now = ports_.clock.now();
    const Instant next = std::min(engine_.next_deadline(), calendar_at_);
    const Instant at = next <= now ? now : rounded(next, engine_.policy().quantum);
    if (at == armed_) return;
    armed_ = at;
    ports_.clock.arm(at, [this] {
        armed_ = never;
        if (calendar_at_ <= ports_.clock.now()) follow_calendar(ports_.clock.now());
        post(event::Tick{});
    });
}

std::uint64_t Supervisor::subscribe(Observer observer) {
    observers_.emplace(next_observer_, std::move(observer));
    return next_observer_++;
}

void Supervisor::unsubscribe(std::uint64_t key) { observers_.erase(key); }

}  // namespace keepwell::supervisor
