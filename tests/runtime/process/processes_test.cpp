// What only the real end of the ProcessPort can show: groups, sessions, pids, descriptors, files.
#include "runtime/process/processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "runtime/process/proc.hpp"
#include "runtime/process/real_world.hpp"

namespace keepwell::runtime {
namespace {

using testing::content_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::is_gone;
using ::testing::IsEmpty;

class ProcessesTest : public ::testing::Test {
  protected:
    void stop(const Instance& instance, Duration grace) { world.processes->stop(99, 0, instance, SIGTERM, grace); }
    void kill_and_wait(const Instance& instance) {
        const auto pid = static_cast<pid_t>(instance.pid);
        kill(pid, SIGKILL);
        ASSERT_TRUE(world.run_until([&] { return is_gone(pid); }));
    }
    std::string printed(const std::string& target = "api") {
        return content_of(world.folder / ("output/" + target + ".log"));
    }
    // Runs a target to its end and returns what it printed.
    std::string run(const TargetSpec& target) {
        world.start(target);
        world.next<event::Exited>();
        return printed(target.name);
    }

    testing::RealWorld world;
};

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

std::size_t zombies() {
    const auto all = all_processes();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [](const ProcessStat& process) { return process.parent == getpid() && process.dead(); }));
}

TEST_F(ProcessesTest, identity_is_pid_and_start_ticks) {
    const auto instance = world.start(world.target({"sleep", "1000"}));
    const auto stat = read_stat(static_cast<pid_t>(instance.pid));
    ASSERT_TRUE(stat);
    EXPECT_EQ(instance.id, std::to_string(instance.pid) + "@" + std::to_string(stat->start_ticks));
    EXPECT_EQ(stat->group, instance.pid);
    EXPECT_EQ(stat->session, instance.pid);
    stop(instance, 0s);
    world.next<event::StopFinished>();
}

TEST_F(ProcessesTest, a_process_finds_its_folder_environment_and_marks) {
    auto target =
        world.shell("pwd; echo $COLOUR $KEEPWELL_TARGET; test ${#KEEPWELL_INSTANCE} -gt 24 && echo marked; umask; cat");
    target.process.environment = {{"COLOUR", "red"}, {"COLOUR", "blue"}};
    EXPECT_EQ(run(target), world.folder.path() + "\nblue api\nmarked\n0022\n");
}

TEST_F(ProcessesTest, output_of_both_kinds_goes_to_the_targets_file_which_others_can_not_read) {
    EXPECT_EQ(run(world.shell("echo out; echo err >&2")), "out\nerr\n");
    EXPECT_EQ(std::filesystem::status(world.folder / "output/api.log").permissions(), std::filesystem::perms(0640));
}

TEST_F(ProcessesTest, a_process_whose_output_file_can_not_be_opened_runs_without_one) {
    auto target = world.shell("echo lost; exit 5");
    target.output.file = world.folder.path();
    world.start(target);
    EXPECT_EQ(world.next<event::Exited>().status.value, 5);
    EXPECT_THAT(world.notices,
                ElementsAre("api: cannot open `" + world.folder.path() + "`: Is a directory; what it prints is lost"));
}

TEST_F(ProcessesTest, a_process_inherits_no_descriptor_but_the_three) {
    const Descriptor open_here(dup(1));                                     // without close-on-exec
    EXPECT_EQ(run(world.target({"ls", "/proc/self/fd"})), "0\n1\n2\n3\n");  // 3 is the folder that ls itself reads
}

