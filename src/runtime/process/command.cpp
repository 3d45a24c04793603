// Runs commands. May know: Linux, Children, the loop.
#include "runtime/process/command.hpp"

#include <fcntl.h>
#include <csignal>

#include <array>
#include <utility>

namespace keepwell::runtime {
namespace {

constexpr Duration drain_time = 100ms;

struct Pipe {
    Descriptor reading;
    Descriptor writing;
};

tl::expected<Pipe, LaunchFailure> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(launch_failure("cannot create a pipe", errno));
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK);  // ours alone: the command's end blocks, as it expects
    return pipe;
}

void keep_some(std::string& output, const char* bytes, std::size_t count) {
    if (output.size() > kept_output) return;  // cut already
    const auto room = kept_output - output.size();
    output.append(bytes, std::min(count, room));
    if (count > room) output += "...";
}

}  // namespace

struct CommandRunner::Run {
    Run(Loop& loop, Key number, Done call) : key(number), done(std::move(call)), timer(loop) {}

    Key key;
    Done done;
    CommandResult result;
    pid_t pid = 0;
    std::unique_ptr<Readable> leader;  // pidfd
    std::unique_ptr<Readable> pipe;    // null after its end
    Timer timer;                       // timeout, then the drain time
    bool leader_ended = false;
};

CommandRunner::CommandRunner(Loop& loop, Children& children) : loop_(loop), children_(children) {}

CommandRunner::~CommandRunner() {
    for (const auto& [key, run] : runs_) {
        if (run->pid == 0) continue;
        kill(-run->pid, SIGKILL);
        children_.forget(run->pid);
    }
}

CommandRunner::Key CommandRunner::run(const std::vector<std::string>& command, const ProcessSpec& as, Duration timeout,
                                      Done done, std::vector<std::pair<std::string, std::string>> marks) {
    const Key key = ++last_key_;
    Run* const run = runs_.emplace(key, std::make_unique<Run>(loop_, key, std::move(done))).first->second.get();
    auto pipe = make_pipe();
    auto launched = pipe ? children_.start({command, as, std::move(marks), pipe->writing.get()})
                         : tl::expected<Launched, LaunchFailure>(tl::unexpect, pipe.error());
    if (!launched) {
        run->result.status = {ExitStatus::Kind::exec_failed, 0, launched.error().text};
        run->result.our_lack = launched.error().our_lack;
        run->leader_ended = true;
        run->timer.arm(loop_.now(), [this, run] { finish(*run); });
        return key;
    }
    run->pid = launched->pid;
    run->leader = std::make_unique<Readable>(loop_, std::move(launched->pidfd));
    run->leader->wait([this, run] { leader_ended(*run); });
    run->pipe = std::make_unique<Readable>(loop_, std::move(pipe->reading));
    run->pipe->wait([this, run] { read(*run); });
    run->timer.arm(later(loop_.now(), timeout), [this, run] {
        run->result.timed_out = true;
        kill_group(*run);
    });
    return key;
}

void CommandRunner::cancel(Key key) {
    const auto found = runs_.find(key);
    if (found == runs_.end() || found->second->leader_ended) return;
    found->second->result.cancelled = true;
    kill_group(*found->second);
}

void CommandRunner::kill_group(Run& run) { kill(-run.pid, SIGKILL); }

void CommandRunner::read(Run& run) {
    std::array<char, 64 * 1024> buffer;
    const auto count = ::read(run.pipe->fd(), buffer.data(), buffer.size());
    if (count > 0) keep_some(run.result.output, buffer.data(), static_cast<std::size_t>(count));
    const bool at_end = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (at_end) {
        run.pipe.reset();
        return finish_if_complete(run);
    }
    run.pipe->wait([this, &run] { read(run); });
}

void CommandRunner::leader_ended(Run& run) {
    run.leader_ended = true;
    // What is printed is in the pipe by now; only somebody else can still hold it open.
    run.timer.arm(later(loop_.now(), drain_time), [this, &run] { finish(run); });
    finish_if_complete(run);
}

void CommandRunner::finish_if_complete(Run& run) {
    if (run.leader_ended && !run.pipe) finish(run);
}

void CommandRunner::finish(Run& run) {
    if (run.leader) {
        kill_group(run);  // the leader is not reaped yet, so the number is still its group's
        run.result.status = children_.reap(run.pid, run.leader->fd()).value_or(ExitStatus{});
    }
    const auto done = std::move(run.done);
    auto result = std::move(run.result);
    runs_.erase(run.key);
    done(std::move(result));
}

}  // namespace keepwell::runtime
