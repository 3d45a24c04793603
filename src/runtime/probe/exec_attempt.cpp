// The exec probe: the command of a `test:`, run with its target's user, folder and environment.
#include "runtime/probe/attempt.hpp"
#include "runtime/process/command.hpp"

namespace keepwell::runtime {
namespace {

/// Docker and shells give a command that was killed this code.
constexpr int killed_by = 128;

Verdict ended(const ExitStatus& status, std::string output) {
    const bool by_signal = status.kind == ExitStatus::Kind::signal;
    const int code = by_signal ? killed_by + status.value : status.value;
    if (status.success()) return passed(std::move(output));
    return {Outcome::failed, code, output.empty() ? to_string(status) : std::move(output)};
}

Verdict verdict(CommandResult result, Duration timeout) {
    if (result.our_lack) return our_lack(result.status.detail);
    if (result.timed_out) {
        Verdict over = timed_out(timeout);
        if (!result.output.empty()) over.output += ": " + result.output;
        return over;
    }
    switch (result.status.kind) {
        case ExitStatus::Kind::exec_failed: return not_run(result.status.detail);
        case ExitStatus::Kind::unknown: return our_lack("the command ended unseen");
        case ExitStatus::Kind::code:
        case ExitStatus::Kind::signal: break;
    }
    return ended(result.status, std::move(result.output));
}

class ExecAttempt final : public Attempt {
  public:
    ExecAttempt(CommandRunner& runner, const ExecProbe& probe, const ProcessSpec& process, Duration timeout)
        : runner_(runner), probe_(probe), process_(process), timeout_(timeout) {}
    ~ExecAttempt() override {
        *alive_ = false;
        runner_.cancel(key_);
    }
    ExecAttempt(const ExecAttempt&) = delete;
    ExecAttempt& operator=(const ExecAttempt&) = delete;

    void begin(Done done) override {
        auto ended = [alive = alive_, timeout = timeout_, done = std::move(done)](CommandResult result) {
            if (*alive) done(verdict(std::move(result), timeout));
        };
        key_ = runner_.run(probe_.command, process_, timeout_, std::move(ended));
    }

    /// The runner keeps the time: it begins when the command has been executed.
    bool keeps_time() const override { return true; }
    Verdict overdue() const override { return timed_out(timeout_); }

  private:
    CommandRunner& runner_;
    const ExecProbe probe_;
    const ProcessSpec process_;
    const Duration timeout_;
    CommandRunner::Key key_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Attempt> make_exec_attempt(CommandRunner& runner, const ExecProbe& probe, const ProcessSpec& process,
                                           Duration timeout) {
    return std::make_unique<ExecAttempt>(runner, probe, process, timeout);
}

}  // namespace keepwell::runtime
