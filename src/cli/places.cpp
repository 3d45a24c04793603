// The rules of places.hpp; XDG base directory specification for the ordinary user.
#include "cli/places.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace keepwell::cli {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : value;
}

bool is_root() { return ::geteuid() == 0; }

std::string shared_folder() { return "/tmp/keepwell-" + std::to_string(::geteuid()); }

}  // namespace

std::string socket_path(const std::string& given) {
    if (!given.empty()) return given;
    const std::string wanted = variable("KEEPWELL_SOCKET");
    if (!wanted.empty()) return wanted;
    if (is_root()) return "/run/keepwell/keepwell.sock";
    const std::string runtime = variable("XDG_RUNTIME_DIR");
    return (runtime.empty() ? shared_folder() : runtime) + "/keepwell.sock";
}

std::string check_shared_folder(const std::string& socket, bool make) {
    const std::string folder = shared_folder();
    if (is_root() || socket != folder + "/keepwell.sock") return {};
    if (make && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return "cannot make " + folder + ": " + std::strerror(errno);
    }
    struct stat info {};
    if (::lstat(folder.c_str(), &info) != 0) return {};
    const bool ours = S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() && (info.st_mode & 077) == 0;
    return ours ? std::string{} : folder + " is not a folder of yours alone (0700); name another place with --socket";
}

std::string state_folder(const std::string& journal, const std::string& policy_state_dir) {
    if (!journal.empty()) return journal;
    if (!policy_state_dir.empty()) return policy_state_dir;
    if (is_root()) return "/var/lib/keepwell";
    const std::string state = variable("XDG_STATE_HOME");
    if (!state.empty()) return state + "/keepwell";
    const std::string home = variable("HOME");
    return (home.empty() ? shared_folder() : home + "/.local/state") + "/keepwell";
}

}  // namespace keepwell::cli
