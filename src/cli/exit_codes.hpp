// How each command ends: frozen, and documented in docs/man/keepwell.8.
// May know: nothing.
#pragma once

namespace keepwell::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;          ///< or an invalid policy
inline constexpr int exit_not_well = 3;       ///< `status`: something is not healthy
inline constexpr int exit_no_target = 4;      ///< no such target
inline constexpr int exit_not_running = 5;    ///< no keepwell answers on the socket
inline constexpr int exit_not_permitted = 6;  ///< the socket is somebody else's

}  // namespace keepwell::cli
