// What a policy offers that a test can reach, and what a run has reached of it.
#include "simulation/testing/coverage.hpp"

#include <utility>

#include "simulation/facts.hpp"

namespace keepwell::simulation {
namespace {

std::string rung_text(std::uint32_t rung, Remedy remedy) {
    return std::to_string(rung + 1) + ": " + std::string{to_string(remedy)};
}

bool of_ladder(Reason reason) { return reason == Reason::unhealthy || reason == Reason::remedy_failed; }

/// Of the host, or of one service.
bool is_host_gate(Hold hold) {
    switch (hold) {
        case Hold::storm:
        case Hold::parallel:
        case Hold::budget: return true;
        case Hold::backend:
        case Hold::paused:
        case Hold::maintenance:
        case Hold::dependency:
        case Hold::backoff:
        case Hold::dry_run: return false;
    }
    return false;
}

class Coverage {
  public:
    explicit Coverage(std::set<Reached>& reached) : reached_{reached} {}

    void see(const journal::Record& record) {
        if (body_of<fact::IncidentOpened>(record)) add(Reached::What::service, record.service, {});
        if (body_of<fact::Quarantined>(record)) add(Reached::What::gate, record.service, "quarantine");
        if (const auto* started = body_of<fact::RemedyStarted>(record); started && of_ladder(started->reason)) {
            add(Reached::What::rung, record.service, rung_text(started->rung, started->remedy));
        }
        if (const auto* held = body_of<fact::RemedyHeld>(record)) {
            const std::string service = is_host_gate(held->reason) ? std::string{} : record.service;
            add(Reached::What::gate, service, std::string{to_string(held->reason)});
            if (held->reason == Hold::dry_run) {
                add(Reached::What::rung, record.service, rung_text(held->rung, held->would));
            }
        }
    }

  private:
    void add(Reached::What what, const std::string& service, std::string detail) {
        reached_.insert({what, service, std::move(detail), {}});
    }
    std::set<Reached>& reached_;
};

}  // namespace

std::string_view word_of(Reached::What what) {
    switch (what) {
        case Reached::What::service: return "service";
        case Reached::What::rung: return "rung";
        case Reached::What::gate: return "gate";
    }
    return {};
}

std::string describe(const Reached& one) {
    return std::string{word_of(one.what)} + (one.detail.empty() ? "" : " " + one.detail);
}

std::string owner_of(const Reached& one) { return one.service.empty() ? "guard" : one.service; }

std::set<Reached> reached_by(const std::vector<journal::Record>& records) {
    std::set<Reached> reached;
    Coverage coverage{reached};
    for (const journal::Record& record : records) coverage.see(record);
    return reached;
}

std::set<Reached> reachable(const Policy& policy) {
    using What = Reached::What;
    std::set<Reached> all;
    const Guard& guard = policy.guard;
    if (guard.max_unhealthy) all.insert({What::gate, {}, "storm", guard.origin});
    if (guard.max_parallel) all.insert({What::gate, {}, "parallel", guard.origin});
    if (guard.max_actions) all.insert({What::gate, {}, "budget", guard.origin});
    for (ServiceIndex index = 0; index < policy.services.size(); ++index) {
        const ServiceSpec& service = policy.services[index];
        all.insert({What::service, service.name, {}, service.origin});
        for (std::uint32_t rung = 0; rung < service.on_unhealthy.size(); ++rung) {
            const Rung& one = service.on_unhealthy[rung];
            const bool checked = service.healthcheck || service.engine_health;
            if (checked) all.insert({What::rung, service.name, rung_text(rung, remedy_of(one.action)), one.origin});
        }
        for (const Dependency& one : service.depends_on) {
            if (one.required) all.insert({What::gate, service.name, "dependency", one.origin});
        }
        if (!policy.maintenance[index].empty()) all.insert({What::gate, service.name, "maintenance", service.origin});
        if (service.restart.max_attempts > 0)
            all.insert({What::gate, service.name, "quarantine", service.restart.origin});
        if (service.restart.backoff) all.insert({What::gate, service.name, "backoff", service.restart.origin});
    }
    return all;
}

}  // namespace keepwell::simulation
