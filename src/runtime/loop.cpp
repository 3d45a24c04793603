// The loop on Boost.Asio. May know: Asio, the ports. It does not know who uses it.
#include "runtime/loop.hpp"

#include <csignal>
#include <ctime>
#include <exception>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace keepwell::runtime {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

// libstdc++'s steady_clock is CLOCK_MONOTONIC in nanoseconds, as Instant is.
static_assert(std::chrono::steady_clock::period::den == std::nano::den);

// ---- timer ------------------------------------------------------------------------------------------------------

struct Timer::State : std::enable_shared_from_this<State> {
    explicit State(Loop& owner) : loop(owner), alarm(owner.context()) {}

    void arm(Instant when, std::function<void()> work) {
        at = when;
        due = std::move(work);
        if (at == never) due = nullptr;
        if (at < alarm_at) set_alarm();
    }

    void set_alarm() {
        alarm_at = at;
        const auto number = ++alarm_number;
        if (at <= loop.now()) {  // a posted call is cheaper than an alarm that is over already
            asio::post(loop.context(), [self = shared_from_this(), number] { self->ring(number); });
            return;
        }
        alarm.expires_at(SteadyTime(at.time_since_epoch()));
        alarm.async_wait([self = shared_from_this(), number](const error_code&) { self->ring(number); });
    }

    void ring(std::uint64_t number) {
        if (number != alarm_number) return;  // replaced by an earlier one
        alarm_at = never;
        if (at == never) return;
        if (at > loop.now()) return set_alarm();
        at = never;
        std::exchange(due, nullptr)();
    }

    Loop& loop;
    asio::steady_timer alarm;
    std::uint64_t alarm_number = 0;
    Instant alarm_at = never;  // when the kernel will wake us for this timer
    Instant at = never;        // when the work is due
    std::function<void()> due;
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop)) {}

Timer::~Timer() {
    disarm();
    ++state_->alarm_number;
    state_->alarm.cancel();
}

void Timer::arm(Instant at, std::function<void()> due) { state_->arm(at, std::move(due)); }

void Timer::disarm() { state_->arm(never, nullptr); }

// ---- signals ----------------------------------------------------------------------------------------------------

namespace {

/// Each of these ends a process that says nothing else; one that strays must not end what supervises a host.
void ignore_what_has_no_use() {
    for (const int signal : {SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) std::signal(signal, SIG_IGN);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) std::signal(signal, SIG_IGN);
}

}  // namespace

// ---- loop -------------------------------------------------------------------------------------------------------

struct Loop::State {
    asio::io_context context{1};
    asio::signal_set signals{context};
    std::function<void(int)> signal_handler;
    std::function<void(const std::string&)> error_handler;
    std::unique_ptr<Timer> timer;

    void next_signal() {
        signals.async_wait([this](const error_code& error, int signal) {
            if (error) return;
            next_signal();
            signal_handler(signal);
        });
    }

    // Runs handlers until stop() or until one throws.
    void run_handlers() {
        try {
            context.run();
        } catch (const std::exception& error) {
            if (error_handler) error_handler(error.what());
        } catch (...) {
            if (error_handler) error_handler("an unknown exception");
        }
    }
};

Loop::Loop() : state_(std::make_unique<State>()) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    state_->timer = std::make_unique<Timer>(*this);
}

Loop::~Loop() = default;

Instant Loop::now() const { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

WallTime Loop::wall() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

supervisor::ClockPort::LocalTime Loop::local(WallTime wall) const {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(wall).time_since_epoch().count();
    std::tm local{};
    localtime_r(&seconds, &local);
    return {std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min), local.tm_wday};
}

void Loop::arm(Instant at, std::function<void()> due) { state_->timer->arm(at, std::move(due)); }

void Loop::run() {
    const auto work = asio::make_work_guard(state_->context);
    while (!state_->context.stopped()) state_->run_handlers();
    state_->context.restart();
}

void Loop::stop() { state_->context.stop(); }

void Loop::post(std::function<void()> work) { asio::post(state_->context, std::move(work)); }

void Loop::on_signal(std::function<void(int)> handler) {
    const bool waiting = state_->signal_handler != nullptr;
    state_->signal_handler = std::move(handler);
    if (waiting) return;
    ignore_what_has_no_use();
    sigset_t heard;
    sigemptyset(&heard);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
        error_code ignored;
        state_->signals.add(signal, ignored);
        sigaddset(&heard, signal);
    }
    pthread_sigmask(SIG_UNBLOCK, &heard, nullptr);  // whoever started us may have blocked them
    state_->next_signal();
}

void Loop::on_error(std::function<void(const std::string&)> handler) { state_->error_handler = std::move(handler); }

asio::io_context& Loop::context() { return state_->context; }

}  // namespace keepwell::runtime
