// What the end of a command in a container means for a probe.
#include "runtime/docker/probes/exec_verdict.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

// What shells, and the engine for a command that could not be executed, end with.
constexpr int not_executable = 126;
constexpr int not_found = 127;
constexpr int killed = 128 + 9;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
    const auto end = text.find_last_not_of(" \r\n");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_shell(std::string_view program) {
    constexpr std::array shells{"sh", "ash", "bash", "dash", "ksh", "zsh"};
    return std::find(shells.begin(), shells.end(), file_name(program)) != shells.end();
}

/// What to do about a program that is not in the image.
std::string remedy(std::string_view program) {
    const std::string missing = "there is no " + std::string{program} + " in this image: ";
    if (file_name(program) == "keepwell-ping") {
        return missing + "copy the static keepwell-ping into it, or use http: or tcp:";
    }
    if (is_shell(program)) {
        return missing + "use the list form, http: or tcp:, or put keepwell-ping into the image";
    }
    return missing + "use http: or tcp:, or put keepwell-ping into the image";
}

/// The container, not the command, is why it was not started.
bool container_does_not_run(std::string_view text) {
    constexpr std::array reasons{"is not running", "is paused", "is restarting", "container not running",
                                 "that has stopped"};
    // containerd's, of a task: "cannot exec in a stopped state", "… deleted state", …
    const bool in_a_state = text.starts_with("cannot exec in a ") && contains(text, " state");
    const auto says = [&](const char* reason) { return contains(text, reason); };
    return in_a_state || std::any_of(reasons.begin(), reasons.end(), says);
}

/// The engine could not execute the command; `text` is what it, or its runtime, wrote about that.
Verdict not_started(const std::vector<std::string>& command, std::string_view text) {
    if (container_does_not_run(text)) return our_lack(std::string{text});
    const std::string because = " (" + std::string{text} + ')';
    const bool about_program = contains(text, "exec: \"") || contains(text, "executable file");
    if (!about_program || command.empty()) return not_run(std::string{text});
    if (contains(text, "permission denied")) {
        return not_run(command.front() + " can not be executed in this image" + because);
    }
    if (contains(text, "not found") || contains(text, "no such file or directory")) {
        return not_run(remedy(command.front()) + because);
    }
    return not_run(std::string{text});
}

/// "curl", of a shell's last line "sh: curl: not found" or "bash: line 1: curl: command not found".
std::optional<std::string_view> missing_in_shell(std::string_view output) {
    std::string_view line = trimmed(output);
    line = line.substr(line.rfind('\n') + 1);
    for (const std::string_view ending : {": not found", ": command not found"}) {
        if (!line.ends_with(ending)) continue;
        line.remove_suffix(ending.size());
        const auto before = line.rfind(": ");
        return before == std::string_view::npos ? line : line.substr(before + 2);
    }
    return std::nullopt;
}

bool runs_in_shell(const std::vector<std::string>& command) {
    return command.size() >= 3 && is_shell(command[0]) && command[1] == "-c";
}

}  // namespace

Verdict exec_verdict(const std::vector<std::string>& command, int exit_code, std::string output) {
    if (exit_code == 0) return passed(std::move(output));
    const std::string_view text = trimmed(output);
    const bool could_not = exit_code == not_executable || exit_code == not_found;
    if (could_not && (text.starts_with("OCI runtime") || text.starts_with("cannot exec"))) {
        return not_started(command, text);
    }
    if (exit_code == not_executable && container_does_not_run(text)) return our_lack(std::string{text});
    if (exit_code == not_found && runs_in_shell(command)) {
        if (const auto program = missing_in_shell(text)) {
            return {Outcome::failed, exit_code, std::string{text} + '\n' + remedy(*program)};
        }
    }
    if (text.empty()) output = "exit code " + std::to_string(exit_code);
    return {Outcome::failed, exit_code, std::move(output)};
}

bool may_come_of_an_end(int exit_code, std::string_view output) {
    const bool could_not = exit_code == not_executable || exit_code == not_found;
    return exit_code == killed || (could_not && output.starts_with("OCI runtime"));
}

Verdict exec_timed_out(Duration timeout, const std::string& output) {
    Verdict verdict = timed_out(timeout);
    if (!output.empty()) verdict.output += ": " + output;
    return verdict;
}

}  // namespace keepwell::runtime::docker
