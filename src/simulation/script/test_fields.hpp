// The field tables of scripts and test files; decoding, unknown keys, schema and page come from them.
// May know: policy's tables, notation, test_draft.
#pragma once

#include <vector>

#include "policy/fields/fields.hpp"
#include "simulation/script/test_draft.hpp"

namespace keepwell::simulation {

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

}  // namespace keepwell::simulation
