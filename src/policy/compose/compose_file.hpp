// A Compose project that is adopted: its name, its services, and what its files say to keepwell beyond them.
// Grammar and merging: compose-spec, compose-go override/merge.go. Files of docker-compose 1.29 (`version: "2.4"`,
// `"3.8"`) and of Compose 2 are read alike; what is not ours there is left alone, and named.
// May know: compose_service, interpolation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/compose/compose_service.hpp"

namespace keepwell::policy {

struct ComposeProject {
    std::string name;                      ///< as in the label com.docker.compose.project
    std::vector<ComposeService> services;  ///< those that are not left alone, in the order of the files
    NodePtr settings;                      ///< of the top-level `x-keepwell`: `mode` and `guard`; may be empty
    NodePtr defaults;                      ///< of the top-level `x-keepwell`; nullptr where there are none
};

/// Reads the parsed files of one project: the first one, and those that lie over it. Mistakes are reported; nothing
/// when there is no project to speak of.
std::optional<ComposeProject> read_compose(const std::vector<NodePtr>& files, DecodeContext& context);

/// Compose's own labels on one container of a service; slots count from 1.
ContainerSelector compose_selector(const std::string& project, const std::string& service, std::uint32_t slot);

}  // namespace keepwell::policy
