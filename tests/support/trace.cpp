// How each fact is told in a trace.
#include "support/trace.hpp"

#include <variant>

namespace keepwell::testing {

namespace {

struct FactText {
    static std::string text(std::string_view view) { return std::string{view}; }
    static std::string aside(const std::string& detail) { return detail.empty() ? "" : " (" + detail + ")"; }

    std::string operator()(const fact::PhaseChanged& one) const {
        return text(to_string(one.from)) + " -> " + text(to_string(one.to)) + ": " + text(to_string(one.reason)) +
               aside(one.detail) + (one.until == never ? "" : " until " + moment(one.until));
    }
    std::string operator()(const fact::HealthChanged& one) const {
        return text(to_string(one.from)) + " -> " + text(to_string(one.to)) + ": " + text(to_string(one.reason));
    }
    std::string operator()(const fact::ProbeFailed& one) const {
        return text(to_string(one.outcome)) + " " + std::to_string(one.failing_streak) + "/" +
               std::to_string(one.retries) + (one.counted ? "" : " not counted");
    }
    std::string operator()(const fact::RemedyDue& one) const {
        return text(to_string(one.remedy)) + ": " + text(to_string(one.reason));
    }
    std::string operator()(const fact::RemedyHeld& one) const {
        return text(to_string(one.would)) + ": " + text(to_string(one.reason)) + aside(one.detail) +
               (one.until == never ? "" : " until " + moment(one.until)) + (one.again ? " again" : "");
    }
    std::string operator()(const fact::RemedyStarted& one) const {
        return text(to_string(one.remedy)) + ": " + text(to_string(one.reason));
    }
    std::string operator()(const fact::RemedyFinished& one) const {
        return text(to_string(one.remedy)) + (one.success ? "" : " failed") + aside(one.detail);
    }
    std::string operator()(const fact::RemedyVerified& one) const {
        return text(to_string(one.remedy)) + (one.success ? "" : " did not help");
    }
    std::string operator()(const fact::IncidentOpened& one) const {
        return std::to_string(one.incident) + ": " + text(to_string(one.reason));
    }
    std::string operator()(const fact::IncidentClosed& one) const {
        return std::to_string(one.incident) + ": " + text(to_string(one.reason)) + " after " + to_string(one.lasted);
    }
    std::string operator()(const fact::Quarantined& one) const {
        return text(to_string(one.reason)) + " until " + moment(one.until);
    }
    std::string operator()(const fact::AlertRaised& one) const { return text(one.alert) + aside(one.detail); }
    std::string operator()(const fact::AlertResolved& one) const { return text(one.alert) + aside(one.detail); }
    std::string operator()(const fact::OperatorActed&) const { return ""; }
    std::string operator()(const fact::MaintenanceChanged&) const { return ""; }
    std::string operator()(const fact::StepTaken& one) const { return one.step; }
    std::string operator()(const fact::BackendChanged& one) const { return one.detail; }
    std::string operator()(const fact::Membership& one) const { return one.entry; }
    std::string operator()(const fact::UpdateChanged& one) const { return one.service + aside(one.detail); }
    std::string operator()(const fact::OrphanChanged& one) const { return one.name + aside(one.detail); }
    std::string operator()(const fact::PolicyReloaded& one) const {
        std::string all = one.from_version + " -> " + one.version;
        for (const std::string& change : one.changes) all += ", " + change;
        return all;
    }
    std::string operator()(const fact::Unexpected& one) const { return one.detail; }
};

}  // namespace

std::string trace_line(const Policy& policy, const Fact& fact, Instant at) {
    const std::string who = fact.target == no_target ? "host" : policy.targets[fact.target].name;
    const std::string what = std::visit(FactText{}, fact.body);
    return moment(at) + " " + who + " " + std::string{type_name(fact)} + (what.empty() ? "" : " " + what);
}

}  // namespace keepwell::testing
