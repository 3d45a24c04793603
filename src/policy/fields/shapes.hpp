// The shapes that fields of several blocks take. A value may come from a variable, so each schema also lets a text
// with a `$` through. May know: fields.
#pragma once

#include "policy/fields/fields.hpp"

namespace keepwell::policy::shapes {

inline constexpr Shape text{"text", R"({"type": ["string", "number"]})"};
inline constexpr Shape boolean{"true or false",
                               R"({"type": ["boolean", "string"], "pattern": "^([Tt]rue|TRUE|[Ff]alse|FALSE)$|\\$"})"};
inline constexpr Shape duration{
    "duration",
    R"({"anyOf": [{"type": "string", "pattern": "^\\+?(0|([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+$|\\$"},)"
    R"( {"const": 0}]})"};
inline constexpr Shape count{"whole number",
                             R"({"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$|\\$"})"};
inline constexpr Shape positive{"whole number from 1",
                                R"({"type": ["integer", "string"], "minimum": 1, "pattern": "^[0-9]+$|\\$"})"};
inline constexpr Shape command{
    "text split into words, or list of words",
    R"({"anyOf": [{"type": "string", "minLength": 1},)"
    R"( {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}]})"};

inline constexpr Shape size{"size with b, kb, mb or gb", R"({"type": ["string", "integer"], "minimum": 0,)"
                                                         R"( "pattern": "^[0-9.]+([bB]|[kKmMgG][bB]?)?$|\\$"})"};
inline constexpr Shape texts{"list of texts",
                             R"({"type": "array", "items": {"type": ["string", "number", "boolean"]}})"};
inline constexpr Shape texts_or_text{
    "text, or list of texts", R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})"};
inline constexpr Shape pairs{
    "mapping, or list of `KEY=VALUE`",
    R"({"anyOf": [{"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},)"
    R"( {"type": "array", "items": {"type": "string"}}]})"};

}  // namespace keepwell::policy::shapes
