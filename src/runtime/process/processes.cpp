// The real end of the ProcessPort. May know: Linux, Children, the loop.
#include "runtime/process/processes.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

namespace keepwell::runtime {
namespace {

constexpr Duration patience_after_kill = 5s;    // then what still lives is named
constexpr Duration pause_between_tries = 50ms;  // when something can not be watched for lack of descriptors

// Unlike any before it, on this boot and any other.
std::string beginning_of_mark(const std::string& owner) {
    std::array<unsigned char, 12> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) < 0) return owner;
    std::string mark = owner;
    for (const auto byte : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        mark += {digits[byte / 16], digits[byte % 16]};
    }
    return mark + "-";
}

std::string describe(const std::vector<ProcessStat>& processes) {
    std::string text;
    for (const auto& process : processes) {
        if (!text.empty()) text += ", ";
        text += "pid " + std::to_string(process.pid) + " (" + process.name + ")";
    }
    return text;
}

pid_t pid_in(const Instance& instance) {
    pid_t pid = 0;
    std::from_chars(instance.id.data(), instance.id.data() + instance.id.size(), pid);
    return pid;
}

}  // namespace

// How the end of an instance goes on.
struct Processes::Ending {
    explicit Ending(Loop& loop) : timer(loop) {}

    std::vector<CommandId> ids;  // stops to be answered
    int signal = SIGTERM;
    bool group_signalled = false;
    bool killing = false;
    Instant next = never;       // SIGKILL is due, or when killing: patience ends
    Instant try_again = never;  // something could not be watched
    Timer timer;
    std::map<pid_t, std::unique_ptr<Readable>> pursued;  // pidfds of leftovers, watched once the leader is gone
};

// One instance, until nothing of it is alive.
struct Processes::Life {
    TargetIndex target = no_target;
    Instance instance;
    Family family;
    std::string output_path;
    std::unique_ptr<Readable> leader;  // its pidfd; null when it is gone
    std::unique_ptr<Ending> ending;
};

Processes::Processes(Loop& loop, Children& children, CommandRunner& commands, OutputFiles& output,
                     const std::string& state_folder, supervisor::EventSink sink,
                     std::function<void(const std::string&)> notice)
    : loop_(loop),
      children_(children),
      commands_(commands),
      output_(output),
      owner_(owner_of(state_folder)),
      sink_(std::move(sink)),
      notice_(std::move(notice)),
      alive_(std::make_shared<bool>(true)) {}

Processes::~Processes() {
    for (const auto& [id, life] : lives_) {
        if (life->leader) children_.forget(life->family.leader);
    }
}

// ---- start ------------------------------------------------------------------------------------------------------

void Processes::start(CommandId id, TargetIndex index, const TargetSpec& target) {
    auto output = output_.open(target);
    if (!output) notice_(target.name + ": " + output.error() + "; what it prints is lost");
    const auto beginning = beginning_of_mark(owner_);
    auto launched = children_.start({target.process.command,
                                     target.process,
                                     {{target_variable, target.name}, {mark_variable, beginning}},
                                     output ? output->get() : -1,
                                     true});
    if (!launched) return deliver(event::StartFinished{id, index, {}, launched.error().text});
    const auto leader = read_stat(launched->pid);
    if (!leader) {  // a process without an identity is no use
        const int error = errno;
        signal_group(launched->pid, SIGKILL);
        children_.forget(launched->pid);
        return deliver(event::StartFinished{id, index, {}, std::string{"cannot read /proc: "} + std::strerror(error)});
    }
    const auto instance = instance_of(*leader);
    Family family{leader->pid, mark_of(beginning, leader->pid), true, {{leader->pid, leader->start_ticks}}};
    watch_leader(begin_life(index, target, std::move(family), instance), std::move(launched->pidfd));
    deliver(event::StartFinished{id, index, instance, {}});
}

Processes::Life& Processes::begin_life(TargetIndex index, const TargetSpec& target, Family family,
                                       const Instance& instance) {
    auto& life = lives_[instance.id];
    life = std::make_unique<Life>();
    life->target = index;
    life->instance = instance;
    life->family = std::move(family);
    life->output_path = output_.path_of(target);
    output_.writer_began(target);
    return *life;
}

