// What the end of a command in a container means for a probe, and in which words. Pure.
// May know: probe verdicts. It does not know where exit code and output came from.
// Sources: moby daemon/health.go (cmdProbe.run), daemon/exec.go (what a failed start writes into the stream);
// runc's and shells' own words for a program that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/probe/attempt.hpp"

namespace keepwell::runtime::docker {

/// `command` ended with `exit_code` and printed `output`, or the engine wrote why it could not be started.
/// A program that is not in the image is said as such, with what to do about it.
Verdict exec_verdict(const std::vector<std::string>& command, int exit_code, std::string output);

/// Perhaps the container has ended meanwhile, and this says nothing about it: killed with it, or the runtime that
/// should have executed it met what was left.
bool may_come_of_an_end(int exit_code, std::string_view output);

/// Docker's text, with what was printed until then.
Verdict exec_timed_out(Duration timeout, const std::string& output);

}  // namespace keepwell::runtime::docker
