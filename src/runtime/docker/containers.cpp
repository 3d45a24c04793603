// The real end of the ContainerPort.
#include "runtime/docker/containers.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

/// A life of which nothing is known but its name.
Seen phantom(const Instance& instance) {
    Seen seen;
    seen.view.id = std::string{instance.subject()};
    const std::size_t at = instance.id.find('@');
    if (at != std::string::npos) seen.view.started_text = instance.id.substr(at + 1);
    seen.view.started_at = engine_time(seen.view.started_text);
    seen.view.status = ContainerStatus::running;
    return seen;
}

}  // namespace

Containers::Containers(Loop& loop, EngineAddress address, supervisor::EventSink sink, Options options)
    : loop_(loop),
      sink_(std::move(sink)),
      labels_(static_cast<bool>(options.bindings.read_labels)),
      api_(loop, std::move(address)),
      bindings_(loop, sink_, wire(options.bindings)),
      watcher_(
          loop, api_, options.watcher,
          [this](const ListedContainer& container) { return bindings_.is_interesting(container); }, listener()),
      asker_(loop, api_, options.asker),
      neighbours_(asker_),
      predecessors_(options.predecessors, [this](const std::string& line) { place_.log(line); }),
      place_{loop, asker_, neighbours_, successions_, predecessors_, nullptr, {}, {}, {}, {}, {}, options.drain} {
    place_.container_of = [this](TargetIndex index) {
        const Seen* seen = bindings_.container_of(index);
        return seen ? seen->view.id : std::string{};
    };
    place_.target_of = [this](std::string_view id) { return bindings_.target_of(id); };
    place_.why_left_alone = [this](const ContainerView& view) { return bindings_.why_left_alone(view); };
    place_.engine_now = [this] { return watcher_.engine_now(); };
    place_.log = options.bindings.log ? options.bindings.log : [](const std::string&) {};
}

Containers::~Containers() { *alive_ = false; }

// ---- wiring -------------------------------------------------------------------------------------------------------

Bindings::Options Containers::wire(Bindings::Options options) {
    options.engine_now = [this] { return watcher_.engine_now(); };
    options.refresh = [this](const std::string& id, std::function<void(const Seen*)> done) {
        watcher_.refresh(id, std::move(done));
    };
    return options;
}

Watcher::Listener Containers::listener() {
    return {[this](const std::string& detail) { bindings_.lost(detail); },
            [this](const std::string& detail) { found(detail); },
            [this](const Seen& now, const Seen* before) { bindings_.seen(now, before); },
            [this](const Seen& last) { bindings_.gone(last); }};
}

void Containers::found(const std::string& detail) {
    asker_.engine_is_back();
    bindings_.found(detail);
}

void Containers::watch(Watch watch) {
    place_.policy = watch.policy;
    const auto& targets = watch.policy->targets;
    const bool wanted = labels_ || !watch.policy->templates.empty() ||
                        std::any_of(targets.begin(), targets.end(), [](const auto& one) { return is_container(one); });
    bindings_.watch(std::move(watch));
    if (wanted) begin_watching();
}

/// The engine is asked for nothing before there is a container to keep.
void Containers::begin_watching() {
    if (!std::exchange(watching_, true)) watcher_.start();
}

// Told later: the supervisor is executing what the policy's change has led to.
void Containers::look(TargetIndex index) {
    begin_watching();
    loop_.post([this, index, alive = alive_] {
        if (!*alive) return;
        bindings_.enter(index);
        watcher_.look_again([this, index, alive] {
            if (*alive) bindings_.tell_again(index);
        });
    });
}

void Containers::release(TargetIndex index) {
    bindings_.release(index);
    loop_.post([this, index, alive = alive_] {
        if (*alive) bindings_.forget(index);
    });
}

std::function<void(const std::string&)> Containers::teller(TargetIndex index) {
    return [this, index](const std::string& step) { sink_(event::StepTaken{index, step}); };
}

// ---- one command after the other ----------------------------------------------------------------------------------

