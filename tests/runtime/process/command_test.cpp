// One-shot commands: their end, their output, their timeout, and what they leave behind.
#include "runtime/process/command.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <optional>

#include "runtime/process/real_world.hpp"

namespace keepwell::runtime {
namespace {

using testing::is_gone;

class CommandTest : public ::testing::Test {
  protected:
    CommandTest() { as_.working_dir = world.folder.path(); }

    CommandRunner::Key begin(const std::string& text, Duration timeout = 20s) {
        return world.commands.run({"/bin/sh", "-c", text}, as_, timeout, [this](CommandResult result) {
            EXPECT_FALSE(result_) << "called back twice";
            result_ = std::move(result);
        });
    }
    CommandResult end() {
        EXPECT_TRUE(world.run_until([this] { return result_.has_value(); }));
        return result_.value_or(CommandResult{});
    }
    CommandResult run(const std::string& text, Duration timeout = 20s) {
        begin(text, timeout);
        return end();
    }

    testing::RealWorld world;
    ProcessSpec as_;
    std::optional<CommandResult> result_;
};

TEST_F(CommandTest, tells_the_exit_code_and_all_output_in_order) {
    const auto result = run("echo one; echo two >&2; echo three; exit 3");
    EXPECT_EQ(result.status.kind, ExitStatus::Kind::code);
    EXPECT_EQ(result.status.value, 3);
    EXPECT_EQ(result.output, "one\ntwo\nthree\n");
    EXPECT_FALSE(result.timed_out || result.cancelled || result.our_lack);
}

TEST_F(CommandTest, reads_nothing_from_stdin) { EXPECT_EQ(run("cat; echo end").output, "end\n"); }

TEST_F(CommandTest, keeps_4096_bytes_of_output_whole) {
    EXPECT_EQ(run("head -c 4096 /dev/zero | tr '\\0' x").output, std::string(4096, 'x'));
}

TEST_F(CommandTest, cuts_longer_output_and_drains_the_rest) {
    const auto result = run("head -c 1000000 /dev/zero | tr '\\0' x; exit 0");
    EXPECT_EQ(result.output, std::string(4096, 'x') + "...");
    EXPECT_TRUE(result.status.success());
}

TEST_F(CommandTest, a_timeout_kills_the_whole_group_and_keeps_the_output) {
    const auto result = run("echo before; sleep 1000 & echo $! > member; wait", 200ms);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.status.kind, ExitStatus::Kind::signal);
    EXPECT_EQ(result.status.value, SIGKILL);
    EXPECT_EQ(result.output, "before\n");
    const auto member = world.pid_from("member");
    EXPECT_TRUE(world.run_until([&] { return is_gone(member); }));
}

TEST_F(CommandTest, cancelling_kills_it_and_still_calls_back_once) {
    const auto key = begin("sleep 1000");
    world.commands.cancel(key);
    world.commands.cancel(key);
    const auto result = end();
    EXPECT_TRUE(result.cancelled);
    EXPECT_EQ(result.status.value, SIGKILL);
    world.commands.cancel(key);
}

TEST_F(CommandTest, a_grandchild_that_holds_the_pipe_open_delays_the_result_only_shortly_and_is_killed) {
    const auto before = world.loop.now();
    const auto result = run("sleep 1000 & echo $! > member; echo done");
    EXPECT_LT(world.loop.now() - before, 10s);
    EXPECT_TRUE(result.status.success());
    EXPECT_EQ(result.output, "done\n");
    const auto member = world.pid_from("member");
    EXPECT_TRUE(world.run_until([&] { return is_gone(member); }));
}

TEST_F(CommandTest, what_can_not_be_executed_is_the_commands_fault) {
    world.commands.run({"no-such-command"}, as_, 20s, [this](CommandResult result) { result_ = std::move(result); });
    EXPECT_FALSE(result_) << "called back from inside run()";
    const auto result = end();
    EXPECT_EQ(result.status.kind, ExitStatus::Kind::exec_failed);
    EXPECT_EQ(result.status.detail, "cannot execute `no-such-command`: No such file or directory");
    EXPECT_FALSE(result.our_lack);
}

TEST_F(CommandTest, a_lack_of_descriptors_is_ours) {
    run("exit 0");  // UBSan needs a descriptor the first time that it sees a type
    result_.reset();
    {
        const testing::NoMoreDescriptors lack;
        begin("exit 0");
    }
    const auto result = end();
    EXPECT_EQ(result.status.kind, ExitStatus::Kind::exec_failed);
    EXPECT_EQ(result.status.detail, "cannot create a pipe: Too many open files");
    EXPECT_TRUE(result.our_lack);
}

TEST_F(CommandTest, a_lack_of_processes_is_ours) {
    if (geteuid() != 0) GTEST_SKIP() << "needs a user of its own, so that the limit hits nobody else";
    as_.user = "54321:54321";
    world.commands.run({"sleep", "1000"}, as_, 20s, [](const CommandResult&) {});  // the limit counts what runs already
    rlimit before{};
    getrlimit(RLIMIT_NPROC, &before);
    const rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_NPROC, &none);
    begin("exit 0");
    setrlimit(RLIMIT_NPROC, &before);
    const auto result = end();
    EXPECT_EQ(result.status.detail, "cannot execute `/bin/sh`: Resource temporarily unavailable");
    EXPECT_TRUE(result.our_lack);
}

TEST_F(CommandTest, commands_run_side_by_side) {
    int done = 0;
    for (int i = 0; i < 20; ++i) {
        world.commands.run({"/bin/sh", "-c", "exit 0"}, as_, 20s,
                           [&](const CommandResult& result) { done += result.status.success() ? 1 : 0; });
    }
    EXPECT_TRUE(world.run_until([&] { return done == 20; }));
}

TEST_F(CommandTest, a_runner_that_goes_takes_its_commands_along) {
    auto runner = std::make_unique<CommandRunner>(world.loop, world.children);
    runner->run({"/bin/sh", "-c", "echo $$ > pid; exec sleep 1000"}, as_, 20s,
                [](const CommandResult&) { FAIL() << "called back after its end"; });
    const auto pid = world.pid_from("pid");
    runner.reset();
    EXPECT_TRUE(world.run_until([&] { return is_gone(pid); }));
}

}  // namespace
}  // namespace keepwell::runtime
