// Reading an engine's JSON without trusting it: what is missing or of another type reads as empty, nothing throws, and
// what is nested too deep is refused before it can cost a stack. For this folder's .cpp files and internal headers.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace keepwell::runtime::docker {

using Json = nlohmann::json;

/// Objects and arrays inside each other; an engine's answers need 10.
inline constexpr int deepest_json = 64;

/// One JSON object. The error says what is wrong with it, for people.
tl::expected<Json, std::string> json_object(std::string_view text);
/// Any JSON value, under the same limit.
tl::expected<Json, std::string> json_value(std::string_view text);

/// The value under a key, or at the end of a path of keys; null where there is none.
const Json& json_at(const Json& value, std::string_view key);
const Json& json_at(const Json& value, std::initializer_list<std::string_view> path);

/// The text of a string; empty for anything else.
std::string json_text(const Json& value);
std::string json_text(const Json& value, std::string_view key);
std::string json_text(const Json& value, std::initializer_list<std::string_view> path);
/// The strings of an array; whatever else it holds is left out.
std::vector<std::string> json_texts(const Json& value);
bool json_true(const Json& value);

/// null, "", [] and {}: Go's JSON writes any of them for a value that was not given.
bool is_blank(const Json& value);

/// On one line. What is not UTF-8 is replaced, never thrown over.
std::string json_line(const Json& value);

}  // namespace keepwell::runtime::docker
