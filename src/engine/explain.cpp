// Sentences for people about the state of one target. It reads the engine and decides nothing.
#include "keepwell/engine/explain.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/core.hpp"
#include "keepwell/engine/restart.hpp"
#include "keepwell/model/awaited.hpp"

namespace keepwell::engine {
namespace {

/// Without the line end that most commands print last.
std::string_view trimmed(std::string_view text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

/// "ended: exit code 1", "ended unseen", "could not be executed: no such file"
std::string ended_text(const ExitStatus& status) {
    const bool seen = status.kind == ExitStatus::Kind::code || status.kind == ExitStatus::Kind::signal;
    return (seen ? "ended: " : "") + to_string(status);
}

std::string counted(std::uint32_t count, std::string_view thing) {
    return std::to_string(count) + " " + std::string{thing} + (count == 1 ? "" : "s");
}

/// As `status` rounds it: up to a second; what is closer than that is exact.
std::string remaining(Instant at, Instant now) {
    const Duration left = std::max<Duration>(at - now, 0s);
    if (left >= 1s) return to_string(std::chrono::ceil<std::chrono::seconds>(left));
    return to_string(std::chrono::ceil<std::chrono::milliseconds>(left));
}

/// "db is healthy", of "db: service_healthy".
std::string condition_text(const std::string& detail) {
    const std::optional<Awaited> awaited = awaited_from(detail);
    if (!awaited) return detail;
    switch (awaited->condition) {
        case DependencyCondition::service_started: return awaited->service + " is started";
        case DependencyCondition::service_healthy: return awaited->service + " is healthy";
        case DependencyCondition::service_completed_successfully: return awaited->service + " has completed";
    }
    return detail;
}

/// "Its restart", at the beginning of a sentence.
std::string_view its(Remedy remedy) {
    switch (remedy) {
        case Remedy::start: return "Its start";
        case Remedy::restart: return "Its restart";
        case Remedy::replace: return "Its replacement";
        case Remedy::run: return "The command of its `run`";
        case Remedy::stop: return "Its stop";
        case Remedy::notify: return "Its alert";
    }
    return "?";
}

/// " to heal it", ", because a person asked for it".
std::string purpose(Reason reason) {
    if (reason == Reason::none) return {};
    if (reason == Reason::remedy) return " to heal it";
    return ", because " + std::string{describe(reason)};
}

/// It is shown as unknown, though neither its probes nor a status that is not renewed make it so.
bool engine_is_lost(const Target& target, const ServiceSpec& service, bool is_container) {
    if (!is_container || target.shown_health != Health::unknown || target.container.stale) return false;
    return !service.healthcheck || target.health.status(*service.healthcheck) != Health::unknown;
}

bool is_left(Reason reason) {
    return reason == Reason::remedy || reason == Reason::operated || reason == Reason::dependency_healed ||
           reason == Reason::changed;
}

class Explainer {
  public:
    Explainer(const Engine& engine, TargetIndex index, Instant now)
        : engine_{engine},
          index_{index},
          target_{engine.target(index)},
          service_{engine.service_of(index)},
          is_container_{is_container(engine.policy().targets[index])},
          now_{now} {}

    std::vector<Sentence> all() && {
        state();
        seen();
        done();
        held();
        next();
        return std::move(sentences_);
    }

  private:
    void say(std::string topic, std::string text, Origin rule = {}) {
        sentences_.push_back({std::move(topic), std::move(text), rule, false});
    }

    /// It rests on a rule of the policy, or on the default where that is not written.
    void say_by(const Origin& rule, std::string topic, std::string text) {
        sentences_.push_back({std::move(topic), std::move(text), rule, !rule.written()});
    }

    /// One sentence for its phase, with the instance, its health and why it is so.
    std::string life() const {
        switch (target_.phase) {
            case Phase::waiting: return waiting();
            case Phase::starting: return "It is being started" + purpose(target_.phase_reason);
            case Phase::running: return running();
            case Phase::stopping: return "It is being stopped" + subject(" (", ")") + purpose(target_.phase_reason);
            case Phase::backoff: return "It does not run (backoff): " + ended();
            case Phase::stopped: return "It is stopped" + why(": ");
            case Phase::completed: return "It has ended and is not started again (completed)" + why(": ");
        }
        return {};
    }

    std::string waiting() const {
        const Reason reason = target_.phase_reason;
        if (reason == Reason::dependency_wait) return "It waits until " + condition_text(target_.phase_detail);
        if (reason == Reason::dependency_failed)
            return "It can not start: it waits in vain until " + condition_text(target_.phase_detail);
        return "It waits to be started" + why(": ");
    }

    std::string running() const {
        const bool taken = target_.taken_as_started;
        std::string text = taken ? "It is taken as started (dry-run: keepwell has not started it)" : "It runs";
        text += subject(" as ", "") + health();
        const bool is_news = target_.phase_reason != Reason::started && target_.phase_reason != Reason::dry_run;
        return is_news ? text + why("; ") : text;
    }

    std::string health() const {
        switch (target_.shown_health) {
            case Health::none: return {};
            case Health::starting: return " and is not proven healthy yet (starting)";
            case Health::healthy: return " and is healthy";
            case Health::unhealthy: return " and is unhealthy";
            case Health::unknown: return " and can not be asked how it is (unknown)";
        }
        return {};
    }

    std::string ended() const {
        if (is_left(target_.phase_reason)) return "it was stopped" + purpose(target_.phase_reason);
        return why("");
    }

    /// "pid 4711" or "container 4f1c2ab3d9e0" with what stands around it; nothing where nothing lives.
    std::string subject(std::string_view before, std::string_view after) const {
        std::string name;
        if (target_.instance.is_process()) name = "pid " + std::to_string(target_.instance.pid);
        if (is_container_ && target_.instance.exists()) name = "container " + short_id(target_.instance.subject());
        return name.empty() ? name : std::string{before} + name + std::string{after};
    }

    /// ": it ended by itself (exit code 1)"
    std::string why(std::string_view before) const {
        std::string text{describe(target_.phase_reason)};
        if (!text.empty()) text.insert(0, before);
        if (!target_.phase_detail.empty()) text += " (" + target_.phase_detail + ")";
        return text;
    }

    void state() {
        say("state", life() + ".", service_.origin);
        if (engine_is_lost(target_, service_, is_container_))
            say("state", "The container engine does not answer: nothing is known of it, and nothing is done about it.");
        if (target_.paused)
            say("state",
                "It is paused: it is watched, and nothing is done about it until `keepwell resume " + name() + "`.");
        if (target_.container.frozen)
            say("state",
                "A person has paused its container: it is asked nothing, and nothing is done about it until it is "
                "unpaused.");
        if (is_container_) masters();
        if (engine_.dry_run(index_))
            say("state", "It is in dry-run: what is decided is shown and not done.", service_.origin);
        if (target_.operator_stopped && target_.phase == Phase::running)
            say("state", "A person has stopped everything: it ends after those that depend on it.");
        if (target_.leaving)
            say("state", "Its entry is gone from the policy: it ends after those that depend on it and go as well.");
        const std::string& made_of_now = engine_.policy().targets[index_].version;
        const bool older = !target_.made_of.empty() && target_.made_of != made_of_now;
        if (!is_container_ && target_.instance.exists() && older)
            say("state", "It was made from an older version of its entry.", service_.origin);
    }

    /// Who starts it again, and what of a replacement is open.
    void masters() {
        if (target_.container.engine_restarts) {
            const bool ours_too = service_.restart.origin.written();
            say("state",
                std::string{"Its container has a restart policy of its own: after an exit the container engine starts "
                            "it again, not keepwell"} +
                    (ours_too ? ", which goes on by deploy.restart_policy when the engine gives up." : "."),
                service_.restart.origin);
        }
        if (target_.container.outdated)
            say("state", "It was made from an older version of its entry.", service_.origin);
        switch (target_.container.replacing) {
            case Replacing::none: return;
            case Replacing::swapping: return say("done", "A container that replaces it is being made.");
            case Replacing::proving:
                return say("done", "It replaces container " + short_id(target_.container.previous.subject()) +
                                       ", which is kept until this one has proven itself.");
            case Replacing::committing:
                return say("done",
                           "Container " + short_id(target_.container.previous.subject()) + " is being removed.");
            case Replacing::rolling_back:
                return say("done",
                           "Container " + short_id(target_.container.previous.subject()) + " is being put back.");
        }
    }

    /// The check that says how it is, in words; null with a sentence where there is none.
    const Healthcheck* check() {
        const Healthcheck* const asked = check_of(service_, target_);
        if (service_.healthcheck) return asked;
        if (!is_container_) {
            say("seen", "It has no healthcheck: only its exit is seen.");
        } else if (asked) {
            say("seen", "The policy has no healthcheck for it: the status that the container engine keeps counts.",
                service_.origin);
        } else {
            say("seen", "Neither the policy nor its container has a healthcheck: only its exit is seen.",
                service_.origin);
        }
        return asked;
    }

    void seen() {
        if (target_.has_exited) say("seen", "Its last instance " + ended_text(target_.last_exit) + ".");
        const Healthcheck* asked = check();
        if (!asked) return;
        if (const ProbeResult* last = target_.health.log.last()) {
            std::string text =
                "Its last probe " +
                std::string{last->outcome == Outcome::error ? "could not be asked" : to_string(last->outcome)};
            const std::string_view output = trimmed(last->output);
            if (last->outcome != Outcome::passed && !output.empty()) text += ": " + std::string{output};
            say("seen", text + ".", asked->origin);
        } else {
            say("seen", "It was not probed yet.", asked->origin);
        }
        if (target_.health.failing_streak > 0) {
            say("seen",
                counted(target_.health.failing_streak, "probe") + " failed in a row; " +
                    std::to_string(asked->retries) + (asked->retries == 1 ? " makes" : " make") + " it unhealthy.",
                asked->origin);
        }
    }

    void done() {
        if (target_.incident) {
            say("done", "Incident " + std::to_string(target_.incident) +
                            " is open: " + std::string{describe(target_.incident_reason)} + ".");
        }
        if (target_.restarts > 0) say_by(service_.restart.origin, "done", restarts() + ".");
        ladder();
        switch (target_.remediation) {
            case Remediation::idle:
            case Remediation::due:
            case Remediation::held: return;
            case Remediation::acting:
                return say_of_remedy(" is under way, because " + std::string{describe(target_.remedy_reason)} + ".");
            case Remediation::verifying: return say_of_remedy(" was done, and is not yet proven to have helped.");
            case Remediation::quarantined:
                return say_by(service_.quarantine.origin, "done",
                              "It is quarantined: nothing is done about it until the next try, or `keepwell reset " +
                                  name() + "`.");
        }
    }

    /// They are counted when they are decided: the last one may be still to come.
    bool restart_is_to_come() const {
        const bool counts = target_.cause == StartCause::exited || target_.cause == StartCause::remedy ||
                            target_.cause == StartCause::dependency;
        if (!counts || target_.final_stop || target_.remediation == Remediation::quarantined) return false;
        return target_.phase == Phase::stopping || target_.phase == Phase::backoff || target_.phase == Phase::starting;
    }

    std::string restarts() const {
        std::string text = restart_is_to_come()
                               ? "Restart " + std::to_string(target_.restarts) + " is to come"
                               : "It was restarted" + in_dry_run(", or would have been but for dry-run,") + " " +
                                     counted(target_.restarts, "time");
        if (service_.restart.max_attempts > 0) {
            text += "; " + std::to_string(attempts_used(service_.restart, target_.history, now_)) + " of " +
                    std::to_string(service_.restart.max_attempts) + " attempts are used";
        }
        return text;
    }

    /// What its ladder has no answer to.
    void ladder() {
        constexpr const char* until = "nothing more is done until it recovers or a person acts.";
        if (target_.ladder_ended)
            return say("done",
                       std::string{"Its on_unhealthy has ended with `notify`: the alert is raised, and "} + until,
                       service_.on_unhealthy.back().origin);
        if (target_.shown_health == Health::unhealthy && service_.on_unhealthy.empty())
            say("done", std::string{"Its on_unhealthy has no remedy: that is reported, and "} + until,
                service_.ladder_origin.written() ? service_.ladder_origin : service_.restart.origin);
    }

    /// What is done or was done, with the rule that asks for it: a rung, the restart policy, or `depends_on`.
    void say_of_remedy(const std::string& what) {
        const std::string text = std::string{its(target_.remedy)} + what;
        const auto& ladder = service_.on_unhealthy;
        if (target_.by_ladder && target_.rung < ladder.size()) return say_by(ladder[target_.rung].origin, "done", text);
        if (target_.remedy_reason == Reason::dependency_healed) return say("done", text, dependency_origin(service_));
        if (target_.remedy_reason == Reason::operated) return say("done", text);
        say_by(service_.restart.origin, "done", text);
    }

    std::string in_dry_run(std::string text) const { return engine_.dry_run(index_) ? text : std::string{}; }

    const std::string& name() const { return engine_.policy().targets[index_].name; }

    void held() {
        if (!engine_.memory(index_).gave_up.empty()) {
            say("held",
                "The update of its service is paused: an instance of its new entry failed. Another change of the "
                "entry, or `keepwell reset " +
                    service_.name + "`, tries it again.",
                service_.update.origin);
        }
        if (!target_.hold.active) return;
        const Hold reason = target_.hold.reason;
        std::string text = std::string{its(target_.hold.would)} + " is held (" + std::string{to_string(reason)} +
                           "): " + (reason == Hold::backoff ? backoff() : std::string{describe(reason)});
        if (!target_.hold.detail.empty()) text += " (" + target_.hold.detail + ")";
        if (reason == Hold::backoff) return say_by(target_.hold.rule, "held", text + ".");
        say("held", text + ".", target_.hold.rule);
    }

    /// The time that has to pass before its next restart, in words.
    std::string backoff() const {
        const bool dead = target_.phase == Phase::backoff;  // else that of the restart that is not counted yet
        const Duration wait = restart_wait(service_.restart, target_.in_a_row + (dead ? 0 : 1));
        if (wait < least_start_distance) return "it was started less than " + to_string(least_start_distance) + " ago";
        const bool grown = wait > service_.restart.delay;
        return std::string{"its delay"} + (grown ? ", grown to " + to_string(wait) + "," : " of " + to_string(wait)) +
               " has not passed";
    }

    void next() {
        const NextStep step = next_step(engine_, index_);
        const bool dead = target_.phase == Phase::stopped || target_.phase == Phase::completed;
        if (step.what.empty() && dead && !engine_.shutting_down())
            return say("next", "Nothing is due until `keepwell start " + name() + "`.");
        if (step.what.empty()) return say("next", "Nothing is due.");
        const std::string what = in_dry_run(would(step.what));
        const std::string when = step.at == never ? std::string{} : " in " + remaining(step.at, now_);
        say("next", "Next: " + (what.empty() ? step.what : what) + when + ".");
    }

    /// What dry-run will hold, as `status` says it; empty for what is done in dry-run as well.
    std::string would(const std::string& what) const {
        if (target_.hold.active && target_.hold.reason != Hold::dry_run) return "would " + what;
        if (what != "start") return {};
        return target_.phase == Phase::backoff ? "would restart" : "would start";
    }

    const Engine& engine_;
    TargetIndex index_;
    const Target& target_;
    const ServiceSpec& service_;
    bool is_container_;
    Instant now_;
    std::vector<Sentence> sentences_;
};

std::string when_open(Hold reason) {
    switch (reason) {
        case Hold::backend: return "when the container engine answers";
        case Hold::paused: return "when it is resumed";
        case Hold::maintenance: return "when the maintenance window ends";
        case Hold::dependency: return "when its dependency is well";
        case Hold::storm: return "when fewer targets are unhealthy, or at `keepwell resume --all`";
        case Hold::parallel: return "when another remedy is done";
        case Hold::budget:
        case Hold::backoff: return "";
        case Hold::dry_run: return "never, in dry-run";
    }
    return "";
}

}  // namespace

NextStep next_step(const Engine& engine, TargetIndex index) {
    const Target& target = engine.target(index);
    if (target.remediation == Remediation::quarantined) return {"one try out of quarantine", target.retry_at};
    if (target.hold.active && target.hold.reason != Hold::dry_run) {
        const std::string open = when_open(target.hold.reason);
        return {std::string{to_string(target.hold.would)} + (open.empty() ? "" : " " + open), target.hold.until};
    }
    if (engine_is_lost(target, engine.service_of(index), is_container(engine.policy().targets[index])))
        return {"seen again when the container engine answers", never};
    if (target.start_at != never) return {"start", target.start_at};
    if (target.phase == Phase::stopping) return {"its end", never};
    if (target.phase == Phase::waiting && target.phase_reason == Reason::dependency_wait) {
        return {"start when " + condition_text(target.phase_detail), never};
    }
    if (target.probe_id) return {"the answer to a probe", never};
    if (target.probe_at != never && (target.verify_until == never || target.probe_at <= target.verify_until)) {
        return {"probe", target.probe_at};
    }
    if (target.verify_until != never) return {"the next remedy, unless it is healthy by then", target.verify_until};
    if (target.proven_at != never) return {"proven good", target.proven_at};
    return {};
}

std::vector<Sentence> explain(const Engine& engine, TargetIndex target, Instant now) {
    return Explainer{engine, target, now}.all();
}

}  // namespace keepwell::engine
