// Puts the words of the small languages into shapes.
#include "simulation/script/test_shapes.hpp"

#include <string>

#include "simulation/script/notation_patterns.hpp"

namespace keepwell::simulation::shapes {
namespace {

std::string text_of(const std::string& pattern) { return R"({"type": "string", "pattern": ")" + pattern + R"("})"; }

std::string any_of(const std::string& one, const std::string& other) {
    return R"({"anyOf": [)" + one + ", " + other + "]}";
}

std::string list_of(const std::string& item) { return R"({"type": "array", "items": )" + item + "}"; }

std::string one_or_more(const std::string& item) {
    return any_of(item, R"({"type": "array", "minItems": 1, "items": )" + item + "}");
}

std::string one_or_list(const std::string& item) { return any_of(item, list_of(item)); }

std::string mapping_to(const std::string& value) {
    return R"({"type": "object", "additionalProperties": )" + value + "}";
}

std::string reference(const std::string& block) { return R"({"$ref": "#/definitions/)" + block + R"("})"; }

}  // namespace

const Shape& timeline() {
    static const std::string schema = text_of(patterns::timeline());
    static const Shape shape{"answers, as text", schema};
    return shape;
}

const Shape& timelines() {
    static const std::string schema = one_or_list(text_of(patterns::timeline()));
    static const Shape shape{"answers, as text, or a list of them", schema};
    return shape;
}

const Shape& lives() {
    static const std::string schema = one_or_list(text_of(patterns::lives()));
    static const Shape shape{"a life, as text, or a list of them", schema};
    return shape;
}

const Shape& hooks() {
    static const std::string schema = one_or_list(text_of(patterns::hook()));
    static const Shape shape{"an end, as text, or a list of them", schema};
    return shape;
}

const Shape& moment() {
    static const std::string schema = any_of(text_of(patterns::moment()), R"({"const": 0})");
    static const Shape shape{"moment", schema};
    return shape;
}

const Shape& targets() {
    static const std::string schema = mapping_to(any_of(text_of(patterns::timeline()), reference("target")));
    static const Shape shape{"mapping from targets to what they do", schema};
    return shape;
}

const Shape& remedies() {
    static const std::string schema = mapping_to(one_or_list(text_of(patterns::remedy())));
    static const Shape shape{"mapping from targets to lists of remedies", schema};
    return shape;
}

std::string_view claims() {
    static const std::string schema = one_or_more(text_of(patterns::claim()));
    return schema;
}

std::string_view happenings() {
    static const std::string one = any_of(text_of(patterns::action()), reference("from_now"));
    static const std::string schema = one_or_list(one);
    return schema;
}

}  // namespace keepwell::simulation::shapes
