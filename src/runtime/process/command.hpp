// Runs a command once and says how it ended and what it printed: `test:` probes and `run` rungs.
// May know: Children, the loop. It does not know what the result means.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "runtime/loop.hpp"
#include "runtime/process/children.hpp"

namespace keepwell::runtime {

struct CommandResult {
    ExitStatus status;       ///< exec_failed: it never ran, `status.detail` says why
    bool timed_out = false;  ///< killed at its timeout; `status` is the SIGKILL
    bool cancelled = false;  ///< killed by cancel(); `status` is the SIGKILL
    bool our_lack = false;   ///< exec_failed because we lack descriptors, pids or memory
    std::string output;      ///< stdout and stderr as they came: at most kept_output bytes, and "..." after a cut
};

class CommandRunner {
  public:
    using Key = std::uint64_t;
    using Done = std::function<void(CommandResult)>;

    CommandRunner(Loop& loop, Children& children);
    /// Kills what still runs; nothing is called back.
    ~CommandRunner();
    CommandRunner(const CommandRunner&) = delete;
    CommandRunner& operator=(const CommandRunner&) = delete;

    /// Runs `command` in a process group of its own, with the folder, environment and user of `as` (whose own command
    /// is not read), plus `marks` in the environment. Calls `done` exactly once, on the loop, never from inside run().
    /// The timeout begins when the command has been executed; at its end the whole group is killed, and `done` comes
    /// when the leader is dead, so that dying commands never pile up. A member of the group that lives on after the
    /// leader and holds the pipe open is given 100 ms, then killed; one that does not is killed at once.
    Key run(const std::vector<std::string>& command, const ProcessSpec& as, Duration timeout, Done done,
            std::vector<std::pair<std::string, std::string>> marks = {});

    /// Kills the command's group now; `done` still comes. A key that is unknown or done is ignored.
    void cancel(Key key);

  private:
    struct Run;
    void read(Run& run);
    void leader_ended(Run& run);
    void kill_group(Run& run);
    void finish_if_complete(Run& run);
    void finish(Run& run);

    Loop& loop_;
    Children& children_;
    Key last_key_ = 0;
    std::map<Key, std::unique_ptr<Run>> runs_;
};

}  // namespace keepwell::runtime
