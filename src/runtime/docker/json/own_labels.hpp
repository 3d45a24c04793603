// The labels by which keepwell finds its own containers again.
#pragma once

#include <string_view>

namespace keepwell::runtime::docker {

inline constexpr std::string_view project_label = "io.keepwell.project";  ///< the policy's name
inline constexpr std::string_view service_label = "io.keepwell.service";
inline constexpr std::string_view slot_label = "io.keepwell.slot";        ///< from 1
inline constexpr std::string_view version_label = "io.keepwell.version";  ///< ServiceSpec::container_version

}  // namespace keepwell::runtime::docker
