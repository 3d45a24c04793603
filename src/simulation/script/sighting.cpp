// The words for what can be seen, and which fact begins it.
#include "simulation/script/sighting.hpp"

namespace keepwell::simulation {
namespace {

struct Words {
    std::string operator()(Phase phase) const { return std::string{keepwell::to_string(phase)}; }
    std::string operator()(Health health) const { return std::string{keepwell::to_string(health)}; }
    std::string operator()(Remediation state) const { return std::string{keepwell::to_string(state)}; }
    std::string operator()(const Held& held) const {
        return held.reason ? "held " + std::string{keepwell::to_string(*held.reason)} : "held";
    }
    std::string operator()(const InIncident&) const { return "incident"; }
    std::string operator()(const Alerted& alerted) const {
        return alerted.name.empty() ? "alert" : "alert " + alerted.name;
    }
    std::string operator()(const Ended&) const { return "exit"; }
    std::string operator()(const Asked& asked) const { return std::string{keepwell::to_string(asked.verb)}; }
    std::string operator()(const EngineSeen& seen) const { return seen.lost ? "engine lost" : "engine found"; }
    std::string operator()(const Done& done) const { return std::string{keepwell::to_string(done.remedy)}; }
    std::string operator()(const Nothing&) const { return "nothing"; }
};

/// A person may ask for what a rung does, too.
bool asks_for(event::Verb verb, Remedy remedy) {
    switch (verb) {
        case event::Verb::start: return remedy == Remedy::start;
        case event::Verb::stop: return remedy == Remedy::stop;
        case event::Verb::restart: return remedy == Remedy::restart;
        case event::Verb::replace: return remedy == Remedy::replace;
        case event::Verb::pause:
        case event::Verb::resume:
        case event::Verb::reset: return false;
    }
    return false;
}

struct Begins {
    const Fact& fact;

    template <typename Body>
    const Body* as() const {
        return std::get_if<Body>(&fact.body);
    }
    bool operator()(Phase phase) const {
        const auto* changed = as<fact::PhaseChanged>();
        return changed && changed->to == phase;
    }
    bool operator()(Health health) const {
        const auto* changed = as<fact::HealthChanged>();
        return changed && changed->to == health;
    }
    bool operator()(Remediation state) const {
        switch (state) {
            case Remediation::idle: return as<fact::IncidentClosed>();
            case Remediation::due: return as<fact::RemedyDue>();
            case Remediation::held: return as<fact::RemedyHeld>();
            case Remediation::acting: return as<fact::RemedyStarted>();
            case Remediation::verifying: return as<fact::RemedyFinished>();
            case Remediation::quarantined: return as<fact::Quarantined>();
        }
        return false;
    }
    bool operator()(const Held& held) const {
        const auto* one = as<fact::RemedyHeld>();
        return one && (!held.reason || one->reason == *held.reason);
    }
    bool operator()(const InIncident&) const { return as<fact::IncidentOpened>(); }
    bool operator()(const Alerted& alerted) const {
        const auto* raised = as<fact::AlertRaised>();
        return raised && (alerted.name.empty() || raised->alert == alerted.name);
    }
    bool operator()(const Ended&) const {
        const auto* changed = as<fact::PhaseChanged>();
        if (!changed) return false;
        const bool by_itself = changed->reason == Reason::exited || changed->reason == Reason::engine_restarts;
        return changed->to == Phase::completed || (changed->to == Phase::backoff && by_itself);
    }
    bool operator()(const Asked& asked) const {
        const auto* acted = as<fact::OperatorActed>();
        return acted && acted->verb == asked.verb;
    }
    bool operator()(const EngineSeen& seen) const {
        const auto* changed = as<fact::BackendChanged>();
        return changed && changed->lost == seen.lost;
    }
    bool operator()(const Done& done) const {
        if (const auto* started = as<fact::RemedyStarted>()) return started->remedy == done.remedy;
        if (const auto* acted = as<fact::OperatorActed>()) return asks_for(acted->verb, done.remedy);
        const auto* changed = as<fact::PhaseChanged>();
        return done.remedy == Remedy::start && changed && changed->to == Phase::starting;
    }
    bool operator()(const Nothing&) const { return false; }
};

struct Over {
    const Fact& fact;