TEST_F(ProcessesTest, a_process_has_no_signal_blocked_or_ignored) {
    const auto status = run(world.target({"cat", "/proc/self/status"}));
    EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
    EXPECT_THAT(status, HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(ProcessesTest, failures_to_start_say_what_could_not_be_done) {
    auto missing_folder = world.target({"true"});
    missing_folder.process.working_dir = "/absent";
    auto missing_user = world.target({"true"});
    missing_user.process.user = "nobody-by-this-name";
    auto missing_group = world.target({"true"});
    missing_group.process.user = "0:no-such-group";
    auto lone_number = world.target({"true"});
    lone_number.process.user = "54321";
    auto as_before = world.target({"true"});
    as_before.process.user = "4294967295:65534";
    const std::vector<std::pair<TargetSpec, std::string>> cases{
        {world.target({"no-such-program"}), "cannot execute `no-such-program`: No such file or directory"},
        {world.target({"/etc/passwd"}), "cannot execute `/etc/passwd`: Permission denied"},
        {world.target({}), "there is no command to execute"},
        {missing_folder, "cannot enter folder `/absent`: No such file or directory"},
        {missing_user, "unknown user `nobody-by-this-name`"},
        {missing_group, "unknown group `no-such-group`"},
        {as_before, "unknown user `4294967295`"},
        {lone_number, "user `54321` has no entry: give its group too, as in `UID:GID`"},
    };
    for (const auto& [target, text] : cases) {
        world.processes->start(1, 0, target);
        EXPECT_EQ(world.next<event::StartFinished>().failure, text);
    }
    EXPECT_EQ(zombies(), 0u);
}

TEST_F(ProcessesTest, a_process_runs_as_its_user) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    auto target = world.shell("id -un; id -gn; echo $HOME $USER $LOGNAME");
    target.process.user = "nobody";
    EXPECT_EQ(run(target), "nobody\nnogroup\n/nonexistent nobody nobody\n");
    auto numbers = world.shell("id -u; id -g; id -G", "numbers");
    numbers.process.user = "54321:54322";
    EXPECT_EQ(run(numbers), "54321\n54322\n54322\n");
}

TEST_F(ProcessesTest, the_program_is_looked_for_in_the_path_that_it_will_have) {
    const auto program = world.folder / "greet";
    std::ofstream(program) << "#!/bin/sh\necho hello\n";
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    auto target = world.target({"greet"});
    target.process.environment = {{"PATH", "/absent:" + world.folder.path() + ":/bin"}};
    EXPECT_EQ(run(target), "hello\n");
}

TEST_F(ProcessesTest, a_member_that_ignores_the_stop_signal_is_dead_when_the_stop_is_finished) {
    const auto instance =
        world.start(world.shell("(trap '' TERM; echo 1 > ready; exec sleep 1000) & echo $! > member; wait"));
    world.pid_from("ready");
    const auto member = world.pid_from("member");
    stop(instance, 50ms);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(member));
}

TEST_F(ProcessesTest, a_descendant_that_left_the_group_is_dead_when_the_stop_is_finished) {
    const auto instance = world.start(
        world.shell("(setsid sh -c 'trap \"\" TERM; echo $$ > escaped; sleep 1000; true' &); exec sleep 1000"));
    const auto escaped = world.pid_from("escaped");
    EXPECT_NE(getpgid(escaped), instance.pid);
    stop(instance, 50ms);
    EXPECT_TRUE(world.next<event::Exited>().remains);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(escaped));
}

TEST_F(ProcessesTest, a_descendant_that_left_the_group_gets_the_stop_signal_and_its_grace) {
    const auto instance =
        world.start(world.shell("(setsid sh -c 'trap \"echo asked > asked; exit\" TERM; echo $$ > escaped; while :; do "
                                "sleep 0.01; done' &); exec sleep 1000"));
    const auto escaped = world.pid_from("escaped");
    stop(instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(escaped));
    EXPECT_EQ(content_of(world.folder / "asked"), "asked\n");
}

TEST_F(ProcessesTest, a_crash_that_leaves_a_descendant_outside_the_group_is_told_as_remaining) {
    const auto instance =
        world.start(world.shell("(setsid sh -c 'echo $$ > escaped; sleep 1000; true' &); exec sleep 1000"));
    const auto escaped = world.pid_from("escaped");
    kill(static_cast<pid_t>(instance.pid), SIGKILL);
    EXPECT_TRUE(world.next<event::Exited>().remains);
    EXPECT_FALSE(is_gone(escaped));
    stop(instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(escaped));
}

TEST_F(ProcessesTest, a_daemon_that_is_just_leaving_the_group_when_its_leader_ends_is_told_and_stopped) {
    for (int life = 0; life < 100; ++life) {
        const auto instance = world.start(world.shell("setsid sleep 1000 & exit 3"));
        ASSERT_TRUE(world.next<event::Exited>().remains) << life;
        stop(instance, 1000s);  // so long it would wait if the signal had missed it
        ASSERT_EQ(world.next<event::StopFinished>().survivors, "") << life;
    }
}

TEST_F(ProcessesTest, a_life_is_found_once_by_a_later_keepwell_of_its_folder_and_by_no_other) {
    const auto instance =
        world.start(world.shell("(setsid sh -c 'echo $$ > escaped; sleep 1000; true' &); exec sleep 1000"));
    world.pid_from("escaped");
    world.restart();
    const auto found = world.processes->started_before({});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].instance, instance);
    const testing::Folder elsewhere;
    Processes other(
        world.loop, world.children, world.commands, world.output, elsewhere.path(), [](const Event&) {},
        [](const std::string&) {});
    EXPECT_TRUE(other.started_before({}).empty());
    ASSERT_TRUE(world.processes->adopt(0, world.shell(""), instance));
    stop(instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
}

