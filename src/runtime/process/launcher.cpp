// Starts one process. May know: Linux.
#include "runtime/process/launcher.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/process/account.hpp"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif

namespace keepwell::runtime {
namespace {

constexpr std::size_t stack_size = 64 * 1024;
constexpr std::size_t kernel_mask_size = 8;
constexpr int signal_count = 64;

enum class Step : int { none, descriptors, user, folder, execute };

// All that the child needs, and where it leaves word of its failure. It runs in our memory while we wait.
struct Plan {
    const char* const* programs;  // to be tried in this order, ends with a null
    const char* const* arguments;
    const char* const* environment;
    const char* folder;      // null: stays
    const Account* account;  // null: stays who we are
    int null;
    int output;
    const void* descriptors;  // struct rlimit64
    char* own_pid;            // in `environment`: pid_digits of it; null: nobody wants it
    Step failed_step = Step::none;
    int error = 0;
};

// ---- in the child -----------------------------------------------------------------------------------------------
// Memory and thread state are the parent's: plain system calls only, no libc function that keeps state (its setuid()
// would signal the parent's threads, a sanitizer's sigaction() would change the parent's table), and no
// instrumentation.

#define KEEPWELL_IN_CHILD __attribute__((no_sanitize("address", "undefined", "thread"), noinline))

KEEPWELL_IN_CHILD bool replace_descriptors(const Plan& plan) {
    const auto first_unused = static_cast<unsigned>(std::max(plan.null, plan.output)) + 1;
    return syscall(SYS_close_range, first_unused, ~0U, CLOSE_RANGE_UNSHARE) == 0 &&
           syscall(SYS_dup3, plan.null, 0, 0) >= 0 && syscall(SYS_dup3, plan.output, 1, 0) >= 0 &&
           syscall(SYS_dup3, plan.output, 2, 0) >= 0 && syscall(SYS_close_range, 3U, ~0U, 0U) == 0;
}

KEEPWELL_IN_CHILD void reset_signals() {
    const std::uint64_t default_action[8] = {};  // struct sigaction as the kernel has it: SIG_DFL, no flags
    for (int signal = 1; signal <= signal_count; ++signal) {
        syscall(SYS_rt_sigaction, signal, default_action, nullptr, kernel_mask_size);
    }
    const std::uint64_t nothing = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, kernel_mask_size);
}

KEEPWELL_IN_CHILD void write_own_pid(char* digits) {
    long rest = syscall(SYS_getpid);
    for (char* digit = digits + pid_digits; digit != digits; rest /= 10) *--digit = static_cast<char>('0' + rest % 10);
}

KEEPWELL_IN_CHILD bool become(const Account& account) {
    return syscall(SYS_setgroups, account.groups.size(), account.groups.data()) == 0 &&
           syscall(SYS_setresgid, account.gid, account.gid, account.gid) == 0 &&
           syscall(SYS_setresuid, account.uid, account.uid, account.uid) == 0;
}

// As execvpe(): a program that is absent in one folder is looked for in the next; a refusal is told if none is found.
KEEPWELL_IN_CHILD int execute(const Plan& plan) {
    int refused = 0;
    for (const char* const* program = plan.programs; *program != nullptr; ++program) {
        syscall(SYS_execve, *program, plan.arguments, plan.environment);
        if (errno == EACCES) refused = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
    }
    return refused != 0 ? refused : ENOENT;
}

KEEPWELL_IN_CHILD int fail(Plan& plan, Step step, int error) {
    plan.failed_step = step;
    plan.error = error;
    return 127;
}

KEEPWELL_IN_CHILD int child_main(void* argument) {
    auto& plan = *static_cast<Plan*>(argument);
    syscall(SYS_setsid);
    if (plan.own_pid != nullptr) write_own_pid(plan.own_pid);
    if (!replace_descriptors(plan)) return fail(plan, Step::descriptors, errno);
    syscall(SYS_umask, 022);
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, plan.descriptors, nullptr);
    if (plan.account != nullptr && !become(*plan.account)) return fail(plan, Step::user, errno);
    if (plan.folder != nullptr && syscall(SYS_chdir, plan.folder) != 0) return fail(plan, Step::folder, errno);
    reset_signals();
    return fail(plan, Step::execute, execute(plan));
}

// ---- in the parent ----------------------------------------------------------------------------------------------

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array not_passed_on{std::string_view("NOTIFY_SOCKET"), std::string_view("WATCHDOG_USEC"),
                                   std::string_view("WATCHDOG_PID"),  std::string_view("LISTEN_FDS"),
                                   std::string_view("LISTEN_PID"),    std::string_view("LISTEN_FDNAMES")};

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

// "NAME=value" lines, each name once.
class Environment {
  public:
    Environment() {
        for (char** variable = environ; *variable != nullptr; ++variable) {
            const auto name = name_of(*variable);
            if (std::ranges::find(not_passed_on, name) == not_passed_on.end()) lines_.emplace_back(*variable);
        }
    }

    void set(const std::string& name, const std::string& value) {
        const auto line = std::ranges::find(lines_, name, name_of);
        if (line == lines_.end()) {
            lines_.push_back(name + "=" + value);
        } else {
            *line = name + "=" + value;
        }
    }

    /// Where a pid can be written at the end of the value.
    char* add_digits(const std::string& name) {
        auto& line = *std::ranges::find(lines_, name, name_of);
        line.append(pid_digits, '0');
        return line.data() + line.size() - pid_digits;
    }

