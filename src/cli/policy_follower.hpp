// Reads the policy's files again, for `plan`, `reload` and SIGHUP, and has the supervisor follow them. They are read by
// the keepwell that follows them, so that its folders, its environment and its rights are what counts, at a plan as at
// the next start.
// May know: supervisor, policy, control's requests. Threads: the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/about.hpp"
#include "policy/load.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::cli {

class PolicyFollower {
  public:
    /// `forced_dry_run`: `--dry-run` wins over whatever the files say. `followed` is called when another policy is
    /// followed, before the supervisor is told.
    PolicyFollower(supervisor::Supervisor& supervisor, std::vector<std::string> files, bool forced_dry_run,
                   std::function<void(const policy::Loaded&)> followed);

    /// For the control socket; never throws but for lack of memory.
    control::PolicyReply answer(const control::PolicyRequest& request);

    /// SIGHUP: the same files again. Says for the log what came of it; the first is whether they are followed.
    std::pair<bool, std::string> reload();

    /// Why the last SIGHUP was not followed, on one line; empty when it was, or something else was followed since.
    const std::string& trouble() const { return trouble_; }

  private:
    policy::Loaded load(const std::vector<std::string>& files) const;
    void follow(policy::Loaded loaded, std::vector<std::string> files, const std::string& by);

    supervisor::Supervisor& supervisor_;
    std::vector<std::string> files_;
    bool forced_dry_run_;
    std::function<void(const policy::Loaded&)> followed_;
    std::string trouble_;
};

}  // namespace keepwell::cli
