// Every alternative of a record and of a fact has a line, or says by an empty one that another line covers it.
#include "cli/story.hpp"

#include <ctime>
#include <variant>

#include "cli/lengths.hpp"
#include "cli/plan_text.hpp"
#include "keepwell/model/awaited.hpp"
#include "simulation/because.hpp"
#include "simulation/place.hpp"

namespace keepwell::cli {
namespace {

using simulation::because;

std::tm local(WallTime time) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm broken_down{};
    ::localtime_r(&seconds, &broken_down);
    return broken_down;
}

std::string text_of(const std::tm& time, const char* format) {
    char text[32];
    return {text, std::strftime(text, sizeof text, format, &time)};
}

std::string clock_text(WallTime time) { return text_of(local(time), "%H:%M:%S"); }

/// A length as people say it: rounded to 10 ms, from a second on to a tenth, from ten seconds on to a second; "30m",
/// not "30m0s".
std::string spoken_length(Duration length) {
    const Duration step = length < 1s ? Duration{10ms} : length < 10s ? Duration{100ms} : Duration{1s};
    return without_zeros(to_string((length + step / 2) / step * step));
}

std::string after_colon(const std::string& detail) { return detail.empty() ? detail : ": " + one_line(detail); }

/// "pid 4711", or "container 4f1c2ab3d9e0" as Docker shortens ids.
std::string pid_text(const Instance& instance) {
    if (instance.is_process()) return "pid " + std::to_string(instance.pid);
    if (!instance.exists()) return "the instance";
    return "container " + short_id(instance.subject());
}

/// ": exit code 1". Of an instance that keepwell is no parent of the kernel does not tell.
std::string end_text(const std::string& detail) {
    if (detail == to_string(ExitStatus{ExitStatus::Kind::unknown, 0, {}})) return ", how is not known";
    return ": " + one_line(detail);
}

/// "db to be healthy", of "db: service_healthy".
std::string waited_for(const std::string& detail) {
    const std::optional<Awaited> awaited = awaited_from(detail);
    if (!awaited) return detail;
    switch (awaited->condition) {
        case DependencyCondition::service_started: return awaited->service + " to be started";
        case DependencyCondition::service_healthy: return awaited->service + " to be healthy";
        case DependencyCondition::service_completed_successfully: return awaited->service + " to complete";
    }
    return detail;
}

/// "   1m30s"; exact, and as wide as a clock.
std::string elapsed_text(Instant at) {
    const std::string text = to_string(at.time_since_epoch());
    return std::string(text.size() < 8 ? 8 - text.size() : 0, ' ') + text;
}

/// Of the ladder: what restarts for another reason has no step.
std::string step_text(std::uint32_t rung, Reason reason) {
    const bool of_ladder = reason == Reason::unhealthy || reason == Reason::remedy_failed;
    return rung == 0 || !of_ladder ? "" : " (step " + std::to_string(rung + 1) + ")";
}

/// "keepwell starts web.keepwell-new-0123", of "start web.keepwell-new-0123"; what is a sentence already stays.
std::string step_sentence(const std::string& step) {
    if (step.starts_with("start-first")) return "a new container comes up before the old one ends (" + step + ")";
    if (step.starts_with("stop-first")) return "a new container comes up once the old one has ended (" + step + ")";
    const std::string verb = step.substr(0, step.find(' '));
    for (const std::string_view known :
         {"create", "start", "stop", "restart", "remove", "rename", "pull", "give", "take", "let", "see"}) {
        if (verb == known) return "keepwell " + verb + "s" + step.substr(verb.size());
    }
    return step;
}

/// "api: asked anew", of "api: probes".
std::string change_text(const std::string& change) {
    const std::size_t colon = change.rfind(": ");
    if (colon == std::string::npos) return change;
    return change.substr(0, colon + 2) + effect_words(change.substr(colon + 2));
}

}  // namespace

