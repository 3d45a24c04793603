// Where the socket and the state are, when nobody says: by who runs us and by the environment.
// May know: POSIX.
#pragma once

#include <string>

namespace keepwell::cli {

/// --socket, else KEEPWELL_SOCKET, else /run/keepwell/keepwell.sock as root, $XDG_RUNTIME_DIR/keepwell.sock, or
/// /tmp/keepwell-UID/keepwell.sock. `given` is what --socket says, or empty.
std::string socket_path(const std::string& given);

/// The socket's folder in /tmp can be made by anybody: a sentence when `socket` is in there and the folder is not ours
/// alone, else an empty text. For `run` it makes the folder when it is missing.
std::string check_shared_folder(const std::string& socket, bool make);

/// Of the policy's state_dir and the default: /var/lib/keepwell as root, $XDG_STATE_HOME/keepwell, or
/// ~/.local/state/keepwell. `journal` is what --journal says; it wins.
std::string state_folder(const std::string& journal, const std::string& policy_state_dir);

}  // namespace keepwell::cli
