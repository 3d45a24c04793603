// The one loop that every real end runs on, its clock and its timers.
// May know: the supervisor's ports. Asio stays behind it; an end that needs more of Asio takes context().
// Threads: everything on the thread that calls run(), except post() and stop(), which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "supervisor/ports.hpp"

namespace boost::asio {
class io_context;
}

namespace keepwell::runtime {

class Loop;

/// Calls a function once at a moment. Re-arming is lazy: an earlier alarm of the kernel stays set and is looked at when
/// it fires, because setting one costs more than a wake-up now and then.
class Timer {
  public:
    explicit Timer(Loop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Calls `due` once at `at` or soon after, never from inside arm(); replaces what was armed before. `never`
    /// disarms. `due` may arm this timer again, and may destroy it.
    void arm(Instant at, std::function<void()> due);
    void disarm();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

class Loop final : public supervisor::ClockPort {
  public:
    /// Also ignores SIGPIPE and SIGXFSZ in this process (what we start gets the defaults back): a peer that goes away,
    /// or a file that may not grow any more, is an error of one write, not the end of keepwell.
    Loop();
    ~Loop() override;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Instant now() const override;
    WallTime wall() const override;
    LocalTime local(WallTime wall) const override;
    void arm(Instant at, std::function<void()> due) override;

    /// Runs until stop(). A handler that throws is told to on_error(), and the loop goes on.
    void run();

    /// Makes run() return soon, also one that comes next; it may be called again then. Handlers that have not run stay
    /// queued.
    void stop();

    /// Runs `work` on the loop later, never from inside post().
    void post(std::function<void()> work);

    /// Calls `handler` on the loop for each TERM, INT, HUP, USR1 or USR2 from now on; what has no use (ALRM) is
    /// ignored.
    void on_signal(std::function<void(int)> handler);

    /// Called with the text of an exception that left a handler: a bug, which must not end keepwell.
    void on_error(std::function<void(const std::string&)> handler);

    boost::asio::io_context& context();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keepwell::runtime
