// How the things of a policy are called on a container engine: Compose's project, and the keys of `networks` and
// `volumes`. Source: compose-go loader/normalize.go, loader/loader.go. May know: decoder.
#pragma once

#include <string>
#include <string_view>

#include "policy/values/decoder.hpp"

namespace keepwell::policy {

/// Compose's rule: small letters, digits, `-` and `_`, beginning with a letter or digit; "keepwell" if nothing is left.
std::string project_name_of_folder(std::string_view folder);

/// The engine's name of what a service calls `key`. `default` is the project's own network, as in Compose.
std::string network_name(const Project& project, const std::string& key);
std::string volume_name(const Project& project, const std::string& key);
bool is_external_network(const Project& project, const std::string& key);
bool is_external_volume(const Project& project, const std::string& key);

}  // namespace keepwell::policy
