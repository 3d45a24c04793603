// One service of a Compose file, merged from all its files: the policy entry that says the same.
// Source: compose-go transform/dependson.go, loader/normalize.go. May know: tree, decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/values/decoder.hpp"

namespace keepwell::policy {

/// The key under which a Compose file holds what is ours.
inline constexpr std::string_view compose_extension = "x-keepwell";

struct ComposeService {
    std::string name;  ///< as in the file, and in the label com.docker.compose.service
    Member entry;      ///< `name`, and the entry for it: decode it as any other
    std::uint32_t replicas = 1;
};

/// A key of a service that this reads.
bool is_compose_service_key(std::string_view key);

/// What is left to Compose of a service's `deploy`.
bool is_compose_deploy_key(std::string_view key);

/// A list of services as a mapping of them, which is what Compose makes of `depends_on` before it merges files.
NodePtr depends_on_as_mapping(const NodePtr& node);

/// nullopt: the service asks to be left alone.
std::optional<ComposeService> read_compose_service(DecodeContext& context, const std::string& project,
                                                   const Member& service);

/// `entry` with the word of `limit` (`no`, `on-failure`) for the ends that are followed by a new start, unless the
/// entry has a word of its own.
NodePtr limit_restarts(const NodePtr& entry, const NodePtr& limit);

}  // namespace keepwell::policy