    std::string path() const {
        const auto line = std::ranges::find(lines_, "PATH", name_of);
        return line == lines_.end() ? default_path : line->substr(5);
    }

    const std::vector<std::string>& lines() const { return lines_; }

  private:
    std::vector<std::string> lines_;
};

Environment environment_for(const Launch& launch, const Account* account) {
    Environment environment;
    if (account != nullptr && !account->name.empty()) {
        environment.set("HOME", account->home);
        environment.set("USER", account->name);
        environment.set("LOGNAME", account->name);
    }
    for (const auto& [name, value] : launch.as.environment) environment.set(name, value);
    for (const auto& [name, value] : launch.marks) environment.set(name, value);
    return environment;
}

bool may_be_program(const std::string& path) {
    struct stat status {};
    return path.front() != '/' || (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode));
}

// The files that `name` may mean on this search path; those that certainly are none are left out.
std::vector<std::string> programs_called(const std::string& name, const std::string& path) {
    if (name.find('/') != std::string::npos) return {name};
    std::vector<std::string> programs;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        const auto folder = end == begin ? std::string(".") : path.substr(begin, end - begin);
        auto program = folder + "/" + name;
        if (may_be_program(program)) programs.push_back(std::move(program));
        begin = end + 1;
    }
    return programs;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<const char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const auto& text : texts) pointers.push_back(text.c_str());
    pointers.push_back(nullptr);
    return pointers;
}

LaunchFailure describe(const Plan& plan, const Launch& launch) {
    switch (plan.failed_step) {
        case Step::none:
        case Step::descriptors: return launch_failure("cannot set up descriptors", plan.error);
        case Step::user: return launch_failure("cannot become user `" + launch.as.user + "`", plan.error);
        case Step::folder: return launch_failure("cannot enter folder `" + launch.as.working_dir + "`", plan.error);
        case Step::execute: break;
    }
    return launch_failure("cannot execute `" + launch.command.front() + "`", plan.error);
}

// No signal handler of ours may run in the child, which shares our memory.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked() {
        const std::uint64_t all = ~std::uint64_t{0};
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, kernel_mask_size);
    }
    ~AllSignalsBlocked() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, kernel_mask_size); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

  private:
    std::uint64_t before_ = 0;
};

tl::expected<Launched, LaunchFailure> clone_and_execute(Plan& plan, void* stack, const Launch& launch) {
    int pidfd = -1;
    pid_t pid = -1;
    int error = 0;
    {
        const AllSignalsBlocked blocked;
        void* top = static_cast<char*>(stack) + stack_size;
        pid = clone(child_main, top, CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
        error = errno;
    }
    if (pid < 0) return tl::unexpected(launch_failure("cannot create a process", error));
    Launched launched{pid, Descriptor(pidfd)};
    if (plan.failed_step == Step::none) return launched;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return tl::unexpected(describe(plan, launch));
}

// Whether anything has to be done to run as this account.
bool is_ours_already(const Account& account) {
    return geteuid() != 0 && account.uid == geteuid() && account.gid == getegid();
}

}  // namespace

Launcher::Launcher() {
    null_ = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null_.get() < 3) null_ = Descriptor(fcntl(null_.get(), F_DUPFD_CLOEXEC, 3));
    output_slot_ = Descriptor(fcntl(null_.get(), F_DUPFD_CLOEXEC, 3));
    stack_ = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (!output_slot_.valid() || stack_ == MAP_FAILED) setup_error_ = errno;
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &descriptors_);
    const Limit all{descriptors_.hard, descriptors_.hard};
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &all, nullptr);
}

Launcher::~Launcher() {
    if (stack_ != MAP_FAILED) munmap(stack_, stack_size);
}

tl::expected<Launched, LaunchFailure> Launcher::launch(const Launch& launch) {
    if (setup_error_ != 0) return tl::unexpected(launch_failure("cannot set up the launcher", setup_error_));
    if (launch.command.empty() || launch.command.front().empty()) {
        return tl::unexpected(LaunchFailure{"there is no command to execute"});
    }
    std::optional<Account> account;
    if (!launch.as.user.empty()) {
        auto resolved = resolve_account(launch.as.user);
        if (!resolved) return tl::unexpected(resolved.error());
        account = std::move(*resolved);
    }
    auto environment = environment_for(launch, account ? &*account : nullptr);
    char* const own_pid = launch.mark_pid ? environment.add_digits(launch.marks.back().first) : nullptr;
    const auto programs = programs_called(launch.command.front(), environment.path());
    const auto program_pointers = pointers_to(programs);
    const auto argument_pointers = pointers_to(launch.command);
    const auto environment_pointers = pointers_to(environment.lines());
    const auto& folder = launch.as.working_dir;

    Plan plan{program_pointers.data(),
              argument_pointers.data(),
              environment_pointers.data(),
              folder.empty() ? nullptr : folder.c_str(),
              account && !is_ours_already(*account) ? &*account : nullptr,
              null_.get(),
              output_slot_.get(),
              &descriptors_,
              own_pid};
    // The child copies low descriptors only, so what it shall write to must be one.
    if (launch.output >= 0 && dup3(launch.output, output_slot_.get(), O_CLOEXEC) < 0) {
        return tl::unexpected(launch_failure("cannot set up descriptors", errno));
    }
    auto launched = clone_and_execute(plan, stack_, launch);
    if (launch.output >= 0) dup3(null_.get(), output_slot_.get(), O_CLOEXEC);
    return launched;
}

}  // namespace keepwell::runtime
