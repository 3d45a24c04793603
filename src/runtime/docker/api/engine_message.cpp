// Reading errors and versions.
#include "runtime/docker/api/engine_message.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace keepwell::runtime::docker {
namespace {

/// An error is one sentence; what is longer is no error of the engine.
constexpr std::size_t longest_body = 64 * 1024;
constexpr std::size_t longest_message = 2048;

using Json = nlohmann::json;

std::string member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Empty: the body is no JSON object, or says nothing.
std::string message_in_json(std::string_view body) {
    const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
    if (!json.is_object()) return {};
    const std::string message = member(json, "message");
    return message.empty() ? member(json, "cause") : message;
}

/// Bytes that are no UTF-8 become U+FFFD; JSON's writer knows how.
std::string valid_utf8(std::string_view text) {
    const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return Json::parse(quoted).get<std::string>();
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

/// Blanks and control characters in a row become one space; none at either end.
std::string without_breaks(std::string_view text) {
    std::string line;
    for (const char c : text) {
        if (!is_blank(c)) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    if (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

std::string shortened(std::string text) {
    if (text.size() <= longest_message) return text;
    std::size_t end = longest_message - 3;
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
    text.resize(end);
    return text + "...";
}

/// All of `text` is digits.
std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.front() == '-' || error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

}  // namespace

std::optional<SpokenVersion> parse_version(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return {};
    const auto major = number(text.substr(0, dot));
    const auto minor = number(text.substr(dot + 1));
    if (!major || !minor) return {};
    return SpokenVersion{*major, *minor};
}

std::string to_string(const SpokenVersion& version) {
    return std::to_string(version.major) + '.' + std::to_string(version.minor);
}

std::string one_line(std::string_view text) {
    return shortened(without_breaks(valid_utf8(text.substr(0, longest_body))));
}

std::string error_message(int status, std::string_view body) {
    body = body.substr(0, longest_body);
    std::string message = one_line(message_in_json(body));
    if (message.empty()) message = one_line(body);
    return message.empty() ? "HTTP " + std::to_string(status) : message;
}

bool refuses_version(int status, std::string_view message) {
    const auto says = [message](std::string_view text) { return message.find(text) != std::string_view::npos; };
    return status == 400 && says("client version ") && (says(" is too old") || says(" is too new"));
}

}  // namespace keepwell::runtime::docker