void Containers::queue(TargetIndex index, Begin begin) {
    Line& line = lines_[index];
    bindings_.begin_command(index);
    line.waiting.push_back(std::move(begin));
    if (line.running) line.running->give_up();
    if (!line.running) call_next(index);
}

void Containers::call_next(TargetIndex index) {
    if (std::exchange(lines_[index].called, true)) return;
    loop_.post([this, index, alive = alive_] {
        if (*alive) begin_next(index);
    });
}

void Containers::begin_next(TargetIndex index) {
    Line& line = lines_[index];
    line.called = false;
    if (line.running || line.waiting.empty()) return;
    line.begun = std::move(line.waiting.front());
    line.waiting.pop_front();
    line.running = line.begun();
    if (!line.waiting.empty()) line.running->give_up();
}

// It is still on the stack.
void Containers::retire(TargetIndex index) {
    Line& line = lines_[index];
    loop_.post([ended = std::move(line.running), begun = std::move(line.begun)] {});
    line.running.reset();
    line.begun = nullptr;
    if (!line.waiting.empty()) return call_next(index);
    if (!line.called) lines_.erase(index);
}

Seen Containers::seen_of(const Look& look) const {
    const Seen* known = watcher_.find(look.view.id);
    Seen seen = known ? *known : Seen{};
    seen.view = look.view;
    return seen;
}

void Containers::conclude(TargetIndex index, Event completion, const Look& look, bool lives) {
    retire(index);
    const Seen truth = seen_of(look);
    Seen told = truth;
    const bool has_died = lives && look.exists && !look.view.lives();
    if (has_died) told.view.status = ContainerStatus::running;
    // What lives although the completion says otherwise is found anew.
    const bool surprise = !lives && look.view.lives();
    bindings_.end_command(index, look.exists && !surprise ? &told : nullptr);
    sink_(std::move(completion));
    if (has_died) bindings_.seen(truth, &told);
}

// ---- start, stop, restart -----------------------------------------------------------------------------------------

void Containers::start(CommandId id, TargetIndex index, const TargetSpec& target) {
    queue(index, [this, id, index, target = std::make_shared<const TargetSpec>(target)] {
        auto operation = std::make_shared<StartOperation>(place_, *target, container_to_ask(place_, index, *target, {}),
                                                          teller(index));
        operation->begin([this, id, index](const Look& look, const std::string& failure) {
            const Instance instance = failure.empty() ? look.life() : Instance{};
            conclude(index, event::StartFinished{id, index, instance, failure}, look, instance.exists());
        });
        return operation;
    });
}

void Containers::stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                      Duration grace) {
    const std::string container = container_to_ask(place_, index, target, instance.subject());
    const auto earlier = lines_[index].stop;
    if (earlier && earlier->container() == container) return earlier->join(id, grace);
    const auto stop = std::make_shared<StopOperation>(place_, id, container, grace);
    lines_[index].stop = stop;
    queue(index, [this, index, stop] {
        stop->begin([this, index, &mine = *stop](const Look& look, const std::string& survivors) {
            stopped(index, mine, look, survivors);
        });
        return stop;
    });
}

void Containers::stopped(TargetIndex index, StopOperation& stop, const Look& look, const std::string& survivors) {
    const auto ids = stop.ids();
    if (lines_[index].stop.get() == &stop) lines_[index].stop.reset();
    conclude(index, event::StopFinished{ids.front(), index, survivors}, look, look.view.lives());
    for (std::size_t i = 1; i < ids.size(); ++i) sink_(event::StopFinished{ids[i], index, survivors});
}

void Containers::restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                         Duration grace) {
    Instance life = instance;
    if (!life.exists()) life.id = container_to_ask(place_, index, target, {});
    queue(index, [this, id, index, life, grace] {
        auto operation = std::make_shared<RestartOperation>(place_, life, grace, teller(index));
        operation->begin([this, id, index](const Look& look, const std::string& failure) {
            const Instance now = failure.empty() ? look.life() : Instance{};
            conclude(index, event::StartFinished{id, index, now, failure}, look, now.exists());
        });
        return operation;
    });
}

