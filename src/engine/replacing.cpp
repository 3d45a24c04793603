// Replacing a container: a new one beside or instead of the old one, which is kept until the new one has proven itself.
// The steps themselves are the container port's; here is when to take them, and what a failure or a crash of keepwell
// in between leads to. docs/replace.md draws it.
// Source of the semantic: swarmkit manager/orchestrator/update/updater.go; the rollback is ours.
#include <utility>

#include "engine/core.hpp"

namespace keepwell::engine {
namespace {

/// An adapter has so long beyond the grace to create, swap and start; an image may have to be pulled.
constexpr Duration replace_patience = 10min;
/// And so long beyond the grace to remove one of the two.
constexpr Duration settle_patience = 2min;

}  // namespace

bool Engine::Impl::in_command(const Target& target) {
    return target.start_id || target.container.replace_id || target.container.settle_id;
}

/// Begins a replacement: by what the policy says now, by what an update had replaced, or a copy of what runs.
void Engine::Impl::replace(TargetIndex index, Reason reason, ReplaceOrder order, command::MadeFrom from) {
    Target& target = targets_[index];
    decisions_.commands.push_back(command::KeepEvidence{index, target.incident});
    await_nothing(index);
    target.last_start = now_;
    target.container.previous_made_of = target.made_of;
    if (from == command::MadeFrom::entry) target.made_of = made_of_now(index);
    if (from == command::MadeFrom::previous) target.made_of.clear();
    target.container.previous = target.instance;
    target.container.previous_started_at = target.health.started_at;
    target.container.new_one_ended.clear();
    target.container.replacing = Replacing::swapping;
    target.container.replace_id = new_id();
    target.command_overdue = later(now_, grace(index) + replace_patience);
    set_phase(index, Phase::starting, reason);
    decisions_.commands.push_back(
        command::Replace{target.container.replace_id, index, target.instance, grace(index), order, from});
}

void Engine::Impl::on(const event::ReplaceFinished& event) {
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (!was_issued(event.id))
        return unexpected(event.target, "the completion of a replacement that was not asked for");
    if (event.id != target.container.replace_id) return;  // late: it is being undone
    target.container.replace_id = 0;
    guard_commands(event.target);
    if (event.instance.exists()) {
        replaced(event.target, event.instance);
    } else {
        replacing_failed(event.target, event.survivor, event.failure);
    }
    wake(event.target);
}

void Engine::Impl::replaced(TargetIndex index, const Instance& instance) {
    Target& target = targets_[index];
    target.instance = instance;
    target.container.replacing = Replacing::proving;
    target.container.renewed_by_replace = true;
    began_to_run(index, Reason::started);
    if (target.phase != Phase::running) return;
    const bool update = target.updating;
    if (!check_of(index)) {
        target.proven_at = later(now_, update ? spec(index).update.monitor : proving_time(spec(index).restart));
    } else if (!target.by_ladder) {
        target.verify_until = later(now_, verify_time(index));
    }
}

/// It could not be made, and all is as it was before.
void Engine::Impl::replacing_failed(TargetIndex index, const Instance& survivor, const std::string& why) {
    Target& target = targets_[index];
    target.container.replacing = Replacing::none;
    note(index, fact::RemedyFinished{Remedy::replace, target.rung, false, why}, rung_origin(index));
    back_in_place(index, survivor, why);
}

/// The old container is what there is. What comes next is for those who wanted the replacement.
void Engine::Impl::back_in_place(TargetIndex index, const Instance& survivor, const std::string& failure) {
    Target& target = targets_[index];
    const std::string why = failure.empty() ? target.container.new_one_ended : failure;
    const bool lived_on = survivor == std::exchange(target.container.previous, {});
    const bool update = std::exchange(target.updating, false);
    target.made_of = std::exchange(target.container.previous_made_of, {});
    if (!survivor.exists()) {
        target.instance = {};
        target.last_exit = {ExitStatus::Kind::exec_failed, 127, why};
        target.has_exited = true;
        if (update) update_failed(index, why);
        return ended_by_itself(index, Reason::start_failed);
    }
    target.instance = survivor;
    target.container.frozen = target.container.engine_is_restarting = false;
    set_phase(index, Phase::running, Reason::rolled_back, why);
    target.health.started_at = lived_on ? target.container.previous_started_at : now_;
    begin_probing(index, target.health.started_at);
    await_proof(index);
    if (target.final_stop) {
        end_remediation(index);
        return begin_stop(index, why_stopped(index), grace(index));
    }
    if (update) return update_failed(index, why);
    if (target.half_open) {
        set_remediation(index, Remediation::due);
        return quarantine(index, Reason::remedy_failed);
    }
    if (!target.by_ladder) return end_remediation(index);
    const bool last = target.rung + 1 >= spec(index).on_unhealthy.size();
    if (last) return verify(index);  // not repeated without a pause
    next_rung(index, Reason::remedy_failed);
}

/// The new one ended before it had proven itself.
void Engine::Impl::replacement_ended(TargetIndex index, const std::string& how) {
    Target& target = targets_[index];
    open_incident(index, Reason::exited, how);
    target.container.new_one_ended = how;
    const bool by_another = target.remediation == Remediation::acting && target.remedy != Remedy::replace;
    if (by_another) {
        note(index, fact::RemedyFinished{target.remedy, target.rung, false, how}, rung_origin(index));
    } else if (target.remediation == Remediation::acting || target.remediation == Remediation::verifying) {
        note(index, fact::RemedyVerified{Remedy::replace, target.rung, false}, rung_origin(index));
    }
    roll_back(index, Reason::exited);
}

// ---- proven, or not -------------------------------------------------------------------------------------------------

/// The new one is well. An update watches it a little longer first (Swarm's monitor).
void Engine::Impl::replacement_is_well(TargetIndex index) {
    Target& target = targets_[index];
    const bool watched = target.updating && spec(index).update.monitor > 0s && check_of(index);
    if (watched && target.verify_until != never) {
        target.verify_until = never;
        target.proven_at = later(now_, spec(index).update.monitor);
    }
    if (watched && target.proven_at != never) return;
    commit(index);
}

void Engine::Impl::commit(TargetIndex index) {
    Target& target = targets_[index];
    // What it is made of is known only if it was made from an entry, which may have changed again meanwhile.
    ContainerState& container = target.container;
    const bool is_of_now = target.made_of == made_of_now(index);
    if (is_of_now) container.update_given_up = false;
    if (!target.made_of.empty()) container.outdated = !is_of_now && !container.update_given_up;
    if (std::exchange(target.updating, false)) update_done(index);
    settle_replacement(index, Replacing::committing);
}

/// Neither a remedy that did not help nor an exit leaves anything worse than before: the old one comes back.
void Engine::Impl::roll_back(TargetIndex index, Reason reason) {
    Target& target = targets_[index];
    end_probing(index);
    if (target.remediation == Remediation::held) end_remediation(index);  // what is due was for the one that goes
    drop_hold(index);
    target.proven_at = target.verify_until = never;
    set_phase(index, Phase::stopping, reason);
    settle_replacement(index, Replacing::rolling_back);
}

void Engine::Impl::settle_replacement(TargetIndex index, Replacing how) {
    Target& target = targets_[index];
    ContainerState& container = target.container;
    container.replacing = how;
    container.settle_id = new_id();
    target.command_overdue = later(now_, grace(index) + settle_patience);
    mark(index);
    // Before the new one was told of, the target's instance is the old one.
    const Instance newer = target.instance == container.previous ? Instance{} : target.instance;
    decisions_.commands.push_back(command::Settle{container.settle_id, index, newer, container.previous,
                                                  how == Replacing::committing, grace(index)});
}

void Engine::Impl::on(const event::SettleFinished& event) {
    if (!known(event.target)) return;
    Target& target = targets_[event.target];
    if (!was_issued(event.id)) return unexpected(event.target, "the end of a replacement that was not asked for");
    if (event.id != target.container.settle_id) return;  // late: it was asked for again
    target.container.settle_id = 0;
    guard_commands(event.target);
    if (!event.failure.empty()) raise(event.target, "leftover", event.failure, spec(event.target).origin);
    const Replacing how = std::exchange(target.container.replacing, Replacing::none);
    mark(event.target);
    if (how == Replacing::rolling_back) {
        back_in_place(event.target, event.instance, event.failure);
        return wake(event.target);
    }
    target.container.previous = {};
    if (event.instance.exists()) committed(event.target, event.instance);
    wake(event.target);
}

/// What a commit of an earlier keepwell had left open may be running only now.
void Engine::Impl::committed(TargetIndex index, const Instance& instance) {
    Target& target = targets_[index];
    if (target.phase != Phase::starting) {
        if (target.phase == Phase::running) target.instance = instance;
        return;
    }
    target.instance = instance;
    began_to_run(index, Reason::adopted);
}

}  // namespace keepwell::engine
