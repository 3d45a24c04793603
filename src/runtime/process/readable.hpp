// Waits on the loop until a descriptor can be read: pidfds, pipes, signalfd. May know: the loop.
#pragma once

#include <functional>
#include <memory>

#include "runtime/loop.hpp"
#include "runtime/process/descriptor.hpp"

namespace keepwell::runtime {

/// Owns the descriptor. Destroying it ends the wait without a call, also from inside the callback.
class Readable {
  public:
    Readable(Loop& loop, Descriptor descriptor);
    ~Readable();
    Readable(const Readable&) = delete;
    Readable& operator=(const Readable&) = delete;

    /// Calls `ready` once, when there is something to read or the other end is closed; never from inside wait().
    void wait(std::function<void()> ready);

    int fd() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace keepwell::runtime
