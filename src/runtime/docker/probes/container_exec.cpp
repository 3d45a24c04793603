// One command in a container, from its creation to its exit code.
#include "runtime/docker/probes/container_exec.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/probes/exec_verdict.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;

// Looks follow each other only while what they look for is due at any moment.
constexpr Duration first_wait = 4ms;
constexpr Duration longest_wait = 250ms;
/// A request to start that was withdrawn is with the engine by then, or never will be.
constexpr Duration withdrawn_patience = 1s;

std::string create_body(const std::vector<std::string>& command) {
    return json_line({{"AttachStdout", true}, {"AttachStderr", true}, {"Tty", false}, {"Cmd", command}});
}

std::string start_body() { return json_line({{"Detach", false}, {"Tty", false}}); }

std::string never_started(const std::string& container) {
    return "timed out starting health check for container " + container;
}

/// The engine did not create or start it.
Verdict refused(const Answer& answer, const std::string& container) {
    if (answer.end == Answer::End::timed_out) return our_lack(never_started(container));
    return answer.is(400) ? not_run(answer.error) : our_lack(answer.error);
}

}  // namespace

ContainerExec::ContainerExec(Loop& loop, EngineApi& api, ExecCommand command, const ExecTimes& times)
    : loop_(loop),
      api_(api),
      command_(std::move(command)),
      times_(times),
      visible_(is_in_container(command_.main_pid, command_.container)),
      timer_(loop) {}

// ---- its way ------------------------------------------------------------------------------------------------------

void ContainerExec::begin(Done done, Over over) {
    done_ = std::move(done);
    over_ = std::move(over);
    begun_at_ = loop_.now();
    api_.call("POST", "/containers/" + command_.container + "/exec", create_body(command_.command), times_.start_guard,
              [weak = weak_from_this()](const Answer& answer) {
                  if (const auto self = weak.lock()) self->created(answer);
              });
}

void ContainerExec::created(const Answer& answer) {
    // What is created and never started runs nothing; the engine forgets it with the container.
    if (cancelled_at_ != never) return end(false);
    if (!answer.is(201)) {
        finish(refused(answer, command_.container));
        return end(false);
    }
    const auto body = json_object(answer.body);
    id_ = body ? json_text(*body, "Id") : "";
    if (id_.empty()) {
        finish(our_lack("the engine's answer does not name the exec that it created"));
        return end(false);
    }
    start();
}

void ContainerExec::start() {
    asked_at_ = loop_.now();
    asked_ticks_ = boot_ticks();
    wait_ = first_wait;
    stream_ = api_.stream("POST", "/exec/" + url_encode(id_) + "/start", start_body(), true,
                          {{},
                           [this](std::string_view bytes) { heard(bytes); },
                           [this](const Answer& answer) {
                               const auto self = shared_from_this();
                               ended(answer);
                           }});
    // Where the process can be seen, one look at the end of its time tells since when it runs; elsewhere it counts from
    // the moment at which it is first said to run.
    const Instant guard = later(begun_at_, times_.start_guard);
    arm(visible_ ? std::min(later(asked_at_, command_.timeout), guard) : later(asked_at_, wait_));
}

void ContainerExec::heard(std::string_view bytes) {
    output_.feed(bytes);
    if (visible_ || started_at_ != never) return;
    started_at_ = loop_.now();
    arm(deadline());
}

void ContainerExec::ended(const Answer& answer) {
    stream_.reset();
    if (answer.end == Answer::End::answered && answer.status >= 400) {
        finish(refused(answer, command_.container));
        return end(false);
    }
    if (exit_code_) return judge();
    wait_ = first_wait;
    look();
}

void ContainerExec::judge() {
    timer_.disarm();
    stream_.reset();
    if (may_come_of_an_end(*exit_code_, text())) {
        api_.call("GET", "/containers/" + command_.container + "/json", "", times_.look_timeout,
                  [weak = weak_from_this()](const Answer& container) {
                      if (const auto self = weak.lock()) self->container_looked(container);
                  });
        return;
    }
    finish(exec_verdict(command_.command, *exit_code_, text()));
    end(false);
}

void ContainerExec::container_looked(const Answer& answer) {
    const auto body = json_object(answer.ok() ? answer.body : "");
    if (!body && !answer.is(404)) {
        finish(our_lack(answer.error.empty() ? "the engine's answer does not say how the container is" : answer.error));
        return end(false);
    }
    const Json state = body ? json_at(*body, "State") : Json{};
    const bool lives = json_true(json_at(state, "Running")) && json_text(state, "StartedAt") == command_.started;
    finish(lives ? exec_verdict(command_.command, *exit_code_, text()) : our_lack("the container ended"));
    end(false);
}

