// The exec probe: the commands of `test:`.
#include <fcntl.h>

#include "runtime/probe/real_probes.hpp"

namespace keepwell::runtime {
namespace {

ExecProbe shell(const std::string& text) { return {{"/bin/sh", "-c", text}}; }

TEST(ExecProbes, exit_0_passes_and_keeps_what_was_printed) {
    RealProbes probes;
    EXPECT_RESULT(probes.ask(shell("echo fine; echo too >&2")), Outcome::passed, 0, "fine\ntoo\n");
}

TEST(ExecProbes, another_exit_code_fails_with_the_output) {
    RealProbes probes;
    EXPECT_RESULT(probes.ask(shell("echo broken; exit 7")), Outcome::failed, 7, "broken\n");
    EXPECT_RESULT(probes.ask(shell("exit 3")), Outcome::failed, 3, "exit code 3");
}

TEST(ExecProbes, a_command_that_was_killed_fails) {
    RealProbes probes;
    EXPECT_RESULT(probes.ask(shell("kill -9 $$")), Outcome::failed, 137, "signal 9 (SIGKILL)");
}

TEST(ExecProbes, a_command_that_outlives_the_timeout_fails_with_what_it_said) {
    RealProbes probes;
    EXPECT_RESULT(probes.ask(shell("exec sleep 60"), 50ms), Outcome::failed, -1,
                  "Health check exceeded timeout (50ms)");
    EXPECT_RESULT(probes.ask(shell("echo checking; exec sleep 60"), 500ms), Outcome::failed, -1,
                  "Health check exceeded timeout (500ms): checking\n");
}

TEST(ExecProbes, a_command_that_is_not_there_fails_and_is_no_error) {
    RealProbes probes;
    const auto result = probes.ask(ExecProbe{{"/nowhere/at-all"}});
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_NE(result.output.find("/nowhere/at-all"), std::string::npos) << result.output;
    EXPECT_NE(result.output.find("No such file or directory"), std::string::npos) << result.output;
}

TEST(ExecProbes, output_is_cut_as_docker_does) {
    RealProbes probes;
    const auto result = probes.ask(shell("head -c 5000 /dev/zero | tr '\\0' x"));
    EXPECT_RESULT(result, Outcome::passed, 0, std::string(4096, 'x') + "...");
}

TEST(ExecProbes, the_command_has_the_folder_and_environment_of_its_target) {
    RealProbes probes;
    probes.target().process.working_dir = "/usr";
    probes.target().process.environment = {{"COLOUR", "green"}};
    EXPECT_RESULT(probes.ask(shell("echo $COLOUR; pwd")), Outcome::passed, 0, "green\n/usr\n");
}

TEST(ExecProbes, cancelling_kills_the_whole_group) {
    RealProbes probes;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, 0), 0);
    const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ends[1]);
    const CommandId id = probes.begin(shell("exec 3>" + path + "; echo up >&3; sleep 60 & wait"), 20s);
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);  // it runs
    ::close(ends[1]);
    probes.port().cancel(id);
    probes.await(1);
    EXPECT_RESULT(probes.delivered().back(), Outcome::error, -1, "cancelled");
    while (::read(ends[0], &byte, 1) > 0) {  // ends when nobody holds the other end any more
    }
    ::close(ends[0]);
}

TEST(ExecProbes, a_lack_of_descriptors_is_an_error) {
    RealProbes probes;
    EXPECT_EQ(probes.ask(shell("exit 0")).outcome, Outcome::passed);
    {
        const NoMoreDescriptors none;
        EXPECT_EQ(probes.ask(shell("exit 0")).outcome, Outcome::error);
    }
    EXPECT_EQ(probes.ask(shell("exit 0")).outcome, Outcome::passed);
}

}  // namespace
}  // namespace keepwell::runtime