    bool operator()(Phase phase) const {
        const auto* changed = std::get_if<fact::PhaseChanged>(&fact.body);
        return changed && changed->from == phase;
    }
    bool operator()(Health health) const {
        const auto* changed = std::get_if<fact::HealthChanged>(&fact.body);
        return changed && changed->from == health;
    }
    bool operator()(const InIncident&) const { return std::holds_alternative<fact::IncidentClosed>(fact.body); }
    bool operator()(const Alerted& alerted) const {
        const auto* resolved = std::get_if<fact::AlertResolved>(&fact.body);
        return resolved && (alerted.name.empty() || resolved->alert == alerted.name);
    }
    bool operator()(Remediation) const { return false; }
    bool operator()(const Held&) const { return false; }
    bool operator()(const Ended&) const { return false; }
    bool operator()(const Asked&) const { return false; }
    bool operator()(const EngineSeen&) const { return false; }
    bool operator()(const Done&) const { return false; }
    bool operator()(const Nothing&) const { return false; }
};

}  // namespace

const std::vector<WordedSighting>& worded_sightings() {
    static const std::vector<WordedSighting> all{
        {"waiting", Phase::waiting, "it has not been started yet"},
        {"starting", Phase::starting, "a start is under way"},
        {"running", Phase::running, "an instance lives"},
        {"stopping", Phase::stopping, "the end of the instance is under way"},
        {"backoff", Phase::backoff, "dead, and to be started again"},
        {"stopped", Phase::stopped, "dead, and staying so"},
        {"completed", Phase::completed, "it ended by itself, and that is all"},
        {"unproven", Health::starting, "its probes have not said anything yet (health `starting`)"},
        {"healthy", Health::healthy, "its probes pass"},
        {"unhealthy", Health::unhealthy, "`retries` probes failed in a row"},
        {"unknown", Health::unknown, "it can not be asked"},
        {"idle", Remediation::idle, "nothing is being done about it"},
        {"acting", Remediation::acting, "a remedy is under way"},
        {"verifying", Remediation::verifying, "a remedy was done, and has not been proven to help"},
        {"quarantined", Remediation::quarantined, "given up for a while"},
        {"start", Done{Remedy::start}, "it is started"},
        {"restart", Done{Remedy::restart}, "it is restarted, or a person asks for that"},
        {"replace", Done{Remedy::replace}, "its container is replaced, or a person asks for that"},
        {"run", Done{Remedy::run}, "the command of a `run` rung is run"},
        {"stop", Done{Remedy::stop}, "a `stop` rung stops it, or a person asks for that"},
        {"notify", Done{Remedy::notify}, "a `notify` rung tells"},
        {"exit", Ended{}, "it ends by itself, whatever is done then"},
        {"pause", Asked{event::Verb::pause}, "a person asks for it to be left alone"},
        {"resume", Asked{event::Verb::resume}, "a person asks for it to be looked after again"},
        {"reset", Asked{event::Verb::reset}, "a person asks for its past to be forgotten"},
        {"held", Held{}, "a remedy is due and not done, for whatever reason"},
        {"incident", InIncident{}, "an incident of it is open"},
        {"alert", Alerted{}, "an alert is raised, whichever"},
        {"nothing", Nothing{}, "nothing is due, held or done, and no incident is opened"},
    };
    return all;
}

std::string describe(const Sighting& sighting) { return std::visit(Words{}, sighting); }

bool begins(const Sighting& sighting, const Fact& fact) { return std::visit(Begins{fact}, sighting); }

bool ends(const Sighting& sighting, const Fact& fact) { return std::visit(Over{fact}, sighting); }

bool has_end(const Sighting& sighting) {
    return std::holds_alternative<Phase>(sighting) || std::holds_alternative<Health>(sighting) ||
           std::holds_alternative<InIncident>(sighting) || std::holds_alternative<Alerted>(sighting);
}

bool lasts(const Sighting& sighting) {
    return has_end(sighting) || std::holds_alternative<Remediation>(sighting) || std::holds_alternative<Held>(sighting);
}

}  // namespace keepwell::simulation
