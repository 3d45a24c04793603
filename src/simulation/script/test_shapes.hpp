// The shapes that fields of scripts and test files take. Those of the small languages are made from their words.
// May know: policy's tables, notation_patterns.
#pragma once

#include <string_view>

#include "policy/fields/fields.hpp"

namespace keepwell::simulation::shapes {

using policy::Shape;

inline constexpr Shape files{
    "a file, or a list of them",
    R"({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]})"};
inline constexpr Shape tests{"list of tests",
                             R"({"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/test"}})"};
inline constexpr Shape events{"list of events", R"({"type": "array", "items": {"$ref": "#/definitions/event"}})"};
inline constexpr Shape expectations{"list of expectations",
                                    R"({"type": "array", "items": {"$ref": "#/definitions/expectation"}})"};
inline constexpr Shape after{"mapping (`after`)", R"({"$ref": "#/definitions/after"})"};
inline constexpr Shape own_check{"mapping (`healthcheck`)", R"({"$ref": "#/definitions/own_healthcheck"})"};
inline constexpr Shape wall_time{"day and time", R"({"type": "string", "pattern": "^[0-9-]+ [0-9:]+$"})"};

const Shape& timeline();
const Shape& timelines();
const Shape& lives();
const Shape& hooks();
const Shape& moment();
const Shape& targets();
const Shape& remedies();

/// What stands under the name of a target: in an expectation, and in an event.
std::string_view claims();
std::string_view happenings();

}  // namespace keepwell::simulation::shapes
