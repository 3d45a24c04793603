// The process of an exec in a container as this host sees it: since when it runs, and its end by a signal. The engine
// has no call for either.
// It is there only where the container's processes are this host's and their control group names the container; in a
// container without `pid: host`, or with an engine elsewhere, there is none. A number alone is never signalled.
// May know: Linux, /proc. Threads: the loop's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keepwell/model/time.hpp"
#include "runtime/process/descriptor.hpp"
#include "runtime/process/proc.hpp"

namespace keepwell::runtime::docker {

/// A living process with this number belongs to the container: a control group of its has the full id in its path.
bool is_in_container(std::int64_t pid, std::string_view container_id);

/// The kernel's clock that the start of processes is measured by, in its ticks (proc(5), starttime).
std::uint64_t boot_ticks();

class ExecProcess {
  public:
    /// The process that the engine says an exec is, which was asked for at `asked_ticks`. It must be in the container,
    /// not older than the question, and at the head of a session of its own, as every runtime starts an exec.
    static std::optional<ExecProcess> find(std::int64_t pid, const std::string& container_id,
                                           std::uint64_t asked_ticks);

    /// How long it runs; never more than it does.
    Duration age() const;

    /// SIGKILL to it and to everything of the container that it started, its session and its descendants, as far as we
    /// may. Reads all of /proc a few times: milliseconds.
    void kill() const;

  private:
    ExecProcess(ProcessStat leader, Descriptor pidfd, std::string container_id);

    ProcessStat leader_;
    Descriptor pidfd_;
    std::string container_id_;
};

}  // namespace keepwell::runtime::docker