TEST_F(ProcessesTest, a_helper_in_a_session_of_its_own_is_no_life_beside_the_one_that_started_it) {
    const auto instance =
        world.start(world.shell("(setsid sh -c 'echo $$ > escaped; sleep 1000; true' &); exec sleep 1000"));
    const pid_t helper = world.pid_from("escaped");
    world.restart();
    EXPECT_THAT(world.processes->started_before({instance}), IsEmpty());
    kill_and_wait(instance);
    EXPECT_THAT(world.processes->started_before({instance}), IsEmpty()) << "its leader has died meanwhile";
    ASSERT_TRUE(world.processes->adopt(0, world.shell(""), instance));
    EXPECT_TRUE(world.next<event::Exited>().remains);
    stop(instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(helper));
}

TEST_F(ProcessesTest, a_helper_whose_leader_died_before_it_was_recorded_is_found_as_what_remains) {
    const auto instance =
        world.start(world.shell("(setsid sh -c 'echo $$ > escaped; sleep 1000; true' &); sleep 1000"));
    const pid_t helper = world.pid_from("escaped");
    world.restart();
    kill_and_wait(instance);
    const auto found = world.processes->started_before({});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].target, "api");
    ASSERT_TRUE(world.processes->adopt(0, world.shell(""), found[0].instance));
    EXPECT_TRUE(world.next<event::Exited>().remains);
    stop(found[0].instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(helper));
}

TEST_F(ProcessesTest, a_helper_that_hides_in_a_session_and_an_environment_of_its_own_is_stopped_with_its_leader) {
    const auto instance = world.start(
        world.shell("setsid env -i sh -c 'echo $$ > hidden; setsid sleep 1000 & echo $! > child; wait' & sleep 1000"));
    const pid_t hidden = world.pid_from("hidden");
    const pid_t child = world.pid_from("child");
    stop(instance, 20s);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(hidden));
    EXPECT_TRUE(is_gone(child));
}

TEST(ProcessesOfWhomWasStartedWithSigchldIgnored, exit_codes_are_seen) {
    std::signal(SIGCHLD, SIG_IGN);
    testing::RealWorld world;
    world.start(world.shell("exit 3"));
    EXPECT_EQ(world.next<event::Exited>().status.value, 3);
}

TEST_F(ProcessesTest, a_process_of_another_user_can_open_its_stderr_anew) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    auto target = world.shell("echo again >> /dev/stderr");
    target.process.user = "nobody";
    EXPECT_EQ(run(target), "again\n");
}

TEST_F(ProcessesTest, a_process_has_the_limit_of_descriptors_that_keepwell_was_given) {
    rlimit given{};
    getrlimit(RLIMIT_NOFILE, &given);  // what the launcher has raised it to
    EXPECT_EQ(given.rlim_cur, given.rlim_max);
    EXPECT_EQ(run(world.shell("ulimit -S -n")), world.given_descriptors() + "\n");
}

TEST_F(ProcessesTest, an_orphan_of_one_instance_is_not_taken_for_a_remainder_of_another) {
    const auto parent =
        world.start(world.shell("(setsid sh -c 'echo $$ > escaped; sleep 1000; true' &); exec sleep 1000", "parent"));
    const auto escaped = world.pid_from("escaped");
    world.start(world.shell("exit 0", "other"));
    EXPECT_FALSE(world.next<event::Exited>().remains);
    EXPECT_FALSE(is_gone(escaped));
    stop(parent, 20s);
    world.next<event::StopFinished>();
    EXPECT_TRUE(is_gone(escaped));
}

TEST_F(ProcessesTest, a_process_that_is_just_executing_another_program_is_known_by_its_environment) {
    const std::string again = R"(exec /bin/sh -c "$0" "$0")";
    const auto instance = world.start(world.target({"/bin/sh", "-c", again, again}));
    for (int look = 0; look < 20'000; ++look) {
        ASSERT_EQ(environment_of(static_cast<pid_t>(instance.pid), "KEEPWELL_TARGET"), "api") << look;
    }
    stop(instance, 20s);
    world.next<event::StopFinished>();
}

TEST_F(ProcessesTest, a_stopped_process_is_woken_to_see_its_stop_signal) {
    const auto instance = world.start(world.target({"sleep", "1000"}));
    kill(static_cast<pid_t>(instance.pid), SIGSTOP);
    stop(instance, 1000s);
    EXPECT_EQ(world.next<event::Exited>().status.value, SIGTERM);
    world.next<event::StopFinished>();
}

TEST_F(ProcessesTest, dead_orphans_are_reaped) {
    const auto instance = world.start(world.shell("(sh -c 'echo $$ > orphan' &); exec sleep 1000"));
    const auto orphan = world.pid_from("orphan");
    EXPECT_TRUE(world.run_until([&] { return is_gone(orphan); }));
    stop(instance, 20s);
    world.next<event::StopFinished>();
    EXPECT_EQ(zombies(), 0u);
}

