// The single things that are done to one container, each verified by a look: started, stopped, restarted, renamed,
// removed. What they amount to is for the operations.
// It knows nothing of targets.
// May know: asking. Sources: moby daemon/start.go, stop.go, restart.go, delete.go, kill.go.
// Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/docker/commands/asking.hpp"

namespace keepwell::runtime::docker {

/// `failure` is empty when it was done; the look is from after it.
using Done = std::function<void(Look, std::string failure)>;

/// Whole seconds, rounded up: what `t` is. Never negative, which would be for ever.
std::int64_t grace_seconds(Duration grace);

/// Starts what does not run. One that has died again by now was started. One that the engine is about to start again
/// by itself is started now.
void start_container(Asker& asker, const std::string& id, Done done);

/// Ends this life and begins the next. Done is: it has another life than `life`, whether that lasts or not.
void restart_container(Asker& asker, const std::string& id, const Instance& life, Duration grace, Done done);

/// A container that is being stopped: with its own stop signal, and after the grace by SIGKILL.
class Stopping {
  public:
    Stopping(Loop& loop, Asker& asker, std::string id, Duration grace);

    /// Once. The failure names what is still alive. One that is gone is stopped.
    void begin(Done done);
    /// It has no more than this left.
    void hurry(Duration grace);

  private:
    void kill(const Look& look, const std::string& why);
    void finish(Look look, std::string failure);

    Asker& asker_;
    Loop& loop_;
    const std::string id_;
    const Duration grace_;
    Instant kill_at_ = never;
    Timer hurry_;
    Done done_;
};

void rename_container(Asker& asker, const std::string& id, const std::string& name, Done done);

/// Sets the container's own restart policy; "no" and 0 for none.
void set_restart_policy(Asker& asker, const std::string& id, const std::string& name, std::uint32_t retries, Done done);

/// Removes it, running or not. `volumes`: with those of its volumes that have no name.
void remove_container(Asker& asker, const std::string& id, bool volumes, Done done);

}  // namespace keepwell::runtime::docker
