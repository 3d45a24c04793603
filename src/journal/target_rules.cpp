// Only what a decision may rest on: its place in the service, and the names that dependencies may use for it.
#include "journal/target_rules.hpp"

#include <string_view>

namespace keepwell::journal {
namespace {

constexpr std::string_view project_label = "com.docker.compose.project";
constexpr std::string_view service_label = "com.docker.compose.service";

std::string value_of(const ContainerSelector& selector, std::string_view key) {
    for (const ContainerSelector::Label& label : selector.labels) {
        if (label.key == key && label.value) return *label.value;
    }
    return {};
}

}  // namespace

TargetRules rules_of(const TargetSpec& target) {
    TargetRules rules{target.name, target.slot, target.kind, {}, {}, {}, target.version, target.question};
    rules.container = target.container ? target.container->name : target.selector.name;
    rules.compose_project = value_of(target.selector, project_label);
    rules.compose_service = value_of(target.selector, service_label);
    return rules;
}

TargetSpec target_of(const TargetRules& rules) {
    TargetSpec target;
    target.name = rules.name;
    target.slot = rules.slot;
    target.kind = rules.kind;
    target.selector.name = rules.container;
    target.version = rules.version;
    target.question = rules.question;
    if (!rules.compose_project.empty()) {
        target.selector.labels.push_back({std::string{project_label}, rules.compose_project});
    }
    if (!rules.compose_service.empty()) {
        target.selector.labels.push_back({std::string{service_label}, rules.compose_service});
    }
    return target;
}

}  // namespace keepwell::journal
