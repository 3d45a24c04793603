// Scripts and test files as they were read, before the policy is known: what they say, and where each thing that must
// still be held against the policy was written. May know: test_file, policy's positions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation/script/test_file.hpp"

namespace keepwell::simulation {

/// A name of a target, and where it was written.
struct NamedPlace {
    std::string target;
    policy::Position at;
    bool all_replicas = false;  ///< the name of a service stands for all of them here
};

/// Something that is said of a target, and that means something for some targets only.
struct Demand {
    enum class Of : std::uint8_t {
        container,    ///< a person does something to it
        adopted,      ///< the policy adopts it
        replaceable,  ///< it can be replaced
        probed,       ///< somebody asks it
        hooked,       ///< its ladder has a `run`
    };
    Of of = Of::container;
    std::string target;
    std::string word;  ///< that says it
    policy::Position at;
};

/// What a world does: of a test, or of a script by itself.
struct ScriptDraft {
    Script script;
    std::optional<Duration> length;
    std::vector<NamedPlace> names;
    std::vector<Demand> demands;
    std::vector<EventMoment> events;
    std::vector<policy::Position> of_engine;  ///< where the container engine is spoken of
};

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

/// Every target that it names.
std::vector<std::string> names_in(const ScriptDraft& draft);

/// Puts replicas in the place of their service, wherever its name stands for all of them.
void spread(ScriptDraft& draft, const Policy& policy);
void spread(TestDraft& draft, const Policy& policy);

/// Reports names that no target has, and what is said of targets that it means nothing for.
void check_names(policy::Reporter& reporter, const ScriptDraft& draft, const Policy& policy);
/// Reports moments that can not come: after the end, or before the one from which they count.
void check_moments(policy::Reporter& reporter, const TestDraft& draft);

}  // namespace keepwell::simulation
