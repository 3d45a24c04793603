// Records are met in groups: an event, then what was decided by it. A decision without an event before it was taken
// when keepwell looked at its timers.
#include "simulation/replay/follower.hpp"

#include <algorithm>
#include <utility>

#include "journal/codec.hpp"
#include "journal/probes.hpp"

namespace keepwell::simulation {
namespace {

/// A loop under load looks at its timers so late, at most: what is due longer ago was decided without a word.
constexpr Duration lateness = 5s;
/// The same where an event comes next: what had been decided with words would stand before it, or came with it.
constexpr Duration lateness_before_event = 250ms;

bool is_of_probes(const std::variant<Fact, Command>& decided) {
    const auto* command = std::get_if<Command>(&decided);
    return command && keepwell::is_of_probes(*command);
}

void set_id(Command& command, CommandId id) {
    std::visit(
        [id](auto& one) {
            if constexpr (requires { one.id = id; }) one.id = id;
        },
        command);
}

/// Nothing is wrong, and one more pass changes nothing (engine/probing.cpp, take_result).
bool at_rest(const engine::Target& target) {
    return target.shown_health == Health::healthy && target.remediation == Remediation::idle && target.incident == 0;
}

}  // namespace

Follower::Follower(Policy policy, FollowerOptions options)
    : engine_{std::move(policy), engine::EngineOptions{options.last_incident}}, options_{options} {}

void Follower::take(const journal::Record& record) {
    struct Take {
        Follower& self;
        const journal::Record& record;

        void operator()(const journal::RunStarted&) const {}
        void operator()(const journal::RunEnded&) const { self.finish_group(); }
        void operator()(const journal::Input& input) const { self.take_input(record, input); }
        void operator()(const journal::Asked&) const { self.take_decision(record); }
        void operator()(const journal::Noted&) const { self.take_decision(record); }
        void operator()(const journal::State&) const {}     // it follows from the decisions
        void operator()(const journal::Evidence&) const {}  // it is for people
        void operator()(const journal::HostRules&) const {}
        void operator()(const journal::ServiceRules&) const {}
        void operator()(const journal::Probes& probes) const { self.take_probes(record, probes); }
    };
    if (record.at > stop_at_) return;
    std::visit(Take{*this, record}, record.body);
}

void Follower::finish() {
    leave_group();  // the rest of it may be what a crash has cost
    if (stop_at_ != never) fill_until(stop_at_, lateness);
}

// ---- what happened ------------------------------------------------------------------------------------------------

void Follower::take_input(const journal::Record& record, const journal::Input& input) {
    finish_group();
    fill_until(record.at, lateness_before_event);
    Event event = input.event;
    if (!place(record, event)) {
        ++strangers_;
        return;
    }
    begin_group(record, std::string{journal::type_name(record)});
    set_id(event, record.at);
    if (const auto* answer = std::get_if<event::ProbeFinished>(&event)) {
        open_.erase(answer->target);
        if (!difference_) ++probes_;
    }
    handle(event, record.at);
}

void Follower::take_probes(const journal::Record& record, const journal::Probes& probes) {
    finish_group();
    const auto entries = journal::unpack(probes, record.at);
    if (!entries) {
        ++strangers_;
        return;
    }
    for (const journal::ProbeEntry& entry : *entries) {
        if (entry.at > stop_at_) return;
        begin_group(record, entry.target.empty() ? "a look at the timers" : "a probe's answer");
        Event event = event::Tick{};
        if (!entry.target.empty()) {
            const auto target = find_target(entry.target);
            const CommandId id = target ? engine_.target(*target).probe_id : 0;
            if (id == 0) return differ(record, entry.target, "an answer to a probe", "no probe had been asked");
            event = event::ProbeFinished{id, *target, entry.outcome, entry.exit_code, entry.output};
            if (!difference_) ++probes_;
        }
        handle(event, entry.at);
        const std::uint64_t asked = asked_in_group();
        if (asked != entry.asked) {
            differ(record, entry.target, std::to_string(entry.asked) + " probes asked",
                   std::to_string(asked) + " probes asked");
        }
        finish_group();
    }
}

std::uint64_t Follower::asked_in_group() const {
    return static_cast<std::uint64_t>(std::count_if(group_.begin(), group_.end(), [](const Decided& one) {
        const auto* command = std::get_if<Command>(&one);
        return command && std::holds_alternative<command::RunProbe>(*command);
    }));
}

void Follower::handle(const Event& event, Instant at) {
    if (!difference_) ++events_;
    if (options_.recorder) options_.recorder->happens(event, at, engine_);
    const engine::Decisions& decisions = engine_.handle(event, at);
    group_.insert(group_.end(), decisions.facts.begin(), decisions.facts.end());
    for (const Command& command : decisions.commands) {
        group_.push_back(command);
        if (options_.recorder) options_.recorder->asked(command, at, engine_);
        last_id_ = std::max(last_id_, id_of(command));
        if (const auto* probe = std::get_if<command::RunProbe>(&command)) {
            open_[probe->target] = at;
            guessed_ = guessed_ || !options_.probes_are_kept;
        }
        if (const auto* cancel = std::get_if<command::CancelProbe>(&command)) open_.erase(cancel->target);
    }
}

// ---- what was decided ---------------------------------------------------------------------------------------------

void Follower::take_decision(const journal::Record& record) {
    const auto* asked = std::get_if<journal::Asked>(&record.body);
    const bool of_probes = asked && is_of_probes(asked->command);  // not kept any more: they show in their answers
    const bool goes_on = in_group_ && record.at == group_at_;
    if (!goes_on || (!of_probes && !front())) {
        finish_group();
        fill_until(record.at, lateness);
        begin_group(record, "a look at the timers");
        handle(event::Tick{}, record.at);
    }
    if (of_probes) return;
    const Decided* next = front();
    if (!next) return differ(record, record.target, journal::event_json(record), {});
    compare(record, *next);
    group_.pop_front();
}

/// What is to be met next, without the probes that were asked for.
const Follower::Decided* Follower::front() {
    while (!group_.empty() && is_of_probes(group_.front())) group_.pop_front();
    return group_.empty() ? nullptr : &group_.front();
}

void Follower::compare(const journal::Record& record, Decided decided) {
    if (!difference_) ++decisions_;
    const auto* asked = std::get_if<journal::Asked>(&record.body);
    auto* command = std::get_if<Command>(&decided);
    if (asked && command) {
        const CommandId recorded = id_of(asked->command);
        ids_[recorded] = id_of(*command);
        simulation::set_id(*command, recorded);
    }
    const journal::Record then = comparable(record);
    const journal::Record today = comparable(record_of(record, std::move(decided)));
    if (journal::encode(then) == journal::encode(today)) return;
    differ(record, record.target, journal::event_json(then), journal::event_json(today));
}

/// Without what can not be the same.
journal::Record Follower::comparable(journal::Record record) const {
    auto* noted = std::get_if<journal::Noted>(&record.body);
    if (noted && !options_.lines_are_known) noted->fact.rule = {};
    return record;
}

/// As the journal would have it, in the place of `like`.
journal::Record Follower::record_of(const journal::Record& like, Decided decided) const {
    journal::Record record{like.seq, like.at, like.time, {}, {}, journal::RunEnded{}};
    TargetIndex target = no_target;
    if (auto* fact = std::get_if<Fact>(&decided)) {
        target = fact->target;
        record.body = journal::Noted{std::move(*fact)};
    } else {
        auto& command = std::get<Command>(decided);
        target = std::visit([](const auto& one) { return one.target; }, command);
        record.body = journal::Asked{std::move(command)};
    }
    if (target == no_target) return record;
    record.target = engine_.policy().targets[target].name;
    record.service = engine_.service_of(target).name;
    return record;
}

void Follower::begin_group(const journal::Record& record, std::string cause) {
    in_group_ = true;
    group_at_ = record.at;
    last_ = journal::Record{record.seq, record.at, record.time, {}, {}, journal::RunEnded{}};
    cause_ = std::move(cause);
    if (!record.target.empty()) cause_ += " of " + record.target;
    cause_ += " (record " + std::to_string(record.seq) + ")";
}

void Follower::finish_group() {
    if (const Decided* more = front()) {
        const journal::Record today = record_of(last_, *more);
        differ(last_, today.target, {}, journal::event_json(today));
    }
    leave_group();
}

void Follower::leave_group() {
    group_.clear();
    in_group_ = false;
}

void Follower::differ(const journal::Record& record, std::string target, std::string expected, std::string actual) {
    if (difference_) return;
    difference_ = Difference{record.seq,        record.time, std::move(target), std::move(expected),
                             std::move(actual), cause_,      !guessed_};
}

// ---- names and ids ------------------------------------------------------------------------------------------------

std::optional<TargetIndex> Follower::find_target(const std::string& name) const {
    if (const auto present = engine_.find(name)) return present;
    const auto& all = engine_.policy().targets;  // one that has left may still be told of
    const auto found = std::find_if(all.begin(), all.end(), [&](const TargetSpec& one) { return one.name == name; });
    if (found == all.end()) return std::nullopt;
    return static_cast<TargetIndex>(found - all.begin());
}

std::optional<ServiceIndex> Follower::find_service(const std::string& name) const {
    return service_called(engine_.policy(), name);
}

/// Puts today's indices into the event, by the record's names. False: the policy has no such target or service.
bool Follower::place(const journal::Record& record, Event& event) const {
    if (auto* joined = std::get_if<event::TargetJoined>(&event)) {
        const bool own_service = joined->service != nullptr;
        const auto service = find_service(record.service);
        if (!joined->spec || (!own_service && !service)) return false;
        TargetSpec spec = *joined->spec;
        spec.service = service.value_or(0);
        joined->spec = std::make_shared<const TargetSpec>(std::move(spec));
        joined->target = engine_.next_index(own_service);
        return true;
    }
    if (auto* maintenance = std::get_if<event::Maintenance>(&event)) {
        const auto service = find_service(record.service);
        if (service) maintenance->service = *service;
        return service.has_value();
    }
    if (record.target.empty()) return true;
    const auto target = find_target(record.target);
    if (!target) return false;
    std::visit(
        [&](auto& one) {
            if constexpr (requires { one.target = *target; }) one.target = *target;
        },
        event);
    return true;
}

void Follower::set_id(Event& event, Instant at) {
    const auto today = [this](CommandId recorded) {
        const auto found = ids_.find(recorded);
        return found == ids_.end() ? recorded : found->second;
    };
    if (auto* answer = std::get_if<event::ProbeFinished>(&event)) {
        if (options_.probes_are_kept) return;  // every id is the recorded one
        // It was asked at the latest now.
        const engine::Target& target = engine_.target(answer->target);
        if (target.probe_id == 0 && target.probe_at <= at) handle(event::Tick{}, at);
        const CommandId awaited = target.probe_id;
        answer->id = awaited ? awaited : std::max<CommandId>(last_id_, 1);  // else it came too late: without effect
        return;
    }
    std::visit(
        [&](auto& one) {
            if constexpr (requires { one.id = CommandId{}; }) one.id = today(one.id);
        },
        event);
}

// ---- probes that were not kept ------------------------------------------------------------------------------------

void Follower::fill_until(Instant at, Duration patience) {
    if (options_.probes_are_kept) return;
    answer_open_probes(at);
    while (engine_.next_deadline() < at) {
        const Instant due = engine_.next_deadline();
        if (!only_probes_are_due(due) && at - due < patience) return;  // its own record comes
        in_group_ = true;
        guessed_ = true;
        group_at_ = due;
        cause_ = "a look at the timers (before record " + std::to_string(last_.seq + 1) + ")";
        handle(event::Tick{}, due);
        finish_group();
        answer_open_probes(at);
    }
}

void Follower::answer_open_probes(Instant until) {
    const auto open = open_;
    for (const auto& [target, asked] : open) {
        const CommandId id = engine_.target(target).probe_id;
        if (id == 0 || !must_have_passed(target, asked, until)) continue;
        open_.erase(target);
        if (!difference_) ++assumed_;
        handle(event::ProbeFinished{id, target, Outcome::passed, 0, {}}, asked);
        finish_group();
    }
}

/// What failed is in the journal: a probe of which nothing is said there has passed.
bool Follower::must_have_passed(TargetIndex index, Instant asked, Instant until) const {
    const engine::Target& target = engine_.target(index);
    const auto& check = engine_.service_of(index).healthcheck;
    const KeptAnswer* next =
        options_.answers ? options_.answers->from(options_.run, engine_.policy().targets[index].name, asked) : nullptr;
    if (!check) return false;
    const Instant next_at = next ? next->at : until;
    if (!at_rest(target)) return next_at > later(asked, check->interval + check->timeout);
    if (!next) return true;
    const std::uint32_t streak = target.health.failing_streak;
    if (next->streak_before && streak > 0) return *next->streak_before != streak;  // only a pass ends a streak
    if (next->at < later(asked, check->interval)) return false;                    // there was no time for another one
    return !next->timed_out || next->at - check->timeout > later(asked, check->interval / 2);
}

bool Follower::only_probes_are_due(Instant at) const {
    return std::none_of(engine_.targets().begin(), engine_.targets().end(), [at](const engine::Target& one) {
        return std::min({one.probe_overdue, one.command_overdue, one.start_at, one.verify_until, one.retry_at,
                         one.proven_at, one.hold_until}) <= at;
    });
}

}  // namespace keepwell::simulation
