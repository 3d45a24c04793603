// What the control API says about the keepwell that it speaks for, handed in by whoever joins everything.
// May know: model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::control {

/// What a container prints, as its engine gives it out. Its maker calls back on the loop whenever the state is another
/// one or there is something to read.
class RemoteOutput {
  public:
    enum class State : std::uint8_t { opening, open, ended, failed };

    virtual ~RemoteOutput() = default;
    virtual State state() const = 0;
    virtual std::string failure() const = 0;
    /// What has come since the last time.
    virtual std::string read() = 0;
};

/// What another policy would mean, or what it means from now on.
struct PolicyRequest {
    bool apply = false;
    std::vector<std::string> files;  ///< empty: those that are followed already
    std::string expect;              ///< "FROM..TO" or "TO": only between these versions; empty: any
    std::string user;
};

struct PolicyReply {
    int status = 200;
    std::string body;  ///< JSON, with a newline at its end
};

struct About {
    std::string version;  ///< of keepwell
    std::int64_t pid = 0;
    WallTime started{};   ///< when this keepwell began
    std::string journal;  ///< the journal's folder
    /// Reads policy files, and follows them where that is asked for. Null: this keepwell can not.
    std::function<PolicyReply(const PolicyRequest&)> change_policy;
    /// The file that a target's output goes to.
    std::function<std::string(const TargetSpec&)> output_file;
    /// The log of a target that is a container: from `lines` before its end on.
    std::function<std::unique_ptr<RemoteOutput>(TargetIndex target, std::uint64_t lines, bool follow,
                                                std::function<void()> news)>
        container_log;
    /// What is wrong with the journal at the moment, and why changed policy files are not followed; empty when nothing
    /// is.
    std::function<std::string()> journal_trouble, policy_trouble;
};

}  // namespace keepwell::control
