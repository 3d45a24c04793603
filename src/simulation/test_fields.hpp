// The field tables of scripts and test files; decoding, unknown keys, schema and page come from them.
// May know: policy's tables, notation, test_file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/fields.hpp"
#include "simulation/test_file.hpp"

namespace keepwell::simulation {

/// A name of a target, and where it was written: checked when the policy is known.
struct NamedPlace {
    std::string target;
    policy::Position at;
};

/// What a world does: of a test, or of a script by itself.
struct ScriptDraft {
    Script script;
    std::optional<Duration> length;
    std::vector<NamedPlace> names;
    std::vector<NamedPlace> containers;  ///< targets to which something is done that is done to containers
};
/// Every target that it names.
std::vector<std::string> names_in(const ScriptDraft& draft);

struct TestDraft {
    TestCase test;
    ScriptDraft world;
};

struct FileDraft {
    std::vector<std::pair<std::string, policy::Position>> policies;
    std::map<std::string, std::string> environment;
    WallTime start{};
    std::vector<TestDraft> tests;
};

const policy::Block<FileDraft>& test_file_block();
const policy::Block<TestDraft>& test_block();
/// A script that stands by itself.
const policy::Block<ScriptDraft>& script_block();
const policy::Block<TargetScript>& script_target_block();
/// The mapping in an event: how it goes on from then.
const policy::Block<TargetScript>& from_now_block();
const policy::Block<TargetScript>& after_block();
const policy::Block<Healthcheck>& own_check_block();
/// An entry of `events` and of `expect`, but for the targets' names.
const policy::Block<Moment>& event_block();
const policy::Block<Expectation>& expectation_block();

/// Every block of a test file, and of a script.
const std::vector<const policy::BlockInfo*>& test_blocks();
const std::vector<const policy::BlockInfo*>& script_blocks();

/// Reports the names that no target of the policy has.
void check_names(policy::Reporter& reporter, const ScriptDraft& draft, const Policy& policy);

}  // namespace keepwell::simulation