/// One call operator for each alternative: the compiler says when one is missing.
struct Story::Teller {
    Story& story;
    const journal::Record& record;
    Known& known;
    const Fact* fact = nullptr;
    bool asked = false;  ///< by a person, in the fact before this one

    Line operator()(const journal::RunStarted& run) const {
        story.options_.files = run.files;
        story.known_.clear();
        return {"keepwell " + run.keepwell_version + " (pid " + std::to_string(run.pid) +
                    ") began: " + joined(run.files) + ": " + counted(run.services, "service") + ", " +
                    counted(run.targets, "target") + (run.mode == Mode::dry_run ? "; dry-run: nothing is changed" : ""),
                Colour::dim};
    }
    Line operator()(const journal::RunEnded&) const { return {"keepwell ended", Colour::dim}; }
    Line operator()(const journal::Input&) const { return {}; }
    Line operator()(const journal::Asked&) const { return {}; }
    Line operator()(const journal::State&) const { return {}; }
    Line operator()(const journal::Evidence&) const { return {}; }
    Line operator()(const journal::HostRules&) const { return {}; }
    Line operator()(const journal::ServiceRules&) const { return {}; }
    Line operator()(const journal::Probes&) const { return {}; }
    Line operator()(const journal::Noted& noted) {
        fact = &noted.fact;
        asked = std::exchange(known.asked, std::holds_alternative<fact::OperatorActed>(noted.fact.body));
        return std::visit(*this, noted.fact.body);
    }

    Line operator()(const fact::PhaseChanged& changed) const {
        switch (changed.to) {
            case Phase::waiting: return waiting(changed);
            case Phase::starting: return {};  // `running` or a failure comes at once
            case Phase::running: return running(changed);
            case Phase::stopping: return stopping(changed);
            case Phase::backoff: return backoff(changed);
            case Phase::stopped: return stopped(changed);
            case Phase::completed: return completed(changed);
        }
        return {};
    }

    Line waiting(const fact::PhaseChanged& changed) const {
        const std::string what = one_line(waited_for(changed.detail));
        if (changed.reason == Reason::no_container)
            return {"there is no such container; waiting for one", Colour::warn};
        if (changed.reason == Reason::dependency_wait) return {"waits for " + what, Colour::dim};
        if (changed.reason == Reason::dependency_failed)
            return {"cannot start: it waits in vain for " + what, Colour::bad};
        if (changed.reason == Reason::exited && !what.empty())
            return {"ended while keepwell was not there: how is not known", Colour::warn};
        return {};
    }

    Line running(const fact::PhaseChanged& changed) const {
        known.next_start_told = false;
        if (changed.reason == Reason::dry_run)
            return {"dry-run: not started; probing whatever runs there", Colour::dim};
        const std::string pid = pid_text(fact->instance);
        if (changed.reason == Reason::started_elsewhere || changed.reason == Reason::engine_restarts) {
            known.ended.clear();
            return {"started: " + pid + because(changed.reason)};
        }
        if (changed.reason == Reason::rolled_back) {
            known.ended.clear();
            known.replacing = false;
            return {"back in its place: " + pid + after_colon(changed.detail), Colour::warn};
        }
        if (changed.reason == Reason::adopted) return {"found alive: " + pid, Colour::plain};
        const std::string before = std::exchange(known.ended, {});
        const bool replacing = std::exchange(known.replacing, false);
        if (before.empty()) return {"started: " + pid};
        if (!replacing || before == pid) return {"started again: " + pid};
        return {"replaced: " + before + " is gone, " + pid + " runs"};
    }

    Line stopping(const fact::PhaseChanged&) const {
        known.ended = pid_text(fact->instance);
        known.replacing = true;
        const std::string how = story.options_.how_stopped ? story.options_.how_stopped(record.target) : std::string{};
        return {"stopping " + pid_text(fact->instance) + (how.empty() ? how : " (" + how + ")")};
    }

