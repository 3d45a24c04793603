// All children of this process: started here, watched by pidfd, reaped here. Orphans of theirs come to us as well,
// because keepwell is their subreaper; they are reaped too, so that no zombie is ever left.
// One per process. Threads: the loop's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <tl/expected.hpp>

#include "keepwell/model/state.hpp"
#include "runtime/loop.hpp"
#include "runtime/process/launcher.hpp"
#include "runtime/process/readable.hpp"

namespace keepwell::runtime {

class Children {
  public:
    /// Makes this process a subreaper and blocks SIGCHLD in this thread: make it before any other thread.
    explicit Children(Loop& loop);
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    /// Starts a process. Its pid is the caller's until reap() or forget(): nobody else reaps it.
    tl::expected<Launched, LaunchFailure> start(const Launch& launch);

    /// How it ended, and lets go of the pid; nullopt while it lives. `unknown` for a process that is not our child.
    /// Until then a dead leader is kept, and its group's number can not become another's.
    std::optional<ExitStatus> reap(pid_t pid, int pidfd);

    /// The caller will reap this process, if it is a child of ours; as with those from start().
    void expect(pid_t pid);

    /// The caller no longer waits for this child: it is reaped like an orphan.
    void forget(pid_t pid);

    /// Reaps all dead orphans now.
    void reap_orphans();

    /// Living children that nobody waits for: orphans that came to us. Takes 0.1 µs per child.
    std::vector<pid_t> orphans() const;

  private:
    void wait();
    void reap_listed_orphans();

    Launcher launcher_;
    std::unique_ptr<Readable> child_signals_;
    Descriptor list_;  // /proc/self/task/PID/children
    std::set<pid_t> waited_for_;
};

}  // namespace keepwell::runtime
