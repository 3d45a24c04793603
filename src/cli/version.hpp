// Which keepwell this is; the number is in the top CMakeLists.txt alone.
#pragma once

namespace keepwell::cli {

inline constexpr const char* keepwell_version = KEEPWELL_VERSION;

}  // namespace keepwell::cli