// ---- looks --------------------------------------------------------------------------------------------------------

void ContainerExec::arm(Instant at) {
    timer_.arm(at, [this] {
        const auto self = shared_from_this();
        due();
    });
}

void ContainerExec::due() {
    if (exit_code_) return judge();  // its streams are held open
    look();
}

void ContainerExec::look() {
    timer_.disarm();
    api_.call("GET", "/exec/" + url_encode(id_) + "/json", "", times_.look_timeout,
              [weak = weak_from_this(), number = ++newest_look_](const Answer& answer) {
                  const auto self = weak.lock();
                  if (self && number == self->newest_look_) self->looked(answer);
              });
}

std::optional<ContainerExec::State> ContainerExec::state_of(const Answer& answer) {
    const auto body = answer.ok() ? json_object(answer.body) : tl::unexpected<std::string>("");
    if (!body || !json_at(*body, "Running").is_boolean()) return std::nullopt;
    State state;
    state.running = json_true(json_at(*body, "Running"));
    if (const Json& code = json_at(*body, "ExitCode"); code.is_number_integer()) state.exit_code = code.get<int>();
    if (const Json& pid = json_at(*body, "Pid"); pid.is_number_integer()) state.pid = pid.get<std::int64_t>();
    return state;
}

void ContainerExec::looked(const Answer& answer) {
    const auto state = state_of(answer);
    if (!state) {
        finish(our_lack(answer.error.empty() ? "the engine's answer does not say how the exec is" : answer.error));
        return end(!answer.is(404));  // it goes with its container
    }
    if (cancelled_at_ != never) return dispose(*state);
    if (!state->running && state->exit_code) return saw_end(*state->exit_code);
    const bool started = state->pid > 0 || started_at_ != never;
    if (state->running && started) return saw_running(*state);
    look_again();
}

/// It is about to start, or its exit code is about to be known.
void ContainerExec::look_again() {
    const Instant guard = later(begun_at_, times_.start_guard);
    if (loop_.now() >= guard) {
        finish(our_lack(never_started(command_.container)));
        return end(true);
    }
    arm(std::min(later(loop_.now(), wait_), guard));
    wait_ = std::min(2 * wait_, longest_wait);
}

void ContainerExec::saw_running(const State& state) {
    find_process(state.pid);
    if (started_at_ == never) started_at_ = loop_.now();
    if (loop_.now() >= deadline()) return overdue();
    if (stream_) return arm(deadline());
    arm(std::min(deadline(), later(loop_.now(), wait_)));  // it has closed its outputs, or has just ended
    wait_ = std::min(2 * wait_, longest_wait);
}

void ContainerExec::find_process(std::int64_t pid) {
    if (!visible_ || process_) return;
    process_ = ExecProcess::find(pid, command_.container, asked_ticks_);
    if (process_) started_at_ = std::max(asked_at_, loop_.now() - process_->age());
}

void ContainerExec::saw_end(int exit_code) {
    exit_code_ = exit_code;
    if (!stream_) return judge();
    arm(later(loop_.now(), times_.stream_patience));
}

// ---- its ends -----------------------------------------------------------------------------------------------------

void ContainerExec::overdue() {
    if (process_) process_->kill();
    finish(exec_timed_out(command_.timeout, text()));
    end(true);
}

void ContainerExec::cancel() {
    if (!over_ || cancelled_at_ != never) return;
    const auto self = shared_from_this();
    done_ = nullptr;
    cancelled_at_ = loop_.now();
    stream_.reset();
    if (id_.empty()) return;  // created() follows
    if (exit_code_) return end(false);
    if (process_) process_->kill();
    if (process_ || !visible_) return end(true);
    wait_ = first_wait;
    look();
}

void ContainerExec::dispose(const State& state) {
    if (!state.running && state.exit_code) return end(false);
    if (state.running && state.pid > 0) {
        find_process(state.pid);
        if (process_) process_->kill();
        return end(true);
    }
    if (!state.running && loop_.now() >= later(cancelled_at_, withdrawn_patience)) return end(true);
    look_again();
}

void ContainerExec::finish(Verdict verdict) {
    const auto done = std::exchange(done_, nullptr);
    if (done) done(std::move(verdict));
}

void ContainerExec::end(bool may_run) {
    timer_.disarm();
    stream_.reset();
    ++newest_look_;
    const auto over = std::exchange(over_, nullptr);
    if (over) over(may_run ? id_ : std::string{});
}

std::string ContainerExec::text() const {
    std::string text = output_.text();
    if (output_.dropped() > 0) text += "...";
    return text + output_.engine_error();
}

}  // namespace keepwell::runtime::docker