TEST_F(ProcessesTest, two_hundred_lives_leave_no_descriptor_and_no_zombie) {
    run(world.target({"true"}));
    const auto before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
        world.processes->start(1, 0, i % 4 == 0 ? world.target({"no-such-program"}) : world.target({"/bin/true"}));
    }
    int exits = 0;
    while (exits < 150) exits += world.next<event::Exited>().status.success() ? 1 : 0;
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(zombies(), 0u);
}

TEST_F(ProcessesTest, an_instance_of_a_keepwell_that_was_killed_is_adopted_and_stopped) {
    std::string id;
    world.commands.run({ABANDON_PROGRAM, world.folder.path()}, {}, 20s,
                       [&](const CommandResult& result) { id = result.output; });
    ASSERT_TRUE(world.run_until([&] { return !id.empty(); }));
    ASSERT_EQ(id.back(), '\n');
    id.pop_back();
    const auto pid = static_cast<pid_t>(std::stol(id));
    const Instance instance{id, pid};
    const auto target = world.target({"sleep"});
    ASSERT_TRUE(world.processes->adopt(4, target, instance));
    EXPECT_TRUE(world.run_until([&] { return printed() == std::to_string(pid) + "\n"; })) << "what it prints is lost";
    stop(instance, 20s);
    const auto exited = world.next<event::Exited>();
    EXPECT_EQ(exited.target, 4u);
    EXPECT_FALSE(exited.remains);
    EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
    EXPECT_TRUE(is_gone(pid));
}

TEST_F(ProcessesTest, the_end_of_an_adopted_instance_that_is_not_our_child_has_an_unknown_status) {
    const auto parent = world.start(world.shell("setsid sh -c 'echo $$ > child; exec sleep 1000' & wait", "parent"));
    const auto child = world.pid_from("child");
    ASSERT_TRUE(world.processes->adopt(1, world.target({"sleep"}), instance_of(child)));
    kill(child, SIGKILL);
    const auto exited = world.next<event::Exited>();
    EXPECT_EQ(exited.instance.pid, child);
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::unknown);
    stop(parent, 0s);
    world.next<event::StopFinished>();
}

TEST_F(ProcessesTest, a_pid_that_is_used_again_is_not_adopted) {
    const auto instance = world.start(world.target({"sleep", "1000"}));
    const auto earlier = std::to_string(instance.pid) + "@1";
    EXPECT_FALSE(world.processes->adopt(0, world.target({"sleep"}), {earlier, instance.pid}));
    EXPECT_FALSE(world.processes->adopt(0, world.target({"sleep"}), {"nonsense", 0}));
    stop(instance, 0s);
    world.next<event::StopFinished>();
}

TEST_F(ProcessesTest, a_lack_of_descriptors_is_a_failed_start_that_says_so) {
    run(world.target({"true"}));  // UBSan needs a descriptor the first time that it sees a type
    {
        const testing::NoMoreDescriptors lack;
        world.processes->start(1, 0, world.target({"true"}));
    }
    EXPECT_EQ(world.next<event::StartFinished>().failure, "cannot create a process: Too many open files");
}

TEST_F(ProcessesTest, a_lack_of_descriptors_hides_nothing_that_a_stop_must_end) {
    for (const bool lacking : {false, true}) {  // first without: UBSan needs a descriptor when it first sees a type
        const auto instance =
            world.start(world.shell("(trap '' TERM; echo 1 > ready; exec sleep 1000) & echo $! > member; wait"));
        world.pid_from("ready");
        const auto member = world.pid_from("member");
        std::optional<testing::NoMoreDescriptors> lack;
        if (lacking) lack.emplace();
        stop(instance, 20ms);
        EXPECT_EQ(world.next<event::StopFinished>().survivors, "");
        EXPECT_TRUE(is_gone(member));
        std::filesystem::remove(world.folder / "ready");
        std::filesystem::remove(world.folder / "member");
    }
}

TEST_F(ProcessesTest, a_hook_has_the_targets_folder_and_environment) {
    auto target = world.target({"true"});
    target.process.environment = {{"COLOUR", "red"}};
    world.processes->run_hook(1, 0, target, {"/bin/sh", "-c", "pwd; echo $COLOUR $KEEPWELL_TARGET"}, 20s);
    EXPECT_EQ(world.next<event::HookFinished>().output, world.folder.path() + "\nred api\n");
}

TEST_F(ProcessesTest, a_hook_that_can_not_be_executed_says_why) {
    world.processes->run_hook(1, 0, world.target({"true"}), {"no-such-hook"}, 20s);
    const auto finished = world.next<event::HookFinished>();
    EXPECT_EQ(finished.status.kind, ExitStatus::Kind::exec_failed);
    EXPECT_EQ(finished.status.detail, "cannot execute `no-such-hook`: No such file or directory");
}

}  // namespace
}  // namespace keepwell::runtime
