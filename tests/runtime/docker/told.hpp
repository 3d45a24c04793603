// Events as lines of text, for tests that assert what a port tells: "web exited: exit code 1, for keepwell".
#pragma once

#include <string>
#include <variant>

#include "keepwell/model/event.hpp"

namespace keepwell::runtime::docker {

struct ToldInWords {
    const Policy& policy;

    std::string name(TargetIndex target) const { return policy.targets[target].name; }

    std::string operator()(const event::BackendLost& e) const { return "lost: " + e.detail; }
    std::string operator()(const event::BackendFound& e) const { return "found: " + e.detail; }
    std::string operator()(const event::TargetJoined&) const { return "joined"; }
    std::string operator()(const event::TargetLeft& e) const { return name(e.target) + " left"; }
    std::string operator()(const event::Found& e) const {
        return name(e.target) + (e.frozen ? " lives, frozen" : " lives");
    }
    std::string operator()(const event::Absent& e) const {
        return name(e.target) + (e.exists ? " dead: " : " absent: ") + e.detail;
    }
    std::string operator()(const event::Exited& e) const {
        return name(e.target) + " exited: " + keepwell::to_string(e.status) + ", for " +
               std::string{keepwell::to_string(e.successor)};
    }
    std::string operator()(const event::Frozen& e) const {
        return name(e.target) + (e.frozen ? " frozen" : " goes on");
    }
    std::string operator()(const event::HealthReported& e) const {
        return name(e.target) + " is " + std::string{keepwell::to_string(e.health)} + ' ' +
               std::to_string(e.failing_streak);
    }
    std::string operator()(const event::OrphanSeen& e) const { return "orphan " + e.name; }
    template <typename Other>
    std::string operator()(const Other&) const {
        return "something else";
    }
};

inline std::string in_words(const Event& event, const Policy& policy) { return std::visit(ToldInWords{policy}, event); }

}  // namespace keepwell::runtime::docker
