// The routes. May know: store.
#include "api.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace accountservice {
namespace {

/// What follows `prefix` in `path`, if anything does and it is one segment.
std::optional<std::string_view> segment_after(std::string_view prefix, std::string_view path) {
    if (!path.starts_with(prefix)) return std::nullopt;
    path.remove_prefix(prefix.size());
    if (path.empty() || path.find('/') != path.npos) return std::nullopt;
    return path;
}

Answer not_found() { return {404, R"({"error":"not found"})", ""}; }
Answer unaccessible() { return {503, R"({"status":"Database unaccessible"})", ""}; }
Answer only(std::string methods) { return {405, R"({"error":"method not allowed"})", std::move(methods)}; }

}  // namespace

Answer Api::answer(std::string_view method, std::string_view path) {
    if (path == "/health") return method == "GET" ? health() : only("GET");
    if (const auto value = segment_after("/testability/healthy/", path)) {
        return method == "GET" || method == "PUT" ? set_healthy(*value) : only("GET, PUT");
    }
    if (path == "/testability/crash") {
        if (method == "GET" || method == "PUT") std::_Exit(1);
        return only("GET, PUT");
    }
    if (const auto id = segment_after("/accounts/", path)) return method == "GET" ? account(*id) : only("GET");
    return not_found();
}

Answer Api::health() {
    if (!healthy_ || !store_.reachable()) return unaccessible();
    return {200, R"({"status":"UP"})", ""};
}

Answer Api::set_healthy(std::string_view value) {
    if (value != "true" && value != "false") return {400, R"({"error":"true or false, please"})", ""};
    healthy_ = value == "true";
    return {200, R"({"healthy":)" + std::string(value) + "}", ""};
}

Answer Api::account(std::string_view id) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!std::all_of(id.begin(), id.end(), is_digit)) return not_found();
    if (auto found = store_.find(id)) return {200, std::move(*found), ""};
    return store_.reachable() ? not_found() : unaccessible();
}

}  // namespace accountservice
