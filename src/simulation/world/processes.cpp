// The body of the made-up processes.
#include "simulation/world/processes.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace keepwell::simulation {

Processes::Processes(Loop& loop, supervisor::EventSink sink) : loop_(loop), sink_(std::move(sink)) {}

void Processes::lives(const std::string& target, std::deque<Life> all) { scripts_[target] = std::move(all); }

void Processes::hooks(const std::string& target, std::deque<HookLife> all) { hook_scripts_[target] = std::move(all); }

bool Processes::end(const std::string& target, const ExitStatus& status) {
    Process* process = living(target);
    if (process) leader_ends(*process, status);
    return process != nullptr;
}

void Processes::forget() {
    for (auto& [id, process] : processes_) {
        process.watched = false;
        process.stops.clear();
    }
    ++generation_;
}

Instance Processes::instance(const std::string& target) const {
    for (const auto& [id, process] : processes_) {
        if (process.name == target && process.leader_alive) return process.instance;
    }
    return {};
}

std::size_t Processes::alive(const std::string& target) const {
    return static_cast<std::size_t>(std::ranges::count_if(processes_, [&](const auto& entry) {
        return entry.second.name == target && (entry.second.leader_alive || entry.second.member_alive);
    }));
}

std::uint32_t Processes::started(const std::string& target) const {
    const auto found = started_.find(target);
    return found == started_.end() ? 0 : found->second;
}

const std::vector<int>& Processes::signals(const std::string& target) { return signals_[target]; }

const std::vector<std::vector<std::string>>& Processes::hooks_run(const std::string& target) {
    return hooks_run_[target];
}

void Processes::start(CommandId id, TargetIndex index, const TargetSpec& target) {
    const Life life = next(scripts_, target.name);
    deliver_in(life.starts_in, [this, id, index, name = target.name, life] {
        if (!life.failure.empty()) return sink_(event::StartFinished{id, index, {}, life.failure});
        begin(id, index, name, life);
    });
}

void Processes::stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) {
    const auto found = processes_.find(instance.id);
    if (found == processes_.end()) {
        return deliver_in(Duration{0}, [this, id, index] { sink_(event::StopFinished{id, index, {}}); });
    }
    Process& process = found->second;
    const bool first = process.stops.empty();
    process.stops.push_back(id);
    if (first && grace > Duration{0}) ask_to_end(process, signal);
    deliver_in(grace, [this, key = instance.id] { kill(key); });
}

void Processes::run_hook(CommandId id, TargetIndex index, const TargetSpec& target,
                         const std::vector<std::string>& command, Duration timeout) {
    hooks_run_[target.name].push_back(command);
    HookLife hook = next(hook_scripts_, target.name);
    if (hook.takes >= timeout) {
        hook = {{ExitStatus::Kind::signal, SIGKILL, {}}, timeout, "did not end within its timeout\n" + hook.output};
    }
    deliver_in(hook.takes, [this, id, index, hook] {
        sink_(event::HookFinished{id, index, hook.status, hook.output});
    });
}

bool Processes::adopt(TargetIndex index, const TargetSpec&, const Instance& instance) {
    const auto found = processes_.find(instance.id);
    if (found == processes_.end()) return false;
    Process& process = found->second;
    process.index = index;
    process.watched = true;
    process.adopted = true;
    if (!process.leader_alive) {
        deliver_in(Duration{0}, [this, index, instance] { sink_(event::Exited{index, instance, {}, true}); });
    }
    return true;
}

std::vector<Processes::Started> Processes::started_before(const std::vector<Instance>& known) {
    std::vector<Started> started;
    for (const auto& [id, process] : processes_) {
        const bool is_known = std::find(known.begin(), known.end(), process.instance) != known.end();
        if (process.leader_alive && !is_known) started.push_back({process.name, process.instance});
    }
    return started;
}

void Processes::deliver_in(Duration wait, std::function<void()> work) {
    loop_.at(later(loop_.now(), wait), [this, work = std::move(work), generation = generation_] {
        if (generation == generation_) work();
    });
}

Processes::Process* Processes::living(const std::string& target) {
    const auto found = processes_.find(instance(target).id);
    return found == processes_.end() ? nullptr : &found->second;
}

void Processes::begin(CommandId id, TargetIndex index, const std::string& name, const Life& life) {
    const std::int64_t pid = next_pid_++;
    const Instance instance{std::to_string(pid) + "@" + std::to_string(pid * 10), pid};
    processes_[instance.id] = Process{index, name, instance, life, true, life.leaves_member, true, false, {}};
    ++started_[name];
    sink_(event::StartFinished{id, index, instance, {}});
    if (!life.exits_after) return;
    loop_.at(later(loop_.now(), *life.exits_after), [this, key = instance.id, status = life.exit] {
        const auto found = processes_.find(key);
        if (found != processes_.end() && found->second.leader_alive) leader_ends(found->second, status);
    });
}

void Processes::ask_to_end(Process& process, int signal) {
    signals_[process.name].push_back(signal);
    if (!process.leader_alive || !process.life.stops_in) return;
    deliver_in(*process.life.stops_in, [this, key = process.instance.id, signal] {
        const auto found = processes_.find(key);
        if (found == processes_.end() || !found->second.leader_alive) return;
        leader_ends(found->second, {ExitStatus::Kind::signal, signal, {}});
    });
}

void Processes::kill(const std::string& key) {
    const auto found = processes_.find(key);
    if (found == processes_.end() || found->second.stops.empty()) return;
    Process& process = found->second;
    signals_[process.name].push_back(SIGKILL);
    if (!process.life.survives.empty()) {
        return loop_.at(later(loop_.now(), Duration{std::chrono::seconds(5)}), [this, key] { give_up(key); });
    }
    process.member_alive = false;
    if (process.leader_alive) return leader_ends(process, {ExitStatus::Kind::signal, SIGKILL, {}});
    finish(process);
}

void Processes::give_up(const std::string& key) {
    Process& process = processes_.at(key);
    for (const CommandId id : std::exchange(process.stops, {})) {
        sink_(event::StopFinished{id, process.index, process.life.survives});
    }
}

void Processes::leader_ends(Process& process, const ExitStatus& status) {
    process.leader_alive = false;
    const event::Exited exited{process.index, process.instance, process.adopted ? ExitStatus{} : status,
                               process.member_alive};
    const bool watched = process.watched;
    finish(process);
    if (watched) sink_(exited);
    answer_stops();
}

void Processes::finish(Process& process) {
    if (process.leader_alive || process.member_alive) return;
    for (const CommandId id : process.stops) answers_.push_back({id, process.index, {}});
    processes_.erase(std::string(process.instance.id));
    if (!answers_.empty()) loop_.post([this] { answer_stops(); });
}

void Processes::answer_stops() {
    for (const auto& answer : std::exchange(answers_, {})) sink_(answer);
}

}  // namespace keepwell::simulation
