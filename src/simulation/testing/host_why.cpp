// The sentences about the host.
#include "simulation/testing/host_why.hpp"

#include <map>
#include <string>

#include "keepwell/engine/guard.hpp"
#include "simulation/facts.hpp"

namespace keepwell::simulation {
namespace {

struct Raised {
    Instant at{};
    std::string detail;
    Origin rule;
};

/// The host's own alerts that were raised and not resolved at this moment.
std::map<std::string, Raised> raised_at(const std::vector<journal::Record>& records, Instant at) {
    std::map<std::string, Raised> raised;
    for (const journal::Record& record : records) {
        if (record.at > at || !record.target.empty()) continue;
        if (const auto* alert = body_of<fact::AlertRaised>(record))
            raised[std::string{alert->alert}] = {record.at, alert->detail, fact_of(record)->rule};
        if (const auto* alert = body_of<fact::AlertResolved>(record)) raised.erase(std::string{alert->alert});
    }
    return raised;
}

/// "2 of 5 targets are unhealthy (api.1, api.2)"
std::string unhealthy_text(const engine::Engine& engine) {
    const auto& targets = engine.policy().targets;
    std::string names;
    std::size_t count = 0;
    for (TargetIndex index = 0; index < targets.size(); ++index) {
        if (engine.target(index).shown_health != Health::unhealthy) continue;
        names += (count++ == 0 ? "" : ", ") + targets[index].name;
    }
    const std::string of_all =
        std::to_string(count) + " of " + std::to_string(targets.size()) + " targets are unhealthy";
    return names.empty() ? of_all : of_all + " (" + names + ")";
}

std::string storm_text(const engine::Engine& engine) {
    const auto limit = engine::storm_limit(engine.policy().guard, engine.policy().targets.size());
    if (!limit) return "There is no storm, however many are unhealthy: guard.max_unhealthy says nothing about them.";
    return "More than " + std::to_string(*limit) +
           " at once are a storm; those whose dependency is not well do not count, those that are being healed do.";
}

}  // namespace

std::vector<engine::Sentence> explain_host(const engine::Engine& engine, const std::vector<journal::Record>& records,
                                           Instant at) {
    std::vector<engine::Sentence> all;
    const auto say = [&all](const char* topic, std::string text, Origin rule) {
        engine::Sentence& sentence = all.emplace_back();
        sentence.topic = topic;
        sentence.text = std::move(text);
        sentence.rule = rule;
    };
    const auto raised = raised_at(records, at);
    if (raised.empty()) say("state", "No alert of the host is raised.", {});
    for (const auto& [name, one] : raised) {
        say("state",
            "The alert " + name + " is raised since " + to_string(one.at.time_since_epoch()) + ": " + one.detail + ".",
            one.rule);
    }
    say("seen", unhealthy_text(engine) + ".", {});
    say("seen", storm_text(engine), engine.policy().guard.origin);
    return all;
}

}  // namespace keepwell::simulation