    Line backoff(const fact::PhaseChanged& changed) const {
        const std::string then = next_start(changed.until);
        known.next_start_told = !then.empty();
        if (changed.reason == Reason::remedy || changed.reason == Reason::operated ||
            changed.reason == Reason::dependency_healed || changed.reason == Reason::changed) {
            if (then.empty()) return {};
            return {known.ended + " is gone" + then};
        }
        if (changed.reason == Reason::start_failed || changed.reason == Reason::overdue) {
            return {one_line(changed.detail) + then, Colour::bad};
        }
        known.ended = pid_text(fact->instance);
        known.replacing = false;
        return {pid_text(fact->instance) + " ended" + end_text(changed.detail) + then, Colour::bad};
    }

    Line stopped(const fact::PhaseChanged& changed) const {
        known.ended.clear();
        if (changed.reason == Reason::shutdown) return left_at_the_end(changed);
        if (changed.reason == Reason::not_running) {
            return {"is not running" + after_colon(changed.detail) +
                        "; keepwell starts no adopted container that it did not see running",
                    Colour::warn};
        }
        if (changed.reason == Reason::operated) {
            return {"stopped, and stays so until `keepwell start " + one_line(record.target) + "`", Colour::warn};
        }
        return {"stopped" + because(changed.reason), Colour::bad};
    }

    /// Keepwell ends: what it stops was `stopping` before; containers, and what dry-run has only watched, it leaves.
    Line left_at_the_end(const fact::PhaseChanged& changed) const {
        const bool is_container = fact->instance.exists() && !fact->instance.is_process();
        if (fact->instance.exists() && (is_container || changed.from == Phase::running))
            return {"runs on: " + pid_text(fact->instance), Colour::dim};
        if (changed.from == Phase::running) return {"left as it is: keepwell has not started it", Colour::dim};
        return {"stopped", Colour::dim};
    }

    Line completed(const fact::PhaseChanged& changed) const {
        known.ended.clear();
        const bool well = changed.detail == to_string(ExitStatus{ExitStatus::Kind::code, 0, {}});
        return {"ended" + end_text(changed.detail) + "; its restart policy asks for no more",
                well ? Colour::good : Colour::bad};
    }

    std::string next_start(Instant until) const {
        if (until == never || until <= record.at) return {};
        return "; the next start is in " + spoken_length(until - record.at);
    }

    Line operator()(const fact::HealthChanged& changed) const {
        known.healthy = changed.to == Health::healthy;
        known.last_output.clear();
        switch (changed.to) {
            case Health::none:
            case Health::starting: return {};
            case Health::healthy:
                if (changed.reason == Reason::adopted) return {"healthy, as before", Colour::good};
                if (fact->incident != 0) return {};  // the end of the incident says so
                return {"healthy", Colour::good};
            case Health::unhealthy:
                if (changed.reason == Reason::adopted) return {"unhealthy, as before", Colour::bad};
                return {"unhealthy after " + counted(changed.failing_streak, "failure") + " in a row", Colour::bad};
            case Health::unknown:
                if (changed.reason == Reason::backend_lost) return {};  // told once for all of them
                return {"UNKNOWN: its probes can not be asked" + after_colon(changed.detail), Colour::bad};
        }
        return {};
    }

    Line operator()(const fact::ProbeFailed& failed) const {
        const std::string output = one_line(failed.output);
        const bool repeated = failed.failing_streak > failed.retries && output == known.last_output;
        if (repeated) return {};
        known.last_output = output;
        const std::string what = output.empty() ? output : ": " + output;
        if (failed.outcome == Outcome::error) return {"probe could not be asked" + what, Colour::warn};
        if (!failed.counted) return {"probe failed (not counted in the start period)" + what, Colour::dim};
        if (failed.failing_streak > failed.retries) return {"probe failed" + what, Colour::warn};
        return {"probe failed (" + std::to_string(failed.failing_streak) + " of " + std::to_string(failed.retries) +
                    ")" + what,
                Colour::warn};
    }

    Line operator()(const fact::RemedyDue& due) const {  // held, started or given up: the next line says which
        known.due_reason = due.reason;
        known.due_rule = fact->rule;
        return {};
    }

