// Marks and ids, put on names and read from them.
#include "runtime/docker/watch/role.hpp"

#include <algorithm>
#include <utility>

#include "keepwell/model/names.hpp"

namespace keepwell::runtime::docker {
namespace {

constexpr std::string_view fresh_mark = ".keepwell-new-";
constexpr std::string_view parked_mark = ".keepwell-old-";

bool is_short_id(std::string_view text) {
    return text.size() == short_id_size &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string marked(std::string_view name, std::string_view mark, std::string_view old_id) {
    return std::string{name} + std::string{mark} + short_id(old_id);
}

}  // namespace

std::string fresh_name(std::string_view name, std::string_view old_id) { return marked(name, fresh_mark, old_id); }
std::string parked_name(std::string_view name, std::string_view old_id) { return marked(name, parked_mark, old_id); }

Role role_of(std::string_view container_name) {
    static constexpr std::pair<std::string_view, Role::Part> marks[] = {{fresh_mark, Role::Part::fresh},
                                                                        {parked_mark, Role::Part::parked}};
    for (const auto& [mark, part] : marks) {
        const std::size_t at = container_name.rfind(mark);
        if (at == std::string_view::npos || at == 0) continue;
        const auto id = container_name.substr(at + mark.size());
        if (is_short_id(id)) return {part, container_name.substr(0, at), id};
    }
    return {Role::Part::named, container_name, {}};
}

}  // namespace keepwell::runtime::docker
