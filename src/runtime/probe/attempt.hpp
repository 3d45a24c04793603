// One probe under way, of whatever kind, as the port's real end handles it: begun once, answered at most once, and
// ended by destroying it.
// May know: model, the loop. Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell::runtime {

class CommandRunner;
class CurlMulti;
class Loop;
class Patterns;
class Resolver;

/// What a probe found out.
struct Verdict {
    Outcome outcome = Outcome::error;
    int exit_code = -1;  ///< 0 passed, 1 failed, -1 could not be run or timed out; a command's own code
    std::string output;
};

inline Verdict passed(std::string output) { return {Outcome::passed, 0, std::move(output)}; }
inline Verdict failed(std::string output) { return {Outcome::failed, 1, std::move(output)}; }
inline Verdict not_run(std::string output) { return {Outcome::failed, -1, std::move(output)}; }
inline Verdict our_lack(std::string output) { return {Outcome::error, -1, std::move(output)}; }

inline Verdict timed_out(Duration timeout) { return not_run(timed_out_text(timeout)); }

/// As Docker cuts an output: on bytes, with dots after a cut.
inline std::string cut_output(std::string output) {
    if (output.size() <= kept_output) return output;
    return output.substr(0, kept_output) + "...";
}

class Attempt {
  public:
    using Done = std::function<void(Verdict)>;

    virtual ~Attempt() = default;

    /// Puts the question. `done` is called at most once, on the loop, perhaps inside begin(). The attempt is not
    /// destroyed before that call has returned.
    virtual void begin(Done done) = 0;

    /// It answers in its time by itself, and is not ended at the timeout from outside.
    virtual bool keeps_time() const { return false; }

    /// What is to be said when the time is over and no answer has come.
    virtual Verdict overdue() const = 0;
};

// The three kinds. What they are given by reference must outlive them.
std::unique_ptr<Attempt> make_http_attempt(CurlMulti& curl, Resolver& resolver, Patterns& patterns,
                                           const HttpProbe& probe, Duration timeout);
std::unique_ptr<Attempt> make_tcp_attempt(Loop& loop, Resolver& resolver, const TcpProbe& probe, Duration timeout);
std::unique_ptr<Attempt> make_exec_attempt(CommandRunner& runner, const ExecProbe& probe, const ProcessSpec& process,
                                           Duration timeout);

}  // namespace keepwell::runtime
