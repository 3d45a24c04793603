// The loop: its clock, its timers, its signals, and handlers that fail.
#include "runtime/loop.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace keepwell::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Loop, the_clock_is_the_monotonic_one) {
    Loop loop;
    timespec time{};
    const auto before = loop.now();
    clock_gettime(CLOCK_MONOTONIC, &time);
    const auto between = Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    EXPECT_LE(before, between);
    EXPECT_LE(between, loop.now());
}

TEST(Loop, local_time_is_minutes_since_midnight_and_the_weekday) {
    setenv("TZ", "UTC-2", 1);  // two hours ahead
    tzset();
    Loop loop;
    const WallTime thursday_evening(23h + 30min);  // of 1 January 1970, in UTC
    const auto local = loop.local(thursday_evening);
    EXPECT_EQ(local.since_midnight, 90min);
    EXPECT_EQ(local.weekday, 5);
    unsetenv("TZ");
    tzset();
}

TEST(Loop, a_deadline_calls_once_and_not_early) {
    Loop loop;
    const auto at = loop.now() + 5ms;
    std::vector<Instant> calls;
    loop.arm(at, [&] {
        calls.push_back(loop.now());
        loop.stop();
    });
    loop.run();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_GE(calls[0], at);
}

TEST(Loop, a_moment_that_is_over_calls_soon_but_not_from_inside) {
    Loop loop;
    bool called = false;
    loop.arm(loop.now() - 1s, [&] {
        called = true;
        loop.stop();
    });
    EXPECT_FALSE(called);
    loop.run();
    EXPECT_TRUE(called);
}

TEST(Loop, arming_again_replaces_whether_earlier_or_later) {
    Loop loop;
    std::vector<int> calls;
    loop.arm(loop.now() + 1h, [&] { calls.push_back(1); });
    loop.arm(loop.now() + 1ms, [&] { calls.push_back(2); });
    loop.arm(loop.now() + 5ms, [&] {
        calls.push_back(3);
        loop.arm(never, [&] { calls.push_back(4); });
        loop.arm(loop.now(), [&] {
            calls.push_back(5);
            loop.stop();
        });
    });
    loop.run();
    EXPECT_EQ(calls, (std::vector<int>{3, 5}));
}

TEST(Loop, a_disarmed_or_destroyed_timer_does_not_call) {
    Loop loop;
    auto destroyed = std::make_optional<Timer>(loop);
    destroyed->arm(loop.now(), [] { FAIL(); });
    destroyed.reset();
    Timer disarmed(loop);
    disarmed.arm(loop.now(), [] { FAIL(); });
    disarmed.disarm();
    Timer last(loop);
    last.arm(loop.now() + 5ms, [&] { loop.stop(); });
    loop.run();
}

TEST(Loop, a_timer_may_destroy_itself) {
    Loop loop;
    auto timer = std::make_optional<Timer>(loop);
    timer->arm(loop.now(), [&] {
        timer.reset();
        loop.stop();
    });
    loop.run();
    EXPECT_FALSE(timer);
}

TEST(Loop, other_threads_may_post_and_stop) {
    Loop loop;
    int calls = 0;
    std::thread other([&] {
        loop.post([&] { ++calls; });
        loop.post([&] { loop.stop(); });
    });
    loop.run();
    other.join();
    EXPECT_EQ(calls, 1);
}

TEST(Loop, a_handler_that_throws_does_not_end_it) {
    Loop loop;
    std::vector<std::string> errors;
    loop.on_error([&](const std::string& error) { errors.push_back(error); });
    loop.post([] { throw std::runtime_error("a bug"); });
    loop.post([&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(errors, std::vector<std::string>{"a bug"});
}

TEST(Loop, signals_are_told_on_the_loop_each_time) {
    Loop loop;
    std::vector<int> signals;
    loop.on_signal([&](int signal) {
        signals.push_back(signal);
        if (signals.size() == 1) std::raise(SIGTERM);
        if (signals.size() == 2) std::raise(SIGHUP);
        if (signals.size() == 3) loop.stop();
    });
    std::raise(SIGINT);
    loop.run();
    EXPECT_EQ(signals, (std::vector<int>{SIGINT, SIGTERM, SIGHUP}));
}

TEST(Loop, signals_that_whoever_started_it_had_blocked_are_told) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    Loop loop;
    std::vector<int> signals;
    loop.on_signal([&](int signal) {
        signals.push_back(signal);
        loop.stop();
    });
    std::raise(SIGTERM);
    loop.run();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(signals, std::vector<int>{SIGTERM});
}

TEST(Loop, signals_without_a_meaning_end_nothing) {
    Loop loop;
    std::vector<int> signals;
    loop.on_signal([&](int signal) {
        signals.push_back(signal);
        if (signals.size() == 2) loop.stop();
    });
    for (const int signal : {SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGRTMIN, SIGRTMAX}) std::raise(signal);
    std::raise(SIGUSR1);
    std::raise(SIGUSR2);
    loop.run();
    EXPECT_EQ(signals, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

TEST(Loop, a_broken_pipe_or_a_full_file_is_no_signal) {
    Loop loop;
    std::raise(SIGPIPE);
    std::raise(SIGXFSZ);
}

}  // namespace
}  // namespace keepwell::runtime
