// What a container's name says of its part in a replacement: docs/replace.md has the three names.
// Pure. May know: nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keepwell::runtime::docker {

/// "web.keepwell-new-0123456789ab": the one that is to replace the web whose id begins with those 12 digits.
std::string fresh_name(std::string_view name, std::string_view old_id);
/// "web.keepwell-old-0123456789ab": that one, while it is kept.
std::string parked_name(std::string_view name, std::string_view old_id);

/// Views of the name that it was read from.
struct Role {
    enum class Part : std::uint8_t { named, fresh, parked };
    Part part = Part::named;
    std::string_view name;    ///< without the mark
    std::string_view old_id;  ///< 12 digits; empty when `named`

    /// It is one half of a replacement that is under way or was left.
    bool is_temporary() const { return part != Part::named; }
    /// ... of the container with this id.
    bool is_of(std::string_view id) const { return is_temporary() && id.starts_with(old_id); }
};
Role role_of(std::string_view container_name);

}  // namespace keepwell::runtime::docker