void Processes::watch_leader(Life& life, Descriptor pidfd) {
    life.leader = std::make_unique<Readable>(loop_, std::move(pidfd));
    life.leader->wait([this, &life] { leader_ended(life); });
}

void Processes::leader_ended(Life& life) {
    const auto status = children_.reap(life.family.leader, life.leader->fd());
    if (!status) return life.leader->wait([this, &life] { leader_ended(life); });
    life.leader.reset();
    const bool remains = has_leftovers(life.family, children_);
    deliver(event::Exited{life.target, life.instance, *status, remains});
    if (life.ending) return pursue(life);
    if (!remains) end_life(life);
}

void Processes::end_life(Life& life) {
    output_.writer_ended(life.output_path);
    lives_.erase(life.instance.id);
}

// ---- adopt ------------------------------------------------------------------------------------------------------

bool Processes::adopt(TargetIndex index, const TargetSpec& target, const Instance& instance) {
    const auto leader = read_stat(pid_in(instance));
    if (!leader || leader->dead() || instance_of(*leader) != instance) return adopt_leftovers(index, target, instance);
    auto pidfd = open_process(*leader);
    if (!pidfd.valid()) return false;
    children_.expect(leader->pid);  // an orphan of an earlier keepwell may have come to us
    const std::string mark = environment_of(leader->pid, mark_variable);
    Family family{leader->pid, mark, false, {{leader->pid, leader->start_ticks}}};
    watch_leader(begin_life(index, target, std::move(family), instance), std::move(pidfd));
    return true;
}

bool Processes::adopt_leftovers(TargetIndex index, const TargetSpec& target, const Instance& instance) {
    const pid_t group = pid_in(instance);
    // A number that is a group's is not given to a process; if another one has it, the group is not the one we started.
    const auto leader = group > 0 ? read_stat(group) : std::nullopt;
    const bool not_reaped_yet = leader && leader->dead() && instance_of(*leader) == instance;
    if (group <= 0 || (leader && !not_reaped_yet)) return false;
    const auto lives = lives_of(owner_);
    const auto life = std::ranges::find(lives, group, [](const MarkedLife& one) { return one.leader.pid; });
    if (life == lives.end()) return false;
    begin_life(index, target, {group, life->mark, false}, instance);
    deliver(event::Exited{index, instance, {}, true});
    return true;
}

std::vector<Processes::Started> Processes::started_before(const std::vector<Instance>& known) {
    std::vector<Started> started;
    for (const MarkedLife& life : lives_of(owner_)) {
        const auto is_its = [&](const Instance& one) {
            return one == life.leader || (!life.led && one.pid == life.leader.pid);
        };
        if (std::ranges::none_of(known, is_its)) started.push_back({life.target, life.leader});
    }
    return started;
}

// ---- stop -------------------------------------------------------------------------------------------------------

void Processes::stop(CommandId id, TargetIndex index, const Instance& instance, int signal, Duration grace) {
    const auto found = lives_.find(instance.id);
    if (found == lives_.end()) return deliver(event::StopFinished{id, index, {}});
    auto& life = *found->second;
    const bool first = !life.ending;
    if (first) life.ending = std::make_unique<Ending>(loop_);
    auto& ending = *life.ending;
    ending.ids.push_back(id);
    if (!ending.killing) ending.next = std::min(ending.next, later(loop_.now(), grace));
    if (first)
        begin_ending(life, signal, grace <= Duration{0});
    else
        arm(life);
}

void Processes::begin_ending(Life& life, int signal, bool at_once) {
    auto& ending = *life.ending;
    ending.signal = signal;
    if (life.leader) see_descendants(life.family);  // while they have their parents
    if (at_once) return time_is_up(life);
    arm(life);
    if (!life.leader) return pursue(life);
    // A leader that is dead already but not reaped yet still holds the group's number.
    if (!life.family.started_here && !signal_process(life.leader->fd(), 0)) return;
    signal_group(life.family.leader, signal);
    ending.group_signalled = true;
}