    Line operator()(const fact::RemedyHeld& held) const {
        const std::string what = std::string{to_string(held.would)} + step_text(held.rung, known.due_reason);
        if (held.reason == Hold::dry_run && asked) {
            return {"would " + std::string{to_string(held.would)} + because(Reason::operated), Colour::warn};
        }
        if (held.reason == Hold::dry_run) {
            const Reason why = std::exchange(known.due_reason, Reason::none);
            const Origin rule = why == Reason::none ? fact->rule : known.due_rule;
            return {"would " + what + (held.again ? " again" : "") + because(why) + story.place_of(rule), Colour::warn};
        }
        if (held.reason == Hold::backoff && known.next_start_told) return {};
        std::string text = what + " is held back: " + std::string{describe(held.reason)};
        if (!held.detail.empty()) text += " (" + one_line(held.detail) + ")";
        if (held.until != never && held.until > record.at) text += "; for " + spoken_length(held.until - record.at);
        return {text + story.place_of(fact->rule), Colour::warn};
    }

    Line operator()(const fact::RemedyStarted& started) const {
        known.due_reason = Reason::none;
        const std::string what = started.reason == Reason::changed ? "" : "healing: ";  // an update heals nothing
        return {what + std::string{to_string(started.remedy)} + step_text(started.rung, started.reason) +
                    because(started.reason) + story.place_of(fact->rule),
                Colour::warn};
    }

    Line operator()(const fact::RemedyFinished& finished) const {
        if (!finished.success) {
            return {std::string{to_string(finished.remedy)} + " failed" + after_colon(finished.detail), Colour::bad};
        }
        if (finished.remedy == Remedy::run) return {"the command of `run` succeeded; is it healed?"};
        return {};
    }

    Line operator()(const fact::RemedyVerified& verified) const {
        if (verified.success) return {};  // the end of the incident says so
        return {std::string{to_string(verified.remedy)} + " did not heal it", Colour::bad};
    }

    Line operator()(const fact::IncidentOpened&) const { return {}; }  // what opens it was just told

    Line operator()(const fact::IncidentClosed& closed) const {
        const std::string incident =
            "incident " + std::to_string(fact->incident) + " closed after " + spoken_length(closed.lasted);
        if (closed.reason != Reason::recovered) return {incident + because(closed.reason), Colour::dim};
        return {(known.healthy ? "healthy again: " : "keeps running: ") + incident, Colour::good};
    }

    Line operator()(const fact::Quarantined& quarantined) const {
        std::string text = "GIVEN UP for now after " + counted(quarantined.restarts, "restart") +
                           because(quarantined.reason) + story.place_of(fact->rule);
        if (quarantined.until != never) text += "; one try in " + spoken_length(quarantined.until - record.at);
        return {text + ", or at `keepwell reset " + one_line(record.target) + "`", Colour::bad};
    }

    Line operator()(const fact::AlertRaised& alert) const {
        if (alert.alert == "quarantined" || alert.alert == "probe_errors") return {};  // told as GIVEN UP, UNKNOWN
        return {"ALERT " + std::string{alert.alert} + after_colon(alert.detail), Colour::bad};
    }

    Line operator()(const fact::AlertResolved& alert) const {
        return {"alert " + std::string{alert.alert} + " is over" + after_colon(alert.detail), Colour::dim};
    }

    Line operator()(const fact::OperatorActed& acted) const {
        const std::string who = acted.by.empty() ? "somebody" : one_line(acted.by);
        return {who + " asks: " + std::string{to_string(acted.verb)}, Colour::strong};
    }

    Line operator()(const fact::MaintenanceChanged& changed) const {
        if (!changed.active) return {"maintenance is over", Colour::dim};
        const bool ends = changed.until != never && changed.until > record.at;
        return {"maintenance: nothing is healed" + (ends ? " for " + spoken_length(changed.until - record.at) : ""),
                Colour::dim};
    }

    Line operator()(const fact::StepTaken& step) const { return {one_line(step_sentence(step.step)), Colour::dim}; }