// ---- replace ------------------------------------------------------------------------------------------------------

void Containers::replace(const command::Replace& command, const TargetSpec& target) {
    queue(command.target, [this, command, target = std::make_shared<const TargetSpec>(target)] {
        Replacing::Wanted wanted;
        wanted.target = target.get();
        wanted.container = container_to_ask(place_, command.target, *target, command.instance.subject());
        wanted.grace = command.grace;
        wanted.order = command.order;
        wanted.made_from = command.made_from;
        auto operation = std::make_shared<Replacing>(place_, std::move(wanted), teller(command.target));
        operation->begin([this, command](const Replacing::Result& result) { replaced(command, result); });
        return operation;
    });
}

void Containers::replaced(const command::Replace& command, const Replacing::Result& result) {
    event::ReplaceFinished event{command.id, command.target, {}, {}, result.failure};
    const bool made = result.failure.empty();
    if (made) event.instance = result.newer.life();
    if (!made && result.survivor.up()) event.survivor = result.survivor.life();
    const bool lives = made || event.survivor.exists();
    conclude(command.target, std::move(event), made ? result.newer : result.survivor, lives);
}

void Containers::settle(const command::Settle& command, const TargetSpec& target) {
    queue(command.target, [this, command, target = std::make_shared<const TargetSpec>(target)] {
        // One of the two may be all that is known; its name says the rest.
        const auto known = command.previous.exists() ? command.previous.subject() : command.instance.subject();
        const std::string ask = container_to_ask(place_, command.target, *target, known);
        auto operation = std::make_shared<SettleOperation>(
            place_,
            SettleOperation::Wanted{command.commit, ask, container_name(*target),
                                    std::string{command.previous.subject()}, std::string{command.instance.subject()},
                                    command.grace, target.get()},
            teller(command.target));
        operation->begin([this, command](const Settling::Result& result) { settled(command, result); });
        return operation;
    });
}

void Containers::settled(const command::Settle& command, const Settling::Result& result) {
    const bool keeps_newer = command.commit ? result.newer.exists : !result.older.exists;
    const Look& kept = keeps_newer ? result.newer : result.older;
    event::SettleFinished event{command.id, command.target, kept.up() ? kept.life() : Instance{}, result.failure};
    // Until it is told otherwise, the engine takes the one that was committed for alive.
    if (command.commit && keeps_newer) return conclude(command.target, std::move(event), kept, true);
    const bool lives = event.instance.exists();
    if (!command.commit || lives || !command.instance.exists()) {
        return conclude(command.target, std::move(event), kept, lives);
    }
    // The one that was to stay is gone.
    retire(command.target);
    const Seen ended = phantom(command.instance);
    bindings_.end_command(command.target, &ended);
    sink_(std::move(event));
    bindings_.gone(ended);
}

// ---- the rest -----------------------------------------------------------------------------------------------------

void Containers::discard(CommandId id, const Instance& instance, Duration grace) {
    loop_.post([this, id, container = std::string{instance.subject()}, grace, alive = alive_] {
        if (!*alive) return;
        auto& operation = discards_[id];
        operation = std::make_unique<DiscardOperation>(place_, container, grace);
        operation->begin([this, id](const std::string& failure) {
            auto ended = discards_.extract(id);
            loop_.post([keep = std::shared_ptr<DiscardOperation>(std::move(ended.mapped()))] {});
            sink_(event::DiscardFinished{id, failure});
        });
    });
}

void Containers::evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                          std::function<void(Evidence)> done) {
    const std::string id = instance.exists() ? std::string{instance.subject()} : container_name(target);
    evidence_.push_back(std::make_unique<EvidenceOperation>(loop_, asker_.engine(), id, bytes));
    const auto mine = std::prev(evidence_.end());
    (*mine)->begin([this, mine, done = std::move(done)](Evidence found) {
        loop_.post([keep = std::shared_ptr<EvidenceOperation>(std::move(*mine))] {});
        evidence_.erase(mine);
        done(std::move(found));
    });
}

}  // namespace keepwell::runtime::docker
