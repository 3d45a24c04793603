// What an engine says when it refuses: its error bodies, and the versions that it speaks of. Pure.
// May know: JSON. Sources: moby api/server/httputils/errors.go, api/server/middleware/version.go; podman
// pkg/api/handlers/utils/errors.go (the same body, with a cause beside the message).
// Threads: any.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace keepwell::runtime::docker {

/// A version of the API, "1.41".
struct SpokenVersion {
    int major = 0;
    int minor = 0;

    auto operator<=>(const SpokenVersion&) const = default;
};

/// Digits, a dot, digits, and nothing else.
std::optional<SpokenVersion> parse_version(std::string_view text);
std::string to_string(const SpokenVersion& version);

/// Text of an engine as people may see it: one line of valid UTF-8, at most 2 KiB.
std::string one_line(std::string_view text);

/// What an error's body says, in one line: `message`, podman's `cause` where there is none, or the text as it is.
/// "HTTP 500" for a body that says nothing.
std::string error_message(int status, std::string_view body);

/// The engine does not serve the version that was asked for. Only a 400 says that, before anything is done.
bool refuses_version(int status, std::string_view message);

}  // namespace keepwell::runtime::docker
