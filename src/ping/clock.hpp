// The time that is left, and waiting on a descriptor within it.
#pragma once

#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace keepwell::ping {

class Deadline {
  public:
    explicit Deadline(std::uint32_t ms) : at_(now() + ms) {}

    /// At most this one, and at most so long from now.
    Deadline within(std::uint32_t ms) const {
        Deadline sooner{ms};
        if (at_ < sooner.at_) sooner.at_ = at_;
        return sooner;
    }
    bool over() const { return now() >= at_; }

    /// Waits until `fd` is ready for `events` or has failed. False: the time is over.
    bool wait(int fd, short events) const {
        for (;;) {
            const std::int64_t left = at_ - now();
            if (left <= 0) return false;
            pollfd one{fd, events, 0};
            const int ready = ::poll(&one, 1, static_cast<int>(left));
            if (ready > 0) return true;
            if (ready < 0 && errno != EINTR) return false;
        }
    }

  private:
    static std::int64_t now() {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
    }
    std::int64_t at_;
};

}  // namespace keepwell::ping
