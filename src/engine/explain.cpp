// Sentences for people about the state of one target. It reads the engine and decides nothing.
#include "keepwell/engine/explain.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "keepwell/engine/restart.hpp"

namespace keepwell::engine {
namespace {

std::string quoted_count(std::uint32_t count, std::string_view thing) {
    return std::to_string(count) + " " + std::string{thing} + (count == 1 ? "" : "s");
}

std::string remaining(Instant at, Instant now) {
    const Duration left = std::max<Duration>(at - now, 0s);
    return to_string(std::chrono::duration_cast<Duration>(std::chrono::ceil<std::chrono::milliseconds>(left)));
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
        sentences_.push_back({std::move(topic), std::move(text), rule});
    }

    void state() {
        std::string text = "It is " + std::string{to_string(target_.phase)};
        if (target_.taken_as_started) text += " (dry-run: keepwell has not started it)";
        if (target_.instance.pid) text += " as pid " + std::to_string(target_.instance.pid);
        if (is_container_ && target_.instance.exists()) text += " as container " + short_id(target_.instance);
        if (target_.shown_health != Health::none) text += " and " + std::string{to_string(target_.shown_health)};
        const std::string_view why = describe(target_.phase_reason);
        if (!why.empty()) text += ": " + std::string{why};
        if (!target_.phase_detail.empty()) text += " (" + target_.phase_detail + ")";
        say("state", text + ".", service_.origin);
        if (target_.paused) say("state", "It is paused: it is watched, and nothing is done about it.");
        if (target_.container.frozen)
            say("state", "A person has paused its container: it is asked nothing, and nothing is done about it.");
        if (is_container_) masters();
        if (engine_.dry_run(index_))
            say("state", "It is in dry-run: what is decided is shown and not done.", service_.origin);
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
                return say("done", "It replaces container " + short_id(target_.container.previous) +
                                       ", which is kept until this one has proven itself.");
            case Replacing::committing:
                return say("done", "Container " + short_id(target_.container.previous) + " is being removed.");
            case Replacing::rolling_back:
                return say("done", "Container " + short_id(target_.container.previous) + " is being put back.");
        }
    }

    static std::string short_id(const Instance& instance) {
        constexpr std::size_t length = 12;  // as Docker shortens ids
        return std::string{instance.subject().substr(0, length)};
    }

    /// The check that says how it is, in words; null with a sentence where there is none.
    const Healthcheck* check() {
        if (service_.healthcheck) return &*service_.healthcheck;
        if (!is_container_) {
            say("seen", "It has no healthcheck: only its exit is seen.");
            return nullptr;
        }
        const auto& engines = target_.container.healthcheck;
        if (service_.engine_health && engines) {
            say("seen", "The policy has no healthcheck for it: the status that the container engine keeps counts.",
                service_.origin);
            return &*engines;
        }
        say("seen", "Neither the policy nor its container has a healthcheck: only its exit is seen.", service_.origin);
        return nullptr;
    }

    void seen() {
        if (target_.has_exited) say("seen", "Its last instance ended: " + to_string(target_.last_exit) + ".");
        const Healthcheck* asked = check();
        if (!asked) return;
        if (const ProbeResult* last = target_.health.log.last()) {
            std::string text =
                "Its last probe " +
                std::string{last->outcome == Outcome::error ? "could not be asked" : to_string(last->outcome)};
            if (last->outcome != Outcome::passed && !last->output.empty()) text += ": " + last->output;
            say("seen", text + ".", asked->origin);
        } else {
            say("seen", "It was not probed yet.", asked->origin);
        }
        if (target_.health.failing_streak > 0) {
            say("seen",
                quoted_count(target_.health.failing_streak, "probe") + " failed in a row; " +
                    std::to_string(asked->retries) + " make it unhealthy.",
                asked->origin);
        }
    }

    void done() {
        if (target_.incident) {
            say("done", "Incident " + std::to_string(target_.incident) +
                            " is open: " + std::string{describe(target_.incident_reason)} + ".");
        }
        if (target_.restarts > 0) {
            std::string text = "It was restarted " + quoted_count(target_.restarts, "time");
            if (service_.restart.max_attempts > 0) {
                text += "; " + std::to_string(attempts_used(service_.restart, target_.history, now_)) + " of " +
                        std::to_string(service_.restart.max_attempts) + " attempts are used";
            }
            say("done", text + ".", service_.restart.origin);
        }
        switch (target_.remediation) {
            case Remediation::idle:
            case Remediation::due:
            case Remediation::held: return;
            case Remediation::acting:
                return say("done",
                           std::string{to_string(target_.remedy)} +
                               " is under way: " + std::string{describe(target_.remedy_reason)} + ".",
                           rung_origin(service_, target_));
            case Remediation::verifying:
                return say("done",
                           std::string{to_string(target_.remedy)} + " was done, and is not yet proven to have helped.",
                           rung_origin(service_, target_));
            case Remediation::quarantined:
                return say("done",
                           "It is quarantined: nothing is done about it until the next try, or `keepwell reset`.",
                           service_.quarantine.origin);
        }
    }

    void held() {
        if (!engine_.memory(index_).gave_up.empty()) {
            say("held",
                "The update of its service is paused: an instance of its new entry failed. Another change of the "
                "entry, "
                "or `keepwell reset " +
                    service_.name + "`, tries it again.",
                service_.update.origin);
        }
        if (!target_.hold.active) return;
        std::string text = std::string{to_string(target_.hold.would)} + " is held (" +
                           std::string{to_string(target_.hold.reason)} +
                           "): " + std::string{describe(target_.hold.reason)};
        if (!target_.hold.detail.empty()) text += " (" + target_.hold.detail + ")";
        say("held", text + ".", target_.hold.rule);
    }

    void next() {
        const NextStep step = next_step(engine_, index_);
        if (step.what.empty()) return say("next", "Nothing is due.");
        if (step.at == never) return say("next", "Next: " + step.what + ".");
        say("next", "Next: " + step.what + " in " + remaining(step.at, now_) + ".");
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
        case Hold::storm: return "when fewer targets are unhealthy";
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
    if (target.start_at != never) return {"start", target.start_at};
    if (target.phase == Phase::stopping) return {"its end", never};
    if (target.phase == Phase::waiting && target.phase_reason == Reason::dependency_wait) {
        return {"start when " + target.phase_detail, never};
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