    Line operator()(const fact::BackendChanged& changed) const {
        if (!changed.lost) return {"the container engine answers" + after_colon(changed.detail), Colour::plain};
        return {"CONTAINER ENGINE LOST: nothing is known of any container, and nothing is done" +
                    after_colon(changed.detail),
                Colour::bad};
    }

    Line operator()(const fact::Membership& membership) const {
        if (!membership.joined) return {"gone: it is a target no more", Colour::dim};
        return {"is a target now" + after_colon(membership.entry), Colour::dim};
    }

    Line operator()(const fact::UpdateChanged& changed) const {
        const std::string name = one_line(changed.service);
        switch (changed.step) {
            case fact::UpdateChanged::Step::started: return {"update of " + name + ": its entry has changed"};
            case fact::UpdateChanged::Step::completed: return {"update of " + name + " is complete", Colour::good};
            case fact::UpdateChanged::Step::paused:
                return {"UPDATE of " + name + " paused" + after_colon(changed.detail) + story.place_of(fact->rule),
                        Colour::bad};
            case fact::UpdateChanged::Step::rollback_started:
                return {
                    "UPDATE of " + name + " is taken back" + after_colon(changed.detail) + story.place_of(fact->rule),
                    Colour::bad};
            case fact::UpdateChanged::Step::rollback_completed:
                return {"update of " + name + " is taken back: all is as it was before"};
        }
        return {};
    }

    Line operator()(const fact::OrphanChanged& orphan) const {
        const std::string name = one_line(orphan.name);
        if (orphan.held) return {name + " is wanted no more" + after_colon(orphan.detail), Colour::warn};
        return {name + " was wanted no more, and is removed"};
    }

    Line operator()(const fact::PolicyReloaded& reloaded) const {
        const std::string who = reloaded.by.empty() ? "" : " (asked by " + one_line(reloaded.by) + ")";
        if (reloaded.changes.empty() && reloaded.version == reloaded.from_version) {
            return {"policy read again: nothing has changed" + who, Colour::dim};
        }
        std::string all;
        for (const std::string& change : reloaded.changes)
            all += (all.empty() ? "" : ", ") + one_line(change_text(change));
        return {"POLICY RELOADED: " + (all.empty() ? "settings of the host" : all) + who, Colour::strong};
    }

    Line operator()(const fact::Unexpected& unexpected) const {
        return {"unexpected" + after_colon(unexpected.detail) + "; nothing was changed. Please report this bug",
                Colour::bad};
    }
};

/// " (policy.yaml:14)"
std::string Story::place_of(const Origin& rule) const {
    const std::string place = simulation::place_of(rule, options_.files);
    return place.empty() ? place : " (" + one_line(place) + ")";
}

Story::Line Story::line_of(const journal::Record& record) {
    return std::visit(Teller{*this, record, known_[record.target]}, record.body);
}

/// A line of its own when another day has begun.
std::string Story::date_of(const journal::Record& record) {
    const std::string day = text_of(local(record.time), "%Y-%m-%d");
    const bool tell = day_.empty() ? options_.dates : day != day_;
    day_ = day;
    return tell ? paint("-- " + day + " --", Colour::dim, options_.colours) + "\n" : std::string{};
}

std::string Story::tell(const journal::Record& record) {
    const Line line = line_of(record);
    if (line.text.empty()) return {};
    std::string name = record.target.empty() ? record.service : record.target;
    if (name.empty()) name = "keepwell";
    name = one_line(name);
    options_.name_width = std::max(options_.name_width, name.size());
    const std::string date = options_.elapsed ? std::string{} : date_of(record);
    const std::string when = options_.elapsed ? elapsed_text(record.at) : clock_text(record.time);
    const std::string time = paint(when, Colour::dim, options_.colours);
    name.append(options_.name_width - name.size(), ' ');
    return date + time + " " + name + "  " + paint(line.text, line.colour, options_.colours) + "\n";
}

}  // namespace keepwell::cli