// The leader is gone: waits for whatever else there is, and ends when there is nothing.
void Processes::pursue(Life& life) {
    auto& ending = *life.ending;
    if (!ending.pursued.empty()) return;
    ending.try_again = never;
    const auto leftovers =
        has_leftovers(life.family, children_) ? leftovers_of(life.family) : std::vector<ProcessStat>();
    if (leftovers.empty()) return finish_ending(life, {});
    const auto in_group = [&](const ProcessStat& process) { return process.group == life.family.leader; };
    if ((ending.killing || !ending.group_signalled) && std::ranges::any_of(leftovers, in_group)) {
        signal_group(life.family.leader, ending.killing ? SIGKILL : ending.signal);
        ending.group_signalled = true;
    }
    for (const auto& leftover : leftovers) pursue(life, leftover);
    if (ending.pursued.empty()) ending.try_again = later(loop_.now(), pause_between_tries);
    arm(life);
}

bool Processes::pursue(Life& life, const ProcessStat& leftover) {
    auto& ending = *life.ending;
    auto pidfd = open_process(leftover);
    if (!pidfd.valid()) return false;
    const bool told_with_group = getpgid(leftover.pid) == life.family.leader;  // it may have left since it was read
    if (ending.killing)
        signal_process(pidfd.get(), SIGKILL);
    else if (!told_with_group)
        signal_process(pidfd.get(), ending.signal);
    auto& watch = ending.pursued[leftover.pid];
    watch = std::make_unique<Readable>(loop_, std::move(pidfd));
    watch->wait([this, &life, pid = leftover.pid] {
        life.ending->pursued.erase(pid);
        pursue(life);
    });
    return true;
}

// Kills what is known to be alive; what else there is, is found and killed when the leader is gone.
void Processes::kill_all(Life& life) {
    if (life.leader && (life.family.started_here || signal_process(life.leader->fd(), 0))) {
        signal_group(life.family.leader, SIGKILL);
    }
    for (const auto& [pid, watch] : life.ending->pursued) signal_process(watch->fd(), SIGKILL);
}

void Processes::arm(Life& life) {
    auto& ending = *life.ending;
    ending.timer.arm(std::min(ending.next, ending.try_again), [this, &life] { time_is_up(life); });
}

void Processes::time_is_up(Life& life) {
    auto& ending = *life.ending;
    const auto now = loop_.now();
    if (now < ending.next) return pursue(life);
    if (ending.killing) {
        auto alive = leftovers_of(life.family);
        const auto leader = life.leader ? read_stat(life.family.leader) : std::nullopt;
        if (leader && !leader->dead()) alive.insert(alive.begin(), *leader);
        return finish_ending(life, describe(alive));
    }
    ending.killing = true;
    ending.next = later(now, patience_after_kill);
    kill_all(life);
    arm(life);
    if (!life.leader) pursue(life);
}

void Processes::finish_ending(Life& life, const std::string& survivors) {
    const auto ending = std::move(life.ending);
    for (const auto id : ending->ids) deliver(event::StopFinished{id, life.target, survivors});
    if (survivors.empty() && !life.leader) end_life(life);
}

// ---- the rest ---------------------------------------------------------------------------------------------------

void Processes::run_hook(CommandId id, TargetIndex index, const TargetSpec& target,
                         const std::vector<std::string>& command, Duration timeout) {
    const auto done = [this, id, index, alive = std::weak_ptr(alive_)](CommandResult result) {
        if (alive.expired()) return;
        if (result.timed_out) result.output = "did not end within its timeout\n" + result.output;
        sink_(event::HookFinished{id, index, std::move(result.status), std::move(result.output)});
    };
    commands_.run(command, target.process, timeout, done, {{target_variable, target.name}});
}

void Processes::deliver(Event event) {
    loop_.post([this, alive = std::weak_ptr(alive_), event = std::move(event)]() mutable {
        if (!alive.expired()) sink_(std::move(event));
    });
}

}  // namespace keepwell::runtime
