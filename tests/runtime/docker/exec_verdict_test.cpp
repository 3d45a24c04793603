// What the end of a command in a container means for a probe, and in which words.
#include "runtime/docker/probes/exec_verdict.hpp"

#include <gtest/gtest.h>

namespace keepwell::runtime::docker {
namespace {

struct Case {
    const char* name;
    std::vector<std::string> command;
    int exit_code;
    std::string output;
    Outcome outcome;
    int says_code;
    std::string says;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

const std::vector<std::string> shell{"/bin/sh", "-c", "curl -f http://localhost/"};

const Case cases[] = {
    {"exit_0_passes_with_what_was_printed", {"true"}, 0, "fine\n", Outcome::passed, 0, "fine\n"},
    {"exit_0_passes_whatever_was_printed", shell, 0, "sh: x: not found", Outcome::passed, 0, "sh: x: not found"},
    {"another_code_fails_with_what_was_printed", {"false"}, 2, "broken\n", Outcome::failed, 2, "broken\n"},
    {"a_code_alone_is_said", {"false"}, 3, "", Outcome::failed, 3, "exit code 3"},
    {"no_shell", shell, 127,
     "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no "
     "such "
     "file or directory: unknown\r\n",
     Outcome::failed, -1,
     "there is no /bin/sh in this image: use the list form, http: or tcp:, or put keepwell-ping into the image (OCI "
     "runtime exec failed: exec failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no such "
     "file or directory: unknown)"},
    {"no_program",
     {"curl", "-f", "http://localhost/"},
     126,
     "OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: \"curl\": "
     "executable file not found in $PATH: unknown\r\n",
     Outcome::failed,
     -1,
     "there is no curl in this image: use http: or tcp:, or put keepwell-ping into the image (OCI runtime exec failed: "
     "exec failed: container_linux.go:380: starting container process caused: exec: \"curl\": executable file not "
     "found "
     "in $PATH: unknown)"},
    {"no_keepwell_ping",
     {"/keepwell-ping", "http://localhost/"},
     126,
     "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/keepwell-ping\": stat "
     "/keepwell-ping: no such file or directory: unknown\r\n",
     Outcome::failed,
     -1,
     "there is no /keepwell-ping in this image: copy the static keepwell-ping into it, or use http: or tcp: (OCI "
     "runtime exec failed: exec failed: unable to start container process: exec: \"/keepwell-ping\": stat "
     "/keepwell-ping: no such file or directory: unknown)"},
    {"no_program_as_podman_says_it",
     {"nope"},
     127,
     "OCI runtime attempted to invoke a command that was not found: executable file `nope` not found in $PATH",
     Outcome::failed,
     -1,
     "there is no nope in this image: use http: or tcp:, or put keepwell-ping into the image (OCI runtime attempted to "
     "invoke a command that was not found: executable file `nope` not found in $PATH)"},
    {"not_executable",
     {"/etc/passwd"},
     126,
     "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/etc/passwd\": permission "
     "denied: unknown\r\n",
     Outcome::failed,
     -1,
     "/etc/passwd can not be executed in this image (OCI runtime exec failed: exec failed: unable to start container "
     "process: exec: \"/etc/passwd\": permission denied: unknown)"},
    {"no_working_directory",
     {"true"},
     126,
     "OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd (\"/gone\") set in "
     "config.json failed: no such file or directory: unknown\r\n",
     Outcome::failed,
     -1,
     "OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd (\"/gone\") set in "
     "config.json failed: no such file or directory: unknown"},
    {"a_container_that_stops_says_nothing_about_the_target",
     {"true"},
     126,
     "cannot exec in a stopped state: unknown\r\n",
     Outcome::error,
     -1,
     "cannot exec in a stopped state: unknown"},
    {"a_container_that_is_gone_says_nothing_about_the_target",
     {"true"},
     126,
     "cannot exec in a deleted state: unknown\r\n",
     Outcome::error,
     -1,
     "cannot exec in a deleted state: unknown"},
    {"a_container_that_has_stopped_says_nothing_about_the_target",
     {"true"},
     126,
     "Container 4f1c is not running\r\n",
     Outcome::error,
     -1,
     "Container 4f1c is not running"},
    {"no_program_for_busyboxs_shell", shell, 127, "/bin/sh: curl: not found\n", Outcome::failed, 127,
     "/bin/sh: curl: not found\nthere is no curl in this image: use http: or tcp:, or put keepwell-ping into the "
     "image"},
    {"no_program_for_dash", shell, 127, "/bin/sh: 1: curl: not found\n", Outcome::failed, 127,
     "/bin/sh: 1: curl: not found\nthere is no curl in this image: use http: or tcp:, or put keepwell-ping into the "
     "image"},
    {"no_program_for_bash",
     {"/bin/bash", "-c", "echo one; keepwell-ping x"},
     127,
     "one\n/bin/bash: line 1: keepwell-ping: command not found\n",
     Outcome::failed,
     127,
     "one\n/bin/bash: line 1: keepwell-ping: command not found\nthere is no keepwell-ping in this image: copy the "
     "static "
     "keepwell-ping into it, or use http: or tcp:"},
    {"127_of_a_program_is_its_own_matter",
     {"check"},
     127,
     "redis: not found\n",
     Outcome::failed,
     127,
     "redis: not found\n"},
    {"127_of_a_shell_without_such_words", shell, 127, "HTTP 404\n", Outcome::failed, 127, "HTTP 404\n"},
    {"126_of_a_shell", shell, 126, "/bin/sh: /x: Permission denied\n", Outcome::failed, 126,
     "/bin/sh: /x: Permission denied\n"},
};

class ExecVerdict : public ::testing::TestWithParam<Case> {};

TEST_P(ExecVerdict, says) {
    const Case& each = GetParam();
    const Verdict verdict = exec_verdict(each.command, each.exit_code, each.output);
    EXPECT_EQ(to_string(verdict.outcome), to_string(each.outcome));
    EXPECT_EQ(verdict.exit_code, each.says_code);
    EXPECT_EQ(verdict.output, each.says);
}

INSTANTIATE_TEST_SUITE_P(Cases, ExecVerdict, ::testing::ValuesIn(cases),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(ExecTimeout, is_said_in_dockers_words) {
    using namespace std::chrono_literals;
    EXPECT_EQ(exec_timed_out(1500ms, "").output, "Health check exceeded timeout (1.5s)");
    EXPECT_EQ(exec_timed_out(3s, "trying\n").output, "Health check exceeded timeout (3s): trying\n");
    EXPECT_EQ(exec_timed_out(3s, "").exit_code, -1);
    EXPECT_EQ(to_string(exec_timed_out(3s, "").outcome), "failed");
}

}  // namespace
}  // namespace keepwell::runtime::docker
