// The credentials with which an image is pulled: what `docker login` has written into config.json, as the engine wants
// it in X-Registry-Auth. What a credential helper keeps is not asked for: that is said.
// May know: json_read, the file system for the one file. Sources: moby api/types/registry (AuthConfig); docker/cli
// cli/config/configfile.
#pragma once

#include <string>
#include <string_view>

namespace keepwell::runtime::docker {

struct RegistryAuth {
    std::string header;     ///< the value of X-Registry-Auth; empty: none is known, and none is sent
    std::string complaint;  ///< for people: why there is none although there should be one
};

/// Who keeps the image: "registry:5000" of "registry:5000/team/app", "docker.io" of "redis".
std::string registry_of(std::string_view image);

/// `config`: the text of a config.json; empty: there is none.
RegistryAuth registry_auth(std::string_view config, std::string_view image);

/// config.json in $DOCKER_CONFIG, or in ~/.docker; empty where there is none that can be read.
std::string docker_config();

}  // namespace keepwell::runtime::docker
